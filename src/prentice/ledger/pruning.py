"""Dropping old runs: those that have ended, by their age and by the size of all."""

import time
from sqlite3 import Connection
from typing import Final

from prentice.ledger.runs_table import RunsTable

_DAY: Final = 86_400.0
_BELOW: Final = ("decisions", "executions", "steps", "events", "signals", "run_keys", "holds", "runs")
"""The tables that hold something of a run, those that others refer to last."""
_ENDED: Final = (
    "state IN ('finished', 'failed', 'cancelled')"
    " AND number < (SELECT max(number) FROM runs newest WHERE newest.scope = runs.scope)"  # no number comes twice
)

_OPEN_PLAN: Final = "SELECT 1 FROM proposals p WHERE p.scope = runs.scope AND p.run = number AND p.state = 'open'"
_NEEDED_CHANGE: Final = (
    "SELECT 1 FROM executions e WHERE e.scope = runs.scope AND e.run = number"
    " AND (e.state IN ('proposed', 'applied') OR e.pending IS NOT NULL)"
)
_VERDICT: Final = "SELECT 1 FROM decisions d WHERE d.scope = runs.scope AND d.run = number AND d.is_right IS NOT NULL"


def prune(table: RunsTable, *, most_days: float, most_bytes: int) -> int:
    """Drop the runs of a scope that ended too long ago, and the oldest beyond a size; give how many were.

    A run whose change or plan waits for a decision stays, and one whose change is applied, so that it can be undone, or
    was judged, so that later probabilities know of it. So does what other runs share with a dropped one.
    """
    with table.database.transaction() as connection:
        doomed = _doomed(connection, table.scope, before=time.time() - most_days * _DAY, most_bytes=most_bytes)
        for number in doomed:
            for name in _BELOW:
                column = "number" if name == "runs" else "run"
                connection.execute(
                    f"DELETE FROM {name} WHERE scope = ? AND {column} = ?",  # noqa: S608 - the names above
                    (table.scope, number),
                )
        if doomed:
            _drop_blobs(connection)
    return len(doomed)


def _doomed(connection: Connection, scope: str, *, before: float, most_bytes: int) -> list[int]:
    """Give the runs to drop: newest first, what is too old or comes after too many bytes."""
    rows = connection.execute(
        f"SELECT number, updated, ({_size('steps', 'result')}) + ({_size('events', 'data')})"  # noqa: S608 - own words
        " + length(arguments) + coalesce(length(result), 0) AS size FROM runs"
        f" WHERE scope = ? AND {_ENDED} AND NOT EXISTS ({_OPEN_PLAN}) AND NOT EXISTS ({_NEEDED_CHANGE})"
        f" AND NOT EXISTS ({_VERDICT}) ORDER BY number DESC",
        (scope,),
    ).fetchall()
    doomed, total = [], 0
    for row in rows:
        total += row["size"]
        if row["updated"] < before or total > most_bytes:
            doomed.append(row["number"])
    return doomed


def _size(table: str, column: str) -> str:
    """Give the query for the bytes of a run's rows in a table, with the blobs that they name."""
    return (
        f"SELECT coalesce(sum(length({column}) + coalesce((SELECT length(text) FROM blobs"  # noqa: S608 - own words
        f" WHERE digest = substr({column}, 12, 64) AND {column} LIKE '{{\"$blob\": %'), 0)), 0)"
        f" FROM {table} WHERE {table}.scope = runs.scope AND {table}.run = runs.number"
    )


def _drop_blobs(connection: Connection) -> None:
    """Drop the blobs that no row of any table names."""
    named: set[str] = set()
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    for table in tables:
        columns = connection.execute("SELECT name FROM pragma_table_info(?) WHERE type = 'TEXT'", (table,)).fetchall()
        for (column,) in columns:
            if table != "blobs":
                found = connection.execute(
                    f"SELECT substr({column}, 12, 64) FROM {table} WHERE {column} LIKE '{{\"$blob\": %'"  # noqa: S608 - names of the schema
                )
                named.update(row[0] for row in found)
    gone = [row[0] for row in connection.execute("SELECT digest FROM blobs") if row[0] not in named]
    connection.executemany("DELETE FROM blobs WHERE digest = ?", [(digest,) for digest in gone])
