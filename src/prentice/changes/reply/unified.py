"""Unified diffs in a reply. Line numbers and counts are not believed; a hunk ends where its lines end."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from prentice.changes.edits import Create, Delete, Edit, Patch, Rename
from prentice.changes.files import EXECUTABLE, REGULAR
from prentice.changes.refusal import Refusal, refuse
from prentice.changes.reply.hunks import Draft, finished
from prentice.changes.reply.lines import Fence

NOTHING: Final = "/dev/null"
_HUNK: Final = re.compile(r"@@(?: -\d+(?:,\d+)? \+\d+(?:,\d+)? @@| \.\.\. @@|$|\s)")
_GIT_NAMES: Final = re.compile(r'diff --git (?:"?a/(.{1,500}?)"? "?b/(.{1,500})"?)\Z')
_ESCAPE: Final = re.compile(r'\\([abtnvfr"\\]|[0-7]{3})')
_ESCAPED: Final = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}


@dataclass(slots=True)
class _File:
    """One file's part of a diff as it is read."""

    at: int
    old: str = ""
    new: str = ""
    rename_from: str = ""
    rename_to: str = ""
    is_new: bool = False
    is_deleted: bool = False
    mode: int | None = None
    drafts: list[Draft] = field(default_factory=list)


def begins(lines: Sequence[str], number: int) -> bool:
    """Whether a diff's heading begins on this line."""
    line = lines[number]
    if line.startswith("diff --git "):
        return True
    return line.startswith("--- ") and number + 1 < len(lines) and lines[number + 1].startswith("+++ ")


def is_hunk_head(line: str) -> bool:
    """Whether a hunk begins on this line."""
    return line.startswith("@@") and _HUNK.match(line) is not None


def read_diff(
    lines: Sequence[str], start: int, *, inside: Fence | None, path: str = ""
) -> tuple[list[Edit], int] | Refusal:
    """Read the diff that begins on this line, and give its edits and the line behind it.

    `inside` is the fence around it, `path` the file that hunks without a heading belong to.
    """
    files: list[_File] = [_File(at=start + 1, old=path, new=path)] if path else []
    number = start
    closed = inside is None
    while number < len(lines):
        line = lines[number]
        if inside and inside.closes_patch(line):
            closed = True
            number += 1
            break
        if begins(lines, number):
            number = _read_heading(lines, number, files)
        elif files and is_hunk_head(line):
            draft = Draft(at=number + 1)
            files[-1].drafts.append(draft)
            number = _read_hunk(lines, number + 1, draft, inside=inside)
        elif inside or not line.strip():
            number += 1
        else:
            break
    if not closed:
        return refuse(
            "malformed", "The fence around a diff is not closed; the answer may have been cut off.", at=start + 1
        )
    edits: list[Edit] = []
    for file in files:
        found = _edits(file)
        if isinstance(found, Refusal):
            return found
        edits += found
    return edits, number


def _read_heading(lines: Sequence[str], number: int, files: list[_File]) -> int:
    line = lines[number]
    if line.startswith("diff --git "):
        match = _GIT_NAMES.match(line)
        files.append(_File(at=number + 1, old=match[1] if match else "", new=match[2] if match else ""))
        number += 1
        while number < len(lines) and _read_extended(lines[number], files[-1]):
            number += 1
        if number + 1 >= len(lines) or not begins(lines, number) or lines[number].startswith("diff --git "):
            return number
    else:
        files.append(_File(at=number + 1))
    file = files[-1]
    old, new = _name(lines[number][4:]), _name(lines[number + 1][4:])
    if all(name == NOTHING or name.startswith(prefix) for name, prefix in ((old, "a/"), (new, "b/"))):
        old, new = old.removeprefix("a/"), new.removeprefix("b/")
    file.is_new = file.is_new or old == NOTHING
    file.is_deleted = file.is_deleted or new == NOTHING
    file.old, file.new = (new if old == NOTHING else old), (old if new == NOTHING else new)
    return number + 2


def _read_extended(line: str, file: _File) -> bool:
    """Take in a line between `diff --git` and `---`; false for any other."""
    word, _, rest = line.partition(" from ")
    if word == "rename" and rest:
        file.rename_from = _name(rest)
    elif line.startswith("rename to "):
        file.rename_to = _name(line.removeprefix("rename to "))
    elif line.startswith("new file mode "):
        file.is_new = True
        file.mode = EXECUTABLE if line.strip().endswith("755") else REGULAR
    elif line.startswith("deleted file mode "):
        file.is_deleted = True
    else:
        return line.startswith(("index ", "similarity index ", "dissimilarity index ", "old mode ", "new mode "))
    return True


def _read_hunk(lines: Sequence[str], number: int, draft: Draft, *, inside: Fence | None) -> int:
    while number < len(lines):
        line = lines[number]
        if is_hunk_head(line) or line.startswith("diff --git ") or _is_next_file(lines, number):
            break
        if inside and inside.closes_patch(line):
            break
        if line.startswith("\\"):
            draft.mark_no_newline()
        elif line[:1] in {"", " ", "+", "-"} or inside:
            draft.raw.append(line)
        else:
            break
        number += 1
    while draft.raw and not draft.raw[-1]:
        draft.raw.pop()
    return number


def _is_next_file(lines: Sequence[str], number: int) -> bool:
    """Whether another file's heading begins here, rather than a removed line that begins with two dashes."""
    return begins(lines, number) and number + 2 < len(lines) and is_hunk_head(lines[number + 2])


def _edits(file: _File) -> list[Edit] | Refusal:
    at = file.at
    hunks = finished(file.drafts)
    if file.is_deleted:
        return [Delete(path=file.old, at=at)]
    if file.is_new:
        lines = [entry for hunk in hunks for entry in hunk.lines]
        if any(operation != "+" for operation, _ in lines):
            return refuse("malformed", "A new file's lines all begin with `+`.", path=file.new, at=at)
        final = all(hunk.ends is None or hunk.ends[1] for hunk in hunks)
        text = tuple(line for _, line in lines)
        return [Create(path=file.new, lines=text, mode=file.mode, final_newline=final, at=at)]
    if not (file.old and file.new):
        return refuse("malformed", "A diff does not say which file it changes.", at=at)
    old, new = file.rename_from or file.old, file.rename_to or file.new
    renames: list[Edit] = [Rename(path=old, to=new, at=at)] if old != new else []
    return [*renames, *([Patch(path=old, hunks=hunks, at=at)] if hunks else [])]


def _name(written: str) -> str:
    """Give the path of a heading line, without the time behind it and without git's quoting."""
    name = written.split("\t", maxsplit=1)[0].strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        raw = _ESCAPE.sub(lambda match: chr(_ESCAPED.get(match[1]) or int(match[1], 8)), name[1:-1])
        return raw.encode("latin-1", "replace").decode("utf-8", "replace")
    return name
