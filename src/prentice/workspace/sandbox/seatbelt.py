"""The sandbox of macOS: `sandbox-exec` with a profile. It mounts nothing, so the tree stays where it lies."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prentice.workspace.sandbox.limits import Limits
from prentice.workspace.sandbox.unconfined import Unconfined, bounded
from prentice.workspace.sandbox.view import View

PROGRAM: Final = "/usr/bin/sandbox-exec"
_DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom", "/dev/dtracehelper", "/dev/tty")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seatbelt(Unconfined):
    """`sandbox-exec`: the network is denied, so is writing outside the worktree and reading the user's home."""

    program: str = PROGRAM
    name: str = "sandbox-exec"
    isolates: bool = True

    def command(self, argv: Sequence[str], *, view: View, limits: Limits, fds: Sequence[int] = ()) -> list[str]:
        """Give the command that runs another in the sandbox."""
        del fds
        return [self.program, "-p", profile(view), *bounded(argv, limits=limits)]


def profile(view: View, *, home: Path | None = None) -> str:
    """Write the rules; of two that concern the same thing the later one counts."""
    home = Path.home() if home is None else home
    written = [view.tree, view.home, view.scratch]
    read = [*written, view.git_dir, *view.readable, *(view.top / path for path in view.lent)]
    read += [source for source, _ in view.objects]
    return "\n".join((
        "(version 1)",
        "(allow default)",
        "(deny network*)",
        "(deny appleevent-send)",
        "(deny signal (target others))",
        "(deny process-info* (target others))",
        "(deny file-write*)",
        *(f"(allow file-write* (subpath {_quoted(path)}))" for path in written),
        *(f"(deny file-write* (subpath {_quoted(path)}))" for path in (view.tree / ".git", view.git_dir)),
        *(f'(allow file-write* (literal "{device}"))' for device in _DEVICES),
        f"(deny file-read* (subpath {_quoted(home)}))",
        f"(deny file-read* (subpath {_quoted(view.top)}))",
        "(allow file-read-metadata)",
        *(f"(allow file-read* (subpath {_quoted(path)}))" for path in read),
    ))  # fmt: skip


def _quoted(path: Path) -> str:
    """Write a path as the profile's language does, links resolved: rules are compared with real paths."""
    return '"' + str(path.resolve()).replace("\\", "\\\\").replace('"', '\\"') + '"'
