"""Which lines differ between two texts: trimmed ends, patience on unique lines, Myers within a bound.

Patience diff (Bram Cohen) pairs the lines that occur once on both sides; between them Myers' O(ND) search ("An O(ND)
Difference Algorithm and Its Variations", 1986) finds a shortest script as long as it needs few steps. Past the bound
a stretch is given as replaced whole: any answer is a correct difference, and the time stays near linear.
"""

from bisect import bisect_left
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

MAX_STEPS: Final = 256
"""Myers' search stops after this many inserted or removed lines in one stretch without a unique line."""

_STRIDE: Final = 64
"""Lines compared at once at either end; a slice is compared many times faster than its lines one by one."""


@dataclass(frozen=True, slots=True, order=True)
class Block:
    """Lines `old_start:old_end` became lines `new_start:new_end`."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def changed_blocks(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Block]:
    """Give the stretches that differ, in order; neighbours are joined, equal lines are in none."""
    found: list[Block] = []
    pending = [(0, len(old), 0, len(new))]
    while pending:
        a, b, c, d = pending.pop()
        first, after = common_ends(old, new, within=Block(a, b, c, d))
        a, c, b, d = a + first, c + first, b - after, d - after
        if a == b or c == d:
            if a < b or c < d:
                found.append(Block(a, b, c, d))
            continue
        pairs = _unique_pairs(old, new, Block(a, b, c, d))
        if not pairs:
            found.extend(_shortest(old, new, Block(a, b, c, d)))
            continue
        ends = [*pairs, (b, d)]
        starts = [(a, c), *((i + 1, j + 1) for i, j in pairs)]
        pending.extend((i, k, j, m) for (i, j), (k, m) in zip(starts, ends, strict=True))
    return _joined(sorted(found))


def common_ends(old: Sequence[Hashable], new: Sequence[Hashable], *, within: Block | None = None) -> tuple[int, int]:
    """Count the lines that are equal at the beginning, and of the others those at the end."""
    part = within or Block(0, len(old), 0, len(new))
    a, b, c, d = part.old_start, part.old_end, part.new_start, part.new_end
    size = min(b - a, d - c)
    first = after = 0
    while first + _STRIDE <= size and old[a + first : a + first + _STRIDE] == new[c + first : c + first + _STRIDE]:
        first += _STRIDE
    while first < size and old[a + first] == new[c + first]:
        first += 1
    size -= first
    while after + _STRIDE <= size and old[b - after - _STRIDE : b - after] == new[d - after - _STRIDE : d - after]:
        after += _STRIDE
    while after < size and old[b - after - 1] == new[d - after - 1]:
        after += 1
    return first, after


def _unique_pairs(old: Sequence[Hashable], new: Sequence[Hashable], part: Block) -> list[tuple[int, int]]:
    """Pair the lines that occur once on either side, as many as stand in the same order."""
    places: dict[Hashable, list[int]] = {}
    for number in range(part.old_start, part.old_end):
        entry = places.setdefault(old[number], [0, 0, number, 0])
        entry[0] += 1
    for number in range(part.new_start, part.new_end):
        if entry := places.get(new[number], []):
            entry[1] += 1
            entry[3] = number
    unique = sorted((entry[2], entry[3]) for entry in places.values() if entry[0] == entry[1] == 1)
    return _longest_increasing(unique)


def _longest_increasing(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Give the longest run of pairs whose second parts rise, by patience sorting."""
    tails: list[int] = []
    tops: list[int] = []
    before: list[int] = []
    for number, (_, place) in enumerate(pairs):
        pile = bisect_left(tails, place)
        before.append(tops[pile - 1] if pile else -1)
        tails[pile : pile + 1] = [place]
        tops[pile : pile + 1] = [number]
    chain: list[tuple[int, int]] = []
    number = tops[-1] if tops else -1
    while number >= 0:
        chain.append(pairs[number])
        number = before[number]
    return chain[::-1]


def _shortest(old: Sequence[Hashable], new: Sequence[Hashable], part: Block) -> list[Block]:
    """Give a shortest script for one stretch by Myers' forward search, or the stretch as a whole past the bound."""
    a, c = part.old_start, part.new_start
    size_old, size_new = part.old_end - a, part.new_end - c
    reach = {1: 0}
    trace: list[dict[int, int]] = []
    for steps in range(min(size_old + size_new, MAX_STEPS) + 1):
        trace.append(dict(reach))
        for diagonal in range(-steps, steps + 1, 2):
            down = diagonal == -steps or (
                diagonal != steps and reach.get(diagonal - 1, -1) < reach.get(diagonal + 1, -1)
            )
            x = reach[diagonal + 1] if down else reach[diagonal - 1] + 1
            y = x - diagonal
            while x < size_old and y < size_new and old[a + x] == new[c + y]:
                x, y = x + 1, y + 1
            reach[diagonal] = x
            if x >= size_old and y >= size_new:
                return _walked_back(trace, size_old, size_new, a, c)
    return [part]


def _walked_back(trace: Sequence[dict[int, int]], x: int, y: int, a: int, c: int) -> list[Block]:
    blocks: list[Block] = []
    for steps in range(len(trace) - 1, 0, -1):
        reach = trace[steps]
        diagonal = x - y
        down = diagonal == -steps or (diagonal != steps and reach.get(diagonal - 1, -1) < reach.get(diagonal + 1, -1))
        from_diagonal = diagonal + 1 if down else diagonal - 1
        from_x = reach[from_diagonal]
        from_y = from_x - from_diagonal
        to_x, to_y = (from_x, from_y + 1) if down else (from_x + 1, from_y)
        blocks.append(Block(a + from_x, a + to_x, c + from_y, c + to_y))
        x, y = from_x, from_y
    return blocks


def _joined(blocks: Sequence[Block]) -> list[Block]:
    joined: list[Block] = []
    for block in blocks:
        last = joined[-1] if joined else None
        if last and last.old_end == block.old_start and last.new_end == block.new_start:
            joined[-1] = Block(last.old_start, block.old_end, last.new_start, block.new_end)
        else:
            joined.append(block)
    return joined
