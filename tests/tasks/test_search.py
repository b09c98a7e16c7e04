"""Words are found in any form, whatever the case, the accents, the quotes or the naming style around them."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.tasks.search import best_first, plain, words_of
from prentice.tasks.todolist import TodoList

WORDS = st.lists(
    st.sampled_from(
        [
            "caching", "caches", "TaskCache", "task_cache", "HTTPCache", "cacheLine", "cachalot", "Café", "CAFÉ",
            "don't", "don\u2019t", "Straße", "STRASSE", "ΣΊΣΥΦΟΣ.Ω", "Σίσυφος", "缓存", "がく", "한글", "x9cache", "to",
            "İstanbul", "istanbul", "🎯**cache**", "naïve\u0301",
        ]
    ),
    max_size=4,
).map(" ".join)  # fmt: skip


def found(text: str, *names: str, **fields: Any) -> list[str]:
    todolist = TodoList({"todos": [{"id": name, "name": name} | fields for name in names]})
    return [task.id for task in best_first(todolist, todolist.tasks.values(), text)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("cache", "TaskCache"),
        ("cache", "task_cache"),
        ("cache", "HTTPCache.get"),
        ("cache", "Caching of tasks"),
        ("http server", "HTTPServer"),
        ("taskCache", "the cache of a task"),
        ("resume", "Résumé"),
        ("résumé", "RESUME"),
        ("resume", "Re\u0301sume\u0301"),
        ("don't retry", "\u201cDon\u2019t retry\u201d"),
        ("users", "the user\u2019s list"),
        ("malmo", "Malmö"),
        ("lodz", "Łódź"),
        ("strasse", "Straße"),
        ("σίσυφος", "ΣΊΣΥΦΟΣ.Ω"),
        ("缓存", "更新缓存"),
        ("がく", "がくせい"),
    ],
)
def test_a_word_is_found_in_other_forms_of_it(text: str, name: str) -> None:
    assert found(text, name) == [name]


@pytest.mark.parametrize(
    ("text", "name"),
    [("cache", "cachalot"), ("cache", "precached"), ("cat", "concatenate"), ("か", "が"), ("9", "T99")],
)
def test_a_word_is_not_found_inside_another(text: str, name: str) -> None:
    assert found(text, name) == []


@given(WORDS, WORDS)
def test_a_name_is_found_exactly_when_all_words_are_among_its_own(text: str, name: str) -> None:
    if words_of(text):
        assert bool(found(text, f"a {name}")) == (words_of(text) <= words_of(f"a {name}"))


@given(st.text())
def test_plain_text_stays_plain_and_keeps_its_length_in_lower_case(text: str) -> None:
    once = plain(text)
    assert plain(once) == once
    assert len(once.lower()) == len(once), "places in the one are places in the other"


def test_a_long_run_of_letters_is_taken_apart_in_linear_time() -> None:
    blob = "cache" * 200_000
    began = time.process_time()
    assert found("cache", "a", long_description=f"{blob} {blob}_cached") == ["a"]
    assert time.process_time() - began < 5


def test_ten_thousand_tasks_that_nearly_all_match_are_searched_quickly() -> None:
    todos = [
        {"id": f"T-{n}", "name": f"Task {n}", "long_description": "🎯 **Objective:** warm the TaskCache, café. " * 20}
        for n in range(10_000)
    ]
    todolist = TodoList({"todos": todos, "comments": [{"todoId": f"T-{n}", "content": "slow"} for n in range(10_000)]})
    tasks = list(todolist.tasks.values())
    began = time.process_time()
    assert len(best_first(todolist, tasks, "cached cafe")) == 10_000
    assert time.process_time() - began < 3, "measured 0.2 s; taking every word apart costs ten times as much"
