"""What becomes of a backend's replies: good ones are kept, bad ones end in a typed error, nothing else is stored."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import prentice
from plans import good_plan, reply, script, subtask
from prentice.errors import (
    BreakdownRejectedError,
    PrenticeError,
    ScriptExhaustedError,
    StreamError,
    TextError,
)
from prentice.library import Prentice

TASK = "Add retries to the upload client"
Open = Callable[..., Prentice]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    directory = tmp_path / "project"
    directory.mkdir()
    prentice.open(directory).init()
    return directory


def play(project: Path, *lines: Any, task: str = TASK, **bounds: Any) -> Any:
    backend = script(project.parent / "script.jsonl", *lines)
    return prentice.open(project, backend=backend).breakdown(task, **bounds)


def snapshot(project: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in project.rglob("*") if path.is_file() and "ledger" not in path.name}


def test_a_good_reply_becomes_an_open_proposal(project: Path) -> None:
    proposal = play(project, reply(good_plan()))
    assert proposal.id == "P-1"
    assert proposal.state == "open"
    assert [subtask.key for subtask in proposal.subtasks] == ["measure", "retry", "docs", "proof"]
    assert proposal.waves == [("measure", "docs"), ("retry",), ("proof",)]
    assert proposal.critical_path == ("measure", "retry", "proof")


CYCLE = [
    subtask("one", "Measure the failures", dependencies=["three"]),
    subtask("two", "Retry with back-off", dependencies=["one"]),
    subtask("three", "Prove the recovery", dependencies=["two"]),
]
BAD_REPLIES = {
    "prose": "Sure! First I would look at the code, then change it, then test it.",
    "fenced JSON": f"```json\n{reply(good_plan())}\n```",
    "half JSON": reply(good_plan())[:300],
    "a cycle": reply(CYCLE),
    "30 subtasks": reply([subtask(f"k{number}", f"Write part {number} of the client") for number in range(30)]),
    "nothing": "",
    "a list": json.dumps(good_plan()),
    "an unknown dependency": reply([*good_plan()[:3], subtask("x", "Check the end", dependencies=["ghost"])]),
    "one key twice": reply([*good_plan(), subtask("docs", "Something else again")]),
    "no criteria": reply([*good_plan()[:3], subtask("x", "Check the end", acceptance_criteria=[])]),
    "a child that is the task": reply([*good_plan()[:3], subtask("x", "Add the retries to upload client")]),
    "a wrong complexity": reply([*good_plan()[:3], subtask("x", "Check the end", complexity="easy")]),
}


@pytest.mark.parametrize("name", BAD_REPLIES)
def test_a_bad_reply_is_asked_again_and_then_rejected_with_the_files_as_they_were(name: str, project: Path) -> None:
    before = snapshot(project)
    with pytest.raises(BreakdownRejectedError) as raised:
        play(project, BAD_REPLIES[name], BAD_REPLIES[name])
    assert raised.value.code == "breakdown_rejected"
    assert raised.value.problems
    assert "--backend builtin" in raised.value.next_step
    assert snapshot(project) == before
    assert prentice.open(project).proposals() == []


@pytest.mark.parametrize("name", BAD_REPLIES)
def test_a_reply_that_is_mended_after_its_errors_were_shown_is_accepted(name: str, project: Path) -> None:
    corrected = {"match": "This plan cannot be used", "text": reply(good_plan())}
    assert play(project, BAD_REPLIES[name], corrected).state == "open"


def test_the_errors_of_a_cycle_are_shown_to_the_model(project: Path) -> None:
    corrected = {"match": "form a cycle: one -> three -> two -> one", "text": reply(good_plan())}
    assert play(project, reply(CYCLE), corrected).id == "P-1"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ({"endless": True}, BreakdownRejectedError),
        ({"error": "stream_failed"}, StreamError),
    ],
)
def test_a_backend_that_fails_ends_in_its_own_error(
    line: dict[str, Any], error: type[PrenticeError], project: Path
) -> None:
    before = snapshot(project)
    with pytest.raises(error) as raised:
        play(project, line)
    assert raised.value.next_step
    assert snapshot(project) == before


def test_a_script_that_runs_out_is_a_typed_error(project: Path) -> None:
    with pytest.raises(ScriptExhaustedError):
        play(project, "prose")


def test_every_criterion_of_the_task_must_be_covered(project: Path) -> None:
    opened = prentice.open(project)
    task = opened.add(
        TASK, description="## Acceptance criteria\n- Retries stop after 30 seconds\n- A metric counts retries"
    )
    covering = good_plan()
    covering[1]["acceptance_criteria"][0] = "Retries stop after 30 seconds in every case"
    uncovered = reply(covering)
    covering[0]["covers"] = [2]
    covering[0]["acceptance_criteria"][0] = "A metric exists"
    problem = 'no subtask covers acceptance criterion 2: "A metric counts retries"'
    assert play(project, uncovered, {"match": problem, "text": reply(covering)}, task=task.id).task == task.id


def test_a_subtask_may_not_repeat_an_open_task(project: Path) -> None:
    prentice.open(project).add("Describe the retry settings")
    with pytest.raises(BreakdownRejectedError, match="repeats the open task"):
        play(project, reply(good_plan()), reply(good_plan()))


def test_the_bounds_that_are_asked_for_hold(project: Path) -> None:
    with pytest.raises(BreakdownRejectedError, match="4 subtasks, but 2 are asked for"):
        play(project, reply(good_plan()), reply(good_plan()), min_subtasks=2, max_subtasks=2)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Refactor", "One word"),
        ("", "empty"),
        ("word " * 40_000, "characters, more than"),
        ("Fix the \x1b[31mred\x1b[0m thing", r"control character \(U\+001B\)"),
        ("Fix the \x00 byte in names", r"U\+0000"),
    ],
)
def test_a_text_that_cannot_be_planned_is_refused_before_any_backend_is_asked(
    text: str, says: str, project: Path
) -> None:
    before = snapshot(project)
    with pytest.raises(TextError, match=says) as raised:
        prentice.open(project, backend="scripted:/nowhere").breakdown(text)
    assert raised.value.next_step
    assert snapshot(project) == before


def test_a_chinese_task_goes_to_a_model_but_not_to_the_built_in_rules(project: Path) -> None:
    assert play(project, reply(good_plan()), task="为上传客户端添加重试机制").name == "为上传客户端添加重试机制"
    with pytest.raises(TextError, match="reads English") as raised:
        prentice.open(project, backend="builtin").breakdown("为上传客户端添加重试机制")
    assert "--backend ollama" in raised.value.next_step


def test_each_call_is_recorded_with_its_prompt_version_and_never_its_text(project: Path) -> None:
    play(project, "prose", reply(good_plan()))
    rows = prentice.open(project)._ledgers.record.rows("SELECT * FROM calls")  # noqa: SLF001 - what the record holds is the point
    assert [row["purpose"] for row in rows] == ["breakdown", "breakdown"]
    assert {row["prompt_version"] for row in rows} == {"breakdown.system/1"}
    assert all(TASK not in str(tuple(row)) for row in rows)


def test_an_open_question_of_the_text_is_told_beside_the_plan_and_no_criterion_of_it(project: Path) -> None:
    text = (
        "Add rate limiting to the upload API\n\n## Acceptance criteria\n\n- Uploads over the limit get a 429\n"
        "- [NEEDS: what must the limit per minute be?]\n\n## Notes\n\n- [NEEDS: which store must hold the counters?]\n"
    )
    found = prentice.open(project, backend="builtin").breakdown(text)
    criteria = [criterion for step in found.subtasks for criterion in step.acceptance_criteria]
    assert "Uploads over the limit get a 429" in criteria
    assert not any("NEEDS" in criterion for criterion in criteria)
    assert [note for note in found.notes if "Open" in note] == [
        "Open in the task's text: what must the limit per minute be?",
        "Open in the task's text: which store must hold the counters?",
    ]


@pytest.mark.parametrize("key", ["two\nlines", "a,b", "k" * 65, "--- \n", "== key ==", "(retry)"])
def test_a_key_that_the_edit_form_would_not_take_is_told_to_the_model_at_once(project: Path, key: str) -> None:
    bad = [subtask(key, "Measure the upload client's failures"), *good_plan()[1:]]
    bad[1] |= {"dependencies": [key]}
    with pytest.raises(BreakdownRejectedError) as caught:
        play(project, reply(bad), reply(bad))
    assert any("key" in problem for problem in caught.value.problems)
    assert play(project, reply(bad), reply(good_plan())).subtasks[0].key == "measure"


def test_blanks_in_a_key_become_dashes_where_it_is_named_too(project: Path) -> None:
    plan = [subtask("Schritt 1", "Measure the upload client's failures"), *good_plan()[1:]]
    plan[1] |= {"dependencies": [" Schritt 1 "]}
    first, second, *_ = play(project, reply(plan)).subtasks
    assert (first.key, second.dependencies) == ("Schritt-1", ("Schritt-1",))
