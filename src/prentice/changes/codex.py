"""V4A patches applied as the tools that defined the format apply them, for patches that rely on their leniency.

What differs from `resolve`, and why that is stricter, is listed in docs/edit-formats.md: here the first place that fits
is taken, a new file or a move overwrites, a file ends in a newline afterwards, and what was done before a failure
stays. The search follows codex's apply-patch: exact, without white space at the ends of lines, without any outer
white space, with plain punctuation; each from where the hunk before ended. Kept lines without their leading space are
read as VS Code reads them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from prentice.changes.change import Applied, Change, FileChange
from prentice.changes.correction import Level
from prentice.changes.edits import Create, Delete, Hunk, HunkLine, Patch, Rename
from prentice.changes.files import File, Snapshot
from prentice.changes.indentation import indentation, relate
from prentice.changes.index import key
from prentice.changes.paths import path_problem, place_problem
from prentice.changes.punctuation import plain
from prentice.changes.refusal import Refusal
from prentice.changes.reply.v4a import read_patch
from prentice.changes.text import Text, decode, reply_lines, written_like

_ALIKE: Final[tuple[tuple[Level, Callable[[str], str]], ...]] = (
    (Level.EXACT, str),
    (Level.TRAILING_SPACE, str.rstrip),
    (Level.REINDENTED, str.strip),
    (Level.PUNCTUATION, lambda line: plain(line).strip()),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patched:
    """What a patch did before it ended or failed; `failure` says why it failed."""

    change: Change
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class _Failed:
    sentence: str


def apply_patch(patch: str, snapshot: Snapshot) -> Patched:
    """Apply a V4A patch leniently. Paths are checked as everywhere: none leads out of the project."""
    lines = reply_lines(patch)
    start = next((number for number, line in enumerate(lines) if line.strip()), 0)
    found = read_patch(lines, start, inside=None) if lines else ([], 0)
    if isinstance(found, Refusal):
        return Patched(change=Change(files=()), failure=found.sentence)
    if not found[0]:
        return Patched(change=Change(files=()), failure="The patch changes no file.")
    done: dict[str, FileChange] = {}
    moves = {edit.path: edit.to for edit in found[0] if isinstance(edit, Rename)}
    for edit in found[0]:
        failed = _step(edit, snapshot, done, moves) if isinstance(edit, Create | Delete | Patch) else None
        if failed:
            return Patched(change=_change(done), failure=failed.sentence)
    return Patched(change=_change(done))


def _change(done: dict[str, FileChange]) -> Change:
    return Change(files=tuple(sorted(done.values(), key=lambda file: (file.path, file.old_path))))


def _step(  # noqa: PLR0911 - one return for each way a step can fail
    edit: Create | Delete | Patch, snapshot: Snapshot, done: dict[str, FileChange], moves: dict[str, str]
) -> _Failed | None:
    target = moves.get(edit.path, edit.path)
    for path in (edit.path, target):
        if problem := path_problem(path) or place_problem(path, snapshot):
            return _Failed(problem)
    present = snapshot.read(edit.path)
    if isinstance(edit, Create):
        content = "".join(line + "\n" for line in edit.lines).encode("utf-8", "replace")
        after = File(content=content) if present is None else replace(present, content=content)
        done[edit.path] = _file(edit.path, present, after, means=Applied(means="create"))
        return None
    current = done[edit.path].after if edit.path in done else present
    if current is None:
        return _Failed(f"There is no file {edit.path}.")
    if isinstance(edit, Delete):
        done[edit.path] = _file(edit.path, present, None, means=Applied(means="delete"))
        return None
    patched = _patched(current.content, edit.hunks)
    if isinstance(patched, _Failed):
        return patched
    after = replace(current, content=patched[0])
    means = Applied(means="patch", level=patched[1])
    if target == edit.path:
        done[edit.path] = _file(edit.path, present, after, means=means)
        return None
    overwritten = snapshot.read(target)
    if overwritten is not None:
        done[edit.path] = _file(edit.path, present, None, means=Applied(means="delete"))
        done[target] = _file(target, overwritten, after, means=means)
    else:
        done[target] = replace(_file(target, present, after, means=means), old_path=edit.path)
    return None


def _file(path: str, before: File | None, after: File | None, *, means: Applied) -> FileChange:
    return FileChange(path=path, old_path=path, before=before, after=after, applied=(means,))


def _patched(content: bytes, hunks: Sequence[Hunk]) -> tuple[bytes, Level] | _Failed:
    text = decode(content)
    if text is None:
        return _Failed("The file is no text.")
    lines, endings = list(text.lines), list(text.endings)
    position = 0
    level = Level.EXACT
    for hunk in hunks:
        for anchor in hunk.anchors:
            position = _after_anchor(lines, anchor, position)
        found = _seek(lines, hunk, position)
        if found is None:
            return _Failed(f"The lines of the hunk on line {hunk.at} do not stand in the file.")
        start, reading, how = found
        new, ends = _replaced(lines, endings, start, reading, text)
        size = sum(operation != "+" for operation, _ in reading)
        lines[start : start + size] = new
        endings[start : start + size] = ends
        position = start + len(new)
        level = max(level, how)
    return written_like(text, lines, endings, final_newline=True).encode(), level


def _after_anchor(lines: Sequence[str], anchor: str, position: int) -> int:
    """Give the line behind the next one that reads like the anchor; an anchor that is not found is passed over."""
    wanted = key(anchor)
    return next((number + 1 for number in range(position, len(lines)) if key(lines[number]) == wanted), position)


def _seek(lines: Sequence[str], hunk: Hunk, position: int) -> tuple[int, tuple[HunkLine, ...], Level] | None:
    readings = [reading for reading in (hunk.lines, hunk.bare) if reading is not None]
    for trimmed in (False, True):
        for level, alike in _ALIKE:
            for reading in readings:
                kept = _without_outer_blanks(reading) if trimmed else reading
                old = [alike(line) for operation, line in kept if operation != "+"]
                start = _find(lines, old, position, alike=alike, from_end=hunk.end_of_file)
                if start is not None:
                    return start, kept, level
    return None


def _find(
    lines: Sequence[str], old: Sequence[str], position: int, *, alike: Callable[[str], str], from_end: bool
) -> int | None:
    if not old:
        return len(lines)
    present = [alike(line) for line in lines]
    last = len(lines) - len(old)
    starts = [*([last] if from_end and last >= 0 else []), *range(position, last + 1)]
    return next(
        (start for start in starts if present[start] == old[0] and present[start : start + len(old)] == old), None
    )


def _without_outer_blanks(reading: Sequence[HunkLine]) -> tuple[HunkLine, ...]:
    """Leave out empty kept lines before the first and behind the last line with words."""
    worded = [number for number, (operation, line) in enumerate(reading) if operation != " " or line.strip()]
    return tuple(reading[worded[0] : worded[-1] + 1]) if worded else ()


def _replaced(
    lines: Sequence[str], endings: Sequence[str], start: int, reading: Sequence[HunkLine], text: Text
) -> tuple[list[str], list[str]]:
    """Give what takes the place of a hunk's old lines: kept lines as they are, new ones indented with them."""
    old = [line for operation, line in reading if operation != "+"]
    pairs = [(indentation(line), indentation(lines[start + number])) for number, line in enumerate(old) if line.strip()]
    relation = relate(pairs, file_leads=lambda: (indentation(line) for line in lines))
    new: list[str] = []
    ends: list[str] = []
    place = start
    for operation, line in reading:
        if operation == " ":
            new.append(lines[place])
            ends.append(endings[place])
        elif operation == "+":
            lead = relation.carry(indentation(line)) if relation and line.strip() else None
            new.append(line if lead is None else lead + line.lstrip(" \t"))
            ends.append(text.ending)
        place += operation != "+"
    return new, ends
