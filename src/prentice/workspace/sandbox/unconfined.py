"""No sandbox: commands run as the user does, with limits of the shell alone. Used only where the settings allow it."""

import contextlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prentice.workspace.sandbox.limits import MEGABYTE, Limits
from prentice.workspace.sandbox.view import View

_BLOCK: Final = 512
"""POSIX counts `ulimit -f` in blocks of so many bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unconfined:
    """Runs commands in the worktree without keeping them there."""

    name: str = "none"
    isolates: bool = False

    def shown_at(self, view: View) -> Path:
        """Give where commands see the worktree: where it lies."""
        return view.tree

    def temporary(self, view: View) -> Path:
        """Give the private directory for temporary files."""
        path = view.scratch / "tmp"
        path.mkdir(exist_ok=True)
        return path

    def prepare(self, view: View) -> None:
        """Link what is lent into the worktree, as it cannot be mounted there."""
        for path in view.lent:
            place = view.tree / path
            with contextlib.suppress(OSError):
                if place.is_dir() and not place.is_symlink():
                    place.rmdir()
                place.symlink_to(view.top / path, target_is_directory=True)

    def command(self, argv: Sequence[str], *, view: View, limits: Limits, fds: Sequence[int] = ()) -> list[str]:
        """Give the command with its limits."""
        del view, fds
        return bounded(argv, limits=limits)


def bounded(argv: Sequence[str], *, limits: Limits) -> list[str]:
    """Give the command under a shell that sets limits and becomes it; no word of the command is read by the shell."""
    shell = shutil.which("sh")
    if shell is None:  # Windows
        return list(argv)
    script = f'ulimit -c 0; ulimit -f {limits.disk_mb * MEGABYTE // _BLOCK}; exec "$@"'
    return [shell, "-c", script, "sh", *argv]
