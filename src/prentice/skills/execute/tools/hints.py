"""Type-hint skeletons: what a signature and a body leave no doubt of, and `Any` for what has to be filled in."""

import ast
import tokenize
from collections.abc import Iterator, Sequence
from typing import Final

from prentice.changes.change import Change, FileChange
from prentice.changes.files import File
from prentice.skills.execute.tools.signatures import Function, Module, Placed, own_nodes, parameters
from prentice.skills.execute.tools.task import Declined, ToolOutcome
from prentice.skills.execute.tools.workbench import Workbench, named

_SURE: Final = (bool, str, bytes)
"""Types of defaults that say what a parameter is. A number may be of several types, None says nothing."""
_EMPTY: Final = frozenset({"NotImplementedError", "NotImplemented"})
Insertion = tuple[int, int, str]


def with_hints(bench: Workbench, files: Sequence[str]) -> ToolOutcome:
    """Annotate every parameter and result that has no annotation.

    Raises:
        Declined: a file is no Python that parses, or everything is annotated.
    """
    done: list[FileChange] = []
    for path, file in bench.files(files).items():
        module = Module.of(path, file)
        if found := [place for each in module.definitions() for place in _insertions(each, module)]:
            done.append(FileChange(path=path, old_path=path, before=file, after=_written(module, file, found)))
    if not done:
        raise Declined(f"Every parameter and result is annotated in {named(files)}.")
    says = (
        f"Annotated the signatures of {named(change.path for change in done)}: `None` where no value is returned, the "
        "type of a default where it leaves no doubt, and `Any` where the type has to be filled in."
    )
    return ToolOutcome(change=Change(files=tuple(done)), tool="type-hint skeletons", explanation=says)


def _insertions(place: Placed, module: Module) -> Iterator[Insertion]:
    node = place.node
    if isinstance(node, ast.ClassDef):
        return
    for argument, default, _ in parameters(node):
        if argument.annotation is None:
            line, column = argument.end_lineno or argument.lineno, argument.end_col_offset or 0
            yield line, module.column(line, column), f": {_type(default)}"
    if node.returns is None and (end := _closing(node, module)):
        yield *end, f" -> {_result(node)}"


def _type(default: ast.expr | None) -> str:
    value = default.value if isinstance(default, ast.Constant) else None
    return next((kind.__name__ for kind in _SURE if type(value) is kind), "Any")


def _result(node: Function) -> str:
    """Give None where nothing is returned by a function that does something."""
    parts = list(own_nodes(node))
    returns = any(isinstance(part, ast.Return) and not _is_none(part.value) for part in parts)
    yields = any(isinstance(part, ast.Yield | ast.YieldFrom) for part in parts)
    raises = any(isinstance(part, ast.Name) and part.id in _EMPTY for part in parts)
    is_empty = all(map(_does_nothing, node.body))
    if node.name == "__init__":
        return "None"
    return "Any" if returns or yields or raises or is_empty or isinstance(node.body[-1], ast.Raise) else "None"


def _does_nothing(node: ast.stmt) -> bool:
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _is_none(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def _closing(node: Function, module: Module) -> tuple[int, int] | None:
    """Give the place behind the parenthesis that closes the parameters."""
    lines = iter(f"{line}\n" for line in module.text.lines[node.lineno - 1 :])
    open_brackets: list[str] = []
    for token in tokenize.generate_tokens(lambda: next(lines, "")):
        if token.type == tokenize.OP and token.string in "([{":
            open_brackets.append(token.string)
        elif token.type == tokenize.OP and token.string in ")]}" and open_brackets.pop() == "(" and not open_brackets:
            return node.lineno + token.end[0] - 1, token.end[1]
    return None


def _written(module: Module, file: File, found: Sequence[Insertion]) -> File:
    lines = list(module.text.lines)
    for line, column, text in sorted(found, reverse=True):
        lines[line - 1] = lines[line - 1][:column] + text + lines[line - 1][column:]
    endings = list(module.text.endings)
    if any("Any" in text for _, _, text in found) and not _has_any(module.tree):
        at = _import_line(module.tree)
        lines.insert(at, "from typing import Any")
        endings.insert(at, next((ending for ending in endings if ending), "\n"))
    return module.with_lines(lines, endings, mode=file.mode)


def _has_any(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.ImportFrom) and node.module == "typing" and any(name.name == "Any" for name in node.names)
        for node in tree.body
    )


def _import_line(tree: ast.Module) -> int:
    """Give the line behind the docstring and the imports from `__future__`, which have to stay first."""
    at = 0
    for node in tree.body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if not is_docstring and not is_future:
            break
        at = node.end_lineno or at
    return at
