"""Python definitions as skeletons need them: where each stands, what its signature says, what it lacks."""

import ast
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prentice.changes.files import File
from prentice.changes.symbols.python import parse
from prentice.changes.text import Text, decode, written_like
from prentice.skills.execute.tools.task import Declined

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A definition of a module or of a class in it, with its dotted name."""

    node: Definition
    name: str

    @property
    def is_public(self) -> bool:
        """Whether no part of its name begins with an underscore."""
        return not any(part.startswith("_") for part in self.name.split("."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A Python file that parses."""

    path: str
    text: Text
    tree: ast.Module

    @classmethod
    def of(cls, path: str, file: File) -> "Module":
        """Read a file.

        Raises:
            Declined: it is no Python, or does not parse.
        """
        text = decode(file.content)
        if text is None or not path.endswith(".py"):
            raise Declined(f"{path} is no Python file whose text can be read.")
        tree = parse("\n".join(text.lines))
        if tree is None:
            raise Declined(f"{path} does not parse.")
        return cls(path=path, text=text, tree=tree)

    def definitions(self) -> Iterator[Placed]:
        """Give the definitions of the module and of its classes, in order; none inside of functions."""
        yield from _below(self.tree, "")

    def with_lines(self, lines: Sequence[str], endings: Sequence[str], *, mode: int) -> File:
        """Give the file with other lines, which have to be the same program but for annotations and docstrings.

        Raises:
            Declined: they are not, or the file's encoding does not know a character.
        """
        tree = parse("\n".join(lines))
        if tree is None or _bare(tree) != _bare(self.tree):
            raise Declined(f"{self.path} is written in a way that a skeleton cannot be fitted in.")
        try:
            return File(content=written_like(self.text, lines, endings).encode(), mode=mode)
        except UnicodeEncodeError as error:
            raise Declined(f"{self.path} has an encoding without {error.object[error.start]!r}.") from error

    def column(self, line: int, column: int) -> int:
        """Give the character at a node's column, which the parser counts in UTF-8 bytes."""
        return len(self.text.lines[line - 1].encode()[:column].decode())


def parameters(node: Function) -> list[tuple[ast.arg, ast.expr | None, str]]:
    """Give the parameters with their defaults and stars, without `self` and `cls`, which a method has first."""
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [*[None] * (len(positional) - len(arguments.defaults)), *arguments.defaults]
    found: list[tuple[ast.arg, ast.expr | None, str]] = []
    found += [(argument, default, "") for argument, default in zip(positional, defaults, strict=True)]
    if arguments.vararg:
        found.append((arguments.vararg, None, "*"))
    found += [
        (argument, default, "") for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    if arguments.kwarg:
        found.append((arguments.kwarg, None, "**"))
    return found[1:] if found and found[0][0].arg in {"self", "cls"} and found[0][1] is None else found


def own_nodes(node: Function) -> Iterator[ast.AST]:
    """Give the nodes of a function's body that run as part of it, without nested definitions."""
    pending: list[ast.AST] = list(node.body)
    while pending:
        found = pending.pop()
        yield found
        if not isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            pending += ast.iter_child_nodes(found)


def _below(node: ast.Module | ast.ClassDef, prefix: str) -> Iterator[Placed]:
    for child in node.body:
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield Placed(node=child, name=prefix + child.name)
        if isinstance(child, ast.ClassDef):
            yield from _below(child, f"{prefix}{child.name}.")


def _bare(tree: ast.Module) -> str:
    """Give a program without its annotations and docstrings, and without the import of `Any`."""
    copied = _Stripped().visit(copy.deepcopy(tree))
    copied.body = [node for node in copied.body if ast.unparse(node) != "from typing import Any"]
    return ast.dump(copied)


class _Stripped(ast.NodeTransformer):
    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and ast.get_docstring(node, clean=False) is not None
        ):
            node.body = node.body[1:]
        return node
