"""The task of a run in the Todo2 file: taken, finished, given back, each once."""

import json
from pathlib import Path

import pytest

import prentice
from prentice.errors import RuleError
from prentice.skills.execute.task_state import Taken, TaskState
from prentice.store.todo2_file import Todo2File
from prentice.tasks.rules import USUAL, Workflow


@pytest.fixture
def state(tmp_path: Path) -> TaskState:
    project = prentice.open(tmp_path)
    project.init()
    task = project.add("Fix the box").id
    todo2 = Todo2File(tmp_path / ".todo2" / "state.todo2.json")
    return TaskState(todo2=todo2, task=task, worker="me@here", workflow=USUAL)


def status(state: TaskState) -> str:
    return state.todo2.read().tasks[state.task].status


def comments(state: TaskState) -> list[tuple[str, str]]:
    return [(comment.type, comment.content) for comment in state.todo2.read().comments(state.task)]


def test_a_task_is_claimed_and_in_progress_and_then_in_review_with_a_result(state: TaskState) -> None:
    taken = state.take(again=False)
    assert taken == Taken(status="Todo", was_claimed=False)
    claim = state.todo2.read().tasks[state.task].claim
    assert (status(state), claim.worker if claim else "") == ("In Progress", "me@here")
    assert state.finish("What was done.", uid="u1") == "Review"
    assert comments(state) == [("result", "What was done.")]
    assert state.todo2.read().tasks[state.task].claim is None


def test_finishing_again_after_a_crash_changes_nothing(state: TaskState) -> None:
    state.take(again=False)
    state.finish("What was done.", uid="u1")
    before = state.todo2.path.read_bytes()
    state.finish("What was done.", uid="u1")
    assert state.todo2.path.read_bytes() == before
    [row] = json.loads(before)["comments"]
    activities = [entry["details"].get("commentId") for entry in json.loads(before)["activities"]]
    assert row["id"] in activities


def test_a_task_that_is_given_back_is_as_it_was_with_one_note(state: TaskState) -> None:
    taken = state.take(again=False)
    for _ in range(2):
        state.give_back(taken, note="Tried in vain.", uid="u2")
    assert (status(state), comments(state)) == ("Todo", [("note", "Tried in vain.")])
    assert state.todo2.read().tasks[state.task].claim is None


def test_what_was_somebodys_own_claim_and_work_stays_so(state: TaskState) -> None:
    state.take(again=False)
    taken = state.take(again=False)
    assert taken == Taken(status="In Progress", was_claimed=True)
    state.give_back(taken)
    assert status(state) == "In Progress"
    assert state.todo2.read().tasks[state.task].claim is not None


def test_a_task_that_another_worker_has_is_not_taken(state: TaskState) -> None:
    state.take(again=False)
    other = TaskState(todo2=state.todo2, task=state.task, worker="you@there", workflow=USUAL)
    with pytest.raises(RuleError) as raised:
        other.take(again=False)
    assert raised.value.details["rule"] == "claimed"


def test_a_new_attempt_brings_a_task_back_from_review(state: TaskState) -> None:
    state.take(again=False)
    state.finish("Once.", uid="u1")
    with pytest.raises(RuleError):
        state.take(again=False)
    taken = state.take(again=True)
    assert (taken.status, status(state)) == ("Review", "In Progress")
    state.give_back(taken)
    assert status(state) == "Review"


def test_a_task_that_may_not_be_started_stays_as_it_is(state: TaskState) -> None:
    before = state.todo2.path.read_bytes()
    strict = TaskState(todo2=state.todo2, task=state.task, worker="me@here", workflow=Workflow(research="required"))
    with pytest.raises(RuleError):
        strict.take(again=False)
    assert state.todo2.path.read_bytes() == before


def test_a_task_that_was_deleted_meanwhile_is_left_alone(state: TaskState) -> None:
    taken = state.take(again=False)
    state.todo2.change(lambda editor: editor.delete(state.task))
    state.give_back(taken, note="x", uid="u")
    assert state.finish("x", uid="u") == ""
