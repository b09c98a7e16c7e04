"""What can be had from a Todo2 file that is not JSON any more: cut off, overwritten with rubbish, or in conflict."""

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from prentice.errors import DamagedFileError
from prentice.tasks import todo2
from prentice.tasks.clones import merge_clones
from prentice.tasks.difference import named
from prentice.tasks.exact_json import Fraction
from prentice.tasks.todolist import tasks_key

_CONFLICT: Final = re.compile(
    r"^<<<<<<<[^\n]*\n(?P<ours>.*?)(?:^\|\|\|\|\|\|\|[^\n]*\n(?P<base>.*?))?^=======[^\n]*\n(?P<theirs>.*?)^>>>>>>>[^\n]*\n?",
    re.MULTILINE | re.DOTALL,
)
_LISTS: Final = ("todos", "tasks", "comments", "activities")
_RECORDS: Final[Mapping[str, frozenset[str]]] = {
    "todos": frozenset({"id", "name", "status"}), "tasks": frozenset({"id", "name", "status"}),
    "comments": frozenset({"id", "todoId"}),
}  # fmt: skip
"""Keys by which a record is known behind a damaged one; what lies in a damaged one has others."""
_DECODER: Final = json.JSONDecoder(parse_float=Fraction)
_STRAY: Final = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])', re.DOTALL)
"""A text, which stays, or a comma with nothing behind it."""


@dataclass(frozen=True, slots=True)
class Salvaged:
    """The state that was found, and sentences on where it comes from. `is_whole` where no change can be missing."""

    value: dict[str, Any]
    says: tuple[str, ...]
    is_whole: bool = False


def salvage(path: Path, data: bytes, *, backups: Sequence[Path]) -> Salvaged:
    """Make a state of what is left of a file, of git's three versions in a conflict, and of the newest backup.

    Raises:
        DamagedFileError: nothing could be found, or git has to fetch the file first.
    """
    text = data.decode("utf-8", errors="replace").removeprefix("\ufeff")
    if text.startswith("version https://git-lfs"):
        todo2.parse(data)  # says what to do
    if _CONFLICT.search(text) and (merged := _from_conflict(path, text)):
        return merged
    if (without := _STRAY.sub(lambda match: match[1] or "", text)) != text and (value := _parsed(without)):
        return Salvaged(value, ("commas with nothing behind them were taken out",), is_whole=True)
    whole, skipped = _whole_records(text)
    newest = next(((backup, value) for backup in backups if (value := _parsed_file(backup))), None)
    if not whole and newest is None:
        raise DamagedFileError(
            f"{path} holds no whole record, and there is no backup of it. Nothing was changed.",
            next_step="Restore it with `git checkout -- .todo2/state.todo2.json`, or from a copy of your own.",
        )
    count = len(whole.get(tasks_key(whole)) or ())
    says: tuple[str, ...] = (f"{count} tasks were read from the part that is whole",) if whole else ()
    says += (f"damage in {skipped} place{'s' * (skipped > 1)} was passed over",) if skipped else ()
    if newest is None:
        return Salvaged(whole, says)
    backup, value = newest
    return Salvaged(_completed(whole, value), (*says, f"what was missing came from the backup {backup.name}"))


def _from_conflict(path: Path, text: str) -> Salvaged | None:
    """Merge the sides of a conflict: git's own three versions where it has them, else the text's."""
    base, ours, theirs = (_stage(path, number) for number in (1, 2, 3))
    if not (ours and theirs):
        base, ours, theirs = (_side(text, name) for name in ("base", "ours", "theirs"))
    if not (ours and theirs):
        return None
    merged = merge_clones(base, theirs, ours)  # ours keeps its ids
    return Salvaged(merged.value, ("both sides of the conflict were merged",), is_whole=True)


def _side(text: str, name: str) -> dict[str, Any] | None:
    """Give one side of every conflict in a text: `ours`, `base` or `theirs`."""
    return _parsed(_CONFLICT.sub(lambda match: match[name] or "", text))


def _stage(path: Path, number: int) -> dict[str, Any] | None:
    try:
        found = subprocess.run(
            ["git", "show", f":{number}:./{path.name}"], cwd=path.parent, capture_output=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return _parsed(found.stdout.decode("utf-8", errors="replace"))


def _whole_records(text: str) -> tuple[dict[str, Any], int]:
    """Read the members of a damaged object as far as they are whole, and how often a list's damage was passed over."""
    decode = _DECODER.raw_decode
    space = re.compile(r"[\s,]*")
    found: dict[str, Any] = {}
    skipped = 0
    at = _after(space, text, text.find("{") + 1)
    try:
        while at < len(text) and text[at] == '"':
            key, at = decode(text, at)
            at = _after(space, text, text.index(":", at) + 1)
            if text[at] == "[" and key in _LISTS:
                found[key] = []
                at = _after(space, text, at + 1)
                while text[at] != "]":
                    try:
                        item, end = decode(text, at)
                    except ValueError:
                        at = _next_record(text, at + 1, keys=_RECORDS.get(key, frozenset()))
                        skipped += 1
                        continue
                    found[key].append(item)
                    at = _after(space, text, end)
                at += 1
            else:
                found[key], at = decode(text, at)
            at = _after(space, text, at)
    except (ValueError, IndexError, RecursionError):
        pass  # here it breaks off
    return found, skipped


def _next_record(text: str, at: int, *, keys: frozenset[str]) -> int:
    """Give where the next whole record of a list begins.

    Raises:
        ValueError: there is none.
    """
    decode = _DECODER.raw_decode
    while keys and (at := text.find("{", at)) >= 0:
        try:
            item, _ = decode(text, at)
        except ValueError:
            pass
        else:
            if keys <= item.keys():
                return at
        at += 1
    raise ValueError("there is no whole record behind the damage")


def _after(space: re.Pattern[str], text: str, at: int) -> int:
    match = space.match(text, at)
    return match.end() if match else at


def _completed(whole: Mapping[str, Any], backup: Mapping[str, Any]) -> dict[str, Any]:
    """Add what a cut-off file lacks from a backup: records that are not in it, and the members behind the cut."""
    value = dict(whole)
    for key, old in backup.items():
        if isinstance(old, list):
            present = named(row for row in value.get(key) or () if isinstance(row, dict))
            lacking = named(row for row in old if isinstance(row, dict))
            value[key] = [*(value.get(key) or ()), *(row for name, row in lacking.items() if name not in present)]
        else:
            value.setdefault(key, old)
    return value


def _parsed_file(path: Path) -> dict[str, Any] | None:
    try:
        return _parsed(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        return todo2.parse(text.encode("utf-8", errors="replace")).value
    except DamagedFileError:
        return None
