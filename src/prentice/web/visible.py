"""Text of files, models and tasks on the page: what cannot be seen, or turns other letters around, is spelled out."""

import unicodedata
from typing import Final

from markupsafe import Markup, escape

from prentice.changes.guards.invisible import is_invisible

_TURNING: Final = frozenset("\u061c\u200b\u200e\u200f\u2028\u2029\u2060\ufeff")
"""Format characters that no text for people needs; joiners and variation selectors of emoji are left alone."""


def visible(text: str) -> str:
    """Give text of files and models with everything that is not seen as `<U+202E>`; line breaks and tabs stay."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "".join(_code(letter) if hides(letter) else letter for letter in text)


def path_shown(path: str) -> str:
    """Give a path on one line, where nothing in it can pass for something else."""
    return visible(path).replace("\n", "<U+000A>").replace("\t", "<U+0009>")


def one_line(text: object) -> str:
    """Give text like `visible`, on one line."""
    return visible(" ".join(str(text).split()))


def readable(text: str) -> str:
    """Give text that people wrote, without what a reader could be deceived with; emoji keep their parts."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "".join(_code(letter) if _deceives(letter) else letter for letter in text)


def marked(text: str) -> Markup:
    """Give a line as HTML in which what is spelled out stands out too."""
    if text.isascii() and text.isprintable():
        return escape(text)
    parts = (
        Markup('<span class="spelled" title="{}">{}</span>').format(_named(letter), _code(letter))
        if hides(letter)
        else escape(letter)
        for letter in text
    )
    return Markup("").join(parts)


def hides(letter: str) -> bool:
    """Whether a character is not seen, or is obeyed instead."""
    return letter not in "\n\t" and (letter == "\f" or is_invisible(letter))


def _deceives(letter: str) -> bool:
    if letter in "\n\t":
        return False
    kind = unicodedata.category(letter)
    return (
        kind in {"Cc", "Cs"} or letter in _TURNING or "\u202a" <= letter <= "\u202e" or "\u2066" <= letter <= "\u2069"
    )


def _code(letter: str) -> str:
    return f"<U+{ord(letter):04X}>"


def _named(letter: str) -> str:
    return unicodedata.name(letter, "control character").lower()
