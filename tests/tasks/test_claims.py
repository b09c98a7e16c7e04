"""Claims: reading them, taking and giving back, leases by the clock, and many workers at once."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import prentice
from prentice.errors import RuleError, UsageError
from prentice.library import Prentice
from prentice.tasks.claiming import Worker, claim, claim_next, release
from prentice.tasks.claims import (
    CLOCK_SLACK,
    LONGEST_LEASE,
    LONGEST_NAME,
    check_lease,
    check_worker,
    claim_of,
    written,
)
from prentice.tasks.edits import Editor
from prentice.tasks.record import Task
from prentice.tasks.rules import USUAL, Workflow
from prentice.tasks.todolist import TodoList
from prentice.tasks.workflow import move
from tasks.editing import editor

NOW = "2026-01-02T03:00:00.000Z"
SECONDS = 1767322800.0
AT_HALF_PAST = "2026-01-02T03:30:00.000Z"
AN_HOUR_AGO = "2026-01-02T02:00:00.000Z"
ME = Worker(name="me", actor="script", lease=30)
RESEARCHED = Workflow(research="required")


def task(task_id: str = "T-1", **fields: Any) -> dict[str, Any]:
    return {"id": task_id, "name": f"Name of {task_id}", "status": "Todo", **fields}


def claimed(worker: object = "other", until: object = AT_HALF_PAST, minutes: object = 60) -> dict[str, Any]:
    return {"prentice": {"claim": {"worker": worker, "until": until, "minutes": minutes}}}


def editing(*tasks: dict[str, Any], comments: tuple[str, ...] = ()) -> Editor:
    said = [{"id": f"T-1-C-{n}", "todoId": "T-1", "type": kind} for n, kind in enumerate(comments, 1)]
    value = {"todos": list(tasks), "comments": said, "activities": [], "nextTaskNumber": 50}
    return editor(value, now=NOW)


def notes(changed: Editor, task_id: str = "T-1") -> list[str]:
    return [comment.content for comment in changed.todolist.comments(task_id) if comment.type == "note"]


def record(changed: Editor, task_id: str = "T-1") -> dict[str, Any]:
    return dict(changed.todolist.records[task_id])


# -- reading ----------------------------------------------------------------------------------------------------------


def test_a_claim_lasts_until_its_end() -> None:
    mine = {"prentice": {"claim": written(worker="w", now=SECONDS, minutes=30)}}
    for seconds, expired in ((0, False), (1799, False), (1800, True), (99_999, True)):
        found = claim_of(mine, now=SECONDS + seconds)
        assert found is not None
        assert found.document() == {"worker": "w", "until": AT_HALF_PAST, "expired": expired}


@pytest.mark.parametrize("minutes", [1, 30, LONGEST_LEASE])
def test_a_clock_that_was_set_back_makes_no_lease_longer(minutes: int) -> None:
    mine = {"prentice": {"claim": written(worker="w", now=SECONDS, minutes=minutes)}}
    little, much = claim_of(mine, now=SECONDS - CLOCK_SLACK), claim_of(mine, now=SECONDS - CLOCK_SLACK - 1)
    assert little is not None
    assert much is not None
    assert (little.expired, much.expired) == (False, True)


def test_an_end_further_away_than_the_longest_lease_is_over_whatever_the_record_asks() -> None:
    far = "2026-01-09T03:06:00.000Z"
    for minutes in (LONGEST_LEASE, 10**9, None, True, -3, 0, "60", 2.5):
        found = claim_of(claimed(until=far, minutes=minutes), now=SECONDS)
        assert found is not None
        assert found.expired


def test_without_a_clock_every_claim_that_can_be_read_lasts() -> None:
    found = Task.from_record(task(**claimed(until=AN_HOUR_AGO))).claim
    assert found is not None
    assert not found.expired


DAMAGED: list[Any] = [
    [], ["w"], "w", 3, True, {}, {"worker": "w"}, {"until": AT_HALF_PAST},
    {"worker": "w", "until": "soon"}, {"worker": "w", "until": 1767324600000}, {"worker": "w", "until": None},
    {"worker": "", "until": AT_HALF_PAST}, {"worker": ["w"], "until": AT_HALF_PAST},
    {"worker": {}, "until": "9999-99-99"}, {"worker": "w", "until": "2026-13-01T00:00:00.000Z"},
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_claim_that_cannot_be_read_is_over_and_is_replaced_by_the_next(damage: object) -> None:
    broken = task(status="In Progress", prentice={"claim": damage, "proposal": "u", "key": "k"})
    found = claim_of(broken, now=None)
    assert found is not None
    assert found.expired
    changed = editing(broken)
    taken = claim_next(changed, ME, workflow=USUAL)
    assert taken is not None
    assert taken.task.status == "In Progress"
    assert record(changed)["prentice"] == {
        "claim": {"worker": "me", "until": AT_HALF_PAST, "minutes": 30}, "proposal": "u", "key": "k",
    }  # fmt: skip


@pytest.mark.parametrize("own", [None, [], "claim", 3, {}, {"claim": None}, {"proposal": "u"}])
def test_a_record_without_a_claim_has_none(own: object) -> None:
    assert claim_of({"id": "T-1", "prentice": own}, now=SECONDS) is None
    assert "claim" not in Task.from_record({"id": "T-1", "prentice": own}).document()


KEYS = st.sampled_from(["claim", "worker", "until", "minutes"])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(AT_HALF_PAST)


@given(st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=8))
def test_reading_a_claim_never_raises(own: object) -> None:
    found = claim_of({"prentice": own}, now=SECONDS)
    assert found is None or isinstance(found.sentence(), str)


def test_a_claim_says_who_has_the_task_and_until_when() -> None:
    def says(fields: dict[str, Any]) -> str:
        found = claim_of(fields, now=SECONDS)
        assert found is not None
        return found.sentence()

    assert says(claimed("w")) == f"claimed by w until {AT_HALF_PAST}"
    assert says(claimed("w", AN_HOUR_AGO)) == "claim of w expired"
    assert says({"prentice": {"claim": []}}) == "claim of an unknown worker expired"


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "bell\x07", "\x1b[31mred", "nul\0", "x" * (LONGEST_NAME + 1)])
def test_a_workers_name_is_one_printable_line(name: str) -> None:
    with pytest.raises(UsageError, match="worker's name"):
        check_worker(name)
    with pytest.raises(UsageError):
        Worker(name=name, actor="script")


def test_a_workers_name_may_be_any_words() -> None:
    assert check_worker(" Ärger 7@büro ") == "Ärger 7@büro"
    assert check_worker("x" * LONGEST_NAME)


@pytest.mark.parametrize("minutes", [0, -1, LONGEST_LEASE + 1, 10**30, True, 1.5, float("nan")])
def test_a_lease_is_whole_minutes_up_to_seven_days(minutes: Any) -> None:
    with pytest.raises(UsageError, match="lease"):
        check_lease(minutes)
    assert check_lease(1) == 1
    assert check_lease(LONGEST_LEASE) == 7 * 24 * 60


# -- taking -----------------------------------------------------------------------------------------------------------


def test_the_best_ready_task_is_taken_and_started_with_its_traces() -> None:
    changed = editing(task("T-1"), task("T-2", priority="high"), task("T-3", priority="critical", dependencies=["T-1"]))
    taken = claim_next(changed, ME, workflow=USUAL)
    assert taken is not None
    assert taken.needs is None
    assert taken.document()["claim"] == {"worker": "me", "until": AT_HALF_PAST, "expired": False}
    assert (taken.task.id, taken.task.status) == ("T-2", "In Progress")
    assert [activity["type"] for activity in changed.value["activities"]] == ["status_changed"]
    assert record(changed, "T-2")["changes"][0]["newValue"] == "In Progress"


def test_a_claimed_task_is_offered_to_nobody_until_its_lease_ends() -> None:
    state = {"todos": [task("T-1", **claimed("other")), task("T-2")]}
    for now, ready in ((None, ["T-2"]), (SECONDS, ["T-2"]), (SECONDS + 1800, ["T-1", "T-2"])):
        assert [found.id for found in TodoList(state, now=now).ready()] == ready


def test_every_worker_gets_another_task_until_none_is_left() -> None:
    changed = editing(*(task(f"T-{number}") for number in range(1, 4)))
    taken = [claim_next(changed, ME, workflow=USUAL) for _ in range(4)]
    assert [found and found.task.id for found in taken] == ["T-1", "T-2", "T-3", None]


def test_a_task_that_may_not_be_started_yet_is_taken_and_says_what_it_needs() -> None:
    changed = editing(task("T-1"), task("T-2"))
    taken = claim_next(changed, ME, workflow=RESEARCHED)
    assert taken is not None
    assert (taken.task.id, taken.task.status) == ("T-1", "Todo")
    needs = taken.document()["needs"]
    assert isinstance(needs, dict)
    assert needs["rule"] == "research"
    assert "prentice comment T-1" in needs["next_step"]
    assert [found.id for found in changed.todolist.ready()] == ["T-2"], "no other worker is offered it"
    changed.comment("T-1", "Looked it up.", kind="research_with_links")
    again = claim(changed, "T-1", ME, workflow=RESEARCHED)
    assert again.needs is None
    assert again.task.status == "In Progress"


def test_nothing_ready_changes_nothing() -> None:
    changed = editing(task("T-1", dependencies=["T-2"]), task("T-2", status="In Progress"))
    before = json.dumps(changed.value)
    assert claim_next(changed, ME, workflow=USUAL) is None
    assert json.dumps(changed.value) == before


def test_a_claim_that_ended_makes_the_task_free_again_and_says_who_had_it() -> None:
    changed = editing(task("T-1", status="In Progress", **claimed("lost@host", AN_HOUR_AGO)), task("T-2"))
    taken = claim_next(changed, ME, workflow=USUAL)
    assert taken is not None
    assert taken.task.id == "T-1", "it can be chosen at once"
    assert notes(changed) == [
        f"The claim of lost@host ended at {AN_HOUR_AGO} and was not renewed. The task is free again."
    ]
    assert [(change["oldValue"], change["newValue"]) for change in record(changed)["changes"]] == [
        ("In Progress", "Todo"), ("Todo", "In Progress"),
    ]  # fmt: skip
    assert record(changed)["prentice"]["claim"]["worker"] == "me"


def test_a_note_on_a_worker_repeats_no_control_characters() -> None:
    changed = editing(task("T-1", status="In Progress", **claimed("\x1b[2J", AN_HOUR_AGO)))
    claim_next(changed, ME, workflow=USUAL)
    assert notes(changed) == [
        f"The claim of an unknown worker ended at {AN_HOUR_AGO} and was not renewed. The task is free again."
    ]


@pytest.mark.parametrize("status", ["Todo", "Review", "Done", "Blocked"])
def test_a_claim_that_ended_on_other_tasks_is_taken_away_quietly(status: str) -> None:
    changed = editing(task("T-1", status=status, dependencies=["T-9"], **claimed("lost", AN_HOUR_AGO)))
    assert claim_next(changed, ME, workflow=USUAL) is None
    assert "prentice" not in record(changed)
    assert record(changed)["status"] == status
    assert notes(changed) == []


def test_claiming_again_begins_the_lease_anew() -> None:
    changed = editing(task("T-1"))
    claim(changed, "T-1", Worker(name="me", actor="script", lease=5), workflow=USUAL)
    renewed = claim(changed, "T-1", ME, workflow=USUAL)
    assert renewed.task.claim is not None
    assert renewed.task.claim.until == AT_HALF_PAST
    assert len(record(changed)["changes"]) == 1, "it was started once"


def test_the_worker_whose_lease_ended_may_renew_it_while_nobody_else_came() -> None:
    changed = editing(task("T-1", status="In Progress", **claimed("me", AN_HOUR_AGO)))
    renewed = claim(changed, "T-1", ME, workflow=USUAL)
    assert renewed.task.claim is not None
    assert not renewed.task.claim.expired
    assert notes(changed) == []


def test_a_claim_on_a_named_task_takes_it_over_where_the_lease_ended() -> None:
    changed = editing(task("T-1", status="In Progress", **claimed("lost", AN_HOUR_AGO)))
    assert claim(changed, "T-1", ME, workflow=USUAL).task.status == "In Progress"
    assert "claim of lost ended" in notes(changed)[0]


def test_a_task_that_waits_can_be_claimed_and_says_for_what() -> None:
    changed = editing(task("T-1", dependencies=["T-2"]), task("T-2"))
    taken = claim(changed, "T-1", ME, workflow=USUAL)
    assert taken.needs is not None
    assert taken.needs.details["rule"] == "dependencies"
    assert taken.task.status == "Todo"


# -- giving back ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("comments", "status"), [((), "Todo"), (("note",), "Todo"), (("result",), "In Progress")])
def test_a_released_task_is_todo_again_unless_it_has_a_result(comments: tuple[str, ...], status: str) -> None:
    changed = editing(task("T-1", status="In Progress", **claimed("me")), comments=comments)
    assert release(changed, "T-1", actor="script", worker="me").status == status
    assert "prentice" not in record(changed)


def test_releasing_what_nobody_claimed_changes_nothing() -> None:
    changed = editing(task("T-1", status="In Progress"))
    before = json.dumps(changed.value)
    assert release(changed, "T-1", actor="script", worker="me").status == "In Progress"
    assert json.dumps(changed.value) == before


@pytest.mark.parametrize(("before", "after"), [("In Progress", "Review"), ("Review", "Done"), ("In Progress", "Todo")])
def test_a_move_to_review_done_or_todo_ends_the_claim_and_leaves_the_rest(before: str, after: str) -> None:
    own = {"prentice": claimed("me")["prentice"] | {"proposal": "u"}}
    changed = editing(task("T-1", status=before, **own), comments=("result",))
    assert move(changed, "T-1", after, actor="script", worker="me").claim is None
    assert record(changed)["prentice"] == {"proposal": "u"}


def test_starting_a_claimed_task_keeps_the_claim() -> None:
    changed = editing(task("T-1", **claimed("me")))
    assert move(changed, "T-1", "In Progress", actor="script", worker="me").claim is not None


@pytest.mark.parametrize("until", [AT_HALF_PAST, AN_HOUR_AGO])
def test_a_person_who_starts_the_task_of_another_worker_takes_it_over(until: str) -> None:
    changed = editing(task("T-1", **claimed("other", until)))
    assert move(changed, "T-1", "In Progress", actor="person", worker="me").claim is None


# -- through the library ----------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Prentice:
    found = prentice.open(tmp_path)
    found.init()
    return found


def on_disk(project: Prentice) -> bytes:
    return (project.directory / ".todo2" / "state.todo2.json").read_bytes()


def test_the_claim_stands_in_the_file_and_leaves_other_records_alone(project: Prentice) -> None:
    project.add("First")
    project.add("Second", priority="high")
    before = json.loads(on_disk(project))
    taken = project.claim_next(worker="w", lease=10)
    assert taken is not None
    after = json.loads(on_disk(project))
    assert after["todos"][0] == before["todos"][0]
    own = after["todos"][1]["prentice"]["claim"]
    assert own["worker"] == "w"
    left = datetime.fromisoformat(own["until"]) - datetime.now(UTC)
    assert timedelta(minutes=9) < left <= timedelta(minutes=10)
    assert own["until"].endswith("Z")
    assert project.task("T-2").claim == taken.task.claim
    assert project.release("T-2", worker="w").claim is None
    assert "prentice" not in json.loads(on_disk(project))["todos"][1]


def test_asking_what_is_next_writes_nothing(project: Prentice) -> None:
    project.add("First")
    path = project.directory / ".todo2" / "state.todo2.json"
    expired = {"claim": {"worker": "w", "until": AN_HOUR_AGO, "minutes": 5}}
    value = json.loads(path.read_bytes())
    value["todos"][0] |= {"status": "In Progress", "prentice": expired}
    path.write_text(json.dumps(value), encoding="utf-8")
    before = on_disk(project)
    assert project.tasks().ready() == []
    assert on_disk(project) == before
    taken = project.claim_next(worker="me")
    assert taken is not None
    assert taken.task.id == "T-1"


def test_the_worker_is_the_argument_else_the_setting_else_user_and_host(
    project: Prentice, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("One", "Two", "Three"):
        project.add(name)

    def holder(found: Prentice, **options: Any) -> str:
        taken = found.claim_next(**options)
        assert taken is not None
        assert taken.task.claim is not None
        return taken.task.claim.worker

    monkeypatch.setenv("LOGNAME", "some\nbody")
    assert holder(project).startswith("somebody@")
    monkeypatch.setenv("PRENTICE_WORKER", "from-the-environment")
    again = prentice.open(project.directory)
    assert holder(again) == "from-the-environment"
    assert holder(again, worker="given") == "given"


def test_the_lease_is_the_argument_else_the_setting(project: Prentice) -> None:
    project.add("One")
    settled = prentice.open(project.directory, options={"workflow_lease_minutes": 7})

    def minutes(found: Prentice, **options: Any) -> object:
        found.claim("T-1", worker="w", **options)
        return json.loads(on_disk(found))["todos"][0]["prentice"]["claim"]["minutes"]

    assert minutes(settled) == 7
    assert minutes(settled, lease=3) == 3
    assert minutes(project) == 60


BAD: list[Callable[[Prentice], object]] = [
    lambda found: found.claim_next(worker="a\x07b"),
    lambda found: found.claim_next(worker=""),
    lambda found: found.claim_next(lease=0),
    lambda found: found.claim("T-1", lease=-5),
    lambda found: found.claim("T-1", lease=LONGEST_LEASE + 1),
    lambda found: found.release("T-1", worker="a\nb"),
    lambda found: found.set_status("T-1", "In Progress", worker="\0"),
]


@pytest.mark.parametrize("act", BAD)
def test_a_bad_name_or_lease_is_refused_before_anything_is_written(
    project: Prentice, act: Callable[[Prentice], object]
) -> None:
    project.add("One")
    before = on_disk(project)
    with pytest.raises(UsageError):
        act(project)
    assert on_disk(project) == before


TAKING = """
import sys, prentice
project = prentice.open(sys.argv[1], options={"lock_seconds": 120.0})
print("up", flush=True)
sys.stdin.readline()
while claimed := project.claim_next(worker=sys.argv[2]):
    print(claimed.task.id, claimed.task.status)
"""


def test_eight_workers_at_once_get_each_task_exactly_once(project: Prentice) -> None:
    for number in range(40):
        project.add(f"Task {number}")
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", TAKING, str(project.directory), f"worker-{number}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for number in range(8)
    ]  # fmt: skip
    for worker in workers:
        assert worker.stdout
        assert worker.stdout.readline() == "up\n"
    for worker in workers:  # all of them are up: now all at once
        assert worker.stdin
        worker.stdin.write("\n")
        worker.stdin.flush()
    taken: dict[str, str] = {}
    for number, worker in enumerate(workers):
        out, _ = worker.communicate(timeout=240)
        assert worker.returncode == 0
        for line in out.splitlines():
            task_id, _, status = line.partition(" ")
            assert task_id not in taken, f"{task_id} was given to {taken[task_id]} and to worker-{number}"
            assert status == "In Progress"
            taken[task_id] = f"worker-{number}"
    assert set(taken) == {f"T-{number}" for number in range(1, 41)}
    held = {found.id: found.claim.worker for found in project.tasks().tasks.values() if found.claim}
    assert held == taken


def test_a_claim_of_another_process_is_respected_here(project: Prentice) -> None:
    project.add("One")
    project.claim("T-1", worker="there")
    with pytest.raises(RuleError, match="claimed by there until"):
        project.set_status("T-1", "Todo", worker="here")
