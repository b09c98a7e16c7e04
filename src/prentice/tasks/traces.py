"""How far a writer had seen our changes, read off the file it wrote.

A writer without a lock writes a whole copy, read at some moment, with its own changes in it. Whatever we changed before
that moment left traces in the copy, whatever came after did not: so the last change with a trace tells the moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prentice.tasks.difference import Difference, Edit, Name, Record, named
from prentice.tasks.moments import moment
from prentice.tasks.record import record_id, records_of
from prentice.tasks.todolist import task_records

STALE_SECONDS: Final = 60.0
"""How old a copy may be that a writer works on: whoever changed a record so long after us had seen our change of it."""


def seen(value: Record, changes: Sequence[Difference]) -> int:
    """Give how many of the changes, oldest first, the writer of a state had seen.

    Traces are what no other writer would make alike: an activity's id, a record's id with its time of creation, an
    entry of a task's history with its time. A later change without a trace counts as unseen.
    """
    traces = _Traces.of(value)
    return next((number for number in range(len(changes), 0, -1) if traces.show(changes[number - 1])), 0)


@dataclass(frozen=True, slots=True)
class _Traces:
    tasks: Mapping[Name, Record]
    comments: Mapping[Name, Record]
    activities: frozenset[str]

    @classmethod
    def of(cls, value: Record) -> "_Traces":
        return cls(
            tasks=named(task_records(value)),
            comments=named(records_of(value.get("comments"))),
            activities=frozenset(record_id(row) for row in records_of(value.get("activities"))),
        )

    def show(self, change: Difference) -> bool:
        """Whether the state shows any trace of a change."""
        return (
            any(record_id(row) in self.activities for row in change.activities)
            or any(_same_birth(row, self.tasks) for row in change.tasks.added)
            or any(_same_birth(row, self.comments) for row in change.comments.added)
            or any(self._shows_edit(edit) for edit in change.tasks.edited)
        )

    def _shows_edit(self, edit: Edit) -> bool:
        record = self.tasks.get((edit.id, edit.turn))
        if record is None:
            return False
        before, after = edit.before.get("changes") or (), edit.after.get("changes") or ()
        present = record.get("changes")
        if isinstance(present, list) and any(entry in present for entry in after if entry not in before):
            return True
        if "lastModified" not in edit.after:
            return False
        ours, theirs = moment(edit.after["lastModified"]), moment(record.get("lastModified"))
        if ours is not None and theirs is not None and theirs - ours > STALE_SECONDS:
            return True
        return all(record.get(key) == value for key, value in edit.after.items())


def _same_birth(row: Record, known: Mapping[Name, Record]) -> bool:
    twin = known.get((record_id(row), 0))
    return twin is not None and "created" in row and twin.get("created") == row["created"]
