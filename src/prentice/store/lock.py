"""One writer at a time: an advisory lock that the operating system drops when its holder dies.

The lock file stands beside the Todo2 file under the name that other tools for it use. It guards Prentice's processes
and those tools; the editor extension takes no lock.
"""

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from prentice.errors import LockedError, WriteFailedError
from prentice.tasks.moments import spelled

_POLL_SECONDS = 0.005
_SAFELY = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
"""A link under the lock's name, as a cloned repository can bring one, is not followed: its target would be emptied."""


@contextlib.contextmanager
def locked(path: Path, *, wait: float) -> Iterator[None]:
    """Hold the lock on a path for the body; `wait` is the most seconds to wait for another holder.

    Raises:
        LockedError: another process still holds it after the wait; the sentence names it.
        WriteFailedError: the lock file cannot be made.
    """
    lock_path = path.with_name(path.name + ".lock")
    try:
        descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT | _SAFELY, 0o644)
    except OSError as error:
        raise WriteFailedError(
            f"The lock file {lock_path} cannot be made: {error.strerror}.",
            next_step=f"Make {path.parent} writable for this user.",
        ) from error
    try:
        _acquire(descriptor, lock_path, wait=wait)
        try:
            yield
        finally:
            _release(descriptor)
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, *, wait: float) -> None:
    deadline = time.monotonic() + wait
    while not _try_lock(descriptor, path):
        if time.monotonic() >= deadline:
            raise _locked(path, wait=wait)
        time.sleep(_POLL_SECONDS)
    owner = json.dumps({"pid": os.getpid(), "host": _host(), "since": spelled(time.time())})
    with contextlib.suppress(OSError):  # the name of the holder is a help to people, not part of the lock
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, owner.encode())


@dataclass(frozen=True, slots=True)
class Owner:
    """Who took a lock last, as it wrote down itself; `since` is a time in Todo2's spelling."""

    pid: int
    host: str
    since: str

    @property
    def is_elsewhere(self) -> bool:
        """Whether the owner runs on another machine, so far as the machines' names tell."""
        return self.host not in {"", _host()}

    @property
    def is_gone(self) -> bool:
        """Whether the owner ran on this machine and does not any more."""
        if self.is_elsewhere or os.name == "nt":  # there, asking for a process would end it
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):
            return False
        return False


def _host() -> str:
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")


def owner_of(path: Path) -> Owner | None:
    """Give who took the lock on a path last, None where nobody wrote that down."""
    try:
        found = json.loads(path.with_name(path.name + ".lock").read_text(encoding="utf-8"))
        return Owner(int(found["pid"]), str(found["host"]), str(found.get("since", "")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _locked(lock_path: Path, *, wait: float) -> LockedError:
    owner = owner_of(lock_path.with_name(lock_path.name.removesuffix(".lock")))
    if owner is None:
        return LockedError(
            f"Another process is writing the Todo2 file for more than {wait:g} s.",
            next_step="Try again, or end that process if it hangs.",
        )
    who = f"process {owner.pid}{f' on {owner.host}' if owner.is_elsewhere else ''}, since {owner.since or 'a while'}"
    if owner.is_gone:
        return LockedError(
            f"The Todo2 file is locked ({who}). That process is gone; one that it started holds the lock, or another.",
            next_step=f"Find it with `fuser {lock_path}`, and end it if it hangs.",
        )
    return LockedError(
        f"Another process is writing the Todo2 file for more than {wait:g} s ({who}).",
        next_step=f"Try again, or end that process{' there' if owner.is_elsewhere else ''} if it hangs.",
    )


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int, _path: Path) -> bool:
        os.lseek(descriptor, 0, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _release(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(descriptor: int, path: Path) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            raise WriteFailedError(
                f"{path} cannot be locked: {error.strerror}.",
                next_step="Keep the project on a file system that knows locks.",
            ) from error
        return True

    def _release(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
