"""Holding off whoever opens a file, for the moment in which it is decided whether the file stays (Linux leases)."""

import contextlib
import os
import signal
from pathlib import Path
from typing import Self

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


class Lease:
    """A write lease on a file (fcntl(2), F_SETLEASE): whoever opens the file waits until the lease ends.

    Where the system has no leases nobody waits, and everything else is the same.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor: int | None = None
        if os.name != "nt":  # there, a file that is open cannot be renamed
            with contextlib.suppress(OSError):
                self._descriptor = os.open(path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))

    def __enter__(self) -> Self:
        if self._descriptor is not None and hasattr(fcntl, "F_SETLEASE"):
            with contextlib.suppress(OSError):  # a file system without leases
                # The default signal to a holder, SIGIO, would end the process; this one is ignored unless asked for.
                fcntl.fcntl(self._descriptor, fcntl.F_SETSIG, signal.SIGURG)
                fcntl.fcntl(self._descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        return self

    def fill(self, data: bytes) -> None:
        """Give whoever waits these bytes to read instead of the file's own."""
        if self._descriptor is None:
            return
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, data, 0)

    def __exit__(self, *_: object) -> None:
        if self._descriptor is not None:
            with contextlib.suppress(OSError):  # what was decided stands
                os.close(self._descriptor)
