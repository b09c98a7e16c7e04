"""What the processes of a command take, and how all of them are ended."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

_PAGE: Final = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_MARK: Final = "PRENTICE_CHECK"
"""A variable that every process of one command inherits: by it those are found that left its process group."""
_SECONDS: Final = 10.0


class Taken(NamedTuple):
    """How many processes there are, and the bytes of memory that are theirs alone."""

    processes: int
    memory: int


class Namespace:
    """The processes in a process namespace of Linux, by its first one; when that ends, the kernel ends all others."""

    def __init__(self, first: int, *, told: int) -> None:
        self._first = first
        self._handle = os.pidfd_open(first)
        self._told = told  # the sandbox tells of its end too, and dies if nobody could hear it

    def taken(self, *, most: int) -> Taken:
        """Measure all processes; what has just ended counts nothing. Of more than `most`, only the number is found."""
        inside = Path(f"/proc/{self._first}/root/proc")
        names: list[str] = []
        with contextlib.suppress(OSError):
            if inside.stat().st_dev != Path("/proc").stat().st_dev:  # else the sandbox is still being set up
                names = [name for name in os.listdir(inside) if name.isdecimal()]  # noqa: PTH208 - names are enough
        memory = 0
        for name in names if len(names) <= most else ():
            with contextlib.suppress(OSError, ValueError):
                _, resident, shared, *_ = (inside / name / "statm").read_text(encoding="ascii").split()
                memory += (int(resident) - int(shared)) * _PAGE
        return Taken(len(names), memory)

    def end(self) -> None:
        """End every process, and wait until none is left."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        select.select([self._handle], [], [], _SECONDS)

    def close(self) -> None:
        """Let go of the namespace."""
        os.close(self._handle)
        os.close(self._told)


class Group:
    """The processes of a command without a namespace: its process group, and those that bear its mark."""

    def __init__(self, first: int, *, mark: str) -> None:
        self._first = first
        self._mark = f"{_MARK}={mark}"

    def taken(self, *, most: int) -> Taken:
        """Measure the process group by `ps`, which every system has."""
        del most
        count = memory = 0
        for line in _ps("-axo", "pgid=,rss="):
            fields = line.split()
            if len(fields) == 2 and fields[0] == str(self._first):
                count += 1
                memory += int(fields[1]) * 1024
        return Taken(count, memory)

    def end(self) -> None:
        """End the group and whatever of it went its own way."""
        deadline = time.monotonic() + _SECONDS
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._first, signal.SIGKILL)
        while (strays := list(self._strays())) and time.monotonic() < deadline:
            for process in strays:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(process, signal.SIGKILL)

    def close(self) -> None:
        """Nothing is held."""

    def _strays(self) -> Iterator[int]:
        if sys.platform == "linux":
            for entry in Path("/proc").iterdir():
                if entry.name.isdecimal():
                    with contextlib.suppress(OSError):
                        if self._mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                            yield int(entry.name)
        else:
            for line in _ps("-axwwEo", "pid=,command="):
                number, _, words = line.strip().partition(" ")
                if self._mark in words.split():
                    yield int(number)


def marked(mark: str) -> dict[str, str]:
    """Give the variable that marks a command's processes."""
    return {_MARK: mark}


def _ps(*arguments: str) -> list[str]:
    try:
        return subprocess.run(
            ["ps", *arguments], capture_output=True, text=True, errors="replace", check=False, timeout=_SECONDS
        ).stdout.splitlines()
    except (OSError, subprocess.TimeoutExpired):
        return []
