"""What a finished task touches: which open tasks, in which order, and the reasons given."""

import time
from typing import Any

import pytest

from prentice.tasks.refinement import MOST, Refinement, names, refinement
from prentice.tasks.todolist import TodoList

FINISHED = {"id": "T-1", "name": "Rotate backup archives weekly", "status": "Done"}


def task(task_id: str, name: str, **fields: Any) -> dict[str, Any]:
    return {"id": task_id, "name": name, "status": "Todo", **fields}


def refined(*others: dict[str, Any], comments: list[dict[str, Any]] | None = None, **fields: Any) -> Refinement:
    """Give what FINISHED, with more fields, touches among other tasks."""
    todolist = TodoList({"todos": [FINISHED | fields, *others], "comments": comments or []})
    return refinement(todolist, todolist.tasks["T-1"])


def why(found: Refinement) -> dict[str, tuple[str, ...]]:
    return {touched.task.id: touched.why for touched in found.touched}


def test_what_waited_for_it_is_named_with_what_it_still_waits_for() -> None:
    found = refined(
        task("T-2", "Ship", dependencies=["T-1", "T-9", "T-3"]),
        task("T-3", "Announce", dependencies=["T-1"]),
        task("T-4", "Unrelated"),
    )
    assert why(found) == {
        "T-3": ("waits for T-1 and is ready now",),
        "T-2": ("waits for T-1 and still waits for T-9, T-3",),
    }
    assert [touched.task.id for touched in found.touched] == ["T-3", "T-2"], "what can begin now comes first"


def test_steps_parent_and_siblings_are_named() -> None:
    found = refined(
        task("T-2", "The whole"),
        task("T-3", "Sibling", parent_id="T-2"),
        task("T-4", "Step", parentId="T-1"),
        parent_id="T-2",
    )
    assert why(found) == {
        "T-4": ("is a step of T-1",),
        "T-2": ("is the parent of T-1, and 1 of its steps are open",),
        "T-3": ("is a step of T-2 too",),
    }


def test_a_parent_whose_last_step_this_was_is_said_to_have_none_left() -> None:
    found = refined(task("T-2", "The whole"), task("T-3", "x", parent_id="T-2", status="Done"), parent_id="T-2")
    assert why(found) == {"T-2": ("is the parent of T-1, and all its steps are closed now",)}


def test_a_task_that_mentions_it_is_named() -> None:
    found = refined(
        task("T-2", "Follow up on T-1"),
        task("T-3", "Other", long_description="T-10, T-1-C-2 and XT-1"),
    )
    assert why(found) == {"T-2": ("mentions T-1",)}


def test_a_file_or_symbol_that_both_name_is_said() -> None:
    found = refined(
        task("T-2", "Other words", long_description="See `rotate_all` in store/backup.py."),
        task("T-3", "More words", long_description="About mybackup.py and backup.pyc"),
        task("T-4", "Else", long_description="`rotate_all()`"),
        long_description="Change src/store/backup.py, the function `rotate_all()`.",
    )
    assert why(found) == {
        "T-2": ("names rotate_all, src/store/backup.py too",),
        "T-4": ("names rotate_all too",),
    }


def test_what_its_result_names_counts_and_what_a_note_names_does_not() -> None:
    comments = [
        {"todoId": "T-1", "type": "result", "content": "Changed conf/backup.toml."},
        {"todoId": "T-1", "type": "note", "content": "Looked at conf/other.toml."},
    ]
    found = refined(
        task("T-2", "Document", long_description="conf/backup.toml"),
        task("T-3", "Clean up", long_description="conf/other.toml"),
        comments=comments,
    )
    assert why(found) == {"T-2": ("names conf/backup.toml too",)}


def test_a_name_that_every_task_has_tells_less_than_a_rare_one() -> None:
    crowd = [task(f"T-{number}", f"Crowd{number}", long_description="README.md") for number in range(2, 9)]
    found = refined(
        *crowd, task("T-9", "Rare", long_description="`keep_weeks`"), long_description="README.md `keep_weeks`"
    )
    assert found.touched[0].task.id == "T-9"


def test_a_name_with_mostly_the_same_words_is_said() -> None:
    found = refined(
        task("T-2", "Document how backup archives rotate"),
        task("T-3", "Archives"),
        task("T-4", "Sell weekly tickets for the archives museum in town"),
    )
    assert why(found) == {"T-2": ("its name says backup, archives, rotate too",)}


def test_closed_tasks_and_the_task_itself_are_left_out() -> None:
    found = refined(
        task("T-2", "x", dependencies=["T-1"], status="Done"),
        task("T-3", "x", dependencies=["T-1"], status="Cancelled"),
        dependencies=["T-1"],
    )
    assert found.touched == ()
    assert found.prompt() == ""
    assert found.document() == []


def test_the_reasons_of_one_task_add_up() -> None:
    found = refined(
        task("T-2", "Sibling", parent_id="T-9"),
        task("T-3", "Rotate backup archives daily", parent_id="T-9", long_description="`keep_weeks`"),
        parent_id="T-9",
        long_description="`keep_weeks`",
    )
    assert why(found)["T-3"] == (
        "names keep_weeks too", "its name says Rotate, backup, archives too", "is a step of T-9 too",
    )  # fmt: skip
    assert found.touched[0].task.id == "T-3"


def test_at_most_ten_are_named_the_best_and_of_equals_the_first() -> None:
    siblings = [task(f"T-{number}", f"Sibling{number}", parent_id="T-99") for number in range(2, 40)]
    found = refined(*siblings, task("T-50", "Waits", dependencies=["T-1"]), parent_id="T-99")
    assert [touched.task.id for touched in found.touched] == ["T-50", *(f"T-{number}" for number in range(2, MOST + 1))]


def test_the_prompt_asks_to_look_at_each_and_names_the_commands() -> None:
    prompt = refined(task("T-2", "Ship", dependencies=["T-1"])).prompt()
    assert prompt.startswith("T-1 (Rotate backup archives weekly) is Done.")
    assert "- T-2 (Ship): waits for T-1 and is ready now\n" in prompt
    for command in ("edit", "add", "delete", "comment"):
        assert f"`prentice {command} " in prompt


def test_the_document_says_task_name_and_why() -> None:
    found = refined(task("T-2", "Ship", dependencies=["T-1"]))
    assert found.document() == [{"task": "T-2", "name": "Ship", "why": ["waits for T-1 and is ready now"]}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("src/a.py and ./b/c.toml, ../up.c.", {"src/a.py", "b/c.toml", "../up.c"}),
        ("改src/a.py的锁", {"src/a.py"}),
        ("in .github/workflows/ci.yml:", {".github/workflows/ci.yml"}),
        ("`Todo2File.change()`, `run`, `two words`", {"Todo2File.change", "run"}),
        ("the directory src/store/ and src/tasks", {"src/store", "src/tasks"}),
        ("see https://example.com/a/b.html or example.com", set()),
        ("input/output, and/or, e.g. this; i.e. that. CI/CD 3/4 v1.2", set()),
        ("Files/Components (Create/Update/Delete: path)", set()),
        ("with node.js, but web/app.js", {"web/app.js"}),
        ("", set()),
        ("`" * 50 + "/" * 500 + "." * 500, set()),
    ],
)
def test_files_and_symbols_are_told_from_other_words(text: str, expected: set[str]) -> None:
    assert names(text) == expected


def test_a_long_text_is_read_in_linear_time() -> None:
    before = time.process_time()
    for piece in ("a.", "a/", "-", "a", "`", "`a", "@x/", "a.b/", "a://", "a:"):
        names(piece * 50_000)
    assert time.process_time() - before < 5
