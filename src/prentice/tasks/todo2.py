"""Todo2's file as text: parsing it, and writing a changed state so that only the changed values' bytes differ."""

import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from prentice.errors import DamagedFileError
from prentice.tasks.exact_json import Json, loads
from prentice.tasks.splicing import Piece, spliced
from prentice.tasks.style import Style

_BOM: Final = b"\xef\xbb\xbf"
_CHUNK: Final = 1 << 20
"""How many characters of a long text are encoded at a time."""


@dataclass(frozen=True, slots=True)
class State:
    """A Todo2 file as it was read. `value` is never changed in place: edits make new records beside the old."""

    text: str
    value: dict[str, Json]
    bom: bool = False


def parse(data: bytes) -> State:
    """Read a file's bytes.

    Raises:
        DamagedFileError: the bytes are not a Todo2 file; the sentence says what they are instead.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _damaged(f"is not UTF-8 (byte {error.start})") from error
    try:
        value = loads(text)
    except json.JSONDecodeError as error:
        raise _no_json(text, error) from error
    except RecursionError as error:
        raise _damaged("is nested too deep") from error
    except ValueError as error:
        raise _damaged(f"cannot be read as JSON ({error})") from error
    if not isinstance(value, dict):
        kind = "a list" if isinstance(value, list) else "a single value"
        raise _damaged(f"holds {kind}, not a JSON object with `todos`")
    for key in ("todos", "tasks", "comments", "activities"):
        if not isinstance(value.get(key), list | None):  # Go writes an empty list as null
            raise _damaged(f"has a `{key}` that is not a list")
    return State(text=text, value=value, bom=data.startswith(_BOM))


def new_state(now: str) -> bytes:
    """Write the file that the extension makes for a new project."""
    value = {"todos": [], "comments": [], "activities": [], "nextTaskNumber": 1, "lastModified": now}
    return new_file(value)


def new_file(value: Mapping[str, Json]) -> bytes:
    """Write a whole file as the extension does."""
    return Style().encode(value, depth=0).encode()


def serialize(state: State, value: Mapping[str, Json]) -> bytes:
    """Write the changed value of a state; what `value` shares with `state.value` keeps its bytes.

    Raises:
        DamagedFileError: the changed part is nested deeper than Python can follow.
    """
    text = state.text
    pieces: list[Piece] = [(0, len(text))]
    if value is not state.value:
        try:
            pieces = spliced(text, old=state.value, new=value)
        except RecursionError as error:
            raise _damaged("is nested too deep") from error
    return _encoded(text, pieces, bom=state.bom)


def _encoded(text: str, pieces: Iterable[Piece], *, bom: bool) -> bytes:
    """Put pieces together without a second copy of a long text."""
    out = io.BytesIO()
    out.write(_BOM if bom else b"")
    for piece in pieces:
        if isinstance(piece, str):
            out.write(piece.encode())
            continue
        start, end = piece
        for at in range(start, end, _CHUNK):
            out.write(text[at : min(at + _CHUNK, end)].encode())
    return out.getvalue()


def _no_json(text: str, error: json.JSONDecodeError) -> DamagedFileError:
    if text.startswith("version https://git-lfs"):
        return DamagedFileError(
            "The Todo2 file is a Git LFS pointer, not the file itself. Nothing was changed.",
            next_step="Run `git lfs pull` to fetch the file.",
            details={"mendable": False},
        )
    if re.search(r"^(<<<<<<<|>>>>>>>) ", text, re.MULTILINE):
        return _damaged("holds unresolved Git conflict markers", "Resolve the merge conflict in it")
    return _damaged(_syntax(text, error))


def _syntax(text: str, error: json.JSONDecodeError) -> str:
    if not text.strip():
        return "is empty"
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return f"is cut off: it ends in the middle of a value (line {error.lineno})"
    return f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"


def _damaged(
    what: str, otherwise: str = "Restore it with `git checkout -- .todo2/state.todo2.json`"
) -> DamagedFileError:
    return DamagedFileError(
        f"The Todo2 file {what}. Nothing was changed.",
        next_step=f"{otherwise}, or run `prentice doctor --repair`, which keeps a backup.",
        details={"mendable": True},
    )
