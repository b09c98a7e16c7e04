"""The passages of a file that are closest to a text, within a number of tokens."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from prentice.context.chunks import Chunk, cut
from prentice.context.terms import Terms

BYTES_PER_TOKEN: Final = 3
_MAX_HEAD: Final = 40


def tokens_of(text: str) -> int:
    """Estimate the tokens of a text: its UTF-8 bytes / 3."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


def excerpt(path: str, lines: Sequence[str], *, wanted: Mapping[str, float], tokens: int) -> str:
    """Give the chunks of a file that share most with the weighed terms, in their order, each under its line numbers.

    Empty where no chunk shares any, or none of those that do fits.
    """
    _, chunks = cut(path, "\n".join(lines))
    kept: list[Chunk] = []
    left = tokens
    for chunk in _closest(chunks, wanted):
        cost = tokens_of(_shown(chunk))
        if cost <= left:
            kept.append(chunk)
            left -= cost
    return "".join(_shown(chunk) for chunk in sorted(kept, key=lambda chunk: chunk.start))


def head(lines: Sequence[str], *, before: int) -> str:
    """Give the lines above a file's first definition, at most 40 of them: its imports and constants.

    `before` is the first line (from 0) that is shown elsewhere.
    """
    shown = lines[: min(before, _MAX_HEAD)]
    while shown and not shown[-1].strip():
        shown = shown[:-1]
    return "".join(f"{line}\n" for line in shown)


def _closest(chunks: Sequence[Chunk], wanted: Mapping[str, float]) -> list[Chunk]:
    terms = Terms()
    counts = [Counter(term for term in terms.of(chunk.text) if term in wanted) for chunk in chunks]
    frequency = Counter(term for count in counts for term in count)
    scores = [
        sum(
            wanted[term] * math.log(1 + len(chunks) / frequency[term]) * times / (times + 1)
            for term, times in count.items()
        )
        for count in counts
    ]
    order = sorted(range(len(chunks)), key=lambda number: (-scores[number], number))
    return [chunks[number] for number in order if scores[number] > 0]


def _shown(chunk: Chunk) -> str:
    return f"(lines {chunk.start + 1}-{chunk.stop})\n{chunk.text.rstrip()}\n"
