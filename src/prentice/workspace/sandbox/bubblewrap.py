"""The sandbox of Linux: bubblewrap, which makes namespaces and mounts for one command."""

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prentice.workspace.sandbox.limits import MEGABYTE, Limits
from prentice.workspace.sandbox.view import SECRET, SYSTEM, View

_NAMESPACES: Final = (
    "--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try",
)  # fmt: skip
_SMALL: Final = 16 * MEGABYTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubblewrap:
    """Bubblewrap at a path, with the options that its version knows."""

    program: str
    options: frozenset[str] = frozenset()
    name: str = "bwrap"
    isolates: bool = True

    @classmethod
    def at(cls, program: str) -> "Bubblewrap":
        """Ask the program which options it has (`--size` came with 0.6.3, `--disable-userns` with 0.8.0)."""
        said = subprocess.run(
            [program, "--help"], capture_output=True, text=True, errors="replace", check=False, timeout=10
        )
        words = frozenset((said.stdout + said.stderr).split())
        return cls(program=program, options=words & {"--size", "--disable-userns", "--json-status-fd", "--block-fd"})

    def shown_at(self, view: View) -> Path:
        """Give where commands see the worktree: in the place of the user's tree."""
        return view.top

    def temporary(self, _view: View) -> Path:
        """Give the private directory for temporary files."""
        return Path("/tmp")  # noqa: S108 - in the sandbox nobody else has it

    def prepare(self, view: View) -> None:
        """Nothing has to be made: what is lent is mounted."""

    def command(self, argv: Sequence[str], *, view: View, limits: Limits, fds: Sequence[int] = ()) -> list[str]:
        """Give the command that runs another in the sandbox. The environment is handed over by who starts it.

        `fds` are where the sandbox tells of its first process, and what it waits for before it starts the command.
        """
        status = ("--json-status-fd", str(fds[0]), "--block-fd", str(fds[1])) if fds else ()
        alone = ("--disable-userns",) if "--disable-userns" in self.options else ()
        return [
            self.program, *_NAMESPACES, *alone, "--die-with-parent", "--new-session", "--cap-drop", "ALL",
            "--hostname", "sandbox", *status, *self._mounts(view, limits),
            "--chdir", str(view.top / view.directory), "--", *argv,
        ]  # fmt: skip

    def _mounts(self, view: View, limits: Limits) -> Iterator[str]:
        yield from ("--proc", "/proc", "--dev", "/dev")
        yield from self._memory("/dev/shm", limits.private_mb * MEGABYTE)  # noqa: S108 - made anew
        yield from self._memory("/tmp", limits.private_mb * MEGABYTE)  # noqa: S108 - made anew
        yield from self._memory("/var/tmp", _SMALL)  # noqa: S108 - made anew
        yield from self._memory("/run", _SMALL)  # sockets of the system's services stay outside
        yield from ("--ro-bind-try", "/run/current-system", "/run/current-system")  # programs on NixOS
        yield from self._system()
        for path in sorted(view.readable, key=lambda path: len(path.parts)):
            yield from ("--ro-bind-try", str(path), str(path))
        for path in (view.home, view.scratch):
            yield from ("--bind", str(path), str(path))
        for source, shown in ((view.git_dir, view.git_dir), *view.objects):
            yield from ("--ro-bind-try", str(source), str(shown))
        yield from ("--bind", str(view.tree), str(view.top))
        lent = [(view.top / path, view.top / path) for path in view.lent]
        for source, shown in ((view.tree / ".git", view.top / ".git"), *lent):
            yield from ("--ro-bind-try", str(source), str(shown))
        yield from ("--remount-ro", "/", "--remount-ro", "/dev")

    def _system(self) -> Iterator[str]:
        for directory in SYSTEM:
            path = Path(directory)
            if path.is_symlink():
                yield from ("--symlink", str(path.readlink()), directory)
            elif path.is_dir():
                yield from ("--ro-bind", directory, directory)
        for name in SECRET:
            path = Path(name)
            if path.is_dir():
                yield from self._memory(name, _SMALL)
            elif path.exists():
                yield from ("--ro-bind", "/dev/null", name)

    def _memory(self, place: str, size: int) -> tuple[str, ...]:
        return (*(("--size", str(size)) if "--size" in self.options else ()), "--tmpfs", place)
