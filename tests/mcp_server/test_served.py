"""Calls and the runs that they are about: which wait for each other, and which arguments may come along."""

import asyncio
from typing import Any

import pytest
from mcp import Client

import prentice
from mcp_server.clients import document, error
from mcp_server.workshop import Workshop, workshop
from prentice.changes.formats import Format
from prentice.ledger.runs_table import Submission
from prentice.mcp.desk import Desk
from prentice.mcp.server import PrenticeServer
from skills.execute.calculator import answer

__all__ = ["workshop"]


def test_siblings_behind_a_finished_task_do_not_wait_for_each_other(project: prentice.Prentice) -> None:
    first = project.add("Write a.py").id
    others = [project.add(f"Write {name}.py", depends=[first]).id for name in "bc"]
    served = Desk(directory=project.directory).open()

    def shared() -> set[str]:
        one, two = (set(work.touches) for work in served.executing(others, apply=False))
        return one & two

    assert shared() == {f"task {first}"}
    project.comment(first, "It is written.", kind="result")
    for status in ("In Progress", "Review", "Done"):
        project.set_status(first, status)
    assert shared() == set()


def test_runs_of_one_file_wait_for_each_other_whoever_asked_for_them(workshop: Workshop) -> None:
    workshop.settings('[runs]\nworker = "never"\n')
    task = workshop.bench.task()
    person = workshop.bench.opened(answer(Format.SYMBOL), actor="person")
    [proposed] = person.execute(task)
    served = Desk(directory=workshop.bench.root).open()
    [work] = served.executing(["Document `neg` in calc.py"], apply=False)
    asked = served.table.submit(Submission(kind=work.kind, arguments=work.arguments, touches=work.touches))
    again = person.send_back(proposed["run_id"], "Do it without a comment.")
    assert [run["behind"] for run in person.latest_runs() if run["run_id"] == again] == [[asked.id]]


@pytest.mark.parametrize(
    ("tool", "first", "same", "other"),
    [
        (
            "model_task_breakdown",
            {"task": "T-1", "context": "Python", "min_subtasks": 3, "backend": "builtin"},
            {"task": " T-1", "context": "Python", "min_subtasks": 3, "backend": "builtin"},
            [{"context": "Rust"}, {"min_subtasks": 4}, {"max_subtasks": 9}, {"backend": "ollama"}, {"model": "tiny"}],
        ),
        (
            "model_optimize_prompt",
            {"prompt": "T-1", "context": "Python", "backend": "builtin"},
            {"prompt": "T-1", "context": "Python"},
            [{"context": "Rust"}, {"backend": "ollama"}, {"model": "tiny"}],
        ),
        (
            "model_auto_execute",
            {"tasks": ["Format a.py"], "format": "whole", "backend": "builtin"},
            {"tasks": ["Format a.py", "T-1"], "format": "whole"},
            [{"format": "udiff"}, {"samples": 7}, {"backend": "ollama"}, {"model": "tiny"}],
        ),
    ],
)
def test_a_call_about_a_run_may_repeat_its_arguments_and_give_no_others(
    project: prentice.Prentice, tool: str, first: dict[str, Any], same: dict[str, Any], other: list[dict[str, Any]]
) -> None:
    async def main() -> None:
        async with Client(PrenticeServer(project.directory)) as client:
            run = document(await client.call_tool(tool, first))["run_id"]
            assert document(await client.call_tool(tool, {**same, "run_id": run}))["run_id"] == run
            for arguments in other:
                refused = error(await client.call_tool(tool, {"run_id": run, **arguments}))
                assert refused["message"] == f"{run} was started with another `{next(iter(arguments))}`."

    asyncio.run(main())


def test_edits_and_keys_without_a_plan_are_refused_before_anything_is_planned(project: prentice.Prentice) -> None:
    async def main() -> None:
        async with Client(PrenticeServer(project.directory, backend="builtin")) as client:
            for more in ({"only": ["a"]}, {"edits": {"a": {"name": "Other"}}}):
                told = error(await client.call_tool("model_task_breakdown", {"task": "T-1", **more}))
                assert told["code"] == "usage"

    asyncio.run(main())
    assert project.latest_runs() == []


def test_an_error_that_ended_a_run_names_the_run(workshop: Workshop) -> None:
    async def main() -> dict[str, Any]:
        async with Client(workshop.server(hold=60)) as client:
            return error(await client.call_tool("model_optimize_prompt", {"prompt": "Say how the parser ends a line."}))

    assert asyncio.run(main())["run_id"] == "R-1"


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("model_task_breakdown", {"task": " T-1 "}),
        ("model_auto_execute", {"tasks": ["", "T-1 ", "  "]}),
        ("model_optimize_prompt", {"prompt": "T-1 "}),
        ("estimation", {"action": "estimate", "tasks": ["T-1 ", ""]}),
    ],
)
def test_blanks_around_an_id_and_empty_entries_of_a_list_count_for_nothing(
    project: prentice.Prentice, tool: str, arguments: dict[str, Any]
) -> None:
    async def main() -> dict[str, Any]:
        async with Client(PrenticeServer(project.directory, backend="builtin")) as client:
            return document(await client.call_tool(tool, arguments))

    assert asyncio.run(main())
    assert [run["task"] for run in project.latest_runs()] in ([], ["T-1"])


@pytest.mark.parametrize(
    ("tool", "wanted"), [("model_task_breakdown", "`task`"), ("model_optimize_prompt", "`prompt`"),
                         ("model_auto_execute", "`tasks`")],
)  # fmt: skip
def test_a_call_without_anything_is_told_what_to_give(project: prentice.Prentice, tool: str, wanted: str) -> None:
    async def main() -> dict[str, Any]:
        async with Client(PrenticeServer(project.directory)) as client:
            return error(await client.call_tool(tool, {}))

    told = asyncio.run(main())
    assert (told["code"], wanted in told["next_step"], "`run_id`" in told["next_step"]) == ("usage", True, True)


def test_a_run_that_came_to_no_change_is_not_sent_back_and_its_end_is_named(workshop: Workshop) -> None:
    wish = {"run_id": "R-1", "request_changes": "Otherwise."}

    async def main() -> dict[str, Any]:
        async with Client(workshop.server({"error": "down"})) as client:
            await client.call_tool("model_auto_execute", {"tasks": [workshop.bench.task()]})
            return error(await client.call_tool("model_auto_execute", wish))

    told = asyncio.run(main())
    assert told["message"] == "R-1 has come to no change: it is failed."
