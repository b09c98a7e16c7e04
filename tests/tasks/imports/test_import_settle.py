"""Making entries fit for the list: keys, names, statuses, links, and what is said of each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.tasks.graph import Graph
from prentice.tasks.imports.item import Found, ImportedTask
from prentice.tasks.imports.links import sound_links
from prentice.tasks.imports.settle import settle
from prentice.tasks.imports.wording import NAME_LENGTH, TEXT_LENGTH, tag_of, text_of


def entry(key: str, name: str = "", **fields: object) -> ImportedTask:
    return ImportedTask(key=key, source=f"github:#{key}", name=name or f"Task {key}", **fields)  # type: ignore[arg-type]


def settled(*tasks: ImportedTask, closed: bool = False) -> Found:
    return settle(Found(tasks=tasks), "github", closed=closed)


def test_a_name_becomes_one_printable_line() -> None:
    name = "Show \x1b]0;title\x07 and\r\n\u202etfel\u2066 the\u200b rest\ud800"
    assert settled(entry("1", name)).tasks[0].name == "Show ]0;title and tfel the rest"


def test_a_long_name_is_cut_at_a_word_and_stays_whole_in_the_description() -> None:
    name = "word " * 80
    found = settled(entry("1", name))
    assert len(found.tasks[0].name) <= NAME_LENGTH
    assert found.tasks[0].name.endswith("word…")
    assert name.strip() in found.tasks[0].description()
    assert "1 is cut" in found.warnings[0]
    assert len(settled(entry("1", "x" * 500)).tasks[0].name) == NAME_LENGTH


def test_an_entry_without_a_name_is_left_out() -> None:
    found = settled(entry("1", "\u200b \x00"), entry("2", dependencies=("1",)))
    assert [(left.key, left.why) for left in found.left_out] == [("1", "it has no title")]
    assert found.tasks[0].dependencies == ()


def test_an_id_that_comes_twice_gets_a_key_of_its_own() -> None:
    found = settled(entry("3", "One"), entry("3", "Two"), entry("3~2", "Three"), entry("4", dependencies=("3",)))
    assert [task.key for task in found.tasks] == ["3", "3~3", "3~2", "4"]
    assert len({task.source for task in found.tasks}) == 4
    assert found.tasks[3].dependencies == ("3",)
    assert "“Two”" in found.warnings[0]


def test_closed_entries_are_left_out_unless_wanted_and_cancelled_ones_always() -> None:
    tasks = (entry("1", status="closed"), entry("2", status="cancelled"), entry("3", status="in-progress"))
    assert [task.key for task in settled(*tasks).tasks] == ["3"]
    found = settled(*tasks, closed=True)
    assert [(task.key, task.status) for task in found.tasks] == [("1", "Done"), ("3", "Todo")]
    assert [left.key for left in found.left_out] == ["2"]
    assert found.warnings == ("Begun in GitHub, and Todo here: 3.",)


def test_priorities_are_todo2s_own_and_come_down_to_parts() -> None:
    found = settled(
        entry("3", parent="2"), entry("1", priority="P1"), entry("2", parent="1"), entry("4", priority="someday")
    )
    assert {task.key: task.priority for task in found.tasks} == {"3": "high", "1": "high", "2": "high", "4": "medium"}


def test_tags_are_single_words_each_once_and_not_too_many() -> None:
    found = settled(entry("1", tags=("#good first issue", "good-first-issue", ",", *map(str, range(50)))))
    assert found.tasks[0].tags[:2] == ("good-first-issue", "0")
    assert len(found.tasks[0].tags) == 20
    assert len(tag_of("x" * 500)) == 50


def test_a_text_is_bounded_and_says_that_it_was_cut() -> None:
    assert text_of("x" * 100_000).endswith("[cut: the source says more]")
    assert len(text_of("x" * 100_000)) < TEXT_LENGTH + 50


@pytest.mark.parametrize(("value", "text"), [(None, ""), (True, ""), (["a"], ""), (3, "3"), ("a\r\nb\rc", "a\nb\nc")])
def test_values_are_read_as_text(value: object, text: str) -> None:
    assert text_of(value) == text


def test_links_to_nothing_and_to_oneself_are_dropped_by_name() -> None:
    tasks, warnings = sound_links([entry("1", dependencies=("1", "9", "2", "2"), parent="8"), entry("2")])
    assert tasks[0].dependencies == ("2",)
    assert tasks[0].parent == ""
    assert sorted(warnings) == [
        "1 cannot wait for itself.", "1 is a part of 8, which is not there.", "1 waits for 9, which is not there.",
    ]  # fmt: skip


def test_a_cycle_loses_one_link_which_is_named() -> None:
    tasks, warnings = sound_links([
        entry("1", dependencies=("2",)), entry("2", dependencies=("3",)), entry("3", dependencies=("1",)),
    ])  # fmt: skip
    assert [task.dependencies for task in tasks] == [("2",), ("3",), ()]
    assert warnings == ["3 does not wait for 1: that would close a cycle."]


def test_a_part_does_not_wait_for_its_parent_nor_for_what_waits_for_that() -> None:
    tasks, warnings = sound_links([
        entry("c", parent="p", dependencies=("p", "x")), entry("p"), entry("x", dependencies=("p",)),
    ])  # fmt: skip
    assert len(warnings) == 2
    assert tasks[0].parent == "p"
    assert tasks[0].dependencies in {(), ("x",)}


def test_parents_that_are_parts_of_each_other_are_parted() -> None:
    tasks, warnings = sound_links([entry("a", parent="b"), entry("b", parent="a"), entry("c", parent="c")])
    assert sum(bool(task.parent) for task in tasks) == 1
    assert len(warnings) == 2


def test_of_many_dropped_links_the_first_are_named_and_the_rest_counted() -> None:
    _, warnings = sound_links([entry("1", dependencies=tuple(f"x{n}" for n in range(1000)))])
    assert len(warnings) == 21
    assert warnings[-1].startswith("980 more")


def test_a_ladder_of_twenty_thousand_tasks_that_closes_on_itself_is_linear() -> None:
    count = 20_000
    tasks = [entry(str(n), dependencies=(str((n + 1) % count), str((n + 2) % count))) for n in range(count)]
    sound, warnings = sound_links(tasks)
    assert Graph.of((task.key, task.dependencies) for task in sound).cycles() == []
    assert warnings


@given(st.data())
def test_what_is_kept_has_no_cycle_and_every_dropped_link_would_close_one(data: st.DataObject) -> None:
    keys = [str(number) for number in range(data.draw(st.integers(1, 9)))]
    some = st.sampled_from(keys)
    tasks = [
        entry(
            key,
            parent=data.draw(st.one_of(st.just(""), some)),
            dependencies=tuple(data.draw(st.lists(some, max_size=4))),
        )
        for key in keys
    ]
    sound, _ = sound_links(tasks)
    edges = {task.key: list(task.dependencies) for task in sound}
    for task in sound:
        if task.parent:
            edges[task.parent].append(task.key)
    assert Graph.of(edges.items()).cycles() == []
    for before, after in zip(tasks, sound, strict=True):
        for need in set(before.dependencies) - set(after.dependencies):
            closed = {key: [*needs, need] if key == after.key else needs for key, needs in edges.items()}
            assert Graph.of(closed.items()).cycles()
