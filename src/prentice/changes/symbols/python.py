"""Symbols of Python files: by their lines where that is certain, else with the standard library's parser."""

import ast
import warnings
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from prentice.changes.symbols.outline import outline
from prentice.changes.symbols.table import Symbol, Unreadable

Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_DEFINITIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_BLOCKS: Final = ("body", "orelse", "finalbody", "handlers", "cases")


def parse(source: str) -> ast.Module | None:
    """Give the syntax tree, None for what this Python does not accept."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def symbols(lines: Sequence[str]) -> list[Symbol] | Unreadable:
    """Give all functions, methods and classes, wherever they are nested.

    A file with an error is read too, as long as strings and brackets end and every line stands in an open block.
    """
    outlined = outline(lines)
    return parsed_symbols(lines) if outlined is None else outlined


def parsed_symbols(lines: Sequence[str]) -> list[Symbol] | Unreadable:
    """Give the same from the syntax tree, which takes many times as long and needs a file without errors."""
    tree = parse("\n".join(lines) + "\n")
    if tree is None:
        return Unreadable("unreadable", "The file is not valid Python, so its symbols are not known.")
    return [
        Symbol(
            name=f"{parent}.{node.name}" if parent else node.name,
            kind="class" if isinstance(node, ast.ClassDef) else "function",
            start=_with_marks(first_line(node) - 1, lines, node),
            end=node.end_lineno or node.lineno,
            parent=parent,
            decorators=len(node.decorator_list),
        )
        for node, parent in definitions(tree)
    ]


def first_line(node: Definition) -> int:
    """Give the line of the first decorator, else of the definition, from 1."""
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _with_marks(start: int, lines: Sequence[str], node: Definition) -> int:
    """Go back to the line of the first `@`, which may stand above the decorator itself."""
    while node.decorator_list and start and not lines[start].lstrip().startswith("@"):
        start -= 1
    return start


def definitions(tree: ast.Module) -> Iterator[tuple[Definition, str]]:
    """Give every definition with the qualified name of what it stands in."""
    pending: list[tuple[ast.AST, str]] = [(tree, "")]
    while pending:
        node, parent = pending.pop()
        for field in _BLOCKS:
            for child in getattr(node, field, ()):
                inside = parent
                if isinstance(child, _DEFINITIONS):
                    yield child, parent
                    inside = f"{parent}.{child.name}" if parent else child.name
                pending.append((child, inside))
