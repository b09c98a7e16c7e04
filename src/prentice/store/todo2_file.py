"""The Todo2 file: read tolerantly, changed under the lock by a function from the state read there.

A change is computed from the bytes read under the lock, never from an older copy, so that writers which take the lock
lose nothing to each other.
"""

import stat
import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from prentice.errors import FileRefusedError, NoProjectError, StoreError
from prentice.store.atomic import replace_file
from prentice.store.lock import locked
from prentice.tasks import todo2
from prentice.tasks.edits import Editor
from prentice.tasks.rules import Actor
from prentice.tasks.todolist import TodoList

FILE_NAME: Final = "state.todo2.json"
_BASE36: Final = string.digits + string.ascii_lowercase
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
        """Read the list as it stands.

        Raises:
            NoProjectError: the file does not exist.
            FileRefusedError: it is a link or too large.
            DamagedFileError: it is not a Todo2 file.
        """
        return TodoList(todo2.parse(self._bytes()).value)

    def change(self, edit: Callable[[Editor], _T]) -> _T:
        """Apply an edit under the lock, and write the file only if the edit changed something.

        Raises:
            LockedError: another writer holds the lock for too long.
            FileRefusedError, DamagedFileError: as for `read`; also when the file is read-only.
            WriteFailedError: the disk refused; the old file is as it was.
        """
        self._refuse_read_only()
        with locked(self.path, wait=self.wait):
            state = todo2.parse(self._bytes())
            editor = Editor(state.value, now=timestamp(), token=_token)
            result = edit(editor)
            if editor.value != state.value:
                replace_file(self.path, todo2.serialize(state, editor.value))
        return result

    def _bytes(self) -> bytes:
        try:
            if self.path.is_symlink():
                raise FileRefusedError(
                    f"{self.path} is a symbolic link to {self.path.readlink()}. Replacing it whole would cut the link.",
                    next_step="Put the file itself there, or give its project with `--project DIR`.",
                )
            status = self.path.stat()
            if not stat.S_ISREG(status.st_mode):
                raise FileRefusedError(
                    f"{self.path} is not a file.", next_step="Move it away, then run `prentice init` for a new one."
                )
            size = status.st_size
            if size > self.max_bytes:
                raise FileRefusedError(
                    f"{self.path} has {size / 1e6:.1f} MB, more than the {self.max_bytes / 1e6:.0f} MB that are read.",
                    next_step="Raise `tasks.max_file_mb` in .prentice/config.toml, or move old tasks out of the file.",
                )
            return self.path.read_bytes()
        except FileNotFoundError as error:
            raise NoProjectError(
                f"There is no Todo2 file at {self.path}.", next_step="Run `prentice init` in the project's directory."
            ) from error
        except OSError as error:
            raise StoreError(
                f"{self.path} cannot be read: {error.strerror or error}.", next_step="Mend its permissions."
            ) from error

    def _refuse_read_only(self) -> None:
        """Respect a read-only mark even where this user, or a rename, could override it."""
        try:
            mode = self.path.stat().st_mode
        except OSError:
            return  # reading says what is wrong
        if not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
            raise FileRefusedError(
                f"{self.path} is read-only. Nothing was changed.",
                next_step=f"Allow writing with `chmod u+w {self.path}`.",
            )


def timestamp() -> str:
    """Give the time now as Todo2 writes it: UTC, milliseconds, `Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _token() -> str:
    import secrets  # noqa: PLC0415 - reading needs none, and it costs as much as parsing a small file

    return "".join(secrets.choice(_BASE36) for _ in range(9))
