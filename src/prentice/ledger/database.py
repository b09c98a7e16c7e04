"""Opening a SQLite file: pragmas, and small numbered migrations that are only ever appended.

The scheme is that of `llm` and `sqlite-utils`: each migration is a named piece of SQL, and a table remembers which
names were applied. Times are seconds since the epoch and always come from Python, never from SQL.
"""

import contextlib
import hashlib
import json
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from prentice.errors import LedgerError
from prentice.ledger.surroundings import MOUNTS, holder, journal_for

Json: TypeAlias = Any
SQLITE_FLOOR: Final = (3, 37)
"""STRICT tables came with 3.37; RETURNING, used too, with 3.35."""
INLINE_BYTES: Final = 64_000
"""A JSON value beyond this size is kept once, under its digest."""
_BUSY_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.005

Migration: TypeAlias = tuple[str, str]


class Database:
    """One SQLite file at the newest of a list of migrations. Threads may share it; they take turns.

    `mounts` is where the system lists its file systems.
    """

    def __init__(self, path: Path, migrations: Sequence[Migration], *, mounts: Path = MOUNTS) -> None:
        self.path = path
        if sqlite3.sqlite_version_info < SQLITE_FLOOR:
            raise LedgerError(
                f"This Python carries SQLite {sqlite3.sqlite_version}; 3.37 or newer is needed.",
                next_step="Use a newer Python, for instance with `uv python install 3.12`.",
            )
        self._turn = threading.RLock()
        with self._typed_errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            # Whoever forgets to close it, or ends, closes it all the same.
            self._close = weakref.finalize(self, self._connection.close)
            try:
                self._connection.row_factory = sqlite3.Row
                self._use_journal(journal_for(path, mounts=mounts))
                self._connection.execute("PRAGMA foreign_keys = ON")
                self._connection.execute("PRAGMA synchronous = FULL")
                self._durable = True
                self._migrate(migrations)
            except BaseException:
                self._close()
                raise

    def close(self) -> None:
        """Close the file."""
        self._close()

    @contextlib.contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """Run the body in one write transaction: all of it is kept, or nothing.

        A durable one is on the disk when this returns. Another survives the end of every process, and can be lost to
        a power cut, though only together with all that came after it.

        Raises:
            LedgerError: the file is locked for too long, full, read-only or damaged.
        """
        with self._turn, self._typed_errors():
            if durable is not self._durable:
                self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                self._durable = durable
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # some failures end it by themselves
                    self._connection.execute("ROLLBACK")
                raise

    def version(self) -> int:
        """Give a number that changes whenever another connection has written; asking costs microseconds.

        Raises:
            LedgerError: as for `transaction`.
        """
        with self._turn, self._typed_errors():
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """Read rows.

        Raises:
            LedgerError: as for `transaction`.
        """
        with self._turn, self._typed_errors():
            return self._connection.execute(query, values).fetchall()

    def _use_journal(self, mode: str) -> None:
        """Let readers go on beside a writer, where the file system allows that.

        SQLite's own wait is off meanwhile: processes that ask this of a new file at once would wait for each other. A
        file that another process has open keeps the mode that it has, if this is not to be the usual one.
        """
        self._connection.execute("PRAGMA busy_timeout = 0")
        deadline = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                self._connection.execute(f"PRAGMA journal_mode = {mode}")
            except sqlite3.OperationalError as error:
                is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if is_busy and mode != "WAL":
                    break
                if not is_busy or time.monotonic() >= deadline:
                    raise
                time.sleep(_POLL_SECONDS)
            else:
                break
        self._connection.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000:.0f}")

    def _migrate(self, migrations: Sequence[Migration]) -> None:
        self._connection.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY) STRICT")
        applied = {row["name"] for row in self._connection.execute("SELECT name FROM migrations")}
        if unknown := applied - {name for name, _ in migrations}:
            raise LedgerError(
                f"{self.path} was written by a newer Prentice ({', '.join(sorted(unknown))}).",
                next_step="Upgrade Prentice on this machine.",
            )
        for name, script in migrations:
            if name not in applied:
                self._apply(name, script)

    def _apply(self, name: str, script: str) -> None:
        """Apply one migration, unless another process did so since we looked."""
        with self.transaction() as connection:
            if not connection.execute("SELECT 1 FROM migrations WHERE name = ?", (name,)).fetchone():
                for statement in script.split(";"):
                    connection.execute(statement)
                connection.execute("INSERT INTO migrations (name) VALUES (?)", (name,))

    @contextlib.contextmanager
    def _typed_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            is_busy = code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
            free = (holder(self.path) if is_busy else "") or "Another process is writing it; try again."
            repair = f"Free disk space, mend permissions, or move {self.path.name} away to begin a new one."
            raise LedgerError(
                f"{self.path} cannot be used: {error}.",
                next_step=free if is_busy else repair,
            ) from error
        except OSError as error:
            raise LedgerError(
                f"{self.path} cannot be opened: {error.strerror or error}.",
                next_step=f"Make {self.path.parent} writable for this user.",
            ) from error


def put_json(connection: sqlite3.Connection, value: Json) -> str:
    """Give the text to store for a JSON value; a large one goes to the table `blobs` under its digest."""
    text = json.dumps(value, separators=(",", ":"))  # ASCII: a torn character of a reply could not be stored otherwise
    if len(text) <= INLINE_BYTES:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()
    connection.execute("INSERT OR IGNORE INTO blobs (digest, text) VALUES (?, ?)", (digest, text))
    return json.dumps({"$blob": digest})


def get_json(database: Database, text: str | None) -> Json:
    """Give the value that `put_json` stored.

    Raises:
        LedgerError: what is stored is damaged, or as for `Database.transaction`.
    """
    if text is None:
        return None
    try:
        if text.startswith('{"$blob": '):
            digest = json.loads(text)["$blob"]
            text = database.rows("SELECT text FROM blobs WHERE digest = ?", digest)[0]["text"]
        return json.loads(str(text))
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise LedgerError(
            f"{database.path} is damaged: a value in it cannot be read.",
            next_step=f"Move {database.path.name} away to begin a new one, or restore it from a backup.",
        ) from error
