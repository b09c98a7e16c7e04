"""A directory of files, read and written as a change sees it: bytes and git modes, links never followed."""

import os
import stat
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from prentice.changes.files import EXECUTABLE, LINK, REGULAR, SUBMODULE, File
from prentice.errors import WorktreeError

_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_NO_WAIT: Final = getattr(os, "O_NONBLOCK", 0)
"""A pipe under a file's name would be waited for."""
MAX_BYTES: Final = 64_000_000
"""A larger file is no text that a change could concern, and is not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """The files below a directory: a `Snapshot` of `prentice.changes`. `on_write` is called before each writing."""

    root: Path
    listed: frozenset[str] = frozenset()
    submodules: frozenset[str] = frozenset()
    on_write: Callable[[], object] = field(default=lambda: None, compare=False, repr=False)

    def paths(self) -> Collection[str]:
        """Give every path that was listed."""
        return self.listed

    def read(self, path: str) -> File | None:
        """Give what stands at a path: a file, a link or a submodule; None for nothing, and for what is none of these.

        A path through a link gives None, as there is nothing of the project behind it.
        """
        if path in self.submodules:
            return File(content=b"", mode=SUBMODULE)
        if way_problem(self.root, path):
            return None
        return file_at(self.root / path)

    def write(self, path: str, file: File | None) -> None:
        """Make a path read like this, or be absent.

        Raises:
            WorktreeError: a link or a file stands in the way, or the disk refused.
        """
        if problem := way_problem(self.root, path):
            raise WorktreeError(f"{path} cannot be written: {problem}.", next_step="Leave this file out of the change.")
        target = self.root / path
        self.on_write()
        try:
            if target.is_dir() and not target.is_symlink():
                raise IsADirectoryError(21, "there is a directory of this name")
            target.unlink(missing_ok=True)
            if file is not None:
                target.parent.mkdir(parents=True, exist_ok=True)
                _write(target, file)
        except OSError as error:
            raise WorktreeError(
                f"{path} cannot be written in the worktree: {error.strerror or error}.",
                next_step="Free disk space, then run it again.",
            ) from error


def way_problem(root: Path, path: str) -> str | None:
    """Say what is wrong with the way to a path: it leaves the root, or goes through a link or a file."""
    parts = path.split("/")
    if path.startswith("/") or "\0" in path or ".." in parts or ".git" in (part.lower() for part in parts):
        return "the path leaves the project"
    here = root
    for part in parts[:-1]:
        here = here / part
        try:
            mode = here.lstat().st_mode
        except FileNotFoundError:
            return None
        except OSError as error:
            return error.strerror or str(error)
        if stat.S_ISLNK(mode):
            return f"{here.relative_to(root).as_posix()} is a link"
        if not stat.S_ISDIR(mode):
            return f"{here.relative_to(root).as_posix()} is no directory"
    return None


def file_at(path: Path) -> File | None:
    """Give the file or link at a path; None for nothing, a directory, a device, and more than MAX_BYTES."""
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            return File(content=os.fsencode(path.readlink()), mode=LINK)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_BYTES:
            return None
        return File(content=content_of(path), mode=git_mode(status))
    except OSError:
        return None


def content_of(path: Path, *, most: int = MAX_BYTES) -> bytes:
    """Read a regular file, no link, at most so many bytes.

    Raises:
        OSError: there is none, or it cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | _NO_LINK | _NO_WAIT)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(22, "this is no regular file", str(path))
        return file.read(most)


def git_mode(status: os.stat_result) -> int:
    """Give a regular file's mode as git writes it."""
    return EXECUTABLE if status.st_mode & stat.S_IXUSR else REGULAR


def _write(target: Path, file: File) -> None:
    if file.mode == LINK:
        target.symlink_to(os.fsdecode(file.content))
        return
    if not file.is_regular:
        return
    mode = 0o777 if file.mode == EXECUTABLE else 0o666
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK, mode)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(file.content)
