"""A file's text cut into chunks at its definitions, and the definitions that a glance at each line shows."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Final

MIN_LINES: Final = 25
MAX_LINES: Final = 80
_MODIFIERS: Final = (
    r"(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|unsafe|pub(?:\(\w+\))?|inline|"
    r"extern|override|virtual|const|declare|readonly)[ \t]+)*"
)
_PYTHON: Final = re.compile(
    r"^([ \t]*)(?:async[ \t]+def|def|class)[ \t]+(\w+)|^()([A-Za-z_]\w*)[ \t]*(?::[^=\n]+)?=[^=]", re.MULTILINE
)
_OTHERS: Final = re.compile(
    rf"^([ \t]*){_MODIFIERS}(?:function\*?|func(?:[ \t]*\([^)\n]*\))?|fn|class|struct|enum|trait|interface|type|record|"
    rf"object|module|namespace|mod|def|fun|macro_rules!|#define|let|const|var|val)[ \t]+(\w+)"
    rf"|^([ \t]*)(?:[\w<>\[\],.?*&:]+[ \t]+)+\**(\w+)[ \t]*\([^;\n]*(?:\{{|$)",
    re.MULTILINE,
)
_HEADING: Final = re.compile(r"^()(#{1,4}[ \t].+)|^()([^\n]{3,80})\n[=~^*-]{3,}$", re.MULTILINE)
_CODE: Final = frozenset(
    ".js .jsx .mjs .cjs .ts .mts .cts .tsx .vue .svelte .go .rs .java .kt .kts .scala .cs .c .h .cc .cpp .cxx .hh .hpp "
    ".hxx .swift .rb .php .dart .ex .exs .lua .zig .nim .m .groovy .pyx .pxd .jl".split()
)
_PROSE: Final = frozenset({".md", ".rst", ".txt", ".adoc", ".mdx"})


@dataclass(frozen=True, slots=True)
class Definition:
    """A name that a file defines, and its line, from 1."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of lines `start:stop`, from 0, and their text."""

    start: int
    stop: int
    text: str


def cut(path: str, text: str) -> tuple[list[Definition], list[Chunk]]:
    """Give a file's definitions and its chunks of about MIN_LINES to MAX_LINES lines, in order."""
    suffix = PurePosixPath(path).suffix.lower()
    starts = _line_starts(text)
    found: list[Definition] = []
    bounds: list[int] = []
    for indent, name, offset in _definitions(suffix, text):
        line = bisect_right(starts, offset) - 1
        if suffix not in _PROSE:
            found.append(Definition(name, line + 1))
        if indent <= 4:
            bounds.append(line)
    return found, _chunks(text, starts, bounds)


def _definitions(suffix: str, text: str) -> list[tuple[int, str, int]]:
    if suffix in {".py", ".pyi"}:
        pattern = _PYTHON
    elif suffix in _CODE:
        pattern = _OTHERS
    elif suffix in _PROSE:
        pattern = _HEADING
    else:
        return []
    return [(len(match[1] or match[3] or ""), match[2] or match[4], match.start()) for match in pattern.finditer(text)]


def _line_starts(text: str) -> list[int]:
    starts = [0]
    starts.extend(match.end() for match in re.finditer(r"\n", text))
    if starts[-1] == len(text) and len(starts) > 1:
        starts.pop()
    return starts


def _chunks(text: str, starts: list[int], bounds: list[int]) -> list[Chunk]:
    cuts = [0]
    for line in (*bounds, len(starts)):
        while line - cuts[-1] > MAX_LINES + MIN_LINES:
            cuts.append(cuts[-1] + MAX_LINES)
        if line - cuts[-1] >= MIN_LINES and line < len(starts):
            cuts.append(line)
    ends = [*starts, len(text)]
    return [Chunk(first, last, text[ends[first] : ends[last]]) for first, last in pairwise([*cuts, len(starts)])]
