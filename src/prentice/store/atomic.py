"""Replacing a file whole: a reader, or a crash, sees the old bytes or the new ones, never a mixture."""

import contextlib
import os
import stat
from pathlib import Path

from prentice.errors import WriteFailedError


def replace_file(path: Path, data: bytes) -> None:
    """Write the bytes to a temporary file beside `path`, flush them to the disk, and rename it over `path`.

    The file mode of an existing file is kept.

    Raises:
        WriteFailedError: the operating system refused (full disk, no permission); the old file is as it was.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
        _flush_directory(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise WriteFailedError(
            f"{path} could not be written: {error.strerror or error}. It is as it was before.",
            next_step="Free disk space or mend the permissions, then run the command again.",
        ) from error


def _flush_directory(directory: Path) -> None:
    """Make the rename itself durable, where the system lets a directory be flushed."""
    if os.name == "nt":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
