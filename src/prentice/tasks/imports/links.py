"""What hangs together in a source: parents that exist, dependencies that exist and close no cycle."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from prentice.tasks.imports.item import ImportedTask

NAMED: Final = 20
"""Dropped links that are named one by one; of more, their number is said."""


def sound_links(tasks: Sequence[ImportedTask]) -> tuple[list[ImportedTask], list[str]]:
    """Give the tasks with the links that can stand, and a warning for each that was dropped.

    A parent waits for its children, so a link from a child to its parent, or to what waits for that, is a cycle too.
    Time is linear in tasks and links, times the depth of nesting.
    """
    known = {task.key for task in tasks}
    dropped: list[str] = []
    rooted = _sound_parents(tasks, known, dropped)
    needs: dict[str, tuple[str, ...]] = {}
    for task in rooted:
        wanted = [need for need in dict.fromkeys(task.dependencies) if need]
        needs[task.key] = tuple(need for need in wanted if need in known and need != task.key)
        for need in wanted:
            if need == task.key:
                dropped.append(f"{task.key} cannot wait for itself.")
            elif need not in known:
                dropped.append(f"{task.key} waits for {need}, which is not there.")
    parents = {task.key: task.parent for task in rooted}
    for first, second in _closing(needs, parents):
        needs[first] = tuple(need for need in needs[first] if need != second)
        dropped.append(f"{first} does not wait for {second}: that would close a cycle.")
    return [replace(task, dependencies=needs[task.key]) for task in rooted], _told(dropped)


def _told(dropped: list[str]) -> list[str]:
    """Name the first links, and say how many more there are."""
    more = len(dropped) - NAMED
    return dropped if more <= 0 else [*dropped[:NAMED], f"{more} more links were dropped for the same reasons."]


def _sound_parents(tasks: Sequence[ImportedTask], known: set[str], dropped: list[str]) -> list[ImportedTask]:
    parents = {task.key: task.parent for task in tasks}
    checked: set[str] = set()
    for task in tasks:
        if task.parent and task.parent not in known:
            dropped.append(f"{task.key} is a part of {task.parent}, which is not there.")
            parents[task.key] = ""
    for task in tasks:
        walked: list[str] = []
        on_walk: set[str] = set()
        key = task.key
        while key and key not in checked and key not in on_walk:
            walked.append(key)
            on_walk.add(key)
            key = parents[key]
        if key in on_walk:
            dropped.append(f"{walked[-1]} is not a part of {key}: each would be a part of the other.")
            parents[walked[-1]] = ""
        checked |= on_walk
    return [replace(task, parent=parents[task.key]) for task in tasks]


def _closing(needs: Mapping[str, tuple[str, ...]], parents: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Give the dependencies that close a cycle, found depth first; links from parent to child are never given up.

    A dependency is given up where it leads to a task that is being visited, or to one above such a task: from there
    the way leads down to it again. So the way of the visit, and with it all that is kept, holds no cycle.
    """
    children: dict[str, list[str]] = {key: [] for key in parents}
    for key, parent in parents.items():
        if parent:
            children[parent].append(key)
    visited: set[str] = set()
    open_below: Counter[str] = Counter()
    for root in needs:
        if root in visited:
            continue
        work = [(root, _ways(root, children, needs))]
        _open(root, parents, open_below, visited)
        while work:
            key, ways = work[-1]
            for need, is_child in ways:
                if not is_child and open_below[need]:
                    yield key, need
                elif need not in visited:
                    _open(need, parents, open_below, visited)
                    work.append((need, _ways(need, children, needs)))
                    break
            else:
                work.pop()
                _count(key, parents, open_below, -1)


def _ways(
    key: str, children: Mapping[str, Sequence[str]], needs: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, bool]]:
    yield from ((child, True) for child in children[key])
    yield from ((need, False) for need in needs[key])


def _open(key: str, parents: Mapping[str, str], open_below: Counter[str], visited: set[str]) -> None:
    visited.add(key)
    _count(key, parents, open_below, 1)


def _count(key: str, parents: Mapping[str, str], open_below: Counter[str], step: int) -> None:
    """Count a task that is being visited at itself and at every task above it."""
    while key:
        open_below[key] += step
        key = parents[key]
