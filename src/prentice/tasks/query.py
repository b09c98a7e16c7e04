"""Choosing from the list: filters, ranked text search, order, and one page of what was found."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, TypedDict, get_args

from prentice.errors import UsageError
from prentice.tasks.claims import held, held_by
from prentice.tasks.moments import moment
from prentice.tasks.plan import Lane
from prentice.tasks.record import Task, is_open, priority_rank
from prentice.tasks.rules import priority_named, status_named
from prentice.tasks.search import best_first
from prentice.tasks.todolist import TodoList

LANES: Final = get_args(Lane)

Lanes: TypeAlias = Callable[[Sequence[Task]], Iterable[str]]
"""Gives the lane of each task, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which tasks, in which order, and which page of them. A field that is empty asks for nothing.

    `status` and `priority` are Todo2's own spellings. Without a `status`, closed tasks are left out unless `closed`.
    `tags` have to be there all. `text` is words that have to occur all, in any form. `claimed` asks for a claim that
    lasts, `worker` for one of this worker. `sort` names keys of SORT_KEYS, the first deciding; a `-` before one turns
    it around. `limit` and `offset` count tasks.

    Raises:
        UsageError: a lane or sort key is unknown, the limit is under 1, or the offset under 0.
    """

    status: str = ""
    priority: str = ""
    tags: tuple[str, ...] = ()
    ready: bool = False
    text: str = ""
    lane: Lane | Literal[""] = ""
    parent: str = ""
    claimed: bool = False
    worker: str = ""
    closed: bool = False
    sort: tuple[str, ...] = ()
    limit: int | None = None
    offset: int = 0

    def __post_init__(self) -> None:
        if self.lane and self.lane not in LANES:
            raise UsageError(f"{self.lane!r} is not a lane.", next_step=f"Use one of: {', '.join(LANES)}.")
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


class Filters(TypedDict, total=False):
    """The fields of a `Query` as a user may put them: any spelling, one tag or sort key or several."""

    status: str
    priority: str
    tags: str | Iterable[str]
    ready: bool
    text: str
    lane: str
    parent: str
    claimed: bool
    worker: str
    closed: bool
    sort: str | Iterable[str]
    limit: int | None
    offset: int


def query_of(filters: Filters) -> Query:
    """Read what a user asks for; sort keys may stand in one text with commas.

    Raises:
        UsageError: a status, priority, lane or sort key is unknown, or the page makes no sense.
        TypeError: there is no such filter.
    """
    asked: dict[str, Any] = dict(filters)
    if status := asked.get("status"):
        asked["status"] = status_named(status)
    if priority := asked.get("priority"):
        asked["priority"] = priority_named(priority)
    tags, sort = asked.get("tags", ()), asked.get("sort", ())
    asked["tags"] = (tags,) if isinstance(tags, str) else tuple(tags)
    keys = sort.split(",") if isinstance(sort, str) else sort
    asked["sort"] = tuple(name for key in keys if (name := key.strip()))
    return Query(**asked)


@dataclass(frozen=True, slots=True)
class Selection:
    """One page of the tasks found: of `total`, the next page begins at `next_offset`, None after the last."""

    tasks: tuple[Task, ...]
    total: int
    next_offset: int | None

    def document(self) -> list[dict[str, object]]:
        """Give the tasks as the JSON document of `list`."""
        return [task.document() for task in self.tasks]


def select(todolist: TodoList, query: Query, *, lanes: Lanes | None = None) -> Selection:
    """Give the page of tasks that a query asks for.

    Without sort keys a text search gives the best match first, `ready` what `next` would give first, and anything else
    the file's order. `lanes` judges tasks, which takes long: it gets only those that pass all other filters. The rest
    of the time is linear in the list, but for sorting what was found.

    Raises:
        UsageError: the text has no word that can be searched for.
        ValueError: a lane is asked for, and nobody to judge is given.
    """
    candidates = todolist.ready() if query.ready else todolist.in_status(lambda status: _fits(status, query))
    found = [task for task in candidates if _passes(task, query)]
    if query.text.strip():
        found = best_first(todolist, found, query.text)
    if query.lane:
        if lanes is None:
            raise ValueError("a lane is asked for, and nothing that judges tasks is given")
        found = [task for task, lane in zip(found, lanes(found), strict=True) if lane == query.lane]
    for key in reversed(query.sort):  # sorting is stable, so the first key is applied last
        _sort(found, key)
    page = found[query.offset :] if query.limit is None else found[query.offset : query.offset + query.limit]
    end = query.offset + len(page)
    return Selection(tuple(page), len(found), end if end < len(found) else None)


def _fits(status: str, query: Query) -> bool:
    return status == query.status if query.status else query.closed or is_open(status)


def _passes(task: Task, query: Query) -> bool:
    return (
        _fits(task.status, query)
        and (not query.priority or task.priority == query.priority)
        and (not query.parent or task.parent == query.parent)
        and (not query.claimed or held(task.claim))
        and (not query.worker or held_by(task.claim, query.worker))
        and all(tag in task.tags for tag in query.tags)
    )


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
    seconds = moment(spelling)
    return () if seconds is None else (seconds,)


SORT_KEYS: Final[Mapping[str, Callable[[Task], tuple[object, ...]]]] = {
    "id": lambda task: _natural(task.id),
    "priority": lambda task: (priority_rank(task.priority),),
    "created": lambda task: _moment(task.created),
    "modified": lambda task: _moment(task.last_modified),
    "name": lambda task: (task.name.casefold(),),
}
"""What tasks can be sorted by; `priority` gives the most urgent first."""
