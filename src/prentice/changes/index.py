"""A file's lines, indexed so that a stretch of quoted lines is found in linear time whatever they are."""

from collections.abc import Sequence
from functools import cached_property
from typing import Final

from prentice.changes.indentation import continues_comment, indentation
from prentice.changes.punctuation import plain

ENOUGH: Final = 6
"""Places searched for before a stretch is called ambiguous: one to use, some more to show."""
_SCAN_FACTOR: Final = 8


def key(line: str) -> str:
    """Give a line without what a model may miscopy: outer white space, the kind of quotes and dashes."""
    return (line if line.isascii() else plain(line)).strip()


class Index:
    """Lines by what they say. Stretches are compared without outer white space and with plain punctuation."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines

    @cached_property
    def keys(self) -> list[str]:
        """The lines without what may be miscopied."""
        return [key(line) for line in self.lines]

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = {}
        for number, name in enumerate(self.keys):
            places.setdefault(name, []).append(number)
        return places

    @cached_property
    def leads(self) -> frozenset[str]:
        """The indentations that occur in the file; the stars of block comments do not count."""
        return frozenset(indentation(line) for line in self.lines if line.strip() and not continues_comment(line))

    def places(self, name: str) -> Sequence[int]:
        """Give the numbers of the lines with this key."""
        return self._places.get(name, ())

    def find(self, pattern: Sequence[str], *, within: range | None = None) -> list[int]:
        """Give where a stretch of keys begins, the first `ENOUGH` places; none for a stretch without a word."""
        if not any(pattern):
            return []
        offset, rarest = min(enumerate(pattern), key=lambda entry: len(self.places(entry[1])) if entry[1] else 1 << 62)
        starts = self.places(rarest)
        size = len(pattern)
        if len(starts) * size > _SCAN_FACTOR * (len(self.keys) + size):
            return self._scan(pattern, within or range(len(self.keys)))
        wanted = list(pattern)
        found: list[int] = []
        for place in starts:
            start = place - offset
            if within and not (start in within and start + size <= within.stop):
                continue
            if start >= 0 and self.keys[start : start + size] == wanted:
                found.append(start)
                if len(found) == ENOUGH:
                    break
        return found

    def _scan(self, pattern: Sequence[str], within: range) -> list[int]:
        """Search by Knuth, Morris and Pratt, for lines so frequent that trying each place would not be linear."""
        border = [0] * len(pattern)
        length = 0
        for number in range(1, len(pattern)):
            while length and pattern[number] != pattern[length]:
                length = border[length - 1]
            length += pattern[number] == pattern[length]
            border[number] = length
        found: list[int] = []
        length = 0
        for number in within:
            name = self.keys[number]
            while length and (length == len(pattern) or name != pattern[length]):
                length = border[length - 1]
            length += name == pattern[length]
            if length == len(pattern):
                found.append(number - length + 1)
                if len(found) == ENOUGH:
                    break
        return found
