"""Deleting a task: what goes, what stays, which trace it leaves, and that its number is gone for good."""

import json
from pathlib import Path
from typing import Any

import pytest

import prentice
from prentice.errors import TaskNotFoundError
from prentice.tasks import todo2
from prentice.tasks.edits import Draft, Editor
from tasks.editing import NOW, editor


def task(task_id: str, **fields: Any) -> dict[str, Any]:
    return {"id": task_id, "name": f"Name of {task_id}", "status": "Todo", **fields}


def comment(number: int, task_id: str) -> dict[str, Any]:
    return {"id": f"{task_id}-C-{number}", "todoId": task_id, "type": "note", "content": "x"}


def editing(*tasks: Any, **more: Any) -> Editor:
    value = {"todos": list(tasks), "comments": [], "activities": [], "nextTaskNumber": 8, **more}
    return editor(value)


def test_the_record_goes_with_its_comments_and_an_activity_says_so() -> None:
    comments = [comment(1, "T-1"), comment(1, "T-2"), comment(2, "T-1")]
    changed = editing(task("T-1"), task("T-2"), comments=comments)
    gone = changed.delete("T-1")
    assert gone.name == "Name of T-1"
    assert changed.value["todos"] == [task("T-2")]
    assert changed.value["comments"] == [comment(1, "T-2")]
    assert changed.value["activities"] == [
        {
            "id": "activity-1767323045678-000000000", "type": "todo_deleted", "todoId": "T-1",
            "todoName": "Name of T-1", "timestamp": NOW,
            "details": {"deletedTodoName": "Name of T-1", "associatedCommentsCount": 2},
        }
    ]  # fmt: skip
    assert changed.value["lastModified"] == NOW
    assert changed.value["nextTaskNumber"] == 8


def test_the_state_that_was_read_stays_as_it_is() -> None:
    before = {"todos": [task("T-1")], "comments": [comment(1, "T-1")], "activities": [], "nextTaskNumber": 2}
    copy = json.dumps(before)
    editor(before).delete("T-1")
    assert json.dumps(before) == copy


def test_comments_inside_the_record_are_counted_too() -> None:
    changed = editing(task("T-1", comments=[{"content": "a"}, {"content": "b"}]), comments=[comment(1, "T-1")])
    changed.delete("T-1")
    assert changed.value["activities"][0]["details"]["associatedCommentsCount"] == 3


@pytest.mark.parametrize("counter", [8, None, "8", 2, 0, True])
def test_the_number_is_not_used_again_whatever_the_counter_said(counter: object) -> None:
    changed = editing(task("T-1"), task("T-7", taskNumber=7), nextTaskNumber=counter)
    changed.delete("T-7")
    assert changed.value["nextTaskNumber"] == 8
    changed.value["activities"] = []  # as they are after a hundred more
    assert changed.create(Draft(name="next")) == "T-8"


def test_of_two_records_with_one_id_the_first_goes_and_the_comments_stay_with_the_other() -> None:
    changed = editing(task("T-1"), task("T-1", name="twin"), comments=[comment(1, "T-1")])
    changed.delete("T-1")
    assert [record["name"] for record in changed.value["todos"]] == ["twin"]
    assert changed.value["comments"] == [comment(1, "T-1")]
    changed.delete("T-1")
    assert changed.value["todos"] == []
    assert changed.value["comments"] == []


def test_oddities_among_records_and_comments_stay() -> None:
    changed = editing("odd", None, task("T-1"), 3, comments=[None, "odd", {"todoId": None}, comment(1, "T-1")])
    changed.delete("T-1")
    assert changed.value["todos"] == ["odd", None, 3]
    assert changed.value["comments"] == [None, "odd", {"todoId": None}]


def test_closed_tasks_still_name_what_they_needed() -> None:
    changed = editing(task("T-1"), task("T-2", status="Done", dependencies=["T-1"]))
    changed.delete("T-1")
    assert changed.value["todos"][0]["dependencies"] == ["T-1"]


def test_a_task_that_does_not_exist_is_said() -> None:
    with pytest.raises(TaskNotFoundError):
        editing(task("T-1")).delete("T-9")


TEXT = """\
{ "todos": [
   {"id":"T-1",  "name": "one",   "weight": 1.50, "weight": 2},
   {"id":"T-2",  "name": "two"},
   {"id":"T-3",  "name": "thr\\u00e9\\u0065", "n": 12345678901234567890123}
  ],
  "comments":  [ {"id": "T-3-C-1",  "todoId": "T-3", "content": "\\u003c"} , {"id": "C",  "todoId": "T-2"} ],
  "nextTaskNumber": 4 , "foreign": [1,  2]}
"""


@pytest.mark.parametrize("gone", ["T-1", "T-2", "T-3"])
def test_in_the_file_every_other_record_keeps_its_bytes(gone: str) -> None:
    state = todo2.parse(TEXT.encode())
    changed = editor(state.value)
    changed.delete(gone)
    text = todo2.serialize(state, changed.value).decode()
    assert json.loads(text) == changed.value
    lines = [line.strip().rstrip(",") for line in TEXT.splitlines()[1:4]]
    assert [line in text for line in lines] == [f'"{gone}"' not in line for line in lines]
    assert '"foreign": [1,  2]' in text
    assert ('"content": "\\u003c"' in text) == (gone != "T-3")


def test_the_library_deletes_and_gives_the_task_as_it_was(tmp_path: Path) -> None:
    project = prentice.open(tmp_path)
    project.init()
    project.add("First")
    project.comment("T-1", "words")
    assert project.delete("T-1").document()["name"] == "First"
    assert project.tasks().tasks == {}
    assert project.tasks().value["comments"] == []
    assert project.add("Second").id == "T-2"
    with pytest.raises(TaskNotFoundError):
        project.delete("T-1")
