"""Where runs keep what they throw away: one directory each in the user's cache, swept when its owner is gone."""

import contextlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from prentice.errors import LockedError, WorktreeError, WriteFailedError
from prentice.store.lock import locked

_LOCK: Final = ".lock"


def places(environment: Mapping[str, str] | None = None) -> Path:
    """Give the directory of all runs' places: in the user's cache, or in `$PRENTICE_HOME/cache`."""
    environment = os.environ if environment is None else environment
    if home := environment.get("PRENTICE_HOME"):
        return Path(home) / "cache" / "runs"
    import platformdirs  # noqa: PLC0415 - where PRENTICE_HOME is set it is not needed

    return Path(platformdirs.user_cache_dir("prentice", appauthor=False)) / "runs"


@contextlib.contextmanager
def taken(directory: Path) -> Iterator[Path]:
    """Make a new place below `directory`, and remove it with all it holds when the body ends, however it ends.

    A place whose process was killed stays behind and is removed by `sweep`: its lock is free then. Names are short,
    because paths in it may be long.

    Raises:
        WorktreeError: it cannot be made.
    """
    sweep(directory)
    path = directory / secrets.token_hex(4)
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise _unmade(path, error) from error
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(path, wait=0))
        except (LockedError, WriteFailedError) as error:
            raise WorktreeError(error.message, next_step=error.next_step) from error
        try:
            path.mkdir(mode=0o700)
        except OSError as error:
            raise _unmade(path, error) from error
        finally:
            stack.callback(_forget, path)
        yield path.resolve()


def sweep(directory: Path) -> list[Path]:
    """Remove the places whose processes are gone, and give them. What is locked belongs to somebody."""
    removed: list[Path] = []
    with contextlib.suppress(OSError):
        for lock in sorted(directory.glob(f"*{_LOCK}")):
            path = lock.with_name(lock.name.removesuffix(_LOCK))
            with contextlib.suppress(LockedError, WriteFailedError), locked(path, wait=0):
                _forget(path)
                removed.append(path)
    return removed


def remove(path: Path) -> None:
    """Remove a tree with read-only directories in it; links are removed, not followed."""
    shutil.rmtree(path, ignore_errors=True)
    if not path.exists():
        return
    for directory, _, _ in os.walk(path):
        with contextlib.suppress(OSError):
            Path(directory).chmod(stat.S_IRWXU)
    shutil.rmtree(path, ignore_errors=True)


def _forget(path: Path) -> None:
    remove(path)
    if not path.exists():  # else the next sweep tries again
        path.with_name(path.name + _LOCK).unlink(missing_ok=True)


def _unmade(path: Path, error: OSError) -> WorktreeError:
    return WorktreeError(
        f"The directory {path} cannot be made: {error.strerror or error}.",
        next_step="Free disk space there, or set PRENTICE_HOME to a directory that can be written.",
    )
