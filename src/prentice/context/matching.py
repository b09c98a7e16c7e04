"""What an index says for each file of a text: its terms in the file's body, best chunk, path and symbols.

The measure is BM25 (Robertson and Zaragoza, 2009), with counts of the files that the text may be about: rare terms
weigh more, further occurrences less and less, and an occurrence in a long text less than one in a short.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from prentice.context import mentions
from prentice.context.index import Index
from prentice.context.terms import WORD, Terms

K1: Final = 1.5
B: Final = 0.75
MAX_TERMS: Final = 300
MAX_OCCURRENCES: Final = 100_000
"""Chunks looked at in all, the rarest terms first: in a large project the common terms cost the most and say least."""
TITLE_WEIGHT: Final = 2.0
"""What an occurrence in the text's first line adds to a term's weight."""
MAX_HOMES: Final = 10
"""A name that more files define says nothing of any."""
MAX_LETTERS: Final = 100_000
"""Letters of a text that are looked at."""

Scores: TypeAlias = dict[int, float]


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """A file of the index: its path and the number of terms in its body."""

    path: str
    terms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """For each file its score by kind of evidence, its best chunk's lines, and the names of the text it defines."""

    body: Scores = field(default_factory=lambda: defaultdict(float))
    chunk: Scores = field(default_factory=dict)
    path: Scores = field(default_factory=lambda: defaultdict(float))
    symbols: Scores = field(default_factory=lambda: defaultdict(float))
    defines: Scores = field(default_factory=lambda: defaultdict(float))
    names: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))


def weights(text: str) -> dict[str, float]:
    """Weigh a text's terms: by the root of how often they occur, and more for those of its first line."""
    terms = Terms()
    text = text.strip()[:MAX_LETTERS]
    counts = Counter(terms.of(text))
    title = Counter(terms.of(text.partition("\n")[0]))
    return {term: math.sqrt(count) + TITLE_WEIGHT * title[term] for term, count in counts.items()}


def matches(index: Index, text: str, *, files: Mapping[int, IndexedFile], primary: frozenset[int]) -> Matches:
    """Score the files of an index for a text; `primary` are those whose statistics count."""
    found = Matches()
    lengths = _Lengths(index, files, primary)
    chunks: Scores = defaultdict(float)
    homes: dict[int, int] = {}
    for term, weight in _affordable(index, weights(text)):
        in_bodies = index.rows(
            "SELECT c.file, c.id, c.terms, count(*) FROM body_terms AS t JOIN chunks AS c ON c.id = t.doc "
            "WHERE t.term = ? GROUP BY t.doc",
            term,
        )
        names = index.rows("SELECT doc, col, count(*) FROM name_terms WHERE term = ? GROUP BY doc, col", term)
        in_paths = {file: count for file, column, count in names if column == "path" and file in files}
        in_symbols = {file: count for file, column, count in names if column == "symbols" and file in files}
        counts: Counter[int] = Counter(in_paths)
        for file, _, _, count in in_bodies:
            counts[file] += count
        rarity = weight * lengths.rarity(counts)
        for file, count in counts.items():
            found.body[file] += rarity * _saturated(count, lengths.of_file(file))
        for file, chunk, terms, count in in_bodies:
            chunks[chunk] += rarity * _saturated(count, terms / lengths.chunk)
            homes[chunk] = file
        rarity = weight * lengths.rarity(in_paths)
        for file in in_paths:
            found.path[file] += rarity
        rarity = weight * lengths.rarity(in_symbols)
        for file, count in in_symbols.items():
            found.symbols[file] += rarity * count / (count + K1)
    for chunk, score in chunks.items():
        found.chunk[homes[chunk]] = max(score, found.chunk.get(homes[chunk], 0.0))
    for name, definers in _defined(index, text, primary):
        for file in definers:
            found.defines[file] += 1 / math.sqrt(len(definers))
            found.names[file].append(name)
    return found


class _Lengths:
    """The statistics of the primary files."""

    def __init__(self, index: Index, files: Mapping[int, IndexedFile], primary: frozenset[int]) -> None:
        self._files = files
        self._primary = primary
        self._average = sum(files[file].terms for file in primary) / max(1, len(primary)) or 1.0
        self.chunk = float(index.rows("SELECT avg(terms) FROM chunks")[0][0] or 1.0)

    def of_file(self, file: int) -> float:
        """Give a file's length in average lengths."""
        return self._files[file].terms / self._average

    def rarity(self, holders: Iterable[int]) -> float:
        """Give the inverse document frequency of a term that these files hold."""
        count = sum(file in self._primary for file in holders)
        return math.log(1 + (len(self._primary) - count + 0.5) / (count + 0.5))


def _saturated(count: int, length: float) -> float:
    return count * (K1 + 1) / (count + K1 * (1 - B + B * length))


def _affordable(index: Index, wanted: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    """Give the terms that occur, the rarest first, as long as looking them up stays within bounds."""
    heaviest = sorted(wanted, key=lambda term: -wanted[term])[: 4 * MAX_TERMS]
    counts = {term: index.rows("SELECT doc FROM body_counts WHERE term = ?", term) for term in heaviest}
    frequency = {term: int(rows[0][0]) if rows else 0 for term, rows in counts.items()}
    left = MAX_OCCURRENCES
    for term in sorted(heaviest, key=lambda term: (frequency[term], term))[:MAX_TERMS]:
        left -= frequency[term]
        if left < 0:
            return
        yield term, wanted[term]


def _defined(index: Index, text: str, primary: frozenset[int]) -> Iterator[tuple[str, list[int]]]:
    """Give the names of code in a text, each with the files that define it, where these are few."""
    text = text[:MAX_LETTERS]
    sure = {part for name in mentions.symbols(text) for part in name.replace("::", ".").split(".")}
    for word in dict.fromkeys(WORD.findall(text)):
        if not (word in sure or _looks_like_a_name(word)):
            continue
        files = [file for (file,) in index.rows("SELECT DISTINCT file FROM definitions WHERE name = ?", word)]
        files = [file for file in files if file in primary]
        if 0 < len(files) <= MAX_HOMES:
            yield word, files


def _looks_like_a_name(word: str) -> bool:
    return "_" in word.strip("_") or word[0].isupper() or any(letter.isupper() for letter in word[1:])
