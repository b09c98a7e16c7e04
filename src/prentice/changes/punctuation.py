"""Typographic characters that models put for ASCII ones, or the other way round; one character for one.

The classes are those that the search of codex's apply-patch treats alike (hyphens, quotes, spaces), with the primes.
"""

from collections.abc import Mapping
from typing import Final

CURLY: Final = "\u2018\u2019\u201c\u201d"
_CLASSES: Final[Mapping[str, str]] = {
    "'": "\u2018\u2019\u201a\u201b\u2032",
    '"': "\u201c\u201d\u201e\u201f\u2033",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212",
    " ": "\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
}
_PLAIN: Final = {ord(mark): simple for simple, marks in _CLASSES.items() for mark in marks}
_MARKS: Final = frozenset("'\"-") | frozenset("".join(_CLASSES.values()))
"""Characters whose spelling is in doubt once a reply has spelled one otherwise than the file; not plain spaces."""


def plain(line: str) -> str:
    """Give the line with ASCII quotes, hyphens and spaces; its length stays."""
    return line.translate(_PLAIN)


def respelled(new: str, *, quoted: str, present: str) -> str | None:
    """Spell a new line as the file does, by the line it replaces as the reply has `quoted` it and as it is `present`.

    Only where the new line has the same marks in the same order as the quoted one, so that each has its twin in the
    file; None where it has not.
    """
    marks = [mark for mark in quoted if mark in _MARKS]
    places = [number for number, mark in enumerate(new) if mark in _MARKS]
    if [new[number] for number in places] != marks:
        return None
    twins = [there for here, there in zip(quoted, present, strict=True) if here in _MARKS]
    letters = list(new)
    for number, twin in zip(places, twins, strict=True):
        letters[number] = twin
    return "".join(letters)


def has_marks(line: str) -> bool:
    """Whether a line has a character that a model may have spelled its own way."""
    return any(letter in _MARKS for letter in line)
