"""`.prentice/` beside `.todo2/`: what Prentice keeps on this machine, out of git."""

from pathlib import Path
from typing import Final

from prentice.errors import WriteFailedError
from prentice.store.atomic import replace_file

OWN_DIRECTORY: Final = ".prentice"
_IGNORED: Final = ("ledger.db*", "index.db*", "journal.jsonl*", "backups/", ".*.tmp")
_HEAD: Final = "# What Prentice keeps on this machine: its ledger, the journal of its changes, and backups.\n"


def own_directory(root: Path) -> Path:
    """Make `.prentice/` in a project's root, with the file that keeps its contents out of git, and give its path.

    Raises:
        WriteFailedError: it cannot be made.
    """
    directory = made_directory(root / OWN_DIRECTORY)
    ignore = directory / ".gitignore"
    try:
        text = ignore.read_text(encoding="utf-8")
    except FileNotFoundError:
        text = _HEAD
    except (OSError, UnicodeDecodeError):
        return directory  # somebody's own; git says what it does with it
    missing = [line for line in _IGNORED if line not in text.splitlines()]
    if missing:
        replace_file(ignore, "".join((text.rstrip("\n"), *(f"\n{line}" for line in missing), "\n")).encode())
    return directory


def made_directory(directory: Path) -> Path:
    """Make a directory with those above it, where it is missing, and give its path.

    Raises:
        WriteFailedError: it cannot be made.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteFailedError(
            f"The directory {directory} cannot be made: {error.strerror or error}.",
            next_step=f"Make {directory.parent} writable for this user, and move away what bears that name.",
        ) from error
    return directory
