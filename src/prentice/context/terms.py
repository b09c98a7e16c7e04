"""The terms under which a text is found: its words and identifiers, the latter also by their parts."""

import re
from typing import Final

MAX_LETTERS: Final = 60
"""A longer word is data, not a name."""
_MAX_KNOWN: Final = 200_000
WORD: Final = re.compile(r"[^\W\d]\w+")
_PART: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")
_NOISE: Final = frozenset(
    """
    an and are as at be been being but by can could did do does doing done for from had has have how however if in into
    is it its just like may might must no nor not of off on or our out over own per please same shall should so some
    such than that the their them then there these they this those to too under up upon us use used uses using via was
    we were what when where whether which while who whom why will with within without would yes yet you your
    def self cls return import none true false else elif try except raise pass lambda assert print
    const let var function new null undefined public private static void int str bool async await
    """.split()
)
"""Words that tell no file of code from another."""


class Terms:
    """Splits texts into terms, and remembers the split of each word it met."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def joined(self, text: str) -> str:
        """Give a text's terms in order, separated by spaces."""
        known = self._known
        words = WORD.findall(text)
        try:
            return " ".join([known[word] for word in words])
        except KeyError:
            if len(known) > _MAX_KNOWN:
                known.clear()
            for word in set(words):
                if word not in known:
                    known[word] = " ".join(split(word))
            return " ".join([known[word] for word in words])

    def of(self, text: str) -> list[str]:
        """Give a text's terms in order."""
        return self.joined(text).split()


def split(word: str) -> list[str]:
    """Give the terms of one word: its parts by case and underscore, and behind several parts the whole.

    Terms are in small letters and without the commonest English endings; words that say nothing have none.
    """
    if len(word) > MAX_LETTERS:
        return []
    parts = [part.lower() for part in _PART.findall(word)]
    terms = [stem(part) for part in parts if len(part) > 1 and part not in _NOISE]
    if len(parts) > 1 or not word.isalpha():
        whole = word.lower().strip("_")
        if whole not in terms and whole not in _NOISE and len(whole) > 1:
            terms.append(whole)
    return terms


def stem(word: str) -> str:
    """Take a plural's or a verb's ending off an English word, so that its forms meet."""
    if len(word) < 5 or not word.isascii():
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) > 3:
            return _undoubled(word[: -len(ending)])
    return word.removesuffix("e") if len(word) > 4 else word


def _undoubled(word: str) -> str:
    doubled = word[-1] == word[-2] and word[-1] not in "lsz"
    return word[:-1] if doubled else word.removesuffix("e")
