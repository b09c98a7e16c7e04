"""The rows of proposals: plans that wait for a decision, and what was decided."""

import time
from dataclasses import dataclass
from sqlite3 import Row
from typing import Literal

from prentice.errors import ProposalError
from prentice.ledger.database import Database, Json, get_json, put_json
from prentice.ledger.runs_table import number_of

ProposalState = Literal["open", "approved", "rejected", "superseded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalRow:
    """One proposal. `task` is the task's id, empty for a free text; `uid` is unique over all ledgers."""

    id: str
    uid: str
    task: str
    run: str
    state: ProposalState
    plan: Json
    decision: Json
    created: float


@dataclass(frozen=True, slots=True)
class ProposalsTable:
    """Proposals of one scope: empty for a project's ledger, the directory for those outside any project."""

    database: Database
    scope: str = ""

    def create(self, *, uid: str, task: str, run: str, plan: Json) -> str:
        """Add a proposal and give its id, `P-<number>`; a uid that is there already gives that one's id."""
        with self.database.transaction() as connection:
            known = connection.execute("SELECT number FROM proposals WHERE uid = ?", (uid,)).fetchone()
            if known:
                return f"P-{known[0]}"
            row = connection.execute(
                "SELECT coalesce(max(number), 0) + 1 FROM proposals WHERE scope = ?", (self.scope,)
            ).fetchone()
            connection.execute(
                "INSERT INTO proposals (scope, number, uid, task, run, state, plan, created)"
                " VALUES (?, ?, ?, ?, ?, 'open', ?, ?)",
                (self.scope, row[0], uid, task, number_of(run), put_json(connection, plan), time.time()),
            )
        return f"P-{row[0]}"

    def get(self, proposal: str) -> ProposalRow:
        """Read a proposal.

        Raises:
            ProposalError: there is none of that id.
        """
        rows = self.database.rows(
            "SELECT * FROM proposals WHERE scope = ? AND number = ?", self.scope, number_of(proposal, "P")
        )
        if not rows:
            open_ones = ", ".join(row.id for row in self.all() if row.state == "open")
            raise ProposalError(
                f"There is no proposal {proposal} here.",
                next_step=f"Open proposals: {open_ones}." if open_ones else "Make one with `prentice breakdown TASK`.",
            )
        return self._row(rows[0])

    def all(self, *, task: str | None = None) -> list["ProposalRow"]:
        """Give the proposals, of one task or of all, oldest first."""
        rows = self.database.rows("SELECT * FROM proposals WHERE scope = ? ORDER BY number", self.scope)
        return [self._row(row) for row in rows if task is None or row["task"] == task]

    def decide(self, proposal: str, state: ProposalState, decision: Json, *, plan: Json = None) -> None:
        """Set the decision of a proposal, and its plan where the person edited it."""
        with self.database.transaction() as connection:
            connection.execute(
                "UPDATE proposals SET state = ?, decision = ?, decided = ?, plan = coalesce(?, plan)"
                " WHERE scope = ? AND number = ?",
                (
                    state, put_json(connection, decision), time.time(),
                    None if plan is None else put_json(connection, plan), self.scope, number_of(proposal, "P"),
                ),
            )  # fmt: skip

    def revise(self, proposal: str, *, before: Json, plan: Json) -> bool:
        """Replace the plan of an open proposal; give whether it was still the one that `before` says."""
        number = number_of(proposal, "P")
        with self.database.transaction() as connection:
            row = connection.execute(
                "SELECT state, plan FROM proposals WHERE scope = ? AND number = ?", (self.scope, number)
            ).fetchone()
            if row is None or row["state"] != "open" or get_json(self.database, row["plan"]) != before:
                return False
            connection.execute(
                "UPDATE proposals SET plan = ? WHERE scope = ? AND number = ?",
                (put_json(connection, plan), self.scope, number),
            )
        return True

    def _row(self, row: Row) -> ProposalRow:
        return ProposalRow(
            id=f"P-{row['number']}", uid=row["uid"], task=row["task"], run=f"R-{row['run']}", state=row["state"],
            plan=get_json(self.database, row["plan"]), decision=get_json(self.database, row["decision"]),
            created=row["created"],
        )  # fmt: skip
