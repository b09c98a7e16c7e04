"""A model that takes longer than a call may last, and a person who takes longer than that."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp_types import ElicitResult

import prentice
from mcp_server.clients import Person, approving, document, error
from plans import good_plan, reply, script
from prentice import Prentice
from prentice.mcp.server import PrenticeServer

HOLD = 0.3
"""Seconds that a call may last here."""
DELAY = 1.2
"""Seconds that the model takes; several calls long."""


@pytest.fixture
def slow(tmp_path: Path) -> str:
    entry = {"chunks": [reply(good_plan())[:200], reply(good_plan())[200:]], "delay": DELAY}
    return script(tmp_path / "slow.jsonl", entry, reply(good_plan()))


def server(project: Prentice, backend: str, *, hold: float = HOLD) -> PrenticeServer:
    return PrenticeServer(project.directory, backend=backend, hold=hold)


async def until_done(client: Client, answer: dict[str, Any]) -> dict[str, Any]:
    """Call with the run's id until it is no longer running; the test's time limit bounds it."""
    while answer["state"] == "running":
        answer = document(await client.call_tool("model_task_breakdown", {"run_id": answer["run_id"]}))
    return answer


def test_a_slow_plan_is_given_by_a_later_call(project: Prentice, slow: str, era: str) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with Client(server(project, slow), mode=era) as client:
            begun = loop.time()
            first = document(await client.call_tool("model_task_breakdown", {"task": "T-1"}))
            assert loop.time() - begun < DELAY
            assert first["state"] == "running"
            assert first["run_id"] in first["next_step"]
            plan = await until_done(client, first)
            assert plan["state"] == "open"
            assert plan["run_id"] == first["run_id"]
            assert [subtask["key"] for subtask in plan["subtasks"]] == ["measure", "retry", "docs", "proof"]
            assert [proposal.id for proposal in project.proposals()] == [plan["proposal_id"]]

    asyncio.run(main())


def test_two_slow_runs_go_on_at_once_and_keep_apart(project: Prentice, slow: str) -> None:
    async def main() -> None:
        async with Client(server(project, slow)) as client:
            calls = [client.call_tool("model_task_breakdown", {"task": "T-1"}) for _ in range(2)]
            answers = [document(result) for result in await asyncio.gather(*calls)]
            assert len({answer["run_id"] for answer in answers}) == 2
            plans = await asyncio.gather(*(until_done(client, answer) for answer in answers))
            assert len({plan["proposal_id"] for plan in plans}) == 2

    asyncio.run(main())


def test_progress_tells_what_the_model_does(project: Prentice, slow: str, era: str) -> None:
    told: list[tuple[float, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        assert total is None
        told.append((progress, message))

    async def main() -> None:
        async with Client(server(project, slow, hold=20), mode=era) as client:
            document(await client.call_tool("model_task_breakdown", {"task": "T-1"}, progress_callback=hear))

    asyncio.run(main())
    assert told == sorted(told)
    assert all(message and message.startswith("R-1: ") for _, message in told)
    assert any("asking scripted" in str(message) for _, message in told)
    assert any("writing, 1 tokens" in str(message) for _, message in told)


def test_a_run_that_fails_behind_the_clients_back_tells_its_error_later(project: Prentice, tmp_path: Path) -> None:
    backend = script(tmp_path / "bad.jsonl", {"error": "stream_failed", "delay": DELAY})

    async def main() -> None:
        async with Client(server(project, backend)) as client:
            answer = document(await client.call_tool("model_task_breakdown", {"task": "T-1"}))
            assert answer["state"] == "running"
            await _ended(project, answer["run_id"])
            told = error(await client.call_tool("model_task_breakdown", {"run_id": answer["run_id"]}))
            assert told["code"] == "stream_failed"

    asyncio.run(main())


def test_a_rejected_plan_lists_its_problems(project: Prentice, tmp_path: Path) -> None:
    backend = script(tmp_path / "bad.jsonl", "no JSON", "again none")

    async def main() -> dict[str, Any]:
        async with Client(server(project, backend, hold=20)) as client:
            return error(await client.call_tool("model_task_breakdown", {"task": "T-1"}))

    told = asyncio.run(main())
    assert told["code"] == "breakdown_rejected"
    assert told["problems"]
    assert "backend=builtin" in told["next_step"]


def test_a_call_that_the_client_cancels_stops_its_run(project: Prentice, tmp_path: Path) -> None:
    backend = script(tmp_path / "endless.jsonl", {"endless": True, "delay": 0.05})

    async def main() -> None:
        async with Client(server(project, backend, hold=20), mode="legacy") as client:
            heard = asyncio.Event()

            async def hear(progress: float, total: float | None, message: str | None) -> None:
                del progress, total, message
                heard.set()

            call = asyncio.create_task(
                client.call_tool("model_task_breakdown", {"task": "T-1"}, progress_callback=hear)
            )
            await asyncio.wait_for(heard.wait(), 20)
            call.cancel()
            await asyncio.wait({call})
            assert await _ended(project, "R-1") == "cancelled"
            told = error(await client.call_tool("model_task_breakdown", {"run_id": "R-1"}))
            assert told["code"] == "stopped"

    asyncio.run(main())


def test_a_run_outlives_its_server_and_the_next_one_finishes_it(project: Prentice, slow: str, era: str) -> None:
    async def main() -> None:
        async with Client(server(project, slow), mode=era) as client:
            answer = document(await client.call_tool("model_task_breakdown", {"task": "T-1"}))
            assert answer["state"] == "running"
        assert project.run_state(answer["run_id"]).state == "queued"
        async with Client(server(project, slow), mode=era) as client:
            plan = await until_done(client, answer)
            assert plan["state"] == "open"
            assert plan["run_id"] == answer["run_id"]

    asyncio.run(main())
    assert len(project.proposals()) == 1


def test_a_client_that_vanishes_in_mid_call_leaves_its_run_to_the_next(project: Prentice, slow: str) -> None:
    async def main() -> None:
        async with Client(server(project, slow, hold=20), mode="legacy") as client:
            heard = asyncio.Event()

            async def hear(progress: float, total: float | None, message: str | None) -> None:
                del progress, total, message
                heard.set()

            call = asyncio.create_task(
                client.call_tool("model_task_breakdown", {"task": "T-1"}, progress_callback=hear)
            )
            await asyncio.wait_for(heard.wait(), 20)
        await asyncio.wait({call})
        assert project.run_state("R-1").state == "queued"
        async with Client(server(project, slow, hold=20)) as client:
            assert document(await client.call_tool("model_task_breakdown", {"run_id": "R-1"}))["state"] == "open"

    asyncio.run(main())


def test_a_plan_that_an_earlier_server_made_is_still_given(project: Prentice, era: str) -> None:
    async def main() -> None:
        async with Client(server(project, "builtin", hold=20), mode=era) as client:
            plan = document(await client.call_tool("model_task_breakdown", {"task": "T-1"}))
        async with Client(server(project, "builtin", hold=20), mode=era) as client:
            again = document(await client.call_tool("model_task_breakdown", {"run_id": plan["run_id"]}))
        assert again == plan

    asyncio.run(main())


@asynccontextmanager
async def _thinking(project: Prentice, person: Person) -> AsyncIterator[tuple[Client, asyncio.Event]]:
    """A client of the era in which the server sends questions; its person answers when the event is set."""
    made_up = asyncio.Event()
    person.before = made_up.wait
    async with Client(server(project, "builtin"), mode="legacy", elicitation_callback=person) as client:
        yield client, made_up


def test_a_call_does_not_wait_for_a_slow_person_whose_late_approval_counts(project: Prentice) -> None:
    person = approving()

    async def main() -> None:
        async with _thinking(project, person) as (client, made_up):
            plan = await until_done(client, document(await client.call_tool("model_task_breakdown", {"task": "T-1"})))
            assert plan["state"] == "open"
            assert "question is with the person" in plan["next_step"]
            made_up.set()
            while plan["state"] == "open":
                plan = document(await client.call_tool("model_task_breakdown", {"run_id": plan["run_id"]}))
            assert plan["state"] == "approved"

    asyncio.run(main())
    assert len(person.questions) == 1
    assert len(project.tasks().children("T-1")) == len(project.proposals()[0].subtasks)


def test_an_approval_that_comes_too_late_tells_why_it_is_refused(project: Prentice) -> None:
    async def main() -> None:
        async with _thinking(project, approving()) as (client, made_up):
            plan = await until_done(client, document(await client.call_tool("model_task_breakdown", {"task": "T-1"})))
            project.reject(plan["proposal_id"], reason="overtaken")
            made_up.set()
            again = document(await client.call_tool("model_task_breakdown", {"run_id": plan["run_id"]}))
            assert again["state"] == "rejected"
            assert plan["proposal_id"] in again["next_step"]

    asyncio.run(main())
    assert list(project.tasks().tasks) == ["T-1"]


@pytest.mark.parametrize(
    "answer",
    [
        ElicitResult(action="decline"),
        ElicitResult(action="accept", content={"approve": False}),
    ],
)
def test_a_person_who_does_not_approve_is_not_asked_again(project: Prentice, era: str, answer: ElicitResult) -> None:
    person = Person(answer)

    async def main() -> None:
        async with Client(server(project, "builtin", hold=20), mode=era, elicitation_callback=person) as client:
            plan = document(await client.call_tool("model_task_breakdown", {"task": "T-1"}))
            assert plan["state"] == "open"
            assert "prentice approve" in plan["approve"]
            assert document(await client.call_tool("model_task_breakdown", {"run_id": plan["run_id"]})) == plan

    asyncio.run(main())
    assert len(person.questions) == 1
    assert list(project.tasks().tasks) == ["T-1"]


def test_an_answer_with_nonsense_in_the_form_approves_nothing(project: Prentice, era: str) -> None:
    person = Person(ElicitResult(action="accept", content={"approve": "perhaps"}))

    async def main() -> None:
        async with Client(server(project, "builtin", hold=20), mode=era, elicitation_callback=person) as client:
            plan = document(await client.call_tool("model_task_breakdown", {"task": "T-1"}))
            assert plan["state"] == "open"

    asyncio.run(main())
    assert list(project.tasks().tasks) == ["T-1"]


def test_an_approval_that_the_rules_refuse_is_told_and_creates_nothing(project: Prentice, era: str) -> None:
    person = approving()
    project.comment("T-1", "Found to be done.", kind="result")

    async def finish() -> None:
        owner = prentice.open(project.directory, actor="person")
        for status in ("In Progress", "Review", "Done"):
            owner.set_status("T-1", status)

    person.before = finish

    async def main() -> dict[str, Any]:
        async with Client(server(project, "builtin", hold=20), mode=era, elicitation_callback=person) as client:
            return document(await client.call_tool("model_task_breakdown", {"task": "T-1"}))

    told = asyncio.run(main())
    assert (told["state"], told["run_id"]) == ("open", "R-1")
    assert told["next_step"].startswith("What the person decided could not be done: T-1 is Done")
    assert list(project.tasks().tasks) == ["T-1"]


async def _ended(project: Prentice, run_id: str) -> str:
    """Wait until the ledger knows the end of a run and give its state; the test's time limit bounds it."""
    while (state := project.run_state(run_id).state) == "running":
        await asyncio.to_thread(project.run_state, run_id)
    return state
