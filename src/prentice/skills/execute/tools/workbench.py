"""One worktree with the programs that may work on it: found, run in the sandbox, and what they changed read back.

A program runs with the limits of a check. Only the files that are named become part of the change, computed from their
bytes before and after; what else a program touched is put back, and said.
"""

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from prentice.changes.change import Change, FileChange
from prentice.changes.files import File
from prentice.skills.execute.tools.task import Declined
from prentice.workspace.sandbox.choosing import Sandbox
from prentice.workspace.sandbox.limits import Limits
from prentice.workspace.sandbox.running import Ended, run
from prentice.workspace.sandbox.view import View
from prentice.workspace.worktree import Worktree

_SECONDS: Final = 120.0
"""How long one tool may take; formatters and linters of single files end within a few seconds."""
_VERSION: Final = re.compile(r"\d+(?:\.\d+)+[\w.+-]*")
_SAID: Final = 300
_NAMED: Final = 5

Stamp = tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class Workbench:
    """Runs programs in a worktree, and computes what becomes of its files."""

    worktree: Worktree
    sandbox: Sandbox
    limits: Limits = field(default_factory=Limits)
    stopped: Callable[[], bool] = lambda: False

    @cached_property
    def view(self) -> View:
        """What programs see of the machine; our own environment too, where tools may be installed beside us."""
        return View.of(self.worktree, readable=(Path(sys.prefix), Path(sys.base_prefix)))

    def program(self, name: str) -> str | None:
        """Give how a program is called: the project's own, the user's, or one installed beside us; else None."""
        places = [*self.view.programs(self.worktree.top), *os.environ.get("PATH", os.defpath).split(os.pathsep)]
        if shutil.which(name, path=os.pathsep.join(map(str, places))):
            return name
        return shutil.which(name, path=str(Path(sys.executable).parent))

    def version(self, program: str) -> str:
        """Give a program's name with its version, without one where it does not say."""
        ended = self.run((program, "--version"))
        found = _VERSION.search((ended.stdout + ended.stderr).decode(errors="replace"))
        name = Path(program).name
        return f"{name} {found[0]}" if found and ended.status == 0 else name

    def run(
        self, argv: Sequence[str], *, readable: Iterable[Path] = (), variables: Mapping[str, str] | None = None
    ) -> Ended:
        """Run a program in the worktree's directory, within the limits; `readable` are further directories it sees."""
        limits = replace(self.limits, seconds=min(self.limits.seconds, _SECONDS))
        view = replace(self.view, readable=tuple(dict.fromkeys((*self.view.readable, *readable))))
        return run(argv, sandbox=self.sandbox, view=view, limits=limits, variables=variables, stopped=self.stopped)

    def files(self, paths: Iterable[str]) -> dict[str, File]:
        """Give those of some paths that are regular files of the project."""
        tree = self.worktree.snapshot()
        found = {path: tree.read(path) for path in dict.fromkeys(paths)}
        return {path: file for path, file in found.items() if file is not None and file.is_regular}

    def changed(self, work: Callable[[], object], *, paths: Iterable[str], tool: str) -> Change:
        """Do some work on the worktree as it was at the start, give what it changed of some files, and put all back.

        Raises:
            Declined: it changed none of them, or removed one, or left a link in its place.
        """
        self.worktree.reset()
        before = self.files(paths)
        stamps = self._stamps()
        try:
            work()
            tree = self.worktree.snapshot()
            after = {path: tree.read(path) for path in before}
            others = self._touched(stamps, but=before)
        finally:
            self.worktree.reset()
            self.worktree.clear_private()
        for path, file in after.items():
            if file is None or not file.is_regular:
                raise Declined(f"{tool} took {path} away.")
        files = [
            FileChange(path=path, old_path=path, before=old, after=after[path])
            for path, old in before.items()
            if after[path] != old
        ]
        if not files:
            raise Declined(f"{tool} finds nothing to change in {named(before)}.")
        notes = (f"{tool} also touched {named(others)}, which was left out of the change.",) if others else ()
        return Change(files=tuple(sorted(files, key=lambda file: file.path)), notes=notes)

    def _stamps(self) -> dict[str, Stamp]:
        found: dict[str, Stamp] = {}
        for path in self.worktree.snapshot().listed:
            try:
                status = (self.worktree.root / path).lstat()
            except OSError:
                continue
            found[path] = (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
        return found

    def _touched(self, before: Mapping[str, Stamp], *, but: Iterable[str]) -> list[str]:
        after = self._stamps()
        return sorted(path for path in {*before, *after} - {*but} if before.get(path) != after.get(path))


def as_paths(paths: Iterable[str]) -> tuple[str, ...]:
    """Write paths so that one that begins with a hyphen is no option."""
    return tuple(f"./{path}" for path in paths)


def named(paths: Iterable[str]) -> str:
    """List a few paths, and how many more there are."""
    listed = list(paths)
    more = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
    return ", ".join(listed[:_NAMED]) + more


def said(ended: Ended) -> str:
    """Give how a program ended and the last line of what it said about it."""
    lines = [line.strip() for line in (ended.stderr or ended.stdout).decode(errors="replace").splitlines()]
    last = next((line for line in reversed(lines) if line), "")[:_SAID]
    return f"{ended.why}: {last}" if last and ended.ending == "exited" else ended.why
