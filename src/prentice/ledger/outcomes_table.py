"""The rows of outcomes in the user's record: which model's work was right, as checks or a person judged it."""

from dataclasses import dataclass

from prentice.ledger.database import Database


@dataclass(frozen=True, slots=True)
class OutcomesTable:
    """Keeps one outcome for each piece of work; a later judgement of the same piece replaces the earlier."""

    database: Database

    def keep(
        self, uid: str, *, at: float, purpose: str, kind: str, backend: str, model: str, right: bool, judge: str
    ) -> None:
        """Keep an outcome. `uid` names the piece of work, `judge` is `checks` or `person`; `at` is since the epoch."""
        with self.database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO outcomes (uid, at, purpose, kind, backend, model, is_right, judge) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (uid, at, purpose, kind, backend, model, int(right), judge),
            )

    def judge(self, uid: str, *, right: bool) -> None:
        """Let a person's judgement of a piece of work replace that of the checks; nothing where it is not known."""
        with self.database.transaction() as connection:
            connection.execute("UPDATE outcomes SET is_right = ?, judge = 'person' WHERE uid = ?", (int(right), uid))

    def counts(self, backend: str, model: str, *, kind: str) -> tuple[int, int]:
        """Give how many pieces of one kind of work a model got right, and of how many."""
        [row] = self.database.rows(
            "SELECT COALESCE(SUM(is_right), 0) AS correct, COUNT(*) AS total FROM outcomes "
            "WHERE backend = ? AND model = ? AND kind = ?",
            backend,
            model,
            kind,
        )
        return row["correct"], row["total"]
