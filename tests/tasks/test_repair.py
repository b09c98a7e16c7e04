"""Mending what can be mended, and nothing else: values and bytes."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.tasks import todo2
from prentice.tasks.damage import damages
from prentice.tasks.repair import repair

NOW = "2026-02-03T04:05:06.007Z"
LATER = "2026-02-04T00:00:00.000Z"
STAMP = "2026-01-02T03:04:05.006Z"

IDS = st.sampled_from(["T-0", "T-1", "T-2", "T-3", "T-12", "T-NaN", "AUTO-1", "T-1755000000000", "", 7])
NUMBERS = st.sampled_from([0, 1, 2, 3, 12, None, "2", True, 2.0, -1])
NEEDS = st.one_of(
    st.lists(st.sampled_from(["T-1", "T-2", "T-3", "T-NaN", "AUTO-1", "t-2", "gone", 3, None]), max_size=4),
    st.sampled_from(["T-1, gone", '["T-2"]', "", None]),
)
TASKS = st.fixed_dictionaries(
    {"id": IDS},
    optional={
        "taskNumber": NUMBERS, "dependencies": NEEDS, "dependsOn": NEEDS, "parent_id": IDS, "extra": st.floats(0, 1),
        "status": st.sampled_from(["Todo", "done", "Blocked"]), "lastModified": st.sampled_from([STAMP, "soon"]),
    },
)  # fmt: skip
COMMENTS = st.fixed_dictionaries(
    {"content": st.text(max_size=3)},
    optional={"id": st.sampled_from(["T-1-C-1", "T-2-C-1", "T-NaN-C-1", "", None]), "todoId": IDS},
)
ACTIVITIES = st.fixed_dictionaries(
    {"id": st.text(max_size=2), "todoId": IDS}, optional={"details": st.just({"commentId": "T-NaN-C-1"})}
)
STATES = st.fixed_dictionaries(
    {},
    optional={
        "todos": st.one_of(st.none(), st.lists(TASKS, max_size=5)),
        "tasks": st.lists(TASKS, max_size=3),
        "comments": st.one_of(st.none(), st.lists(COMMENTS, max_size=4)),
        "activities": st.one_of(st.lists(ACTIVITIES, max_size=3), st.just([{"id": str(n)} for n in range(103)])),
        "nextTaskNumber": st.sampled_from([None, 0, 2, 13, 500, "13", 13.0]),
        "lastModified": st.sampled_from([STAMP, None, "yesterday", "2027-01-01T00:00:00Z"]),
        "project": st.just({"id": "a/b", "big": 10**19}),
    },
)


def mended(value: Mapping[str, Any]) -> dict[str, Any]:
    """Give the mended state without what every repair sets."""
    return {key: held for key, held in repair(value, now=NOW)[0].items() if key != "lastModified"}


def whole(*todos: Mapping[str, Any], **more: object) -> dict[str, Any]:
    state = {"todos": list(todos), "comments": [], "activities": [], "nextTaskNumber": 100, "lastModified": STAMP}
    return state | more


@given(STATES)
def test_a_repair_leaves_nothing_that_can_be_mended_and_mends_nothing_the_second_time(state: dict[str, Any]) -> None:
    before = json.dumps(state)
    found = any(damage.mendable for damage in damages(state, now=NOW))
    value, done = repair(state, now=NOW)
    assert json.dumps(state) == before
    assert bool(done) is found
    assert [damage for damage in damages(value, now=NOW) if damage.mendable] == []
    assert repair(value, now=LATER) == (value, [])


@given(STATES)
def test_a_repair_loses_no_task_no_comment_and_no_unknown_key(state: dict[str, Any]) -> None:
    value, _ = repair(state, now=NOW)
    old = state["todos"] if "todos" in state else state.get("tasks")
    assert len(value["todos"]) == len(old or [])
    for before, after in zip(old or [], value["todos"], strict=True):
        fixed = {"id", "taskNumber", "dependencies", "dependsOn", "parent_id"}
        assert {key: before[key] for key in before.keys() - fixed} == {key: after[key] for key in after.keys() - fixed}
        assert after["id"] == before["id"] or before["id"] == "T-NaN"
    assert [c["content"] for c in value["comments"]] == [c["content"] for c in state.get("comments") or []]
    assert value.get("project") == state.get("project")


@given(STATES, st.sampled_from([None, 2]))
def test_what_is_written_after_a_repair_is_read_as_what_was_mended(state: dict[str, Any], indent: int | None) -> None:
    read = todo2.parse(json.dumps(state, indent=indent).encode())
    value, _ = repair(read.value, now=NOW)
    assert json.loads(todo2.serialize(read, value)) == value


def test_a_repair_touches_no_byte_that_it_does_not_name() -> None:
    text = """{ "tasks":[
  {"id":"T-NaN", "taskNumber" : null,"cost":1.50, "name":"caf\\u00e9", "status":"Todo"},
  {"id":"T-7","taskNumber":7, "dependencies":[ "T-9", "T-NaN"],  "big":12345678901234567890123, "status":"Todo"}],
  "comments": [ {"id":"T-NaN-C-1", "todoId":"T-NaN" , "content":"\\u0041", "n":1e2, "type":"note"},
    {"id":"T-7-C-1","todoId":"T-7","content":"a"}, {"id":"T-7-C-1","todoId":"T-7","content":"b\\/"} ],
  "activities":[], "lastModified":"2026-01-02T03:04:05.006Z" , "x" : 1.0}
"""
    state = todo2.parse(text.encode())
    value, done = repair(state.value, now=NOW)
    assert todo2.serialize(state, value).decode() == (
        """{ "todos":[
  {"id":"T-8", "taskNumber" : 8,"cost":1.50, "name":"caf\\u00e9", "status":"Todo"},
  {"id":"T-7","taskNumber":7, "dependencies":[ "T-8"],  "big":12345678901234567890123, "status":"Todo"}],
  "comments": [ {"id":"T-8-C-1", "todoId":"T-8" , "content":"\\u0041", "n":1e2, "type":"note"},
    {"id":"T-7-C-1","todoId":"T-7","content":"a"}, {"id":"T-7-C-2","todoId":"T-7","content":"b\\/"} ],
  "activities":[], "lastModified":"2026-02-03T04:05:06.007Z" , "x" : 1.0, "nextTaskNumber":9}
"""
    )
    assert done == [
        "`tasks` is called `todos`",
        "T-NaN is T-8, with its comments, its history and what refers to it",
        "T-7 no longer waits for T-9, which does not exist",
        "A second comment T-7-C-1 is T-7-C-2",
        "`nextTaskNumber` is 9",
        "`lastModified` is the time of this repair",
    ]


@pytest.mark.parametrize("counter", [None, 0, 3, "13", 13.5, True])
def test_the_counter_becomes_the_number_after_every_one_in_use_or_left_behind(counter: object) -> None:
    state = whole({"id": "T-3", "taskNumber": 3}, nextTaskNumber=counter)
    assert mended(state)["nextTaskNumber"] == 4
    assert mended(state | {"comments": [{"id": "T-8-C-1", "todoId": "T-8"}]})["nextTaskNumber"] == 9
    del state["nextTaskNumber"]
    assert mended(state)["nextTaskNumber"] == 4


def test_a_counter_that_is_ahead_stays() -> None:
    state = whole({"id": "T-3", "taskNumber": 3})
    assert repair(state, now=NOW) == (state, [])


def test_a_task_number_comes_from_the_id_and_from_nothing_else() -> None:
    tasks: list[dict[str, Any]] = [
        {"id": "T-1", "taskNumber": None},
        {"id": "T-2"},
        {"id": "T-3", "taskNumber": 4},
        {"id": "T-4", "taskNumber": 4},
        {"id": "T-5", "taskNumber": 6},
        {"id": "AUTO-1", "taskNumber": None},
        {"id": "T-1755000000000", "taskNumber": None},
    ]
    numbers = [task.get("taskNumber") for task in mended(whole(*tasks))["todos"]]
    assert numbers == [1, 2, 3, 4, 6, None, None]


def test_a_number_that_is_given_back_displaces_who_had_it_wrongly() -> None:
    numbers = [t["taskNumber"] for t in mended(whole({"id": "T-3", "taskNumber": 7}, {"id": "T-7"}))["todos"]]
    assert numbers == [3, 7]


def test_all_that_belongs_to_a_task_without_a_number_follows_it() -> None:
    value = mended(
        whole(
            {"id": "T-NaN", "taskNumber": None},
            {"id": "T-2", "taskNumber": 2, "dependencies": ["T-NaN"], "parent_id": "T-NaN"},
            comments=[{"id": "T-NaN-C-1", "todoId": "T-NaN"}, {"id": "own", "todoId": "T-NaN"}],
            activities=[{"id": "a", "todoId": "T-NaN", "details": {"commentId": "T-NaN-C-1"}}],
        )
    )
    assert value["todos"][0] == {"id": "T-100", "taskNumber": 100}
    assert value["todos"][1] == {"id": "T-2", "taskNumber": 2, "dependencies": ["T-100"], "parent_id": "T-100"}
    assert [(c["id"], c["todoId"]) for c in value["comments"]] == [("T-100-C-1", "T-100"), ("own", "T-100")]
    assert value["activities"] == [{"id": "a", "todoId": "T-100", "details": {"commentId": "T-100-C-1"}}]
    assert value["nextTaskNumber"] == 101


def test_two_tasks_without_a_number_are_left_to_a_person() -> None:
    state = whole({"id": "T-NaN", "name": "a"}, {"id": "T-NaN", "name": "b"})
    assert repair(state, now=NOW) == (state, [])


def test_only_dependencies_that_exist_in_no_spelling_are_removed() -> None:
    state = whole(
        {"id": "T-1", "taskNumber": 1, "dependencies": ["T-1", "T-9", "t-2", "2", " T-2 ", "extra", None, "T-2"]},
        {"id": "T-2", "taskNumber": 2, "dependsOn": "T-1, T-9"},
        tasks=[{"id": "extra"}],
    )
    value, done = repair(state, now=NOW)
    assert value["todos"][0]["dependencies"] == ["t-2", "2", " T-2 ", "extra", None, "T-2"]
    assert value["todos"][1]["dependsOn"] == ["T-1"]
    assert done[:3] == [
        "T-1 no longer waits for itself",
        "T-1 no longer waits for T-9, which does not exist",
        "T-2 no longer waits for T-9, which does not exist",
    ]


def test_comments_get_an_id_of_their_own_where_they_name_a_task() -> None:
    comments = [
        {"id": "T-1-C-2", "todoId": "T-1"},
        {"todoId": "T-1"},
        {"id": None, "todoId": "T-1"},
        {"id": "T-1-C-2", "todoId": "T-1"},
        {"content": "whose?"},
    ]
    value = mended(whole({"id": "T-1", "taskNumber": 1}, comments=comments))
    ids = ["T-1-C-2", "T-1-C-1", "T-1-C-3", "T-1-C-4", None]
    assert [comment.get("id") for comment in value["comments"]] == ids


def test_the_newest_hundred_activities_stay() -> None:
    value = mended(whole(activities=[{"id": str(number)} for number in range(130)]))
    assert [entry["id"] for entry in value["activities"]] == [str(number) for number in range(30, 130)]


def test_what_needs_a_person_is_left_alone() -> None:
    state = whole(
        {"id": "T-1", "taskNumber": 1, "dependencies": ["T-2"], "status": "Blocked", "priority": "P1"},
        {"id": "T-2", "taskNumber": 2, "dependencies": ["T-1"], "description": "snn📋 **Criteria:**n- a"},
        {"id": "T-1", "taskNumber": 1, "parent_id": "gone", "comments": [{"content": "inline"}]},
        {"name": "no id"},
        comments=[{"id": "x", "todoId": "gone"}],
    )  # fmt: skip
    assert repair(state, now=NOW) == (state, [])


def test_a_time_that_is_none_becomes_that_of_the_repair_and_a_future_one_stays() -> None:
    assert repair(whole(lastModified="soon"), now=NOW)[0]["lastModified"] == NOW
    assert repair(whole(lastModified=LATER), now=NOW)[1] == []
