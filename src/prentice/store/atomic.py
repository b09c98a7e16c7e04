"""Replacing a file whole: a reader, or a crash, sees the old bytes or the new ones, never a mixture."""

import contextlib
import os
import stat
import threading
from pathlib import Path

from prentice.errors import WriteFailedError


def replace_file(path: Path, data: bytes) -> None:
    """Write the bytes to a temporary file beside `path`, flush them to the disk, and rename it over `path`.

    The mode of an existing file is kept. The temporary file is made anew, so that a link left under its name is not
    followed, and never outlives the call.

    Raises:
        WriteFailedError: the operating system refused (full disk, no permission); the old file is as it was.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        temporary.unlink(missing_ok=True)
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        temporary.replace(path)
    except OSError as error:
        raise WriteFailedError(
            f"{path} could not be written: {error.strerror or error}. It is as it was before.",
            next_step="Free disk space or mend the permissions, then run the command again.",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # the new file stands; some file systems cannot flush a directory
        _flush_directory(path.parent)


def _flush_directory(directory: Path) -> None:
    """Make the rename itself durable, where the system lets a directory be flushed."""
    if os.name == "nt":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
