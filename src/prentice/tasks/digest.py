"""One whole task within a number of tokens: what it is, what it has to fulfil, and the newest that was said of it.

Each part takes what it needs of its share of the room, and leaves the rest to those after it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from prentice.tasks import sections
from prentice.tasks.brief import (
    LEAST,
    MARK,
    Document,
    compact,
    cut,
    heading,
    one_line,
    room_for,
    size,
    surroundings,
    with_description,
)
from prentice.tasks.record import Comment, Task
from prentice.tasks.todolist import TodoList

_CRITERIA_SHARE: Final = 0.5
_COMMENTS_SHARE: Final = 0.6
"""Of what the head, and then the criteria, leave."""
_LISTS: Final = ("comments", "proposals", "runs")
_SHORTEST: Final = 40
"""Bytes below which a piece of a comment or description says nothing."""
_STEPS: Final = (
    (None, None, None), (None, None, 300), (None, 5, 300), (None, 3, 200), (800, 3, 200), (300, 3, 100), (120, 1, 100),
    (60, 1, 60), (0, 0, 0),
)  # fmt: skip
"""Bytes of the description, how many comments, bytes of each: one step after the other until the document fits."""
FEWEST_JSON_TOKENS: Final = 80
"""The keys of the document alone take more than half of it."""


def digest(todolist: TodoList, task: Task, *, tokens: int) -> str:
    """Give a task as text: its head, the acceptance criteria, the newest comments, then its description.

    What was cut ends in MARK, and the last line then says that the task has more.

    Raises:
        UsageError: too few tokens for anything useful.
    """
    room = room_for(tokens)
    comments = todolist.comments(task.id)[::-1]
    criteria = [f"- {one_line(item)}" for item in sections.parse(task.description).criteria]
    head = heading(task) + surroundings(todolist, task)
    description = _lines(task.description)
    whole = "\n".join([head, *criteria, *map(_comment, comments), *description])
    if size(whole) <= room and head.find(MARK) < 0:
        return whole
    more = f"(shortened: {len(criteria)} criteria, {len(comments)} comments)"
    room -= size(more) + 1
    lines = [cut(head, room)]
    room -= size(lines[0]) + 1
    for part, share in ((criteria, _CRITERIA_SHARE), (map(_comment, comments), _COMMENTS_SHARE), (description, 1.0)):
        taken = list(_taken(part, int(room * share)))
        room -= sum(size(line) + 1 for line in taken)
        lines += taken
    return "\n".join([*lines, more])


def digest_json(document: Mapping[str, Any], *, tokens: int) -> str:
    """Give the document of `show` as compact JSON: description and comments are cut, old comments left out first.

    `comments`, `proposals` and `runs` are lists in the order of time.

    Raises:
        UsageError: too few tokens for anything useful.
    """
    room = room_for(tokens, fewest=FEWEST_JSON_TOKENS)
    shorter = (_shortened(document, *step) for step in _STEPS)
    least = (shorten(document) | dict.fromkeys(_LISTS, ()) for shorten in LEAST)
    return next(text for short in (*shorter, *least) if size(text := compact(short)) <= room)


def _shortened(document: Mapping[str, Any], length: int | None, count: int | None, each: int | None) -> Document:
    short = with_description(document, length)
    if count is not None:
        short |= {key: short[key][len(short[key]) - min(count, len(short[key])) :] for key in _LISTS}
    if each is not None:
        short["comments"] = [comment | {"content": cut(comment["content"], each)} for comment in short["comments"]]
    return short


def _comment(comment: Comment) -> str:
    return f"[{one_line(comment.type)} {one_line(comment.created)[:10]}] {one_line(comment.content)}"


def _lines(text: str) -> list[str]:
    return [one_line(line) for line in sections.restore_breaks(text).splitlines() if line.strip()]


def _taken(lines: Sequence[str] | Iterator[str], room: int) -> Iterator[str]:
    """Give the lines that fit into the room, the last one cut where that still says something."""
    for line in lines:
        if size(line) + 1 > room:
            if room > _SHORTEST:
                yield cut(line, room - 1)
            return
        yield line
        room -= size(line) + 1
