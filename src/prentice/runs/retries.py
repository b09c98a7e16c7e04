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
"""For what a worker carries. Whoever waits for a run at a screen carries it there, and wants to know at once."""

_LONGEST: Final = 600.0


def time_of_retry(leases: Leases, claim: Claim, code: str, *, usual: Retries) -> float | None:
    """Say when a run is to be tried again after an error of a code, or None where it is not.

    `usual` is for runs that were submitted without a word on it.
    """
    most, first = (usual if claim.retries is None else claim.retries).get(code, (0, 0.0))
    before = leases.retries_before(claim, code) if most else 0
    return leases.clock() + min(first * 2**before, _LONGEST) if before < most else None
