"""The rows of executions: what a run made of a task, the change it proposes, and every decision on it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from sqlite3 import Connection, Row
from typing import Final, Literal, TypeAlias

from prentice.errors import RunError
from prentice.ledger.database import Database, Json, get_json, put_json
from prentice.ledger.runs_table import number_of
from prentice.review.approval import Actor

ExecutionState: TypeAlias = Literal["proposed", "applied", "refused", "failed", "handed_off", "rejected", "undone"]
DecisionKind: TypeAlias = Literal["approve", "request_changes", "reject", "apply", "undo"]

_UNCHANGED: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionRow:
    """One execution.

    `task` is the task's id, empty for a free text; `attempt_of` the run whose attempt this repeats, or empty.
    `document` is what `execute --json` shows, `evidence` that of `review.evidence`. `approval` says who approved which
    digest, with the `hunks` where it is a part. `pending` is a decision that was begun: how far it came, the tree says.
    Times are seconds since the epoch.
    """

    run: str
    uid: str
    task: str
    attempt_of: str
    state: ExecutionState
    document: Json
    evidence: Json
    has_change: bool
    approval: Json
    pending: Json
    created: float
    decided: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """One decision. `right` is its verdict on the change, None where it has none; `data` are its details."""

    run: str
    kind: DecisionKind
    actor: Actor
    right: bool | None
    data: Json
    at: float


@dataclass(frozen=True, slots=True)
class ExecutionsTable:
    """Executions of one scope: empty for a project's ledger, the directory for those outside any project."""

    database: Database
    scope: str = ""

    def create(
        self, *, run: str, uid: str, task: str, state: ExecutionState, document: Json, evidence: Json = None,
        change: Json = None, attempt_of: str = "",
    ) -> None:  # fmt: skip
        """Keep what a run came to; repeating it for the same run changes nothing.

        `uid` is unique over all ledgers; the user's record knows the outcome under it. `change` is what
        `changes.stored` makes of one.
        """
        with self.database.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO executions (scope, run, uid, task, attempt_of, state, document, evidence,"
                " change, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    self.scope, number_of(run), uid, task, number_of(attempt_of) if attempt_of else None, state,
                    put_json(connection, document), _put(connection, evidence), _put(connection, change), time.time(),
                ),
            )  # fmt: skip

    def get(self, run: str) -> ExecutionRow:
        """Read an execution.

        Raises:
            RunError: no execution has the id.
        """
        rows = self.database.rows("SELECT * FROM executions WHERE scope = ? AND run = ?", self.scope, number_of(run))
        if not rows:
            waiting = ", ".join(row.run for row in self.all(state="proposed"))
            raise RunError(
                f"There is no execution {run} here.",
                next_step=f"Waiting for review: {waiting}." if waiting else "Make one with `prentice execute TASK`.",
            )
        return self._row(rows[0])

    def change(self, run: str) -> Json:
        """Read the change of an execution as `changes.stored` wrote it, None where there is none.

        Raises:
            RunError: no execution has the id.
        """
        rows = self.database.rows(
            "SELECT change FROM executions WHERE scope = ? AND run = ?", self.scope, number_of(run)
        )
        if not rows:
            self.get(run)
        return get_json(self.database, rows[0]["change"])

    def all(self, *, task: str | None = None, state: ExecutionState | None = None) -> list[ExecutionRow]:
        """Give the executions, of one task, in one state, or all, oldest first."""
        rows = self.database.rows(
            "SELECT * FROM executions WHERE scope = ? AND task = coalesce(?, task) AND state = coalesce(?, state)"
            " ORDER BY run",
            self.scope, task, state,
        )  # fmt: skip
        return [self._row(row) for row in rows]

    def pending(self) -> list[ExecutionRow]:
        """Give the executions with a decision that was begun and not finished, oldest first."""
        rows = self.database.rows(
            "SELECT * FROM executions WHERE scope = ? AND pending IS NOT NULL ORDER BY run", self.scope
        )
        return [self._row(row) for row in rows]

    def intend(self, run: str, pending: Json) -> None:
        """Note down a decision before it is carried out; None takes the note away."""
        with self.database.transaction() as connection:
            connection.execute(
                "UPDATE executions SET pending = ? WHERE scope = ? AND run = ?",
                (_put(connection, pending), self.scope, number_of(run)),
            )

    def decide(
        self, run: str, kind: DecisionKind, *, actor: Actor, state: ExecutionState, right: bool | None, at: float,
        data: Json = None, approval: Json = _UNCHANGED,
    ) -> None:  # fmt: skip
        """Keep a decision with the state that it leads to, in one transaction, and take the note of it away.

        The same decision of the same actor as the last one on this run is not kept twice.
        """
        with self.database.transaction() as connection:
            connection.execute(
                "UPDATE executions SET state = ?, pending = NULL, decided = ? WHERE scope = ? AND run = ?",
                (state, at, self.scope, number_of(run)),
            )
            if approval is not _UNCHANGED:
                connection.execute(
                    "UPDATE executions SET approval = ? WHERE scope = ? AND run = ?",
                    (_put(connection, approval), self.scope, number_of(run)),
                )
            fields = (kind, actor, None if right is None else int(right), put_json(connection, data))
            last = connection.execute(
                "SELECT kind, actor, is_right, data FROM decisions WHERE scope = ? AND run = ?"
                " ORDER BY id DESC LIMIT 1",
                (self.scope, number_of(run)),
            ).fetchone()
            if last is None or tuple(last) != fields:
                connection.execute(
                    "INSERT INTO decisions (scope, run, kind, actor, is_right, data, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (self.scope, number_of(run), *fields, at),
                )

    def decisions(self, run: str) -> list[DecisionRow]:
        """Give the decisions on an execution, oldest first."""
        rows = self.database.rows(
            "SELECT * FROM decisions WHERE scope = ? AND run = ? ORDER BY id", self.scope, number_of(run)
        )
        return [
            DecisionRow(
                run=run, kind=row["kind"], actor=row["actor"], data=get_json(self.database, row["data"]), at=row["at"],
                right=None if row["is_right"] is None else bool(row["is_right"]),
            )
            for row in rows
        ]  # fmt: skip

    def reviewed(self) -> list[tuple[Mapping[str, Json], bool]]:
        """Give the evidence of every change that a person judged, with the last verdict: whether it was right.

        Only a person's verdict counts: what the policy, a script or an assistant decides would confirm itself.
        """
        rows = self.database.rows(
            "SELECT evidence, is_right FROM executions JOIN decisions USING (scope, run) WHERE scope = ? AND id IN ("
            " SELECT max(id) FROM decisions WHERE actor = 'person' AND is_right IS NOT NULL GROUP BY scope, run"
            ") AND evidence IS NOT NULL ORDER BY run",
            self.scope,
        )
        return [(get_json(self.database, row["evidence"]), bool(row["is_right"])) for row in rows]

    def _row(self, row: Row) -> ExecutionRow:
        return ExecutionRow(
            run=f"R-{row['run']}", uid=row["uid"], task=row["task"], state=row["state"],
            attempt_of="" if row["attempt_of"] is None else f"R-{row['attempt_of']}",
            document=get_json(self.database, row["document"]), evidence=get_json(self.database, row["evidence"]),
            has_change=row["change"] is not None, approval=get_json(self.database, row["approval"]),
            pending=get_json(self.database, row["pending"]), created=row["created"], decided=row["decided"],
        )  # fmt: skip


def _put(connection: Connection, value: Json) -> str | None:
    return None if value is None else put_json(connection, value)
