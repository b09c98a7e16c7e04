"""Reading the Todo2 file: what is refused, and waiting for a writer that is in the middle of it."""

import stat
import time
from pathlib import Path
from typing import Final

from prentice.errors import DamagedFileError, FileRefusedError, NoProjectError, StoreError
from prentice.store.content import Content
from prentice.tasks import todo2

_POLL_SECONDS: Final = 0.01
_SETTLE_SECONDS: Final = 1.0
"""How long a file that was just written may stay incomplete: editors write in place, not by a rename."""


def read_state(path: Path, *, max_bytes: int) -> tuple[Content, todo2.State]:
    """Read the file and parse it; one that another program is just writing is read again.

    Raises:
        NoProjectError: the file does not exist.
        FileRefusedError: it is a link or too large.
        DamagedFileError: it is not a Todo2 file.
    """
    deadline = time.monotonic() + _SETTLE_SECONDS
    while True:
        content = read_content(path, max_bytes=max_bytes)
        try:
            return content, todo2.parse(content.data)
        except DamagedFileError:
            age = time.time() - content.signature.modified / 1e9
            if time.monotonic() >= deadline or not -_SETTLE_SECONDS < age < _SETTLE_SECONDS:
                raise
        time.sleep(_POLL_SECONDS)


def refuse_read_only(path: Path) -> None:
    """Respect a read-only mark even where this user, or a rename, could override it.

    Raises:
        FileRefusedError: the file may not be written.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return  # reading says what is wrong
    if not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        raise FileRefusedError(
            f"{path} is read-only. Nothing was changed.", next_step=f"Allow writing with `chmod u+w {path}`."
        )


def read_content(path: Path, *, max_bytes: int) -> Content:
    """Read the file's bytes, whatever they are.

    Raises:
        NoProjectError, FileRefusedError: as for `read_state`.
    """
    try:
        if path.is_symlink():
            raise FileRefusedError(
                f"{path} is a symbolic link to {path.readlink()}. Replacing it whole would cut the link.",
                next_step="Put the file itself there, or give its project with `--project DIR`.",
            )
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise FileRefusedError(
                f"{path} is not a file.", next_step="Move it away, then run `prentice init` for a new one."
            )
        if status.st_size > max_bytes:
            raise FileRefusedError(
                f"{path} has {status.st_size / 1e6:.1f} MB, more than the {max_bytes / 1e6:.0f} MB that are read.",
                next_step="Raise `tasks.max_file_mb` in .prentice/config.toml, or move old tasks out of the file.",
            )
        return Content.read(path)
    except FileNotFoundError as error:
        raise NoProjectError(
            f"There is no Todo2 file at {path}.", next_step="Run `prentice init` in the project's directory."
        ) from error
    except OSError as error:
        raise StoreError(
            f"{path} cannot be read: {error.strerror or error}.", next_step="Mend its permissions."
        ) from error
