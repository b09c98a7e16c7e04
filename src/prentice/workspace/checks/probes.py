"""Finding out whether a check executes changed lines: statements that leave a mark when they are reached.

A mark is a file with the statement's number in a directory of the worktree's scratch. Nothing has to be installed in
the project, no tracing slows its tests, and processes that the tests start are seen as well. Python only.
"""

import ast
import codecs
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prentice.changes.diff import changed_blocks
from prentice.changes.unified import split_bytes

_SIMPLE: Final = (
    ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Delete, ast.Raise, ast.Assert, ast.Import,
    ast.ImportFrom, ast.Global, ast.Nonlocal, ast.Pass, ast.Break, ast.Continue,
)  # fmt: skip
_MOST: Final = 400


@dataclass(frozen=True, slots=True)
class Reach:
    """How many of the changed stretches that hold statements were executed."""

    reached: int
    of: int

    @property
    def is_whole(self) -> bool:
        """Whether every changed stretch was executed, in one of its statements at least."""
        return 0 < self.of == self.reached


@dataclass(frozen=True, slots=True)
class Probed:
    """A file with probes: its new bytes, and the marks of each changed stretch that holds statements."""

    content: bytes
    stretches: tuple[frozenset[str], ...]


def probed(before: bytes, after: bytes, *, marks: Path, prefix: str = "") -> Probed | None:
    """Put a probe before each changed statement of a Python module; None where that cannot be done.

    `marks` is the directory as the probes will see it, `prefix` begins the marks' names. A stretch from which lines
    were only taken away is executed when the statement that follows is.
    """
    try:
        after.decode("ascii" if after.startswith(codecs.BOM_UTF8) else "utf-8")
        tree = ast.parse(after)
    except (SyntaxError, ValueError, RecursionError):
        return None
    if b"\r" in after.replace(b"\r\n", b""):  # which Python takes for the end of a line, and nobody else does
        return None
    places = list(_places(tree, split_bytes(after)))
    stretches: list[frozenset[str]] = []
    wanted: set[int] = set()
    for block in changed_blocks(split_bytes(before), split_bytes(after)):
        chosen = _within(places, block.new_start + 1, max(block.new_end, block.new_start + 1))
        if chosen and len(wanted) < _MOST:
            wanted |= set(chosen)
            stretches.append(frozenset(f"{prefix}{number}" for number in chosen))
    content = _inserted(after, [(number, places[number]) for number in sorted(wanted)], marks=marks, prefix=prefix)
    try:
        ast.parse(content)
    except (SyntaxError, ValueError, RecursionError):
        return None
    return Probed(content, tuple(stretches))


def reach(stretches: Sequence[Collection[str]], marks: Path) -> Reach:
    """Count the stretches of which a mark was left."""
    try:
        left = {path.name for path in marks.iterdir()}
    except OSError:
        left = set()
    return Reach(reached=sum(bool(left & set(stretch)) for stretch in stretches), of=len(stretches))


@dataclass(frozen=True, slots=True)
class _Place:
    """A statement: where a probe goes (line from 0, offset in bytes), and its own first and last line, from 1."""

    line: int
    offset: int
    first: int
    last: int
    is_simple: bool


def _places(tree: ast.Module, lines: Sequence[bytes]) -> Iterator[_Place]:
    """List all statements before which a probe can stand, in the order of their lines."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt) or _is_fixed(node):
            continue
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        offset = node.col_offset
        is_simple = isinstance(node, _SIMPLE)
        if not is_simple and lines[first - 1][:offset].strip():
            continue
        if not is_simple and lines[first - 1][offset:].startswith(b"elif"):
            continue
        body = getattr(node, "body", None)
        last = node.end_lineno or node.lineno
        if isinstance(body, list) and body:
            last = max(node.lineno, body[0].lineno - 1)  # of a compound statement, only its head is its own
        found.append(_Place(first - 1, offset, first, last, is_simple))
    return iter(sorted(found, key=lambda place: (place.line, place.offset)))


def _is_fixed(node: ast.stmt) -> bool:
    """Whether a statement has to come first in its block, or is only a docstring."""
    if isinstance(node, ast.ImportFrom) and node.module == "__future__":
        return True
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _within(places: Sequence[_Place], first: int, last: int) -> list[int]:
    """Give the numbers of the statements that some lines are part of."""
    return [number for number, place in enumerate(places) if place.first <= last and place.last >= first]


def _inserted(content: bytes, places: Sequence[tuple[int, _Place]], *, marks: Path, prefix: str) -> bytes:
    lines = split_bytes(content)
    for number, place in reversed(places):
        line = lines[place.line]
        mark = repr(str(marks / f"{prefix}{number}"))
        call = f"__import__('os').close(__import__('os').open({mark}, {os.O_WRONLY | os.O_CREAT}, 384))".encode()
        head = line[: place.offset]
        between = b"; " if place.is_simple else _ending(line) + head
        lines[place.line] = head + call + between + line[place.offset :]
    return b"".join(lines)


def _ending(line: bytes) -> bytes:
    return b"\r\n" if line.endswith(b"\r\n") else b"\n"
