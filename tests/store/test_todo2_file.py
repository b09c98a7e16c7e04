import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from prentice.errors import (
    DamagedFileError,
    FileRefusedError,
    LockedError,
    NoProjectError,
    PrenticeError,
    TaskNotFoundError,
    WriteFailedError,
)
from prentice.store.todo2_file import FILE_NAME, Todo2File, timestamp
from prentice.tasks.edits import Draft, Editor
from prentice.tasks.todo2 import new_state

NOW = "2026-01-02T03:04:05.678Z"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / ".todo2" / FILE_NAME
    found.parent.mkdir()
    found.write_bytes(new_state(NOW))
    return found


def add(name: str) -> Callable[[Editor], str]:
    return lambda editor: editor.create(Draft(name=name))


def leavings(path: Path) -> set[str]:
    """Give what stands beside the file and its lock."""
    return {other.name for other in path.parent.iterdir()} - {path.name, path.name + ".lock"}


def run(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_a_change_is_written_and_read_again(path: Path) -> None:
    file = Todo2File(path)
    assert file.change(add("first")) == "T-1"
    assert file.change(add("second")) == "T-2"
    assert [task.name for task in file.read().tasks.values()] == ["first", "second"]
    assert leavings(path) == set()


def test_a_change_that_changes_nothing_does_not_touch_the_file(path: Path) -> None:
    Todo2File(path).change(add("first"))
    before = path.stat()
    Todo2File(path).change(lambda editor: editor.update("T-1", {"name": "first"}))
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_change_that_fails_leaves_the_file_as_it_was(path: Path) -> None:
    before = path.read_bytes()

    def edit(editor: Editor) -> None:
        editor.create(Draft(name="half"))
        editor.comment("T-99", "x", kind="note")

    with pytest.raises(TaskNotFoundError):
        Todo2File(path).change(edit)
    assert path.read_bytes() == before
    Todo2File(path, wait=0).change(add("the lock is free again"))


ADDING = """
import sys
from pathlib import Path
from prentice.store.todo2_file import Todo2File
from prentice.tasks.edits import Draft
file = Todo2File(Path(sys.argv[1]), wait=60)
for number in range(10):
    file.change(lambda editor: editor.create(Draft(name=f"{sys.argv[2]}-{number}")))
"""


def test_eight_writers_at_once_lose_nothing_to_each_other(path: Path) -> None:
    writers = [run(ADDING, str(path), str(number)) for number in range(8)]
    for writer in writers:
        writer.communicate(timeout=120)
        assert writer.returncode == 0
    value = json.loads(path.read_bytes())
    assert {task["name"] for task in value["todos"]} == {f"{w}-{n}" for w in range(8) for n in range(10)}
    assert len({task["id"] for task in value["todos"]}) == 80
    assert value["nextTaskNumber"] == 81
    assert leavings(path) == set()


HOLDING = """
import sys
from pathlib import Path
from prentice.store.lock import locked
with locked(Path(sys.argv[1]), wait=10):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_lock_held_elsewhere_is_reported_within_the_wait_and_names_its_holder(path: Path) -> None:
    before = path.read_bytes()
    with run(HOLDING, str(path)) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockedError, match=f"{holder.pid}"):
            Todo2File(path, wait=0.2).change(add("x"))
        assert path.read_bytes() == before
        assert Todo2File(path).read().tasks == {}, "reading needs no lock"
        holder.communicate("go\n", timeout=30)
    assert Todo2File(path, wait=0).change(add("x")) == "T-1"


def test_the_lock_of_a_killed_process_is_free_at_once(path: Path) -> None:
    with run(HOLDING, str(path)) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.kill()
        holder.wait(timeout=30)
        assert Todo2File(path, wait=0).change(add("x")) == "T-1"


INHERITING = """
import os, sys
from pathlib import Path
from prentice.store.lock import locked
with locked(Path(sys.argv[1]), wait=10):
    if os.fork() == 0:
        print("held", flush=True)
        sys.stdin.readline()
        os._exit(0)
    os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="processes are forked on Unix alone")
def test_a_lock_whose_holder_is_gone_but_left_a_child_says_how_to_find_it(path: Path) -> None:
    with run(INHERITING, str(path)) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.wait(timeout=30)
        with pytest.raises(LockedError, match="gone; one that it started") as caught:
            Todo2File(path, wait=0.1).change(add("x"))
        assert "fuser" in caught.value.next_step
        holder.communicate("go\n", timeout=30)


@pytest.mark.parametrize(
    "left", ['{"pid": 1, "host": "elsewhere", "since": "2026-01-01T00:00:00.000Z"}', "rubbish", ""]
)
def test_what_a_lock_file_says_does_not_lock_anything(path: Path, left: str) -> None:
    path.with_name(path.name + ".lock").write_text(left)
    assert Todo2File(path, wait=0).change(add("x")) == "T-1"


def test_a_holder_on_another_machine_is_named_with_its_machine(path: Path) -> None:
    with run(HOLDING, str(path)) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        path.with_name(path.name + ".lock").write_text('{"pid": 4711, "host": "elsewhere", "since": "then"}')
        with pytest.raises(LockedError, match="process 4711 on elsewhere, since then"):
            Todo2File(path, wait=0.1).change(add("x"))
        holder.communicate("go\n", timeout=30)


# -- files that are refused -------------------------------------------------------------------------------------------


def refused(path: Path, error: type[PrenticeError], words: str) -> PrenticeError:
    """Check that a change is refused and leaves everything beside the file as it was."""
    with pytest.raises(error, match=words) as caught:
        Todo2File(path, max_bytes=100_000, wait=0.1).change(add("x"))
    assert type(caught.value) is error
    assert caught.value.next_step
    assert leavings(path) <= {"real.json"}
    return caught.value


def test_a_link_is_refused_and_its_target_kept(path: Path) -> None:
    real = path.with_name("real.json")
    path.rename(real)
    path.symlink_to(real)
    before = real.read_bytes()
    refused(path, FileRefusedError, "symbolic link to .*real.json")
    assert path.is_symlink()
    assert real.read_bytes() == before
    with pytest.raises(FileRefusedError):
        Todo2File(path).read()


def test_a_read_only_file_is_refused_even_to_root_and_can_be_read(path: Path) -> None:
    path.chmod(0o444)
    before = path.read_bytes()
    assert "chmod u+w" in refused(path, FileRefusedError, "read-only").next_step
    assert path.read_bytes() == before
    assert Todo2File(path).read().tasks == {}


def test_a_file_beyond_the_limit_is_refused_with_the_setting_that_raises_it(path: Path) -> None:
    path.write_bytes(new_state(NOW) + b" " * 200_000)
    assert "tasks.max_file_mb" in refused(path, FileRefusedError, "more than the").next_step


def test_a_missing_file_is_answered_with_init(path: Path) -> None:
    path.unlink()
    assert "prentice init" in refused(path, NoProjectError, "no Todo2 file").next_step
    assert not path.exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_no_file_is_refused_and_not_waited_for(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)
    refused(path, FileRefusedError, "not a file")
    path.unlink()
    path.mkdir()
    refused(path, FileRefusedError, "not a file")


BAD = {
    "empty": b"", "list": b"[]", "prose": b"hello", "truncated": new_state(NOW)[:30],
    "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
    "conflict": b"{\n<<<<<<< HEAD\n=======\n>>>>>>> x\n}", "latin-1": b'{"todos": ["\xe9"]}',
    "deep": b'{"todos": ' + b"[" * 40_000 + b"]" * 40_000 + b"}",
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_damaged_file_is_refused_and_kept(path: Path, name: str) -> None:
    path.write_bytes(BAD[name])
    refused(path, DamagedFileError, "Nothing was changed")
    assert path.read_bytes() == BAD[name]
    with pytest.raises(DamagedFileError):
        Todo2File(path).read()


AS_WHO_MAY_NOT = """
import os, sys
from pathlib import Path
from prentice.errors import PrenticeError
from prentice.store import session  # before the rights go: they may be needed to read the program
from prentice.store.todo2_file import Todo2File
if os.geteuid() == 0:  # root may do everything; nobody may not
    os.setgid(65534)
    os.setuid(65534)
try:
    Todo2File(Path(sys.argv[1])).change(lambda editor: editor.update("T-1", {"name": "other"}))
except PrenticeError as error:
    print(error.code)
"""


def test_who_may_not_write_here_gets_a_typed_error(tmp_path: Path, path: Path) -> None:
    for directory in (tmp_path, *tmp_path.parents):
        if not directory.stat().st_mode & 0o001:
            directory.chmod(directory.stat().st_mode | 0o001)
    Todo2File(path).change(add("x"))
    before = path.read_bytes()
    path.parent.chmod(0o555)
    try:
        with run(AS_WHO_MAY_NOT, str(path)) as other:
            assert other.communicate(timeout=30)[0] == "write_failed\n"
    finally:
        path.parent.chmod(0o755)
    assert path.read_bytes() == before


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="this system cannot refuse to follow a link")
def test_a_link_under_the_locks_name_is_not_followed_and_its_target_not_emptied(path: Path, tmp_path: Path) -> None:
    treasure = tmp_path / "treasure"
    treasure.write_text("mine")
    path.with_name(FILE_NAME + ".lock").symlink_to(treasure)
    with pytest.raises(WriteFailedError, match="lock file"):
        Todo2File(path).change(add("x"))
    assert treasure.read_text() == "mine"


FULL = """
import resource, signal, sys
from pathlib import Path
from prentice.errors import PrenticeError
from prentice.store.todo2_file import Todo2File
from prentice.tasks.edits import Draft
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
try:
    Todo2File(Path(sys.argv[1])).change(lambda editor: editor.create(Draft(name="x" * 20_000)))
except PrenticeError as error:
    print(error.code)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are those of Unix")
def test_a_disk_that_takes_no_more_is_a_typed_error_and_leaves_the_old_file_alone(path: Path) -> None:
    before = path.read_bytes()
    with run(FULL, str(path)) as writer:
        assert writer.communicate(timeout=30)[0] == "write_failed\n"
    assert path.read_bytes() == before
    assert leavings(path) == set()
    assert Todo2File(path, wait=0).change(add("x")) == "T-1"


def test_the_time_is_written_as_todo2_writes_it() -> None:
    stamp = timestamp()
    assert len(stamp) == len(NOW)
    assert stamp[10] == "T"
    assert stamp.endswith("Z")
