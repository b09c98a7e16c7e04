"""The rows of what probes found out of servers, in the user's record; each is believed for a time."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from prentice.ledger.database import Database

KEPT_SECONDS: Final = 3600.0
"""How long a finding is believed: a server may be updated, or started with other options."""


@dataclass(frozen=True, slots=True)
class FindingsTable:
    """Keeps one finding for each server and model; the backends' `Findings`. `clock` gives seconds since the epoch."""

    database: Database
    seconds: float = KEPT_SECONDS
    clock: Callable[[], float] = time.time

    def recall(self, host: str, model: str) -> str | None:
        """Give what was found less than the time ago; a time in the future is that of a clock that was set back."""
        rows = self.database.rows("SELECT finding, at FROM findings WHERE host = ? AND model = ?", host, model)
        if not rows or not 0 <= self.clock() - rows[0]["at"] < self.seconds:
            return None
        return str(rows[0]["finding"])

    def remember(self, host: str, model: str, finding: str) -> None:
        """Keep a finding in the place of an earlier one, and drop all that are too old."""
        now = self.clock()
        with self.database.transaction() as connection:
            connection.execute("DELETE FROM findings WHERE at <= ?", (now - self.seconds,))
            connection.execute(
                "INSERT OR REPLACE INTO findings (host, model, finding, at) VALUES (?, ?, ?, ?)",
                (host, model, finding, now),
            )

    def forget(self, host: str, model: str) -> None:
        """Drop a finding that proved wrong."""
        with self.database.transaction() as connection:
            connection.execute("DELETE FROM findings WHERE host = ? AND model = ?", (host, model))
