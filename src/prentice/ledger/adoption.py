"""Taking over what was planned in a directory before it became a project."""

from sqlite3 import Row
from typing import Final

from prentice.ledger.database import Database

_TABLES: Final = ("runs", "steps", "events", "proposals")


def adopt(record: Database, ledger: Database, *, directory: str) -> None:
    """Copy the runs and proposals of a directory from the user's record into a new project's ledger.

    Ids stay. Repeating it copies nothing twice, so an interrupted adoption is completed by the next one.
    """
    with ledger.transaction() as connection:
        for table in _TABLES:
            for row in record.rows(f"SELECT * FROM {table} WHERE scope = ?", directory):  # noqa: S608 - own names
                for digest in _blobs(row):
                    text = record.rows("SELECT text FROM blobs WHERE digest = ?", digest)[0]["text"]
                    connection.execute("INSERT OR IGNORE INTO blobs (digest, text) VALUES (?, ?)", (digest, text))
                values = {name: row[name] for name in row.keys() if name != "id"} | {"scope": ""}  # noqa: SIM118 - a Row
                marks = ", ".join("?" for _ in values)
                connection.execute(
                    f"INSERT OR IGNORE INTO {table} ({', '.join(values)}) VALUES ({marks})",  # noqa: S608 - own names
                    tuple(values.values()),
                )


def _blobs(row: Row) -> list[str]:
    return [
        value.removeprefix('{"$blob": "').removesuffix('"}')
        for value in tuple(row)
        if isinstance(value, str) and value.startswith('{"$blob": "')
    ]
