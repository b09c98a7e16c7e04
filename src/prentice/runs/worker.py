"""A worker: carries whatever is free in a ledger, until it is told to end or, if it was started for a while, idles."""

import contextlib
import time
from typing import Final

from prentice.errors import PrenticeError
from prentice.ledger.runs_table import RunsTable
from prentice.ledger.workers_table import WorkersTable
from prentice.runs.carrying import ServicesOf
from prentice.runs.engine import LEASE_SECONDS, DurableRuns
from prentice.runs.protocol import S
from prentice.runs.registry import Registry
from prentice.runs.retries import UNATTENDED, Retries

_LOOK_SECONDS: Final = 1.0


async def work(
    table: RunsTable,
    registry: Registry[S],
    services: ServicesOf[S],
    *,
    idle_seconds: float | None = None,
    slots: int = 2,
    lease: float = LEASE_SECONDS,
    retries: Retries = UNATTENDED,
) -> int:
    """Carry runs and give how many were; with `idle_seconds`, until none was to be carried for so long.

    With `idle_seconds` it also ends at once where another worker lives. Cancelling it gives back what it carries.

    Raises:
        LedgerError: the ledger could not be used several times in a row.
    """
    workers = WorkersTable(table.database, table.scope, table.clock)
    is_detached = idle_seconds is not None

    def on_beat() -> None:
        workers.arrive(runs.name, seconds=lease)

    runs = DurableRuns(
        table, registry, services, carries="all", slots=slots, lease=lease, retries=retries, on_beat=on_beat
    )
    if not workers.arrive(runs.name, seconds=lease, alone=is_detached):
        return 0
    try:
        async with runs:
            busy = time.monotonic()
            while idle_seconds is None or time.monotonic() - busy < idle_seconds:
                await runs.changed(_LOOK_SECONDS if idle_seconds is None else min(_LOOK_SECONDS, idle_seconds))
                if runs.failure is not None:
                    raise runs.failure
                if runs.carried or not table.is_idle(kinds=runs.kinds):
                    busy = time.monotonic()
    finally:
        with contextlib.suppress(PrenticeError):
            workers.depart(runs.name)
    return runs.ended
