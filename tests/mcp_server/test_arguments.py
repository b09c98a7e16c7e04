"""What callers send: far too much, and of the wrong kind; each time a quick, small, typed error."""

import asyncio
import time
from typing import Any

import pytest
from mcp import Client

from backends.conftest import free_port
from mcp_server.clients import document, error
from prentice import Prentice
from prentice.mcp.server import PrenticeServer

__all__ = ["free_port"]
HUGE = "Fix it. " * 1_300_000
MANY = ["T-1"] * 1_000_000
QUICK = 5.0
"""Seconds: half of one on an idle machine, of which reading ten megabytes of JSON is most."""
SMALL = 2_000
"""Bytes of an error, structure and text together."""

TOO_MUCH: list[tuple[str, dict[str, Any], str]] = [
    ("model_task_breakdown", {"task": HUGE}, "task_text"),
    ("model_task_breakdown", {"task": "T-1", "context": HUGE}, "usage"),
    ("model_task_breakdown", {"task": "T-1", "backend": HUGE}, "usage"),
    ("model_task_breakdown", {"task": "T-1", "model": HUGE}, "usage"),
    ("model_task_breakdown", {"run_id": HUGE}, "usage"),
    ("model_task_breakdown", {"run_id": "R-1", "only": [HUGE]}, "usage"),
    ("model_task_breakdown", {"run_id": "R-1", "only": MANY}, "usage"),
    ("model_task_breakdown", {"run_id": "R-1", "edits": {HUGE: {"name": "Any"}}}, "usage"),
    ("model_task_breakdown", {"run_id": "R-1", "edits": {"behaviour": {"name": HUGE}}}, "proposal"),
    ("model_task_breakdown", {"run_id": "R-1", "edits": {"behaviour": {HUGE: "Any"}}}, "usage"),
    ("model_auto_execute", {"tasks": [HUGE]}, "task_text"),
    ("model_auto_execute", {"tasks": MANY}, "usage"),
    ("model_auto_execute", {"tasks": ["T-1"], "model": HUGE}, "usage"),
    ("model_auto_execute", {"run_id": "R-1", "request_changes": HUGE}, "usage"),
    ("model_optimize_prompt", {"prompt": HUGE}, "task_text"),
    ("model_optimize_prompt", {"prompt": "T-1", "context": HUGE}, "usage"),
    ("model_optimize_prompt", {"run_id": "R-1", "answers": {"scope": HUGE}}, "usage"),
    ("model_optimize_prompt", {"run_id": "R-1", "answers": {HUGE: "Any"}}, "usage"),
    ("estimation", {"action": HUGE}, "usage"),
    ("estimation", {"action": "analyze", "tasks": [HUGE]}, "task_text"),
    ("estimation", {"action": "analyze", "tasks": MANY}, "usage"),
    *(
        (tool, arguments, code)
        for tool in ("mlx", "ollama")
        for arguments, code in (
            ({"action": HUGE}, "usage"),
            ({"action": "generate", "input": HUGE}, "task_text"),
            ({"action": "pull", "input": HUGE}, "task_text"),
            ({"action": "breakdown", "input": HUGE}, "task_text"),
            ({"action": "execute", "input": HUGE}, "task_text"),
            ({"action": "optimize", "input": HUGE}, "task_text"),
            ({"action": "code_review", "input": HUGE}, "task_text"),
            ({"action": "code_review", "path": HUGE}, "usage"),
            ({"action": "summarize", "input": HUGE}, "task_text"),
            ({"action": "summarize", "path": HUGE}, "usage"),
            ({"action": "generate", "input": "Say hello", "model": HUGE}, "usage"),
            ({"action": "generate", "run_id": HUGE}, "usage"),
        )
    ),
]

WRONG: list[tuple[str, dict[str, Any]]] = [
    *(("model_task_breakdown", {"task": value}) for value in (7, ["T-1"], {"id": "T-1"}, True, None)),
    ("model_task_breakdown", {"task": "T-1", "context": ["a"]}),
    ("model_task_breakdown", {"task": "T-1", "min_subtasks": "few"}),
    ("model_task_breakdown", {"task": "T-1", "min_subtasks": True}),
    ("model_task_breakdown", {"task": "T-1", "max_subtasks": 0}),
    ("model_task_breakdown", {"run_id": "R-1", "only": "behaviour"}),
    ("model_task_breakdown", {"run_id": "R-1", "only": [7]}),
    ("model_task_breakdown", {"run_id": "R-1", "edits": ["behaviour"]}),
    ("model_task_breakdown", {"run_id": "R-1", "edits": {"behaviour": "Any"}}),
    ("model_auto_execute", {"tasks": "T-1"}),
    ("model_auto_execute", {"tasks": [{"id": "T-1"}]}),
    ("model_auto_execute", {"tasks": ["T-1"], "apply": True}),
    ("model_auto_execute", {"tasks": ["T-1"], "apply": "now"}),
    ("model_auto_execute", {"tasks": ["T-1"], "format": "json"}),
    ("model_auto_execute", {"tasks": ["T-1"], "samples": 17}),
    ("model_auto_execute", {"tasks": ["T-1"], "samples": 1.5}),
    ("model_auto_execute", {"tasks": ["T-1"], "samples": False}),
    ("model_auto_execute", {"run_id": 1}),
    ("model_auto_execute", {"run_id": "R-1", "request_changes": {"comment": "No"}}),
    ("model_optimize_prompt", {"prompt": 7}),
    ("model_optimize_prompt", {"run_id": "R-1", "answers": ["a"]}),
    ("model_optimize_prompt", {"run_id": "R-1", "answers": {"scope": 7}}),
    ("estimation", {}),
    ("estimation", {"action": ["analyze"]}),
    ("estimation", {"action": "analyze", "tasks": {"T-1": True}}),
    *(
        (tool, arguments)
        for tool in ("mlx", "ollama")
        for arguments in (
            {},
            {"action": None},
            {"action": "summarize", "input": 7},
            {"action": "summarize", "path": ["notes.txt"]},
            {"action": "models", "model": {"name": "tiny"}},
            {"action": "generate", "run_id": 1},
        )
    ),
]


def server(project: Prentice) -> PrenticeServer:
    return PrenticeServer(project.directory, backend="builtin")


def test_ten_megabytes_in_any_argument_are_a_quick_small_error_and_the_server_goes_on(
    project: Prentice, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", f"http://127.0.0.1:{free_port}")

    async def main() -> list[str]:
        found: list[str] = []
        async with Client(server(project)) as client:
            plan = document(await client.call_tool("model_task_breakdown", {"task": "T-1"}))
            assert plan["subtasks"][0]["key"] == "behaviour"
            for tool, arguments, code in TOO_MUCH:
                begun = time.monotonic()
                result = await client.call_tool(tool, arguments)
                seconds = time.monotonic() - begun
                told = error(result)
                size = len(result.model_dump_json(by_alias=True, exclude_none=True).encode())
                if (told["code"], seconds < QUICK, size < SMALL) != (code, True, True):
                    found.append(f"{tool} {list(arguments)}: {told['code']}, {seconds:.1f} s, {size} bytes")
            document(await client.call_tool("estimation", {"action": "stats"}))
        return found

    assert asyncio.run(main()) == []


@pytest.mark.parametrize(
    ("tool", "arguments", "near"),
    [
        ("model_task_breakdown", {"tsk": "T-1"}, "`task`"),
        ("model_auto_execute", {"task": "T-1"}, "`tasks`"),
        ("model_optimize_prompt", {"promt": "T-1", "modle": "tiny"}, "`prompt` and `model`"),
        ("estimation", {"action": "stats", "verbose" * 9: True}, "Its arguments are: action, tasks."),
        ("ollama", {"action": "execute", "request_changes": "No"}, "Its arguments are: action, input"),
    ],
)
def test_an_argument_that_does_not_exist_is_refused_with_the_nearest(
    project: Prentice, tool: str, arguments: dict[str, Any], near: str
) -> None:
    async def main() -> dict[str, Any]:
        async with Client(server(project)) as client:
            return error(await client.call_tool(tool, arguments))

    told = asyncio.run(main())
    assert (told["code"], near in told["next_step"]) == ("usage", True)
    assert project.latest_runs() == []


@pytest.mark.parametrize(
    ("tool", "arguments", "step"),
    [
        ("estimation", {}, "`action`: Choose one of estimate, analyze, batch, stats."),
        ("model_auto_execute", {"tasks": ["T-1"], "apply": "now"}, "`apply`: Choose one of "),
        ("model_task_breakdown", {"task": 7}, "the type that the tool's schema names"),
        ("model_tusk_breakdown", {"task": "T-1"}, "Choose one of model_task_breakdown, model_auto_execute, "),
        ("\x1b[31m", {}, "Choose one of model_task_breakdown, "),
    ],
)
def test_what_can_be_given_instead_is_told(project: Prentice, tool: str, arguments: dict[str, Any], step: str) -> None:
    async def main() -> dict[str, Any]:
        async with Client(server(project)) as client:
            return error(await client.call_tool(tool, arguments))

    told = asyncio.run(main())
    assert (told["code"], step in told["next_step"]) == ("usage", True), told
    assert told["directory"] == str(project.directory)
    assert "\x1b" not in told["message"]


@pytest.mark.parametrize("least", [4, "4", 4.0])
def test_a_number_may_be_written_as_a_text(project: Prentice, least: object) -> None:
    async def main() -> dict[str, Any]:
        async with Client(server(project)) as client:
            call = {"task": "T-1", "min_subtasks": least, "max_subtasks": 4}
            return document(await client.call_tool("model_task_breakdown", call))

    assert len(asyncio.run(main())["subtasks"]) == 4


def test_empty_texts_are_arguments_that_were_left_out(project: Prentice) -> None:
    empty = {"run_id": "", "context": "", "backend": "", "model": ""}

    async def main() -> None:
        async with Client(server(project)) as client:
            plan = document(await client.call_tool("model_task_breakdown", {"task": "T-1", **empty}))
            assert plan["state"] == "open"
            sharp = document(await client.call_tool("model_optimize_prompt", {"prompt": "T-1", **empty}))
            assert sharp["state"] == "done"
            more = {"run_id": "", "backend": "", "model": "", "format": "", "apply": "", "request_changes": ""}
            done = document(await client.call_tool("model_auto_execute", {"tasks": ["T-1"], **more}))
            assert done["run_id"] == "R-3"
            for action in ("generate", "pull", "code_review", "summarize", "execute", "breakdown", "optimize"):
                call = {"action": action, "input": "", "path": "", "model": "", "run_id": ""}
                told = error(await client.call_tool("ollama", call))
                assert told["code"] in {"usage", "task_text"}
                assert "no run" not in told["message"]

    asyncio.run(main())


def test_a_run_that_is_of_something_else_than_was_given_with_it_is_not_told(project: Prentice) -> None:
    project.add("Sort the list of uploads by date")

    async def main() -> None:
        async with Client(server(project)) as client:
            for tool, argument, one, other in (
                ("model_task_breakdown", "task", "T-1", "T-2"),
                ("model_auto_execute", "tasks", ["T-1", "T-2"], ["T-9"]),
                ("model_optimize_prompt", "prompt", "Fix the upload client", "T-1"),
            ):
                begun = document(await client.call_tool(tool, {argument: one}))
                run = begun["run_id"] if "run_id" in begun else begun["runs"][0]["run_id"]
                again = document(await client.call_tool(tool, {argument: one, "run_id": run}))
                assert again["run_id"] == run
                told = error(await client.call_tool(tool, {argument: other, "run_id": run}))
                assert (told["code"], f"run_id {run} alone" in told["next_step"]) == ("usage", True)

    asyncio.run(main())


def test_the_log_has_no_words_of_tasks(
    project: Prentice, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    loud = PrenticeServer(project.directory, backend="builtin", verbose=True)

    @loud.add_tool
    def broken(text: str) -> str:
        raise ValueError(text)

    async def main() -> None:
        async with Client(loud) as client:
            assert error(await client.call_tool("model_task_breakdown", {"task": "TOPSECRET"}))["code"] == "task_text"
            assert error(await client.call_tool("model_task_breakdown", {"task": ["TOPSECRET"]}))["code"] == "usage"
            assert error(await client.call_tool("model_task_breakdown", {"TOPSECRET": ""}))["code"] == "usage"
            assert error(await client.call_tool("broken", {"text": "TOPSECRET"}))["code"] == "defect"

    with caplog.at_level("INFO"):
        asyncio.run(main())
    printed = capfd.readouterr()
    assert "model_task_breakdown failed: task_text" in caplog.text
    assert "ValueError" in caplog.text
    assert "in broken" in caplog.text
    assert "TOPSECRET" not in caplog.text + printed.err + printed.out


def test_arguments_of_a_wrong_type_are_told_as_such_and_start_nothing(project: Prentice) -> None:
    async def main() -> list[str]:
        async with Client(server(project)) as client:
            codes = [error(await client.call_tool(tool, arguments))["code"] for tool, arguments in WRONG]
            return [f"{call}: {code}" for call, code in zip(WRONG, codes, strict=True) if code != "usage"]

    assert asyncio.run(main()) == []
    assert project.latest_runs() == []


@pytest.mark.parametrize("path", ["a\0b", "x" * 4_000, "../outside.txt", "/etc/hostname", ".git/config", "."])
@pytest.mark.parametrize("action", ["summarize", "code_review"])
def test_a_path_that_is_none_of_the_project_is_refused(project: Prentice, action: str, path: str) -> None:
    async def main() -> dict[str, Any]:
        async with Client(server(project)) as client:
            return error(await client.call_tool("ollama", {"action": action, "path": path}))

    assert asyncio.run(main())["code"] == "task_text"


def test_a_long_context_is_read_within_the_call(project: Prentice) -> None:
    context = "The client is written in Python and talks to a server in Go. " * 1_000

    async def main() -> None:
        async with Client(server(project)) as client:
            for tool, argument in (("model_task_breakdown", "task"), ("model_optimize_prompt", "prompt")):
                found = document(await client.call_tool(tool, {argument: "T-1", "context": context}))
                assert found["state"] in {"open", "done"}

    asyncio.run(main())
