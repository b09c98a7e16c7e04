"""V4A patches (`*** Begin Patch`), as the apply-patch tools of several assistants define them, read with leniency."""

from collections.abc import Sequence
from typing import Final

from prentice.changes.edits import Create, Delete, Edit, Patch, Rename
from prentice.changes.refusal import Refusal, refuse
from prentice.changes.reply.hunks import Draft, finished
from prentice.changes.reply.lines import Fence
from prentice.changes.reply.unified import is_hunk_head

BEGIN: Final = "*** Begin Patch"
END: Final = "*** End Patch"
END_OF_FILE: Final = "*** End of File"
UPDATE: Final = "*** Update File:"
ADD: Final = "*** Add File:"
DELETE: Final = "*** Delete File:"
MOVE: Final = "*** Move to:"
_OPERATIONS: Final = (UPDATE, ADD, DELETE)


def begins(line: str) -> bool:
    """Whether a patch, or a part of one without its first line, begins here."""
    word = line.strip()
    return word == BEGIN or word.startswith((UPDATE, ADD))


def _ends(word: str) -> bool:
    return word == END or word.startswith(_OPERATIONS)


def read_patch(lines: Sequence[str], start: int, *, inside: Fence | None) -> tuple[list[Edit], int] | Refusal:
    """Read the patch that begins on this line, and give its edits and the line behind it."""
    whole = lines[start].strip() == BEGIN
    number = start + whole
    edits: list[Edit] = []
    while number < len(lines):
        word = lines[number].strip()
        at = number + 1
        if word == END:
            return edits, number + 1
        if not whole and inside and inside.closes_patch(lines[number]):
            return edits, number + 1
        if word.startswith(_OPERATIONS):
            found, number = _read_operation(lines, number, inside=None if whole else inside)
            if not found:
                return refuse("malformed", "A file is updated without any change.", path=_path(word, UPDATE), at=at)
            edits += found
        elif not word:
            number += 1
        elif whole:
            return refuse("malformed", "A patch has a line that belongs to no file.", at=at)
        else:
            break
    if whole:
        return refuse(
            "malformed", f"A patch does not end with `{END}`; the answer may have been cut off.", at=start + 1
        )
    return edits, number


def _read_operation(lines: Sequence[str], number: int, *, inside: Fence | None) -> tuple[list[Edit], int]:
    """Read what is done to one file; nothing for an update without a change."""
    word = lines[number].strip()
    if word.startswith(UPDATE):
        return _read_update(lines, number, inside=inside)
    if word.startswith(DELETE):
        return [Delete(path=_path(word, DELETE), at=number + 1)], number + 1
    text, end = _read_new(lines, number + 1)
    return [Create(path=_path(word, ADD), lines=tuple(text), at=number + 1)], end


def _path(word: str, operation: str) -> str:
    return word.removeprefix(operation).strip().strip("`")


def _read_new(lines: Sequence[str], number: int) -> tuple[list[str], int]:
    text: list[str] = []
    while number < len(lines) and lines[number][:1] == "+":
        text.append(lines[number][1:])
        number += 1
    return text, number


def _read_update(lines: Sequence[str], number: int, *, inside: Fence | None) -> tuple[list[Edit], int]:
    at = number + 1
    path = _path(lines[number].strip(), UPDATE)
    number += 1
    edits: list[Edit] = []
    if number < len(lines) and lines[number].strip().startswith(MOVE):
        edits.append(Rename(path=path, to=_path(lines[number].strip(), MOVE), at=number + 1))
        number += 1
    drafts = [Draft(at=number + 1)]
    anchors: list[str] = []
    while number < len(lines):
        line = lines[number]
        word = line.strip()
        if _ends(word) or (inside and inside.closes_patch(line)):
            break
        if line.startswith("@@"):
            if any(kept.strip() for kept in drafts[-1].raw):
                anchors = []
            anchors += _anchor(line)
            drafts.append(Draft(at=number + 1, anchors=tuple(anchors)))
        elif word == END_OF_FILE:
            drafts[-1].end_of_file = True
        else:
            drafts[-1].raw.append(line)
        number += 1
    hunks = finished(drafts)
    return [*edits, *([Patch(path=path, hunks=hunks, at=at)] if hunks else [])], number


def _anchor(line: str) -> list[str]:
    """Give the line that a heading names; a unified diff's numbers name none."""
    if is_hunk_head(line) and line.startswith("@@ -") and line[4:5].isdigit():
        return []
    named = line.removeprefix("@@").removesuffix("@@").strip()
    return [named] if named else []
