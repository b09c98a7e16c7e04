"""How much a command writes to the disk: watched by what the file system has left, then measured."""

import contextlib
import os
import time
from pathlib import Path
from typing import Final

from prentice.workspace.sandbox.limits import MEGABYTE
from prentice.workspace.sandbox.view import View

_AGAIN_SECONDS: Final = 2.0
_FILES: Final = 1_000_000
"""So many more files are too many, however small."""
_SLACK: Final = MEGABYTE
"""One file of the size that is allowed takes a few blocks more."""
_BLOCK: Final = 512
"""`st_blocks` counts blocks of so many bytes on every system."""


class Disk:
    """The space that the writable directories of a view take beyond what they took at the start.

    To measure them takes a walk, so that is done only when the file system has lost as much as is allowed; other
    programs write to it too.
    """

    def __init__(self, view: View, *, most: int) -> None:
        self._places = (view.tree, view.home, view.scratch)
        self._most = most + _SLACK
        self._free = self._left()
        self._before: tuple[int, int] | None = None
        self._next = 0.0

    def is_over(self) -> bool:
        """Whether more was written than is allowed."""
        free = self._left()
        if free is None or self._free is None or time.monotonic() < self._next:
            return False
        if self._free[0] - free[0] < self._most and self._free[1] - free[1] < _FILES:
            return False
        self._next = time.monotonic() + _AGAIN_SECONDS
        size = sum(_measured(place) for place in self._places)
        return size > self._most

    def _left(self) -> tuple[int, int] | None:
        try:
            found = os.statvfs(self._places[0])
        except (OSError, AttributeError):
            return None
        return found.f_bavail * found.f_frsize, found.f_favail


def _measured(place: Path) -> int:
    size = 0
    pending = [place]
    while pending:
        with contextlib.suppress(OSError), os.scandir(pending.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(Path(entry.path))
                    size += getattr(entry.stat(follow_symlinks=False), "st_blocks", 0) * _BLOCK
    return size
