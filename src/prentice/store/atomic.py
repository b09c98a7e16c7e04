"""Replacing a file whole: a reader, or a crash, sees the old bytes or the new ones, never a mixture."""

import contextlib
import os
import stat
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Self

from prentice.errors import WriteFailedError
from prentice.store.content import Signature
from prentice.store.lease import Lease

_RENAME_EXCHANGE: Final = 2
"""`RENAME_EXCHANGE` of renameat2(2), and `RENAME_SWAP` of Darwin's renamex_np(2)."""
_AT_FDCWD: Final = -100
SWAP: Final = ".swap"
"""How the name of a file ends that is changing places with its target: it may hold what another program wrote."""
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
    """New bytes for a file, flushed to the disk under a temporary name beside it. Leaving the context removes them.

    The name ends in `.tmp` while the bytes are nobody's but ours, and in `.swap` from before the exchange until it is
    known what came out of it: whoever finds a file of that name after a crash has to look into it.
    """

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
            _remove(path)
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

    def put(self, *, expected: Signature) -> bool:
        """Put the new file in the old one's place, if that is still as expected; else False, and nothing done.

        Both change places in one step of the operating system. If another program wrote between the last look and that
        step, what it wrote has come out under the temporary name, and goes back at once; who opens the file meanwhile
        waits for it. `flush_directory` makes it durable, which need not keep others waiting.

        Raises:
            WriteFailedError: the operating system refused; the old file is as it was.
        """
        exchange_call()
        swap = self._swap
        try:
            self.path.replace(swap)
            is_put = self._is_put(swap, expected=expected)
        except OSError as error:
            raise refused(self.target, error) from error
        _remove(swap)
        return is_put

    @property
    def is_in_place(self) -> bool:
        """Whether the new bytes stand under the target's name."""
        return _signature(self.target) == self.signature

    @property
    def _swap(self) -> Path:
        return self.path.with_suffix(SWAP)

    def _is_put(self, swap: Path, *, expected: Signature) -> bool:
        with Lease(swap) as lease:
            if _signature(self.target) != expected:
                return False
            if not exchanged(swap, self.target):
                swap.replace(self.target)
            elif _signature(swap) != expected:
                self._take_back(swap, lease)
                return False
        return True

    def _take_back(self, swap: Path, lease: Lease) -> None:
        put_there: set[Signature | None] = {self.signature}
        while (held := _signature(swap)) not in put_there:  # what came out last is what has to stand there
            put_there.add(held)
            if not exchanged(swap, self.target):
                swap.replace(self.target)
        with contextlib.suppress(OSError):
            lease.fill(self.target.read_bytes())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _remove(self.path)
        if _signature(self._swap) == self.signature:  # anything else is another program's
            _remove(self._swap)


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


def _signature(path: Path) -> Signature | None:
    try:
        return Signature.of(path)
    except OSError:
        return None


def _is_aside(name: str, *, target: Path) -> bool:
    return name.startswith(f".{target.name}.") and name.endswith((".tmp", SWAP))


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):  # what is left is cleared away by the next who has the lock
        path.unlink(missing_ok=True)


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


def exchanged(first: Path, second: Path) -> bool:
    """Exchange two names by the system's own call (Linux, macOS); False where it does not exist or does not work."""
    call = exchange_call()
    return call is not None and call(os.fsencode(first), os.fsencode(second)) == 0


@cache
def exchange_call() -> Callable[[bytes, bytes], int] | None:
    """Find the system call, ahead of the moment that counts."""
    import ctypes  # noqa: PLC0415 - only writers need it

    if os.name != "posix":
        return None
    library = ctypes.CDLL(None)
    if renamex_np := getattr(library, "renamex_np", None):
        return lambda first, second: int(renamex_np(first, second, _RENAME_EXCHANGE))
    if renameat2 := getattr(library, "renameat2", None):
        return lambda first, second: int(renameat2(_AT_FDCWD, first, _AT_FDCWD, second, _RENAME_EXCHANGE))
    return None
