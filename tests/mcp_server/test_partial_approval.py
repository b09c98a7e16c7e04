"""A part of a plan, and a plan that is different: what the person sees, what is made, and what is refused."""

import asyncio
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

NAMES = {step["key"]: step["name"] for step in good_plan()}


@pytest.fixture
def server(project: Prentice, tmp_path: Path) -> PrenticeServer:
    """A server whose model gives the plan `good_plan`."""
    return PrenticeServer(project.directory, backend=script(tmp_path / "plan.jsonl", reply(good_plan())), hold=60)


async def planned(client: Client) -> dict[str, Any]:
    """Let the plan be made, with a person who does not answer yet."""
    found = document(await client.call_tool("model_task_breakdown", {"task": "T-1"}))
    assert found["state"] == "open"
    return found


def two_answers(second: ElicitResult) -> Person:
    """A person who sets the first form aside, and answers the later ones."""
    person = Person(ElicitResult(action="cancel"))

    async def before() -> None:
        if len(person.questions) > 1:
            person.answer = second

    person.before = before
    return person


def approved(content: dict[str, Any] | None = None) -> ElicitResult:
    return ElicitResult(action="accept", content=dict(content or {"approve": True}))


def names_made(project: Prentice) -> list[str]:
    return [task.name for task in project.tasks().children("T-1")]


def test_only_the_named_steps_are_shown_to_the_person_and_made(
    project: Prentice, server: PrenticeServer, era: str
) -> None:
    person = two_answers(approved())

    async def main() -> dict[str, Any]:
        async with Client(server, mode=era, elicitation_callback=person) as client:
            plan = await planned(client)
            call = {"run_id": plan["run_id"], "only": ["measure", "docs"]}
            return document(await client.call_tool("model_task_breakdown", call))

    found = asyncio.run(main())
    assert found["state"] == "approved"
    assert names_made(project) == [NAMES["measure"], NAMES["docs"]]
    assert found["created"] == [task.id for task in project.tasks().children("T-1")]
    whole, part = person.questions
    assert all(name in whole for name in NAMES.values())
    assert [name in part for name in NAMES.values()] == [True, False, True, False]
    assert "Make these 2 tasks" in part


def test_the_person_takes_a_part_in_the_form(project: Prentice, server: PrenticeServer, era: str) -> None:
    person = Person(approved({"approve": True, "only": "docs, measure"}))

    async def main() -> dict[str, Any]:
        async with Client(server, mode=era, elicitation_callback=person) as client:
            return document(await client.call_tool("model_task_breakdown", {"task": "T-1"}))

    assert asyncio.run(main())["state"] == "approved"
    assert names_made(project) == [NAMES["measure"], NAMES["docs"]]


def test_a_key_in_the_form_that_no_step_has_makes_nothing_and_says_which_there_are(
    project: Prentice, server: PrenticeServer, era: str
) -> None:
    person = Person(approved({"approve": True, "only": "docs, dokcs"}))

    async def main() -> dict[str, Any]:
        async with Client(server, mode=era, elicitation_callback=person) as client:
            return document(await client.call_tool("model_task_breakdown", {"task": "T-1"}))

    told = asyncio.run(main())
    assert told["next_step"].startswith("What the person decided could not be done: ")
    assert all(word in told["next_step"] for word in ("dokcs", "measure", "call with run_id R-1"))
    assert names_made(project) == []
    assert project.proposals()[0].state == "open"


def test_the_person_sees_and_approves_the_plan_with_its_changes(
    project: Prentice, server: PrenticeServer, era: str
) -> None:
    person = two_answers(approved())
    edits = {
        "retry": {
            "name": "Retry only what is\n  idempotent",
            "description": "# not a comment\n== no key ==\n- no criterion",
            "acceptance_criteria": ["Nothing is sent twice"],
            "dependencies": ["docs"],
            "complexity": "simple",
        }
    }

    async def main() -> dict[str, Any]:
        async with Client(server, mode=era, elicitation_callback=person) as client:
            plan = await planned(client)
            call = {"run_id": plan["run_id"], "edits": edits}
            return document(await client.call_tool("model_task_breakdown", call))

    found = asyncio.run(main())
    assert found["state"] == "approved"
    assert "Retry only what is idempotent (retry" in person.questions[1]
    assert "after docs" in person.questions[1]
    by_name = {task.name: task for task in project.tasks().children("T-1")}
    assert set(by_name) == set({**NAMES, "retry": "Retry only what is idempotent"}.values())
    made = by_name["Retry only what is idempotent"]
    assert made.dependencies == (by_name[NAMES["docs"]].id,)
    assert "# not a comment == no key == - no criterion" in made.description
    assert "Nothing is sent twice" in made.description
    assert found["subtasks"][1]["name"] == "Retry only what is idempotent"


def test_a_part_of_a_changed_plan_is_both(project: Prentice, server: PrenticeServer, era: str) -> None:
    person = two_answers(approved())

    async def main() -> dict[str, Any]:
        async with Client(server, mode=era, elicitation_callback=person) as client:
            plan = await planned(client)
            call = {"run_id": plan["run_id"], "only": ["docs"], "edits": {"docs": {"name": "Describe every setting"}}}
            return document(await client.call_tool("model_task_breakdown", call))

    assert asyncio.run(main())["state"] == "approved"
    assert names_made(project) == ["Describe every setting"]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown key to take": ({"only": ["docs", "nope"]}, "no subtask nope"),
    "an unknown key to change": ({"edits": {"nope": {"name": "Any"}}}, "no subtask nope"),
    "an unknown field": ({"edits": {"docs": {"title": "Any"}}}, "title: Extra inputs"),
    "a number for a name": ({"edits": {"docs": {"name": 7}}}, "name: Input should be a valid string"),
    "an empty name": ({"edits": {"docs": {"name": " \n "}}}, "name: "),
    "an escape in a name": ({"edits": {"docs": {"name": "Describe \x1b[2Jit"}}}, "control character"),
    "no criteria": ({"edits": {"docs": {"acceptance_criteria": []}}}, "acceptance_criteria"),
    "an unknown complexity": ({"edits": {"docs": {"complexity": "trivial"}}}, "complexity"),
    "a step that is none": ({"edits": {"docs": {"dependencies": ["nope"]}}}, "nope"),
    "a step that waits for itself": ({"edits": {"docs": {"dependencies": ["docs"]}}}, "cycle"),
    "a cycle": ({"edits": {"measure": {"dependencies": ["proof"]}}}, "cycle"),
    "a name twice": ({"edits": {"docs": {"name": NAMES["retry"]}}}, "is used 2 times"),
}


def test_what_fits_no_plan_is_refused_before_the_person_is_asked(
    project: Prentice, server: PrenticeServer, era: str
) -> None:
    person = Person(ElicitResult(action="cancel"))

    async def main() -> None:
        async with Client(server, mode=era, elicitation_callback=person) as client:
            run = (await planned(client))["run_id"]
            for name, (arguments, says) in REFUSED.items():
                told = error(await client.call_tool("model_task_breakdown", {"run_id": run, **arguments}))
                assert told["code"] == "proposal", name
                assert says in told["message"], (name, told)
                assert told["next_step"]

    asyncio.run(main())
    assert len(person.questions) == 1
    assert names_made(project) == []


def test_a_client_that_cannot_ask_is_told_how_to_approve_a_part(
    project: Prentice, server: PrenticeServer, era: str
) -> None:
    async def main() -> dict[str, Any]:
        async with Client(server, mode=era) as client:
            plan = await planned(client)
            call = {"run_id": plan["run_id"], "only": ["docs"]}
            return document(await client.call_tool("model_task_breakdown", call))

    found = asyncio.run(main())
    assert (found["state"], "--only" in found["approve"]) == ("open", True)
    assert names_made(project) == []


def test_a_plan_that_was_decided_on_takes_no_changes_and_says_so(
    project: Prentice, server: PrenticeServer, era: str
) -> None:
    async def main() -> dict[str, Any]:
        async with Client(server, mode=era, elicitation_callback=approving()) as client:
            plan = document(await client.call_tool("model_task_breakdown", {"task": "T-1"}))
            assert plan["state"] == "approved"
            call = {"run_id": plan["run_id"], "edits": {"docs": {"name": "Any other"}}}
            return document(await client.call_tool("model_task_breakdown", call))

    found = asyncio.run(main())
    assert "decided on before: nothing was changed" in found["next_step"]
    assert sorted(names_made(project)) == sorted(NAMES.values())


def test_approving_outside_a_project_takes_a_part_too(tmp_path: Path, era: str) -> None:
    person = Person(approved({"approve": True, "only": "docs"}))
    backend = script(tmp_path / "plan.jsonl", reply(good_plan()))

    async def main() -> dict[str, Any]:
        server = PrenticeServer(tmp_path, backend=backend, hold=60)
        async with Client(server, mode=era, elicitation_callback=person) as client:
            return document(await client.call_tool("model_task_breakdown", {"task": "Make uploads survive"}))

    found = asyncio.run(main())
    tasks = prentice.open(tmp_path).tasks().tasks
    assert [tasks[task].name for task in found["created"]] == [NAMES["docs"]]
    assert list(tasks) == [found["parent"], *found["created"]]
