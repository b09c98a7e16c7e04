"""Git by subprocess, without anything in a repository's configuration getting to run a program.

A repository may be a stranger's, and its `.git/config` can name programs: hooks, a file system monitor, filters, diff
drivers. None is started: hooks and the monitor are switched off, every filter that is configured is overridden with an
empty one, nothing is fetched, and diffs are asked for by plumbing that uses no driver. The user's index is never
written (`GIT_OPTIONAL_LOCKS=0`, reading commands only); what is checked out has a git directory of its own.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from prentice.errors import WorktreeError

SECONDS: Final = 600.0
"""How long one git command may take; a checkout of 100,000 files takes seconds."""
_OFF: Final = (
    ("core.hooksPath", os.devnull), ("core.fsmonitor", "false"), ("core.sshCommand", "false"), ("diff.external", ""),
    ("protocol.allow", "never"), ("submodule.recurse", "false"), ("gc.auto", "0"), ("maintenance.auto", "false"),
    ("advice.detachedHead", "false"), ("core.quotePath", "false"), ("safe.directory", "*"),
)  # fmt: skip
"""Overrides for every command. The user names the directory to work in, so whose it is does not matter."""
_NOT_LITERAL: Final = frozenset({"check-ignore"})
"""It takes paths as they are, and refuses to be told so."""
_FILTER_PARTS: Final = ("clean", "smudge", "process")
PARTS: Final = ("objects", "info/attributes", "info/sparse-checkout", "shallow")
"""What of a git directory a worktree's own one is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """Git in one directory; with `git_dir` and `work_tree` it does not look for the repository itself."""

    directory: Path
    git_dir: Path | None = None
    work_tree: Path | None = None
    overrides: tuple[tuple[str, str], ...] = field(default=())

    def ask(self, *arguments: str, data: bytes = b"") -> bytes:
        """Give what a command prints.

        Raises:
            WorktreeError: git is missing, refuses, or takes longer than SECONDS.
        """
        done = self._run(arguments, data)
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise _refused(arguments[0], said[-1] if said else f"exit code {done.returncode}", details=said[-5:])
        return done.stdout

    def line(self, *arguments: str) -> str | None:
        """Give the line that a command prints, None where it fails."""
        done = self._run(arguments, b"")
        return os.fsdecode(done.stdout).removesuffix("\n") if done.returncode == 0 else None

    def lines(self, *arguments: str) -> list[str]:
        """Give the lines that a command prints before it ends, with success or not."""
        return os.fsdecode(self._run(arguments, b"").stdout).split("\n")[:-1]

    def names(self, *arguments: str) -> list[str]:
        """Give the names that a command prints with `-z`."""
        return [os.fsdecode(name) for name in self.ask(*arguments).split(b"\0") if name]

    def _run(self, arguments: Sequence[str], data: bytes) -> subprocess.CompletedProcess[bytes]:
        literal = () if arguments[0] in _NOT_LITERAL else ("--literal-pathspecs",)
        command = ["git", *literal, "--no-pager"]
        if self.git_dir is not None:
            command.append(f"--git-dir={self.git_dir}")
        if self.work_tree is not None:
            command.append(f"--work-tree={self.work_tree}")
        try:
            return subprocess.run(
                [*command, *arguments],
                cwd=self.directory, input=data, capture_output=True, check=False, timeout=SECONDS,
                env=_environment((*_OFF, *self.overrides)),
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise _refused(arguments[0], f"it took longer than {SECONDS:g} s") from error
        except OSError as error:
            raise WorktreeError(
                f"Git cannot be started: {error.strerror or error}.", next_step="Install git, then run it again."
            ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """The user's repository around a project, only ever read."""

    git: Git
    top: Path
    prefix: str
    """The project's directory below `top`, with a final `/`; empty where it is the same."""
    base: str
    """The commit's full name; empty while there is none."""
    settings: Mapping[str, str]
    form: str
    """The name of the function that names objects, `sha1` or `sha256`."""
    parts: Mapping[str, Path]
    """Where the PARTS of the git directory are, those that worktrees share where git shares them."""

    @classmethod
    def around(cls, project: Path, *, base: str = "HEAD") -> "Repository | None":
        """Find the repository that a project is in; None where there is none, no git, or one that ignores the project.

        Raises:
            WorktreeError: the repository is bare here, or has no such commit.
        """
        with ThreadPoolExecutor(1) as beside:
            reading = beside.submit(_settings, Git(directory=project))
            found = _found(project, base=base)
        if found is None:
            return None
        settings = reading.result()
        return cls(
            git=Git(directory=project, overrides=_without_filters(settings)),
            top=found.top,
            prefix=found.prefix,
            base=found.base,
            settings=settings,
            form=found.form,
            parts=found.parts,
        )


def commit_of(project: Path) -> str:
    """Give the full name of the commit that a project is at; empty without one, or where `Repository.around` is None.

    Raises:
        WorktreeError: the repository is bare here.
    """
    found = _found(project, base="HEAD")
    return found.base if found else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What `git rev-parse` tells of a repository."""

    top: Path
    prefix: str
    base: str
    form: str
    parts: Mapping[str, Path]


def _found(project: Path, *, base: str) -> _Found | None:
    project = project.resolve()
    git = Git(directory=project)
    try:
        told = _told(git, base)
    except WorktreeError:  # no git on this machine
        return None
    if told is None:
        return None
    if told.inside != "true":
        raise WorktreeError(
            f"{project} is inside a bare git repository, which has no files.",
            next_step="Run it in a checkout: `git worktree add ../checkout` makes one.",
        )
    top = Path(os.path.normpath(project / told.up))
    if top != project and git.line("check-ignore", "-q", "--", str(project)) is not None:
        return None
    if not told.base and not (base == "HEAD" and git.line("symbolic-ref", "--quiet", "HEAD")):
        raise WorktreeError(
            f"The repository has no commit {base!r}.", next_step="Name a commit that `git log --all` shows."
        )
    below = project.relative_to(top).as_posix()
    return _Found(
        top=top,
        prefix="" if below == "." else f"{below}/",
        base=told.base,
        form=told.form,
        parts=dict(zip(PARTS, map(Path, told.parts), strict=True)),
    )


@dataclass(frozen=True, slots=True)
class _Told:
    inside: str
    form: str
    parts: tuple[str, ...]
    up: str
    base: str


def _told(git: Git, base: str) -> _Told | None:
    """Ask all in one call, as to start git costs more than any answer; None where there is no repository.

    The commit comes last, and is silently left out where there is none; of bare repositories only `inside` is right.
    """
    parts = tuple(word for name in PARTS for word in ("--git-path", name))
    asked = ("--is-inside-work-tree", "--show-object-format", "--path-format=absolute", *parts, "--show-cdup")
    commit = ("--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}")
    lines = git.lines("rev-parse", *asked, *commit)
    if not lines:
        return None
    if lines[0] != "true":
        return _Told(lines[0], "", (), "", "")
    count = len(PARTS) + 3
    if len(lines) in {count, count + 1}:
        return _Told(lines[0], lines[1], tuple(lines[2 : count - 1]), lines[count - 1], "".join(lines[count:]))
    absolute = ("rev-parse", "--path-format=absolute", "--git-path")  # a path with a line break in it
    return _Told(
        lines[0],
        git.line("rev-parse", "--show-object-format") or "sha1",
        tuple(os.fsdecode(git.ask(*absolute, name)).removesuffix("\n") for name in PARTS),
        git.line("rev-parse", "--show-cdup") or "",
        git.line("rev-parse", *commit) or "",
    )


def _settings(git: Git) -> dict[str, str]:
    """Read the settings that are in force, the user's own among them; to read them starts nothing."""
    reading = Git(directory=git.directory)
    found: dict[str, str] = {}
    for entry in os.fsdecode(reading.ask("config", "--list", "-z", "--includes")).split("\0"):
        key, _, value = entry.partition("\n")
        if key:
            found[key] = value
    return found


def _without_filters(settings: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    drivers = {key.removeprefix("filter.").rpartition(".")[0] for key in settings if key.startswith("filter.")}
    parts = (("required", "false"), *((part, "") for part in _FILTER_PARTS))
    return tuple((f"filter.{driver}.{part}", value) for driver in sorted(drivers) for part, value in parts)


def _environment(overrides: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Leave out what would point git elsewhere, as it is set inside a hook, and what would let it ask or fetch.

    Settings are overridden here and not by `-c`, which takes a name apart at its first `=`.
    """
    settings = {"GIT_CONFIG_COUNT": str(len(overrides))}
    for number, (key, value) in enumerate(overrides):
        settings |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in _KEPT}
    return kept | settings | {
        "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none",
        "GIT_LFS_SKIP_SMUDGE": "1", "GIT_PAGER": "cat", "LC_ALL": "C",
    }  # fmt: skip


_KEPT: Final = frozenset({"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_EXEC_PATH"})


def _refused(command: str, why: str, *, details: Sequence[str] = ()) -> WorktreeError:
    return WorktreeError(
        f"`git {command}` failed: {why}.",
        next_step="Run `git status` and `git fsck` in the project, and mend what they name.",
        details={"git": list(details)},
    )
