"""The rows of runs: submitted, read, and changed from outside. What the carrier of a run writes is in `leases`."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from sqlite3 import Connection, Row
from typing import Final

from prentice.errors import RunError
from prentice.ledger import run_keys
from prentice.ledger.database import Database, Json, get_json, put_json

FINAL_STATES: Final = frozenset({"finished", "failed", "cancelled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run. `error` is an error document; times are seconds since the epoch.

    `state` is `queued`, `running`, `waiting` (for a signal named in `waiting_for`) or one of `FINAL_STATES`. `options`
    are for whoever makes the services of its steps; `progress` is what the carrier told last.
    """

    id: str
    kind: str
    state: str
    arguments: Json
    result: Json
    error: Json
    created: float
    updated: float
    options: Json
    priority: int
    not_before: float
    owner: str
    token: int
    lease_until: float
    cancel_wanted: bool
    waiting_for: str
    progress: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """Something that happened in a run; `id` orders the events of a file."""

    id: int
    kind: str
    data: Json
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """The remembered result of a step."""

    name: str
    n: int
    result: Json
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What a run is asked to be.

    `idempotency` names it: a second submission of the name gives the first one's run. Runs that share one of `touches`
    are carried in the order of submission. `not_before` is a time, `priority` is higher for what shall come first.
    `retries` maps codes of errors to how often, and after how many seconds.
    """

    kind: str
    arguments: Json
    options: Json = None
    idempotency: str | None = None
    priority: int = 0
    not_before: float = 0.0
    touches: Sequence[str] = ()
    retries: Mapping[str, tuple[int, float]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A run that is there now. `token` is above 0 where the submitter holds it already."""

    id: str
    is_new: bool
    token: int


@dataclass(frozen=True, slots=True)
class RunsTable:
    """Runs of one scope: empty for a project's ledger, the directory for runs outside any project."""

    database: Database
    scope: str = ""
    clock: Callable[[], float] = time.time

    def submit(self, asked: Submission, *, owner: str = "", lease: float = 0.0) -> Submitted:
        """Add a run; with an `owner`, who holds it for `lease` seconds from the start if it may begin at once."""
        now = self.clock()
        with self.database.transaction() as connection:
            if asked.idempotency is not None and (known := self._known(connection, asked.idempotency)):
                return Submitted(id=f"R-{known}", is_new=False, token=0)
            row = connection.execute(
                "SELECT coalesce(max(number), 0) + 1 FROM runs WHERE scope = ?", (self.scope,)
            ).fetchone()
            number = int(row[0])
            is_held = bool(owner) and asked.not_before <= now and not self._key_taken(connection, asked.touches)
            connection.execute(
                "INSERT INTO runs (scope, number, kind, state, arguments, created, updated, options, retries,"
                " idempotency, priority, not_before, owner, token, lease_until)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    self.scope, number, asked.kind, "running" if is_held else "queued",
                    put_json(connection, asked.arguments), now, now, put_json(connection, asked.options),
                    put_json(connection, asked.retries), asked.idempotency, asked.priority, asked.not_before,
                    owner if is_held else "", int(is_held), now + lease if is_held else 0.0,
                ),
            )  # fmt: skip
            run_keys.enter(connection, self.scope, number, asked.touches)
        return Submitted(id=f"R-{number}", is_new=True, token=int(is_held))

    def get(self, run: str) -> RunRow:
        """Read a run.

        Raises:
            RunError: there is none of that id.
        """
        rows = self.database.rows("SELECT * FROM runs WHERE scope = ? AND number = ?", self.scope, number_of(run))
        if not rows:
            raise RunError(f"There is no run {run} here.", next_step="Check the id, and the directory you are in.")
        return self._row(rows[0])

    def latest(self, *, most: int, state: str = "") -> list[RunRow]:
        """Give the newest runs, of one state or of all, oldest first."""
        rows = self.database.rows(
            "SELECT * FROM runs WHERE scope = ? AND (? = '' OR state = ?) ORDER BY number DESC LIMIT ?",
            self.scope, state, state, most,
        )  # fmt: skip
        return [self._row(row) for row in reversed(rows)]

    def of_task(self, task: str) -> list[RunRow]:
        """Give the runs whose argument `task` this is, oldest first."""
        rows = self.database.rows("SELECT * FROM runs WHERE scope = ? ORDER BY number", self.scope)
        runs = (self._row(row) for row in rows)
        return [run for run in runs if isinstance(run.arguments, dict) and run.arguments.get("task") == task]

    def is_idle(self, *, kinds: Collection[str]) -> bool:
        """Say whether no run of these kinds is carried or can be; what waits for a signal or another run cannot."""
        marks = ", ".join("?" for _ in kinds)
        rows = self.database.rows(
            "SELECT 1 FROM runs WHERE scope = ? AND state = 'queued' AND blocked = 0"  # noqa: S608 - marks
            f" AND kind IN ({marks}) UNION ALL"
            f" SELECT 1 FROM runs WHERE scope = ? AND state = 'running' AND kind IN ({marks}) LIMIT 1",
            self.scope, *kinds, self.scope, *kinds,
        )  # fmt: skip
        return not rows

    def signal(self, run: str, name: str, value: Json) -> bool:
        """Keep a signal and wake the run where it waits; the first value for a name stays. Give whether this is it.

        Raises:
            RunError: there is no such run, or it has ended.
        """
        number, now = number_of(run), self.clock()
        if (state := self.get(run).state) in FINAL_STATES:
            raise RunError(f"{run} has ended ({state}), so that nothing reaches it.", next_step="Start a new run.")
        with self.database.transaction() as connection:
            kept = connection.execute(
                "INSERT OR IGNORE INTO signals (scope, run, name, value, at) VALUES (?, ?, ?, ?, ?)",
                (self.scope, number, name, put_json(connection, value), now),
            )
            if not kept.rowcount:
                return False
            add_event(connection, self.scope, number, "signal", data={"name": name}, now=now)
            connection.execute(
                "UPDATE runs SET state = 'queued', waiting_for = '', not_before = 0, updated = ?"
                " WHERE scope = ? AND number = ? AND state = 'waiting'",
                (now, self.scope, number),
            )
        return True

    def cancel(self, run: str) -> str:
        """End a run that nobody carries, or ask the carrier to end it; give the state that the run is in now.

        Raises:
            RunError: there is no such run.
        """
        self.get(run)
        number, now = number_of(run), self.clock()
        with self.database.transaction() as connection:
            ended = connection.execute(
                "UPDATE runs SET state = 'cancelled', cancel_wanted = 1, waiting_for = '', updated = ?"
                " WHERE scope = ? AND number = ? AND state IN ('queued', 'waiting')",
                (now, self.scope, number),
            )
            if ended.rowcount:
                add_event(connection, self.scope, number, "cancelled", data=None, now=now)
                run_keys.leave(connection, self.scope, number)
            connection.execute(
                "UPDATE runs SET cancel_wanted = 1 WHERE scope = ? AND number = ? AND state = 'running'",
                (self.scope, number),
            )
        return self.get(run).state

    def retry(self, run: str) -> None:
        """Put a run that failed or was cancelled into the queue again; steps that it finished stay done.

        Raises:
            RunError: there is no such run, or it is in another state.
        """
        state = self.get(run).state
        number, now = number_of(run), self.clock()
        with self.database.transaction() as connection:
            changed = connection.execute(
                "UPDATE runs SET state = 'queued', error = NULL, cancel_wanted = 0, deaths = 0, not_before = 0,"
                " updated = ? WHERE scope = ? AND number = ? AND state IN ('failed', 'cancelled')",
                (now, self.scope, number),
            )
            if changed.rowcount:
                add_event(connection, self.scope, number, "retried", data=None, now=now)
                run_keys.enter_again(connection, self.scope, number)
        if not changed.rowcount:
            raise RunError(
                f"{run} is {state}; only a run that failed or was cancelled can be tried again.",
                next_step=f"`prentice runs show {run}` says how it stands.",
            )

    def note(self, run: str, kind: str, data: Json) -> None:
        """Add an event that a run did not cause itself."""
        with self.database.transaction(durable=False) as connection:
            add_event(connection, self.scope, number_of(run), kind, data=data, now=self.clock())

    def step_result(self, run: str, name: str, n: int) -> tuple[Json] | None:
        """Give the remembered result of a step in a tuple, or None when it has not finished yet."""
        rows = self.database.rows(
            "SELECT result FROM steps WHERE scope = ? AND run = ? AND name = ? AND n = ?",
            self.scope, number_of(run), name, n,
        )  # fmt: skip
        return (get_json(self.database, rows[0]["result"]),) if rows else None

    def steps(self, run: str) -> list[StepRow]:
        """Give the finished steps of a run in the order in which they ended."""
        rows = self.database.rows(
            "SELECT name, n, result, at FROM steps WHERE scope = ? AND run = ? ORDER BY rowid",
            self.scope, number_of(run),
        )  # fmt: skip
        return [
            StepRow(name=row["name"], n=row["n"], result=get_json(self.database, row["result"]), at=row["at"])
            for row in rows
        ]

    def events(self, run: str, *, after: int = 0) -> list[EventRow]:
        """Give what happened in a run, in order, from after the event of an id."""
        rows = self.database.rows(
            "SELECT id, kind, data, at FROM events WHERE scope = ? AND run = ? AND id > ? ORDER BY id",
            self.scope, number_of(run), after,
        )  # fmt: skip
        return [
            EventRow(id=row["id"], kind=row["kind"], data=get_json(self.database, row["data"]), at=row["at"])
            for row in rows
        ]

    def signals(self, run: str) -> dict[str, Json]:
        """Give the signals that a run was sent, by name."""
        rows = self.database.rows(
            "SELECT name, value FROM signals WHERE scope = ? AND run = ? ORDER BY at", self.scope, number_of(run)
        )
        return {row["name"]: get_json(self.database, row["value"]) for row in rows}

    def waits_behind(self, run: str) -> list[str]:
        """Give the runs that this one comes after because they touch the same."""
        return [f"R-{number}" for number in run_keys.ahead(self.database, self.scope, number_of(run))]

    def _known(self, connection: Connection, idempotency: str) -> int:
        row = connection.execute(
            "SELECT number FROM runs WHERE scope = ? AND idempotency = ?", (self.scope, idempotency)
        ).fetchone()
        return int(row[0]) if row else 0

    def _key_taken(self, connection: Connection, touches: Sequence[str]) -> bool:
        return any(run_keys.is_taken(connection, self.scope, key) for key in touches)

    def _row(self, row: Row) -> RunRow:
        return RunRow(
            id=f"R-{row['number']}", kind=row["kind"], state=row["state"], created=row["created"],
            updated=row["updated"], priority=row["priority"], not_before=row["not_before"], owner=row["owner"],
            token=row["token"], lease_until=row["lease_until"], cancel_wanted=bool(row["cancel_wanted"]),
            waiting_for=row["waiting_for"],
            **{name: get_json(self.database, row[name]) for name in _DOCUMENTS},
        )  # fmt: skip


_DOCUMENTS: Final = ("arguments", "result", "error", "options", "progress")


def add_event(connection: Connection, scope: str, number: int, kind: str, *, data: Json, now: float) -> None:
    """Add an event to a run, in the transaction of what it tells of."""
    connection.execute(
        "INSERT INTO events (scope, run, kind, data, at) VALUES (?, ?, ?, ?, ?)",
        (scope, number, kind, put_json(connection, data), now),
    )


def number_of(identifier: str, letter: str = "R") -> int:
    """Give the number in a run's id like `R-12`, or in that of another letter; -1 for anything else."""
    head, _, tail = identifier.partition("-")
    return int(tail) if head.upper() == letter and tail.isascii() and tail.isdigit() and len(tail) < 10 else -1
