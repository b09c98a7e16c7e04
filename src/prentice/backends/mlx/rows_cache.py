"""Keys and values of several rows that grow by different amounts.

mlx-lm's own batched cache pads on the left and lets every row grow alike. Here each row begins at the first place and
has a length of its own, so that rows can take several forced tokens at once while others take one, and joining or
leaving moves nothing inside a row. What stands behind a row's length is never looked at.
"""

from collections.abc import Sequence
from typing import Final, Self

import mlx.core as mx

STEP: Final = 256
"""Tokens by which the buffers grow, as in mlx-lm's cache."""


class RowsCache:
    """One layer's keys and values, of shape (rows, heads, places, width).

    It has the interface that mlx-lm's networks and its own batched caches share. Before a call in which rows take
    different numbers of tokens, `feed` says how many of the places of each row are tokens; the rest is padding.
    """

    def __init__(self, lengths: Sequence[int] = (0,)) -> None:
        self.lengths = list(lengths)
        self.keys: mx.array | None = None
        self.values: mx.array | None = None
        self._feeding: list[int] | None = None

    @property
    def offset(self) -> int | mx.array:
        """The place of each row's next token, for rotary positions; one number where all rows agree."""
        return self.lengths[0] if self._even else mx.array(self.lengths)

    @property
    def state(self) -> list[mx.array]:
        """The arrays, to be evaluated or saved."""
        return [] if self.keys is None or self.values is None else [self.keys, self.values]

    @property
    def nbytes(self) -> int:
        """Bytes of both buffers."""
        return sum(array.nbytes for array in self.state)

    def feed(self, counts: Sequence[int]) -> None:
        """Say how many tokens each row takes in the next call."""
        self._feeding = list(counts)

    def make_mask(
        self,
        N: int,  # noqa: N803 - mlx-lm's name
        *,
        return_array: bool = False,
        window_size: int | None = None,
    ) -> mx.array | str | None:
        """Let each token see what stands before it in its own row."""
        if self._even and window_size is None and not return_array:
            return None if N == 1 else "causal"
        places = mx.arange(max(self.lengths) + N)
        own = mx.array(self.lengths)[:, None, None] + mx.arange(N)[None, :, None]
        mask = places <= own
        if window_size is not None:
            mask = mask & (places > own - window_size)
        return mask[:, None]

    def update_and_fetch(self, keys: mx.array, values: mx.array) -> tuple[mx.array, mx.array]:
        """Append a call's tokens to each row, and give all keys and values up to the longest row's end."""
        width = keys.shape[2]
        end = max(self.lengths) + width
        self.keys = _grown(self.keys, like=keys, places=end)
        self.values = _grown(self.values, like=values, places=end)
        if self._even:
            begin = self.lengths[0]
            self.keys[..., begin:end, :] = keys
            self.values[..., begin:end, :] = values
        else:
            places = (mx.array(self.lengths)[:, None] + mx.arange(width))[:, None, :, None]
            self.keys = mx.put_along_axis(self.keys, mx.broadcast_to(places, (*keys.shape[:3], 1)), keys, axis=2)
            self.values = mx.put_along_axis(
                self.values, mx.broadcast_to(places, (*values.shape[:3], 1)), values, axis=2
            )
        counts = self._feeding or [width] * len(self.lengths)
        self.lengths = [length + count for length, count in zip(self.lengths, counts, strict=True)]
        self._feeding = None
        return self.keys[..., :end, :], self.values[..., :end, :]

    def filter(self, rows: Sequence[int]) -> None:
        """Keep these rows only, and no more places than the longest of them needs."""
        self.lengths = [self.lengths[row] for row in rows]
        if self.keys is not None and self.values is not None and rows:
            end, index = max(self.lengths), mx.array(list(rows))
            self.keys, self.values = self.keys[index, :, :end], self.values[index, :, :end]

    def extend(self, other: Self) -> None:
        """Put another cache's rows behind these."""
        merged = self.merge([self, other])
        self.lengths, self.keys, self.values = merged.lengths, merged.keys, merged.values

    @classmethod
    def merge(cls, caches: "Sequence[Self]") -> Self:
        """Join the rows of several caches; those given stay as they are."""
        joined = cls([length for cache in caches for length in cache.lengths])
        full = next((cache for cache in caches if cache.keys is not None), None)
        if full is not None and full.keys is not None and full.values is not None:
            end = max(joined.lengths)
            joined.keys = mx.concatenate([_fitted(item.keys, like=full.keys, rows=item, places=end) for item in caches])
            joined.values = mx.concatenate(
                [_fitted(item.values, like=full.values, rows=item, places=end) for item in caches]
            )
        return joined

    def prefix(self, tokens: int) -> Self:
        """Give the first tokens of a cache with one row, sharing its memory until either is written to."""
        part = type(self)([tokens])
        if self.keys is not None and self.values is not None:
            part.keys, part.values = self.keys[..., :tokens, :], self.values[..., :tokens, :]
        return part

    @property
    def _even(self) -> bool:
        feeding = self._feeding
        return all(length == self.lengths[0] for length in self.lengths) and (
            feeding is None or all(count == feeding[0] for count in feeding)
        )


def _grown(buffer: mx.array | None, *, like: mx.array, places: int) -> mx.array:
    """Give a buffer with at least this many places."""
    if buffer is not None and buffer.shape[2] >= places:
        return buffer
    rows, heads, _, width = like.shape
    have = 0 if buffer is None else buffer.shape[2]
    more = mx.zeros((rows, heads, -(-places // STEP) * STEP - have, width), dtype=like.dtype)
    return more if buffer is None else mx.concatenate([buffer, more], axis=2)


def _fitted(buffer: mx.array | None, *, like: mx.array, rows: RowsCache, places: int) -> mx.array:
    """Give a buffer with exactly this many places; rows that hold nothing yet get zeros."""
    if buffer is None:
        return mx.zeros((len(rows.lengths), like.shape[1], places, like.shape[3]), dtype=like.dtype)
    have = buffer.shape[2]
    if have >= places:
        return buffer[:, :, :places]
    return mx.pad(buffer, [(0, 0), (0, 0), (0, places - have), (0, 0)])
