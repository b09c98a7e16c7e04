"""The merge driver that git asks when two clones changed the Todo2 file, and its registration."""

import subprocess
from pathlib import Path
from typing import Final

from prentice.errors import StoreError, WriteFailedError
from prentice.store.atomic import refused, replace_file
from prentice.tasks import todo2
from prentice.tasks.clones import merge_clones
from prentice.tasks.merge import Merged

DRIVER: Final = "todo2"
_ATTRIBUTE: Final = f".todo2/state.todo2.json merge={DRIVER}"


def merge_files(base: Path, ours: Path, theirs: Path) -> Merged:
    """Merge the other branch's file into ours, in place. A task that both branches made keeps its id in ours.

    An empty base is a file that both branches added.

    Raises:
        DamagedFileError: one of the files is no Todo2 file; ours is as it was.
        StoreError: a file cannot be read or written.
    """
    state, other = todo2.parse(_bytes(ours)), todo2.parse(_bytes(theirs))
    known = _bytes(base)
    merged = merge_clones(todo2.parse(known).value if known.strip() else None, other.value, state.value)
    replace_file(ours, todo2.serialize(state, merged.value))
    return merged


def register(root: Path) -> list[str]:
    """Let git use the driver in this clone, and name the paths and settings that were made.

    Raises:
        StoreError: this is no git repository.
        WriteFailedError: `.gitattributes` cannot be written.
    """
    done: list[str] = []
    command = "prentice git-merge %O %A %B"
    for key, value in ((f"merge.{DRIVER}.name", "Todo2 tasks, by Prentice"), (f"merge.{DRIVER}.driver", command)):
        try:
            subprocess.run(["git", "config", key, value], cwd=root, capture_output=True, timeout=10, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            raise StoreError(
                f"Git cannot be set up in {root}.", next_step="Run it in a git repository: `git init` makes one."
            ) from error
        done.append(f"git config {key}")
    path = root / ".gitattributes"
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise WriteFailedError(f"{path} cannot be read.", next_step=f"Add the line `{_ATTRIBUTE}` yourself.") from error
    if _ATTRIBUTE not in text.splitlines():
        replace_file(path, (text + ("" if not text or text.endswith("\n") else "\n") + _ATTRIBUTE + "\n").encode())
        done.append(".gitattributes")
    return done


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise refused(path, error) from error
