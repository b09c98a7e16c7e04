"""Where the new text of a symbol goes: the lines of the one symbol that the edit names."""

import ast
from collections.abc import Sequence

from prentice.changes.correction import Doubt, Pair
from prentice.changes.diff import changed_blocks
from prentice.changes.edits import RewriteSymbol
from prentice.changes.indentation import indentation
from prentice.changes.index import Index, key
from prentice.changes.placing import Miss, Placement, Splice
from prentice.changes.rewriting import rewritten
from prentice.changes.symbols import python
from prentice.changes.symbols.table import Symbol, Unreadable, language_of, named

_CLOSERS = (")", "]", "}", "@")


def place_symbol(edit: RewriteSymbol, index: Index, *, table: Sequence[Symbol] | Unreadable) -> Placement | Miss:
    """Find the symbol that an edit names in its file's symbols, and what of its lines becomes new."""
    if isinstance(table, Unreadable):
        return Miss(code=table.code, sentence=table.sentence)
    found = named(edit.symbol, table)
    if len(found) != 1:
        return _no_symbol(edit.symbol, found, table)
    symbol = found[0]
    if not symbol.whole_lines:
        sentence = f"`{symbol.name}` shares its first or last line with other code."
        return Miss(code="doubtful", sentence=sentence, starts=(symbol.start,))
    text = _text(edit, symbol)
    if isinstance(text, Miss):
        return text
    lines = _without_repeated_comments(text, symbol, index)
    if isinstance(lines, Miss):
        return lines
    return _write(lines, symbol, index, is_python=language_of(edit.path) == "python")


def _no_symbol(name: str, found: Sequence[Symbol], table: Sequence[Symbol]) -> Miss:
    starts = tuple(symbol.start for symbol in found[:6])
    if found:
        addresses = ", ".join(f"`{symbol.address}` (line {symbol.start + 1})" for symbol in found[:6])
        return Miss(code="ambiguous", sentence=f"`{name}` means {len(found)} symbols: {addresses}.", starts=starts)
    last = name.rpartition(".")[2].lower()
    near = [symbol for symbol in table if last and last in symbol.last.lower()] or list(table)
    hint = ", ".join(f"`{symbol.address}`" for symbol in near[:6])
    return Miss(code="not_found", sentence=f"There is no symbol `{name}` in the file. There are: {hint or 'none'}.")


def _text(edit: RewriteSymbol, symbol: Symbol) -> list[str] | Miss:
    """Give the lines that define the symbol, without what else the reply wrapped around them."""
    lines = list(edit.lines)
    while lines and not lines[0].strip():
        lines.pop(0)
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        return Miss(code="empty", sentence=f"The new text of `{symbol.name}` is empty.", starts=(symbol.start,))
    return _python_text(lines, symbol) if language_of(edit.path) == "python" else lines


def _python_text(lines: list[str], symbol: Symbol) -> list[str] | Miss:
    """Check that the text defines the symbol, and take a lone method out of a class written around it."""
    shifted = bool(indentation(next(line for line in lines if line.strip())))
    tree = python.parse("\n".join([*(["if 1:"] if shifted else []), *lines]) + "\n")
    body = tree.body if tree else []
    if shifted and body and isinstance(body[0], ast.If):
        body = body[0].body
    definitions = [node for node in body if isinstance(node, python.Definition)]
    if not definitions:
        return Miss(code="syntax", sentence=f"The new text of `{symbol.name}` is not a valid definition.")
    if len(definitions) < len(body):
        return Miss(
            code="not_a_symbol", sentence=f"The new text has other statements than the definition of `{symbol.name}`."
        )
    first = definitions[0]
    wrapped = len(definitions) == 1 and isinstance(first, ast.ClassDef) and symbol.kind != "class"
    if wrapped and isinstance(first, ast.ClassDef) and first.name == symbol.parent.rpartition(".")[2]:
        inner = [node for node in first.body if isinstance(node, python.Definition)]
        if len(inner) != 1 or len(first.body) != 1 or inner[0].name != symbol.last:
            return Miss(code="not_a_symbol", sentence=f"The new text has more of the class than `{symbol.name}`.")
        definitions = inner
        lines = lines[python.first_line(inner[0]) - 1 - shifted : (inner[0].end_lineno or 0) - shifted]
    own = next((node for node in definitions if node.name == symbol.last), definitions[0])
    if symbol.decorators and not own.decorator_list:
        return Miss(
            code="doubtful", sentence=f"The new text of `{symbol.name}` lacks its decorators.", starts=(symbol.start,)
        )
    return lines


def _without_repeated_comments(lines: list[str], symbol: Symbol, index: Index) -> list[str] | Miss:
    """Leave out comments before and behind the definition that stand in the file already."""
    first = next((number for number, line in enumerate(lines) if not _is_comment(line)), 0)
    above = [key(line) for line in index.lines[max(symbol.start - first, 0) : symbol.start]]
    if first and [key(line) for line in lines[:first]] == above:
        return lines[first:]
    around = {key(line) for line in above if line}
    if any(key(line) in around for line in lines[:first] if line.strip()):
        sentence = f"The new text of `{symbol.name}` begins with a part of the comment that stands above it."
        return Miss(code="doubtful", sentence=sentence, starts=(symbol.start,))
    return lines


def _is_comment(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith(("#", "//", "/*", "*", "--"))


def _write(lines: list[str], symbol: Symbol, index: Index, *, is_python: bool) -> Placement | Miss:
    old = index.lines[symbol.start : symbol.end]
    base = Pair(lines[0], old[0])
    result = rewritten(old, lines, leads=lambda: index.leads, base=_lead_pair(base))
    doubt = result if isinstance(result, Doubt) else _lost_columns(old, lines, base, is_python=is_python)
    if isinstance(result, Doubt) or doubt:
        sentence = f"In the new text of `{symbol.name}` {doubt.sentence}." if doubt else ""
        return Miss(code="doubtful", sentence=sentence, starts=(symbol.start,))
    splices = tuple(
        Splice(
            start=symbol.start + block.old_start,
            end=symbol.start + block.old_end,
            lines=result.lines[block.new_start : block.new_end],
        )
        for block in changed_blocks(old, result.lines)
    )
    return Placement(start=symbol.start, end=symbol.end, splices=splices, level=result.level)


def _lead_pair(base: Pair) -> Pair:
    """Give the two first lines' indentations as a pair, with a word to stand behind them."""
    return Pair(indentation(base.quoted) + "x", indentation(base.present) + "x")


def _lost_columns(old: Sequence[str], new: Sequence[str], base: Pair, *, is_python: bool) -> Doubt | None:
    """Say whether lines inside a symbol stand as far left as its first line, which they did not before."""
    here, there = len(indentation(base.quoted)), len(indentation(base.present))
    if is_python and here == there:
        return None
    before = any(_is_left(line, there) for line in old[1:-1])
    if not before and any(_is_left(line, here) for line in new[1:-1]):
        return Doubt("lines begin as far left as the definition itself")
    return None


def _is_left(line: str, column: int) -> bool:
    word = line.strip()
    return bool(word) and not word.startswith(_CLOSERS) and len(indentation(line)) <= column
