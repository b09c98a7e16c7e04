"""What this machine has seen of its models: speeds, and how often their work was right."""

import math
from dataclasses import dataclass
from typing import Final, Protocol

ENOUGH: Final = 8
"""Outcomes of one model and kind of work before the record says anything; below, chance decides too much."""

_Z: Final = 1.2815515655446004
"""The normal quantile of a two-sided interval of 80 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Measured on this machine: tokens a second of prompt and of reply, seconds to load; None where not measured."""

    prompt: float | None = None
    reply: float | None = None
    load: float | None = None
    calls: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """Of how many pieces of work that were checked, how many were right."""

    right: int = 0
    of: int = 0

    @property
    def enough(self) -> bool:
        """Whether there are so many that they say something."""
        return self.of >= ENOUGH

    @property
    def interval(self) -> tuple[float, float]:
        """The interval that holds the true rate with 80 % confidence (Wilson 1927, doi 10.1080/01621459.1927.10502953).

        Unlike the plain rate it is wide for few outcomes, so that 2 of 2 is not better than 19 of 20.
        """
        if not self.of:
            return 0.0, 1.0
        rate, square = self.right / self.of, _Z * _Z / self.of
        middle = rate + square / 2
        half = _Z * math.sqrt(rate * (1 - rate) / self.of + square / (4 * self.of))
        return max(0.0, (middle - half) / (1 + square)), min(1.0, (middle + half) / (1 + square))

    def __str__(self) -> str:
        """Say the counts as people do."""
        return f"{self.right} of {self.of} right"


class TrackRecord(Protocol):
    """The record, as far as the router asks it; the ledger implements it, surfaces hand it in."""

    def speed(self, backend: str, model: str) -> Speed:
        """Give the speeds measured here."""
        ...

    def outcomes(self, backend: str, model: str, *, kind: str) -> Outcomes:
        """Give how the model did at work of a kind (`code`, `general`)."""
        ...

    def sizes(self, purpose: str) -> tuple[int, int] | None:
        """Give the usual tokens of prompt and reply of calls for a purpose; None where there were too few."""
        ...


class NoRecord:
    """A record of nothing, where none was handed in."""

    def speed(self, backend: str, model: str) -> Speed:
        """Give that nothing was measured."""
        del backend, model
        return Speed()

    def outcomes(self, backend: str, model: str, *, kind: str) -> Outcomes:
        """Give that nothing was checked."""
        del backend, model, kind
        return Outcomes()

    def sizes(self, purpose: str) -> tuple[int, int] | None:
        """Give that there were no calls."""
        del purpose
        return None
