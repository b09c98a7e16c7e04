"""Recognizing a format by what a text holds."""

from pathlib import Path

import pytest

from prentice.errors import ImportSourceError, UsageError
from prentice.tasks.imports.formats import read, recognize
from prentice.tasks.imports.item import Document

SAMPLES = Path(__file__).parents[2] / "samples" / "imports"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("task_master/project/.taskmaster/tasks/tasks.json", "task-master"),
        ("task_master/untagged.json", "task-master"),
        ("backlog/project/backlog/tasks/task-1 - Label-the-seed-drawers.md", "backlog"),
        ("checklist/TODO.md", "checklist"),
        ("github/gh.json", "github"),
        ("github/rest.json", "github"),
    ],
)
def test_every_sample_is_recognized(path: str, kind: str) -> None:
    assert recognize((SAMPLES / path).read_text(encoding="utf-8")) == kind


def test_a_check_list_that_begins_with_a_link_is_no_json() -> None:
    assert recognize("[Home](index.md)\n\n- [ ] a") == "checklist"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"todos": [], "nextTaskNumber": 1}', "Todo2 file itself"),
        ("[1, 2", "cut off"),
        ('{"a": 1}', "neither"),
        ("- plain\n- list", "no known format"),
        ("", "no known format"),
    ],
)
def test_what_is_in_no_format_is_refused_with_what_it_is(text: str, says: str) -> None:
    with pytest.raises(ImportSourceError, match=says):
        recognize(text)


def test_a_tag_is_refused_where_the_format_has_none() -> None:
    with pytest.raises(UsageError, match="Task Master"):
        read("checklist", [Document(path="a.md", text="- [ ] a")], tag="x")
