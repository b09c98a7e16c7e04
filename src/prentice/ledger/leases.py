"""What the carrier of a run writes: claims, renewals, steps and the end, each checked by the claim's token.

A claim is a lease and a token. The lease is time: when it is over, another process may claim the run. The token is
what counts: each claim raises it, and every write of a carrier names its own, so that whoever lost the run, and does
not know it, writes nothing. A clock that is wrong can move a run too early; it cannot make two carriers write.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Final

from prentice.errors import LeaseLostError
from prentice.ledger import run_keys
from prentice.ledger.database import Database, Json, get_json, put_json
from prentice.ledger.runs_table import add_event, number_of

MOST_DEATHS: Final = 5
"""How many processes a run may take with it, one after the other without a step done, before it is ended."""
_SKEW: Final = 2.0
"""A lease that ends later than this many of its lengths from now was given before the clock was set back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A run that is held. `token` proves it; `retries` is what the submission said."""

    run: str
    token: int
    kind: str
    arguments: Json
    options: Json
    retries: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Leases:
    """Claims on the runs of one scope. `seconds` is how long one lasts without a renewal."""

    database: Database
    scope: str = ""
    seconds: float = 15.0
    clock: Callable[[], float] = time.time

    def claim(
        self,
        owner: str,
        *,
        kinds: Collection[str],
        only: Collection[str] = (),
        but: Collection[str] = (),
        takeover: bool = True,
    ) -> Claim | None:
        """Claim a run of one of the kinds, or give None: first one whose carrier is gone, then the first of the queue.

        `only` limits it to some runs, `but` leaves some out. Without `takeover`, runs that were claimed by another are
        left alone.
        """
        now = self.clock()
        gone = "state = 'running' AND (lease_until <= ? OR lease_until > ?)", "lease_until", (now, now + self._horizon)
        queued = "state = 'queued' AND blocked = 0 AND not_before <= ?", "priority DESC, number", (now,)
        for condition, order, values in (gone, queued) if takeover else (queued,):
            query, bound = self._first(condition, order, values, kinds=kinds, only=only, but=but)
            if self.database.rows(query, *bound):  # looking takes no lock; whoever finds nothing disturbs nobody
                with self.database.transaction(durable=False) as connection:
                    if row := connection.execute(query, bound).fetchone():
                        return self._take(connection, row[0], owner, now)
        return None

    def renew(self, claim: Claim, *, progress: Json = None, waiting_for: str = "") -> bool:
        """Let a lease begin again, and say whether the run shall be cancelled.

        Raises:
            LeaseLostError: another process has claimed the run, or it has ended.
        """
        with self.database.transaction(durable=False) as connection:
            return self._held(
                connection, claim, "progress = ?, waiting_for = ?", put_json(connection, progress), waiting_for
            )

    def begin_step(self, claim: Claim, name: str, n: int, *, durable: bool = True) -> bool:
        """Note that a step begins, so that one that is cut short leaves a trace; else as `renew`.

        A durable note brings the results before it to the disk too.
        """
        with self.database.transaction(durable=durable) as connection:
            is_cancelled = self._held(connection, claim)
            self._event(connection, claim, "begin", {"name": name, "n": n})
            return is_cancelled

    def keep_step(self, claim: Claim, name: str, n: int, result: Json) -> bool:
        """Keep a step's result together with its event; else as `renew`.

        It is on the disk for sure when the next durable write is: that of a step that may build on it, or the end.
        """
        with self.database.transaction(durable=False) as connection:
            is_cancelled = self._held(connection, claim, "deaths = 0")
            self._keep(connection, claim, name, n, put_json(connection, result))
            return is_cancelled

    def take_signal(self, claim: Claim, name: str, n: int, *, park: bool) -> tuple[Json] | None:
        """Keep a signal's value as the result of a step and give it, or give None where none has come.

        With `park`, the claim then ends and the run waits until one comes.

        Raises:
            LeaseLostError: as for `renew`.
        """
        with self.database.transaction() as connection:
            is_cancelled = self._held(connection, claim)
            row = connection.execute(
                "SELECT value FROM signals WHERE scope = ? AND run = ? AND name = ?",
                (self.scope, number_of(claim.run), name),
            ).fetchone()
            if row is not None:
                self._keep(connection, claim, f"wait:{name}", n, row[0])
            elif park and not is_cancelled:
                self._leave(connection, claim, "waiting", "waiting_for = ?, deaths = 0", name)
                self._event(connection, claim, "waiting", {"name": name})
        return None if row is None else (get_json(self.database, row[0]),)

    def put_back(self, claim: Claim, *, at: float = 0.0, error: Json = None) -> None:
        """Give a run back to the queue, to be claimed at a time; an `error` says that it is tried again after it.

        Raises:
            LeaseLostError: as for `renew`.
        """
        with self.database.transaction() as connection:
            self._held(connection, claim)
            self._leave(connection, claim, "queued", "not_before = ?", at)
            if error is not None:
                self._event(connection, claim, "retry", {"error": error, "at": at})

    def cancelled(self, owner: str) -> list[str]:
        """Give the runs that an owner holds and shall end."""
        rows = self.database.rows(
            "SELECT number FROM runs WHERE scope = ? AND state = 'running' AND owner = ? AND cancel_wanted = 1",
            self.scope, owner,
        )  # fmt: skip
        return [f"R-{row['number']}" for row in rows]

    def retries_before(self, claim: Claim, code: str) -> int:
        """Count how often a run was tried again after an error of a code."""
        rows = self.database.rows(
            "SELECT data FROM events WHERE scope = ? AND run = ? AND kind = 'retry'", self.scope, number_of(claim.run)
        )
        return sum(get_json(self.database, row["data"])["error"]["code"] == code for row in rows)

    def finish(self, claim: Claim, state: str, *, result: Json = None, error: Json = None) -> None:
        """Set a run's last state with its result or error.

        Raises:
            LeaseLostError: as for `renew`.
        """
        with self.database.transaction() as connection:
            self._held(connection, claim)
            self._end(connection, claim, state, result=result, error=error)

    @property
    def _horizon(self) -> float:
        return _SKEW * self.seconds

    def _first(
        self, condition: str, order: str, values: tuple[float, ...], **lists: Collection[str]
    ) -> tuple[str, tuple[object, ...]]:
        """Give the query for the first run that may be claimed, and its values."""
        kinds, only, but = lists["kinds"], lists["only"], lists["but"]
        chosen = f" AND number IN ({_marks(only)})" if only else ""
        spared = f" AND number NOT IN ({_marks(but)})" if but else ""
        query = (
            f"SELECT number FROM runs WHERE scope = ? AND {condition}"  # noqa: S608 - `claim` words the condition
            f" AND kind IN ({_marks(kinds)}){chosen}{spared} ORDER BY {order} LIMIT 1"
        )
        return query, (self.scope, *values, *kinds, *(number_of(run) for run in (*only, *but)))

    def _take(self, connection: Connection, number: int, owner: str, now: float) -> Claim | None:
        """Raise the token of a free run and give the claim, unless it is to be ended instead."""
        before = connection.execute(
            "SELECT state, owner FROM runs WHERE scope = ? AND number = ?", (self.scope, number)
        ).fetchone()
        row = connection.execute(
            "UPDATE runs SET state = 'running', token = token + 1, owner = ?, lease_until = ?,"
            " deaths = deaths + (state = 'running'), waiting_for = '', updated = ? WHERE scope = ? AND number = ?"
            " RETURNING number, token, kind, arguments, options, retries, cancel_wanted, deaths",
            (owner, now + self.seconds, now, self.scope, number),
        ).fetchall()[0]
        connection.execute("DELETE FROM holds WHERE scope = ? AND run = ?", (self.scope, number))
        claim = Claim(
            run=f"R-{number}", token=row["token"], kind=row["kind"],
            **{name: get_json(self.database, row[name]) for name in ("arguments", "options", "retries")},
        )  # fmt: skip
        if before["state"] == "running":
            self._event(connection, claim, "taken over", {"from": before["owner"], "by": owner})
        if row["cancel_wanted"]:
            self._end(connection, claim, "cancelled")
            return None
        if row["deaths"] >= MOST_DEATHS:
            self._end(connection, claim, "failed", error=_deadly(claim.run))
            return None
        return claim

    def _held(self, connection: Connection, claim: Claim, changes: str = "", *values: object) -> bool:
        """Renew the lease in an open transaction, with further changes; give whether the run shall be cancelled."""
        now = self.clock()
        more = f", {changes}" if changes else ""
        rows = connection.execute(
            f"UPDATE runs SET lease_until = ?, updated = ?{more}"  # noqa: S608 - the changes are this module's own words
            " WHERE scope = ? AND number = ? AND token = ? AND state = 'running' RETURNING cancel_wanted",
            (now + self.seconds, now, *values, self.scope, number_of(claim.run), claim.token),
        ).fetchall()
        if not rows:
            raise LeaseLostError(
                f"{claim.run} is carried by another process now, or has ended.",
                next_step=f"`prentice runs show {claim.run}` says how it stands.",
            )
        return bool(rows[0]["cancel_wanted"])

    def _keep(self, connection: Connection, claim: Claim, name: str, n: int, result: str) -> None:
        connection.execute(
            "INSERT INTO steps (scope, run, name, n, result, at) VALUES (?, ?, ?, ?, ?, ?)",
            (self.scope, number_of(claim.run), name, n, result, self.clock()),
        )
        self._event(connection, claim, "step", {"name": name, "n": n})

    def _leave(self, connection: Connection, claim: Claim, state: str, changes: str, value: object) -> None:
        connection.execute(
            f"UPDATE runs SET state = ?, owner = '', lease_until = 0, progress = NULL, {changes}"  # noqa: S608 - as above
            " WHERE scope = ? AND number = ?",
            (state, value, self.scope, number_of(claim.run)),
        )
        connection.execute("DELETE FROM holds WHERE scope = ? AND run = ?", (self.scope, number_of(claim.run)))

    def _end(
        self, connection: Connection, claim: Claim, state: str, *, result: Json = None, error: Json = None
    ) -> None:
        self._leave(connection, claim, state, "result = ?", put_json(connection, result))
        connection.execute(
            "UPDATE runs SET error = ? WHERE scope = ? AND number = ?",
            (put_json(connection, error), self.scope, number_of(claim.run)),
        )
        self._event(connection, claim, state, error)
        run_keys.leave(connection, self.scope, number_of(claim.run))

    def _event(self, connection: Connection, claim: Claim, kind: str, data: Json) -> None:
        add_event(connection, self.scope, number_of(claim.run), kind, data=data, now=self.clock())


def _marks(values: Collection[str]) -> str:
    return ", ".join("?" for _ in values)


def _deadly(run: str) -> Json:
    return {
        "code": "run",
        "message": f"{MOST_DEATHS} processes died one after the other while they carried {run}, at the same step.",
        "next_step": f"Look at its last step with `prentice runs show {run}`; memory is the usual reason.",
    }
