"""An evaluation: who was measured, with what, and the figures of each part with the counts that they are made of."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from prentice.evals.case import PARTS, Part
from prentice.evals.interval import wilson
from prentice.evals.paired import Paired
from prentice.evals.verdict import Result

_GROUPED: Final = ("category", "format")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Who was measured: a model as its backend tells of it, or the rules. What is not told is empty."""

    backend: str
    model: str
    host: str = ""
    quantization: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        """What it is called in sentences."""
        return "the built-in rules" if self.backend == "builtin" else self.model


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The figures of one part. Seconds are those of a case, at the median; `None` where nothing tells them."""

    part: Part
    results: tuple[Result, ...]

    @property
    def right(self) -> int:
        """How many cases were right."""
        return sum(result.right for result in self.results)

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the share."""
        return wilson(self.right, len(self.results))

    @property
    def first_valid(self) -> tuple[int, int] | None:
        """How many first answers could be used, and of how many; None where no model was asked."""
        told = [result.first_valid for result in self.results if result.first_valid is not None]
        return (sum(told), len(told)) if told else None

    @property
    def seconds(self) -> float:
        """The median of the seconds that a case took."""
        return statistics.median(result.seconds for result in self.results)

    @property
    def tokens_per_second(self) -> float | None:
        """The tokens of all replies by the seconds in which they were written."""
        writing = sum(result.writing for result in self.results)
        tokens = sum(result.reply_tokens for result in self.results)
        return tokens / writing if tokens and writing > 0 else None

    def counts(self) -> dict[str, int]:
        """Add up what the part counts beside right and wrong, such as false alarms."""
        found: dict[str, int] = {}
        for result in self.results:
            for name, value in result.details.items():
                if isinstance(value, int) and not isinstance(value, bool):
                    found[name] = found.get(name, 0) + value
        return found

    def groups(self) -> dict[str, dict[str, tuple[int, int]]]:
        """Count right and all by kind of work and by the format of edits, where the part tells them apart."""
        found: dict[str, dict[str, tuple[int, int]]] = {}
        for result in self.results:
            for name in _GROUPED:
                if value := result.details.get(name):
                    right, of = found.setdefault(name, {}).get(value, (0, 0))
                    found[name][value] = (right + result.right, of + 1)
        return found

    def document(self) -> dict[str, Any]:
        """Give it as JSON values."""
        groups = {
            name: {value: {"right": right, "cases": of} for value, (right, of) in values.items()}
            for name, values in self.groups().items()
        }
        speed, valid = self.tokens_per_second, self.first_valid
        return {
            "part": self.part, "cases": len(self.results), "right": self.right,
            "share": round(self.right / len(self.results), 4),
            "interval": [round(bound, 4) for bound in self.interval],
            "first_valid": valid[0] if valid else None, "first_valid_of": valid[1] if valid else None,
            "seconds_median": round(self.seconds, 3),
            "tokens_per_second": None if speed is None else round(speed, 2), "counts": self.counts(),
            "groups": groups,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """All that an evaluation came to. `not_measured` are parts with the reason; `at` is in UTC."""

    measured: Measured
    at: str
    seed: int
    samples: int
    at_once: int
    versions: Mapping[str, Any]
    results: tuple[Result, ...]
    not_measured: tuple[tuple[str, str], ...] = ()

    @property
    def shares(self) -> tuple[Share, ...]:
        """The figures by part."""
        by_part = {part: tuple(item for item in self.results if item.part == part) for part in PARTS}
        return tuple(Share(part=part, results=results) for part, results in by_part.items() if results)

    def document(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "model": self.measured.model, "backend": self.measured.backend, "host": self.measured.host,
            "quantization": self.measured.quantization, "digest": self.measured.digest, "at": self.at,
            "seed": self.seed, "samples": self.samples, "at_once": self.at_once, "versions": dict(self.versions),
            "parts": [share.document() for share in self.shares],
            "not_measured": [{"part": part, "why": why} for part, why in self.not_measured],
            "cases": [result.document() for result in self.results],
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two evaluations of the same cases, by part and in all."""

    first: Evaluation
    second: Evaluation

    @property
    def names(self) -> tuple[str, str]:
        """What the two are called; with the backend where the models' names are the same."""
        one, other = self.first.measured, self.second.measured
        if one.name != other.name:
            return one.name, other.name
        return f"{one.name} on {one.backend}", f"{other.name} on {other.backend}"

    @property
    def pairs(self) -> tuple[tuple[str, Paired], ...]:
        """The counts by part, and at the end of all parts together."""
        shared = [
            (share.part, other)
            for share in self.first.shares
            for other in self.second.shares
            if other.part == share.part
        ]
        parts = [(part, Paired.of(_right(self.first, part), _right(self.second, part))) for part, _ in shared]
        if len(parts) < 2:
            return tuple(parts)
        return (*parts, ("all", Paired.of(_right(self.first), _right(self.second))))

    def document(self) -> list[dict[str, Any]]:
        """Give it as JSON values."""
        return [{"part": part, **pair.document(*self.names)} for part, pair in self.pairs]


def _right(evaluation: Evaluation, part: str = "") -> dict[str, bool]:
    results: Sequence[Result] = evaluation.results
    return {f"{item.name} {item.digest}": item.right for item in results if part in ("", item.part)}
