"""The whole list as it was read: tasks and comments by id, the graph among them, and what to do next."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from prentice.tasks.claims import claim_of, held
from prentice.tasks.graph import Graph
from prentice.tasks.record import (
    Comment,
    Task,
    dependencies_of,
    parent_of,
    priority_rank,
    record_id,
    records_of,
    status_of,
)


@dataclass(frozen=True)
class TodoList:
    """A view on a state's value; records without an id are left out, of repeated ids the first counts.

    `now` (seconds since 1970) is when it was read, which tells the claims that are over; without it, they all last.
    """

    value: Mapping[str, Any]
    now: float | None = None

    @cached_property
    def records(self) -> Mapping[str, Mapping[str, Any]]:
        """The task records by id, in the file's order."""
        found: dict[str, Mapping[str, Any]] = {}
        for record in task_records(self.value):
            if task_id := record_id(record):
                found.setdefault(task_id, record)
        return found

    @cached_property
    def tasks(self) -> Mapping[str, Task]:
        """All tasks by id, in the file's order."""
        return {task_id: Task.from_record(record, now=self.now) for task_id, record in self.records.items()}

    def in_status(self, fits: Callable[[str], bool]) -> list[Task]:
        """Give the tasks whose status fits, in the file's order; the others are not read any further."""
        return [Task.from_record(record, now=self.now) for record in self.records.values() if fits(status_of(record))]

    @cached_property
    def graph(self) -> Graph:
        """The dependency graph of all tasks."""
        return Graph.of((task.id, task.dependencies) for task in self.tasks.values())

    def comments(self, task: str) -> list[Comment]:
        """Give the comments of a task, those of the top-level list first, then those inline in its record."""
        return list(self._comments.get(task, ()))

    @cached_property
    def _comments(self) -> Mapping[str, list[Comment]]:
        """All comments by task, read in one pass."""
        found: dict[str, list[Comment]] = defaultdict(list)
        for record in records_of(self.value.get("comments")):
            found[record_id(record, "todoId")].append(Comment.from_record(record))
        for owner in task_records(self.value):
            task = record_id(owner)
            inline = owner.get("comments")
            if inline:
                found[task] += [Comment.from_record(record, task=task) for record in records_of(inline)]
        return found

    def ready(self) -> list[Task]:
        """Give the tasks that can be started, best first.

        Ready means Todo with every dependency Done, and no claim that lasts. First come steps of a parent that has
        begun, then priority, then what unblocks most, then the file's order.
        """
        status = {task_id: status_of(record) for task_id, record in self.records.items()}
        waiting = [
            Task.from_record(record, now=self.now)  # only these: most tasks of a long list are Done
            for task_id, record in self.records.items()
            if status[task_id] == "Todo"
            and all(status.get(need) == "Done" for need in dependencies_of(record))
            and not held(claim_of(record, now=self.now))
        ]
        wanted = Counter(need for record in self.records.values() for need in dependencies_of(record))
        begun = self._begun_parents(status)
        return sorted(
            waiting, key=lambda task: (task.parent not in begun, priority_rank(task.priority), -wanted[task.id])
        )

    def blockers(self, task: Task) -> tuple[str, ...]:
        """Give the dependencies of a task that are not Done, ids that do not exist among them."""
        return tuple(need for need in task.dependencies if need not in self.tasks or self.tasks[need].status != "Done")

    def children(self, parent: str) -> list[Task]:
        """Give the tasks whose parent this is."""
        return [task for task in self.tasks.values() if task.parent == parent]

    def _begun_parents(self, status: Mapping[str, str]) -> set[str]:
        """Give the tasks that are In Progress themselves or have a step that is, or was."""
        begun = {"Review", "Done", "In Progress"}
        stepped = {parent_of(record) for task_id, record in self.records.items() if status[task_id] in begun}
        return (stepped | {task_id for task_id, state in status.items() if state == "In Progress"}) - {""}


def task_records(value: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Give the task records of a state."""
    return records_of(value.get(tasks_key(value)))


def tasks_key(value: Mapping[str, Any]) -> str:
    """Give the key that holds the task records: `todos`, or `tasks` where a client used that name instead."""
    return "todos" if "todos" in value or "tasks" not in value else "tasks"
