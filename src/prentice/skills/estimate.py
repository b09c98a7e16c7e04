"""How long a task takes: a median and an 80 % interval, from documented priors or from the project's own history.

Text says little about effort (`priors.toml` has the counts), so the interval is wide and is meant to be read.
"""

import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, cast

from prentice.tasks.plan import Category, Complexity, Subtask
from prentice.tasks.record import Task
from prentice.tasks.words import content_words, jaccard

BUCKETS: Final[Mapping[str, float]] = {
    "<15 min": 0.25, "15-60 min": 1.0, "1-4 h": 4.0, "4-16 h": 16.0, ">16 h": math.inf,
}  # fmt: skip
"""Names of the buckets in order, each with its upper bound in hours, which belongs to the next one."""

_Z80: Final = 1.2816
"""Half the width of an 80 % interval of the normal distribution, in deviations."""
_MIN_LIKENESS: Final = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A finished task of the project, and the hours it took."""

    text: str
    hours: float
    complexity: Complexity | None = None
    category: Category | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Hours at the median and at both ends of an 80 % interval, and what they rest on."""

    low: float
    median: float
    high: float
    basis: Literal["prior", "history"]
    count: int
    """Records behind the figures: of the prior, or finished tasks of the project."""
    reasons: tuple[str, ...]

    @property
    def bucket(self) -> str:
        """The name of the bucket that the median falls in."""
        return next(name for name, bound in BUCKETS.items() if self.median < bound)

    def document(self) -> dict[str, object]:
        """Give the estimate as the JSON document of the contract, as a part of another document."""
        return {
            "bucket": self.bucket,
            "hours": {"low": self.low, "median": self.median, "high": self.high},
            "basis": {"kind": self.basis, "count": self.count},
        }

    def explain(self) -> list[str]:
        """Say in sentences where the figures come from."""
        return list(self.reasons)


def estimate(
    work: Task | Subtask,
    *,
    complexity: Complexity | None = None,
    category: Category | None = None,
    parts: int | None = None,
    history: Sequence[Finished] = (),
) -> Estimate:
    """Estimate the hours that a task or a step of a plan takes.

    A step has its complexity and category; for a task they come from its assessment, else it counts as medium. `parts`
    is how many goals, list entries or files it has (for a step: its acceptance criteria). `history` are finished tasks
    of this project; those that are like this one outweigh the prior as they grow in number.
    """
    if isinstance(work, Subtask):
        complexity, category = complexity or work.complexity, category or work.category
        parts = len(work.acceptance_criteria) if parts is None else parts
    level = complexity or "medium"
    prior = _priors()
    median = prior.median(level) * prior.growth(parts or 1)
    reasons = prior.explain(level, parts=parts or 1)
    alike = _alike(work, category=category, complexity=level, history=history)
    if not alike:
        return _estimate(math.log(median), prior.deviation, basis="prior", count=prior.count(level), reasons=reasons)
    logs = [math.log(item.hours) for item in alike]
    weight = len(logs) / (len(logs) + prior.weight)
    center = weight * (sum(logs) / len(logs)) + (1 - weight) * math.log(median)
    spread = math.sqrt(weight * _variance(logs, center) + (1 - weight) * prior.deviation**2)
    mean = _hours(math.exp(sum(logs) / len(logs)))
    reasons.append(
        f"{len(logs)} finished tasks of this project are like it and took {mean} in the geometric mean; "
        f"they weigh {weight:.0%}, the prior {1 - weight:.0%}."
    )
    return _estimate(center, spread, basis="history", count=len(logs), reasons=reasons)


@dataclass(frozen=True, slots=True)
class _Priors:
    """The numbers of `priors.toml`."""

    table: Mapping[str, Mapping[str, object]]

    def median(self, level: Complexity) -> float:
        return self._number("complexity", level, "median")

    def count(self, level: Complexity) -> int:
        return int(self._number("complexity", level, "count"))

    @property
    def deviation(self) -> float:
        return self._number("fit", "log_deviation")

    @property
    def weight(self) -> float:
        return self._number("history", "weight")

    def growth(self, parts: int) -> float:
        return math.sqrt(max(1.0, parts / self._number("size", "parts")))

    def explain(self, level: Complexity, *, parts: int) -> list[str]:
        source = f"{self.count(level)} records of {self.table['classes']['source']}"
        said = [f"A {level} task takes {_hours(self.median(level))} at the median: {source}."]
        if self.growth(parts) > 1:
            grown = f"which multiplies that by {self.growth(parts):.1f}"
            said.append(f"It counts as {parts} parts (goals, list entries, places), {grown}.")
        factor = math.exp(_Z80 * self.deviation)
        said.append(f"In 8 of 10 such records the time lies within a factor of {factor:.1f} of the median.")
        return said

    def _number(self, *path: str) -> float:
        value: object = self.table
        for name in path:
            value = cast("Mapping[str, object]", value)[name]
        return float(cast("float", value))


@lru_cache(maxsize=1)
def _priors() -> _Priors:
    import tomllib  # noqa: PLC0415 - the analyzer is imported by commands that estimate nothing

    text = Path(__file__).with_name("priors.toml").read_text(encoding="utf-8")
    return _Priors(tomllib.loads(text))


def _alike(
    work: Task | Subtask, *, category: Category | None, complexity: Complexity, history: Sequence[Finished]
) -> list[Finished]:
    """Pick the finished tasks that are like this one: by words, tags, category and complexity."""
    words = content_words(f"{work.name}\n{work.description}")
    tags = set(work.tags) if isinstance(work, Task) else set()
    return [
        item for item in history
        if item.hours > 0 and math.isfinite(item.hours)
        and _likeness(words, tags, category=category, complexity=complexity, item=item) >= _MIN_LIKENESS
    ]  # fmt: skip


def _likeness(
    words: AbstractSet[str], tags: set[str], *, category: Category | None, complexity: Complexity, item: Finished
) -> float:
    """Give 0 to 1: half shared words (Jaccard), the rest shared tags, category and complexity."""
    shared = jaccard(words, _words(item.text))
    tagged = jaccard(tags, set(item.tags))
    same_kind = (category is not None and item.category == category) + (item.complexity == complexity)
    return 0.5 * shared + 0.2 * tagged + 0.15 * same_kind


@lru_cache(maxsize=256)
def _words(text: str) -> frozenset[str]:
    return content_words(text)  # of a finished task, which every estimate of a list is compared with


def _variance(logs: Sequence[float], center: float) -> float:
    return sum((value - center) ** 2 for value in logs) / len(logs)


def _estimate(
    center: float, spread: float, *, basis: Literal["prior", "history"], count: int, reasons: Sequence[str]
) -> Estimate:
    low, median, high = (_rounded(math.exp(center + z * spread)) for z in (-_Z80, 0.0, _Z80))
    return Estimate(low=low, median=median, high=high, basis=basis, count=count, reasons=tuple(reasons))


def _rounded(hours: float) -> float:
    """Round to two significant digits, and never to nothing."""
    digits = 1 - math.floor(math.log10(max(hours, 0.01)))
    return max(0.01, round(hours, digits))


def _hours(hours: float) -> str:
    return f"{round(hours * 60)} minutes" if hours < 1 else f"{_rounded(hours):g} hours"
