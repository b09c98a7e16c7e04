"""Git by subprocess, without anything in a repository's configuration getting to run a program.

A repository may be a stranger's, and its `.git/config` can name programs: hooks, a file system monitor, filters, diff
drivers. None is started: hooks and the monitor are switched off, every filter that is configured is overridden with an
empty one, nothing is fetched, and diffs are asked for by plumbing that uses no driver. The user's index is never
written (`GIT_OPTIONAL_LOCKS=0`, reading commands only); what is checked out has a git directory of its own.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
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
_FILTER_PARTS: Final = ("clean", "smudge", "process")


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

    def names(self, *arguments: str) -> list[str]:
        """Give the names that a command prints with `-z`."""
        return [os.fsdecode(name) for name in self.ask(*arguments).split(b"\0") if name]

    def _run(self, arguments: Sequence[str], data: bytes) -> subprocess.CompletedProcess[bytes]:
        command = ["git", "--literal-pathspecs", "--no-pager"]
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

    @classmethod
    def around(cls, project: Path, *, base: str = "HEAD") -> "Repository | None":
        """Find the repository that a project is in; None where there is none, no git, or one that ignores the project.

        Raises:
            WorktreeError: the repository is bare here, or has no such commit.
        """
        bare = Git(directory=project)
        try:
            inside = bare.line("rev-parse", "--is-inside-work-tree")
        except WorktreeError:  # no git on this machine
            return None
        if inside is None:
            return None
        if inside != "true":
            raise WorktreeError(
                f"{project} is inside a bare git repository, which has no files.",
                next_step="Run it in a checkout: `git worktree add ../checkout` makes one.",
            )
        if bare.line("check-ignore", "-q", "--", str(project)) is not None:
            return None
        settings = _settings(bare)
        git = Git(directory=project, overrides=_without_filters(settings))
        top = Path(os.fsdecode(git.ask("rev-parse", "--show-toplevel")).removesuffix("\n"))
        return cls(
            git=git,
            top=top,
            prefix=git.line("rev-parse", "--show-prefix") or "",
            base=_commit(git, base),
            settings=settings,
        )

    def path_of(self, name: str) -> Path:
        """Give the path of something inside the git directory, shared among worktrees where git shares it."""
        return Path(os.fsdecode(self.git.ask("rev-parse", "--path-format=absolute", "--git-path", name))[:-1])

    def is_setting(self, key: str) -> bool:
        """Whether a setting is on."""
        return self.settings.get(key.lower(), "false").lower() in {"true", "yes", "on", "1", ""}


def _commit(git: Git, base: str) -> str:
    found = git.line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}")
    if found:
        return found
    if base == "HEAD" and git.line("symbolic-ref", "--quiet", "HEAD"):
        return ""  # a branch without a commit
    raise WorktreeError(
        f"The repository has no commit {base!r}.", next_step="Name a commit that `git log --all` shows."
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
