"""Every action of `mlx` and `ollama` with success: by a server that plays Ollama, and as far as MLX goes without it."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from mcp import Client

import prentice
from backends.conftest import Loopback, loopback, ollama
from mcp_server.clients import PATIENCE, approving, document, text
from mcp_server.workshop import Workshop, workshop
from plans import good_plan, reply
from prentice import Prentice
from prentice.changes.formats import Format
from prentice.mcp.server import PrenticeServer
from skills.execute.calculator import CALC, MENDED, TASK, answer

__all__ = ["loopback", "ollama", "workshop"]


def played(server: Loopback, *replies: str) -> None:
    """Let the chat answer with these texts, one a call; the last one again."""
    server.play("/api/chat", *[server.stream(server.piece(words), server.done()) for words in replies])


@pytest.fixture(autouse=True)
def _served(ollama: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", ollama.url)


@pytest.fixture
def notes(project: Prentice) -> str:
    """A file of the project."""
    (project.directory / "notes.txt").write_text("The client gives up. It should try again. Nobody noticed.\n")
    return "notes.txt"


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    found = document(await client.call_tool(tool, arguments))
    while found["state"] == "running":
        found = document(await client.call_tool(tool, {"action": arguments["action"], "run_id": found["run_id"]}))
    return found


def by_ollama(project: Prentice, era: str, **arguments: Any) -> dict[str, Any]:
    async def main() -> dict[str, Any]:
        async with Client(PrenticeServer(project.directory, hold=60), mode=era) as client:
            return await call(client, "ollama", **arguments)

    return asyncio.run(main())


def test_the_server_says_that_it_is_ready(project: Prentice, era: str) -> None:
    found = by_ollama(project, era, action="status")
    assert (found["state"], found["next_step"]) == ("ready", "")
    assert all(finding["ok"] for finding in found["result"]["findings"])


def test_models_come_with_what_is_known_of_them(project: Prentice, era: str) -> None:
    [model] = by_ollama(project, era, action="models")["result"]["models"]
    assert (model["backend"], model["name"]) == ("ollama", "tiny:latest")
    assert model["context"] == 32768


def test_a_file_is_summarized(project: Prentice, ollama: Loopback, notes: str, era: str) -> None:
    played(ollama, json.dumps({"summary": "The client gives up once and for all."}))
    found = by_ollama(project, era, action="summarize", path=notes)
    assert found["result"]["summary"] == "The client gives up once and for all."
    assert (found["result"]["name"], found["result"]["extractive"]) == ("notes.txt", False)


@pytest.mark.parametrize("given", ["T-1", "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-a\n+b\n"])
def test_a_task_and_a_diff_are_summarized(project: Prentice, ollama: Loopback, given: str) -> None:
    played(ollama, json.dumps({"summary": "It is about that."}))
    result = by_ollama(project, "legacy", action="summarize", input=given)["result"]
    assert (result["kind"], result["summary"]) == ("task" if given == "T-1" else "diff", "It is about that.")


def test_code_is_reviewed_and_the_finding_quotes_it(project: Prentice, ollama: Loopback, era: str) -> None:
    (project.directory / "app.py").write_text("def add(a, b):\n    return a - b\n")
    finding = {
        "file": "app.py", "line": 2, "quote": "return a - b", "problem": "`add` subtracts.", "suggestion": "Add.",
        "severity": "high",
    }  # fmt: skip
    played(ollama, json.dumps({"findings": [finding]}))
    found = by_ollama(project, era, action="code_review", path="app.py")
    assert found["state"] == "done"
    assert [(item["file"], item["line"], item["says"]) for item in found["result"]["findings"]] == [
        ("app.py", 2, "`add` subtracts.")
    ]


def test_a_task_is_broken_down_and_a_person_approves(project: Prentice, ollama: Loopback, era: str) -> None:
    played(ollama, reply(good_plan()))
    person = approving()

    async def main() -> dict[str, Any]:
        server = PrenticeServer(project.directory, hold=60)
        async with Client(server, mode=era, elicitation_callback=person) as client:
            return await call(client, "ollama", action="breakdown", input="T-1")

    found = asyncio.run(main())
    assert (found["state"], found["result"]["backend"], found["result"]["model"]) == (
        "approved",
        "ollama",
        "tiny:latest",
    )
    assert len(project.tasks().children("T-1")) == len(good_plan())
    assert len(person.questions) == 1


def test_a_prompt_is_optimized(project: Prentice, ollama: Loopback, era: str) -> None:
    played(ollama, json.dumps({"answers": []}))
    found = by_ollama(project, era, action="optimize", input="T-1")
    assert found["state"] == "done"
    assert "flaky" in found["result"]["optimized"]
    assert found["result"]["backend"] == "ollama"


def test_a_task_is_carried_out_and_a_person_applies_the_change(workshop: Workshop, ollama: Loopback, era: str) -> None:
    task, person = workshop.bench.task(), approving()
    person.answer = person.answer.model_copy(update={"content": {"decision": "apply"}})
    played(ollama, answer(Format.SYMBOL))

    async def main() -> dict[str, Any]:
        server = PrenticeServer(workshop.bench.root, hold=60)
        async with Client(server, mode=era, elicitation_callback=person) as client:
            return await call(client, "ollama", action="execute", input=task)

    found = asyncio.run(main())
    assert (found["state"], found["result"]["backend"]) == ("applied", "ollama")
    assert (workshop.calc, workshop.worktrees()) == (MENDED, [])
    assert prentice.open(workshop.bench.root).task(task).status == "Review"


def test_a_free_text_is_carried_out_and_waits_for_a_person(workshop: Workshop, ollama: Loopback) -> None:
    played(ollama, answer(Format.SYMBOL))
    found = by_ollama(prentice.open(workshop.bench.root), "legacy", action="execute", input=TASK)
    assert (found["state"], workshop.calc) == ("proposed", CALC)


@contextmanager
def fetching() -> Iterator[tuple[str, threading.Event]]:
    """A server like an Ollama that sends half of a model, and the rest when the event is set."""
    go_on = threading.Event()
    part = {"status": "pulling d1", "digest": "sha256:d1", "total": 2_000_000}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._begin()
            self._say({"version": "0.24.0"})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self._begin()
            self._say({"status": "pulling manifest"}, part | {"completed": 500_000})
            go_on.wait(PATIENCE)
            self._say(part | {"completed": 2_000_000}, {"status": "success"})

        def _begin(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.end_headers()

        def _say(self, *lines: dict[str, Any]) -> None:
            self.wfile.write("".join(json.dumps(line) + "\n" for line in lines).encode())
            self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", go_on
        go_on.set()
        server.shutdown()
    thread.join(timeout=5)


def test_a_model_is_fetched_and_its_bytes_are_told_meanwhile(
    project: Prentice, era: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    async def main(go_on: threading.Event) -> dict[str, Any]:
        async def hear(progress: float, total: float | None, message: str | None) -> None:
            del progress, total
            told.append(message or "")
            if "0.5 of 2.0 MB" in told[-1]:
                go_on.set()

        async with Client(PrenticeServer(project.directory, hold=60), mode=era) as client:
            pull = {"action": "pull", "input": "qwen3:4b"}
            return document(await client.call_tool("ollama", pull, progress_callback=hear))

    with fetching() as (url, go_on):
        monkeypatch.setenv("OLLAMA_HOST", url)
        found = asyncio.run(main(go_on))
    assert "R-1: fetching, 0.5 of 2.0 MB" in told
    assert found["state"] == "done"
    assert found["result"] | {"seconds": 0} == {
        "backend": "ollama", "name": "qwen3:4b", "state": "pulled", "size_bytes": 2_000_000, "seconds": 0,
    }  # fmt: skip


@pytest.mark.parametrize("action", ["status", "models", "hardware"])
def test_what_there_is_for_mlx_is_told_whether_it_is_here_or_not(project: Prentice, era: str, action: str) -> None:
    async def main() -> None:
        async with Client(PrenticeServer(project.directory, hold=60), mode=era) as client:
            result = await client.call_tool("mlx", {"action": action})
            found = document(result)
            assert found["state"] == ("not_ready" if action == "status" else "done")  # at least, there is no model
            assert bool(found.get("next_step")) == (action != "hardware")
            assert json.loads(text(result)) == found

    asyncio.run(main())
