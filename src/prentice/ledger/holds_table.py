"""Counted claims on a resource, such as a server of models: who comes first has it, up to a limit.

A claim counts while its run is held by the process that made it, so one of a dead process frees itself.
"""

from dataclasses import dataclass

from prentice.ledger.database import Database
from prentice.ledger.leases import Claim, Leases
from prentice.ledger.runs_table import number_of


@dataclass(frozen=True, slots=True)
class HoldsTable:
    """Claims on resources, among all the runs of one file."""

    leases: Leases

    @property
    def _database(self) -> Database:
        return self.leases.database

    def enter(self, claim: Claim, resource: str, *, count: int = 1) -> int:
        """Queue for some parts of a resource and give the place in the queue; the parts stand one behind the other."""
        with self._database.transaction(durable=False) as connection:
            connection.executemany(
                "INSERT INTO holds (scope, run, token, resource) VALUES (?, ?, ?, ?)",
                [(self.leases.scope, number_of(claim.run), claim.token, resource)] * count,
            )
            return int(connection.execute("SELECT last_insert_rowid()").fetchone()[0]) - count + 1

    def ahead(self, place: int, resource: str) -> list[str]:
        """Give the runs that are before a place, each as often as it asked for parts."""
        rows = self._database.rows(
            "SELECT holds.run FROM holds JOIN runs ON runs.scope = holds.scope AND runs.number = holds.run"
            " WHERE resource = ? AND holds.id < ? AND runs.state = 'running' AND runs.token = holds.token"
            " AND runs.lease_until > ? ORDER BY holds.id",
            resource, place, self.leases.clock(),
        )  # fmt: skip
        return [f"R-{row['run']}" for row in rows]

    def leave(self, claim: Claim, place: int, *, count: int = 1) -> None:
        """Give a place up, and its parts of the resource with it, unless it is another's by now."""
        with self._database.transaction(durable=False) as connection:
            connection.execute(
                "DELETE FROM holds WHERE id >= ? AND id < ? AND scope = ? AND run = ? AND token = ?",
                (place, place + count, self.leases.scope, number_of(claim.run), claim.token),
            )
