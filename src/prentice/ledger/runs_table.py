"""The rows of runs: their state, the results of their steps, and their events, each written in one transaction."""

import time
from dataclasses import dataclass
from sqlite3 import Connection

from prentice.errors import RunError
from prentice.ledger.database import Database, Json, get_json, put_json

FINAL_STATES = frozenset({"finished", "failed", "cancelled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run. `error` is an error document; times are seconds since the epoch."""

    id: str
    kind: str
    state: str
    arguments: Json
    result: Json
    error: Json
    created: float
    updated: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """Something that happened in a run."""

    kind: str
    data: Json
    at: float


@dataclass(frozen=True, slots=True)
class RunsTable:
    """Runs of one scope: empty for a project's ledger, the directory for runs outside any project."""

    database: Database
    scope: str = ""

    def create(self, kind: str, arguments: Json) -> str:
        """Add a run and give its id, `R-<number>`."""
        now = time.time()
        with self.database.transaction() as connection:
            row = connection.execute(
                "SELECT coalesce(max(number), 0) + 1 FROM runs WHERE scope = ?", (self.scope,)
            ).fetchone()
            connection.execute(
                "INSERT INTO runs (scope, number, kind, state, arguments, created, updated)"
                " VALUES (?, ?, ?, 'running', ?, ?, ?)",
                (self.scope, row[0], kind, put_json(connection, arguments), now, now),
            )
        return f"R-{row[0]}"

    def of_task(self, task: str) -> list[RunRow]:
        """Give the runs whose argument `task` this is, oldest first."""
        rows = self.database.rows("SELECT number FROM runs WHERE scope = ? ORDER BY number", self.scope)
        runs = (self.get(f"R-{row['number']}") for row in rows)
        return [run for run in runs if isinstance(run.arguments, dict) and run.arguments.get("task") == task]

    def get(self, run: str) -> RunRow:
        """Read a run.

        Raises:
            RunError: there is none of that id.
        """
        rows = self.database.rows("SELECT * FROM runs WHERE scope = ? AND number = ?", self.scope, number_of(run))
        if not rows:
            raise RunError(f"There is no run {run} here.", next_step="Check the id, and the directory you are in.")
        row = rows[0]
        return RunRow(
            id=run, kind=row["kind"], state=row["state"], created=row["created"], updated=row["updated"],
            arguments=get_json(self.database, row["arguments"]), result=get_json(self.database, row["result"]),
            error=get_json(self.database, row["error"]),
        )  # fmt: skip

    def finish(self, run: str, state: str, *, result: Json = None, error: Json = None) -> None:
        """Set a run's last state with its result or error, unless it has ended already."""
        now = time.time()
        with self.database.transaction() as connection:
            changed = connection.execute(
                "UPDATE runs SET state = ?, result = ?, error = ?, updated = ?"
                " WHERE scope = ? AND number = ? AND state = 'running'",
                (state, put_json(connection, result), put_json(connection, error), now, self.scope, number_of(run)),
            )
            if changed.rowcount:
                self._event(connection, run, state, error, now)

    def step_result(self, run: str, name: str, n: int) -> tuple[Json] | None:
        """Give the remembered result of a step in a tuple, or None when it has not finished yet."""
        rows = self.database.rows(
            "SELECT result FROM steps WHERE scope = ? AND run = ? AND name = ? AND n = ?",
            self.scope, number_of(run), name, n,
        )  # fmt: skip
        return (get_json(self.database, rows[0]["result"]),) if rows else None

    def remember_step(self, run: str, name: str, n: int, result: Json) -> None:
        """Keep a step's result together with its event."""
        now = time.time()
        with self.database.transaction() as connection:
            connection.execute(
                "INSERT INTO steps (scope, run, name, n, result, at) VALUES (?, ?, ?, ?, ?, ?)",
                (self.scope, number_of(run), name, n, put_json(connection, result), now),
            )
            self._event(connection, run, "step", {"name": name, "n": n}, now)

    def events(self, run: str) -> list[EventRow]:
        """Give what happened in a run, in order."""
        rows = self.database.rows(
            "SELECT kind, data, at FROM events WHERE scope = ? AND run = ? ORDER BY id", self.scope, number_of(run)
        )
        return [EventRow(kind=row["kind"], data=get_json(self.database, row["data"]), at=row["at"]) for row in rows]

    def _event(self, connection: Connection, run: str, kind: str, data: Json, now: float) -> None:
        connection.execute(
            "INSERT INTO events (scope, run, kind, data, at) VALUES (?, ?, ?, ?, ?)",
            (self.scope, number_of(run), kind, put_json(connection, data), now),
        )


def number_of(identifier: str, letter: str = "R") -> int:
    """Give the number in a run's id like `R-12`, or in that of another letter; -1 for anything else."""
    head, _, tail = identifier.partition("-")
    return int(tail) if head.upper() == letter and tail.isascii() and tail.isdigit() and len(tail) < 10 else -1
