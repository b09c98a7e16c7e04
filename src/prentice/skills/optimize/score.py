"""Scores: answers of the checklist, counted. A score is yes / (yes + no); nothing else goes into it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prentice.skills.optimize.checklist import Answer
from prentice.skills.optimize.lint import Finding
from prentice.skills.optimize.rules import DIMENSIONS, Dimension


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The counts of one dimension. What does not apply is left out; what nobody judged is counted apart."""

    yes: int = 0
    no: int = 0
    not_judged: int = 0

    @property
    def value(self) -> float | None:
        """The share of yes, 0 to 1; None where nothing was judged."""
        return round(self.yes / (self.yes + self.no), 3) if self.yes + self.no else None


def scores(answers: Iterable[Answer]) -> dict[Dimension, Score]:
    """Count the answers by dimension."""
    kept = tuple(answers)
    return {
        dimension: Score(
            yes=sum(answer.verdict == "yes" for answer in kept if answer.dimension == dimension),
            no=sum(answer.verdict == "no" for answer in kept if answer.dimension == dimension),
            not_judged=sum(answer.verdict == "not judged" for answer in kept if answer.dimension == dimension),
        )
        for dimension in DIMENSIONS
    }


def overall(counted: Mapping[Dimension, Score]) -> float:
    """Give the mean of the dimensions that were judged, 0 to 1; it ranks texts, and is shown to nobody."""
    values = [score.value for score in counted.values() if score.value is not None]
    return sum(values) / len(values) if values else 0.0


def is_strict_gain(
    before: Iterable[Answer],
    after: Iterable[Answer],
    *,
    found_before: Iterable[Finding],
    found_after: Iterable[Finding],
) -> bool:
    """Whether a text is better than another beyond doubt: no yes is lost, and there is one more or a finding less.

    A question that did not apply before gains nothing, so that no one can win by raising new ones.
    """
    were = {answer.criterion: answer for answer in before}
    now = {answer.criterion: answer for answer in after}
    if any(were[name].verdict == "yes" and now[name].verdict not in {"yes", "n/a"} for name in were):
        return False
    gained = sum(_gains(were[name], now[name]) for name in were)
    open_before, open_after = (_open(found) for found in (found_before, found_after))
    if open_after["warning"] > open_before["warning"]:
        return False
    return gained > 0 or sum(open_after.values()) < sum(open_before.values())


def _gains(were: Answer, now: Answer) -> bool:
    """Whether an answer became a yes; what nobody judged before must be proved by the rules."""
    was_open = were.verdict == "no" or (were.verdict == "not judged" and now.by == "rules")
    return was_open and now.verdict == "yes"


def _open(findings: Iterable[Finding]) -> dict[str, int]:
    """Count findings by severity; a place that says it is to be filled in is no fault of the text."""
    counts = {"warning": 0, "advice": 0}
    for finding in findings:
        counts[finding.severity] += finding.rule != "placeholder-left"
    return counts
