"""From evidence to a probability that a person finds the change right, learned from the reviews made here.

The model fits in a few lines. The points of the evidence (`review/weights.py`) put a change into one of six bands, from
very weak to very strong. In each band the reviews are counted, and the share of right ones is mixed with what was
believed before, as if that belief were a number of reviews of its own:

    value = (right + strength * belief) / (of + strength)

That is done three times, each belief being the result of the one before: the prior of the band, then all reviews here,
then those of the same model, then those of the same model and kind of task. After each, bands that contradict the
order of the evidence are pooled (isotonic regression by pooling adjacent violators, Ayer et al. 1955), so that better
evidence never gives a lower value. Any other order of the facts that the reviews show is thereby averaged, not
believed, and what is stated meets what is found (`bench/gate_calibration.py`).
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Self, TypeAlias

from prentice.review.evidence import Evidence

Group: TypeAlias = tuple[str, ...]
"""Whose reviews are counted: `()` everybody's, `(maker,)`, or `(maker, category)`."""

BANDS: Final[tuple[str, ...]] = ("very weak", "weak", "middling", "fair", "strong", "very strong")
EDGES: Final[tuple[float, ...]] = (0.10, 0.25, 0.45, 0.65, 0.85)
"""The bands' edges, in what the points alone would make of the change."""
CAP: Final = 0.75
"""What the prior never exceeds: the best published figure at real coverage is 77 % (three of five samples agree)."""
PRIOR: Final[tuple[float, ...]] = (0.06, 0.17, 0.35, 0.55, CAP, CAP)
"""The bands' middles, held down by the cap."""
ENOUGH: Final = 10
"""Reviews of the same maker and kind of task, from which on the cap is lifted."""
STRENGTHS: Final[tuple[float, ...]] = (8.0, 20.0, 20.0)
"""What each belief counts for, in reviews. 20 expects groups to differ by about 0.1, the usual standard deviation."""
_SHOWN_FROM: Final = 5
"""The fewest reviews of the narrowest group that are shown in place of a wider one's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """Evidence of a change that a person looked at, and whether it was right."""

    evidence: Evidence
    right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Probability:
    """How probably a change is right. Of `of` reviewed ones like it, `right` were; `like` says who is counted.

    `reviews` are all those of the same maker and kind of task, in every band; below `ENOUGH` the cap holds.
    """

    value: float
    of: int
    right: int
    like: str = ""
    reviews: int = 0

    @property
    def counts(self) -> str:
        """The counts in words, as they stand beside the value wherever it is shown."""
        if not self.of:
            return "none like this was reviewed here yet, so it comes from published figures"
        return f"of {self.of} like this, {self.right} {'was' if self.right == 1 else 'were'} right"

    def document(self) -> dict[str, Any]:
        """Give it as the contract's `probability`."""
        return {
            "value": round(self.value, 3), "of": self.of, "right": self.right, "like": self.like,
            "reviews": self.reviews, "says": f"{self.value:.2f}: {self.counts}",
        }  # fmt: skip

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read a recorded one.

        Raises:
            KeyError: it is none.
        """
        return cls(
            value=float(document["value"]), of=int(document["of"]), right=int(document["right"]),
            like=str(document.get("like", "")), reviews=int(document.get("reviews", 0)),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Model:
    """Counts of reviews by group and band; `fitted` makes it."""

    reviewed: Mapping[tuple[Group, int], int]
    right: Mapping[tuple[Group, int], int]

    def probability(self, evidence: Evidence) -> Probability:
        """Give the probability that a change with this evidence is right, with its counts."""
        band = band_of(evidence)
        groups = groups_of(evidence)
        values: Sequence[float] = PRIOR
        for group, strength in zip(groups, STRENGTHS, strict=True):
            values = self._updated(values, group, strength)
        own = sum(self.reviewed.get((groups[-1], number), 0) for number in range(len(BANDS)))
        shown = self._shown(groups, band)
        return Probability(
            value=values[band] if own >= ENOUGH else min(values[band], CAP),
            of=self.reviewed.get((shown, band), 0),
            right=self.right.get((shown, band), 0),
            like=", ".join((*(part.replace("_", " ") for part in shown), f"{BANDS[band]} evidence")),
            reviews=own,
        )

    def _updated(self, belief: Sequence[float], group: Group, strength: float) -> Sequence[float]:
        counts = [self.reviewed.get((group, band), 0) for band in range(len(BANDS))]
        values = [
            (self.right.get((group, band), 0) + strength * belief[band]) / (counts[band] + strength)
            for band in range(len(BANDS))
        ]
        return in_order(values, weights=[count + strength for count in counts])

    def _shown(self, groups: Sequence[Group], band: int) -> Group:
        enough = [group for group in groups if self.reviewed.get((group, band), 0) >= _SHOWN_FROM]
        return enough[-1] if enough else groups[0]


def fitted(reviewed: Iterable[Reviewed]) -> Model:
    """Fit the model to the reviews made here; without any it gives the prior."""
    of: Counter[tuple[Group, int]] = Counter()
    right: Counter[tuple[Group, int]] = Counter()
    for one in reviewed:
        band = band_of(one.evidence)
        for group in groups_of(one.evidence):
            of[group, band] += 1
            right[group, band] += one.right
    return Model(of, right)


def groups_of(evidence: Evidence) -> tuple[Group, ...]:
    """Give the groups whose reviews count for a change, the widest first."""
    return (), (evidence.maker,), (evidence.maker, evidence.category)


def band_of(evidence: Evidence) -> int:
    """Give the number of a change's band, from 0."""
    alone = 1 / (1 + math.exp(-evidence.points))
    return sum(alone >= edge for edge in EDGES)


def in_order(values: Sequence[float], *, weights: Sequence[float]) -> list[float]:
    """Give the rising sequence nearest to the values (weighted least squares), by pooling adjacent violators."""
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        blocks.append((value, weight, 1))
        while any(low[0] > high[0] for low, high in pairwise(blocks[-2:])):
            (low, light, few), (high, heavy, many) = blocks[-2:]
            pooled = (low * light + high * heavy) / (light + heavy)
            blocks[-2:] = [(pooled, light + heavy, few + many)]
    return [value for value, _, count in blocks for _ in range(count)]
