"""The Todo2 file: read tolerantly, changed under the lock by a function from the state read there.

A change is computed from the bytes read under the lock, never from an older copy, so that writers which take the lock
lose nothing to each other. What a writer without the lock overwrote is restored from the journal (`store/session.py`).
"""

import string
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from prentice.errors import FileRefusedError, LockedError, WriteFailedError
from prentice.store.atomic import asides
from prentice.store.journal import Journal, set_back
from prentice.store.reading import read_state, refuse_read_only
from prentice.tasks.rules import Actor
from prentice.tasks.todolist import TodoList

if TYPE_CHECKING:
    from prentice.store.repaired import Mend, Repaired
    from prentice.store.session import Session
    from prentice.tasks.edits import Editor

FILE_NAME: Final = "state.todo2.json"
_BASE36: Final = string.digits + string.ascii_lowercase
_READER_WAIT: Final = 2.0
"""How long a reader waits (seconds) for the lock that it needs only to restore something."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Todo2File:
    """One Todo2 file.

    `max_bytes` bounds what is read, `wait` (seconds) how long a change waits for the lock. `actor` is who changes it.
    """

    path: Path
    max_bytes: int = 40_000_000
    wait: float = 10.0
    actor: Actor = "script"

    def read(self) -> TodoList:
        """Read the list as it stands, with what another program overwrote of our changes restored.

        Raises:
            NoProjectError: the file does not exist.
            FileRefusedError: it is a link or too large.
            DamagedFileError: it is not a Todo2 file.
        """
        content, state = read_state(self.path, max_bytes=self.max_bytes)
        last = Journal(self._root).tail()
        if (last is None or last.shows(content)) and not asides(self.path):
            return TodoList(state.value)
        return TodoList(self._restored())

    def change(self, edit: "Callable[[Editor], _T]") -> _T:
        """Apply an edit under the lock, and write the file only if the edit changed something.

        The edit is called again where a program without the lock wrote meanwhile, so it must do nothing but edit.

        Raises:
            LockedError: another writer holds the lock for too long.
            FileRefusedError, DamagedFileError: as for `read`; also when the file is read-only.
            WriteFailedError: the disk refused; the old file is as it was.
        """
        from prentice.tasks.edits import Editor

        def edited(value: Mapping[str, Any], now: str) -> tuple[_T, Mapping[str, Any]]:
            editor = Editor(value, now=now, token=_token)
            result = edit(editor)
            return result, editor.value

        refuse_read_only(self.path)
        with self._session(wait=self.wait) as session:
            return session.change(edited)

    def repair(self, mend: "Mend") -> "Repaired":
        """Mend the file, under the lock; one that is not JSON is salvaged first. A backup is kept.

        Raises:
            StoreError: as for `change`, or nothing can be salvaged.
        """
        refuse_read_only(self.path)
        with self._session(wait=self.wait) as session:
            return session.repair(mend)

    def restore(self) -> tuple[str, ...]:
        """Bring back the changes that the file was set back behind the last time, and say which.

        Raises:
            StoreError: as for `change`.
        """
        refuse_read_only(self.path)
        with self._session(wait=self.wait) as session:
            return session.restore()

    @property
    def set_back(self) -> tuple[str, ...]:
        """Say which changes the file was set back behind the last time, and does not show."""
        from prentice.tasks.merge import merge

        entries = set_back(Journal(self._root).entries())
        _, state = read_state(self.path, max_bytes=self.max_bytes)
        return merge(state.value, [entry.change for entry in entries]).restored

    def history(self, task: str) -> list[dict[str, Any]]:
        """Say who did what to a task with this program, oldest first: `{at, actor, did}`."""
        entries = Journal(self._root).entries()
        found = ((entry, [what for what in entry.did if what.split(" ", 1)[0] == task]) for entry in entries)
        return [{"at": entry.at, "actor": entry.actor, "did": did} for entry, did in found if did]

    def _restored(self) -> Mapping[str, Any]:
        """Give the state's value with our changes in it; a file that cannot be written is left to the next writer."""
        try:
            refuse_read_only(self.path)
            with self._session(wait=min(self.wait, _READER_WAIT)) as session:
                return session.read()
        except (LockedError, FileRefusedError, WriteFailedError):
            session = self._new_session()
            value = session.peek()
            _tell(session.notices)
            return value

    @contextmanager
    def _session(self, *, wait: float) -> "Iterator[Session]":
        from prentice.store.atomic import flush_directory
        from prentice.store.lock import locked

        session = self._new_session()
        try:
            with locked(self.path, wait=wait):
                yield session
            if session.has_written:
                flush_directory(self.path.parent)
        finally:
            _tell(session.notices)

    def _new_session(self) -> "Session":
        from prentice.store.session import Session

        return Session(self.path, root=self._root, max_bytes=self.max_bytes, actor=self.actor)

    @property
    def _root(self) -> Path:
        return self.path.parent.parent


def timestamp() -> str:
    """Give the time now as Todo2 writes it: UTC, milliseconds, `Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _tell(notices: list[str]) -> None:
    """Tell the user, on stderr where the program that runs us has set up nothing else."""
    if notices:
        import logging

        for notice in notices:
            logging.getLogger("prentice").warning("%s", notice)


def _token() -> str:
    import secrets

    return "".join(secrets.choice(_BASE36) for _ in range(9))
