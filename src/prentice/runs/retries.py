"""Trying again after errors that pass: how often and how long after, by the error's code.

The waits double, as usual for a server that is too busy, and end at ten minutes.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

from prentice.ledger.leases import Claim, Leases

Retries: TypeAlias = Mapping[str, tuple[int, float]]
"""By an error's code: how often a run is tried again, and after how many seconds for the first time."""

UNATTENDED: Final[Retries] = {
    "backend_busy": (8, 2.0),
    "backend_unreachable": (5, 10.0),
    "stream_failed": (3, 2.0),
    "timed_out": (1, 30.0),
    "todo2_locked": (5, 1.0),
}
"""For runs that nobody waits for at a screen; whoever does wants to know at once."""

_LONGEST: Final = 600.0


def time_of_retry(leases: Leases, claim: Claim, code: str) -> float | None:
    """Say when a run is to be tried again after an error of a code, or None where it is not."""
    most, first = (claim.retries or {}).get(code, (0, 0.0))
    before = leases.retries_before(claim, code) if most else 0
    return leases.clock() + min(first * 2**before, _LONGEST) if before < most else None
