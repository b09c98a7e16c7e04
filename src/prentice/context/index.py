"""The full-text index of a project: paths, the names that files define, and chunks of their text.

Incremental: a refresh reads only files whose size or time changed. Full-text rows are never deleted, as SQLite can do
that only with the old text at hand; rows whose file or chunk is gone are passed over, and when they outnumber the
living, the index is made anew.
"""

import contextlib
import hashlib
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from prentice.changes.text import decode
from prentice.context.chunks import cut
from prentice.context.file_kinds import kind_of
from prentice.context.files import files as listed_files
from prentice.context.index_file import open_index, remove
from prentice.context.readable import MAX_BYTES, is_promising, is_text
from prentice.context.terms import Terms

REFRESH_SECONDS: Final = 60.0
"""How long one refresh reads files; what is left then is found by its path, and read by the next."""
_BATCH: Final = 200
"""Files to a transaction: another process waits for one at most."""
_FRESH_NS: Final = 2_000_000_000
"""A file that changed this shortly before it was read may change again without its time telling."""
_PENDING, _READ, _UNREAD = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What a refresh found: files of the project, how many were read now, are gone, and still wait to be read."""

    files: int
    read: int
    gone: int
    pending: int


class Index:
    """A project's search index. Threads may share it; they take turns."""

    def __init__(self, path: Path | None, root: Path) -> None:
        self._path = path
        self._root = root
        self._turn = threading.RLock()
        self._terms = Terms()
        self._connection, self.is_kept = open_index(path)

    @classmethod
    def open(cls, path: Path | None, root: Path) -> "Index":
        """Open the index of the project at `root`, kept at `path` where that can be written, else in memory.

        A damaged file, or one of another version, is replaced.

        Raises:
            LedgerError: this Python's SQLite has no full-text search.
        """
        return cls(path, root)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def refresh(self, *, files: Sequence[str] | None = None, seconds: float = REFRESH_SECONDS) -> Refreshed:
        """Bring the index up to date with the project's files (`files`: those alone, else all that git shows).

        Where another process holds the file for too long, or it turns out damaged, the index goes on in memory.
        """
        with self._turn:
            try:
                return self._refresh(files, seconds)
            except sqlite3.ProgrammingError:
                raise  # a closed index, or a mistake of ours
            except sqlite3.DatabaseError as error:
                self._begin_anew(damaged=not isinstance(error, sqlite3.OperationalError))
                return self._refresh(files, seconds)

    def rows(self, query: str, *values: object) -> list[Any]:
        """Read rows; an index that turns out damaged is made again first."""
        with self._turn:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.ProgrammingError:
                raise  # a closed index, or a mistake of ours
            except sqlite3.DatabaseError as error:
                self._begin_anew(damaged=not isinstance(error, sqlite3.OperationalError))
                self._refresh(None, REFRESH_SECONDS)
                return self._connection.execute(query, values).fetchall()

    def _begin_anew(self, *, damaged: bool) -> None:
        self._connection.close()
        if damaged and self._path is not None and self.is_kept:
            remove(self._path)
            self._connection, self.is_kept = open_index(self._path)
        else:
            self._connection, self.is_kept = open_index(None)

    def _refresh(self, files: Sequence[str] | None, seconds: float) -> Refreshed:
        deadline = time.monotonic() + seconds
        present = _stamps(self._root, listed_files(self._root) if files is None else files)
        rows = self._connection.execute("SELECT path, id, size, changed, state FROM files").fetchall()
        known = {path: (size, changed, state) for path, _, size, changed, state in rows}
        gone = [identifier for path, identifier, *_ in rows if path not in present]
        self._forget(gone)
        wanted = [
            (path, stamp)
            for path, stamp in present.items()
            if known.get(path, ()) != (*stamp, _READ) and known.get(path, ()) != (*stamp, _UNREAD)
        ]
        wanted.sort(key=lambda item: kind_of(item[0]) != "code")  # where time runs out, code was read
        read = 0
        for first in range(0, len(wanted), _BATCH):
            batch = wanted[first : first + _BATCH]
            read += self._take(batch, is_late=time.monotonic() > deadline)
        self._renew_if_stale(files)
        pending = self._connection.execute("SELECT count(*) FROM files WHERE state = ?", (_PENDING,)).fetchone()[0]
        return Refreshed(files=len(present), read=read, gone=len(gone), pending=pending)

    def _forget(self, identifiers: Iterable[int]) -> None:
        with self._transaction():
            for identifier in identifiers:
                self._drop(identifier)

    def _drop(self, identifier: int) -> None:
        for query in (
            "DELETE FROM files WHERE id = ?",
            "DELETE FROM chunks WHERE file = ?",
            "DELETE FROM definitions WHERE file = ?",
        ):
            self._connection.execute(query, (identifier,))

    def _take(self, batch: Sequence[tuple[str, tuple[int, int]]], *, is_late: bool) -> int:
        contents = [(path, stamp, None if is_late else _content(self._root / path)) for path, stamp in batch]
        now = time.time_ns()
        with self._transaction():
            for path, (size, changed), content in contents:
                state = _PENDING if is_late else _UNREAD if content is None else _READ
                if now - changed < _FRESH_NS:
                    changed = -changed  # noqa: PLW2901 - never equal to a file's time, so it is looked at again
                self._put(path, (size, changed, state), content)
        return 0 if is_late else len(batch)

    def _put(self, path: str, stamp: tuple[int, int, int], content: bytes | None) -> None:
        digest = hashlib.blake2b(content or b"", digest_size=16).digest()
        old = self._connection.execute("SELECT id, digest, state FROM files WHERE path = ?", (path,)).fetchone()
        if old and old[1] == digest and old[2] == stamp[2]:
            self._connection.execute("UPDATE files SET size = ?, changed = ? WHERE id = ?", (*stamp[:2], old[0]))
            return
        if old:
            self._drop(old[0])
        # Beyond every number that a row of the full-text tables ever had: those stay when their file goes.
        identifier = self._connection.execute(
            "INSERT INTO files (id, path, size, changed, digest, state, terms) VALUES (?, ?, ?, ?, ?, ?, 0)",
            (self._next("names_docsize"), path, *stamp[:2], digest, stamp[2]),
        ).lastrowid
        self._add(identifier or 0, path, content)

    def _next(self, table: str) -> int:
        row = self._connection.execute(f"SELECT max(id) FROM {table}").fetchone()  # noqa: S608 - one of two names of ours
        return int(row[0] or 0) + 1

    def _add(self, identifier: int, path: str, content: bytes | None) -> None:
        text = decode(content) if content is not None else None
        definitions, chunks = cut(path, "\n".join(text.lines)) if text else ([], [])
        joined = self._terms.joined
        symbols = joined(" ".join(definition.name for definition in definitions))
        execute = self._connection.execute
        execute("INSERT INTO names (rowid, path, symbols) VALUES (?, ?, ?)", (identifier, joined(path), symbols))
        bodies = [joined(chunk.text) for chunk in chunks]
        counts = [len(body.split()) for body in bodies]
        first = self._next("bodies_docsize")
        for number, (chunk, body, count) in enumerate(zip(chunks, bodies, counts, strict=True), start=first):
            values = (number, identifier, chunk.start, chunk.stop, count)
            execute("INSERT INTO chunks (id, file, start, stop, terms) VALUES (?, ?, ?, ?, ?)", values)
            execute("INSERT INTO bodies (rowid, body) VALUES (?, ?)", (number, body))
        execute("UPDATE files SET terms = ? WHERE id = ?", (sum(counts), identifier))
        self._connection.executemany(
            "INSERT OR IGNORE INTO definitions (name, file, line) VALUES (?, ?, ?)",
            ((definition.name, identifier, definition.line) for definition in definitions),
        )

    def _renew_if_stale(self, files: Sequence[str] | None) -> None:
        live, all_ = self._connection.execute(
            "SELECT (SELECT count(*) FROM chunks), (SELECT count(*) FROM bodies_docsize)"
        ).fetchone()
        if all_ > 2 * live + 1000:
            self._begin_anew(damaged=True)
            self._refresh(files, REFRESH_SECONDS)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise


def _stamps(root: Path, paths: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Give size and time of the regular files that may be searched."""
    stamps: dict[str, tuple[int, int]] = {}
    base = os.fspath(root)
    for path in paths:
        if not is_promising(path):
            continue
        try:
            found = os.lstat(f"{base}/{path}")
        except (OSError, ValueError):
            continue
        if stat.S_ISREG(found.st_mode):
            stamps[path] = (found.st_size, found.st_mtime_ns)
    return stamps


def _content(path: Path) -> bytes | None:
    """Read a file that is small and text; None for any other."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor has no path
        if os.fstat(descriptor).st_size > MAX_BYTES:
            return None
        try:
            content = file.read(MAX_BYTES + 1)
        except OSError:
            return None
    return content if len(content) <= MAX_BYTES and is_text(content) else None
