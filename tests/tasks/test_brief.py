"""Tasks within a number of tokens: never more, and page after page each of them once."""

import json
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prentice.errors import UsageError
from prentice.tasks.brief import Brief, brief, brief_json, cut
from prentice.tasks.todolist import TodoList

TEXT = st.one_of(
    st.text(max_size=30),
    st.text(st.sampled_from('é ߷🎯"\\\n\x00\x1b\ud800ab'), max_size=400),
    st.just("a long name of many words " * 40),
)
IDS = st.one_of(st.integers(1, 10**6).map("T-{}".format), st.text(min_size=1, max_size=12), st.just("9" * 5000))
LISTED = st.lists(
    st.fixed_dictionaries(
        {"id": IDS, "name": TEXT},
        optional={
            "long_description": TEXT, "tags": st.lists(TEXT, max_size=4), "status": TEXT, "priority": TEXT,
            "dependencies": st.lists(IDS, max_size=6), "parent_id": IDS,
            "prentice": st.fixed_dictionaries({"claim": st.fixed_dictionaries({"worker": TEXT, "until": TEXT})}),
        },
    ),
    max_size=8,
    unique_by=lambda record: str(record["id"]),
)  # fmt: skip
TOKENS = st.one_of(st.integers(50, 120), st.integers(50, 4000))


def tokens_of(text: str) -> int:
    return math.ceil(len((text + "\n").encode()) / 3.5)


def listed(*todos: dict[str, Any]) -> TodoList:
    return TodoList({"todos": list(todos)})


def page_of(todolist: TodoList, form: str, *, tokens: int, offset: int = 0) -> Brief:
    tasks = list(todolist.tasks.values())
    if form == "json":
        return brief_json(tasks, tokens=tokens, offset=offset)
    return brief(todolist, tasks, tokens=tokens, offset=offset)


def brief_of(todolist: TodoList, tokens: int, **more: int) -> Brief:
    return brief(todolist, list(todolist.tasks.values()), tokens=tokens, **more)


@given(LISTED, TOKENS)
@example([{"id": "9" * 5000, "name": "\x00" * 400, "status": '"' * 99, "tags": ["\x00" * 50] * 9}], 50)
def test_no_page_has_more_tokens_than_were_asked_for_and_together_they_give_each_task_once(
    todos: list[dict[str, Any]], tokens: int
) -> None:
    todolist = listed(*todos)
    tasks = list(todolist.tasks.values())
    for form in ("text", "json"):
        at, pages = 0, 0
        while True:
            page = page_of(todolist, form, tokens=tokens, offset=at)
            assert tokens_of(page.text) <= tokens
            assert page.total == len(tasks)
            if page.next_offset is None:
                assert at + page.shown == len(tasks)
                break
            assert page.next_offset == at + page.shown > at
            at, pages = page.next_offset, pages + 1
        assert pages <= len(tasks)


@given(st.integers(1, 60), st.integers(50, 400))
def test_the_lines_of_all_pages_are_those_of_the_tasks_in_their_order(count: int, tokens: int) -> None:
    todolist = listed(*({"id": f"T-{n}", "name": "Do the thing " * (n % 9)} for n in range(1, count + 1)))
    seen: list[str] = []
    documents: list[str] = []
    at: int | None = 0
    while at is not None:
        page = brief_of(todolist, tokens, offset=at)
        *lines, last = page.text.splitlines()
        assert len(lines) == page.shown
        assert f"of {count}, " in last
        seen += [line.split()[0] for line in lines]
        at = page.next_offset
    at = 0
    while at is not None:
        page = brief_json(list(todolist.tasks.values()), tokens=tokens, offset=at)
        documents += [task["id"] for task in json.loads(page.text)]
        at = page.next_offset
    assert seen == documents == [f"T-{n}" for n in range(1, count + 1)]


def test_a_line_says_what_a_task_is_and_what_it_waits_for() -> None:
    todolist = listed(
        {"id": "T-1", "name": "Write the\nparser", "status": "In Progress", "priority": "high"},
        {"id": "T-2", "name": "Ship it", "tags": ["core", "#ui"], "dependencies": ["T-1", "gone"]},
        {"id": "T-3", "name": "Rest", "dependencies": ["T-4", "T-5", "T-6", "T-7", "T-8"]},
    )
    assert brief_of(todolist, 200).text.splitlines() == [
        "T-1 In Progress high Write the parser",
        "T-2 Todo medium Ship it #core #ui waits for T-1, gone",
        "T-3 Todo medium Rest waits for T-4, T-5, T-6 +2",
        "(1-3 of 3, none left.)",
    ]


def test_a_claim_that_lasts_is_shown() -> None:
    claim = {"worker": "laptop", "until": "2026-01-02T00:00:00Z", "minutes": 30}
    line = brief_of(listed({"id": "T-1", "name": "Do", "prentice": {"claim": claim}}), 60).text.splitlines()[0]
    assert line == "T-1 Todo medium Do claimed by laptop"


def test_the_last_line_says_how_many_are_left_and_where_they_begin() -> None:
    todolist = listed(*({"id": f"T-{n}", "name": "Water the plants"} for n in range(1, 41)))
    page = brief_of(todolist, 60)
    assert page.text.splitlines()[-1] == f"(1-{page.shown} of 40, {40 - page.shown} left, next: offset {page.shown}.)"
    assert page.shown >= 3, "room is used"
    assert brief_of(todolist, 60, offset=39).text.endswith("(40-40 of 40, none left.)")
    assert brief_of(todolist, 400, limit=2, offset=4).next_offset == 6
    assert brief_of(todolist, 60, offset=40).text == "(None from offset 40 on, 40 in all.)"


def test_documents_lose_their_descriptions_before_tasks_are_left_out() -> None:
    todolist = listed(*({"id": f"T-{n}", "name": "Do", "description": "word " * 300} for n in range(1, 4)))
    tasks = list(todolist.tasks.values())
    whole = json.loads(brief_json(tasks, tokens=4000).text)
    assert whole == [task.document() for task in tasks]
    short = json.loads(brief_json(tasks, tokens=300).text)
    assert [task["id"] for task in short] == ["T-1", "T-2", "T-3"]
    assert short[0]["description"].endswith("word…")
    assert set(short[0]) == set(whole[0])
    assert [task["id"] for task in json.loads(brief_json(tasks, tokens=90).text)] == ["T-1", "T-2"]


def test_names_are_cut_at_a_words_end_with_a_mark() -> None:
    assert cut("one two three", 13) == "one two three"
    assert cut("one two three", 12) == "one two…"
    assert cut("one two three", 10) == "one two…"
    assert cut("abcdefghijklm", 9) == "abcdef…"
    assert cut("éééééé", 8) == "éé…"
    assert cut("one", 2) == ""


@pytest.mark.parametrize("form", ["text", "json"])
def test_fewer_tokens_than_one_task_needs_are_refused(form: str) -> None:
    with pytest.raises(UsageError, match="49 tokens") as refused:
        page_of(listed(), form, tokens=49)
    assert "--tokens 50" in refused.value.next_step
