"""Recognising what a task is about: concepts by their words, weighed by where and how often they occur."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final

from prentice.backends.builtin.words import stems

TITLE_WEIGHT: Final = 3.0
TEXT_WEIGHT: Final = 0.6
"""A word of the description counts a fifth of one in the title, and at most three of them count."""
_CODE: Final = re.compile(r"\b\w+[._](?!(?:js|md|net)\b)\w[\w.]*(?:\(\))?|`[^`\n]*`")
"""Names of code say less of what a task is about than words do: `auth.E003` is no work on authentication."""
MAX_SCANNED: Final = 20_000
"""Characters of the description that are scanned; what a task is about stands well before that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """Something that tasks are about. `cases` are what tests of it must show, `votes` the kinds of work it suggests."""

    name: str
    words: tuple[tuple[str, ...], ...]
    votes: Mapping[str, float]
    cases: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def concepts() -> Mapping[str, Concept]:
    """Read the concepts of the package, once, by name."""
    text = resources.files(__package__).joinpath("concepts.md").read_text(encoding="utf-8")
    found = (_concept(part) for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:])
    return {concept.name: concept for concept in found}


def _concept(text: str) -> Concept:
    name, *lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    values = dict(line.split(": ", 1) for line in lines if not line.startswith("- "))
    votes = (vote.split() for vote in values.get("votes", "").split(",") if vote.strip())
    return Concept(
        name=name,
        words=tuple(dict.fromkeys(tuple(stems(word)) for word in values["words"].split(","))),
        votes={kind: float(weight) for kind, weight in votes},
        cases=tuple(line[2:] for line in lines if line.startswith("- ")),
    )


@lru_cache(maxsize=1)
def _by_first_stem() -> Mapping[str, tuple[tuple[tuple[str, ...], str], ...]]:
    table: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for concept in concepts().values():
        for words in concept.words:
            table.setdefault(words[0], []).append((words, concept.name))
    return {first: tuple(sorted(entries, key=lambda entry: -len(entry[0]))) for first, entries in table.items()}


def recognise(title: str, *, text: str = "") -> dict[str, float]:
    """Give the concepts of a task with their weights, heaviest first.

    Whole words count, by their stems: `format` is not found in `information`. A hit of several words is worth more
    than one of a single word.
    """
    weights: dict[str, float] = {}
    text = f"{' '.join(_CODE.findall(title))}\n{text[:MAX_SCANNED]}"
    title = _CODE.sub(" ", title)
    for number, (name, (count, length)) in enumerate(_hits(title).items()):
        early = max(0.0, 0.6 - 0.2 * number)  # what a title names first is mostly what it is about
        weights[name] = TITLE_WEIGHT * (1 + 0.25 * (length - 1)) + 0.25 * (count - 1) + early
    for name, (count, length) in _hits(text[:MAX_SCANNED]).items():
        weights[name] = weights.get(name, 0.0) + TEXT_WEIGHT * (min(count, 3) + 0.25 * (length - 1))
    return dict(sorted(weights.items(), key=lambda item: -item[1]))


def spans(text: str) -> list[tuple[str, int, int]]:
    """Give each concept that a text names with the places of its first stem and of the stem after its last."""
    words, table = stems(_CODE.sub(" ", text)), _by_first_stem()
    return [
        (name, at, at + len(pattern))
        for at, word in enumerate(words)
        for pattern, name in table.get(word, ())
        if tuple(words[at : at + len(pattern)]) == pattern
    ]


def _hits(text: str) -> dict[str, tuple[int, int]]:
    """Count each concept's hits, and the most words that one of them had."""
    words, table = stems(text), _by_first_stem()
    found: dict[str, tuple[int, int]] = {}
    covered = 0
    for at, word in enumerate(words):
        seen: set[str] = set()
        for pattern, name in table.get(word, ()):
            if at + len(pattern) < covered or (at + len(pattern) == covered and len(pattern) < 2):
                continue  # inside a longer name: the chart of `helm chart` is no diagram
            if name not in seen and tuple(words[at : at + len(pattern)]) == pattern:
                seen.add(name)
                covered = max(covered, at + len(pattern) if len(pattern) > 1 else 0)
                count, length = found.get(name, (0, 0))
                found[name] = (count + 1, max(length, len(pattern)))
    return found
