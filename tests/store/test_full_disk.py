"""A disk that is full, over its quota or broken at each call that a write makes."""

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from prentice.errors import WriteFailedError
from prentice.store.content import digest
from prentice.store.journal import Journal
from prentice.store.todo2_file import FILE_NAME, Todo2File
from prentice.tasks.edits import Draft
from store.faults import Fault, Faults, full_after_half, refused_with, written_in_part
from store.scenarios import SCENARIOS, add, names, overwrite, the_next_change_works

FAULTS: dict[str, tuple[Fault, bool]] = {
    "the disk is full once": (refused_with(errno.ENOSPC), False),
    "the disk runs full": (full_after_half, True),
    "the quota is used up": (refused_with(errno.EDQUOT), True),
    "the disk fails once": (refused_with(errno.EIO), False),
    "the disk is broken": (refused_with(errno.EIO), True),
}
"""How a call fails, and whether those after it fail as well."""
WITHOUT_OTHERS = [name for name, scenario in SCENARIOS.items() if scenario.meanwhile is None]


@pytest.fixture(autouse=True)
def _without_flushing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)


def attempts(name: str, directory: Path, fault: Fault, *, for_ever: bool) -> Iterator[tuple[Path, bytes, bool]]:
    """Act with a fault at each call in turn; give the file, its bytes before, and whether it was acknowledged."""
    may_be_cut = fault is not FAULTS["the disk is broken"][0]
    scenario = SCENARIOS[name]
    for at in range(1, 200):
        path = directory / str(at) / ".todo2" / FILE_NAME
        path.parent.mkdir(parents=True)
        scenario.prepare(path)
        before = path.read_bytes()
        lines = entries(path)
        with Faults(fault, at=at, for_ever=for_ever) as faults:
            was_acknowledged = not refused(lambda: scenario.act(path))  # noqa: B023 - called at once
        if not faults.met:
            assert at > scenario.least
            return
        if not was_acknowledged:
            assert entries(path)[: len(lines)] == lines
            if may_be_cut:
                assert "change" not in entries(path)[len(lines) :], "a line tells of what did not happen"
        yield path, before, was_acknowledged
    raise AssertionError("it never ended")


def refused(act: Callable[[], object]) -> bool:
    """Whether an act is refused as it may be: because the file could not be written, and with a next step."""
    try:
        act()
    except WriteFailedError as error:
        return bool(error.next_step)
    return False


def entries(path: Path) -> list[str]:
    return [entry.kind for entry in Journal(path.parent.parent).entries()]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", WITHOUT_OTHERS)
def test_a_disk_that_refuses_any_call_of_a_write_leaves_the_old_file_or_the_acknowledged_new_one(
    directory: Path, name: str, fault: str
) -> None:
    how, for_ever = FAULTS[fault]
    for path, before, was_acknowledged in attempts(name, directory, how, for_ever=for_ever):
        found = path.read_bytes()
        last = Journal(path.parent.parent).tail()
        is_new = last is not None and digest(found) == last.after
        assert is_new if was_acknowledged and b'"mine"' in found else found == before or b'"foreign"' in found
        present = names(Todo2File(path).read())
        expected = SCENARIOS[name].acknowledged | ({"mine"} if was_acknowledged and b'"mine"' in found else set())
        assert expected <= set(present)
        the_next_change_works(path, present)


@pytest.mark.parametrize("name", WITHOUT_OTHERS)
def test_bytes_that_the_system_takes_in_parts_are_all_written(directory: Path, name: str) -> None:
    path, _, was_acknowledged = next(attempts(name, directory, written_in_part, for_ever=True))
    assert was_acknowledged
    the_next_change_works(path, names(Todo2File(path).read()))


# -- a disk that is really full ---------------------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """Give a file system of 256 kB."""
    place = tmp_path / "small"
    place.mkdir()
    mount = shutil.which("mount")
    if not sys.platform.startswith("linux") or os.geteuid() or mount is None:
        pytest.skip("only root on Linux may mount a small file system")
    command = [mount, "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_really_full_refuses_changes_until_there_is_space_and_keeps_all_there_was(small: Path) -> None:
    path = small / ".todo2" / FILE_NAME
    path.parent.mkdir()
    SCENARIOS["a change"].prepare(path)
    (small / "ballast").write_bytes(b"x" * 60_000)
    file, done = Todo2File(path), 2
    draft = Draft(name="more", description="x" * 3_000)
    while done < 1000 and not refused(lambda: file.change(lambda editor: editor.create(draft))):
        done += 1
    assert 2 < done < 1000
    assert len(file.read().tasks) == len(json.loads(path.read_bytes())["todos"]) == done
    assert {other.name for other in path.parent.iterdir()} == {FILE_NAME, FILE_NAME + ".lock"}
    (small / "ballast").unlink()
    file.change(lambda editor: editor.comment("T-1", "there is space again", kind="note"))


def test_what_was_overwritten_is_shown_though_the_disk_is_too_full_to_restore_it(tmp_path: Path) -> None:
    path = tmp_path / ".todo2" / FILE_NAME
    path.parent.mkdir()
    SCENARIOS["a change"].prepare(path)
    copy = path.read_bytes()
    Todo2File(path).change(add("third"))
    overwrite(path, copy, "foreign")
    before = path.read_bytes()
    with Faults(refused_with(errno.ENOSPC), at=1, for_ever=True):
        assert names(Todo2File(path).read()) == ["first", "second", "foreign", "third"]
    assert path.read_bytes() == before
    assert names(Todo2File(path).read()) == ["first", "second", "foreign", "third"]
    assert b'"third"' in path.read_bytes()
