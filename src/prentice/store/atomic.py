"""Replacing a file whole: a reader, or a crash, sees the old bytes or the new ones, never a mixture."""

import contextlib
import os
import stat
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from prentice.errors import WriteFailedError
from prentice.store.content import Signature

_RENAME_EXCHANGE: Final = 2
"""`RENAME_EXCHANGE` of renameat2(2), and `RENAME_SWAP` of Darwin's renamex_np(2)."""
_AT_FDCWD: Final = -100
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def replace_file(path: Path, data: bytes) -> None:
    """Write the bytes to a temporary file beside `path`, flush them to the disk, and rename it over `path`.

    The mode of an existing file is kept. The temporary file is made anew, so that a link left under its name is not
    followed, and never outlives the call.

    Raises:
        WriteFailedError: the operating system refused (full disk, no permission); the old file is as it was.
    """
    with Aside.write(path, data) as aside:
        aside.replace()


@dataclass(frozen=True, slots=True)
class Aside:
    """New bytes for a file, flushed to the disk under a temporary name beside it. Leaving the context removes them."""

    target: Path
    path: Path
    signature: Signature

    @classmethod
    def write(cls, target: Path, data: bytes) -> Self:
        """Write the bytes.

        Raises:
            WriteFailedError: the operating system refused.
        """
        path = target.with_name(f".{target.name}.{os.getpid()}-{threading.get_ident()}.tmp")
        try:
            path.unlink(missing_ok=True)
            _write_new(path, data)
            if target.exists():
                path.chmod(stat.S_IMODE(target.stat().st_mode))
            return cls(target, path, Signature.of(path))
        except OSError as error:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            raise refused(target, error) from error

    def replace(self) -> None:
        """Rename the new file over the old one, and make that durable.

        Raises:
            WriteFailedError: the operating system refused; the old file is as it was.
        """
        try:
            self.path.replace(self.target)
        except OSError as error:
            raise refused(self.target, error) from error
        flush_directory(self.target.parent)

    def exchange(self) -> bool:
        """Let the new and the old file change places in one step, durably; False where no system call can.

        What was under the target's name until that very moment then stands under the temporary one.

        Raises:
            WriteFailedError: the operating system refused; the old file is as it was.
        """
        if not _exchanged(self.path, self.target):
            return False
        flush_directory(self.target.parent)
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)


def asides(target: Path) -> list[Path]:
    """Give the files that `Aside.write` made for a target and that are still there."""
    try:
        return [path for path in target.parent.iterdir() if _is_aside(path.name, target=target)]
    except OSError:
        return []


def refused(path: Path, error: OSError) -> WriteFailedError:
    """Make the error for a file that could not be written."""
    return WriteFailedError(
        f"{path} could not be written: {error.strerror or error}. It is as it was before.",
        next_step="Free disk space or mend the permissions, then run the command again.",
    )


def flush_directory(directory: Path) -> None:
    """Make renames in a directory durable, where the system and the file system can."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):  # the new file stands; some file systems cannot flush a directory
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _is_aside(name: str, *, target: Path) -> bool:
    return name.startswith(f".{target.name}.") and name.endswith(".tmp")


def _write_new(path: Path, data: bytes) -> None:
    """Write a file that does not exist yet, and flush it to the disk."""
    descriptor = os.open(path, _NEW, 0o666)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _exchanged(first: Path, second: Path) -> bool:
    """Exchange two names by the system's own call (Linux, macOS); False where it does not exist or does not work."""
    import ctypes  # noqa: PLC0415 - only writers need it

    library = ctypes.CDLL(None) if os.name == "posix" else None
    try:
        if sys.platform == "darwin":
            return bool(library.renamex_np(os.fsencode(first), os.fsencode(second), _RENAME_EXCHANGE) == 0)  # type: ignore[union-attr]
        call = library.renameat2  # type: ignore[union-attr]  # no library, no attribute: the system has no such call
        return bool(call(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE) == 0)
    except AttributeError:
        return False
