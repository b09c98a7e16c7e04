"""What the rest of a Markdown file says about new lists and code in it, where no quoted line does.

A list item in the first column where all others like it stand deeper has lost its place; so have items of two kinds
that take turns there. Code that is indented as no other code of its language in the file is, is not as it was meant.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from prentice.changes.diff import changed_blocks
from prentice.changes.indentation import indentation

_SUFFIXES: Final = frozenset({".md", ".markdown", ".mdx"})
_ITEM: Final = re.compile(r"([ \t]*)(?:([*+-])|\d{1,9}[.)])[ \t]+(?=\S)")
_RULE: Final = re.compile(r"[ \t]*([*_-])(?:[ \t]*\1){2,}[ \t]*")
_FENCE: Final = re.compile(r"([ \t]*)(`{3,}|~{3,})[ \t]*([\w+#.-]*)")
_ENOUGH: Final = 3
"""Items of a list, or indented lines of code, before what they have in common counts as the file's way."""


@dataclass(frozen=True, slots=True)
class _Code:
    """A fenced stretch: its language and the numbers of its lines, from 0; `lead` is the fence's own indentation."""

    language: str
    lines: range
    lead: str

    def indentations(self, lines: Sequence[str], numbers: Iterable[int]) -> list[str]:
        """Give the indentation behind the fence's own of those lines that have any."""
        found = (indentation(lines[number].removeprefix(self.lead)) for number in numbers if lines[number].strip())
        return [lead for lead in found if lead]


def is_markup(path: str) -> bool:
    """Whether a file is Markdown by its suffix."""
    return PurePosixPath(path).suffix.lower() in _SUFFIXES


def markup_doubt(old: Sequence[str], new: Sequence[str], *, kin: Iterable[Sequence[str]] = ()) -> str | None:
    """Say what of the lines that are only in `new` fits nothing in `old` or in `kin`, files of its kind; else None."""
    added = {number for block in changed_blocks(old, new) for number in range(block.new_start, block.new_end)}
    if not added:
        return None
    return _list_doubt(old, new, added) or _code_doubt([old, *kin], new, added)


def _list_doubt(old: Sequence[str], new: Sequence[str], added: Collection[int]) -> str | None:
    places = Counter((kind, bool(column)) for _, column, kind in _items(old))
    items = list(_items(new))
    for number, column, kind in items:
        if number in added and not column and not places[kind, False] and places[kind, True] >= _ENOUGH:
            return "a new list item begins in the first column, and no other of its kind does"
    flat = [(number, kind) for number, column, kind in items if number in added and not column]
    for one, other, third in zip(flat, flat[1:], flat[2:], strict=False):
        together = all(new[number].strip() for number in range(one[0], third[0]))
        if together and one[1] == third[1] != other[1]:
            return "list items of two kinds take turns in the first column"
    return None


def _items(lines: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Give number, width of the indentation and bullet of each list item outside of code."""
    coded = {number for code in _coded(lines) for number in code.lines}
    for number, line in enumerate(lines):
        if number not in coded and (item := _ITEM.match(line)) and not _RULE.fullmatch(line):
            yield number, len(item[1]), item[2] or "1"


def _code_doubt(known: Sequence[Sequence[str]], new: Sequence[str], added: Collection[int]) -> str | None:
    styles: dict[str, set[str]] | None = None
    for code in _coded(new):
        leads = code.indentations(new, (number for number in code.lines if number in added))
        if not leads:
            continue
        stayed = code.indentations(new, (number for number in code.lines if number not in added))
        firsts = {lead[0] for lead in stayed}
        if len(stayed) >= _ENOUGH and len(firsts) == 1 and any(lead[0] not in firsts for lead in leads):
            return "new code is indented with blanks where the code around it has tabs, or the other way round"
        styles = _styles(known) if styles is None else styles
        others = styles.get(code.language, set())
        unit = min(leads, key=len)
        if not stayed and unit not in others and any(other[0] != unit[0] for other in others):
            return "new code is indented as no other code of its language here"
    return None


def _styles(texts: Iterable[Sequence[str]]) -> dict[str, set[str]]:
    """Give the smallest indentation of each fenced stretch, by language."""
    styles: dict[str, set[str]] = {}
    for lines in texts:
        for code in _coded(lines):
            if code.language and (leads := code.indentations(lines, code.lines)):
                styles.setdefault(code.language, set()).add(min(leads, key=len))
    return styles


def _coded(lines: Sequence[str]) -> Iterator[_Code]:
    """Give the fenced stretches that end."""
    opened: tuple[int, re.Match[str]] | None = None
    for number, line in enumerate(lines):
        if "```" not in line and "~~~" not in line:
            continue
        mark = _FENCE.match(line)
        if mark is None:
            continue
        if opened is None:
            opened = (number, mark)
        elif mark[2].startswith(opened[1][2]) and not line[mark.end(2) :].strip():
            yield _Code(opened[1][3].lower(), range(opened[0] + 1, number), opened[1][1])
            opened = None
