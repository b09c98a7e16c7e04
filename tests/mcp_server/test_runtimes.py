"""The tools `mlx` and `ollama`: every action, with a server that plays Ollama, and without a backend."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mcp import Client
from mcp_types import CallToolResult

from backends.conftest import free_port, loopback, ollama
from mcp_server.clients import document, error
from prentice import Prentice
from prentice.mcp.server import PrenticeServer

if TYPE_CHECKING:
    from backends.conftest import Loopback

__all__ = ["free_port", "loopback", "ollama"]


def call(directory: Path, tool: str, era: str = "2026-07-28", /, **arguments: Any) -> CallToolResult:
    async def main() -> CallToolResult:
        async with Client(PrenticeServer(directory), mode=era) as client:
            return await client.call_tool(tool, arguments)

    return asyncio.run(main())


@pytest.fixture
def served(project: Prentice, ollama: "Loopback", monkeypatch: pytest.MonkeyPatch) -> Prentice:
    monkeypatch.setenv("OLLAMA_HOST", ollama.url)
    (project.directory / "notes.txt").write_text("The client gives up. It should try again. Nobody noticed.\n")
    return project


def test_generate_gives_the_models_words_and_what_they_took(served: Prentice, era: str) -> None:
    found = document(call(served.directory, "ollama", era, action="generate", input="Say hello"))
    assert found["state"] == "done"
    assert found["result"]["text"] == "Hello"
    assert found["result"]["backend"] == "ollama"
    assert found["result"]["tokens"] == {"prompt": 21, "reply": 2}
    again = document(call(served.directory, "ollama", era, action="generate", run_id=found["run_id"]))
    assert again == found


def test_status_and_models_say_what_is_there(served: Prentice) -> None:
    assert document(call(served.directory, "ollama", action="status"))["result"]["findings"][0]["check"] == "ollama"
    models = document(call(served.directory, "ollama", action="models"))["result"]["models"]
    assert models
    assert {model["backend"] for model in models} == {"ollama"}


def test_hardware_is_told_by_both(project: Prentice) -> None:
    for tool in ("mlx", "ollama"):
        assert document(call(project.directory, tool, action="hardware"))["result"]["cores"] > 0


@pytest.mark.parametrize("action", ["breakdown", "execute", "optimize", "code_review", "summarize", "generate"])
def test_every_skill_goes_to_that_backend_and_says_so_where_it_is_absent(
    project: Prentice, monkeypatch: pytest.MonkeyPatch, action: str, free_port: int
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", f"http://127.0.0.1:{free_port}")
    (project.directory / "app.py").write_text("def add(a, b):\n    return a - b\n")
    result = call(project.directory, "ollama", action=action, input="Review app.py: add subtracts, so fix `add`")
    assert error(result)["code"] == "backend_unreachable"
    assert "ollama" in error(result)["next_step"].lower()


def test_a_backend_that_is_absent_is_no_error_for_a_look_at_it(
    project: Prentice, monkeypatch: pytest.MonkeyPatch, free_port: int
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", f"http://127.0.0.1:{free_port}")
    status = document(call(project.directory, "ollama", action="status"))
    assert status["state"] == "not_ready"
    assert status["next_step"]
    assert document(call(project.directory, "ollama", action="models"))["result"]["models"] == []


@pytest.mark.parametrize("tool", ["mlx", "ollama"])
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"action": "generate"}, "task_text"),
        ({"action": "pull"}, "task_text"),
        ({"action": "summarize"}, "task_text"),
        ({"action": "summarize", "path": "../outside.txt"}, "task_text"),
        ({"action": "summarize", "path": ".git/config"}, "task_text"),
        ({"action": "code_review"}, "usage"),
        ({"action": "execute"}, "usage"),
        ({"action": "breakdown"}, "task_text"),
        ({"action": "optimize"}, "task_text"),
        ({"action": "generate", "run_id": "R-404"}, "run"),
        ({"action": "dance"}, "usage"),
        ({"action": 7}, "usage"),
        ({}, "usage"),
    ],
    ids=json.dumps,
)
def test_a_bad_call_is_an_error_document(project: Prentice, tool: str, arguments: dict[str, Any], code: str) -> None:
    assert error(call(project.directory, tool, **arguments))["code"] == code
