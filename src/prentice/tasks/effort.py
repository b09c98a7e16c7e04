"""Hours that a task took, as its record tells: the figure somebody entered, else the time it was in progress."""

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

from prentice.tasks.moments import moment
from prentice.tasks.record import canonical_status, records_of

_HOUR: Final = 3600.0
_WORKDAY: Final = 8.0
"""What a day of 24 hours holds of work: a task is not worked on while its worker sleeps."""
_LEAST: Final = 1 / 60
"""Below a minute a status was passed through, and nothing was worked."""


def hours_worked(record: Mapping[str, Any]) -> float | None:
    """Give the hours of work behind a task's record, None where it does not tell.

    Changes of status give stretches from In Progress to whatever came next; of each stretch every day begun counts
    with eight hours at most.
    """
    entered = record.get("actualHours")
    if isinstance(entered, int | float) and not isinstance(entered, bool) and math.isfinite(entered) and entered > 0:
        return float(entered)
    hours = sum(min(spent, _WORKDAY * math.ceil(spent / 24)) for spent in _stretches(record))
    return hours if hours >= _LEAST else None


def left_progress(record: Mapping[str, Any]) -> float:
    """Give when a task's status changed last, in seconds since 1970; 0 where the record does not tell."""
    return max((at for at, _ in _statuses(record)), default=moment(record.get("lastModified")) or 0.0)


def _stretches(record: Mapping[str, Any]) -> Iterator[float]:
    """Give the hours of each time that a task was in progress and left it again."""
    for (begun, status), (ended, _) in pairwise(sorted(_statuses(record))):
        if status == "In Progress":
            yield (ended - begun) / _HOUR


def _statuses(record: Mapping[str, Any]) -> Iterator[tuple[float, str]]:
    for change in records_of(record.get("changes")):
        at = moment(change.get("timestamp"))
        if change.get("field") == "status" and at is not None:
            yield at, canonical_status(str(change.get("newValue")))
