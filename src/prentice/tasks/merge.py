"""Doing changes again on a state that lacks them: after a writer overwrote them, or when two clones meet.

Three-way by record and field, with the value before the change as the base. What the other side set or deleted itself
stays as it is; what it did not touch gets our value. Lists of ids and histories are merged entry by entry.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from prentice.tasks.difference import Difference, Edit, Name, Record, named
from prentice.tasks.edits import MAX_ACTIVITIES, next_comment, next_number
from prentice.tasks.exact_json import Json
from prentice.tasks.record import DEPENDENCY_KEYS, PARENT_KEYS, dependencies_of, record_id, records_of
from prentice.tasks.three_way import ABSENT, CONFLICT, TIMES, insert_by_time, three_way
from prentice.tasks.todolist import tasks_key

_Rows: TypeAlias = list[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """A state with changes done again.

    `restored` says what came back, `conflicts` what did not because the other side decided otherwise, one phrase each.
    `renamed` gives the new id of every task that was made on both sides under one id.
    """

    value: dict[str, Json]
    restored: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)


Decide: TypeAlias = Callable[[Record, Edit], bool]
"""Whether our value counts where both sides set the same field of a record (theirs, our edit)."""


def theirs_count(_record: Record, _edit: Edit) -> bool:
    """Let the other side's value stand."""
    return False


def merge(theirs: Record, changes: Iterable[Difference], *, ours_counts: Decide = theirs_count) -> Merged:
    """Do changes again, in their order, on a state that lacks them.

    A task that the other side deleted stays deleted, with its comments. A task made on both sides under one id gets a
    new one, and whatever our changes say of it follows. A dependency is not added where it would close a cycle.
    """
    changes = tuple(changes)
    work = _Merge(theirs, ours_counts)
    work.taken = max((_number(record) for change in changes for record in change.tasks.added), default=0)
    for change in changes:
        work.apply(change)
    if work.restored and not isinstance(work.value.get("nextTaskNumber"), int):
        work.value["nextTaskNumber"] = next_number(work.value)  # without it the extension makes tasks called T-NaN
    return Merged(
        value=work.value,
        restored=tuple(dict.fromkeys(work.restored)),
        conflicts=tuple(dict.fromkeys(work.conflicts)),
        renamed=work.renamed,
    )


class _Merge:
    def __init__(self, theirs: Record, ours_counts: Decide) -> None:
        self.value: dict[str, Json] = dict(theirs)
        self.restored: list[str] = []
        self.conflicts: list[str] = []
        self.renamed: dict[str, str] = {}
        self.taken = 0
        """The highest task number that our changes give out."""
        self._ours_counts = ours_counts
        self._copied: set[str] = set()
        self._comments: dict[str, str] = {}
        """New ids of comments."""
        self._numbers: dict[str, int] = {}
        """New numbers of tasks, by their old ids."""

    def apply(self, change: Difference) -> None:
        """Do one change."""
        self._add_tasks(change.tasks.added)
        for edit in change.tasks.edited:
            self._edit(tasks_key(self.value), replace(edit, id=self._id(edit.id)))
        self._add_comments(change.comments.added)
        for edit in change.comments.edited:
            self._edit("comments", replace(edit, id=self._comments.get(edit.id, edit.id)))
        self._remove(change)
        self._add_activities(change.activities)
        for name, (old, new) in change.fields.items():
            self._set_field(name, old, new)

    # -- tasks ---------------------------------------------------------------------------------------------------

    def _add_tasks(self, records: Sequence[Record]) -> None:
        present = self._named(tasks_key(self.value))
        born = {_birth(row): record_id(row) for row in present.values() if record_id(row, "created")}
        for record in records:
            task_id = record_id(record)
            twin = present.get((task_id, 0))
            if twin is not None and twin.get("created") == record.get("created"):
                continue  # it is there
            if there := born.get(_birth(record)):
                self.renamed[task_id] = there  # it is there, and has got another id
                continue
            if twin is not None:
                number = self.taken = max(next_number(self.value), self.taken + 1)
                self.renamed[task_id] = f"T-{number}"
                self._numbers[task_id] = number
                record = {**record, "id": f"T-{number}", "taskNumber": number}  # noqa: PLW2901 - the record under its new id
            self._rows(tasks_key(self.value)).append(self._following(record))
            present[record_id(record), 0] = record
            self._count(record)
            self.restored.append(f"{record_id(record)} added" + (f" (was {task_id})" if twin is not None else ""))

    def _count(self, record: Record) -> None:
        """Keep the counter ahead of a number that came back."""
        counter = self.value.get("nextTaskNumber")
        if isinstance(counter, int) and counter <= _number(record):
            self.value["nextTaskNumber"] = _number(record) + 1

    def _following(self, record: Record) -> Record:
        """Give a record with every id in it that was renamed."""
        if not self.renamed:
            return record
        changed = dict(record)
        for key in (*PARENT_KEYS, "todoId"):
            if isinstance(changed.get(key), str):
                changed[key] = self._id(changed[key])
        for key in DEPENDENCY_KEYS:
            if isinstance(changed.get(key), list):
                changed[key] = [self._id(item) for item in changed[key]]
        if isinstance(changed.get("tags"), list):
            changed["tags"] = [self._tag(tag) for tag in changed["tags"]]
        return changed

    def _id(self, task_id: Json) -> Json:
        return self.renamed.get(task_id, task_id) if isinstance(task_id, str) else task_id

    def _tag(self, tag: Json) -> Json:
        head, colon, task_id = tag.partition(":") if isinstance(tag, str) else (tag, "", "")
        return f"{head}:{self._id(task_id)}" if colon and head == "parent" else tag

    # -- records -------------------------------------------------------------------------------------------------

    def _edit(self, key: str, edit: Edit) -> None:
        rows = self._rows(key)
        place = next((n for n, (name, _) in self._placed(key) if name == (edit.id, edit.turn)), None)
        if place is None:
            self.conflicts.append(f"{edit.id} was deleted")
            return
        record = dict(rows[place])
        followed = replace(edit, before=self._following(edit.before), after=self._following(edit.after))
        for name in {**followed.before, **followed.after}:
            old, new = followed.before.get(name, ABSENT), followed.after.get(name, ABSENT)
            self._merge_field(record, name, old, new, edit=followed, theirs=rows[place])
        if record != rows[place]:
            rows[place] = record

    def _merge_field(
        self, record: dict[str, Json], name: str, old: Json, new: Json, *, edit: Edit, theirs: Record
    ) -> None:
        present = record.get(name, ABSENT)
        if present == new:
            return
        if name in DEPENDENCY_KEYS and isinstance(new, list):
            new = self._allowed(edit.id, present if isinstance(present, list) else [], new)
        merged = three_way(name, present, old=old, new=new)
        if merged is CONFLICT:
            if not self._ours_counts(theirs, edit):
                self.conflicts.append(f"{edit.id} {name}")
                return
            merged = new
        if merged == present:
            return
        if merged is ABSENT:
            record.pop(name, None)
        else:
            record[name] = merged
        if name not in (*TIMES, "changes"):
            self.restored.append(f"{edit.id} {name}")

    def _allowed(self, task_id: str, present: list[Json], wanted: list[Json]) -> list[Json]:
        """Leave out new dependencies on tasks that are gone, or that wait for this one."""
        graph = {record_id(record): dependencies_of(record) for record in self._named(tasks_key(self.value)).values()}
        good = []
        for need in wanted:
            name = record_id({"id": need})
            if need in present or (name in graph and not _reaches(graph, name, task_id)):
                good.append(need)
            else:
                self.conflicts.append(f"{task_id} needs {name}")
        return good

    def _remove(self, change: Difference) -> None:
        """Delete what we deleted, but for tasks that the other side changed or said something on."""
        key = tasks_key(self.value)
        gone = {self._comment_id(record) for record in change.comments.removed}
        said = {record_id(row, "todoId") for name, row in self._named("comments").items() if name[0] not in gone}
        kept: set[str] = set()
        for record in change.tasks.removed:
            if not self._removed(key, self._moved(record), unless=said):
                kept.add(self._id(record_id(record)))
        for record in change.comments.removed:
            if self._id(record_id(record, "todoId")) not in kept:
                moved = self._following(record)
                self._removed("comments", {**moved, "id": self._comment_id(record)}, unless=set())

    def _removed(self, key: str, old: Record, *, unless: Collection[str]) -> bool:
        """Take a record away if it is as it was; say whether it is gone."""
        name = record_id(old)
        rows = self._rows(key)
        place = next((n for n, row in enumerate(rows) if isinstance(row, dict) and record_id(row) == name), None)
        if place is None:
            return True
        if rows[place] != old or name in unless:
            self.conflicts.append(f"{name} was changed, and so not deleted")
            return False
        del rows[place]
        self.restored.append(f"{name} deleted")
        return True

    def _moved(self, record: Record) -> Record:
        """Give a task's record as it stands after renaming."""
        number = self._numbers.get(record_id(record))
        moved = {**self._following(record), "id": self._id(record.get("id"))}
        return moved if number is None else {**moved, "taskNumber": number}

    def _comment_id(self, record: Record) -> str:
        return self._comments.get(record_id(record), record_id(record))

    # -- comments and activities ---------------------------------------------------------------------------------

    def _add_comments(self, records: Sequence[Record]) -> None:
        tasks = {name for name, _ in self._named(tasks_key(self.value))}
        present = self._named("comments")
        spoken = {_words(row, record_id(row, "todoId")): record_id(row) for row in present.values()}
        coming = {record_id(record) for record in records}
        for record in records:
            task_id = self._id(record_id(record, "todoId"))
            if task_id not in tasks:
                self.conflicts.append(f"comment on {task_id}, which was deleted")
                continue
            old_id = comment_id = record_id(record)
            twin = present.get((old_id, 0))
            if twin is not None and _words(twin, record_id(twin, "todoId"))[:2] == _words(record, task_id)[:2]:
                continue  # it is there
            if there := spoken.get(_words(record, task_id)):
                self._comments[old_id] = there
                continue
            if task_id != record.get("todoId") or twin is not None:
                comment_id = self._free_comment(task_id, beside=coming)
            self._comments[old_id] = comment_id
            self._rows("comments").append({**record, "id": comment_id, "todoId": task_id})
            self.restored.append(f"comment {comment_id}")

    def _free_comment(self, task_id: str, *, beside: Collection[str]) -> str:
        """Give an id that no comment of the task has, nor one that is still to come."""
        number = next_comment(self.value, task_id)
        while f"{task_id}-C-{number}" in beside:
            number += 1
        return f"{task_id}-C-{number}"

    def _add_activities(self, records: Sequence[Record]) -> None:
        present = {record_id(row) for row in records_of(self.value.get("activities"))}
        fresh = [record for record in records if record_id(record) not in present]
        if not fresh:
            return
        rows = self._rows("activities")
        for record in fresh:
            moved = {**self._following(record)}
            details = moved.get("details")
            if isinstance(details, dict) and details.get("commentId") in self._comments:
                moved["details"] = {**details, "commentId": self._comments[details["commentId"]]}
            insert_by_time(rows, moved)
        del rows[:-MAX_ACTIVITIES]

    # -- top level -----------------------------------------------------------------------------------------------

    def _set_field(self, name: str, old: Json, new: Json) -> None:
        present = self.value.get(name)
        if present == new:
            return
        if name == "nextTaskNumber":
            numbers = [number for number in (present, new) if isinstance(number, int)]
            if numbers and max(numbers) != present:
                self.value[name] = max(numbers)
        elif present == old:
            self.value[name] = new
            if new is None:
                del self.value[name]
            self.restored.append(name)
        else:
            self.conflicts.append(name)

    def _rows(self, key: str) -> _Rows:
        if key not in self._copied:
            self.value[key] = list(self.value.get(key) or [])
            self._copied.add(key)
        rows: _Rows = self.value[key]
        return rows

    def _named(self, key: str) -> dict[Name, Record]:
        return named(records_of(self.value.get(key)))

    def _placed(self, key: str) -> Iterable[tuple[int, tuple[Name, Record]]]:
        """Give the place in the list of each record, with its name."""
        rows = [(place, row) for place, row in enumerate(self._rows(key)) if isinstance(row, dict)]
        return zip((place for place, _ in rows), named(row for _, row in rows).items(), strict=True)


def _birth(record: Record) -> tuple[str, str]:
    """Give what a task keeps when it gets another id."""
    return record_id(record, "created"), record_id(record, "name")


def _words(record: Record, task_id: str) -> tuple[str, ...]:
    """Give what a comment keeps when it gets another id."""
    return task_id, *(record_id(record, key) for key in ("created", "type", "content"))


def _number(record: Record) -> int:
    number = record.get("taskNumber")
    return number if isinstance(number, int) else 0


def _reaches(graph: Mapping[str, Sequence[str]], start: str, goal: str) -> bool:
    seen: set[str] = set()
    work = [start]
    while work:
        task = work.pop()
        if task == goal:
            return True
        if task not in seen:
            seen.add(task)
            work += graph.get(task, ())
    return False
