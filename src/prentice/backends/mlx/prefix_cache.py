"""What the network computed of prompts before, so that prompts which begin alike are read once.

Entries are the keys and values of whole prompts. A new prompt takes over as many tokens as it shares with the entry
that shares most; where caches cannot be cut (sliding windows, recurrent states) an entry counts only if all of it is
shared, and the place where prompts parted becomes an entry of its own the next time.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from prentice.backends.mlx.rows_cache import RowsCache

LEAST: Final = 16
"""Tokens that are worth keeping; fewer are read as fast as looked up."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """The state of a network after some tokens. `caches` are never written to: they are handed out as copies."""

    tokens: NDArray[np.int32]
    caches: list[Any]

    @property
    def nbytes(self) -> int:
        """Bytes of its buffers."""
        return sum(cache.nbytes for cache in self.caches)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What of a prompt is known: so many tokens, and the caches to go on from, which are the caller's own.

    `parting` is where the prompt left the entry most like it, if nothing could be taken over there.
    """

    tokens: int
    caches: list[Any] | None
    parting: int = 0


class PrefixCache:
    """Entries in memory, within a budget of bytes; those not used longest go first."""

    def __init__(self, *, budget: int) -> None:
        self._budget = budget
        self._entries: list[Entry] = []  # the latest used last

    @property
    def nbytes(self) -> int:
        """Bytes of all entries; buffers that entries share count for each."""
        return sum(entry.nbytes for entry in self._entries)

    def find(self, tokens: Sequence[int]) -> Shared:
        """Give the longest beginning of a prompt that is known; never all of it, since its last token is yet to say."""
        prompt = np.asarray(tokens, dtype=np.int32)
        best, length, parting = None, 0, 0
        for entry in self._entries:
            common = min(shared_length(entry.tokens, prompt), len(prompt) - 1)
            usable = common if _can_be_cut(entry) or common == len(entry.tokens) else 0
            parting = max(parting, common)
            if usable > length:
                best, length = entry, usable
        if best is None or length < LEAST:
            return Shared(tokens=0, caches=None, parting=parting)
        self._entries.remove(best)
        self._entries.append(best)
        return Shared(tokens=length, caches=cut(best.caches, length), parting=parting if parting > length else 0)

    def keep(self, tokens: Sequence[int], caches: list[Any]) -> None:
        """Keep a state; the caller may go on with its caches."""
        if len(tokens) < LEAST:
            return
        known = np.asarray(tokens, dtype=np.int32)
        entry = Entry(known, cut(caches, len(tokens)))
        if entry.nbytes > self._budget:
            return
        # What the new entry says already is not said twice.
        self._entries = [
            item
            for item in self._entries
            if not (
                shared_length(item.tokens, known) == len(item.tokens)
                and (len(item.tokens) == len(known) or _can_be_cut(entry))
            )
        ]
        self._entries.append(entry)
        while self.nbytes > self._budget:
            self._entries.pop(0)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()


def shared_length(one: NDArray[np.int32], other: NDArray[np.int32]) -> int:
    """Count the tokens that two lists have in common at their beginning."""
    length = min(len(one), len(other))
    differing = np.flatnonzero(one[:length] != other[:length])
    return int(differing[0]) if differing.size else length


def cut(caches: list[Any], tokens: int) -> list[Any]:
    """Copy caches of one row, cut to so many tokens where they can be cut; the arrays are shared until written to."""
    return [cache.prefix(tokens) if isinstance(cache, RowsCache) else copy.deepcopy(cache) for cache in caches]


def _can_be_cut(entry: Entry) -> bool:
    return all(isinstance(cache, RowsCache) for cache in entry.caches)
