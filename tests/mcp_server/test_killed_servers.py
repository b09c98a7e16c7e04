"""Servers that are killed, and clients that are gone, in the middle of a call: the run goes on in the next server."""

import asyncio
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters

import prentice
from mcp_server.clients import PATIENCE, Wire, document, served_at, wire
from mcp_server.workshop import Workshop, workshop
from plans import good_plan, reply, script
from prentice import Prentice
from prentice.changes.formats import Format
from skills.execute import calculator
from skills.execute.calculator import CALC, answer

__all__ = ["workshop"]
DELAY = 1.5
"""Seconds that the model takes for each half of its answer."""


def slow(words: str) -> dict[str, Any]:
    middle = len(words) // 2
    return {"chunks": [words[:middle], words[middle:]], "delay": DELAY}


async def begin(talk: Wire, tool: str, arguments: dict[str, Any]) -> None:
    """Call a tool, and wait until its model writes."""
    await talk.hello({})
    params = {"name": tool, "arguments": arguments, "_meta": {"progressToken": "here"}}
    await talk.send({"id": 2, "method": "tools/call", "params": params})
    while "the model is" not in (await talk.until(method="notifications/progress"))["params"]["message"]:
        pass


async def finish(served: StdioServerParameters, tool: str, mode: str) -> dict[str, Any]:
    """Ask a new server for the run until it has ended."""
    async with asyncio.timeout(PATIENCE), Client(served, mode=mode) as client:
        found = document(await client.call_tool(tool, {"run_id": "R-1"}))
        while found["state"] == "running":
            assert "R-1" in found["next_step"]
            found = document(await client.call_tool(tool, {"run_id": "R-1"}))
        return found


def test_the_plan_of_a_server_that_was_killed_is_made_by_the_next(project: Prentice, tmp_path: Path) -> None:
    served = served_at(project.directory, "--backend", script(tmp_path / "slow.jsonl", slow(reply(good_plan()))))

    async def main() -> dict[str, Any]:
        async with wire(served) as talk:
            await begin(talk, "model_task_breakdown", {"task": "T-1"})
            await talk.kill()
        assert project.run_state("R-1").state == "running"  # nobody could say otherwise
        return await finish(served, "model_task_breakdown", "2026-07-28")

    plan = asyncio.run(main())
    assert (plan["state"], plan["run_id"]) == ("open", "R-1")
    assert [step["key"] for step in plan["subtasks"]] == [step["key"] for step in good_plan()]
    assert [proposal.id for proposal in project.proposals()] == [plan["proposal_id"]]


def test_the_change_of_a_server_that_was_killed_is_made_by_the_next_and_no_worktree_is_left(
    workshop: Workshop,
) -> None:
    task = workshop.bench.task()
    backend = calculator.script(workshop.bench.beside, slow(answer(Format.SYMBOL)))
    served = served_at(workshop.bench.root, "--backend", backend)

    async def main() -> dict[str, Any]:
        async with wire(served) as talk:
            await begin(talk, "model_auto_execute", {"tasks": [task]})
            await talk.kill()
        return await finish(served, "model_auto_execute", "legacy")

    found = asyncio.run(main())
    assert (found["state"], found["run_id"]) == ("proposed", "R-1"), found
    assert "+    return a + b" in found["diff"]
    assert workshop.calc == CALC
    assert prentice.open(workshop.bench.root).task(task).status == "Review"
    assert workshop.worktrees() == []


def test_a_client_that_is_gone_ends_its_server_and_leaves_the_run_to_the_next(
    project: Prentice, tmp_path: Path, era: str
) -> None:
    served = served_at(project.directory, "--backend", script(tmp_path / "slow.jsonl", slow(reply(good_plan()))))

    async def main() -> dict[str, Any]:
        async with wire(served) as talk:
            await begin(talk, "model_task_breakdown", {"task": "T-1"})
            assert await talk.end() == 0
        assert project.run_state("R-1").state == "queued"
        return await finish(served, "model_task_breakdown", era)

    assert asyncio.run(main())["state"] == "open"
    assert len(project.proposals()) == 1
