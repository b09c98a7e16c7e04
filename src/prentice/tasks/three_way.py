"""One field that two sides may have changed since a common base: which value it gets.

Ids and tags are merged as sets, histories as lists in the order of time, objects key by key; any other value that both
sides changed is a conflict.
"""

from bisect import bisect_right
from collections.abc import Mapping
from typing import Final

from prentice.tasks.exact_json import Json
from prentice.tasks.moments import moment
from prentice.tasks.record import DEPENDENCY_KEYS

ABSENT: Final = object()
"""In place of the value of a field that is not there."""
CONFLICT: Final = object()
"""In place of a result: both sides set the field to different values."""
TIMES: Final = ("lastModified", "last_modified", "updated_at", "updatedAt", "updated")
"""Fields that hold when a record was changed last: the later time counts."""

_UNORDERED: Final = (*DEPENDENCY_KEYS, "tags")
_HISTORIES: Final = ("changes", "comments")


def three_way(name: str, present: Json, *, old: Json, new: Json) -> Json:
    """Give the value of a field: `present` is theirs, `new` ours, `old` the base. May give `ABSENT` or `CONFLICT`."""
    if name in TIMES:
        return max((value for value in (present, new) if value is not ABSENT), key=time_of, default=ABSENT)
    if old in (new, present):
        return present if new == old else new
    base = old if isinstance(old, list) else []
    if name in _HISTORIES and isinstance(new, list) and (present is ABSENT or isinstance(present, list | None)):
        return _history(present if isinstance(present, list) else [], base, new)
    if name in _UNORDERED and isinstance(present, list) and isinstance(new, list):
        return _united(present, base, new)
    if isinstance(present, dict) and isinstance(new, dict):
        return _nested(present, old if isinstance(old, dict) else {}, new)
    return CONFLICT


def _united(present: list[Json], old: list[Json], new: list[Json]) -> list[Json]:
    """Add what we added and leave out what we left out."""
    kept = [item for item in present if item in new or item not in old]
    return kept + [item for item in new if item not in kept and item not in old]


def _history(present: list[Json], old: list[Json], new: list[Json]) -> list[Json]:
    """Put our new entries where their time belongs."""
    merged = list(present)
    for number, entry in enumerate(new):
        if entry not in old and merged.count(entry) <= new[:number].count(entry):  # entries of one moment can be alike
            insert_by_time(merged, entry)
    return merged


def _nested(present: Mapping[str, Json], old: Mapping[str, Json], new: Mapping[str, Json]) -> dict[str, Json]:
    merged = dict(present)
    for key in {**old, **new}:
        if old.get(key, ABSENT) == new.get(key, ABSENT) or present.get(key, ABSENT) != old.get(key, ABSENT):
            continue
        if key in new:
            merged[key] = new[key]
        else:
            merged.pop(key, None)
    return merged


def insert_by_time(rows: list[Json], record: Json) -> None:
    """Put a record behind the last one that is not younger; the others keep their order."""
    rows.insert(bisect_right(rows, time_of(_stamp(record)), key=lambda row: time_of(_stamp(row))), record)


def _stamp(record: Json) -> Json:
    return (record.get("timestamp") or record.get("created")) if isinstance(record, dict) else None


def time_of(stamp: Json) -> float:
    """Give a time in seconds, 0 for what is none, so that it can be compared."""
    return moment(stamp) or 0.0
