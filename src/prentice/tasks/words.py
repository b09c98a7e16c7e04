"""Comparing short texts by their content words, for duplicates and coverage. English only; other scripts by letters."""

import re
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Final

_IDEOGRAPHS: Final = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WORD: Final = re.compile(rf"[{_IDEOGRAPHS}]|[^\W_{_IDEOGRAPHS}]+(?:['\u2019][^\W_{_IDEOGRAPHS}]+)?")
_STOP: Final = frozenset(
    """
    a an and any are as at be been both but by can do does for from has have if in into is it its may more must no
    not of on once one only or other our own per shall should so some such than that the their them then there
    these they this those to too under up use used using very was we were what when where which while who will
    with within without would you your
    """.split()
)
_SUFFIXES: Final = (
    "ations", "atings", "ation", "ating", "ators", "ator", "ated", "ates", "ate",
    "ings", "ing", "ions", "ion", "ies", "ers", "er", "ed", "es", "s", "ly", "e",
)  # fmt: skip


def content_words(text: str) -> frozenset[str]:
    """Give the stems of a text's words, without those that say nothing by themselves.

    Identifiers are taken apart (`load_config`, `loadConfig`); ideographs count one by one.
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    words = (word.lower().replace("\u2019", "'").removesuffix("'s") for word in _WORD.findall(spaced))
    return frozenset(stem(word) for word in words if word not in _STOP)


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """Cut the common endings of an English word, so that `migrating`, `migration` and `migrate` meet."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            return word[: -len(suffix)]
    return word


def jaccard(left: AbstractSet[str], right: AbstractSet[str]) -> float:
    """Give the shared part of two sets of words, 0 to 1; two empty sets share nothing."""
    return len(left & right) / len(left | right) if left | right else 0.0
