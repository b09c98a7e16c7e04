"""What stands at a path of the user's tree, and making it something else only if it still is what it was."""

import contextlib
import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prentice.store import atomic
from prentice.store.atomic import flush_directory
from prentice.workspace.tree import content_of

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)

_UNFINISHED: Final = 0o600


class ForeignError(Exception):
    """The path holds something else than was expected; nothing was changed there."""


@dataclass(frozen=True, slots=True)
class State:
    """A regular file: its bytes and its permissions (the lower twelve bits of its mode)."""

    content: bytes
    permissions: int

    @classmethod
    def of(cls, path: Path) -> "State | None":
        """Give what stands at a path, None for nothing.

        Raises:
            OSError: there is something else than a regular file, or it cannot be read.
        """
        try:
            status = path.lstat()
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        return cls(content_of(path, most=-1), stat.S_IMODE(status.st_mode))


def put(path: Path, *, expected: State | None, wanted: State | None, aside: Path) -> None:
    """Make a path hold what is wanted, if it holds what is expected.

    `aside` is a free name in the same directory. New bytes are flushed there first, and change places with the old ones
    in one step of the system; when something else comes out than was expected, because an editor saved just then, it
    goes back.

    Raises:
        ForeignError: the path holds something else.
        OSError: the system refused.
    """
    if State.of(path) != expected:
        raise ForeignError(str(path))
    if wanted is None:
        path.replace(aside)
    else:
        _write(aside, wanted, like=path if expected else None)
        if expected is None:
            _add(aside, path)
            return
        if not atomic.exchanged(aside, path):
            aside.replace(path)
            flush_directory(path.parent)
            return
    if State.of(aside) != expected:
        _give_back(path, aside)
        raise ForeignError(str(path))
    aside.unlink()
    flush_directory(path.parent)


def settle(path: Path, *, aside: Path, known: tuple[State | None, ...]) -> None:
    """Clear away what a killed `put` left aside; bytes that are not known are somebody's, and go back to the path.

    Raises:
        OSError: the system refused.
    """
    try:
        held = State.of(aside)
    except OSError:
        return
    if held is None:
        return
    is_partial = held.permissions == _UNFINISHED and any(
        state and state.content.startswith(held.content) for state in known
    )
    if held in known or is_partial:
        aside.unlink()
    else:
        _give_back(path, aside)


def _add(aside: Path, path: Path) -> None:
    """Give the new file its name, never in the place of another."""
    try:
        os.link(aside, path, follow_symlinks=False)
    except FileExistsError as error:
        aside.unlink()
        raise ForeignError(str(path)) from error
    except OSError:  # a file system without links
        if os.path.lexists(path):
            aside.unlink()
            raise ForeignError(str(path)) from None
        aside.replace(path)
    else:
        aside.unlink()
    flush_directory(path.parent)


def _give_back(path: Path, aside: Path) -> None:
    if path.exists() and atomic.exchanged(aside, path):
        aside.unlink()
    else:
        aside.replace(path)
    flush_directory(path.parent)


def _write(aside: Path, wanted: State, *, like: Path | None) -> None:
    aside.unlink(missing_ok=True)
    descriptor = os.open(aside, _NEW, _UNFINISHED)
    try:
        rest = memoryview(wanted.content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        if like is not None:
            _belong(aside, like)
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, wanted.permissions)
        os.fsync(descriptor)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _belong(aside: Path, like: Path) -> None:
    """Let the new file belong to whom the old one does, with its extended attributes, as far as we may."""
    status, own = like.stat(), aside.stat()
    with contextlib.suppress(OSError, AttributeError):
        if (status.st_uid, status.st_gid) != (own.st_uid, own.st_gid):
            os.chown(aside, status.st_uid, status.st_gid)
    with contextlib.suppress(OSError, AttributeError):
        for name in os.listxattr(like):
            os.setxattr(aside, name, os.getxattr(like, name))
