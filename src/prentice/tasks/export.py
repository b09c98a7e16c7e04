"""The task list in formats that other programs read: Markdown for people, CSV for spreadsheets, JSON for scripts."""

import csv
import io
import json
import re
from collections.abc import Iterable
from typing import Final, Literal

from prentice.tasks.record import STATUSES, Task
from prentice.tasks.todolist import TodoList

Format = Literal["markdown", "csv", "json"]

CSV_COLUMNS: Final = (
    "id", "name", "status", "priority", "tags", "dependencies", "parent", "created", "lastModified",
)  # fmt: skip
"""The header of the CSV, named as in the JSON documents; `description` follows where it was asked for."""

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n", "\0")
"""What makes spreadsheets evaluate a cell: the signs, their full-width forms, and what some skip before them (OWASP,
"CSV Injection" and ASVS 1.2.10)."""
_MARKUP: Final = re.compile(r"[\\`*\[\]<~$]|&(?=[#\w])|(?<![^\W_])_|_(?![^\W_])")
"""What could begin markup within a line of GitHub's Markdown; an underscore inside a word cannot."""
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


def to_markdown(tasks: Iterable[Task], *, descriptions: bool = False) -> str:
    """Give the tasks as check lists under a heading for each status, closed tasks ticked.

    Text of tasks is escaped and put on one line, so that it cannot end or add an item. A description stands below its
    task as a fenced block, word for word.
    """
    groups: dict[str, list[Task]] = {status: [] for status in STATUSES}
    for task in tasks:
        groups.setdefault(task.status, []).append(task)
    lines = ["# Tasks"]
    for status, members in groups.items():
        if members:
            lines += ["", f"## {_escaped(status).replace('#', chr(92) + '#')}", ""]
        for task in members:
            lines.append(_item(task))
            if descriptions and task.description:
                lines += _fenced(task.description)
    return "\n".join(lines) + "\n"


def to_csv(tasks: Iterable[Task], *, descriptions: bool = False) -> str:
    r"""Give the tasks as CSV with a header (RFC 4180: lines end in `\r\n`), several tags or ids joined by `, `.

    A cell that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    columns = (*CSV_COLUMNS, "description") if descriptions else CSV_COLUMNS
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(columns)
    for task in tasks:
        document = task.document()
        writer.writerow([_cell(document.get(column, "")) for column in columns])
    return written.getvalue()


def to_json(todolist: TodoList, tasks: Iterable[Task]) -> str:
    """Give the tasks as a JSON list of their documents, each with its `comments` from the list."""
    documents = [
        task.document() | {"comments": [comment.document() for comment in todolist.comments(task.id)]} for task in tasks
    ]
    return json.dumps(documents, ensure_ascii=False, indent=2) + "\n"


def _item(task: Task) -> str:
    words = [task.id, task.name, f"({task.priority})", *(f"#{tag}" for tag in task.tags)]
    if task.dependencies:
        words[-1] += ","
        words += ["needs", ", ".join(task.dependencies)]
    return f"- [{' ' if task.is_open else 'x'}] {_escaped(' '.join(words))}"


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", " ".join(text.split()))


def _fenced(text: str) -> list[str]:
    """Give the lines of a code block inside a list item, its fence longer than every run of backticks in the text."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    body = [f"  {line}" if line else "" for line in _LINE_END.split(text)]
    return [f"  {fence}text", *body, f"  {fence}"]


def _cell(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"'{text}" if text.lstrip(" \u00a0\u3000").startswith(_FORMULA_STARTS) else text
