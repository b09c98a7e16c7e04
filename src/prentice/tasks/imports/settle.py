"""Making what a source holds fit for the list: keys, names, statuses and links that can stand."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from prentice.tasks.imports.item import LABELS, Format, Found, ImportedTask, LeftOut
from prentice.tasks.imports.links import NAMED, sound_links
from prentice.tasks.imports.wording import one_line, short_name, tag_of
from prentice.tasks.record import PRIORITIES, canonical_priority, canonical_status

TAGS: Final = 20
_CLOSED: Final = "Done"
_CANCELLED: Final = "cancelled"


def settle(found: Found, kind: Format, *, closed: bool) -> Found:
    """Give the tasks as they can be made. Those that are closed in the source are left out unless `closed`.

    Nothing is dropped without a word: every entry is among the tasks or left out, every link among the warnings.
    """
    warnings = list(found.warnings)
    left_out = list(found.left_out)
    named = [task for task in _unique(found.tasks, warnings) if _has_name(task, left_out)]
    linked, dropped = sound_links([_worded(task, warnings) for task in named])
    linked = _with_priorities(linked)
    warnings += dropped
    kept: list[ImportedTask] = []
    over: list[ImportedTask] = []
    begun: list[str] = []
    for task in linked:
        status = _CANCELLED if task.status == _CANCELLED else canonical_status(task.status)
        if status == _CANCELLED:
            left_out.append(LeftOut(key=task.key, name=task.name, why=f"it was cancelled in {LABELS[kind]}"))
            over.append(task)
        elif status == _CLOSED and not closed:
            over.append(task)
            left_out.append(LeftOut(key=task.key, name=task.name, why="it is done; `--closed` takes it too"))
        else:
            kept.append(replace(task, status=_CLOSED if status == _CLOSED else "Todo"))
            if status in {"In Progress", "Review"}:
                begun.append(task.key)
    if begun:
        warnings.append(f"Begun in {LABELS[kind]}, and Todo here: {_several(begun)}.")
    return Found(tasks=tuple(kept), left_out=tuple(left_out), warnings=tuple(warnings), closed=tuple(over))


def _unique(tasks: Sequence[ImportedTask], warnings: list[str]) -> list[ImportedTask]:
    """Give every task a key of its own; links to a key that comes twice mean the first."""
    taken = {task.key for task in tasks}
    seen: set[str] = set()
    found: list[ImportedTask] = []
    for task in tasks:
        key, number = task.key, 1
        while key in seen or (number > 1 and key in taken):
            number += 1
            key = f"{task.key}~{number}"
        if key != task.key:
            warnings.append(f"The id {task.key} comes more than once; the key of “{_start(task.name)}” here is {key}.")
            task = replace(task, key=key, source=f"{task.source}~{number}")  # noqa: PLW2901 - the entry under its key
        seen.add(key)
        found.append(task)
    return found


def _has_name(task: ImportedTask, left_out: list[LeftOut]) -> bool:
    if one_line(task.name):
        return True
    left_out.append(LeftOut(key=task.key, name="", why="it has no title"))
    return False


def _worded(task: ImportedTask, warnings: list[str]) -> ImportedTask:
    whole = one_line(task.name)
    name = short_name(whole)
    if name != whole:
        warnings.append(f"The name of {task.key} is cut; its description has all of it.")
    tags = dict.fromkeys(tag for label in task.tags if (tag := tag_of(label)))
    return replace(
        task,
        name=name,
        original="\n\n".join(part for part in ("" if name == whole else whole, task.original) if part),
        tags=tuple(tags)[:TAGS],
    )


def _with_priorities(tasks: Sequence[ImportedTask]) -> list[ImportedTask]:
    """Give a part that has no priority its parent's; what Todo2 does not know, or nobody says, is medium."""
    said = {task.key: canonical_priority(task.priority) if task.priority else "" for task in tasks}
    parents = {task.key: task.parent for task in tasks}
    found: list[ImportedTask] = []
    for task in tasks:
        unsaid, key = [], task.key
        while not said[key] and parents[key]:
            unsaid.append(key)
            key = parents[key]
        priority = said[key] if said[key] in PRIORITIES else "medium"
        said |= dict.fromkeys(unsaid, priority)
        found.append(replace(task, priority=priority))
    return found


def _several(keys: Iterable[str]) -> str:
    named = list(keys)
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    return ", ".join(named[:NAMED]) + more


def _start(name: str) -> str:
    return short_name(one_line(name))[:60]
