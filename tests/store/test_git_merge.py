"""Two machines that edit two clones, with git between them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from prentice.errors import DamagedFileError
from prentice.store.git_merge import merge_files, register
from prentice.store.todo2_file import FILE_NAME, Todo2File
from prentice.tasks.edits import Draft, Editor
from prentice.tasks.todo2 import new_state

GIT = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost"]


def git(directory: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        [*GIT, *arguments], cwd=directory, check=check, capture_output=True, text=True, env=environment
    )


@pytest.fixture
def clones(tmp_path: Path) -> tuple[Path, Path]:
    """Two clones of one repository with three tasks and a comment; git may use the driver in both."""
    first, second = tmp_path / "first", tmp_path / "second"
    git(tmp_path, "init", "-q", "-b", "main", "first")
    path = first / ".todo2" / FILE_NAME
    path.parent.mkdir()
    path.write_bytes(new_state("2026-01-02T03:04:05.678Z"))
    (first / ".gitignore").write_text(".prentice/\n*.lock\n")

    def begin(editor: Editor) -> None:
        for name in ("one", "two", "three"):
            editor.create(Draft(name=name))
        editor.comment("T-3", "seen by both", kind="note")

    Todo2File(path).change(begin)
    register(first)
    git(first, "add", "-A")
    git(first, "commit", "-qm", "begin")
    git(tmp_path, "clone", "-q", "first", "second")
    register(second)
    return first, second


def file_of(clone: Path) -> Todo2File:
    return Todo2File(clone / ".todo2" / FILE_NAME)


def value_of(clone: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((clone / ".todo2" / FILE_NAME).read_text(encoding="utf-8"))
    return value


def commit(clone: Path) -> None:
    git(clone, "commit", "-qam", "work")


def test_git_merges_two_clones_without_losing_a_task_a_comment_or_a_field(clones: tuple[Path, Path]) -> None:
    first, second = clones
    file_of(first).change(lambda editor: editor.create(Draft(name="made here")))
    file_of(first).change(lambda editor: editor.update("T-1", {"status": "In Progress"}))
    file_of(first).change(lambda editor: editor.comment("T-2", "from the first", kind="note"))
    file_of(second).change(lambda editor: editor.create(Draft(name="made there", dependencies=("T-1",))))
    file_of(second).change(lambda editor: editor.comment("T-4", "on the one made there", kind="note"))
    file_of(second).change(lambda editor: editor.update("T-1", {"priority": "high"}))
    file_of(second).change(lambda editor: editor.comment("T-2", "from the second", kind="note"))
    commit(first)
    commit(second)
    pulled = git(first, "pull", "-q", "--no-rebase", "--no-edit", str(second), "main")
    assert "T-4 of the other branch is T-5 now" in pulled.stderr
    value = value_of(first)
    tasks = {record["name"]: record for record in value["todos"]}
    assert tasks["made here"]["id"] == "T-4"
    assert tasks["made there"]["id"] == "T-5"
    assert tasks["made there"]["dependencies"] == ["T-1"]
    assert (tasks["one"]["status"], tasks["one"]["priority"]) == ("In Progress", "high")
    said = {comment["content"]: comment["todoId"] for comment in value["comments"]}
    assert said == {
        "seen by both": "T-3", "from the first": "T-2", "from the second": "T-2", "on the one made there": "T-5",
    }  # fmt: skip
    assert len({comment["id"] for comment in value["comments"]}) == 4
    assert value["nextTaskNumber"] == 6
    assert git(first, "status", "--porcelain").stdout == ""
    assert [task.name for task in file_of(first).read().tasks.values()] == [*tasks], "and that is not taken for a loss"


def test_the_later_of_two_changes_of_one_field_is_kept_on_either_side(clones: tuple[Path, Path]) -> None:
    first, second = clones
    file_of(first).change(lambda editor: editor.update("T-1", {"name": "earlier"}))
    file_of(second).change(lambda editor: editor.update("T-1", {"name": "later"}))
    commit(first)
    commit(second)
    git(first, "pull", "-q", "--no-rebase", "--no-edit", str(second), "main")
    assert value_of(first)["todos"][0]["name"] == "later"


def test_a_task_that_one_side_deleted_and_the_other_changed_is_kept_with_its_comments(
    clones: tuple[Path, Path],
) -> None:
    first, second = clones
    file_of(first).change(lambda editor: editor.delete("T-3"))
    file_of(first).change(lambda editor: editor.delete("T-2"))
    file_of(second).change(lambda editor: editor.update("T-3", {"priority": "high"}))
    commit(first)
    commit(second)
    git(first, "pull", "-q", "--no-rebase", "--no-edit", str(second), "main")
    value = value_of(first)
    assert {record["id"]: record["priority"] for record in value["todos"]} == {"T-1": "medium", "T-3": "high"}
    assert [comment["content"] for comment in value["comments"]] == ["seen by both"]


def test_without_a_base_nothing_counts_as_deleted(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("base", "ours", "theirs")]
    paths[0].write_bytes(b"")
    for path, names in zip(paths[1:], (("a", "b"), ("c",)), strict=True):
        folder = tmp_path / f"{path.name}-project" / ".todo2"
        folder.mkdir(parents=True)
        (folder / FILE_NAME).write_bytes(new_state("2026-01-02T03:04:05.678Z"))
        file = Todo2File(folder / FILE_NAME)
        for name in names:
            file.change(lambda editor, name=name: editor.create(Draft(name=name)))  # type: ignore[misc]
        path.write_bytes((folder / FILE_NAME).read_bytes())
    merged = merge_files(*paths)
    assert [record["name"] for record in merged.value["todos"]] == ["a", "b", "c"]
    assert merged.renamed == {"T-1": "T-3"}


def test_a_side_that_is_no_todo2_file_leaves_ours_as_it_was(tmp_path: Path) -> None:
    base, ours, theirs = (tmp_path / name for name in ("base", "ours", "theirs"))
    for path in (base, ours):
        path.write_bytes(new_state("2026-01-02T03:04:05.678Z"))
    theirs.write_bytes(b"no JSON")
    before = ours.read_bytes()
    with pytest.raises(DamagedFileError):
        merge_files(base, ours, theirs)
    assert ours.read_bytes() == before


def test_registering_twice_adds_the_attribute_once(clones: tuple[Path, Path]) -> None:
    first, _ = clones
    register(first)
    assert (first / ".gitattributes").read_text().count("merge=todo2") == 1
