"""A change as JSON and back: every byte of both sides, and the digest, which is checked when it is read."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final, TypeAlias, get_args

from prentice.changes.change import Applied, Change, FileChange, Means
from prentice.changes.correction import Level
from prentice.changes.files import File

Json: TypeAlias = Any

_MEANS: Final[Mapping[str, Means]] = {means: means for means in get_args(Means)}


def to_document(change: Change) -> Json:
    """Give a change as JSON; contents are base64, because they need not be text."""
    return {
        "digest": change.digest,
        "notes": list(change.notes),
        "files": [
            {
                "path": file.path,
                "old_path": file.old_path,
                "before": _side_document(file.before),
                "after": _side_document(file.after),
                "applied": [
                    {"means": one.means, "level": one.level.name.lower(), "line": one.line, "at": one.at}
                    for one in file.applied
                ],
            }
            for file in change.files
        ],
    }


def from_document(document: Json) -> Change:
    """Read a stored change.

    Raises:
        ValueError: it is none, or its bytes are not those that its digest was made of.
    """
    try:
        change = Change(
            files=tuple(_file(fields) for fields in document["files"]),
            notes=tuple(str(note) for note in document["notes"]),
        )
        digest = document["digest"]
    except (KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise ValueError(f"this is no stored change: {error!r}") from error
    if change.digest != digest:
        raise ValueError("the stored change is damaged: its digest is of another one")
    return change


def _side_document(side: File | None) -> Json:
    return None if side is None else {"content": base64.b64encode(side.content).decode("ascii"), "mode": side.mode}


def _side(fields: Json) -> File | None:
    if fields is None:
        return None
    mode = fields["mode"]
    if type(mode) is not int:
        raise TypeError(f"{mode!r} is no mode")
    return File(content=base64.b64decode(fields["content"], validate=True), mode=mode)


def _file(fields: Json) -> FileChange:
    return FileChange(
        path=_text(fields["path"]),
        old_path=_text(fields["old_path"]),
        before=_side(fields["before"]),
        after=_side(fields["after"]),
        applied=tuple(_applied(one) for one in fields["applied"]),
    )


def _applied(fields: Json) -> Applied:
    return Applied(
        means=_MEANS[fields["means"]],
        level=Level[fields["level"].upper()],
        line=int(fields["line"]),
        at=int(fields["at"]),
    )


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no path")
    return value
