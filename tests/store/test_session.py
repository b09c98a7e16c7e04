"""What is restored, what is respected, and what the stamps are when the clock jumps."""

import itertools
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prentice.errors import LockedError, TaskNotFoundError
from prentice.store import atomic
from prentice.store.backups import Backups
from prentice.store.journal import Journal
from prentice.store.todo2_file import FILE_NAME, Todo2File
from prentice.tasks.edits import Draft, Editor
from prentice.tasks.moments import moment, spelled
from store.scenarios import names, overwrite, two_changes


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / ".todo2" / FILE_NAME
    found.parent.mkdir()
    two_changes(found)
    return found


def add(name: str) -> Callable[[Editor], str]:
    return lambda editor: editor.create(Draft(name=name))


def value_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def rewrite(path: Path, change: Callable[[dict[str, Any]], object], *, copy: bytes | None = None) -> None:
    """Let another program change a copy, which it read now or earlier, and write it."""
    value = json.loads(copy if copy is not None else path.read_bytes())
    change(value)
    value["lastModified"] = spelled(time.time() + 1)
    path.with_name("other").write_text(json.dumps(value, indent=2))
    path.with_name("other").replace(path)


def kinds(path: Path) -> list[str]:
    return [entry.kind for entry in Journal(path.parent.parent).entries()]


# -- restoring --------------------------------------------------------------------------------------------------------


def test_what_was_restored_is_told_once_and_written_once(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    copy = path.read_bytes()
    Todo2File(path).change(add("third"))
    overwrite(path, copy, "foreign")
    assert "third" in names(Todo2File(path).read())
    assert caplog.text.count("Restored what another program had overwritten") == 1
    before = path.read_bytes()
    assert "third" in names(Todo2File(path).read())
    assert caplog.text.count("Restored") == 1
    assert path.read_bytes() == before


def test_a_change_that_is_refused_restores_all_the_same(path: Path) -> None:
    copy = path.read_bytes()
    Todo2File(path).change(add("third"))
    overwrite(path, copy, "foreign")
    with pytest.raises(TaskNotFoundError):
        Todo2File(path).change(lambda editor: editor.comment("T-99", "x", kind="note"))
    assert b'"third"' in path.read_bytes()


def test_a_restored_change_that_is_overwritten_again_is_restored_again(path: Path) -> None:
    copy = path.read_bytes()
    Todo2File(path).change(add("third"))
    for name in ("foreign", "foreign again", "and again"):
        overwrite(path, copy, name)
        assert {"third", name} <= set(names(Todo2File(path).read()))


def test_what_the_other_program_decided_otherwise_is_not_brought_back_later(path: Path) -> None:
    copy = path.read_bytes()
    Todo2File(path).change(lambda editor: editor.update("T-1", {"name": "ours"}))
    rewrite(path, lambda value: value["todos"][0].update(name="theirs"), copy=copy)
    assert names(Todo2File(path).read()) == ["theirs", "second"]
    rewrite(path, lambda value: value["todos"][0].update(name="first"))
    assert names(Todo2File(path).read()) == ["first", "second"], "the name of old, and on purpose"


def test_a_deletion_by_the_other_program_stays_though_we_changed_the_task(path: Path) -> None:
    copy = path.read_bytes()
    Todo2File(path).change(lambda editor: editor.update("T-1", {"priority": "high"}))

    def delete(value: dict[str, Any]) -> None:
        del value["todos"][0]
        value["comments"] = [comment for comment in value["comments"] if comment["todoId"] != "T-1"]

    rewrite(path, delete, copy=copy)
    for _ in range(2):
        assert names(Todo2File(path).read()) == ["second"]
        rewrite(path, lambda value: value["todos"][0].update(priority="low"))
    assert names(Todo2File(path).read()) == ["second"]


# -- set back on purpose ----------------------------------------------------------------------------------------------


def written_later(path: Path) -> None:
    """Let the file be one that was written two minutes after our changes, as by a person who puts an old one back."""
    later = time.time() + 120
    os.utime(path, (later, later))


def test_a_file_that_is_set_back_and_changed_at_once_stays_set_back(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    copy = path.read_bytes()
    for name in ("third", "fourth"):
        Todo2File(path).change(add(name))
    path.write_bytes(copy)
    written_later(path)
    Todo2File(path).change(add("after"))
    assert "set back" in caplog.text
    assert names(Todo2File(path).read()) == ["first", "second", "after"]
    overwrite(path, copy, "foreign")
    assert set(names(Todo2File(path).read())) == {"first", "second", "after", "foreign"}
    assert Todo2File(path).restore() != ()
    assert {"third", "fourth"} <= set(names(Todo2File(path).read()))


def test_one_change_that_is_taken_back_is_respected_and_not_taken_for_one_never_made(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    copy = path.read_bytes()
    Todo2File(path).change(add("third"))
    path.with_name("copy").write_bytes(copy)
    path.with_name("copy").replace(path)
    written_later(path)
    assert names(Todo2File(path).read()) == ["first", "second"]
    assert "--restore" in caplog.text
    assert Todo2File(path).set_back == ("T-3 added",)


# -- files left behind ------------------------------------------------------------------------------------------------


def leave(path: Path, data: bytes, *, ending: str) -> Path:
    left = path.with_name(f".{path.name}.1-1{ending}")
    left.write_bytes(data)
    return left


def test_what_was_only_being_written_is_removed_unread(path: Path) -> None:
    before = path.read_bytes()
    left = leave(path, before.replace(b'"first"', b'"never acknowledged"'), ending=".tmp")
    assert names(Todo2File(path).read()) == ["first", "second"]
    assert not left.exists()
    assert not [kept for kept in Backups(path.parent.parent).newest_first() if kept.name.startswith("found-")]


def test_another_programs_file_that_has_no_place_any_more_is_kept_as_a_backup(path: Path) -> None:
    theirs = path.read_bytes().replace(b'"first"', b'"theirs"')
    rewrite(path, lambda value: value["todos"][0].update(name="later"))
    left = leave(path, theirs, ending=".swap")
    assert names(Todo2File(path).read()) == ["later", "second"]
    assert not left.exists()
    found = [kept for kept in Backups(path.parent.parent).newest_first() if kept.name.startswith("found-")]
    assert [kept.read_bytes() for kept in found] == [theirs]


def test_half_of_another_programs_file_is_kept_as_a_backup_and_put_nowhere(path: Path) -> None:
    half = path.read_bytes().replace(b'"first"', b'"theirs"')[:200]
    leave(path, half, ending=".swap")
    assert names(Todo2File(path).read()) == ["first", "second"]
    found = [kept for kept in Backups(path.parent.parent).newest_first() if kept.name.startswith("found-")]
    assert [kept.read_bytes() for kept in found] == [half]


# -- other programs that write at the same moment ---------------------------------------------------------------------


def test_a_change_is_made_again_on_top_of_what_was_written_in_the_same_moment(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true, times = atomic.exchanged, itertools.count()

    def exchanged(first: Path, second: Path) -> bool:
        number = next(times)
        if number in {0, 2}:  # in between, names go back
            overwrite(path, path.read_bytes(), f"foreign {number // 2}", in_place=number == 2)
        return true(first, second)

    monkeypatch.setattr(atomic, "exchanged", exchanged)
    assert Todo2File(path).change(add("third")) == "T-5"
    assert names(Todo2File(path).read()) == ["first", "second", "foreign 0", "foreign 1", "third"]


def test_a_program_that_never_stops_writing_is_named_as_the_reason(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    true, times = atomic.exchanged, itertools.count()

    def exchanged(first: Path, second: Path) -> bool:
        if next(times) % 2 == 0:  # the second time, names go back
            rewrite(path, lambda value: value.update(x=time.monotonic_ns()))
        return true(first, second)

    monkeypatch.setattr(atomic, "exchanged", exchanged)
    with pytest.raises(LockedError, match="rewrites"):
        Todo2File(path).change(add("third"))
    monkeypatch.undo()
    assert "x" in value_of(path)
    assert Todo2File(path).change(add("third"))
    assert names(Todo2File(path).read()) == ["first", "second", "third"]


def test_a_reader_never_sees_half_a_file_nor_none_while_others_write(path: Path) -> None:
    stop = threading.Event()
    wrong: list[str] = []

    def read() -> None:
        while not stop.is_set():
            try:
                value_of(path)
            except (OSError, ValueError) as error:
                wrong.append(repr(error))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(40):
        Todo2File(path).change(add(f"{number}"))
    stop.set()
    for reader in readers:
        reader.join(timeout=30)
    assert wrong == []


# -- clocks -----------------------------------------------------------------------------------------------------------


class Clock:
    """A clock that is set as the test wants; it stands still otherwise."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "time", made)
    return made


def stamps(path: Path) -> list[str]:
    return [entry.at for entry in Journal(path.parent.parent).entries() if entry.kind == "change"]


def test_changes_of_a_clock_that_stands_still_or_goes_back_a_little_have_ascending_stamps(
    path: Path, clock: Clock
) -> None:
    for number, jump in enumerate([0.0, 0.0, -0.5, -1800.0, 0.0001, 0.0, -60.0, 3000.0, -3000.0]):
        clock.now += jump
        Todo2File(path).change(add(f"{number}"))
    found = stamps(path)
    assert found == sorted(set(found))
    assert [task["created"] for task in value_of(path)["todos"]] == found
    assert value_of(path)["lastModified"] == found[-1]


@pytest.mark.parametrize("ahead", [7_200.0, 86_400.0 * 400])
def test_a_clock_that_was_far_ahead_once_does_not_put_later_stamps_there(
    path: Path, clock: Clock, ahead: float
) -> None:
    clock.now += ahead
    Todo2File(path).change(add("in the future"))
    clock.now -= ahead
    for name in ("now", "and now"):
        Todo2File(path).change(add(name))
    found = [moment(stamp) or 0.0 for stamp in stamps(path)][-3:]
    assert found[0] >= clock.now + ahead - 1
    assert clock.now - 1 < found[1] < found[2] < clock.now + 1


@pytest.mark.parametrize("stamp", ["2099-01-01T00:00:00.000Z", "soon", None, 7, "9999-12-31T23:59:59.999Z"])
def test_a_strange_stamp_in_the_file_does_not_spoil_ours(path: Path, stamp: object) -> None:
    value = value_of(path) | {"lastModified": stamp}
    path.write_text(json.dumps(value, indent=2))
    Todo2File(path).change(add("third"))
    found = moment(value_of(path)["lastModified"])
    assert found is not None
    assert abs(found - time.time()) < 60
    assert names(Todo2File(path).read()) == ["first", "second", "third"]


@pytest.mark.parametrize(
    "jumps", [(-7200, 0), (-86_400 * 30, 0), (3600 * 5, -3600 * 5), (3600 * 20, -3600 * 20), (0, -900)]
)
def test_what_was_overwritten_is_restored_though_the_clock_jumped(
    path: Path, clock: Clock, jumps: tuple[float, float]
) -> None:
    copy = path.read_bytes()
    clock.now += jumps[0]
    Todo2File(path).change(add("before the jump"))
    clock.now += jumps[1]
    Todo2File(path).change(add("after the jump"))
    overwrite(path, copy, "foreign")
    assert set(names(Todo2File(path).read())) == {"first", "second", "before the jump", "after the jump", "foreign"}


def test_the_journal_says_of_a_read_that_found_nothing_lost_that_it_was_looked_at(path: Path) -> None:
    rewrite(path, lambda value: value.update(x=1))
    Todo2File(path).read()
    assert kinds(path) == ["change", "change", "seen"]
    Todo2File(path).read()
    assert kinds(path) == ["change", "change", "seen"]
