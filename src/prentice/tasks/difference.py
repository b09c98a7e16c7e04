"""What one change did to a state, by record and field, so that it can be kept, recognized and done again.

Lists of records (tasks, comments) are compared by id, a repeated id by its turn as well; activities only by what was
added, because every tool drops old ones; whatever else stands at the top level by its whole value.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from prentice.tasks.exact_json import Json
from prentice.tasks.record import record_id, records_of
from prentice.tasks.todolist import task_records, tasks_key

Record: TypeAlias = Mapping[str, Json]
Name: TypeAlias = tuple[str, int]
"""A record's id, and which of the records that bear it this is, from 0."""

STAMPS: Final = ("lastModified",)
"""Top-level fields that every write sets anew."""
HISTORIES: Final = ("changes",)
"""Fields of a record to which every tool only adds; an edit holds what was added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """The fields of one record that a change set: their values before and after; a field that is absent was not there.

    The value of `turn` is that of `Name`.
    """

    id: str
    turn: int = 0
    before: Record = field(default_factory=dict)
    after: Record = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What a change did to one list of records."""

    added: tuple[Record, ...] = ()
    removed: tuple[Record, ...] = ()
    edited: tuple[Edit, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.edited)

    def document(self) -> dict[str, Json]:
        """Give the changes as JSON."""
        edited = [
            {"id": edit.id, "turn": edit.turn, "before": edit.before, "after": edit.after} for edit in self.edited
        ]
        parts = {"added": self.added, "removed": self.removed, "edited": edited}
        return {name: value for name, value in parts.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Everything that a change did. `fields` are the top-level values before and after, None for absent."""

    tasks: Records = Records()
    comments: Records = Records()
    activities: tuple[Record, ...] = ()
    fields: Mapping[str, tuple[Json, Json]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.tasks or self.comments or self.activities or self.fields)

    def document(self) -> dict[str, Json]:
        """Give the difference as JSON."""
        parts: dict[str, Json] = {
            "tasks": self.tasks.document(),
            "comments": self.comments.document(),
            "activities": self.activities,
            "fields": self.fields,
        }
        return {name: value for name, value in parts.items() if value}

    @classmethod
    def from_document(cls, document: Mapping[str, Json]) -> "Difference":
        """Read what `document` gave.

        Raises:
            AttributeError, KeyError, TypeError, ValueError: it is something else.
        """
        return cls(
            tasks=_records_from(document.get("tasks") or {}),
            comments=_records_from(document.get("comments") or {}),
            activities=_dicts(document.get("activities")),
            fields={name: (old, new) for name, (old, new) in (document.get("fields") or {}).items()},
        )


def difference(old: Record, new: Record) -> Difference:
    """Compare two states; records that are the same object cost nothing."""
    known = {id(record) for record in records_of(old.get("activities"))}
    ids = {record_id(record) for record in records_of(old.get("activities"))}
    fresh = [record for record in records_of(new.get("activities")) if id(record) not in known]
    lists = {tasks_key(old), tasks_key(new), "comments", "activities"}
    return Difference(
        tasks=_compared(task_records(old), task_records(new)),
        comments=_compared(records_of(old.get("comments")), records_of(new.get("comments"))),
        activities=tuple(record for record in fresh if record_id(record) not in ids),
        fields={
            name: (old.get(name), new.get(name))
            for name in (*old, *(name for name in new if name not in old))
            if name not in lists and name not in STAMPS and old.get(name) != new.get(name)
        },
    )


def named(records: Iterable[Record]) -> dict[Name, Record]:
    """Give records by id and turn, in their order."""
    turns: dict[str, int] = {}
    found: dict[Name, Record] = {}
    for record in records:
        name = record_id(record)
        turn = turns.get(name, 0)
        turns[name] = turn + 1
        found[name, turn] = record
    return found


def _compared(old: list[Record], new: list[Record]) -> Records:
    shared = {id(record) for record in old} & {id(record) for record in new}
    names = {record_id(record) for record in (*old, *new) if id(record) not in shared}
    if not names:
        return Records()
    before, after = (named(record for record in rows if record_id(record) in names) for rows in (old, new))
    return Records(
        added=tuple(record for name, record in after.items() if name not in before),
        removed=tuple(record for name, record in before.items() if name not in after),
        edited=tuple(_edits(before, after)),
    )


def _edits(before: Mapping[Name, Record], after: Mapping[Name, Record]) -> Iterator[Edit]:
    for (name, turn), record in after.items():
        old = before.get((name, turn))
        if old is None or old is record or old == record:
            continue
        keys = [key for key in {**old, **record} if key not in old or key not in record or old[key] != record[key]]
        gone = {key: old[key] for key in keys if key in old}
        came = {key: record[key] for key in keys if key in record}
        for key in HISTORIES:
            _shorten(gone, came, key)
        yield Edit(id=name, turn=turn, before=gone, after=came)


def _shorten(before: dict[str, Json], after: dict[str, Json], key: str) -> None:
    """Leave out of a history what it held before, so that a long one is not told again at every change."""
    old, new = before.get(key), after.get(key)
    if isinstance(old, list) and isinstance(new, list) and new[: len(old)] == old:
        before[key], after[key] = [], new[len(old) :]


def _records_from(document: Mapping[str, Json]) -> Records:
    return Records(
        added=_dicts(document.get("added")),
        removed=_dicts(document.get("removed")),
        edited=tuple(
            Edit(id=str(edit["id"]), turn=int(edit["turn"]), before=dict(edit["before"]), after=dict(edit["after"]))
            for edit in document.get("edited") or ()
        ),
    )


def _dicts(rows: Json) -> tuple[Record, ...]:
    return tuple(dict(row) for row in rows or ())
