"""What an assistant is told to do next: calls that its tools have, and commands that run as written, from anywhere."""

import ast
import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.client import ClientRequestContext
from mcp_types import ElicitResult, ListRootsResult, Root
from pydantic import FileUrl

import prentice
from mcp_server.clients import Person, document, error
from mcp_server.workshop import Workshop, workshop
from prentice.mcp.server import PrenticeServer
from prentice.mcp.steps import command, for_assistant

__all__ = ["workshop"]
SOURCE = Path(prentice.__file__).parent
ROOMS = ("backends", "config", "context", "ledger", "library", "runs", "skills", "store", "tasks", "workspace")
"""Whose errors can leave through a tool."""
ELSEWHERE = (
    "skills/importing/", "tasks/imports/", "skills/doctor/tasks_file.py", "skills/doctor/clients.py",
    "skills/doctor/models.py", "skills/doctor/machine.py", "tasks/query.py", "tasks/brief.py", "tasks/claims.py",
    "tasks/workflow.py", "library/usage.py", "skills/bench.py", "skills/doctor/execution.py", "config/settings.py",
    "skills/doctor/openai.py", "skills/optimize/word_diff.py",
)  # fmt: skip
"""Of what no tool does: imports, edits, searches, and the whole `prentice doctor`."""
CODE = re.compile(r"`([^`\n]+)`")
HERE = Path("/tmp/here")
OTHERS = ("prentice mcp ", "--security-opt ", "--uncommitted")
"""Of the client's settings; of a container; of a note on what a run did not see, which is no step."""

WORDS = [
    ("Run `prentice init` in it.", f"Run `prentice init --project {HERE}` in it."),
    ("`prentice list` shows the tasks.", f"`prentice list --project {HERE}` shows the tasks."),
    ("Get one: `prentice models recommend`.", f"Get one: `prentice models recommend --project {HERE}`."),
    ("Get it with `prentice models pull qwen3:4b`.", "Get it with action `pull` of `ollama` with `input` `qwen3:4b`."),
    (
        "Fetch one with `prentice models pull mlx-community/Any-4bit`.",
        "Fetch one with action `pull` of `mlx` with `input` `mlx-community/Any-4bit`.",
    ),
    ("`prentice models` lists those installed.", "action `models` of `mlx` or `ollama` lists those installed."),
    ("Run `ollama serve`, or use `--backend builtin`.", "Run `ollama serve`, or use `backend=builtin`."),
    ("Take another with `prentice next --claim`; if you are bob, say so with `--worker`.",
     f"Take another with `prentice next --claim --project {HERE}`."),
    ("Use a model, for example with --backend ollama, or", "Use a model, for example with `backend=ollama`, or"),
    ("Choose a smaller model (`--model`).", "Choose a smaller model (`model`)."),
    ("Or use `--model tiny`.", "Or use `model=tiny`."),
    ("Split it first: `prentice breakdown T-3`. `prentice execute T-3 --anyway` tries it all the same.",
     "Split it first: `model_task_breakdown` with `task` `T-3`."),
    ("Split it first: `prentice breakdown TASK`.", "Split it first: `model_task_breakdown`."),
    ("Restore it with `git checkout -- .todo2/state.todo2.json`.",
     f"Restore it with `git -C {HERE} checkout -- .todo2/state.todo2.json`."),
    ("Name a file with text, or send a diff: `git diff | ...`.",
     f"Give a text as `input`, a file as `path`, or a diff: what `git -C {HERE} diff` prints, as `input`."),
    ("Check the id, and the directory you are in.", "Check the id: it is one of the directory named here."),
    ("Decide what is open, then describe it anew. `prentice execute TASK --anyway` tries it all the same.",
     "Ask the person what is open, then call again with the answer in the text."),
    ("Free disk space, then run the command again.", "Free disk space, then call again."),
]  # fmt: skip


@pytest.mark.parametrize(("step", "told"), WORDS, ids=[step[:40] for step, _ in WORDS])
def test_a_step_for_the_terminal_is_told_in_an_assistants_words(step: str, told: str) -> None:
    assert for_assistant(step, directory=HERE) == told
    assert for_assistant(told, directory=HERE) == told


def test_a_tool_of_one_backend_sends_to_the_tools_that_have_others() -> None:
    step = "Start it with `ollama serve`, or use `--backend builtin`."
    other = for_assistant(step, directory=HERE, runtime="ollama")
    assert "`model_task_breakdown` or `model_optimize_prompt` with `backend=builtin`" in other
    assert for_assistant("Use `--backend ollama`.", directory=HERE, runtime="mlx") == "Use the tool `ollama`."


def test_no_step_of_the_program_leaves_an_option_or_a_command_that_depends_on_the_directory() -> None:
    found = [
        f"{place}: {code}"
        for place, words in _strings()
        for runtime in ("", "mlx")
        for code in CODE.findall(for_assistant(words, directory=HERE, runtime=runtime))
        if code.startswith(("--", "prentice ", "git ")) and str(HERE) not in code and not code.startswith(OTHERS)
    ]
    assert found == []
    assert sum("`" in words for _, words in _strings()) > 100


@pytest.mark.parametrize(
    "sentence",
    [
        "Decide what is open, then describe it anew.",
        "Edit it: `--edit`.",
        "Check the id, and the directory you are in.",
        "Name a file with text, or send a diff",
    ],
)
def test_a_sentence_that_is_told_otherwise_is_one_of_the_program(sentence: str) -> None:
    assert sentence not in for_assistant(sentence, directory=HERE)
    assert any(sentence in words for _, words in _strings())


@pytest.mark.parametrize("runtime", ["mlx", "ollama"])
def test_a_tool_of_one_backend_sends_nobody_to_the_other_for_a_model(runtime: str) -> None:
    step = "Fetch it with `prentice models pull somebody`, or `prentice models pull other --backend ollama`."
    told = for_assistant(step, directory=HERE, runtime=runtime)
    assert f"action `pull` of `{runtime}` with `input` `somebody`" in told
    assert "action `pull` of `ollama` with `input` `other`" in told


def test_commands_run_as_written_from_any_directory(tmp_path: Path) -> None:
    directory = tmp_path / "sp ace; $HOME 'q'"
    directory.mkdir()
    project = prentice.open(directory)
    project.init()
    project.add("Make uploads survive a flaky network", description="The client gives up after one attempt.")

    async def main() -> tuple[dict[str, Any], dict[str, Any]]:
        async with Client(PrenticeServer(directory, backend="builtin")) as client:
            plan = document(await client.call_tool("model_task_breakdown", {"task": "T-1"}))
            return plan, error(await client.call_tool("model_task_breakdown", {"task": "T-99"}))

    plan, unknown = asyncio.run(main())
    [listing] = [code for code in CODE.findall(unknown["next_step"]) if code.startswith("prentice ")]
    assert "Make uploads survive" in _run(listing)
    approve, *_ = CODE.findall(plan["approve"])
    _run(approve)
    assert project.tasks().children("T-1")


def test_a_server_in_a_subdirectory_names_the_projects_own_root(tmp_path: Path) -> None:
    project = prentice.open(tmp_path)
    project.init()
    project.add("Make uploads survive a flaky network")
    below = tmp_path / "src" / "deep"
    below.mkdir(parents=True)

    async def main() -> None:
        async with Client(PrenticeServer(below, backend="builtin")) as client:
            plan = document(await client.call_tool("model_task_breakdown", {"task": "T-1"}))
            assert f"`{_approve(tmp_path)}`" in plan["approve"]
            told = error(await client.call_tool("model_task_breakdown", {"task": "T-99"}))
            assert told["directory"] == str(project.directory)
            assert str(below) not in plan["approve"] + str(told)

    asyncio.run(main())


def test_a_root_below_a_project_stands_for_the_project(tmp_path: Path, era: str) -> None:
    project = prentice.open(tmp_path)
    project.init()
    project.add("Make uploads survive a flaky network")
    below = tmp_path / "src"
    below.mkdir()
    person = Person(ElicitResult(action="decline"))

    async def roots(context: ClientRequestContext) -> ListRootsResult:
        del context
        return ListRootsResult(roots=[Root(uri=FileUrl(below.as_uri()))])

    async def main() -> None:
        elsewhere = PrenticeServer(tmp_path.parent, backend="builtin", source="the working directory")
        async with Client(elsewhere, mode=era, list_roots_callback=roots, elicitation_callback=person) as client:
            plan = document(await client.call_tool("model_task_breakdown", {"task": "T-1"}))
            assert str(below) not in str(plan)
            told = error(await client.call_tool("model_task_breakdown", {"task": "T-99"}))
            assert (told["directory"], told["directory_from"]) == (str(project.directory), "the client's roots")

    asyncio.run(main())
    [question] = person.questions
    assert f"tasks in {project.directory}?" in question


def test_a_complex_task_is_sent_to_the_tool_that_splits_it(workshop: Workshop) -> None:
    hard = "Migrate the whole calculator to a plugin architecture, redesign the storage, and rewrite all modules in Go"

    project = prentice.open(workshop.bench.root)
    project.init()
    task = project.add(hard).id

    async def main() -> None:
        async with Client(workshop.server()) as client:
            for tool, arguments in (
                ("model_auto_execute", {"tasks": [hard]}),
                ("model_auto_execute", {"tasks": [task]}),
            ):
                found = document(await client.call_tool(tool, arguments))
                assert found["state"] == "refused"
                assert "`model_task_breakdown`" in found["next_step"]
                assert "--anyway" not in found["next_step"]

    asyncio.run(main())


def test_the_tools_of_one_backend_say_which_tool_has_the_argument(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:9")

    async def main() -> None:
        async with Client(workshop.server(backend="builtin")) as client:
            for action in ("execute", "breakdown", "optimize", "generate", "summarize", "code_review", "pull"):
                told = error(await client.call_tool("ollama", {"action": action}))
                assert not {"`tasks`", "`task`", "`prompt`"} & set(re.findall("`[^`]*`", told["next_step"]))
            down = error(await client.call_tool("ollama", {"action": "generate", "input": "Say hello"}))
            assert down["code"] == "backend_unreachable"
            assert down["next_step"] == "Start it with `ollama serve`."
            other = error(
                await client.call_tool("ollama", {"action": "breakdown", "input": "Say hello in two languages"})
            )
            assert "`model_task_breakdown` or `model_optimize_prompt` with `backend=builtin`" in other["next_step"]
            status = document(await client.call_tool("ollama", {"action": "status"}))
            assert "--backend" not in str(status)

    asyncio.run(main())


def _approve(directory: Path) -> str:
    return command("approve P-1", directory=directory).strip("`")


def _run(words: str) -> str:
    beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        words, shell=True, cwd="/", env={**os.environ, "PATH": beside}, capture_output=True, text=True, check=True
    )
    return done.stdout


def _strings() -> Iterator[tuple[str, str]]:
    """Give every text of the rooms that holds code between backticks, with a letter for what is put into it."""
    for room in ROOMS:
        for path in sorted((SOURCE / room).rglob("*.py")):
            place = path.relative_to(SOURCE).as_posix()
            if place.startswith(ELSEWHERE):
                continue
            tree = ast.parse(path.read_text(encoding="utf-8"))
            inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
            said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            for node in ast.walk(tree):
                if id(node) in inner | said:
                    continue
                if isinstance(node, ast.JoinedStr):
                    parts = [part.value if isinstance(part, ast.Constant) else "x" for part in node.values]
                    yield f"{place}:{node.lineno}", "".join(str(part) for part in parts)
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield f"{place}:{node.lineno}", node.value
