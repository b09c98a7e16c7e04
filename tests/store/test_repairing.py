"""Files that are no JSON any more, files that were set back, and the copies that are kept."""

import json
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from prentice.errors import DamagedFileError
from prentice.store.backups import DAYS_KEPT, Backups
from prentice.store.todo2_file import FILE_NAME, Todo2File
from prentice.tasks.edits import Draft, Editor
from prentice.tasks.moments import spelled
from prentice.tasks.todo2 import new_state

GIT = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / ".todo2" / FILE_NAME
    found.parent.mkdir()
    found.write_bytes(new_state("2026-01-02T03:04:05.678Z"))

    def begin(editor: Editor) -> None:
        for number in range(1, 6):
            editor.create(Draft(name=f"task {number}", description="words " * 20))
        editor.comment("T-2", "a comment", kind="note")

    Todo2File(found).change(begin)
    return found


def nothing_else(value: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[str]]:
    return value, []


def value_of(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return value


def backup_of_now(path: Path) -> None:
    """Let a backup hold the present state, as that of the day does tomorrow."""
    Backups(path.parent.parent).keep_before("found", path.read_bytes(), at="2026-01-02T03:04:05.678Z")


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9, 0.99])
def test_a_file_that_was_cut_off_comes_back_from_its_whole_records_the_backup_and_the_journal(
    path: Path, share: float
) -> None:
    backup_of_now(path)
    Todo2File(path).change(lambda editor: editor.create(Draft(name="after the backup")))
    whole = value_of(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    old = path.stat().st_mtime - 60
    os.utime(path, (old, old))
    with pytest.raises(DamagedFileError):
        Todo2File(path).read()
    repaired = Todo2File(path).repair(nothing_else)
    assert repaired.backup is not None
    assert repaired.backup.read_bytes() == data[: int(len(data) * share)]
    assert repaired.mended
    value = value_of(path)
    for key in ("todos", "comments", "nextTaskNumber"):
        assert value[key] == whole[key], key
    assert Todo2File(path).read().tasks.keys() == {f"T-{number}" for number in range(1, 7)}


def test_rubbish_without_any_backup_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / ".todo2" / FILE_NAME
    path.parent.mkdir()
    path.write_bytes(b"\0" * 500)
    with pytest.raises(DamagedFileError, match="no backup"):
        Todo2File(path).repair(nothing_else)
    assert path.read_bytes() == b"\0" * 500


def conflict(path: Path, *, style: str) -> None:
    """Leave the file with git's conflict markers: both branches made a task and changed different fields."""
    root = path.parent.parent

    def git(*arguments: str, check: bool = True) -> None:
        subprocess.run(
            [*GIT, "-c", f"merge.conflictStyle={style}", *arguments], cwd=root, check=check, capture_output=True
        )

    def commit(name: str, task: str, priority: str) -> None:
        Todo2File(path).change(lambda editor: editor.create(Draft(name=name)))
        Todo2File(path).change(lambda editor: editor.update(task, {"priority": priority}))
        git("commit", "-qam", "work")

    (root / ".gitignore").write_text(".prentice/\n*.lock\n")
    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-qm", "begin")
    git("checkout", "-qb", "other")
    commit("theirs", "T-1", "high")
    git("checkout", "-q", "main")
    commit("ours", "T-3", "low")
    git("merge", "other", check=False)
    assert b"<<<<<<<" in path.read_bytes()


@pytest.mark.parametrize("style", ["merge", "diff3"])
@pytest.mark.parametrize("with_git", [True, False])
def test_a_file_with_conflict_markers_gets_both_sides(path: Path, style: str, with_git: bool) -> None:  # noqa: FBT001 - a parameter of the test
    conflict(path, style=style)
    if not with_git:
        (path.parent.parent / ".git").rename(path.parent.parent / "git-is-gone")
        (path.parent.parent / ".prentice").rename(path.parent.parent / "journal-is-gone")
    repaired = Todo2File(path).repair(nothing_else)
    assert any("both sides" in what for what in repaired.mended)
    assert "<<<<<<<" in repaired.diff
    value = value_of(path)
    records = {record["name"]: record for record in value["todos"]}
    assert {"ours", "theirs"} < records.keys()
    assert len({record["id"] for record in value["todos"]}) == len(value["todos"]) == 7
    assert (records["task 1"]["priority"], records["task 3"]["priority"]) == ("high", "low")


def test_a_repair_keeps_a_backup_and_shows_the_lines_that_changed(path: Path) -> None:
    before = path.read_bytes()
    repaired = Todo2File(path).repair(lambda value: ({**value, "nextTaskNumber": 90}, ["the counter"]))
    assert repaired.backup is not None
    assert repaired.backup.read_bytes() == before
    assert repaired.mended == ("the counter",)
    assert '-  "nextTaskNumber": 6,' in repaired.diff
    assert '+  "nextTaskNumber": 90,' in repaired.diff
    assert value_of(path)["nextTaskNumber"] == 90


def test_a_repair_that_finds_nothing_leaves_no_trace(path: Path) -> None:
    before = path.read_bytes()
    repaired = Todo2File(path).repair(nothing_else)
    assert (repaired.backup, repaired.diff, repaired.mended) == (None, "", ())
    assert path.read_bytes() == before


def test_a_checkout_of_an_older_version_is_respected_said_and_can_be_undone(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = path.parent.parent
    subprocess.run([*GIT, "init", "-q"], cwd=root, check=True)
    subprocess.run([*GIT, "add", ".todo2"], cwd=root, check=True)
    subprocess.run([*GIT, "commit", "-qm", "begin"], cwd=root, check=True)
    for name in ("first", "second"):
        Todo2File(path).change(lambda editor, name=name: editor.create(Draft(name=name)))  # type: ignore[misc]
    subprocess.run([*GIT, "checkout", "-q", "--", ".todo2"], cwd=root, check=True)
    assert len(Todo2File(path).read().tasks) == 5
    assert "set back" in caplog.text
    assert "--restore" in caplog.text
    assert Todo2File(path).set_back == ("T-6 added", "T-7 added")
    assert Todo2File(path).restore() == ("T-6 added", "T-7 added")
    assert [task.name for task in Todo2File(path).read().tasks.values()][5:] == ["first", "second"]
    assert Todo2File(path).set_back == ()


def set_back(path: Path, data: bytes) -> None:
    """Put earlier bytes there as a person does, some minutes after the change."""
    path.write_bytes(data)
    later = time.time() + 120
    os.utime(path, (later, later))


def test_a_program_that_writes_an_old_copy_back_unchanged_takes_nothing_from_us(path: Path) -> None:
    old = path.read_bytes()
    Todo2File(path).change(lambda editor: editor.comment("T-1", "acknowledged", kind="note"))
    Todo2File(path).change(lambda editor: editor.create(Draft(name="acknowledged too")))
    path.write_bytes(old)
    found = Todo2File(path).read()
    assert [comment.content for comment in found.comments("T-1")] == ["acknowledged"]
    assert found.tasks["T-6"].name == "acknowledged too"


@pytest.mark.parametrize(
    ("field", "ours", "value"), [("priority", "high", "medium"), ("tags", ["x"], []), ("name", "new", "task 1")]
)
def test_what_the_editor_set_back_later_stays_so(path: Path, field: str, ours: object, value: object) -> None:
    Todo2File(path).change(lambda editor: editor.update("T-1", {field: ours}))
    state = value_of(path)
    stamp = spelled(time.time() + 1800)
    state["todos"][0] |= {field: value, "lastModified": stamp}
    state["lastModified"] = stamp
    path.write_text(json.dumps(state, indent=2))
    Todo2File(path).read()
    assert value_of(path)["todos"][0][field] == value


def test_taking_back_exactly_the_last_change_is_respected_too(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    earlier = path.read_bytes()
    Todo2File(path).change(lambda editor: editor.create(Draft(name="the last one")))
    set_back(path, earlier)
    assert len(Todo2File(path).read().tasks) == 5
    assert "set back" in caplog.text
    assert Todo2File(path).restore() == ("T-6 added",)


def test_what_was_set_back_does_not_come_back_with_what_an_editor_overwrites_later(path: Path) -> None:
    earlier = path.read_bytes()
    Todo2File(path).change(lambda editor: editor.create(Draft(name="taken back")))
    Todo2File(path).change(lambda editor: editor.comment("T-1", "taken back too", kind="note"))
    set_back(path, earlier)
    Todo2File(path).change(lambda editor: editor.comment("T-2", "kept", kind="note"))
    stale = json.loads(earlier)
    stale["todos"][2]["name"] = "by the editor"
    stale["lastModified"] = spelled(time.time())
    path.write_text(json.dumps(stale, indent=2))
    found = Todo2File(path).read()
    assert [comment.content for comment in found.comments("T-2")] == ["a comment", "kept"]
    assert found.tasks["T-3"].name == "by the editor"
    assert "T-6" not in found.tasks
    assert found.comments("T-1") == []


def test_the_first_change_of_a_day_keeps_a_copy_of_what_was_there(path: Path) -> None:
    kept = Backups(path.parent.parent).newest_first()
    assert [json.loads(backup.read_text())["todos"] for backup in kept] == [[]], (
        "the fixture's change was the day's first"
    )
    Todo2File(path).change(lambda editor: editor.create(Draft(name="more")))
    assert Backups(path.parent.parent).newest_first() == kept


def test_few_backups_are_kept(tmp_path: Path) -> None:
    backups = Backups(tmp_path)
    for day in range(1, 20):
        backups.keep_day(lambda: b"{}", day=f"2026-01-{day:02}")
    names = sorted(path.name for path in backups.newest_first())
    assert names == [f"state-2026-01-{day:02}.json" for day in range(20 - DAYS_KEPT, 20)]


def foreign(path: Path, text: str) -> None:
    """Let another program have written the file, where nothing is known of it here."""
    path.write_text(text, encoding="utf-8")
    old = time.time() - 3600
    os.utime(path, (old, old))


STRANGE = """{
  "todos": [
    {"id": "T-1", "name": "one, ]", "status": "Todo", "dependencies": []},
    {"id": "T-2", "name": "two", "status": "Todo", "dependencies": []%s},
    {"id": "T-3", "name": "three", "status": "Todo", "comments": [{"id": "c", "name": "inner"}]}
  ],
  "comments": [{"id": "C-1", "todoId": "T-3", "type": "note", "content": "kept, }"}],
  "x-after": {"of": "somebody", "spent": 1.10, "most": 1e400},
  "nextTaskNumber": 9
}
"""


def assert_spelled(path: Path) -> None:
    """Numbers are written as they were: `json` would write 1.1, and an Infinity that JSON lacks."""
    text = path.read_text(encoding="utf-8")
    assert '"spent": 1.10,' in text
    assert '"most": 1e400' in text


def test_a_comma_with_nothing_behind_it_costs_no_record(tmp_path: Path) -> None:
    path = tmp_path / ".todo2" / FILE_NAME
    path.parent.mkdir()
    foreign(path, STRANGE % ",")
    with pytest.raises(DamagedFileError):
        Todo2File(path).read()
    repaired = Todo2File(path).repair(nothing_else)
    assert any("commas" in says for says in repaired.mended)
    assert value_of(path) == json.loads(STRANGE % "")
    assert_spelled(path)


def test_whole_records_and_members_behind_a_damaged_record_stay(tmp_path: Path) -> None:
    path = tmp_path / ".todo2" / FILE_NAME
    path.parent.mkdir()
    foreign(path, STRANGE % ' "no": colon')
    repaired = Todo2File(path).repair(nothing_else)
    assert any("damage in 1 place" in says for says in repaired.mended)
    whole = json.loads(STRANGE % "")
    assert value_of(path) == {**whole, "todos": [whole["todos"][0], whole["todos"][2]]}
    assert_spelled(path)


def test_what_lies_in_a_record_that_was_cut_off_is_no_record(tmp_path: Path) -> None:
    path = tmp_path / ".todo2" / FILE_NAME
    path.parent.mkdir()
    foreign(path, (STRANGE % "").partition('"inner"')[0] + '"inner"}, {"id": "d"')
    Todo2File(path).repair(nothing_else)
    assert [row["id"] for row in value_of(path)["todos"]] == ["T-1", "T-2"]
