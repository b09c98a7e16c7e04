"""Tasks within a number of tokens, for assistants that pay for every one they read.

Tokens are counted as UTF-8 bytes / 3.5, as everywhere in Prentice's answers to assistants (measured for MCP answers of
several models' tokenizers; exact counts differ per model). No answer is longer than was asked for, every page shows at
least one task, and pages one after the other give each task once.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from prentice.errors import UsageError
from prentice.tasks.record import Task
from prentice.tasks.todolist import TodoList

BYTES_PER_TOKEN: Final = 3.5
FEWEST_TOKENS: Final = 50
"""Below this not even one task could be told from another."""
MARK: Final = "…"
"""Stands where text was left out."""
_LONGEST_ID: Final = 60
_LONGEST_WORD: Final = 20
"""Of a status or priority that some other tool made up."""
_LONGEST_NAME: Final = 100
_LONGEST_TAGS: Final = 40
_NEEDS_NAMED: Final = 3

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Brief:
    """One page: its text, how many tasks it shows of `total`, and where the next begins, None after the last."""

    text: str
    shown: int
    total: int
    next_offset: int | None

    def document(self) -> Document:
        """Give the page as JSON values."""
        return {"text": self.text, "shown": self.shown, "total": self.total, "next_offset": self.next_offset}


def brief(
    todolist: TodoList, tasks: Sequence[Task], *, tokens: int, offset: int = 0, limit: int | None = None
) -> Brief:
    """Give one line for each task from `offset` on, at most `limit`, and what is left in the last line.

    A line is the id, status, priority and name, its tags, and what it waits for; long parts are cut at a word's end.

    Raises:
        UsageError: fewer than FEWEST_TOKENS tokens.
    """
    room = room_for(tokens)
    page = tasks[offset:] if limit is None else tasks[offset : offset + limit]
    if not page:
        return Brief(f"(None from offset {offset} on, {len(tasks)} in all.)", 0, len(tasks), None)
    room -= size(_longest_rest(len(tasks))) + 1
    lines: list[str] = []
    for task in page:
        line = _line(todolist, task)
        if not lines:
            line = cut(line, room)
        if size(line) + 1 > room and lines:
            break
        lines.append(line)
        room -= size(line) + 1
    end = offset + len(lines)
    text = "\n".join([*lines, _rest(offset, end, len(tasks))])
    return Brief(text, len(lines), len(tasks), end if end < len(tasks) else None)


def brief_json(tasks: Sequence[Task], *, tokens: int, offset: int = 0, limit: int | None = None) -> Brief:
    """Give the tasks' documents as a list of compact JSON: descriptions are cut first, then fewer tasks are given.

    One task that is too large by itself loses more: its times, most of its name, its tags and dependencies.

    Raises:
        UsageError: fewer than FEWEST_TOKENS tokens.
    """
    room = room_for(tokens) - len("[]")
    page = tasks[offset:] if limit is None else tasks[offset : offset + limit]
    written: list[str] = []
    for length in (None, *LENGTHS):
        written = list(_fitting((compact(with_description(task.document(), length)) for task in page), room))
        if len(written) == len(page):
            break
    if page and not written:
        written = [next(text for shorten in LEAST if size(text := compact(shorten(page[0].document()))) <= room)]
    end = offset + len(written)
    return Brief(f"[{','.join(written)}]", len(written), len(tasks), end if written and end < len(tasks) else None)


def room_for(tokens: int, *, fewest: int = FEWEST_TOKENS) -> int:
    """Give the bytes that a number of tokens has, less the line end after the answer.

    Raises:
        UsageError: fewer than the `fewest` tokens.
    """
    if tokens < fewest:
        raise UsageError(f"Nothing useful fits into {tokens} tokens.", next_step=f"Use `--tokens {fewest}` or more.")
    return int(tokens * BYTES_PER_TOKEN) - 1


def size(text: str) -> int:
    """Give the bytes of a text in UTF-8."""
    return len(text.encode("utf-8", "replace"))


def cut(text: str, room: int) -> str:
    """Give at most `room` bytes of a text, cut at a word's end, with MARK where something was left out."""
    if size(text) <= room:
        return text
    head = text.encode("utf-8", "replace")[: max(0, room - size(MARK))].decode("utf-8", "ignore")
    words, _, _ = head.rpartition(" ")
    kept = words if size(words) * 2 >= size(head) and not text[len(head) : len(head) + 1].isspace() else head
    return f"{kept.rstrip()}{MARK}" if room >= size(MARK) else ""


def one_line(text: str) -> str:
    """Give text in one line, without what a terminal obeys or nobody sees."""
    line = " ".join(text.split())
    return line if line.isprintable() else "".join(sign if sign.isprintable() else "\ufffd" for sign in line)


def compact(document: object) -> str:
    """Write JSON without blanks, in the document's own characters."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace").decode()


def heading(task: Task) -> str:
    """Give the id, status, priority and name of a task, none of them without end."""
    words = (cut(one_line(word), _LONGEST_WORD) for word in (task.status, task.priority))
    return " ".join([cut(one_line(task.id), _LONGEST_ID), *words, cut(one_line(task.name), _LONGEST_NAME)])


def surroundings(todolist: TodoList, task: Task) -> str:
    """Give a task's tags, who works on it and what it waits for, each after a blank."""
    tags = "".join(f" #{tag.removeprefix('#')}" for name in task.tags if (tag := one_line(name).replace(" ", "_")))
    waits = [cut(one_line(need), _LONGEST_ID) for need in todolist.blockers(task)]
    more = f" +{len(waits) - _NEEDS_NAMED}" if len(waits) > _NEEDS_NAMED else ""
    claim = task.claim and not task.claim.expired and f" claimed by {cut(one_line(task.claim.worker), _LONGEST_TAGS)}"
    needs = f" waits for {', '.join(waits[:_NEEDS_NAMED])}{more}" if waits else ""
    return f"{cut(tags, _LONGEST_TAGS)}{claim or ''}{needs}"


def _line(todolist: TodoList, task: Task) -> str:
    return heading(task) + surroundings(todolist, task)


def _rest(offset: int, end: int, total: int) -> str:
    """Say which tasks a page shows, how many are left, and where the next page begins."""
    left = f"{total - end} left, next: offset {end}" if end < total else "none left"
    return f"({offset + 1}-{end} of {total}, {left}.)"


def _longest_rest(total: int) -> str:
    return f"({total}-{total} of {total}, {total} left, next: offset {total}.)"


def _fitting(texts: Iterable[str], room: int) -> Iterator[str]:
    for text in texts:
        room -= size(text)
        if room < 0:
            return
        yield text
        room -= len(",")


def with_description(document: Mapping[str, Any], length: int | None) -> Document:
    """Give a task's document with at most so many bytes of its description, None for all."""
    short = dict(document)
    if length is not None:
        short["description"] = cut(short["description"], length)
    return short


def _without_times(document: Mapping[str, Any]) -> Document:
    """Keep what a task is, and a few of its tags and dependencies."""
    return {
        "id": document["id"],
        "name": cut(document["name"], 60),
        "status": cut(document["status"], _LONGEST_WORD),
        "priority": cut(document["priority"], _LONGEST_WORD),
        "tags": [cut(tag, _LONGEST_WORD) for tag in document["tags"][:_NEEDS_NAMED]],
        "dependencies": [cut(need, _LONGEST_ID) for need in document["dependencies"][:_NEEDS_NAMED]],
        "description": "",
        "created": "",
        "lastModified": "",
    }


def _bare(document: Mapping[str, Any]) -> Document:
    return _without_times(document) | {"name": cut(document["name"], 30), "tags": [], "dependencies": []}


def _barest(document: Mapping[str, Any]) -> Document:
    """Keep what fits into FEWEST_TOKENS in every case."""
    rooms = {"id": 16, "name": 5, "status": 11, "priority": 8}
    return _bare(document) | {key: _plain(document[key], room) for key, room in rooms.items()}


def _plain(text: str, room: int) -> str:
    """Cut text in which nothing needs escaping."""
    return cut("".join(sign if sign.isprintable() and sign not in '"\\' else "?" for sign in text), room)


LENGTHS: Final = (800, 300, 120, 60, 0)
"""Bytes that descriptions are cut to, one after the other, until the documents fit."""
LEAST: Final = (_without_times, _bare, _barest)
"""What one document is shortened to where no description is short enough; the last always fits."""
