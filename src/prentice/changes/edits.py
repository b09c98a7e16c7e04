"""What a reply asks for: the edits that every format comes down to.

Lines are without their endings. `at` is the line of the reply where the edit begins, from 1.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Operation: TypeAlias = Literal[" ", "-", "+"]
HunkLine: TypeAlias = tuple[Operation, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RewriteSymbol:
    """The full new text of one function, method or class, named as in `symbols`."""

    path: str
    symbol: str
    lines: tuple[str, ...]
    at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeFile:
    """The full new text of a file; a file that does not exist is created."""

    path: str
    lines: tuple[str, ...]
    at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace:
    """Lines to find and the lines to put in their place."""

    path: str
    search: tuple[str, ...]
    replace: tuple[str, ...]
    at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunk:
    r"""Kept, removed and added lines, in order.

    `bare` is another reading of the same lines, for replies whose kept lines lack the leading space. `anchors` are
    lines that stand somewhere above. `ends` says whether the text ends in a newline before and after (`\ No newline
    at end of file`); None where the hunk does not say.
    """

    lines: tuple[HunkLine, ...]
    bare: tuple[HunkLine, ...] | None = None
    anchors: tuple[str, ...] = ()
    end_of_file: bool = False
    ends: tuple[bool, bool] | None = None
    at: int = 0

    @property
    def old(self) -> tuple[str, ...]:
        """The lines that have to stand in the file."""
        return tuple(line for operation, line in self.lines if operation != "+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """Hunks of one file, from a unified diff or a V4A patch."""

    path: str
    hunks: tuple[Hunk, ...]
    at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """A new file."""

    path: str
    lines: tuple[str, ...]
    mode: int | None = None
    final_newline: bool = True
    at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """A file that goes."""

    path: str
    at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """A file that gets another path."""

    path: str
    to: str
    at: int = 0


Edit: TypeAlias = RewriteSymbol | WholeFile | Replace | Patch | Create | Delete | Rename
