"""A check: one command of the user's project."""

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Literal, TypeAlias

from prentice.errors import ConfigError

Kind: TypeAlias = Literal["test", "lint", "types", "format", "build"]

_KINDS: Final[Mapping[str, Kind]] = {kind: kind for kind in ("test", "lint", "types", "format", "build")}
_BY_TOOL: Final[Mapping[str, Kind]] = {
    "ruff": "lint", "flake8": "lint", "pylint": "lint", "eslint": "lint", "golangci-lint": "lint", "clippy": "lint",
    "pre-commit": "lint", "mypy": "types", "pyright": "types", "tsc": "types", "black": "format", "prettier": "format",
    "gofmt": "format", "vet": "lint", "build": "build",
}  # fmt: skip
_READ_ONLY: Final[Mapping[str, str]] = {
    "ruff format": "ruff format --check", "black .": "black --check .", "cargo fmt": "cargo fmt --check",
}  # fmt: skip
"""Formatters rewrite files; as a check they only look."""
_RUNNERS: Final = re.compile(r"^(?:uv|poetry|pdm|hatch|pipenv|rye) run (?:--[\w-]+ )*(?=\S)")
_REWRITES: Final = re.compile(r"\b(?:npm|pnpm|yarn|bun|make|just) (?:run )?(?:format|fmt|prettier)\b|--fix\b|--write\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A command of the project: `command` is its words, no shell reads them; `seconds` is how long it may take."""

    name: str
    command: tuple[str, ...]
    kind: Kind
    seconds: float = 300.0

    @property
    def line(self) -> str:
        """The command as a person would type it."""
        return shlex.join(self.command)

    @property
    def tool(self) -> str:
        """The program that does the work: `pytest` for `python -m pytest -q`."""
        words = list(self.command)
        if len(words) > 2 and PurePosixPath(words[0]).name.startswith("python") and words[1] == "-m":
            words = words[2:]
        return PurePosixPath(words[0]).name


def found_checks(commands: Mapping[str, str], *, seconds: float = 300.0) -> tuple[Check, ...]:
    """Make checks of the commands that a project's build files name, by kind, tests first.

    The runner in front of a command (`uv run`) is left away: it would fetch what the environment lacks, and there is no
    network. A command that rewrites files is not taken as a check unless it has a form that only looks.
    """
    checks = []
    for kind in _KINDS.values():
        line = commands.get(kind, "")
        bare = _RUNNERS.sub("", line)
        bare = _READ_ONLY.get(bare, bare)
        if line and not _REWRITES.search(bare):
            checks.append(Check(name=kind, command=tuple(shlex.split(bare)), kind=kind, seconds=seconds))
    return tuple(checks)


def configured_checks(lines: Iterable[str], *, seconds: float = 300.0) -> tuple[Check, ...]:
    """Make checks of the settings' lines, each a command with its kind in front where that is not clear: `lint: ...`.

    Raises:
        ConfigError: a line is no command.
    """
    checks: list[Check] = []
    for line in lines:
        head, colon, rest = line.partition(":")
        kind = _KINDS.get(head.strip()) if colon else None
        written = rest.strip() if kind else line.strip()
        try:
            command = tuple(shlex.split(written))
        except ValueError:
            command = ()
        if not command:
            raise ConfigError(
                f"The check {line!r} is no command.", next_step='Write it as in `checks.commands = ["pytest -q"]`.'
            )
        sort = _guessed(command) if kind is None else kind
        same = sum(check.kind == sort for check in checks)
        name = f"{sort}-{same + 1}" if same else sort
        checks.append(Check(name=name, command=command, kind=sort, seconds=seconds))
    return tuple(checks)


def _guessed(command: Iterable[str]) -> Kind:
    names = (PurePosixPath(word).name for word in command if not word.startswith("-"))
    return next((_BY_TOOL[name] for name in names if name in _BY_TOOL), "test")
