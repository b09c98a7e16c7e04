"""Questions to the person: what counts as a choice, when a question is asked again, and what the assistant is told."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import pytest
from mcp import Client
from mcp.client import ClientRequestContext
from mcp_types import ElicitRequestParams, ElicitResult

import prentice
from mcp_server.clients import Person, document
from mcp_server.workshop import Workshop, workshop
from prentice import Prentice
from prentice.changes.formats import Format
from prentice.mcp.server import PrenticeServer
from skills.execute.calculator import CALC, MENDED, answer

__all__ = ["workshop"]

BREAKDOWN, EXECUTE, OPTIMIZE = "model_task_breakdown", "model_auto_execute", "model_optimize_prompt"
PLAN: dict[str, Any] = {"task": "T-1"}
PROMPT: dict[str, Any] = {"prompt": "Fix the bug in the upload client, it should be faster."}
CANCEL, DECLINE = ElicitResult(action="cancel"), ElicitResult(action="decline")


def accept(**content: Any) -> ElicitResult:
    return ElicitResult(action="accept", content=content)


APPROVE, APPLY = accept(approve=True), accept(decision="apply")
NO_CHOICE = {
    "nothing at all": ElicitResult(action="accept"),
    "an empty form": accept(),
    "a field that there is not": accept(foo="bar"),
    "the other fields alone": accept(only="docs", comment="Fine."),
    "nonsense": accept(approve="perhaps", decision=["apply"], answer_1=["any"]),
    "a form that was closed": CANCEL,
}


class Changing(Person):
    """Gives one answer after the other, the last one for good."""

    def __init__(self, *answers: ElicitResult, before: Callable[[], Awaitable[object]] | None = None) -> None:
        super().__init__(answers[-1], before=before)
        self._answers = list(answers)

    async def __call__(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        self.answer = self._answers.pop(0) if self._answers else self.answer
        return await super().__call__(context, params)


def planner(project: Prentice, *, hold: float = 60) -> PrenticeServer:
    return PrenticeServer(project.directory, backend="builtin", hold=hold)


def calls(server: PrenticeServer, era: str, person: Person, tool: str, *arguments: dict[str, Any]) -> list[Any]:
    """Call a tool, one time after the other; give the results."""

    async def main() -> list[Any]:
        async with Client(server, mode=era, elicitation_callback=person) as client:
            return [await client.call_tool(tool, one) for one in arguments]

    return asyncio.run(main())


def documents(results: Iterable[Any]) -> list[dict[str, Any]]:
    return [document(result) for result in results]


@pytest.mark.parametrize("said", NO_CHOICE.values(), ids=NO_CHOICE)
def test_a_plan_is_not_decided_on_without_a_choice_and_is_asked_about_again(
    project: Prentice, era: str, said: ElicitResult
) -> None:
    person = Changing(said, APPROVE)
    made = list(project.tasks().tasks)
    first, second = documents(calls(planner(project), era, person, BREAKDOWN, PLAN, {"run_id": "R-1"}))
    assert first["state"] == "open"
    assert "came back without a choice" in first["next_step"]
    assert "run_id R-1" in first["next_step"]
    assert second["state"] == "approved"
    assert "without a choice" not in second["next_step"]
    assert len(person.questions) == 2
    assert [task for task in project.tasks().tasks if task not in made] == second["created"]


@pytest.mark.parametrize("said", NO_CHOICE.values(), ids=NO_CHOICE)
def test_a_change_is_not_applied_without_a_choice_and_is_asked_about_again(
    workshop: Workshop, era: str, said: ElicitResult
) -> None:
    call, person, seen = {"tasks": [workshop.bench.task()]}, Changing(said, APPLY), []

    async def note() -> None:
        seen.append(workshop.calc)

    person.before = note
    results = calls(workshop.server(answer(Format.SYMBOL)), era, person, EXECUTE, call, {"run_id": "R-1"})
    first, second = documents(results)
    assert (first["state"], second["state"]) == ("proposed", "applied")
    assert "came back without a choice" in first["next_step"]
    assert (seen, workshop.calc) == ([CALC, CALC], MENDED)


@pytest.mark.parametrize("said", NO_CHOICE.values(), ids=NO_CHOICE)
def test_open_questions_are_asked_again_after_no_choice(project: Prentice, era: str, said: ElicitResult) -> None:
    person = Changing(said, accept(answer_1="A timeout after 30 s in src/upload.py"))
    results = calls(planner(project), era, person, OPTIMIZE, PROMPT, {"run_id": "R-1"}, {"run_id": "R-1"})
    first, second, third = documents(results)
    assert (first["run_id"], second["run_id"], third["run_id"]) == ("R-1", "R-2", "R-1")
    assert "came back without a choice" in first["next_step"]
    assert "A timeout after 30 s" in second["optimized"]
    assert "The person answered: call with run_id R-2" in third["next_step"]
    assert len(person.questions) == 2


@pytest.mark.parametrize("said", [DECLINE, accept(approve=False)], ids=["declined", "not approved"])
def test_after_a_no_to_a_plan_the_assistant_is_told_so_and_the_question_is_not_repeated(
    project: Prentice, era: str, said: ElicitResult
) -> None:
    person = Changing(said, APPROVE)
    first, again, part = documents(
        calls(
            planner(project), era, person, BREAKDOWN, PLAN, {"run_id": "R-1"}, {"run_id": "R-1", "only": ["behaviour"]}
        )
    )
    assert first == again
    assert first["state"] == "open"
    for says in ("said no", "do not ask again", "do not urge", "`edits` or `only`"):
        assert says in first["next_step"]
    assert "show the plan" not in first["next_step"]
    assert (part["state"], len(part["created"])) == ("approved", 1)  # what they wanted different is another question
    assert len(person.questions) == 2


def test_after_a_no_to_a_change_the_assistant_is_told_what_else_it_can_do(workshop: Workshop, era: str) -> None:
    call, person = {"tasks": [workshop.bench.task()]}, Changing(DECLINE, APPLY)
    results = calls(workshop.server(answer(Format.SYMBOL)), era, person, EXECUTE, call, {"run_id": "R-1"})
    first, again = documents(results)
    assert first == again
    assert (first["state"], workshop.calc) == ("proposed", CALC)
    for says in ("said no", "do not ask again", "Do not urge", "`request_changes`"):
        assert says in first["next_step"]
    assert "let the person decide" not in first["next_step"]
    assert len(person.questions) == 1


@pytest.mark.parametrize("said", [DECLINE, accept(answer_1="", answer_2="  ")], ids=["declined", "left empty"])
def test_open_questions_that_the_person_leaves_open_are_not_asked_again(
    project: Prentice, era: str, said: ElicitResult
) -> None:
    person = Person(said)
    first, again = documents(calls(planner(project), era, person, OPTIMIZE, PROMPT, {"run_id": "R-1"}))
    assert first == again
    assert "do not ask again" in first["next_step"]
    assert "placeholders" in first["next_step"]
    assert len(person.questions) == 1


def test_a_change_that_could_not_be_applied_is_asked_about_again(workshop: Workshop, era: str) -> None:
    call, person, calc = {"tasks": [workshop.bench.task()]}, Person(APPLY), workshop.bench.root / "calc.py"
    edited = CALC.replace("a - b", "a * b")

    async def edit() -> None:
        calc.write_text(edited if len(person.questions) == 1 else CALC, encoding="utf-8")

    person.before = edit
    results = calls(workshop.server(answer(Format.SYMBOL)), era, person, EXECUTE, call, {"run_id": "R-1"})
    first, second = documents(results)
    assert (first["run_id"], first["state"], second["state"]) == ("R-1", "proposed", "applied")
    assert first["next_step"].startswith(
        "What the person decided could not be done: The change does not fit your files"
    )
    assert "to ask the person again, call with run_id R-1" in first["next_step"]
    assert (len(person.questions), workshop.calc) == (2, MENDED)


def test_changes_that_are_requested_without_a_word_leave_the_question_as_it_is(workshop: Workshop, era: str) -> None:
    call = {"tasks": [workshop.bench.task()]}
    person = Changing(accept(decision="request changes", comment=" "), APPLY)
    results = calls(workshop.server(answer(Format.SYMBOL)), era, person, EXECUTE, call, {"run_id": "R-1"})
    first, second = documents(results)
    assert (first["run_id"], first["state"], second["state"]) == ("R-1", "proposed", "applied")
    assert "could not be done: The comment is empty. Say what has to be different." in first["next_step"]
    assert len(prentice.open(workshop.bench.root).latest_runs()) == 1


def test_a_run_whose_changes_were_requested_leads_to_its_next_attempt(workshop: Workshop, era: str) -> None:
    call, person = {"tasks": [workshop.bench.task()]}, Person(accept(decision="request changes", comment="Say why."))
    results = calls(workshop.server(answer(Format.SYMBOL)), era, person, EXECUTE, call, {"run_id": "R-1"})
    after, before = documents(results)
    assert (after["run_id"], before["run_id"]) == ("R-2", "R-1")
    assert "The person requested changes: call with run_id R-2" in before["next_step"]


def test_a_form_that_is_closed_after_the_call_ended_is_shown_again_by_the_next_call(project: Prentice) -> None:
    """Codex takes a form away when the call ends."""
    ended = asyncio.Event()
    person = Changing(CANCEL, APPROVE, before=ended.wait)

    prentice.open(project.directory, backend="builtin").breakdown("T-1")

    async def main() -> None:
        async with Client(planner(project, hold=0.2), mode="legacy", elicitation_callback=person) as client:
            for _ in range(2):  # the form is still there: nothing is asked twice
                found = document(await client.call_tool(BREAKDOWN, {"run_id": "R-1"}))
                assert "The question is with the person" in found["next_step"]
            assert len(person.questions) == 1
            ended.set()
            while found["state"] == "open":
                found = document(await client.call_tool(BREAKDOWN, {"run_id": "R-1"}))
        assert found["state"] == "approved"

    asyncio.run(main())
    assert len(person.questions) == 2


@pytest.mark.parametrize("wish", [{"only": ["behaviour"]}, {"edits": {"behaviour": {"name": "Settle how it behaves"}}}])
def test_a_question_about_a_part_or_a_changed_plan_is_told_to_be_with_the_person(
    project: Prentice, wish: dict[str, Any]
) -> None:
    prentice.open(project.directory, backend="builtin").breakdown("T-1")
    ended = asyncio.Event()
    person = Person(CANCEL, before=ended.wait)

    async def main() -> str:
        async with Client(planner(project, hold=0.2), mode="legacy", elicitation_callback=person) as client:
            found = document(await client.call_tool(BREAKDOWN, {"run_id": "R-1", **wish}))
            ended.set()
            step: str = found["next_step"]
            return step

    assert "The question is with the person" in asyncio.run(main())


def test_a_client_that_does_not_answer_keeps_its_question_from_nobody_else(project: Prentice) -> None:
    """Two sessions of one server: each is asked, the first decision counts, and the other is told so."""
    prentice.open(project.directory, backend="builtin").breakdown("T-1")
    back = asyncio.Event()
    away, here = Person(accept(approve=True, only="behaviour"), before=back.wait), Person(APPROVE)
    server = PrenticeServer(project.directory, backend="builtin", hold=0.2, over_http=True)
    call = {"run_id": "R-1"}

    async def main() -> None:
        async with (
            Client(server, mode="legacy", elicitation_callback=away) as first,
            Client(server, mode="legacy", elicitation_callback=here) as second,
            Client(server, mode="legacy") as third,
        ):
            found = document(await first.call_tool(BREAKDOWN, call))
            assert "The question is with the person" in found["next_step"]
            assert "The question" not in document(await third.call_tool(BREAKDOWN, call))["next_step"]
            made = document(await second.call_tool(BREAKDOWN, call))
            while made["state"] == "open":
                made = document(await second.call_tool(BREAKDOWN, call))
            assert len(made["created"]) > 1
            back.set()
            late = made
            while "this answer changed nothing" not in late["next_step"]:
                late = document(await first.call_tool(BREAKDOWN, call))
            assert late["created"] == made["created"]
        await server.close()

    asyncio.run(asyncio.wait_for(main(), 60))
    assert (len(away.questions), len(here.questions)) == (1, 1)


def test_the_question_stands_before_what_it_is_about(project: Prentice, workshop: Workshop, era: str) -> None:
    """Claude Code shows the first lines of a form's message."""
    person = Person(DECLINE)
    calls(planner(project), era, person, BREAKDOWN, PLAN)
    calls(planner(project), era, person, OPTIMIZE, PROMPT)
    calls(workshop.server(answer(Format.SYMBOL)), era, person, EXECUTE, {"tasks": [workshop.bench.task()]})
    plan, questions, change = (question.splitlines() for question in person.questions)
    assert re.fullmatch(rf"Make these \d+ tasks in {re.escape(str(project.directory))}\?", plan[0])
    assert plan[1].startswith("Plan P-1 for T-1, made by rules")
    assert re.match(r"Can you answer (this question|these \d+ questions) about your prompt\?", questions[0])
    assert questions[1].startswith("1. ")
    assert change[0] == f"Apply this change to 1 file in {workshop.bench.root}?"
    assert change[1].startswith("Change R-1 for")
