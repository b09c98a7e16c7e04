import copy
import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given

from prentice.tasks.clones import merge_clones
from prentice.tasks.difference import difference
from prentice.tasks.merge import merge
from tasks.sides import STRANGE, Side, is_sound, two_sides

Sides = tuple[Mapping[str, Any], Side, Side]


def unstamped(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key != "lastModified"}


def names(value: Mapping[str, Any]) -> list[str]:
    return [record.get("name") or record["content"] for record in value["todos"]]


def said(value: Mapping[str, Any]) -> set[str]:
    return {comment["content"] for comment in value["comments"]}


def task(task_id: str, **fields: object) -> dict[str, Any]:
    return {
        "id": task_id,
        "name": task_id,
        "status": "Todo",
        "dependencies": [],
        "taskNumber": int(task_id[2:]),
        **fields,
    }


def state(*tasks: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"todos": list(tasks), "comments": [], "activities": [], "nextTaskNumber": 8, **more}


# -- for any two sides ------------------------------------------------------------------------------------------------


@given(two_sides())
def test_a_change_done_again_on_what_it_was_made_from_gives_what_it_gave(sides: Sides) -> None:
    base, ours, _ = sides
    merged = merge(base, [difference(base, ours.value)])
    assert unstamped(merged.value) == unstamped(ours.value)
    assert merged.conflicts == ()
    assert merged.renamed == {}


@given(two_sides())
def test_changes_done_again_one_by_one_give_the_same_as_all_at_once(sides: Sides) -> None:
    base, ours, _ = sides
    each = [difference(old, new) for old, new in pairwise(ours.values)]
    assert unstamped(merge(base, each).value) == unstamped(ours.value)


@given(two_sides())
def test_both_sides_tasks_and_comments_are_there_and_sound(sides: Sides) -> None:
    base, ours, theirs = sides
    merged = merge(theirs.value, [difference(base, ours.value)]).value
    assert is_sound(merged)
    assert len(names(merged)) == len(set(names(merged)))
    assert theirs.added <= set(names(merged))
    assert {content for content, about in ours.said.items() if about not in theirs.deleted} <= said(merged)
    assert theirs.said.keys() <= said(merged)
    numbers = [record["taskNumber"] for record in merged["todos"] if "taskNumber" in record]
    assert merged["nextTaskNumber"] > max(numbers, default=0)
    assert {comment["todoId"] for comment in merged["comments"]} <= {record["id"] for record in merged["todos"]}


@given(two_sides())
def test_every_task_that_ours_added_is_there_under_some_id(sides: Sides) -> None:
    base, ours, theirs = sides
    before = {record["id"] for record in base["todos"]}
    mine = {record["name"] for record in ours.value["todos"] if record["id"] not in before}
    assert mine <= set(names(merge(theirs.value, [difference(base, ours.value)]).value))


@given(two_sides())
def test_merging_again_changes_nothing(sides: Sides) -> None:
    base, ours, theirs = sides
    changes = [difference(base, ours.value)]
    once = merge(theirs.value, changes)
    again = merge(once.value, changes)
    assert again.value == once.value
    assert again.restored == ()


@given(two_sides())
def test_merging_reads_its_input_only(sides: Sides) -> None:
    base, ours, theirs = sides
    change = difference(base, ours.value)
    before = copy.deepcopy((theirs.value, change.document()))
    merge(theirs.value, [change])
    assert (theirs.value, change.document()) == before


@given(two_sides())
def test_keys_that_nobody_knows_stay_as_they_are(sides: Sides) -> None:
    base, ours, theirs = sides
    merged = merge(theirs.value, [difference(base, ours.value)]).value
    with_strange = {record.get("name"): record for record in merged["todos"] if "x-tool" in record}
    for record in (*theirs.value["todos"], *ours.value["todos"]):
        if "x-tool" in record and record.get("name") in with_strange:
            assert {key: with_strange[record.get("name")][key] for key in STRANGE} == STRANGE
    assert {key: merged.get(key) for key in ("project", "updated_at")} == {
        key: base.get(key) for key in ("project", "updated_at")
    }


@given(two_sides())
def test_two_clones_merge_to_the_same_tasks_whichever_is_ours(sides: Sides) -> None:
    base, ours, theirs = sides
    one, other = merge_clones(base, ours.value, theirs.value), merge_clones(base, theirs.value, ours.value)
    assert sorted(names(one.value)) == sorted(names(other.value))
    assert said(one.value) == said(other.value)
    assert is_sound(one.value)
    assert is_sound(other.value)


# -- cases ------------------------------------------------------------------------------------------------------------


def merged(theirs: dict[str, Any], base: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    return merge(theirs, [difference(base, json.loads(json.dumps(ours)))]).value


def test_a_deletion_counts_only_where_nobody_changed_the_task_or_spoke_on_it() -> None:
    comment = {"id": "T-1-C-1", "todoId": "T-1", "type": "note", "content": "old", "created": "a"}
    base = state(task("T-1"), task("T-2"), comments=[comment])
    ours = state(task("T-2"))
    assert merged(base, base, ours)["todos"] == [task("T-2")]
    assert merged(base, base, ours)["comments"] == []
    for theirs in (
        state(task("T-1", name="changed"), task("T-2"), comments=[comment]),
        state(task("T-1"), task("T-2"), comments=[comment, {**comment, "id": "T-1-C-2", "content": "new"}]),
    ):
        assert merged(theirs, base, ours) == theirs, "and its comments stay with it"


def test_a_task_that_was_added_and_deleted_by_us_does_not_come_back_under_another_id() -> None:
    base = state(task("T-1"))
    added = state(task("T-1"), task("T-8", created="ours"))
    changes = [difference(base, added), difference(added, base)]
    theirs = state(task("T-1"), task("T-8", created="theirs"))
    assert merge(theirs, changes).value["todos"] == theirs["todos"]


def test_a_dependency_that_would_close_a_cycle_is_left_out_and_said() -> None:
    base = state(task("T-1"), task("T-2"))
    ours = state(task("T-1", dependencies=["T-2"]), task("T-2"))
    theirs = state(task("T-1"), task("T-2", dependencies=["T-1"]))
    found = merge(theirs, [difference(base, ours)])
    assert found.value == theirs
    assert found.conflicts == ("T-1 needs T-2",)
    assert found.restored == ()


def test_what_follows_a_task_that_got_another_id_follows_it() -> None:
    base = state(task("T-1"))
    child = task("T-9", created="b", dependencies=["T-8"], parent_id="T-8", tags=["parent:T-8", "x"])
    comment = {"id": "T-8-C-1", "todoId": "T-8", "type": "note", "content": "on it", "created": "c"}
    activity = {"id": "activity-1-a", "todoId": "T-8", "timestamp": "t", "details": {"commentId": "T-8-C-1"}}
    ours = state(task("T-1"), task("T-8", created="a"), child, comments=[comment], activities=[activity])
    theirs = state(task("T-1"), task("T-8", created="theirs"))
    found = merge(theirs, [difference(base, ours)])
    assert found.renamed == {"T-8": "T-10"}
    value = found.value
    assert [record["id"] for record in value["todos"]] == ["T-1", "T-8", "T-10", "T-9"]
    assert value["todos"][2]["taskNumber"] == 10
    assert value["todos"][3] == child | {"dependencies": ["T-10"], "parent_id": "T-10", "tags": ["parent:T-10", "x"]}
    assert value["comments"] == [comment | {"id": "T-10-C-1", "todoId": "T-10"}]
    assert value["activities"] == [activity | {"todoId": "T-10", "details": {"commentId": "T-10-C-1"}}]
    assert value["nextTaskNumber"] == 11


@pytest.mark.parametrize("odd", [{"id": "T-2"}, ["T-2"], None, 7, 1.5])
def test_dependencies_that_are_no_ids_are_no_reason_to_fail(odd: object) -> None:
    base = state(task("T-1", dependencies=[odd]), task("T-2"))
    ours = state(task("T-1", dependencies=[odd, "T-2"]), task("T-2"))
    theirs = state(task("T-1", dependencies=[odd, "T-3"]), task("T-2"), task("T-3"))
    assert merged(theirs, base, ours)["todos"][0]["dependencies"] == [odd, "T-3", "T-2"]


@pytest.mark.parametrize("odd", [{"a": 1}, ["a"], None, 7])
def test_times_that_are_no_text_are_no_reason_to_fail(odd: object) -> None:
    base = state(task("T-1", created=odd))
    ours = state(task("T-1", created=odd), task("T-2", created=odd))
    theirs = state(task("T-1", created=odd), task("T-3", created=odd))
    assert [record["id"] for record in merged(theirs, base, ours)["todos"]] == ["T-1", "T-3", "T-2"]


def test_a_counter_that_the_other_side_dropped_is_there_again() -> None:
    base = state(task("T-1"))
    ours = state(task("T-1", priority="high"))
    theirs = {"todos": [task("T-1"), task("T-30")]}
    assert merged(theirs, base, ours)["nextTaskNumber"] == 31


def test_a_history_that_the_other_side_dropped_gets_our_entries_only() -> None:
    entry = {"field": "status", "newValue": "Done", "timestamp": "2026-01-02T03:04:05.678Z"}
    base = state(task("T-1", changes=[{"field": "name"}]))
    ours = state(task("T-1", changes=[{"field": "name"}, entry]))
    assert merged(state(task("T-1")), base, ours)["todos"][0]["changes"] == [entry]
