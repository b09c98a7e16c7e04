"""Docstring skeletons: what a signature says, in the style of the file's other docstrings, and a mark for the rest.

What a function does, what it raises and what a parameter means is not known here, so nothing is said of it.
"""

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final, Literal, TypeAlias

from prentice.changes.change import Change, FileChange
from prentice.changes.files import File
from prentice.skills.execute.tools.signatures import Definition, Module, Placed, own_nodes, parameters
from prentice.skills.execute.tools.task import Declined, ToolOutcome
from prentice.skills.execute.tools.workbench import Workbench, named

Style: TypeAlias = Literal["google", "numpy", "sphinx"]

Taken: TypeAlias = tuple[str, str, str]
"""A parameter: its name with stars, its type, and a sentence on its default."""

MARK: Final = "TODO: describe."
_STYLES: Final[tuple[tuple[Style, str], ...]] = (
    ("sphinx", r"(?m)^\s*:(?:param|returns?|type)\b"),
    ("numpy", r"(?m)^\s*(?:Parameters|Returns)\n\s*-{3,}"),
    ("google", r"(?m)^\s*(?:Args|Returns|Raises):\s*$"),
)
_MOST: Final = 60
"""A default that is written longer than this is not repeated."""


def with_docstrings(bench: Workbench, files: Sequence[str], *, symbols: Collection[str] = ()) -> ToolOutcome:
    """Give public definitions without a docstring a skeleton of one, or only those definitions that the task names.

    Raises:
        Declined: a file is no Python that parses, or nothing lacks a docstring.
    """
    done: list[FileChange] = []
    names: list[str] = []
    for path, file in bench.files(files).items():
        module = Module.of(path, file)
        lacking = [place for place in module.definitions() if _lacks(place, symbols)]
        if lacking:
            done.append(FileChange(path=path, old_path=path, before=file, after=_written(module, file, lacking)))
            names += [place.name for place in lacking]
    if not done:
        raise Declined(f"Nothing that would want a docstring lacks one in {named(files)}.")
    says = (
        f"Gave {named(names)} docstring skeletons, which say what the signatures say; what they do is not known, and "
        f'marked "{MARK}"'
    )
    return ToolOutcome(change=Change(files=tuple(done)), tool="docstring skeletons", explanation=says)


def _lacks(place: Placed, symbols: Collection[str]) -> bool:
    node = place.node
    has_other = _is_marked(node, {"overload", "override", "setter", "deleter"})
    if has_other or ast.get_docstring(node, clean=False) is not None:
        return False
    if symbols:
        return bool({place.name, place.name.rpartition(".")[2]} & {*symbols})
    return place.is_public


def _is_marked(node: Definition, marks: Collection[str]) -> bool:
    last = (ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list)
    return any(name in marks for name in last)


def _written(module: Module, file: File, lacking: Sequence[Placed]) -> File:
    lines, endings = list(module.text.lines), list(module.text.endings)
    style = _style(module)
    for place in sorted(lacking, key=lambda place: place.node.lineno, reverse=True):
        first = place.node.body[0]
        start = min((line.lineno for line in getattr(first, "decorator_list", [])), default=first.lineno)
        if start == _end_of_header(place.node, module):
            raise Declined(
                f"`{place.name}` in {module.path} is written on one line, which has no room for a docstring."
            )
        lead = module.text.lines[start - 1][: module.column(start, first.col_offset)]
        new = [f"{lead}{line}".rstrip() if line else "" for line in _docstring(place.node, style)]
        if isinstance(place.node, ast.ClassDef) and not isinstance(first, ast.Expr | ast.Pass):
            new.append("")
        at = _end_of_header(place.node, module)
        ending = endings[at - 1] or "\n"
        lines[at:at] = new
        endings[at:at] = [ending] * len(new)
    return module.with_lines(lines, endings, mode=file.mode)


def _end_of_header(node: Definition, module: Module) -> int:
    """Give the line on which the colon stands that opens the body."""
    first = node.body[0]
    start = min((line.lineno for line in getattr(first, "decorator_list", [])), default=first.lineno)
    for number in range(start, node.lineno - 1, -1):
        line = module.text.lines[number - 1]
        if number == start:
            line = line[: module.column(first.lineno, first.col_offset)] if start == first.lineno else ""
        if line.split("#", 1)[0].rstrip().endswith(":"):
            return number
    raise Declined(f"The definition in {module.path}:{node.lineno} is written in a way that is not understood.")


def _style(module: Module) -> Style:
    written = [ast.get_docstring(place.node) or "" for place in module.definitions()]
    counted = {style: sum(bool(re.search(pattern, text)) for text in written) for style, pattern in _STYLES}
    return max(counted, key=lambda style: (counted[style], style == "google"))


def _docstring(node: Definition, style: Style) -> list[str]:
    body = list(_sections(node, style))
    if not body:
        return [f'"""{MARK}"""']
    return [f'"""{MARK}', "", *body, '"""']


def _sections(node: Definition, style: Style) -> Iterator[str]:
    if isinstance(node, ast.ClassDef):
        return
    takes = [
        (f"{stars}{argument.arg}", _type(argument.annotation), _default(default))
        for argument, default, stars in parameters(node)
    ]
    gives = _gives(node)
    match style:
        case "google":
            yield from _google(takes, gives)
        case "numpy":
            yield from _numpy(takes, gives)
        case "sphinx":
            yield from _sphinx(takes, gives)


def _google(takes: Sequence[Taken], gives: tuple[str, str] | None) -> Iterator[str]:
    if takes:
        yield "Args:"
        yield from (f"    {name}{f' ({kind})' if kind else ''}:{rest}" for name, kind, rest in takes)
    if gives:
        yield from ([""] if takes else [])
        yield from (f"{gives[0]}:", f"    {gives[1]}:")


def _numpy(takes: Sequence[Taken], gives: tuple[str, str] | None) -> Iterator[str]:
    if takes:
        yield from ("Parameters", "----------")
        for name, kind, rest in takes:
            yield f"{name} : {kind}" if kind else name
            yield from ([f"   {rest}"] if rest else [])
    if gives:
        yield from ([""] if takes else [])
        yield from (gives[0], "-" * len(gives[0]), gives[1])


def _sphinx(takes: Sequence[Taken], gives: tuple[str, str] | None) -> Iterator[str]:
    for name, kind, rest in takes:
        yield f":param {name.lstrip('*')}:{rest}"
        yield from ([f":type {name.lstrip('*')}: {kind}"] if kind else [])
    yield from ([":returns:", f":rtype: {gives[1]}"] if gives else [])


def _type(annotation: ast.expr | None) -> str:
    return ast.unparse(annotation).strip("'\"") if annotation is not None else ""


def _default(default: ast.expr | None) -> str:
    text = ast.unparse(default) if default is not None else ""
    return f" Defaults to {text}." if text and len(text) <= _MOST else ""


def _gives(node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str, str] | None:
    """Give the section and the type of what comes back, where an annotation says it and it is not None."""
    kind = _type(node.returns)
    if not kind or kind in {"None", "NoReturn", "Never"} or node.name == "__init__":
        return None
    yields = any(isinstance(part, ast.Yield | ast.YieldFrom) for part in own_nodes(node))
    return ("Yields" if yields else "Returns", kind)
