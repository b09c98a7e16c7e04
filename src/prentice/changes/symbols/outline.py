r"""The definitions of a Python file by its lines alone, many times faster than a syntax tree.

Strings and comments are taken out as Python's tokenizer would, brackets are counted, and what is left are logical
lines, whose first words and columns say where each definition begins and ends. `def` and `class` stand nowhere else
than first in a logical line. What this reading cannot be certain of gives None: the syntax tree has to decide.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from prentice.changes.symbols.table import Symbol

_QUIET: Final = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+"""|'
    r"'''(?:[^'\\]|\\.|'(?!''))*+'''|"
    r"\"\"\"|'''|"
    r'"(?:[^"\\\n]|\\.)*+"|'
    r"'(?:[^'\\\n]|\\.)*+'|"
    r"#[^\n]*+",
    re.DOTALL,
)
"""Strings and comments. An opening triple quote that nothing closes is matched by itself."""
_FORMATTED: Final = re.compile(r"(?:\A|\W)(?:[ft]r?|r[ft])\Z", re.IGNORECASE)
_INSIDE: Final = r"""[^{}'"\#\\]|'[^'{}\\\n]*+'|"[^"{}\\\n]*+"|\{[^{}'"\#\\]*+\}|(?<=:)\#[\w.,]*+(?=\})"""
_FIELDS: Final = re.compile(rf"(?:[^{{}}]|\{{\{{|\}}\}}|\{{(?:{_INSIDE})*+\}})*+", re.DOTALL)
"""The body of a formatted string that ends at the same quote whether or not quotes may be nested (PEP 701)."""
_HEAD: Final = re.compile(r"(?:async[ \t]+)?(def|class)[ \t]+(\w+)")
_HEAD_WORD: Final = re.compile(r"(?:async(?![ \t]+(?:for|with)\b)|def|class)\b")
_OTHERS: Final = bytes(set(range(256)) - set(b"()[]{}\n"))
_ROUNDS: Final = 8
"""How deep brackets are cancelled out at once; what stands deeper, or over several lines, is counted one by one."""
_CLOSED_BY: Final = {")": "(", "]": "[", "}": "{"}
_NEVER: Final = "\"'$?`\r\v\f"
"""What stands in no Python outside of strings and comments; quotes that were left are strings that nothing closes.

A form feed may stand there, but what it makes of a column is left to the tokenizer.
"""


class _Begun(NamedTuple):
    """A definition whose end has not come yet; a tuple, since a file has hundreds and time matters here."""

    name: str
    word: str
    column: int
    start: int
    parent: str
    decorators: int

    def ended(self, end: int) -> Symbol:
        return Symbol(
            name=self.name,
            kind="class" if self.word == "class" else "function",
            start=self.start,
            end=end,
            parent=self.parent,
            decorators=self.decorators,
        )


class _Unsure(Exception):  # noqa: N818 - ends the reading from within; it is no error of the program
    """The lines cannot be read for certain."""


def outline(lines: Sequence[str]) -> list[Symbol] | None:
    """Give all functions, methods and classes of a file, or None where only a syntax tree can tell."""
    try:
        code = _without_strings("\n".join(lines) + "\n")
        return list(_symbols(code.split("\n")[:-1], _continued(code)))
    except _Unsure:
        return None


def _without_strings(source: str) -> str:
    """Leave out comments, and write `0` for a string, or brackets around its line feeds if it has any."""
    code = _QUIET.sub(_stand_in, source)
    if any(mark in code for mark in _NEVER) or code.count("\\") != code.count("\\\n"):
        raise _Unsure
    return code


def _stand_in(found: re.Match[str]) -> str:
    text = found[0]
    if text[0] == "#":
        return ""
    if "{" in text and _FORMATTED.search(found.string[max(found.start() - 3, 0) : found.start()]):
        size = 3 if text[:3] == text[0] * 3 else 1
        if not _FIELDS.fullmatch(text, size, len(text) - size):
            raise _Unsure
    if len(text) == 3 and text == text[0] * 3:
        raise _Unsure
    return "(" + "\n" * text.count("\n") + ")" if "\n" in text else "0"


def _continued(code: str) -> bytearray:
    """Say of each line whether it continues the one above: in brackets, or behind a backslash."""
    continued = _bracketed(code)
    if "\\" in code:
        for number, line in enumerate(code.split("\n")):
            if line.endswith("\\"):
                continued[number + 1] = True
    return continued


def _bracketed(code: str) -> bytearray:
    """Say of each line whether it begins inside brackets."""
    marks = code.encode("utf-8", "replace").translate(None, _OTHERS).decode("ascii")
    for _ in range(_ROUNDS):
        marks = marks.replace("()", "").replace("[]", "").replace("{}", "")
    inside = bytearray(code.count("\n") + 1)
    depth: list[str] = []
    for number, row in enumerate(marks.split("\n")):
        if depth:
            inside[number] = True
        for mark in row:
            if mark in "([{":
                depth.append(mark)
            elif not depth or depth.pop() != _CLOSED_BY[mark]:
                raise _Unsure
    if depth:
        raise _Unsure
    return inside


def _symbols(code: Sequence[str], continued: bytearray) -> Iterator[Symbol]:
    """Go through the logical lines: one that stands no deeper than a definition ends it."""
    columns = [0]
    begun: list[_Begun] = []
    decorators: list[int] = []
    last = -1
    for number, line in enumerate(code):
        word = line.lstrip(" \t")
        if not word:
            continue
        if continued[number]:
            last = number
            continue
        column = len(line) - len(word) if "\t" not in line else len(line[: -len(word)].expandtabs(8))
        if column != columns[-1]:
            _enter(columns, column)
        while begun and begun[-1].column >= column:
            yield begun.pop().ended(last + 1)
        last = number
        if word[0] == "@":
            decorators.append(number)
        elif word[0] in "acd" and _HEAD_WORD.match(word):
            begun.append(_begin(word, column, number, begun[-1].name if begun else "", decorators))
            decorators = []
        elif decorators:
            raise _Unsure
    for one in reversed(begun):
        yield one.ended(last + 1)


def _enter(columns: list[int], column: int) -> None:
    """Follow the columns of blocks; a line may only go back to one that is open."""
    if column > columns[-1]:
        columns.append(column)
        return
    while columns[-1] > column:
        columns.pop()
    if columns[-1] != column:
        raise _Unsure


def _begin(word: str, column: int, number: int, parent: str, decorators: Sequence[int]) -> _Begun:
    """Read the line that a definition begins with."""
    found = _HEAD.match(word)
    if found is None:
        raise _Unsure
    name = found[2] if found[2].isascii() else unicodedata.normalize("NFKC", found[2])
    start = decorators[0] if decorators else number
    return _Begun(f"{parent}.{name}" if parent else name, found[1], column, start, parent, len(decorators))
