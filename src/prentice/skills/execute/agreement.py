"""Samples that mean the same, counted together: how many agree is the best sign that one of them is right.

Of patches of one published model, those that all five runs agreed on were right 12 of 12 times, those that stood alone
21 of 228 (nus-apr/auto-code-rover's results on SWE-bench Lite, counted anew).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prentice.changes.change import Change
from prentice.changes.normal import normal_form


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Samples whose changes differ in nothing but form: their numbers, the one that stands for them first."""

    members: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many samples agree."""
        return len(self.members)

    @property
    def representative(self) -> int:
        """The sample to go on with: the one whose lines were found most exactly, then the smallest change."""
        return self.members[0]


def clusters(changes: Mapping[int, Change]) -> list[Cluster]:
    """Group changes, by the number of their sample: the largest group first, then the one that came first."""
    groups: dict[str, list[int]] = {}
    for number in sorted(changes):
        groups.setdefault(normal_form(changes[number]), []).append(number)
    found = [Cluster(members=_ordered(numbers, changes)) for numbers in groups.values()]
    return sorted(found, key=lambda cluster: (-cluster.size, min(cluster.members)))


def lines_changed(change: Change) -> int:
    """Count the lines that a change adds and removes."""
    return sum(sign != " " for hunk in change.hunks() for sign, _ in hunk.lines)


def _ordered(numbers: Sequence[int], changes: Mapping[int, Change]) -> tuple[int, ...]:
    return tuple(sorted(numbers, key=lambda number: (changes[number].level, lines_changed(changes[number]), number)))
