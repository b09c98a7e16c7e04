"""One question, more than one answer: the first counts, a later one changes nothing and is told so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp_types import ElicitResult, InputRequiredResult

import prentice
from mcp_server.clients import PATIENCE, Person, approving, document, served_at, wire
from mcp_server.workshop import Workshop, workshop
from plans import good_plan, reply, script
from prentice import Prentice
from prentice.changes.formats import Format
from prentice.mcp.server import PrenticeServer
from skills.execute.calculator import CALC, MENDED, answer

__all__ = ["workshop"]
MODERN = "2026-07-28"


def yes(**content: Any) -> ElicitResult:
    return ElicitResult(action="accept", content=content or {"approve": True})


async def asked(client: Client, tool: str, arguments: dict[str, Any]) -> InputRequiredResult:
    """Call a tool of the later era, and keep its question instead of answering it."""
    found = await client.session.call_tool(tool, arguments, allow_input_required=True)
    assert isinstance(found, InputRequiredResult), found
    return found


async def answered(
    client: Client, tool: str, arguments: dict[str, Any], question: InputRequiredResult, said: ElicitResult
) -> dict[str, Any]:
    """Send an answer to a question that was kept."""
    [name] = question.input_requests or {}
    result = await client.call_tool(tool, arguments, input_responses={name: said}, request_state=question.request_state)
    return document(result)


@asynccontextmanager
async def modern(server: PrenticeServer) -> AsyncIterator[Client]:
    async with Client(server, mode=MODERN, elicitation_callback=approving()) as client:
        yield client


PLAN: dict[str, Any] = {"task": "T-1"}


def test_a_plan_approved_twice_by_one_question_is_made_once(project: Prentice, tmp_path: Path) -> None:
    backend = script(tmp_path / "plan.jsonl", reply(good_plan()))

    async def main() -> None:
        async with modern(PrenticeServer(project.directory, backend=backend, hold=60)) as client:
            question = await asked(client, "model_task_breakdown", PLAN)
            said = yes(approve=True, only="docs")
            first = await answered(client, "model_task_breakdown", PLAN, question, said)
            assert (first["state"], len(first["created"])) == ("approved", 1)
            assert "changed nothing" not in first["next_step"]
            for late in (yes(approve=True, only="docs"), yes(approve=True), yes(approve=False)):
                again = await answered(client, "model_task_breakdown", PLAN, question, late)
                assert again["created"] == first["created"]
                assert "P-1 was approved before by a person: this answer changed nothing." in again["next_step"]
            after = document(await client.call_tool("model_task_breakdown", {"run_id": first["run_id"]}))
            assert "changed nothing" not in after["next_step"]

    asyncio.run(main())
    assert len(project.tasks().children("T-1")) == 1


def test_an_answer_after_an_approval_on_the_command_line_changes_nothing(project: Prentice) -> None:
    async def main() -> None:
        async with modern(PrenticeServer(project.directory, backend="builtin", hold=60)) as client:
            question = await asked(client, "model_task_breakdown", PLAN)
            key = project.proposal("P-1").subtasks[0].key
            made = prentice.open(project.directory).approve("P-1", only=[key])
            late = await answered(client, "model_task_breakdown", PLAN, question, yes())
            assert late["created"] == list(made.created)
            assert "P-1 was approved before by a script: this answer changed nothing." in late["next_step"]

    asyncio.run(main())
    assert len(project.tasks().children("T-1")) == 1


def test_an_answer_after_a_rejection_changes_nothing(project: Prentice) -> None:
    async def main() -> None:
        async with modern(PrenticeServer(project.directory, backend="builtin", hold=60)) as client:
            question = await asked(client, "model_task_breakdown", PLAN)
            project.reject("P-1", reason="overtaken")
            late = await answered(client, "model_task_breakdown", PLAN, question, yes())
            assert late["state"] == "rejected"
            assert "this answer changed nothing" in late["next_step"]

    asyncio.run(main())
    assert list(project.tasks().tasks) == ["T-1"]


def test_an_answer_that_was_tampered_with_is_refused(project: Prentice) -> None:
    async def main() -> None:
        async with modern(PrenticeServer(project.directory, backend="builtin", hold=60)) as client:
            question = await asked(client, "model_task_breakdown", PLAN)
            assert question.request_state
            assert "P-1" not in question.request_state
            middle = len(question.request_state) // 2
            letter = "A" if question.request_state[middle] != "A" else "B"
            state = question.request_state[:middle] + letter + question.request_state[middle + 1 :]
            with pytest.raises(Exception, match=r"(?i)state"):
                await answered(
                    client, "model_task_breakdown", PLAN, question.model_copy(update={"request_state": state}), yes()
                )

    asyncio.run(main())
    assert list(project.tasks().tasks) == ["T-1"]


def test_a_change_applied_twice_by_one_question_stays_undone_once_it_was_undone(workshop: Workshop) -> None:
    call: dict[str, Any] = {"tasks": [workshop.bench.task()]}
    owner = prentice.open(workshop.bench.root, actor="person")

    async def main() -> None:
        async with modern(workshop.server(answer(Format.SYMBOL))) as client:
            question = await asked(client, "model_auto_execute", call)
            said = yes(decision="apply")
            first = await answered(client, "model_auto_execute", call, question, said)
            assert (first["state"], workshop.calc) == ("applied", MENDED)
            again = await answered(client, "model_auto_execute", call, question, said)
            assert again["state"] == "applied"
            assert "R-1 was applied before: this answer changed nothing." in again["next_step"]
            owner.undo("R-1")
            for decision in ("apply", "reject", "request changes"):
                late = await answered(
                    client, "model_auto_execute", call, question, yes(decision=decision, comment="Otherwise, please.")
                )
                assert (late["run_id"], late["state"]) == ("R-1", "undone")
                assert "R-1 was undone before: this answer changed nothing." in late["next_step"]

    asyncio.run(main())
    assert workshop.calc == CALC
    assert len(owner.latest_runs()) == 1


def test_a_change_that_was_rejected_on_the_command_line_is_not_applied_by_a_late_answer(workshop: Workshop) -> None:
    call: dict[str, Any] = {"tasks": [workshop.bench.task()]}

    async def main() -> dict[str, Any]:
        async with modern(workshop.server(answer(Format.SYMBOL))) as client:
            question = await asked(client, "model_auto_execute", call)
            prentice.open(workshop.bench.root, actor="person").reject_change("R-1", reason="No.")
            return await answered(client, "model_auto_execute", call, question, yes(decision="apply"))

    late = asyncio.run(main())
    assert (late["state"], workshop.calc) == ("rejected", CALC)
    assert "R-1 was rejected before: this answer changed nothing." in late["next_step"]


def test_open_questions_answered_twice_start_one_run(project: Prentice) -> None:
    call: dict[str, Any] = {"prompt": "Fix the bug in the upload client, it should be faster."}

    async def main() -> None:
        async with modern(PrenticeServer(project.directory, backend="builtin", hold=60)) as client:
            question = await asked(client, "model_optimize_prompt", call)
            one = yes(answer_1="A timeout after 30 s in src/upload.py")
            first = await answered(client, "model_optimize_prompt", call, question, one)
            other = yes(answer_1="Something else in src/other.py")
            again = await answered(client, "model_optimize_prompt", call, question, other)
            assert again["run_id"] == first["run_id"]
            assert again["optimized"] == first["optimized"]
            assert "this answer changed nothing" in again["next_step"]
            assert "changed nothing" not in first["next_step"]

    asyncio.run(main())
    assert len(project.latest_runs()) == 2


def test_two_servers_that_ask_about_one_plan_make_it_once(project: Prentice, era: str) -> None:
    """The second person answers after the first one's approval, with the form still open."""
    prentice.open(project.directory, backend="builtin").breakdown("T-1")
    run = project.latest_runs()[0]["run_id"]
    is_asked, first_is_done = asyncio.Event(), asyncio.Event()

    async def ponder() -> None:
        is_asked.set()
        await first_is_done.wait()

    quick, slow = approving(), Person(yes(), before=ponder)

    async def main() -> tuple[dict[str, Any], dict[str, Any]]:
        one = PrenticeServer(project.directory, backend="builtin", hold=60)
        other = PrenticeServer(project.directory, backend="builtin", hold=60)
        async with (
            Client(one, mode=era, elicitation_callback=quick) as here,
            Client(other, mode=era, elicitation_callback=slow) as there,
        ):
            waiting = asyncio.create_task(there.call_tool("model_task_breakdown", {"run_id": run}))
            await asyncio.wait_for(is_asked.wait(), PATIENCE)
            made = document(await here.call_tool("model_task_breakdown", {"run_id": run}))
            first_is_done.set()
            return made, document(await waiting)

    made, late = asyncio.run(main())
    assert made["state"] == late["state"] == "approved"
    assert late["created"] == made["created"]
    assert "was approved before by a person: this answer changed nothing." in late["next_step"]
    assert quick.questions == slow.questions
    assert len(project.tasks().children("T-1")) == len(made["created"])


def test_a_question_that_a_client_answers_twice_on_the_wire_is_answered_once(project: Prentice) -> None:
    """The earlier era: the server asks, and both answers bear the id of its request."""
    served = served_at(project.directory)

    async def main() -> list[dict[str, Any]]:
        async with wire(served) as talk:
            await talk.hello({"elicitation": {}})
            call = {"name": "model_task_breakdown", "arguments": {"task": "T-1"}}
            await talk.send({"id": 2, "method": "tools/call", "params": call})
            question = await talk.until(method="elicitation/create")
            for only in ("", "behaviour"):
                said = {"action": "accept", "content": {"approve": True, "only": only}}
                await talk.send({"id": question["id"], "result": said})
            first = await talk.until(id=2)
            call = {"name": "model_task_breakdown", "arguments": {"run_id": "R-1"}}
            await talk.send({"id": 3, "method": "tools/call", "params": call})
            return [first, await talk.until(id=3)]

    first, after = (found["result"]["structuredContent"] for found in asyncio.run(main()))
    assert first["state"] == after["state"] == "approved"
    assert after["created"] == first["created"]
    assert [task.id for task in project.tasks().children("T-1")] == first["created"]
