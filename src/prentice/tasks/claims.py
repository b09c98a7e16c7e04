"""Claims: who works on a task, and until when by the clock.

A claim stands in the task's record under Prentice's own key: `"prentice": {"claim": {"worker", "until", "minutes"}}`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from prentice.errors import UsageError
from prentice.tasks.moments import moment, spelled

OWN_KEY: Final = "prentice"
"""The key of a task's record under which Prentice keeps what is its own; other tools leave it alone."""

LONGEST_LEASE: Final = 7 * 24 * 60
"""The most minutes that a claim may be asked for."""

LONGEST_NAME: Final = 100
"""The most characters of a worker's name."""

CLOCK_SLACK: Final = 300.0
"""By how many seconds two clocks may differ before a claim that one of them wrote looks longer than it was asked for.
Clocks kept by NTP differ by far less; a clock that was set back by more than this ends the claims made before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim as it was read. `until` is the file's own spelling; one that cannot be read is expired."""

    worker: str
    until: str
    expired: bool

    def document(self) -> dict[str, object]:
        """Give the claim as JSON values."""
        return {"worker": self.worker, "until": self.until, "expired": self.expired}

    def sentence(self) -> str:
        """Say who holds the task, for people."""
        who = self.worker or "an unknown worker"
        return f"claim of {who} expired" if self.expired else f"claimed by {who} until {self.until}"


def claim_of(record: Mapping[str, object], *, now: float | None) -> Claim | None:
    """Read the claim in a task record, None where there is none; never raises on odd values.

    It lasts while `now` (seconds since 1970) is before its end and its end is no further away than was asked for, so
    that a clock which was set back makes no lease longer. Without `now`, every claim that can be read lasts.
    """
    own = record.get(OWN_KEY)
    raw = own.get("claim") if isinstance(own, dict) else None
    if raw is None:
        return None
    fields: Mapping[str, object] = raw if isinstance(raw, dict) else {}
    worker, until = fields.get("worker"), fields.get("until")
    end = moment(until)
    lasts = isinstance(worker, str) and bool(worker) and end is not None
    if lasts and end is not None and now is not None:
        lasts = now < end <= now + _lease(fields.get("minutes")) * 60 + CLOCK_SLACK
    return Claim(
        worker=worker if isinstance(worker, str) else "",
        until=until if isinstance(until, str) else "",
        expired=not lasts,
    )


def held(claim: Claim | None) -> bool:
    """Whether a claim keeps others from the task."""
    return claim is not None and not claim.expired


def held_by(claim: Claim | None, worker: str) -> bool:
    """Whether the task is this worker's now."""
    return claim is not None and not claim.expired and claim.worker == worker


def held_by_another(claim: Claim | None, worker: str) -> bool:
    """Whether the task is another worker's now."""
    return claim is not None and not claim.expired and claim.worker != worker


def written(*, worker: str, now: float, minutes: int) -> dict[str, object]:
    """Give a claim from now (seconds since 1970) as it stands in the file."""
    return {"worker": worker, "until": spelled(now + minutes * 60), "minutes": minutes}


def check_worker(name: str) -> str:
    """Give a worker's name as it may stand in the file.

    Raises:
        UsageError: it is empty, too long, has several lines, or holds control characters.
    """
    name = name.strip()
    if not name or not name.isprintable() or len(name) > LONGEST_NAME:
        raise UsageError(
            f"A worker's name is one line of 1 to {LONGEST_NAME} printable characters.",
            next_step="Give one with `--worker NAME` or in PRENTICE_WORKER.",
        )
    return name


def check_lease(minutes: int) -> int:
    """Give the minutes of a lease.

    Raises:
        UsageError: they are not a whole number from 1 to LONGEST_LEASE.
    """
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 1 <= minutes <= LONGEST_LEASE:
        raise UsageError(
            f"A lease lasts 1 to {LONGEST_LEASE} whole minutes (7 days), not {minutes}.",
            next_step="Give the minutes with `--lease`, and renew it in time with `prentice claim TASK`.",
        )
    return minutes


def _lease(minutes: object) -> int:
    """Give what was asked for; where another tool wrote no such number, the longest that can be."""
    good = isinstance(minutes, int) and not isinstance(minutes, bool) and 1 <= minutes <= LONGEST_LEASE
    return minutes if good and isinstance(minutes, int) else LONGEST_LEASE
