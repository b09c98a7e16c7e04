import itertools
import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from prentice.tasks.duplicates import SIMILAR, duplicates
from prentice.tasks.todolist import TodoList
from prentice.tasks.words import content_words, jaccard


def pairs(*tasks: dict[str, Any]) -> list[tuple[str, str]]:
    return [(pair.first.id, pair.second.id) for pair in duplicates(TodoList({"todos": list(tasks)}))]


def test_the_same_name_in_other_forms_is_a_pair_whatever_the_descriptions_say() -> None:
    assert pairs(
        {"id": "a", "name": "Migrate the caches", "description": "All of them, by hand, before the next release."},
        {"id": "b", "name": "Rename a module"},
        {"id": "c", "name": "Cache migration"},
    ) == [("a", "c")]


def test_the_same_description_under_another_name_is_a_pair() -> None:
    text = "Users of the mobile client lose uploads whenever their train enters a tunnel, because nothing retries."
    assert pairs(
        {"id": "a", "name": "Retry uploads", "description": text},
        {"id": "b", "name": "Tunnels lose data", "description": text},
    ) == [("a", "b")]


def test_the_most_similar_pair_comes_first() -> None:
    names = [
        "Document retry settings of upload client",
        "Add login page",
        "Document retry settings of client",
        "Add login page",
    ]
    found = duplicates(TodoList({"todos": [{"id": str(n), "name": name} for n, name in enumerate(names)]}))
    assert [(pair.first.id, pair.second.id) for pair in found] == [("1", "3"), ("0", "2")]
    assert found[0].similarity == 1.0
    assert found[1].similarity == 4 / 5


def test_closed_tasks_are_in_no_pair() -> None:
    assert pairs({"id": "a", "name": "Add a cache"}, {"id": "b", "name": "Add a cache", "status": "Done"}) == []


def test_tasks_that_the_list_itself_tells_apart_are_in_no_pair() -> None:
    one = {"id": "a", "name": "Add an upload cache"}
    assert pairs(one, {"id": "b", "name": "Add an upload cache", "dependencies": ["a"]}) == []
    assert pairs(one, {"id": "b", "name": "Add an upload cache", "parent_id": "a"}) == []
    assert pairs(
        {"id": "a", "name": "Write the tests", "parent_id": "p", "description": "For the parser, with odd input."},
        {"id": "b", "name": "Write the tests", "parent_id": "q", "description": "Of log rotation on full disks."},
    ) == []  # fmt: skip


def test_steps_of_a_series_are_in_no_pair() -> None:
    assert pairs(*({"id": str(n), "name": f"Move page {n} of the handbook into the new wiki"} for n in range(3))) == []


def test_names_of_one_word_and_tasks_without_words_are_in_no_pair() -> None:
    assert pairs({"id": "a", "name": "Fix"}, {"id": "b", "name": "Fix"}, {"id": "c"}, {"id": "d"}) == []


@given(
    st.lists(st.lists(st.sampled_from("ant bee cat dog eel fox gnu hen".split()), max_size=8).map(" ".join), max_size=9)
)
def test_the_index_finds_every_pair_that_comparing_all_with_all_finds(names: list[str]) -> None:
    sets = [content_words(name) for name in names]
    first = {words: number for number, words in reversed(list(enumerate(sets)))}
    expected = {
        (n, m)
        for n, m in itertools.combinations(range(len(names)), 2)
        if min(len(sets[n]), len(sets[m])) > 1 and jaccard(sets[n], sets[m]) >= SIMILAR
        if first[sets[n]] == n and (sets[n] == sets[m] or first[sets[m]] == m)
    }
    found = pairs(*({"id": str(number), "name": name} for number, name in enumerate(names)))
    assert {(int(a), int(b)) for a, b in found} == expected


def test_ten_thousand_tasks_of_one_pattern_take_linear_time() -> None:
    todos = [{"id": str(n), "name": f"Review the {chr(97 + n % 26)}{n}x report of the week"} for n in range(10_000)]
    todos += [{"id": f"same{n}", "name": "Water the plants"} for n in range(2_000)]
    began = time.process_time()
    assert len(duplicates(TodoList({"todos": todos}))) >= 1_999
    assert time.process_time() - began < 20, "comparing all with all takes minutes"
