"""Which workers live: those that said so lately."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from prentice.ledger.database import Database


@dataclass(frozen=True, slots=True)
class WorkersTable:
    """The workers of one scope."""

    database: Database
    scope: str = ""
    clock: Callable[[], float] = time.time

    def arrive(self, name: str, *, seconds: float, alone: bool = False) -> bool:
        """Say that a worker lives, for some seconds; `alone` refuses it where another one does. Give whether it is in.

        Repeated before the seconds are over, it keeps the worker in the list.
        """
        now = self.clock()
        with self.database.transaction(durable=False) as connection:
            connection.execute("DELETE FROM workers WHERE scope = ? AND seen_until <= ?", (self.scope, now))
            others = connection.execute(
                "SELECT 1 FROM workers WHERE scope = ? AND name <> ? LIMIT 1", (self.scope, name)
            ).fetchone()
            if alone and others:
                return False
            connection.execute(
                "INSERT INTO workers (scope, name, seen_until) VALUES (?1, ?2, ?3)"
                " ON CONFLICT (scope, name) DO UPDATE SET seen_until = ?3",
                (self.scope, name, now + seconds),
            )
        return True

    def depart(self, name: str) -> None:
        """Take a worker out of the list."""
        with self.database.transaction(durable=False) as connection:
            connection.execute("DELETE FROM workers WHERE scope = ? AND name = ?", (self.scope, name))

    def living(self) -> list[str]:
        """Give the names of those that live."""
        rows = self.database.rows(
            "SELECT name FROM workers WHERE scope = ? AND seen_until > ? ORDER BY name", self.scope, self.clock()
        )
        return [row["name"] for row in rows]
