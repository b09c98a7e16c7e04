"""A file's outline: the signatures of what it defines, each behind its line number."""

import ast
from collections.abc import Iterator
from typing import Final

from prentice.changes.symbols.python import Definition, definitions, first_line, parse
from prentice.changes.symbols.table import Unreadable, language_of, symbols_of
from prentice.changes.text import decode
from prentice.context.chunks import cut

MAX_SIGNATURE: Final = 200
"""Letters of one line; the rest of a longer signature is left out."""


def outline(path: str, content: bytes) -> str:
    """Give the classes, functions and constants of a file as lines `NUMBER: signature`, indented by nesting.

    Python is read with `ast`, other languages with tree-sitter where its grammars are installed (the extra `code`),
    else by the look of their lines. Empty for what is no text or defines nothing.
    """
    text = decode(content)
    if text is None:
        return ""
    found = _python("\n".join(text.lines) + "\n") if language_of(path) == "python" else None
    if found is None:
        found = _others(path, text.lines)
    return "".join(f"{line}: {'    ' * depth}{_short(signature)}\n" for line, depth, signature in found)


def _python(source: str) -> list[tuple[int, int, str]] | None:
    tree = parse(source)
    if tree is None:
        return None
    found = [
        (first_line(node), parent.count(".") + bool(parent), _signature(node)) for node, parent in definitions(tree)
    ]
    return sorted([*found, *_constants(tree)])


def _constants(tree: ast.Module) -> Iterator[tuple[int, int, str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if all(isinstance(target, ast.Name) for target in targets):
                yield node.lineno, 0, _one_line(ast.unparse(node))[:80]


def _signature(node: Definition) -> str:
    if isinstance(node, ast.ClassDef):
        bases = ", ".join(ast.unparse(base) for base in (*node.bases, *node.keywords))
        return f"class {node.name}({bases})" if bases else f"class {node.name}"
    word = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{word} {node.name}({ast.unparse(node.args)}){returns}"


def _others(path: str, lines: tuple[str, ...]) -> list[tuple[int, int, str]]:
    symbols = symbols_of(path, lines)
    if isinstance(symbols, Unreadable):
        found, _ = cut(path, "\n".join(lines))
        return [(definition.line, 0, lines[definition.line - 1].rstrip()) for definition in found]
    depths = {symbol.name: symbol.name.count(".") for symbol in symbols}
    return [
        (symbol.start + 1, depths[symbol.name], lines[symbol.start + symbol.decorators].strip().rstrip("{ "))
        for symbol in symbols
    ]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _short(signature: str) -> str:
    line = signature if signature[:1].isspace() else _one_line(signature)
    return line if len(line) <= MAX_SIGNATURE else line[:MAX_SIGNATURE] + "..."
