import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.errors import TaskNotFoundError
from prentice.tasks.edits import MAX_ACTIVITIES, Draft, Editor
from tasks.editing import NOW, editor

MILLISECONDS = 1767323045678


def task(task_id: str, **fields: object) -> dict[str, Any]:
    return {"id": task_id, "name": f"Name of {task_id}", "status": "Todo", "dependencies": [], **fields}


def state(*tasks: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"todos": list(tasks), "comments": [], "activities": [], "nextTaskNumber": 8, **more}


def applied(value: dict[str, Any], edit: Callable[[Editor], object]) -> dict[str, Any]:
    """Edit a state and give the new one; the old one may not change, whatever is done."""
    before = copy.deepcopy(value)
    changing = editor(value)
    edit(changing)
    assert value == before, "the state that was read is changed in place"
    return changing.value


# -- the table "Edits and the traces they leave" ----------------------------------------------------------------------


def test_creating_leaves_a_number_a_record_and_an_activity() -> None:
    draft = Draft(
        name="New", description="Why", priority="high", tags=("a",), dependencies=("T-1",), extra={"parent_id": "T-1"}
    )
    after = applied(state(task("T-1")), lambda e: e.create(draft))
    assert after["todos"][1] == {
        "id": "T-8", "name": "New", "long_description": "Why", "status": "Todo", "created": NOW, "lastModified": NOW,
        "taskNumber": 8, "priority": "high", "tags": ["a"], "dependencies": ["T-1"], "parent_id": "T-1",
    }  # fmt: skip
    assert list(after["todos"][1])[:4] == ["id", "name", "long_description", "status"]
    assert after["nextTaskNumber"] == 9
    assert after["lastModified"] == NOW
    assert after["activities"] == [
        {
            "id": f"activity-{MILLISECONDS}-000000000", "type": "todo_created", "todoId": "T-8", "todoName": "New",
            "timestamp": NOW, "details": {"priority": "high", "tags": ["a"], "dependencies": ["T-1"]},
        }
    ]  # fmt: skip


LOGGED: dict[str, tuple[str, object, str, str]] = {
    "status": ("status", "In Progress", "status", "status_changed"),
    "description": ("description", "New text", "long_description", "description_changed"),
    "dependencies": ("dependencies", ("T-2",), "dependencies", "dependencies_changed"),
    "cursorInsight": ("cursorInsight", "Look at x", "cursorInsight", "description_changed"),
}


@pytest.mark.parametrize("row", LOGGED)
def test_a_logged_edit_leaves_an_entry_in_changes_and_an_activity(row: str) -> None:
    name, value, key, kind = LOGGED[row]
    written = list(value) if isinstance(value, tuple) else value
    before = state(task("T-1", status="Todo", long_description="Old", changes=[{"field": "x"}]), task("T-2"))
    after = applied(before, lambda e: e.update("T-1", {name: value}))
    old = before["todos"][0].get(key)
    expected = {"field": key, "oldValue": old, "newValue": written, "timestamp": NOW}
    if row == "cursorInsight":
        del expected["oldValue"]  # no key at all where there was no value
    record = after["todos"][0]
    assert record[key] == written
    assert record["lastModified"] == NOW
    assert record["changes"] == [{"field": "x"}, expected]
    assert [activity["type"] for activity in after["activities"]] == [kind]
    assert after["activities"][0]["details"] == {k: v for k, v in expected.items() if k != "timestamp"}
    assert after["lastModified"] == NOW
    assert after["todos"][1] is before["todos"][1]


@pytest.mark.parametrize(("name", "value"), [("name", "Other"), ("tags", ("a", "b")), ("priority", "critical")])
def test_name_tags_and_priority_change_without_an_entry_or_an_activity(name: str, value: object) -> None:
    after = applied(state(task("T-1")), lambda e: e.update("T-1", {name: value}))
    assert after["todos"][0][name] == (list(value) if isinstance(value, tuple) else value)
    assert after["todos"][0]["lastModified"] == NOW
    assert "changes" not in after["todos"][0]
    assert after["activities"] == []
    assert after["lastModified"] == NOW


def test_a_comment_is_numbered_within_its_task_and_leaves_an_activity() -> None:
    before = state(task("T-1"), comments=[{"id": "T-1-C-4", "todoId": "T-1"}, {"id": "T-2-C-9", "todoId": "T-2"}])
    after = applied(before, lambda e: e.comment("T-1", "Looks good", kind="note"))
    assert after["comments"][2] == {
        "id": "T-1-C-5", "todoId": "T-1", "type": "note", "content": "Looks good", "created": NOW, "lastModified": NOW,
    }  # fmt: skip
    assert after["activities"][0]["type"] == "comment_added"
    assert after["activities"][0]["details"] == {
        "commentType": "note", "commentPreview": "Looks good", "commentId": "T-1-C-5",
    }  # fmt: skip
    assert after["todos"][0] is before["todos"][0], "a comment leaves no trace on the task"


def test_a_comment_with_a_token_of_its_own_is_added_once() -> None:
    before = state(task("T-1"))
    once = applied(before, lambda e: e.comment("T-1", "Looks good", kind="note", token="ab12"))
    twice = applied(once, lambda e: e.comment("T-1", "Looks good", kind="note", token="ab12"))
    assert [row["id"] for row in once["comments"]] == ["T-1-C-ab12"]
    assert once["activities"][0]["details"]["commentId"] == "T-1-C-ab12"
    assert twice == once


@pytest.mark.parametrize(("length", "preview"), [(99, 99), (100, 100), (101, 103), (5000, 103)])
def test_a_comments_preview_is_its_first_hundred_characters(length: int, preview: int) -> None:
    after = applied(state(task("T-1")), lambda e: e.comment("T-1", "ü" * length, kind="note"))
    shown = after["activities"][0]["details"]["commentPreview"]
    assert len(shown) == preview
    assert shown.endswith("...") == (length > 100)


def test_comments_inside_a_record_count_for_the_next_number() -> None:
    before = state(task("T-1", comments=[{"id": "T-1-C-3"}, {"content": "no id"}, {"id": "T-1-C-1767323045678901234"}]))
    assert applied(before, lambda e: e.comment("T-1", "x", kind="note"))["comments"][0]["id"] == "T-1-C-4"


@pytest.mark.parametrize("present", [0, 99, 100, 130])
def test_only_the_newest_hundred_activities_stay(present: int) -> None:
    before = state(task("T-1"), activities=[{"id": f"a{number}"} for number in range(present)])
    after = applied(before, lambda e: e.comment("T-1", "x", kind="note"))
    assert len(after["activities"]) == min(present + 1, MAX_ACTIVITIES)
    assert after["activities"][-1]["type"] == "comment_added"
    assert after["activities"][:-1] == before["activities"][-(MAX_ACTIVITIES - 1) :][: MAX_ACTIVITIES - 1]


# -- counters ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("counter", [{}, *({"nextTaskNumber": n} for n in (None, 0, -3, 2, "12", 5.0, True, 10**19))])
def test_the_next_number_is_above_every_task_whatever_the_counter_says(counter: dict[str, object]) -> None:
    before = {"todos": [task("T-3", taskNumber=3), task("T-7"), task("X", taskNumber=5)], **counter}
    after = applied(before, lambda e: e.create(Draft(name="n")))
    assert [t["id"] for t in after["todos"]][3] == "T-8"
    assert after["nextTaskNumber"] == 9
    assert type(after["nextTaskNumber"]) is int


@pytest.mark.parametrize("counter", [{}, {"nextTaskNumber": None}, {"nextTaskNumber": "4"}])
@pytest.mark.parametrize("edit", ["comment", "update"])
def test_every_edit_puts_back_a_counter_that_another_tool_lost(counter: dict[str, object], edit: str) -> None:
    before = {"todos": [task("T-3", taskNumber=3)], **counter}
    edits: dict[str, Callable[[Editor], object]] = {
        "comment": lambda e: e.comment("T-3", "x", kind="note"),
        "update": lambda e: e.update("T-3", {"priority": "high"}),
    }
    assert applied(before, edits[edit])["nextTaskNumber"] == 4


def test_records_that_a_missing_counter_damaged_are_left_as_they_are() -> None:
    damaged = [task("T-NaN", taskNumber=None), task("T-METRICS-NaN"), task("T-NaN", name="twin")]
    before = state(*damaged)

    def edit(changing: Editor) -> None:
        changing.create(Draft(name="n"))
        changing.update("T-NaN", {"status": "In Progress"})

    after = applied(before, edit)
    assert after["todos"][1:3] == damaged[1:]
    assert after["todos"][0]["id"] == "T-NaN"
    assert after["todos"][0]["taskNumber"] is None
    assert after["todos"][3]["id"] == "T-8"


@pytest.mark.parametrize("number", [1735790400118, 1735790400118123456])
def test_times_used_as_ids_do_not_move_the_counter(number: int) -> None:
    before = {"todos": [task("T-2", taskNumber=2), task(f"T-{number}", taskNumber=number)]}
    after = applied(before, lambda e: e.create(Draft(name="n")))
    assert after["todos"][2]["id"] == "T-3"
    assert after["todos"][1] is before["todos"][1]


def test_a_number_is_not_given_again_while_comments_or_activities_of_a_deleted_task_are_left() -> None:
    left = {"comments": [{"id": "T-9-C-1", "todoId": "T-9", "type": "result"}], "activities": [{"todoId": "T-11"}]}
    after = applied({"todos": [task("T-4")], **left}, lambda e: e.create(Draft(name="n")))
    assert after["todos"][1]["id"] == "T-12"


def test_numbers_at_the_edge_of_what_counts_as_one_stay_unique() -> None:
    changing = editor({"todos": [task("T-999999999")]})
    ids = [changing.create(Draft(name="n")) for _ in range(3)]
    assert len({*ids, "T-999999999"}) == 4


# -- odd records ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "value", "expected"),
    [
        ({"title": "a"}, "b", {"title": "b"}),
        ({"name": "a", "content": "a", "title": "x"}, "b", {"name": "b", "content": "b", "title": "x"}),
        ({"name": "", "title": "a"}, "b", {"name": "b", "title": "a"}),
    ],
)
def test_a_new_name_is_written_under_the_key_that_is_there_and_to_its_copies(
    fields: dict[str, object], value: str, expected: dict[str, object]
) -> None:
    after = applied({"todos": [{"id": "T-1", **fields}]}, lambda e: e.update("T-1", {"name": value}))
    assert {key: after["todos"][0].get(key) for key in expected} == expected
    assert set(after["todos"][0]) - {"lastModified"} == {"id", *fields}
    assert editor(after).task("T-1").name == value


@pytest.mark.parametrize("key", ["long_description", "description", "details"])
def test_a_new_description_is_written_under_the_key_that_is_there(key: str) -> None:
    after = applied({"todos": [{"id": "T-1", key: "old"}]}, lambda e: e.update("T-1", {"description": "new"}))
    record = after["todos"][0]
    assert record[key] == "new"
    assert record["changes"][0]["field"] == key
    assert editor(after).task("T-1").description == "new"
    assert after["activities"][0]["type"] == "description_changed"


def test_new_dependencies_replace_those_under_the_other_tools_key_too() -> None:
    before = {"todos": [{"id": "T-1", "dependsOn": ["T-2", "T-3"]}]}
    after = applied(before, lambda e: e.update("T-1", {"dependencies": ("T-3",)}))
    assert editor(after).task("T-1").dependencies == ("T-3",)
    assert after["todos"][0]["dependencies"] == ["T-3"]
    assert after["activities"][0]["type"] == "dependencies_changed"


@pytest.mark.parametrize("key", ["parent_id", "parentId"])
def test_a_new_parent_is_written_under_the_key_that_is_there(key: str) -> None:
    after = applied({"todos": [{"id": "T-1", key: "T-2"}]}, lambda e: e.update("T-1", {"parent": "T-3"}))
    assert after["todos"][0][key] == "T-3"


@pytest.mark.parametrize(
    ("fields", "same"),
    [
        ({"status": "in_progress"}, {"status": "In Progress"}),
        ({"priority": "P1"}, {"priority": "high"}),
        ({"tags": "a, b"}, {"tags": ("a", "b")}),
        ({"dependsOn": ["T-2"]}, {"dependencies": ("T-2",)}),
        ({"title": "n"}, {"name": "n"}),
    ],
)
def test_a_field_that_holds_the_value_already_keeps_its_spelling_and_leaves_no_trace(
    fields: dict[str, object], same: dict[str, object]
) -> None:
    before = {"todos": [{"id": "T-1", **fields}]}
    assert applied(before, lambda e: e.update("T-1", same)) == before


def test_a_task_whose_id_was_written_as_a_number_can_be_edited() -> None:
    before: dict[str, Any] = {
        "todos": [{"id": 5, "name": "n", "comments": [{"content": "inline"}]}],
        "comments": [{"todoId": 5}],
    }
    after = applied(before, lambda e: e.update("5", {"name": "m"}))
    assert after["todos"][0] == {**before["todos"][0], "name": "m", "lastModified": NOW}
    assert len(editor(after).todolist.comments("5")) == 2


def test_of_tasks_with_the_same_id_the_first_is_edited() -> None:
    after = applied(state(task("T-1"), task("T-1", name="twin")), lambda e: e.update("T-1", {"priority": "low"}))
    assert [t.get("priority") for t in after["todos"]] == ["low", None]


@pytest.mark.parametrize("odd", [None, {"not": "a list"}, "text"])
def test_a_changes_field_of_another_shape_does_not_stop_an_edit_nor_get_lost(odd: object) -> None:
    after = applied(state(task("T-1", changes=odd)), lambda e: e.update("T-1", {"status": "In Progress"}))
    assert after["todos"][0]["status"] == "In Progress"
    assert odd is None or after["todos"][0]["changes"] == odd
    assert after["activities"][0]["type"] == "status_changed"


def test_tasks_kept_under_the_other_tools_name_for_the_list_are_edited_there() -> None:
    def edit(changing: Editor) -> None:
        changing.create(Draft(name="n"))
        changing.update("T-1", {"name": "m"})

    after = applied({"tasks": [task("T-1")]}, edit)
    assert "todos" not in after
    assert [t["name"] for t in after["tasks"]] == ["m", "n"]


def test_unknown_fields_stay_where_they_are() -> None:
    before = state(task("T-1", host="a", metadata={"b": [1]}), project={"id": "o/n"}, updated_at="x")
    after = applied(before, lambda e: e.update("T-1", {"status": "In Progress"}))
    assert list(after)[: len(before)] == list(before)
    assert list(after["todos"][0])[: len(before["todos"][0])] == list(before["todos"][0])
    assert after["todos"][0]["metadata"] is before["todos"][0]["metadata"]


def test_an_id_that_does_not_exist_is_answered_with_those_that_look_alike() -> None:
    changing = editor(state(task("T-12"), task("PERF-001")))
    for edit in (
        lambda: changing.update("T-21", {"name": "x"}),
        lambda: changing.comment("T-21", "x", kind="note"),
        lambda: changing.task("T-21"),
    ):
        with pytest.raises(TaskNotFoundError, match="no task T-21") as caught:
            edit()
        assert "T-12" in caught.value.next_step
        assert "prentice list" in caught.value.next_step


@given(st.integers(0, 999), st.integers(1_500_000_000, 2_500_000_000))
def test_the_milliseconds_of_an_activitys_id_are_those_of_its_time(milliseconds: int, second: int) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415 - this test alone reckons with time

    stamp = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{milliseconds:03d}Z"
    changing = editor({"todos": [task("T-1")]}, now=stamp)
    changing.comment("T-1", "x", kind="note")
    assert changing.value["activities"][0]["id"].split("-")[1] == str(second * 1000 + milliseconds)


EDITS = st.sampled_from(["create", "status", "comment", "tags", "description"])


@given(st.lists(st.tuples(EDITS, st.integers(0, 5), st.sampled_from(["Todo", "Done", "x", ""]))))
def test_any_row_of_edits_leaves_the_old_state_alone_and_every_id_unique(steps: list[tuple[str, int, str]]) -> None:
    before = state(task("T-1"), task("T-7", changes=[]), nextTaskNumber=None)
    frozen = json.dumps(before)
    changing = editor(before)
    for kind, number, text in steps:
        records = changing.value["todos"]
        target = records[number % len(records)]["id"]
        match kind:
            case "create":
                changing.create(Draft(name=text))
            case "comment":
                changing.comment(target, text, kind="note")
            case "tags":
                changing.update(target, {"tags": (text,)})
            case _:
                changing.update(target, {kind: text})
        assert json.dumps(before) == frozen
    for key in ("todos", "comments", "activities"):
        ids = [record["id"] for record in changing.value[key]]
        assert len(ids) == len(set(ids))
