"""Text of files, models and tasks for somebody's eyes: what is not seen, or is obeyed instead, is spelled out."""

import unicodedata
from typing import Final

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


def joins(text: str, place: int) -> bool:
    """Whether a joiner or a variation selector stands behind a character of an emoji or of another script."""
    return place > 0 and text[place] in _JOINERS and not text[place - 1].isascii() and not is_invisible(text[place - 1])


def hides(letter: str) -> bool:
    """Whether a character is not seen, or is obeyed by a terminal; line breaks and tabs are seen."""
    return letter not in "\n\t" and (letter == "\f" or is_invisible(letter))


def spelled(letter: str) -> str:
    """Give a character by its number: `<U+202E>`."""
    return f"<U+{ord(letter):04X}>"


def visible(text: str) -> str:
    """Give text of code with every hidden character spelled out."""
    if _is_plain(text):
        return text
    return "".join(spelled(letter) if hides(letter) else letter for letter in text)


def readable(text: str) -> str:
    """Give text that people or models wrote: line ends are one character, and emoji and scripts keep their joiners."""
    if _is_plain(text):
        return text
    text = text.replace("\r\n", "\n")
    return "".join(
        spelled(letter) if hides(letter) and not joins(text, place) else letter for place, letter in enumerate(text)
    )


def one_line(text: str) -> str:
    """Give text like `readable`, on one line: nothing in it can pass for a line of ours."""
    return readable(" ".join(text.split()))


def path_shown(path: str) -> str:
    """Give a path on one line, where nothing in it can pass for something else."""
    return visible(path).replace("\n", spelled("\n")).replace("\t", spelled("\t"))


def _is_plain(text: str) -> bool:
    return text.isascii() and text.replace("\n", "").replace("\t", "").isprintable()
