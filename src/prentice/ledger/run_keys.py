"""Queues of runs that touch the same: for each key, its runs in the order in which they came; the first one may go.

All keys of a run are entered in one transaction, so the order is the same in every queue and no two runs wait for each
other. A key is left when its run has ended.
"""

from collections.abc import Sequence
from sqlite3 import Connection

from prentice.ledger.database import Database

_KEPT = "kept:"
"""Before the keys of a run that has ended, which are remembered for when it is tried again."""


def enter(connection: Connection, scope: str, run: int, touches: Sequence[str]) -> None:
    """Put a run at the end of the queues of its keys, and mark it where others are before it."""
    keys = sorted(set(touches))
    blocked = [key for key in keys if is_taken(connection, scope, key)]
    connection.executemany("INSERT INTO run_keys (scope, run, key) VALUES (?, ?, ?)", [(scope, run, k) for k in keys])
    if blocked:
        connection.execute("UPDATE runs SET blocked = 1 WHERE scope = ? AND number = ?", (scope, run))


def enter_again(connection: Connection, scope: str, run: int) -> None:
    """Put a run that had ended at the end of the queues that it was in."""
    rows = connection.execute("SELECT key FROM run_keys WHERE scope = ? AND run = ?", (scope, run)).fetchall()
    connection.execute("DELETE FROM run_keys WHERE scope = ? AND run = ?", (scope, run))
    enter(connection, scope, run, [row[0].removeprefix(_KEPT) for row in rows])


def leave(connection: Connection, scope: str, run: int) -> None:
    """Take a run that has ended out of its queues, and let those go that have no other before them any more."""
    rows = connection.execute("SELECT key FROM run_keys WHERE scope = ? AND run = ?", (scope, run)).fetchall()
    if not rows:
        return
    connection.execute(
        "UPDATE run_keys SET key = ? || key WHERE scope = ? AND run = ?",
        (_KEPT, scope, run),
    )
    connection.execute("UPDATE runs SET blocked = 0 WHERE scope = ? AND number = ?", (scope, run))
    for (key,) in rows:
        head = connection.execute(
            "SELECT run FROM run_keys WHERE scope = ? AND key = ? ORDER BY id LIMIT 1", (scope, key)
        ).fetchone()
        if head:
            connection.execute(
                "UPDATE runs SET blocked = 0 WHERE scope = ?1 AND number = ?2 AND NOT EXISTS ("
                " SELECT 1 FROM run_keys mine JOIN run_keys other USING (scope, key)"
                " WHERE mine.scope = ?1 AND mine.run = ?2 AND other.id < mine.id)",
                (scope, head[0]),
            )


def is_taken(connection: Connection, scope: str, key: str) -> bool:
    """Say whether a run that has not ended touches this."""
    row = connection.execute("SELECT 1 FROM run_keys WHERE scope = ? AND key = ? LIMIT 1", (scope, key)).fetchone()
    return row is not None


def ahead(database: Database, scope: str, run: int) -> list[int]:
    """Give the first runs of the queues in which this one is not first; none where it has ended."""
    rows = database.rows(
        "SELECT DISTINCT (SELECT first.run FROM run_keys first WHERE first.scope = mine.scope AND first.key = mine.key"
        " ORDER BY first.id LIMIT 1) AS head FROM run_keys mine"
        " WHERE mine.scope = ? AND mine.run = ? AND mine.key NOT LIKE ? || '%'",
        scope, run, _KEPT,
    )  # fmt: skip
    return sorted(row["head"] for row in rows if row["head"] != run)
