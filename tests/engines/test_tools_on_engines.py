"""The tools `mlx` and `ollama` of the MCP server on real engines; tiny weights write little of use."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mcp import Client, StdioServerParameters

from engines.test_optimize_on_engines import PROMPT
from mcp_server.clients import document, served_at
from prentice import Prentice
from prentice import open as opened

if TYPE_CHECKING:
    from engines.backend_behaviour import Served

pytestmark = pytest.mark.engine


@pytest.fixture
def project(tmp_path: Path, held_out_tasks: list[str]) -> Prentice:
    """A project of one task that the trained weights have not seen, T-1."""
    directory = tmp_path / "project"
    directory.mkdir()
    project = opened(directory)
    project.init()
    project.add(held_out_tasks[0])
    (directory / "app.py").write_text("def load(path):\n    return path\n", encoding="utf-8")
    return opened(directory)


@pytest.fixture(params=["mlx", "ollama"])
def engine(request: pytest.FixtureRequest, project: Prentice) -> tuple[str, str, StdioServerParameters]:
    """The name of a tool, that of its trained model, and a server which finds it."""
    name: str = request.param
    served = served_at(project.directory)
    environment = dict(served.env or {})
    if name == "mlx":
        weights: Served = request.getfixturevalue("mlx_served")
        model = Path(weights.trained).name
        environment["PRENTICE_MLX_DIRECTORIES"] = str(Path(weights.trained).parent)
    else:
        model = request.getfixturevalue("trained_model")
        environment["OLLAMA_HOST"] = request.getfixturevalue("ollama").url
    return name, model, served.model_copy(update={"env": environment})


def answers(engine: tuple[str, str, StdioServerParameters], *calls: dict[str, Any]) -> list[dict[str, Any]]:
    """Make calls to one server, each until it has ended, and give what they answer."""
    tool, model, served = engine

    async def main() -> list[dict[str, Any]]:
        found = []
        async with Client(served, mode="2026-07-28") as client:
            for arguments in calls:
                answer = document(await client.call_tool(tool, {**arguments, "model": model}))
                while answer["state"] == "running":
                    again = {"action": arguments["action"], "run_id": answer["run_id"]}
                    answer = document(await client.call_tool(tool, again))
                found.append(answer)
        return found

    return asyncio.run(main())


def test_the_engine_is_ready_and_lists_its_model(engine: tuple[str, str, StdioServerParameters]) -> None:
    status, models = answers(engine, {"action": "status"}, {"action": "models"})
    assert status["state"] == "ready", status
    assert engine[1] in [model["name"] for model in models["result"]["models"]]
    assert {model["backend"] for model in models["result"]["models"]} == {engine[0]}


def test_a_model_writes_and_says_what_it_took(engine: tuple[str, str, StdioServerParameters]) -> None:
    [found] = answers(engine, {"action": "generate", "input": "Say hello"})
    result = found["result"]
    assert (found["state"], result["backend"], result["model"]) == ("done", *engine[:2])
    assert result["tokens"]["prompt"] > 0
    assert result["tokens"]["reply"] > 0
    assert result["seconds"] > 0


def test_a_model_sums_a_file_up_in_the_form_that_was_asked_for(
    engine: tuple[str, str, StdioServerParameters],
) -> None:
    [found] = answers(engine, {"action": "summarize", "path": "app.py"})
    result = found["result"]
    assert (result["name"], result["backend"], result["extractive"]) == ("app.py", engine[0], False)
    assert result["summary"]


def test_a_model_reviews_a_file_and_what_it_does_not_quote_rightly_is_dropped(
    engine: tuple[str, str, StdioServerParameters],
) -> None:
    [found] = answers(engine, {"action": "code_review", "path": "app.py"})
    result = found["result"]
    assert (found["state"], result["backend"], result["files"]) == ("done", engine[0], ["app.py"])
    assert all(finding["quote"] in "def load(path):\n    return path\n" for finding in result["findings"])


def test_a_model_plans_a_task(engine: tuple[str, str, StdioServerParameters], project: Prentice) -> None:
    [found] = answers(engine, {"action": "breakdown", "input": "T-1"})
    result = found["result"]
    assert (found["state"], result["backend"], result["model"]) == ("open", *engine[:2])
    keys = [step["key"] for step in result["subtasks"]]
    assert sorted(key for wave in result["waves"] for key in wave) == sorted(keys)
    assert [proposal.id for proposal in project.proposals()] == [result["proposal_id"]]


def test_a_prompt_that_a_model_cannot_better_stays_as_it_is(
    engine: tuple[str, str, StdioServerParameters],
) -> None:
    [found] = answers(engine, {"action": "optimize", "input": PROMPT})
    assert (found["state"], found["result"]["accepted"]) == ("done", False)
    assert found["result"]["optimized"] == PROMPT.strip()
    assert found["result"]["backend"] == engine[0]
