"""All replies in flight of one model, decoded together: one call of the network feeds every row at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import mlx.core as mx

from prentice.backends.mlx.loading import Network
from prentice.backends.mlx.row import Row
from prentice.backends.mlx.sampling import draw_tokens
from prentice.errors import ModelUnsupportedError, PrenticeError

if TYPE_CHECKING:
    from prentice.backends.mlx.constraint import Constrainer

WIDEST: Final = 64
"""The most forced tokens that a row is fed in one call."""

_PLACE_COST_CPU: Final = 0.12
_PLACE_COST_GPU: Final = 0.01


@dataclass(frozen=True, slots=True)
class Joining:
    """A row about to join: the caches of its prompt, and the tokens of it, but for the last, that they do not know."""

    row: Row
    caches: list[Any]
    unread: list[int]


class Batch:
    """Rows that decode together. They join and leave between calls, each with its own rules and schema.

    Tokens that a schema forces need no drawing: one row alone takes them all in one call, and several do where that
    pays. A call costs about as much as a fixed part and a share for every place of its grid, full or empty; measured on
    a processor, a place costs a tenth of the fixed part.
    """

    def __init__(self, network: Network) -> None:
        self.rows: list[Row] = []
        self.constrainer: Constrainer | None = None
        self._network = network
        self._caches: list[Any] = []
        self._place_cost = _PLACE_COST_CPU if mx.default_device() == mx.cpu else _PLACE_COST_GPU

    @property
    def tokens(self) -> int:
        """Tokens that the rows may still come to hold, prompts included."""
        return sum(row.size for row in self.rows)

    def join(self, joining: "Sequence[Joining]") -> None:
        """Add rows; the ends of their prompts that are yet to read are read in one call."""
        if not joining:
            return
        lists = [item.caches for item in joining]
        merged = [layers[0].merge(layers) for layers in zip(*lists, strict=True)]
        if any(item.unread for item in joining):
            self._network.read(self._padded([item.unread for item in joining], merged), merged)
            mx.eval([cache.state for cache in merged])
        if self.rows:
            for mine, theirs in zip(self._caches, merged, strict=True):
                mine.extend(theirs)
        else:
            self._caches = merged
        self.rows += [item.row for item in joining]

    def leave(self, leaving: Iterable[Row]) -> None:
        """Remove rows."""
        gone = {id(row) for row in leaving}
        keep = [number for number, row in enumerate(self.rows) if id(row) not in gone]
        if len(keep) == len(self.rows):
            return
        self.rows = [self.rows[number] for number in keep]
        if not keep:
            self._caches = []
        for cache in self._caches:
            cache.filter(keep)

    def step(self) -> None:
        """Feed every row, draw the next tokens, and deliver the text of those before; finished rows leave."""
        rows = self.rows
        width = self._width()
        feeding = [row.pending[:width] for row in rows]
        for row, fed in zip(rows, feeding, strict=True):
            row.pending = row.pending[len(fed) :]
        logits = self._logits(feeding)
        drawing = [number for number, row in enumerate(rows) if not row.pending]
        drawn, sound = self._drawn(logits, drawing)
        for number, token, fine in zip(drawing, drawn, sound, strict=True):
            row = rows[number]
            if row.finish is not None:  # a stop sequence came to light while the network ran
                continue
            try:
                if not fine:
                    raise _no_numbers(row.job.directory.name)
                row.take(token)
            except PrenticeError as error:
                row.fail(error)
        self._finish()

    def _finish(self) -> None:
        finished = [row for row in self.rows if row.finish is not None or row.failed]
        for row in finished:
            if not row.failed:
                row.close()
        self.leave(finished)

    def _logits(self, feeding: Sequence[list[int]]) -> mx.array:
        """Feed the rows, and give the logits behind each one's last token; they are computed from now on."""
        tokens = self._padded(feeding, self._caches)
        logits = self._network.logits(tokens, self._caches, places=[len(fed) - 1 for fed in feeding])
        _start(logits)
        return logits

    @staticmethod
    def _padded(feeding: Sequence[list[int]], caches: list[Any]) -> mx.array:
        """Give tokens as one array, and tell the caches how many of each row count."""
        counts = [len(fed) for fed in feeding]
        width = max(counts)
        if width > 1 and len(counts) > 1:
            for cache in caches:
                cache.feed(counts)
        return mx.array([fed + [0] * (width - len(fed)) for fed in feeding])

    def _drawn(self, logits: mx.array, drawing: list[int]) -> tuple[list[int], list[bool]]:
        """Draw for the rows that have come to the end of what they were to be fed; meanwhile, text goes out."""
        rows = [self.rows[number] for number in drawing]
        if not rows:
            mx.eval(logits, [cache.state for cache in self._caches])
            self._flush()
            return [], []
        if len(rows) < len(self.rows):
            logits = logits[mx.array(drawing)]
        constraints = [row.constraint for row in rows]
        sound = ~mx.isnan(mx.max(logits, axis=-1))
        if any(constraint is not None for constraint in constraints) and self.constrainer is not None:
            logits = self.constrainer.masked(logits, constraints)
        tokens = draw_tokens(logits, [row.draw for row in rows], places=[row.drawn for row in rows])
        _start(tokens, sound)
        self._flush()
        mx.eval(tokens, sound)
        return cast("list[int]", tokens.tolist()), cast("list[bool]", sound.tolist())

    def _flush(self) -> None:
        for row in self.rows:
            row.flush()

    def _width(self) -> int:
        """Choose how many tokens a row is fed at most in the next call: what gives the most tokens for the time."""
        needs = [min(len(row.pending), WIDEST) for row in self.rows]
        if len(needs) == 1:
            return needs[0]
        if not self._network.ragged:
            return 1

        def rate(width: int) -> float:
            return sum(min(need, width) for need in needs) / (1 + self._place_cost * len(needs) * width)

        return max(sorted(set(needs)), key=rate)


def _start(*arrays: mx.array) -> None:
    """Let MLX compute, without waiting for it."""
    mx.async_eval(*arrays)  # type: ignore[no-untyped-call]  # mlx leaves it without annotations


def _no_numbers(name: str) -> ModelUnsupportedError:
    return ModelUnsupportedError(
        f"The model {name} computes no numbers (NaN): its weights are damaged, or of a precision too low for it.",
        next_step="Fetch the model again, or choose another with `--model`.",
        details={"model": name},
    )
