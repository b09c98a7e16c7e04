"""Go's standard library as the compiler makes it, kept from check to check: to compile it takes longer than most tests.

Go believes what it finds in GOCACHE, and even results of tests are in there. So nothing that a project's code could
have written may be found there by a later check. What is kept is made of the toolchain alone: a package of our own,
which imports what the project needs of the standard library, is compiled in a sandbox that sees nothing of any project,
and is not run. Checks can read it, and cannot write it: each has a private cache of links to it, beside which it writes
what is its own, and which is thrown away with the rest of its home.
"""

import contextlib
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from prentice.errors import LockedError, WriteFailedError
from prentice.store.lock import locked
from prentice.workspace.checks.check import Check
from prentice.workspace.place import remove
from prentice.workspace.sandbox.choosing import Sandbox
from prentice.workspace.sandbox.environment import GO_CACHE
from prentice.workspace.sandbox.limits import Limits
from prentice.workspace.sandbox.running import Ended, run
from prentice.workspace.sandbox.view import View, tools
from prentice.workspace.worktree import Worktree

_LIST: Final = ("list", "-e", "-deps", "-test", "-f", "{{if .Standard}}{{.ImportPath}}{{end}}")
_PACKAGE: Final = re.compile(r"[a-z][a-z0-9]*(?:/[a-z0-9]+)*")
"""A package of the standard library: there is no dot in its path (`go help importpath`)."""
_HIDDEN: Final = frozenset({"internal", "vendor", "cmd"})
_BESIDE: Final = frozenset({"unsafe", "testing"})
"""What has no code, and what is imported anyway."""
_MOST: Final = 400
"""Go 1.26 has fewer than 200 packages that can be imported."""
_FLAGS: Final = re.compile(r"-race|--?tags=[\w.,]+")
"""Flags of a check with which the standard library is compiled in another way."""
_SHARD: Final = re.compile(r"[0-9a-f]{2}")
_SECONDS: Final = 600.0
"""What is asked for takes 20 s on two cores, all of the standard library a minute."""
_POLL_SECONDS: Final = 0.2
_LEND_SECONDS: Final = 1.0
_FORGOTTEN_SECONDS: Final = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class GoBuilds:
    """What is kept for one version of Go."""

    store: Path

    def lend(self, home: Path) -> None:
        """Make the private cache of a check in its home, where there is none: links to all that is kept.

        Go writes anew only what it does not find, so it needs to write through no link.
        """
        private = home / GO_CACHE
        with contextlib.suppress(OSError, LockedError, WriteFailedError):  # without it a check compiles for itself
            with locked(self.store, wait=_LEND_SECONDS):
                if self._unfinished.exists():
                    return
                private.mkdir()
                for shard in self._shards():
                    (private / shard.name).mkdir()
                    for entry in os.scandir(shard):
                        (private / shard.name / entry.name).symlink_to(entry.path)
            _say_trimmed(private)

    def complete(self, needed: "Needed", *, compiled: Callable[[Sequence[str]], Ended]) -> None:
        """Add what is not there yet, by compiling it. The lock is held."""
        mark = self.store / "filled" / needed.digest
        if self._unfinished.exists():
            remove(self.store)  # whoever wrote it was killed in the middle of it
        if not mark.exists():
            mark.parent.mkdir(parents=True, exist_ok=True)
            self._unfinished.touch()
            _say_trimmed(self.store)
            if compiled(needed.flags).ending != "exited":
                return
            mark.touch()
            self._unfinished.unlink()
        os.utime(self.store)

    def forget_others(self) -> None:
        """Remove what is kept for versions of Go that no check has used for 30 days."""
        for other in self.store.parent.iterdir():
            if other.is_dir() and other != self.store and other.stat().st_mtime < time.time() - _FORGOTTEN_SECONDS:
                remove(other)

    def _shards(self) -> list[Path]:
        return [Path(entry.path) for entry in os.scandir(self.store) if _SHARD.fullmatch(entry.name)]

    @property
    def _unfinished(self) -> Path:
        return self.store / "unfinished"


@dataclass(frozen=True, slots=True)
class Needed:
    """What a project needs of the standard library: packages, compiled with some flags."""

    packages: tuple[str, ...]
    flags: tuple[str, ...]

    @property
    def digest(self) -> str:
        """A name for it."""
        return hashlib.sha256("\n".join((*self.flags, "", *self.packages)).encode()).hexdigest()[:16]

    def source(self) -> str:
        """Write a test file that imports the packages."""
        imports = "".join(f'\t_ "{package}"\n' for package in self.packages)
        return f'package filling\n\nimport (\n{imports}\t"testing"\n)\n\nfunc TestNothing(*testing.T) {{}}\n'


def kept_builds(
    checks: Iterable[Check], *, worktree: Worktree, sandbox: Sandbox, view: View, limits: Limits,
    stopped: Callable[[], bool] = lambda: False,
) -> GoBuilds | None:  # fmt: skip
    """Give what is kept for the checks of a Go project, completed by what this one needs; None for any other.

    The worktree is as it was at its start, then. None too without a sandbox that isolates: there, nothing would keep a
    check from writing where it is kept.

    Raises:
        WorktreeError: the disk refused.
    """
    if not sandbox.isolates or not any((worktree.root / name).is_file() for name in ("go.mod", "go.work")):
        return None
    worktree.reset()
    flags = _flags(checks)
    listing = run(
        ["go", *_LIST, *flags, "./..."], sandbox=sandbox, view=view, limits=limits, stopped=stopped,
        variables={"GOCACHE": str(sandbox.temporary(view) / "go-list")},
    )  # fmt: skip
    needed = Needed(_packages(listing.stdout), flags)
    with _filling(worktree) as apart:

        def go(*words: str, variables: Mapping[str, str] | None = None, scratch: Path | None = None) -> Ended:
            seen = replace(apart, scratch=scratch) if scratch else apart
            within = replace(limits, seconds=_SECONDS)
            return run(["go", *words], sandbox=sandbox, view=seen, limits=within, variables=variables, stopped=stopped)

        version = go("version") if needed.packages else listing
        if not needed.packages or version.status != 0:
            return None
        builds = GoBuilds(worktree.place.parent.with_name("go") / hashlib.sha256(version.stdout).hexdigest()[:16])

        def compiled(flags: Sequence[str]) -> Ended:
            (apart.tree / "go.mod").write_text("module filling\n", encoding="ascii")
            (apart.tree / "filling_test.go").write_text(needed.source(), encoding="ascii")
            # With `true` in its place the test is compiled, linked and vetted, and not run.
            into = {"GOCACHE": str(builds.store)}
            return go("test", "-exec=true", *flags, ".", variables=into, scratch=builds.store)

        with contextlib.suppress(OSError, LockedError, WriteFailedError):  # then checks compile for themselves
            builds.store.mkdir(parents=True, exist_ok=True, mode=0o700)
            with _held(builds.store, stopped=stopped):
                builds.complete(needed, compiled=compiled)
                builds.forget_others()
        return builds


@contextlib.contextmanager
def _filling(worktree: Worktree) -> Iterator[View]:
    """Give the view of a directory in which something of our own is compiled, and nothing of the project is seen."""
    place = worktree.place / "go"
    try:
        for name in ("tree", "home", "scratch"):
            (place / name).mkdir(parents=True)
        yield View(
            tree=place / "tree", top=place / "tree", directory=".", home=place / "home", scratch=place / "scratch",
            git_dir=place / "git",
            readable=tuple(path for path in tools(os.environ) if not path.is_relative_to(worktree.top)),
        )  # fmt: skip
    finally:
        remove(place)


@contextlib.contextmanager
def _held(path: Path, *, stopped: Callable[[], bool]) -> Iterator[None]:
    """Hold a lock, waited for as long as another may take to compile: what it compiles is wanted here as well."""
    deadline = time.monotonic() + _SECONDS
    with contextlib.ExitStack() as stack:
        while True:
            try:
                stack.enter_context(locked(path, wait=_POLL_SECONDS))
                break
            except LockedError:
                if stopped() or time.monotonic() > deadline:
                    raise
        yield


def _flags(checks: Iterable[Check]) -> tuple[str, ...]:
    words = (word for check in checks if check.command[0] == "go" for word in check.command)
    return tuple(dict.fromkeys(word for word in words if _FLAGS.fullmatch(word)))


def _packages(listed: bytes) -> tuple[str, ...]:
    names = {line for line in listed.decode(errors="replace").splitlines() if _PACKAGE.fullmatch(line)}
    return tuple(sorted(name for name in names - _BESIDE if not _HIDDEN & {*name.split("/")}))[:_MOST]


def _say_trimmed(cache: Path) -> None:
    """Tell Go that old entries were removed just now, so that it does not remove others by their age."""
    (cache / "trim.txt").write_text(str(int(time.time())), encoding="ascii")
