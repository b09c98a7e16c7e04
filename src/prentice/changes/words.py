"""Differences inside a line, word by word, for display."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from prentice.changes.diff import changed_blocks

_WORDS: Final = re.compile(r"\w+|[^\S\n]+|.", re.DOTALL)
MAX_LETTERS: Final = 5_000
"""Longer lines are given as changed whole: nobody reads them word by word."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text that stayed, went or came."""

    kind: Literal["same", "removed", "added"]
    text: str


def word_diff(old: str, new: str) -> list[Span]:
    """Give the stretches that lead from one line to another; the removed and same ones together are the old line."""
    if max(len(old), len(new)) > MAX_LETTERS:
        return [span for span in (Span("removed", old), Span("added", new)) if span.text]
    return [span for span in _spans(_WORDS.findall(old), _WORDS.findall(new)) if span.text]


def _spans(before: list[str], after: list[str]) -> Iterator[Span]:
    here = 0
    for block in changed_blocks(before, after):
        yield Span("same", "".join(before[here : block.old_start]))
        yield Span("removed", "".join(before[block.old_start : block.old_end]))
        yield Span("added", "".join(after[block.new_start : block.new_end]))
        here = block.old_end
    yield Span("same", "".join(before[here:]))
