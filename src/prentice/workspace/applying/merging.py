"""Joining two changes of one file that concern different lines."""

from collections.abc import Sequence
from itertools import pairwise

from prentice.changes.diff import Block, changed_blocks
from prentice.changes.unified import split_bytes


def merged(base: bytes, *, ours: bytes, theirs: bytes) -> bytes | None:
    """Give the base with both changes; None where they concern the same lines or lines side by side, or are no text.

    Lines side by side are left to a person, as in git's merge: either may have been written with the other in mind.
    """
    if any(b"\0" in side for side in (base, ours, theirs)):
        return None
    old, first, second = split_bytes(base), split_bytes(ours), split_bytes(theirs)
    pieces = [(block, first) for block in changed_blocks(old, first)]
    pieces += [(block, second) for block in changed_blocks(old, second)]
    pieces.sort(key=lambda piece: piece[0].old_start)
    if any(here[0].old_end >= after[0].old_start for here, after in pairwise(pieces)):
        return None
    return b"".join(_joined(old, pieces))


def _joined(old: Sequence[bytes], pieces: Sequence[tuple[Block, Sequence[bytes]]]) -> list[bytes]:
    lines: list[bytes] = []
    here = 0
    for block, new in pieces:
        lines += [*old[here : block.old_start], *new[block.new_start : block.new_end]]
        here = block.old_end
    return [*lines, *old[here:]]
