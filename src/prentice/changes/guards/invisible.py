"""Characters that a reader of the diff does not see, or that make it show another text than the one that runs."""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Final

from prentice.changes.guards.objection import Objection, Policy, View

_FILLERS: Final = frozenset("\u00ad\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800")
_SELECTORS: Final = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
_JOINERS: Final = _SELECTORS | {"\u200c", "\u200d"}
"""Needed inside emoji and some scripts; between ASCII letters they only hide something."""
_ALLOWED: Final = frozenset("\t\f")


def is_invisible(letter: str) -> bool:
    """Whether a character is a control, a format character (bidi, zero width, tag), private, or a blank filler.

    So are variation selectors and the separators that only some programs take as the end of a line.
    """
    if letter in _FILLERS or letter in _SELECTORS:
        return True
    return unicodedata.category(letter) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"} and letter not in _ALLOWED


def invisible_characters(view: View, policy: Policy) -> Iterator[Objection]:
    """Object to invisible characters in added lines, beyond those of the lines that they replace."""
    del policy
    own = Counter(letter for line in view.removed if not _is_clean(line) for letter in line if is_invisible(letter))
    for number, line in view.added:
        if _is_clean(line):
            continue
        for place, letter in enumerate(line):
            if not is_invisible(letter) or (letter in _JOINERS and _joins(line, place)):
                continue
            if own[letter] > 0:
                own[letter] -= 1
                continue
            name = unicodedata.name(letter, "control character")
            sentence = f"A new line has an invisible character (U+{ord(letter):04X}, {name.lower()})."
            yield view.object("invisible", "refuse", sentence, line=number)
            break


def _is_clean(line: str) -> bool:
    return line.isascii() and line.replace("\t", "").replace("\f", "").isprintable()


def _joins(line: str, place: int) -> bool:
    """Whether a joiner or a variation selector stands behind a character of an emoji or of another script."""
    return place > 0 and not line[place - 1].isascii() and not is_invisible(line[place - 1])
