"""Every damage seen in the wild is found under its own name, with the ids it concerns."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from prentice.tasks import todo2
from prentice.tasks.damage import Damage, damages

NOW = "2026-02-03T04:05:06.007Z"
STAMP = "2026-01-02T03:04:05.006Z"


def task(number: int, **fields: object) -> dict[str, Any]:
    return {
        "id": f"T-{number}", "name": f"task {number}", "status": "Todo", "priority": "medium", "taskNumber": number,
        "dependencies": [], "lastModified": STAMP,
    } | fields  # fmt: skip


def state(*todos: object, **more: object) -> dict[str, Any]:
    whole = {"todos": list(todos), "comments": [], "activities": [], "nextTaskNumber": 100, "lastModified": STAMP}
    return whole | more


def without(value: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: held for key, held in value.items() if key not in keys}


def found(value: Mapping[str, Any]) -> list[Damage]:
    return damages(value, now=NOW)


def test_a_state_that_the_extension_wrote_has_no_damage() -> None:
    comments = [{"id": "T-1-C-1", "todoId": "T-1"}]
    assert found(state(task(1), task(2, dependencies=["T-1"], parent_id="T-1"), comments=comments)) == []


@pytest.mark.parametrize(
    ("value", "kind", "where", "mendable"),
    [
        (without(state(tasks=[task(1)]), "todos"), "tasks_key", (), True),
        (state(task(1), tasks=[task(2)]), "stray_tasks", ("T-2",), False),
        (without(state(), "comments", "activities"), "lists", (), True),
        (state(activities=None), "lists", (), True),
        (without(state(task(1)), "nextTaskNumber"), "counter", (), True),
        (state(nextTaskNumber=None), "counter", (), True),
        (state(task(7), nextTaskNumber=7), "counter", (), True),
        (state(activities=[{"id": str(number)} for number in range(101)]), "activities", (), True),
        (state(task(1), "task"), "no_record", (), False),
        (state({"name": "lost", "status": "Todo", "taskNumber": 1}), "no_id", (), False),
        (state(task(1), task(2), task(1)), "repeated_ids", ("T-1",), False),
        (state(task(1, id="T-NaN")), "nan_id", ("T-NaN",), True),
        (state(task(1, id="T-NaN"), task(2, id="T-NaN")), "repeated_ids", ("T-NaN",), False),
        (state(task(1, taskNumber=None)), "task_numbers", ("T-1",), True),
        (state(without(task(3), "taskNumber")), "task_numbers", ("T-3",), True),
        (state(task(1, taskNumber=2), task(2)), "repeated_numbers", ("T-1", "T-2"), True),
        (state(task(1, id="A"), task(1, id="B")), "repeated_numbers", ("A", "B"), False),
        (state(task(1, dependencies=["T-1"])), "self_dependency", ("T-1",), True),
        (state(task(1, dependencies=["T-9"])), "dangling_dependency", ("T-1",), True),
        (state(task(1), task(2, dependencies=["t-1"])), "dangling_dependency", ("T-2",), False),
        (state(task(1, dependencies=["T-2"]), task(2, dependencies=["T-1"])), "cycle", ("T-1", "T-2"), False),
        (state(task(1, parent_id="gone")), "parents", ("T-1",), False),
        (state(task(1, parentId="T-2"), task(2, parent_id="T-1")), "parents", ("T-1", "T-2"), False),
        (state(comments=[{"id": "c", "todoId": "T-9"}]), "orphan_comments", ("c",), False),
        (state(task(1), comments=[{"todoId": "T-1"}]), "comment_ids", ("T-1",), True),
        (state(task(1), comments=[{"id": "c", "todoId": "T-1"}] * 2), "comment_ids", ("c",), True),
        (state(task(1, status="Blocked")), "status", ("T-1",), False),
        (state(task(1, priority="someday")), "priority", ("T-1",), False),
        (without(state(), "lastModified"), "last_modified", (), True),
        (state(lastModified="yesterday"), "last_modified", (), True),
        (state(lastModified=17), "last_modified", (), True),
    ],
)  # fmt: skip
def test_each_damage_is_a_finding_of_its_own(
    *, value: dict[str, Any], kind: str, where: tuple[str, ...], mendable: bool
) -> None:
    kinds = {damage.kind: damage for damage in found(value) if not damage.harmless}
    assert (kinds[kind].where, kinds[kind].mendable) == (where, mendable)
    assert kinds[kind].says
    assert set(kinds) - {kind} <= {"orphan_comments", "cycle"}, "one damage is not reported under several names"


@pytest.mark.parametrize(
    ("value", "kind", "where"),
    [
        (state(task(1, id="AUTO-1", taskNumber=None)), "foreign_numbers", ("AUTO-1",)),
        (state(task(1, status="in_progress"), task(2, status="cancelled")), "status", ("T-1",)),
        (state(task(1, priority="P1")), "priority", ("T-1",)),
        (state(lastModified="2026-02-03T05:00:00Z"), "future", ()),
        (state(task(1, lastModified="2026-02-03 05:00:00")), "future", ("T-1",)),
        (state(task(1, lastModified="soon")), "task_times", ("T-1",)),
        (state(task(1, description="isnn📋 **Acceptance Criteria:**n- a")), "lost_breaks", ("T-1",)),
        (state(task(1, comments=[{"content": "a"}, {"content": "b"}])), "inline_comments", ("T-1",)),
    ],
)
def test_what_disturbs_nobody_is_said_and_marked_as_harmless(
    value: dict[str, Any], kind: str, where: tuple[str, ...]
) -> None:
    assert all(damage.harmless and not damage.mendable for damage in found(value))
    assert next(damage for damage in found(value) if damage.kind == kind).where == where


def test_a_clock_that_is_a_little_ahead_is_not_the_future() -> None:
    assert found(state(lastModified="2026-02-03T04:09:00Z")) == []


def test_a_cycle_is_shown_as_a_way_round_it() -> None:
    ring = [task(1, dependencies=["T-2", "T-3"]), task(2, dependencies=["T-3"]), task(3, dependencies=["T-1"])]
    [cycle] = found(state(*ring))
    assert set(cycle.where) == {"T-1", "T-2", "T-3"}
    first, *_, last = cycle.says.split(" wait ")[0].split(" -> ")
    assert first == last


def test_ten_thousand_tasks_in_one_ring_are_examined_in_linear_time() -> None:
    count = 10_000
    value = state(
        *(task(n, dependencies=[f"T-{n % count + 1}"], parent_id=f"T-{n % count + 1}") for n in range(1, count + 1)),
        nextTaskNumber=count + 1,
        comments=[{"id": "c", "todoId": "T-1"}] * count,
    )
    began = time.process_time()
    says = {damage.kind: damage.says for damage in found(value)}
    assert time.process_time() - began < 5, "comparing every two takes minutes"
    assert len(says["cycle"]) < 200
    assert len(says["parents"]) < 200


def test_real_files_of_other_tools_are_examined(data: Path) -> None:
    project = data / "todo2" / "davidl71__project-management-automation"
    value = todo2.parse((project / "state.todo2.json").read_bytes()).value
    kinds = {damage.kind: len(damage.where) for damage in found(value)}
    assert kinds["stray_tasks"] == 6
    assert kinds["dangling_dependency"] == 1
    assert kinds["orphan_comments"] == 11
    assert kinds["inline_comments"] == 84
    backup = todo2.parse((project / "state.todo2.backup.json").read_bytes()).value
    kinds = {damage.kind: len(damage.where) for damage in found(backup)}
    assert (kinds["repeated_ids"], kinds["dangling_dependency"]) == (4, 4)
    assert {"counter", "lists"} <= set(kinds)
