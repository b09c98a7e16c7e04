"""The mark that every imported task carries in its record, and finding tasks by it.

    "prentice": {"proposal": UID, "key": "5.2", "source": "task-master:5.2", "name": NAME IN THE SOURCE}

Written in the same replacement of the file as the task itself: that makes a repeated or interrupted approval safe, and
lets a second import of the same source know its tasks, whatever they were renamed to since.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from prentice.tasks.claims import OWN_KEY
from prentice.tasks.imports.item import ImportedTask
from prentice.tasks.record import record_id
from prentice.tasks.todolist import TodoList
from prentice.tasks.words import content_words, jaccard

_ALIKE: Final = 0.5
"""From this share of common words two names are one entry's, edited since; other projects have the same ids."""


def mark(task: ImportedTask, proposal: str) -> dict[str, object]:
    """Give the mark of a task that is made from an entry of a proposal, named by its uid."""
    return {"proposal": proposal, "key": task.key, "source": task.source, "name": task.name}


def earlier_imports(todolist: TodoList, tasks: Sequence[ImportedTask]) -> dict[str, str]:
    """Give by key the tasks of the list that were made from the same entries before.

    The entry's id and its name then have to agree: another project of the same tool has the same ids.
    """
    marked: dict[str, list[tuple[str, str, str]]] = {}
    for record in todolist.records.values():
        own = _mark(record)
        if own.get("source"):
            current = todolist.tasks[record_id(record)].name
            marked.setdefault(str(own["source"]), []).append((record_id(record), str(own.get("name", "")), current))
    return {task.key: found for task in tasks if (found := _match(task.name, marked.get(task.source, ())))}


def _mark(record: Mapping[str, Any]) -> Mapping[str, Any]:
    found = record.get(OWN_KEY)
    return found if isinstance(found, Mapping) else {}


def _match(name: str, marked: Iterable[tuple[str, str, str]]) -> str:
    words = content_words(name)
    for task_id, *names in marked:
        for other in names:
            if name == other or jaccard(words, content_words(other)) >= _ALIKE:
                return task_id
    return ""
