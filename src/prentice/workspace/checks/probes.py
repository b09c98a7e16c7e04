"""Finding out whether a check executes changed lines: statements that leave a mark when they are reached.

A mark is a file with the statement's number in a directory of the worktree's scratch. Nothing has to be installed in
the project, no tracing slows its tests, and processes that the tests start are seen as well. Python only.
"""

import ast
import codecs
import os
from collections.abc import Collection, Sequence
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
    """How many of the changed stretches with statements were executed; one in two functions counts for each."""

    reached: int
    of: int

    @property
    def is_whole(self) -> bool:
        """Whether every changed stretch was executed, in one of its statements at least."""
        return 0 < self.of == self.reached


@dataclass(frozen=True, slots=True)
class Probed:
    """A file with probes: its new bytes, and the marks of each changed stretch of each function that it concerns."""

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
    places = _places(tree, split_bytes(after))
    stretches: list[frozenset[str]] = []
    wanted: set[int] = set()
    for block in changed_blocks(split_bytes(before), split_bytes(after)):
        for chosen in _groups(places, block.new_start + 1, max(block.new_end, block.new_start + 1)):
            if len(wanted) < _MOST:
                wanted |= chosen
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
    """A statement: where a probe goes (line from 0, offset in bytes), and its own first and last line, from 1.

    `scope` is the line of the function it is in, 0 outside of any.
    """

    line: int
    offset: int
    first: int
    last: int
    scope: int
    is_simple: bool
    is_definition: bool


def _places(tree: ast.Module, lines: Sequence[bytes]) -> list[_Place]:
    """List all statements before which a probe can stand, in the order of their lines."""
    found: list[_Place] = []
    pending: list[tuple[ast.AST, int]] = [(tree, 0)]
    while pending:
        node, scope = pending.pop()
        if isinstance(node, ast.stmt) and (place := _place(node, lines, scope=scope)):
            found.append(place)
        inner = node.lineno if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else scope
        pending += [(child, inner) for child in ast.iter_child_nodes(node)]
    return sorted(found, key=lambda place: (place.line, place.offset))


def _place(node: ast.stmt, lines: Sequence[bytes], *, scope: int) -> _Place | None:
    if _is_fixed(node):
        return None
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    offset = node.col_offset
    is_simple = isinstance(node, _SIMPLE)
    line = lines[first - 1]
    if not is_simple and (line[:offset].strip() or line[offset:].startswith(b"elif")):
        return None
    body = getattr(node, "body", None)
    last = node.end_lineno or node.lineno
    if isinstance(body, list) and body:
        last = max(node.lineno, body[0].lineno - 1)  # of a compound statement, only its head is its own
    return _Place(
        line=first - 1, offset=offset, first=first, last=last, scope=scope, is_simple=is_simple,
        is_definition=isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef),
    )  # fmt: skip


def _is_fixed(node: ast.stmt) -> bool:
    """Whether a statement has to come first in its block, or is only a docstring."""
    if isinstance(node, ast.ImportFrom) and node.module == "__future__":
        return True
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _groups(places: Sequence[_Place], first: int, last: int) -> list[set[int]]:
    """Give the numbers of the statements that some lines are part of, one group for each function that they are in.

    To import a module executes its definitions and everything outside of functions; that says little, so it counts only
    where nothing else changed.
    """
    inside = [number for number, place in enumerate(places) if place.first <= last and place.last >= first]
    acting = [number for number in inside if not places[number].is_definition] or inside
    groups: dict[int, set[int]] = {}
    for number in acting:
        groups.setdefault(places[number].scope, set()).add(number)
    deeper = [numbers for scope, numbers in groups.items() if scope]
    return deeper or list(groups.values())


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
