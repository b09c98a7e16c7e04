"""Reading Markdown check lists."""

from pathlib import Path

import pytest

from prentice.errors import ImportSourceError
from prentice.tasks.imports import checklist
from prentice.tasks.imports.item import Found, ImportedTask

SAMPLE = (Path(__file__).parents[2] / "samples" / "imports" / "checklist" / "TODO.md").read_text(encoding="utf-8")


def read(text: str) -> Found:
    return checklist.read(text, name="TODO.md")


def names(text: str) -> list[str]:
    return [task.name for task in read(text).tasks]


def by_key(text: str) -> dict[str, ImportedTask]:
    return {task.key: task for task in read(text).tasks}


def test_the_sample_gives_items_children_tags_and_text() -> None:
    tasks = by_key(SAMPLE)
    assert {key: task.name for key, task in tasks.items()} == {
        "1": "Order inner tubes",
        "2": "Sharpen the truing keys",
        "3": "Repair the stand",
        "3.1": "Weld the foot",
        "3.2": "Buy a new clamp",
        "3.2.1": "Return the wrong clamp",
        "3.3": "Paint it",
        "4": "Sweep",
        "5": "Empty the oil tray",
        "6": "but this box below it is",
        "7": "Sweep",
    }
    assert {key for key, task in tasks.items() if task.status == "Done"} == {"2", "3.2", "5"}
    assert tasks["3.2.1"].parent == "3.2"
    assert tasks["1"].tags == ("Before the season",)
    assert tasks["4"].tags == ("Every week",)
    assert tasks["1"].objective == "Twenty of 28 inch, five of 20 inch."
    assert "- [ ] this line is code" in tasks["1"].description()


def test_sources_do_not_change_when_items_move_or_are_ticked() -> None:
    before = {task.source for task in read("- [ ] a\n- [ ] b\n  - [ ] c\n").tasks}
    after = {task.source for task in read("- [x] b\n  - [ ] c\n\n\n- [ ] a\n").tasks}
    assert before == after
    assert len({task.source for task in read("- [ ] a\n- [ ] a\n").tasks}) == 2


def test_several_first_level_headings_are_tags_and_a_single_one_is_the_title() -> None:
    assert by_key("# One\n- [ ] a\n")["1"].tags == ()
    assert by_key("# One\n- [ ] a\n# Two\n## Deep\n- [ ] b\n")["2"].tags == ("Two", "Deep")


def test_cancelled_and_begun_items_are_read_as_such() -> None:
    tasks = by_key("- [-] a\n- [~] b\n- [/] c\n")
    assert [tasks[key].status for key in "123"] == ["cancelled", "cancelled", "Todo"]


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("Title\n=====\n\nFront end\n---------\n\n- [ ] a", ("Front end",)),
        ("Title\n===\n\nTwo\n===\n- [ ] a", ("Two",)),
        ("# Title\n\n## Over\n\nUnder\n---\n- [ ] a", ("Under",)),
        ("- [ ] b\n\n---\n\n- [ ] a", ()),
        ("Several\nlines\n---\n- [ ] a", ()),
        ("---\ntitle: x\n---\n- [ ] a", ()),
        ("| a |\n|---|\n- [ ] a", ()),
        ("```\nCode\n---\n```\n- [ ] a", ()),
        ("> Quoted\n\n-\n- [ ] a", ()),
        ("Last\n---", None),
    ],
)
def test_underlined_headings_are_tags_like_others(text: str, tags: tuple[str, ...] | None) -> None:
    if tags is None:
        with pytest.raises(ImportSourceError):
            read(text)
    else:
        assert read(text).tasks[-1].tags == tags


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- [ ] a\n\n```\n- [ ] code\n```\n- [ ] b", ["a", "b"]),
        ("~~~\n- [ ] code\n```\n- [ ] code\n~~~\n- [ ] a", ["a"]),
        ("    - [ ] code\n\n- [ ] a", ["a"]),
        ("- [ ] a\n\nText.\n\n    - [ ] code", ["a"]),
        ("<!--\n- [ ] hidden\n-->\n- [ ] a", ["a"]),
        ("- [ ] a\n\t- [ ] b", ["a", "b"]),
        ("1. [ ] a\n2) [X] b\n+ [ ] c", ["a", "b", "c"]),
        ("- [-] a\n- [~] b\n- [/] c\n- [>] no\n- [1] no", ["a", "b", "c"]),
        ("- [ ]\n- [ ] a\n- [y] no\n-[ ] no\n- [] no", ["a"]),
        ("\ufeff- [ ] x\r\n- [ ] y\r\n".lstrip("\ufeff"), ["x", "y"]),
    ],
)
def test_what_is_an_item_and_what_is_not(text: str, expected: list[str]) -> None:
    assert names(text) == expected


def test_a_list_without_boxes_is_read_whole_and_says_so() -> None:
    found = read("- a\n  1. b\n- c\n")
    assert [(task.key, task.name) for task in found.tasks] == [("1", "a"), ("1.1", "b"), ("2", "c")]
    assert "No item has a box" in found.warnings[0]


def test_text_below_an_item_belongs_to_it_and_text_at_the_margin_does_not() -> None:
    tasks = by_key("- [ ] a\nlazy\n\n  more\n\nelsewhere\n\n- [ ] b\n")
    assert tasks["1"].original == "lazy\n\n  more"
    assert "elsewhere" not in tasks["2"].description()


def test_a_hundred_levels_are_read() -> None:
    text = "\n".join("  " * level + f"- [ ] level {level}" for level in range(100))
    tasks = read(text).tasks
    assert len(tasks) == 100
    assert [task.parent for task in tasks] == ["", *(task.key for task in tasks[:-1])]


def test_long_lines_take_no_longer_than_their_length() -> None:
    text = "# a" + " " * 300_000 + "b\n" + " " * 300_000 + "- [ ] x\n- [ ]" + " " * 300_000 + "y"
    assert names(text) == ["y"]


def test_a_text_without_lists_is_refused() -> None:
    with pytest.raises(ImportSourceError, match="no list items"):
        read("Just text.\n")
