"""The hard facts of a text: what nobody can know who was not told. Names, paths, numbers, quotes, addresses.

They are what a rewrite may neither add without a source nor lose.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from prentice.context import mentions
from prentice.skills.optimize.prose import PLACEHOLDER, Span

Kind = Literal["url", "path", "quote", "code", "identifier", "number", "acronym", "name"]

_URL: Final = r"(?i)(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,15}://[^\s<>\"'`)\]]+"
_INLINE: Final = r"(?<!`)`([^`\n]{1,200})`(?!`)"
_QUOTED: Final = (
    r"\"(?!\s)([^\"\n]{1,200})(?<!\s)\"|“([^”\n]{1,200})”|«([^»\n]{1,200})»|"
    r"(?<![\w])'(?!\s)([^'\n]{2,120})(?<!\s)'(?!\w)"
)
_IDENTIFIER: Final = (
    r"(?<![\w.])(?:[A-Za-z_$][\w$]*(?:(?:\.|::|->)[A-Za-z_$][\w$]*)+(?:\(\))?"  # dotted
    r"|_*[A-Za-z][A-Za-z0-9]*_\w+(?:\(\))?|__\w+"  # snake case
    r"|[A-Za-z]*[a-z][A-Z]\w*(?:\(\))?"  # camel case
    r"|[A-Za-z_]\w*\(\)"  # a call
    r"|--?[a-z][\w-]{1,40}(?![\w])(?<=[a-z0-9]))"  # an option
)
_SLASHED: Final = r"(?<![\w./-])(?!and/or\b)[\w.-]*\w(?:/[\w.-]*\w)+"
_NUMBER: Final = r"(?<![\w.])[-+]?(?:\d+(?:[.,:]\d+)*|0x[0-9a-fA-F]+)(?:[eE][-+]?\d+)?%?(?!\w*[A-Za-z_]\w*\()"
_ACRONYM: Final = r"(?<![\w])[A-Z][A-Z0-9]{1,9}s?(?![\w])"
_NAME: Final = r"(?<=[a-z,;:)\d] )[A-Z][a-z]+(?:[A-Z]\w*)?(?![\w.]*[(_])"
_NUMBERED: Final = (
    r"(?i)(?<![\w.])(?:[a-z]+\d\w*|\d+(?:[.,]\d+)*(?!(?:st|nd|rd|th|s|x)\b)[a-z]\w*)(?![\w(])"  # `utf8`, `10MB`
)
_PLAIN_CAPITALS: Final = frozenset("I A OK NOT AND OR NO YES TODO NEEDS TBD FIXME NOTE MUST ONLY ALL API UI ID".split())
"""Capitals that are plain words, or that name nothing by themselves."""
_TRAILING: Final = ".,;:!?"


@dataclass(frozen=True, slots=True)
class Atom:
    """One hard fact: its kind, its words as written, where they stand, and `key`, by which facts are compared."""

    kind: Kind
    written: str
    span: Span

    @property
    def key(self) -> str:
        """The fact without what spelling varies: brackets of a call, outer quotes, case, separators of thousands."""
        plain = self.written.strip().strip("`\"'“”«»").removesuffix("()").rstrip(_TRAILING)
        if self.kind == "number":
            return plain.lstrip("+").replace(",", "") if re.fullmatch(r"[-+]?\d{1,3}(?:,\d{3})+", plain) else plain
        return " ".join(plain.split()).casefold()


def atoms(text: str) -> tuple[Atom, ...]:
    """Give the hard facts of a text in order; those inside placeholders are questions, not facts."""
    masked = PLACEHOLDER.sub(lambda match: " " * len(match[0]), text)
    found = sorted(set(_found(masked)), key=lambda atom: (atom.span.start, -atom.span.end))
    return tuple(atom for atom in found if atom.key)


def _found(text: str) -> Iterator[Atom]:
    for match in re.finditer(_URL, text):
        yield Atom("url", match[0].rstrip(_TRAILING), Span(match.start(), match.end()))
    for match in re.finditer(_INLINE, text):
        yield Atom("code", match[1], Span(*match.span(1)))
    for match in re.finditer(_QUOTED, text):
        group = next(number for number in range(1, 5) if match[number] is not None)
        yield Atom("quote", match[group], Span(*match.span(group)))
    plain = re.sub(_URL, lambda match: " " * len(match[0]), text)
    yield from _paths(plain)
    for kind, pattern in _PATTERNS:
        for match in re.finditer(pattern, plain):
            if match[0].rstrip("s") not in _PLAIN_CAPITALS:
                yield Atom(kind, match[0], Span(*match.span()))


_PATTERNS: Final[tuple[tuple[Kind, str], ...]] = (
    ("path", _SLASHED), ("identifier", _IDENTIFIER), ("number", _NUMBER), ("acronym", _ACRONYM), ("name", _NAME),
    ("name", _NUMBERED),
)  # fmt: skip


def _paths(text: str) -> Iterator[Atom]:
    for path in mentions.paths(text):
        start = max(0, text.find(path))
        yield Atom("path", path, Span(start, start + len(path)))
