"""Changes to a state and the traces that Todo2 leaves for each: counters, `changes`, activities, times.

An `Editor` builds a new value beside the old one; records that are not touched stay the same objects, so that
`todo2.serialize` keeps their bytes. Which trace belongs to which edit: docs/todo2-file.md.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from prentice.errors import TaskNotFoundError
from prentice.tasks.claims import OWN_KEY
from prentice.tasks.moments import moment
from prentice.tasks.record import (
    DESCRIPTION_KEYS,
    NAME_KEYS,
    PARENT_KEYS,
    Task,
    record_id,
    records_of,
)
from prentice.tasks.todolist import TodoList, task_records, tasks_key

MAX_ACTIVITIES: Final = 100
PREVIEW_LENGTH: Final = 100
_NUMBERED: Final = re.compile(r"T-(\d{1,9})\Z")
_LOGGED: Final = {
    "status": "status_changed",
    "description": "description_changed",
    "cursorInsight": "description_changed",
    "dependencies": "dependencies_changed",
}
"""Edits that leave an entry in `changes` and an activity of this type; name, tags and priority leave neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A task to be made. `extra` are further keys of the record, as they shall stand in the file."""

    name: str
    description: str = ""
    priority: str = "medium"
    tags: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    extra: Mapping[str, object] = field(default_factory=dict)


class Editor:
    """Edits one state. `now` is the time in Todo2's spelling, `token` gives nine base-36 characters for an activity."""

    def __init__(self, value: Mapping[str, Any], *, now: str, token: Callable[[], str]) -> None:
        self.value: dict[str, Any] = dict(value)
        self.now = now
        self._token = token
        self._tasks_key = tasks_key(value)
        self._copied: set[str] = set()

    @property
    def todolist(self) -> TodoList:
        """Give the list as it stands now."""
        return TodoList(self.value, now=moment(self.now))

    def create(self, draft: Draft) -> str:
        """Append a task and give its id, `T-<number>`; a number is never used twice."""
        number = next_number(self.value)
        task_id = f"T-{number}"
        record: dict[str, Any] = {
            "id": task_id,
            "name": draft.name,
            "long_description": draft.description,
            "status": "Todo",
            "created": self.now,
            "lastModified": self.now,
            "taskNumber": number,
            "priority": draft.priority,
            "tags": list(draft.tags),
            "dependencies": list(draft.dependencies),
            **draft.extra,
        }
        self._list(self._tasks_key).append(record)
        self.value["nextTaskNumber"] = number + 1
        details = {"priority": draft.priority, "tags": list(draft.tags), "dependencies": list(draft.dependencies)}
        self._activity("todo_created", task_id, draft.name, details)
        return task_id

    def update(self, task_id: str, fields: Mapping[str, object]) -> None:
        """Set fields of a task under the names of `Task` (`name`, `description`, `status`, ...), with their traces.

        A field that holds the value already, in whatever spelling, stays as it is written.

        Raises:
            TaskNotFoundError: no task has the id.
        """
        task = self.task(task_id)
        old = self._find(task_id)
        changed = {name: value for name, value in fields.items() if not _holds(old, task, name, value)}
        if not changed:
            return
        record = self._record(task_id)
        for name, value in changed.items():
            self._set(record, name, list(value) if isinstance(value, tuple) else value)
        record["lastModified"] = self.now
        self._touch()

    def comment(self, task_id: str, content: str, *, kind: str, token: str = "") -> str:
        """Add a comment and give its id, `<task>-C-<k>`; with a token `<task>-C-<token>`, and only if there is none.

        Raises:
            TaskNotFoundError: no task has the id.
        """
        task = self.task(task_id)
        comment_id = f"{task_id}-C-{token or next_comment(self.value, task_id)}"
        if token and any(comment.id == comment_id for comment in self.todolist.comments(task_id)):
            return comment_id
        self._list("comments").append(
            {
                "id": comment_id,
                "todoId": task_id,
                "type": kind,
                "content": content,
                "created": self.now,
                "lastModified": self.now,
            }
        )
        preview = content if len(content) <= PREVIEW_LENGTH else content[:PREVIEW_LENGTH] + "..."
        details = {"commentType": kind, "commentPreview": preview, "commentId": comment_id}
        self._activity("comment_added", task_id, task.name, details)
        return comment_id

    def delete(self, task_id: str) -> Task:
        """Remove a task with its comments and give it as it was; its number is not used again.

        Where several records have the id, the first goes, and the comments stay with the others.

        Raises:
            TaskNotFoundError: no task has the id.
        """
        task = self.task(task_id)
        old = self._find(task_id)
        self.value["nextTaskNumber"] = next_number(self.value)  # while the number can still be seen
        records = self._list(self._tasks_key)
        records[:] = [record for record in records if record is not old]
        inline = old.get("comments")
        count = len(inline) if isinstance(inline, list) else 0
        if all(record_id(record) != task_id for record in task_records(self.value)):
            comments = self._list("comments")
            kept = [row for row in comments if not (isinstance(row, dict) and record_id(row, "todoId") == task_id)]
            count += len(comments) - len(kept)
            comments[:] = kept
        details = {"deletedTodoName": task.name, "associatedCommentsCount": count}
        self._activity("todo_deleted", task_id, task.name, details)
        return task

    def mark(self, task_id: str, name: str, value: object) -> None:
        """Keep a value of Prentice's own with a task, under its own key of the record; None takes it away.

        Raises:
            TaskNotFoundError: no task has the id.
        """
        present = self._find(task_id).get(OWN_KEY)
        before: Mapping[str, Any] = present if isinstance(present, dict) else {}
        own = {key: kept for key, kept in before.items() if key != name}
        if value is not None:
            own = {**before, name: value}
        if own == before:
            return
        record = self._record(task_id)
        if own:
            record[OWN_KEY] = own
        else:
            del record[OWN_KEY]
        record["lastModified"] = self.now
        self._touch()

    def _set(self, record: dict[str, Any], name: str, value: object) -> None:
        key = _present_key(record, name)
        old = record.get(key)
        had = key in record
        record[key] = value
        for twin in _twins(name):
            if twin in record and (name == "dependencies" or (had and record[twin] == old)):
                record[twin] = value
        if name in _LOGGED:
            change = {"field": key, **({"oldValue": old} if had else {}), "newValue": value, "timestamp": self.now}
            if isinstance(record.get("changes", []), list | None):
                record["changes"] = [*(record.get("changes") or []), change]
            details = {name: item for name, item in change.items() if name != "timestamp"}
            self._activity(_LOGGED[name], record_id(record), Task.from_record(record).name, details)

    def task(self, task_id: str) -> Task:
        """Give a task as it stands now.

        Raises:
            TaskNotFoundError: no task has the id.
        """
        return Task.from_record(self._find(task_id), now=moment(self.now))

    def _find(self, task_id: str) -> Mapping[str, Any]:
        for record in task_records(self.value):
            if record_id(record) == task_id:
                return record
        raise not_found(task_id, (record_id(record) for record in task_records(self.value)))

    def _record(self, task_id: str) -> dict[str, Any]:
        """Give a copy of the task's record that stands in the new value and may be changed."""
        old = self._find(task_id)
        copy = dict(old)
        records = self._list(self._tasks_key)
        records[next(number for number, record in enumerate(records) if record is old)] = copy
        return copy

    def _list(self, key: str) -> list[Any]:
        if key not in self._copied:
            self.value[key] = list(self.value.get(key) or [])
            self._copied.add(key)
        found: list[Any] = self.value[key]
        return found

    def _activity(self, kind: str, task_id: str, task_name: str, details: Mapping[str, object]) -> None:
        stamp = f"activity-{_milliseconds(self.now)}-{self._token()}"
        entry = {
            "id": stamp,
            "type": kind,
            "todoId": task_id,
            "todoName": task_name,
            "timestamp": self.now,
            "details": dict(details),
        }
        activities = self._list("activities")
        activities.append(entry)
        del activities[:-MAX_ACTIVITIES]
        self._touch()

    def _touch(self) -> None:
        if not _count(self.value.get("nextTaskNumber")):
            self.value["nextTaskNumber"] = next_number(self.value)
        self.value["lastModified"] = self.now


def next_number(value: Mapping[str, Any]) -> int:
    """Give the number after every one in use; what is left of a deleted task counts, so that none inherits it."""
    ids = {record_id(record) for record in task_records(value)}
    left = {record_id(record, "todoId") for key in ("comments", "activities") for record in records_of(value.get(key))}
    numbers = [1, _count(value.get("nextTaskNumber"))]
    numbers += [int(match[1]) + 1 for name in ids | left if (match := _NUMBERED.match(name))]
    numbers += [_count(record.get("taskNumber")) + 1 for record in task_records(value)]
    number = max(numbers)
    while f"T-{number}" in ids:
        number += 1
    return number


def next_comment(value: Mapping[str, Any], task_id: str) -> int:
    """Give the number for a task's next comment, after the highest of its present ones."""
    prefix = f"{task_id}-C-"
    inline = (
        row for task in task_records(value) if record_id(task) == task_id for row in records_of(task.get("comments"))
    )
    taken = (record_id(row) for row in (*records_of(value.get("comments")), *inline))
    numbers = (name.removeprefix(prefix) for name in taken if name.startswith(prefix))
    return 1 + max((int(number) for number in numbers if re.fullmatch(r"\d{1,9}", number)), default=0)


def not_found(task_id: str, known: Iterable[str]) -> TaskNotFoundError:
    """Make the error for an id that does not exist, naming ids that look alike."""
    import difflib  # noqa: PLC0415 - needed for this error alone

    near = difflib.get_close_matches(task_id, list(known), n=3, cutoff=0.7)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    return TaskNotFoundError(
        f"There is no task {task_id}.", next_step=f"{hint}`prentice list` shows the tasks of this project."
    )


def _holds(record: Mapping[str, Any], task: Task, name: str, value: object) -> bool:
    """Whether a field of a task has the value already."""
    present = getattr(task, name) if hasattr(task, name) else record.get(name)
    return bool(present == (tuple(value) if isinstance(value, list) and isinstance(present, tuple) else value))


def _twins(name: str) -> Sequence[str]:
    """Give the further keys under which other tools keep a copy of a field."""
    return {"name": NAME_KEYS[1:], "dependencies": ("dependsOn",)}.get(name, ())


def _present_key(record: Mapping[str, Any], name: str) -> str:
    """Give the key under which the record holds a field, so that no second spelling is added."""
    spellings: Mapping[str, Sequence[str]] = {
        "name": NAME_KEYS,
        "description": DESCRIPTION_KEYS,
        "parent": PARENT_KEYS,
    }
    keys = spellings.get(name, (name,))
    return next((key for key in keys if key in record), keys[0])


def _count(value: object) -> int:
    """Give a counter's value, 0 for what cannot be one (null, text, a number that JavaScript would round)."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**9 else 0


def _milliseconds(stamp: str) -> int:
    from datetime import datetime  # noqa: PLC0415 - only writers need it

    return round(datetime.fromisoformat(stamp).timestamp() * 1000)
