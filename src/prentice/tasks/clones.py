"""Merging two clones of a list that went their own ways since a common base, as git's merges need it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from prentice.tasks.difference import Difference, Edit, Name, Record, difference, named
from prentice.tasks.merge import Merged, merge
from prentice.tasks.record import Task, record_id, records_of
from prentice.tasks.three_way import time_of
from prentice.tasks.todolist import task_records

_LISTS: Final = ("todos", "tasks", "comments", "activities")


def merge_clones(base: Mapping[str, Any] | None, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Merged:
    """Merge ours into theirs: both sides' records and fields are kept.

    A field that both sides set has the value of the side that changed the record last. A task that one side deleted
    and the other changed is kept: a deletion is quickly done again, a lost change is not. Without a base, what both
    sides hold alike takes its place, so that nothing counts as deleted.
    """
    base = _common(ours, theirs) if base is None else base
    change = difference(base, ours)
    gone = _changed_though_deleted(change, base, theirs)
    ids = {record_id(task) for task in gone}
    said = [row for row in records_of(base.get("comments")) if record_id(row, "todoId") in ids]
    kept = replace(
        change,
        tasks=replace(change.tasks, added=(*gone, *change.tasks.added)),
        comments=replace(change.comments, added=(*said, *change.comments.added)),
    )
    merged = merge(theirs, [kept], ours_counts=later_counts)
    value = dict(merged.value)
    if times := [side["lastModified"] for side in (ours, theirs) if side.get("lastModified")]:
        value["lastModified"] = max(times, key=time_of)
    return replace(merged, value=value)


def _changed_though_deleted(change: Difference, base: Record, theirs: Record) -> list[Record]:
    """Give the tasks that ours changed or spoke on and theirs deleted, as they were in the base."""
    before, there = (_tasks(base), _tasks(theirs))
    edited = [(edit.id, edit.turn) for edit in change.tasks.edited]
    said = [(record_id(comment, "todoId"), 0) for comment in change.comments.added]
    return [before[name] for name in dict.fromkeys((*edited, *said)) if name in before and name not in there]


def later_counts(record: Record, edit: Edit) -> bool:
    """Let our value count where our record was changed later than theirs; equal times are decided by the text."""
    ours = Task.from_record({**record, **edit.after}), str(edit.after)
    other = Task.from_record(record), str({name: record.get(name) for name in edit.after})
    return (time_of(ours[0].last_modified), ours[1]) > (time_of(other[0].last_modified), other[1])


def _common(ours: Record, theirs: Record) -> dict[str, Any]:
    """Give what both sides hold alike, in place of a base that is not known."""
    base: dict[str, Any] = {key: value for key, value in ours.items() if theirs.get(key) == value}
    for key in _LISTS:
        mine, other = (named(row for row in side.get(key) or () if isinstance(row, dict)) for side in (ours, theirs))
        if key in ours and key in theirs:
            base[key] = [
                {name: value for name, value in row.items() if other[place].get(name) == value}
                for place, row in mine.items()
                if place in other and other[place].get("created") == row.get("created")
            ]
    return base


def _tasks(value: Record) -> dict[Name, Record]:
    return named(task_records(value))
