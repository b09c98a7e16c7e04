"""Symbols of Python files, read with the standard library's parser."""

import ast
import warnings
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

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
    """Give all functions, methods and classes, wherever they are nested."""
    tree = parse("\n".join(lines) + "\n")
    if tree is None:
        return Unreadable("unreadable", "The file is not valid Python, so its symbols are not known.")
    return [
        Symbol(
            name=f"{parent}.{node.name}" if parent else node.name,
            kind="class" if isinstance(node, ast.ClassDef) else "function",
            start=first_line(node) - 1,
            end=node.end_lineno or node.lineno,
            parent=parent,
            decorators=len(node.decorator_list),
        )
        for node, parent in definitions(tree)
    ]


def first_line(node: Definition) -> int:
    """Give the line of the first decorator, else of the definition, from 1."""
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


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
