"""Taking over what was planned in a directory before it became a project."""

from sqlite3 import Connection, Row

from prentice.ledger.database import Database
from prentice.ledger.runs_table import FINAL_STATES

_NOT_HERE = {"state": "cancelled", "owner": "", "lease_until": 0.0, "waiting_for": "", "blocked": 0}


def adopt(record: Database, ledger: Database, *, directory: str) -> None:
    """Copy the runs and proposals of a directory from the user's record into a new project's ledger.

    Ids stay. Repeating it copies nothing twice: a run comes with its steps, its events and what it made, or is there
    already.
    """
    with ledger.transaction() as connection:
        for run in record.rows("SELECT * FROM runs WHERE scope = ?", directory):
            if _copy(record, connection, "runs", run, **({} if run["state"] in FINAL_STATES else _NOT_HERE)):
                for table in ("steps", "events", "executions", "decisions"):
                    for row in record.rows(
                        f"SELECT * FROM {table} WHERE scope = ? AND run = ?",  # noqa: S608 - own names
                        directory,
                        run["number"],
                    ):
                        _copy(record, connection, table, row)
        for row in record.rows("SELECT * FROM proposals WHERE scope = ?", directory):
            _copy(record, connection, "proposals", row)


def _copy(record: Database, connection: Connection, table: str, row: Row, **changes: object) -> bool:
    """Copy a row with the blobs that it names; give whether it was new."""
    for digest in _blobs(row):
        text = record.rows("SELECT text FROM blobs WHERE digest = ?", digest)[0]["text"]
        connection.execute("INSERT OR IGNORE INTO blobs (digest, text) VALUES (?, ?)", (digest, text))
    values = {name: row[name] for name in row.keys() if name != "id"} | {"scope": "", **changes}  # noqa: SIM118 - a Row
    marks = ", ".join("?" for _ in values)
    done = connection.execute(
        f"INSERT OR IGNORE INTO {table} ({', '.join(values)}) VALUES ({marks})",  # noqa: S608 - own names
        tuple(values.values()),
    )
    return done.rowcount > 0


def _blobs(row: Row) -> list[str]:
    return [
        value.removeprefix('{"$blob": "').removesuffix('"}')
        for value in tuple(row)
        if isinstance(value, str) and value.startswith('{"$blob": "')
    ]
