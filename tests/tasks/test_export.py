import csv
import io
import json
import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from prentice.tasks.export import CSV_COLUMNS, to_csv, to_json, to_markdown
from prentice.tasks.record import Task
from prentice.tasks.todolist import TodoList

ODD = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from("\n\r\t`*_[]<>&#~|\\\"',;=+-@!$ \u2028\x85")))
NAMES = ("id", "name", "status", "priority", "description", "created", "last_modified", "parent")
TASKS = st.builds(
    Task,
    **dict.fromkeys(NAMES, ODD),
    tags=st.lists(ODD, max_size=3).map(tuple),
    dependencies=st.lists(ODD, max_size=3).map(tuple),
)
READER = MarkdownIt("commonmark").enable(["strikethrough", "table"])


def parsed(markdown: str) -> list[Token]:
    return READER.parse(markdown)


def items(tokens: list[Token]) -> list[str]:
    """Give the text of each list item's line, which has to be text and nothing else."""
    lines = []
    for opening, _, inline in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if opening.type == "list_item_open":
            assert inline.type == "inline"
            assert {child.type for child in inline.children or []} <= {"text"}
            lines.append("".join(child.content for child in inline.children or []))
    return lines


def said(task: Task) -> str:
    tags = "".join(f" #{tag}" for tag in task.tags)
    needs = f", needs {', '.join(task.dependencies)}" if task.dependencies else ""
    line = f"[{' ' if task.is_open else 'x'}] {task.id} {task.name} ({task.priority}){tags}{needs}"
    marker, words = line[:3], line[3:].split()
    return " ".join([marker, *words]).replace("\0", "\ufffd")  # as CommonMark reads it


def test_markdown_groups_tasks_by_status_and_ticks_what_is_closed() -> None:
    tasks = [
        Task(
            id="T-3", name="Warm it", status="Done", priority="high", tags=("perf", "ci"), dependencies=("T-1", "T-2")
        ),
        Task(id="T-1", name="Fix load_config in C#"),
        Task(id="T-4", name="Drop it", status="cancelled", priority="low"),
        Task(id="T-2", name="Save $5 and $6"),
    ]
    assert to_markdown(tasks) == (
        "# Tasks\n\n"
        "## Todo\n\n- [ ] T-1 Fix load_config in C# (medium)\n- [ ] T-2 Save \\$5 and \\$6 (medium)\n\n"
        "## Done\n\n- [x] T-3 Warm it (high) #perf #ci, needs T-1, T-2\n\n"
        "## cancelled\n\n- [x] T-4 Drop it (low)\n"
    )


@pytest.mark.parametrize(
    "name",
    [
        "one\n- [x] T-9 two",
        "one\r\n\r\n# two",
        "[link](https://example.org)",
        "![image][ref]",
        "`code` and `open",
        "\\*stars\\* and \\`ticks\\`",
        "</li></ul><script>alert(1)</script>",
        "<!-- open",
        "&lt;b&gt; &#60; AT&T",
        "**bold** _soft_ ~~gone~~ __dunder__",
        "$x$ and \\",
        "<https://example.org>",
    ],
)
def test_a_name_stays_text_of_its_own_item(name: str) -> None:
    task = Task(id="T-1", name=name)
    assert items(parsed(to_markdown([task, Task(id="T-2", name="after")]))) == [said(task), "[ ] T-2 after (medium)"]


@given(tasks=st.lists(TASKS, max_size=5), descriptions=st.booleans())
@example(tasks=[Task(id="T-1", name="a", description="```\n````\n- [ ] x\n</li>")], descriptions=True)
@example(tasks=[Task(id="T-1", name="a", status="x #")], descriptions=False)
def test_every_task_is_one_list_item_whatever_it_says(*, tasks: list[Task], descriptions: bool) -> None:
    markdown = to_markdown(tasks, descriptions=descriptions)
    tokens = parsed(markdown)
    assert sorted(items(tokens)) == sorted(map(said, tasks))
    headings = [inline for opening, inline in pairwise(tokens) if opening.type == "heading_open"]
    assert all({child.type for child in heading.children or []} <= {"text"} for heading in headings)
    titles = ["".join(child.content for child in heading.children or []) for heading in headings]
    statuses = {task.status: " ".join(task.status.split()).replace("\0", "\ufffd") for task in tasks}
    assert sorted(titles) == sorted(["Tasks", *statuses.values()])
    fences = [token for token in tokens if token.type == "fence"]
    assert len(fences) == (sum(bool(task.description) for task in tasks) if descriptions else 0)
    if not descriptions:
        assert sum(line.startswith("- [") for line in markdown.split("\n")) == len(tasks)


def test_a_description_stands_below_its_task_word_for_word() -> None:
    description = "🎯 **Objective:** x\n\n```python\n- [ ] no task\n```\n    deep <b>"
    tokens = parsed(to_markdown([Task(id="T-1", name="a", description=description)], descriptions=True))
    assert [token.content for token in tokens if token.type == "fence"] == [description + "\n"]


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def plain(cell: str) -> str:
    """Take off the apostrophe that keeps a spreadsheet from running the cell."""
    runs = cell[1:].lstrip(" \u00a0\u3000")[:1] in set("=+-@\uff1d\uff0b\uff0d\uff20\t\r\n\0")
    return cell[1:] if cell[:1] == "'" and cell[1:] and runs else cell


@given(st.lists(TASKS, max_size=5))
def test_csv_reads_back_to_the_same_cells(tasks: list[Task]) -> None:
    header, *rows = read(to_csv(tasks, descriptions=True))
    assert header == [*CSV_COLUMNS, "description"]
    for row, task in zip(rows, tasks, strict=True):
        assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
        expected = [
            task.id, task.name, task.status, task.priority, ", ".join(task.tags), ", ".join(task.dependencies),
            task.parent, task.created, task.last_modified, task.description,
        ]  # fmt: skip
        assert list(map(plain, row)) == list(map(plain, expected))


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\0=1", " =1", "\u3000-1", "\uff1d1", "\uff20A1"]
)
def test_csv_cells_are_no_formulas(name: str) -> None:
    assert read(to_csv([Task(id="T-1", name=name)]))[1][1] == f"'{name}"


def test_csv_keeps_descriptions_out_and_times_as_in_the_file() -> None:
    task = Task(id="T-1", name="a", description="long", created="2026-01-02 03:04", last_modified="yesterday")
    assert to_csv([task]) == (
        "id,name,status,priority,tags,dependencies,parent,created,lastModified\r\n"
        "T-1,a,Todo,medium,,,,2026-01-02 03:04,yesterday\r\n"
    )


def test_json_has_the_documents_with_all_their_comments() -> None:
    value: dict[str, Any] = {
        "todos": [
            {"id": "T-1", "name": "a", "comments": [{"id": "c-3", "content": "inline"}, "damage"]},
            {"id": "T-2", "name": "b", "comments": None},
        ],
        "comments": [
            {"id": "c-1", "todoId": "T-1", "type": "result", "content": "x", "created": "then", "lastModified": "now"},
            {"id": "c-2", "todoId": "T-9", "content": "orphan"},
        ],
    }
    todolist = TodoList(value)
    documents = json.loads(to_json(todolist, todolist.tasks.values()))
    assert [{k: v for k, v in one.items() if k != "comments"} for one in documents] == [
        task.document() for task in todolist.tasks.values()
    ]
    assert documents[0]["comments"] == [
        {"id": "c-1", "type": "result", "content": "x", "created": "then", "lastModified": "now"},
        {"id": "c-3", "type": "note", "content": "inline", "created": "", "lastModified": ""},
    ]
    assert [comment.id for comment in todolist.comments("T-1")] == ["c-1", "c-3"]
    assert documents[1]["comments"] == []


def test_ten_thousand_tasks_are_written_within_a_second() -> None:
    todos = [
        {"id": f"T-{n}", "name": f"Add `cache_{n}` to [the client]", "description": "word " * 60, "tags": ["perf"]}
        for n in range(10_000)
    ]
    comments = [{"id": f"c-{n}", "todoId": f"T-{n}", "content": "done"} for n in range(10_000)]
    todolist = TodoList({"todos": todos, "comments": comments})
    tasks = list(todolist.tasks.values())
    began = time.process_time()
    to_markdown(tasks, descriptions=True)
    to_csv(tasks, descriptions=True)
    to_json(todolist, tasks)
    assert time.process_time() - began < 1.5  # measured 0.3 s; looking each task's comments up would take minutes
