"""The SQLite file of the search index: its tables, and opening it whatever state it is in.

All of it can be made again from the project's files, so nothing in it is worth an error: what is damaged, of another
version or not ours is removed and begun anew, and where no file can be kept the index lives in memory.
"""

import contextlib
import sqlite3
from pathlib import Path
from typing import Final

from prentice.errors import LedgerError

_VERSION: Final = 2
"""Goes up with every change of what is stored, the splitting into terms included."""
BUSY_SECONDS: Final = 5.0
_ATTEMPTS: Final = 3
_SCHEMA: Final = """
CREATE TABLE files (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, changed INTEGER NOT NULL,
    digest BLOB NOT NULL, state INTEGER NOT NULL, terms INTEGER NOT NULL
);
CREATE TABLE chunks (id INTEGER PRIMARY KEY, file INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL,
    terms INTEGER NOT NULL);
CREATE INDEX chunks_by_file ON chunks (file);
CREATE TABLE definitions (name TEXT NOT NULL, file INTEGER NOT NULL, line INTEGER NOT NULL,
    PRIMARY KEY (name, file, line)) WITHOUT ROWID;
CREATE INDEX definitions_by_file ON definitions (file);
CREATE VIRTUAL TABLE names USING fts5(path, symbols, content='', tokenize="ascii tokenchars '_'");
CREATE VIRTUAL TABLE bodies USING fts5(body, content='', tokenize="ascii tokenchars '_'");
CREATE VIRTUAL TABLE temp.name_terms USING fts5vocab(main, names, instance);
CREATE VIRTUAL TABLE temp.body_terms USING fts5vocab(main, bodies, instance);
CREATE VIRTUAL TABLE temp.body_counts USING fts5vocab(main, bodies, row);
"""
_KEPT, _PASSING = _SCHEMA.split("CREATE VIRTUAL TABLE temp.", 1)


def open_index(path: Path | None) -> tuple[sqlite3.Connection, bool]:
    """Open the index at a path, made anew where needed; give the connection and whether it is a file.

    Raises:
        LedgerError: this Python's SQLite has no full-text search.
    """
    if path is not None and not _is_link(path):
        for attempt in range(_ATTEMPTS):
            try:
                return _opened(path), True
            except sqlite3.OperationalError:
                break  # locked, full or not to be written: none of it is mended by removing what others may use
            except sqlite3.DatabaseError:
                if attempt == 1:  # the first time it may be one that another process is just making
                    remove(path)
    return _opened(None), False


def remove(path: Path) -> None:
    """Remove an index with the files that SQLite keeps beside it, as far as possible."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm", f"{path.name}-journal"):
        with contextlib.suppress(OSError):
            path.with_name(name).unlink(missing_ok=True)


def _is_link(path: Path) -> bool:
    """Tell whether a path is a link: one of a stranger's repository could point at a database of the user's."""
    return path.is_symlink() or path.parent.is_symlink()


def _opened(path: Path | None) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path or ":memory:", timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cache_size = -16000")
        if path is not None:
            connection.execute("PRAGMA journal_mode = WAL")
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = _schema(connection)
        if not found and connection.execute("PRAGMA user_version").fetchone()[0] == 0:
            _create(connection)
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    if connection.execute("PRAGMA user_version").fetchone()[0] != _VERSION or _schema(connection) != _expected():
        raise sqlite3.DatabaseError("not an index of this version")
    for statement in ("CREATE VIRTUAL TABLE temp." + _PASSING).split(";\n"):
        connection.execute(statement)


def _create(connection: sqlite3.Connection) -> None:
    try:
        for statement in _KEPT.split(";\n"):
            connection.execute(statement)
    except sqlite3.OperationalError as error:
        if "fts5" not in str(error):
            raise
        raise LedgerError(
            f"This Python carries SQLite {sqlite3.sqlite_version} without full-text search (FTS5).",
            next_step="Use a Python with a complete SQLite, for instance by `uv python install 3.12`.",
        ) from error


def _schema(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Give the tables, and triggers if there were any, as they were declared."""
    return connection.execute("SELECT name, coalesce(sql, '') FROM main.sqlite_master ORDER BY name").fetchall()


def _expected() -> list[tuple[str, str]]:
    with contextlib.closing(sqlite3.connect(":memory:")) as model:
        _create(model)
        return _schema(model)
