"""Choosing from the list: filters, ranked text search, order, and one page of what was found."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from prentice.errors import UsageError
from prentice.tasks.record import Task, priority_rank
from prentice.tasks.todolist import TodoList
from prentice.tasks.words import content_words

NAME_WEIGHT: Final = 8
TAG_WEIGHT: Final = 4
DESCRIPTION_WEIGHT: Final = 2
COMMENT_WEIGHT: Final = 1
"""What a word that was searched for is worth where it stands: each field more than all after it together, so that a
name always beats what only mentions the word. How rare a word is does not matter: all of them have to occur."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which tasks, in which order, and which page of them. A field that is empty asks for nothing.

    `status` and `priority` are Todo2's own spellings. Without a `status`, closed tasks are left out unless `closed`.
    `tags` have to be there all. `text` is words that have to occur all, in any form. `sort` names keys of SORT_KEYS,
    the first deciding; a `-` before one turns it around. `limit` and `offset` count tasks.

    Raises:
        UsageError: a sort key is unknown, the limit is under 1, or the offset under 0.
    """

    status: str = ""
    priority: str = ""
    tags: tuple[str, ...] = ()
    ready: bool = False
    text: str = ""
    parent: str = ""
    closed: bool = False
    sort: tuple[str, ...] = ()
    limit: int | None = None
    offset: int = 0

    def __post_init__(self) -> None:
        for key in self.sort:
            if key.removeprefix("-") not in SORT_KEYS:
                raise UsageError(
                    f"Tasks cannot be sorted by {key!r}.",
                    next_step=f"Use {', '.join(SORT_KEYS)}, with `-` before one for the other direction.",
                )
        if self.limit is not None and self.limit < 1:
            raise UsageError(f"{self.limit} tasks cannot be shown.", next_step="Use `--limit 1` or more.")
        if self.offset < 0:
            raise UsageError(f"No page begins at {self.offset}.", next_step="Use `--offset 0` or more.")


@dataclass(frozen=True, slots=True)
class Selection:
    """One page of the tasks found: of `total`, the next page begins at `next_offset`, None after the last."""

    tasks: tuple[Task, ...]
    total: int
    next_offset: int | None


def select(todolist: TodoList, query: Query) -> Selection:
    """Give the page of tasks that a query asks for.

    Without sort keys a text search gives the best match first, `ready` what `next` would give first, and anything else
    the file's order. The time is linear in the list, but for sorting what was found.

    Raises:
        UsageError: the text has no word that can be searched for.
    """
    candidates = todolist.ready() if query.ready else todolist.tasks.values()
    found = [task for task in candidates if _passes(task, query)]
    if query.text.strip():
        found = _ranked(todolist, found, query.text)
    for key in reversed(query.sort):  # sorting is stable, so the first key is applied last
        _sort(found, key)
    page = found[query.offset :] if query.limit is None else found[query.offset : query.offset + query.limit]
    end = query.offset + len(page)
    return Selection(tuple(page), len(found), end if end < len(found) else None)


def _passes(task: Task, query: Query) -> bool:
    return (
        (task.status == query.status if query.status else query.closed or task.is_open)
        and (not query.priority or task.priority == query.priority)
        and (not query.parent or task.parent == query.parent)
        and all(tag in task.tags for tag in query.tags)
    )


def _ranked(todolist: TodoList, tasks: Iterable[Task], text: str) -> list[Task]:
    """Give the tasks in which every word of the text occurs, best first, equals in the order given."""
    wanted = content_words(text)
    if not wanted:
        raise UsageError(
            f"{text!r} has no word that can be searched for.", next_step="Search for words that say what is meant."
        )
    scored = [(score, task) for task in tasks if (score := _score(task, _said(todolist, task), wanted))]
    return [task for _, task in sorted(scored, key=lambda entry: -entry[0])]


def _said(todolist: TodoList, task: Task) -> str:
    return "\n".join(comment.content for comment in todolist.comments(task.id))


def _score(task: Task, comments: str, wanted: frozenset[str]) -> int:
    """Give 0 when a word is missing, else the words' weights added up."""
    fields = (
        (NAME_WEIGHT, task.name),
        (TAG_WEIGHT, " ".join(task.tags)),
        (DESCRIPTION_WEIGHT, task.description),
        (COMMENT_WEIGHT, comments),
    )
    whole = _folded("\n".join(text for _, text in fields))
    if not all(_folded(word) in whole for word in wanted):  # a stem begins its word: quick, and passes all that match
        return 0
    words = [(weight, content_words(text) & wanted) for weight, text in fields]
    if len(frozenset().union(*(there for _, there in words))) < len(wanted):
        return 0
    return sum(weight * len(there) for weight, there in words)


def _folded(text: str) -> str:
    """Give text as words are compared; a Greek sigma's form depends on what follows, also past the word's end."""
    return text.lower().replace("\u2019", "'").replace("\u03c2", "\u03c3")


def _sort(tasks: list[Task], key: str) -> None:
    """Sort in place; tasks without a value for the key stand last in both directions."""
    descending = key.startswith("-")
    value = SORT_KEYS[key.removeprefix("-")]

    def place(task: Task) -> tuple[bool, object]:
        found = value(task)
        return ((not found) != descending, found)

    tasks.sort(key=place, reverse=descending)


def _natural(text: str) -> tuple[tuple[bool, int, str], ...]:
    """Order T-2 before T-10; by the digits themselves, because ids may have thousands of them."""
    parts = (part for part in re.split(r"([0-9]+)", text) if part)
    return tuple(
        (False, len(digits := part.lstrip("0")), digits) if part[0] in "0123456789" else (True, 0, part.casefold())
        for part in parts
    )


def _moment(spelling: str) -> tuple[float, ...]:
    """Give the seconds since 1970 of a time as the file spells it, nothing for what is no time."""
    try:
        moment = datetime.fromisoformat(spelling)
    except ValueError:
        return ()
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp(),)


SORT_KEYS: Final[Mapping[str, Callable[[Task], tuple[object, ...]]]] = {
    "id": lambda task: _natural(task.id),
    "priority": lambda task: (priority_rank(task.priority),),
    "created": lambda task: _moment(task.created),
    "modified": lambda task: _moment(task.last_modified),
    "name": lambda task: (task.name.casefold(),),
}
"""What tasks can be sorted by; `priority` gives the most urgent first."""
