"""Task Master's tasks.json: lists of tasks by tag, or one list in the older form, with subtasks in each task.

Fields as Task Master 0.43 writes them. Its texts go into sections; ids of subtasks are `task.subtask`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from prentice.errors import ImportSourceError
from prentice.tasks.imports.item import Found, ImportedTask, LeftOut
from prentice.tasks.imports.json_text import load
from prentice.tasks.imports.wording import is_plain, key_of, lines_of, one_line, tag_of, text_of, texts_of

MAIN_TAG: Final = "master"
_CANCELLED: Final = frozenset({"cancelled", "canceled"})
_KEPT_STATUSES: Final = frozenset({"deferred", "blocked"})
"""Statuses that Todo2 does not have and that are no progress; they become tags."""


def recognizes(value: object) -> bool:
    """Whether a JSON value has the shape of tasks.json."""
    return isinstance(value, Mapping) and bool(_tags(value))


def read(text: str, *, tag: str = "") -> Found:
    """Read the tasks of a tag: `master` where none is named, or the only one there is.

    Raises:
        ImportSourceError: it is no tasks.json, or has no such tag.
    """
    value = load(text)
    if not isinstance(value, Mapping) or not (tags := _tags(value)):
        raise ImportSourceError(
            "This is not Task Master's tasks.json: it has no list of `tasks`.",
            next_step="Give the file `.taskmaster/tasks/tasks.json`, or name the format with `--from`.",
        )
    chosen = _chosen(tags, tag)
    reader = _Reader(chosen if chosen not in {MAIN_TAG, ""} else "")
    reader.read(tags[chosen])
    others = {name: len(tasks) for name, tasks in tags.items() if name != chosen and tasks}
    if others and not tag:
        named = ", ".join(f"{one_line(name)} ({count})" for name, count in others.items())
        reader.warnings.append(f"Only the tag {chosen} was read; `--tag` reads another: {named}.")
    return Found(tasks=tuple(reader.tasks), left_out=tuple(reader.left_out), warnings=tuple(reader.warnings))


def _tags(value: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Give the lists of tasks by tag; the older form has one list, under the empty tag."""
    if isinstance(value.get("tasks"), list):
        return {"": value["tasks"]}
    return {
        name: part["tasks"]
        for name, part in value.items()
        if isinstance(part, Mapping) and isinstance(part.get("tasks"), list)
    }


def _chosen(tags: Mapping[str, list[Any]], tag: str) -> str:
    if tag:
        if tag in tags:
            return tag
        if "" in tags and tag == MAIN_TAG:
            return ""
        named = ", ".join(one_line(name) for name in tags if name)
        raise ImportSourceError(
            f"There is no tag {tag} in this file.",
            next_step=f"Its tags: {named}." if named else "It has none; leave out `--tag`.",
        )
    if len(tags) == 1:
        return next(iter(tags))
    if MAIN_TAG in tags:
        return MAIN_TAG
    raise ImportSourceError(
        "This file has several tags, and none of them is `master`.",
        next_step=f"Choose one with `--tag`: {', '.join(one_line(name) for name in tags)}.",
    )


class _Reader:
    """Walks the tasks and their subtasks, to any depth, in the file's order."""

    def __init__(self, tag: str) -> None:
        self._prefix = f"task-master:{tag_of(tag)}/" if tag else "task-master:"
        self.tasks: list[ImportedTask] = []
        self.left_out: list[LeftOut] = []
        self.warnings: list[str] = []

    def read(self, records: list[Any]) -> None:
        work = [self._level(records, parent="")]
        while work:
            task, below = next(work[-1], (None, []))
            if task is None:
                work.pop()
                continue
            self.tasks.append(task)
            work.append(self._level(below, parent=task.key))

    def _level(self, records: list[Any], *, parent: str) -> Iterator[tuple[ImportedTask | None, list[Any]]]:
        siblings = {_own_key(record, parent) for record in records if isinstance(record, Mapping)}
        for position, record in enumerate(records, start=1):
            place = f"{parent}.{position}" if parent else str(position)
            if not isinstance(record, Mapping):
                self.left_out.append(LeftOut(key=place, name="", why="it is no task, but a bare value"))
                continue
            key = _own_key(record, parent)
            if not key:
                key = f"{parent}.at-{position}" if parent else f"at-{position}"
                self.warnings.append(f"The entry at {place} has no id; its key here is {key}.")
            below = record.get("subtasks")
            yield self._task(record, key, parent, siblings), below if isinstance(below, list) else []

    def _task(self, record: Mapping[str, Any], key: str, parent: str, siblings: set[str]) -> ImportedTask:
        details = text_of(record.get("details"))
        strategy = text_of(record.get("testStrategy"))
        described = text_of(record.get("description"))
        texts = [text for text in (described, details, strategy) if text and not is_plain(text)]
        status = one_line(text_of(record.get("status"))).lower()
        kept = (status,) if status in _KEPT_STATUSES else ()
        return ImportedTask(
            key=key,
            source=self._prefix + key,
            name=text_of(record.get("title")) or text_of(record.get("name")),
            objective=" ".join(described.split()),
            criteria=tuple(line for text in texts_of(record.get("acceptanceCriteria")) for line in lines_of(text)),
            requirements=lines_of(details),
            files=tuple(path for item in _listed(record.get("relevantFiles")) if (path := _path(item))),
            testing=lines_of(strategy),
            original="\n\n".join(texts),
            status="cancelled" if status in _CANCELLED else status,
            priority=one_line(text_of(record.get("priority"))),
            tags=kept,
            dependencies=tuple(_need(item, parent, siblings) for item in _listed(record.get("dependencies"))),
            parent=parent,
        )


def _own_key(record: Mapping[str, Any], parent: str) -> str:
    key = key_of(record.get("id"))
    if not key or not parent:
        return key
    return key if key.startswith(f"{parent}.") else f"{parent}.{key}"


def _need(value: object, parent: str, siblings: set[str]) -> str:
    """Give the key that a dependency means: in a subtask a bare number is a sibling before it is a task."""
    key = key_of(value)
    sibling = f"{parent}.{key}"
    return sibling if parent and sibling in siblings else key


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _path(item: object) -> str:
    """Give an entry of `relevantFiles`, a path or an object with one."""
    if isinstance(item, Mapping):
        path, why = text_of(item.get("path")), text_of(item.get("description"))
        return one_line(f"{path}: {why}" if path and why else path)
    return one_line(text_of(item))
