"""Reading GitHub's issues as JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

from prentice.errors import ImportSourceError
from prentice.tasks.imports import github
from prentice.tasks.imports.item import Found, ImportedTask

SAMPLES = Path(__file__).parents[2] / "samples" / "imports" / "github"
GH = (SAMPLES / "gh.json").read_text(encoding="utf-8")
REST = (SAMPLES / "rest.json").read_text(encoding="utf-8")


def by_key(found: Found) -> dict[str, ImportedTask]:
    return {task.key: task for task in found.tasks}


def issue(**fields: Any) -> ImportedTask:
    return github.read(json.dumps([{"number": 1, "title": "x", **fields}])).tasks[0]


def test_the_command_line_tools_form_is_read() -> None:
    tasks = by_key(github.read(GH))
    first = tasks["41"]
    assert first.source == "github:example/ferry-map#41"
    assert first.priority == "high"
    assert first.tags == ("bug", "priority: high", "milestone:Spring release")
    assert first.criteria == ("Dragging is smooth", "Markers stay where they are")
    assert first.objective == "The map jumps when it is dragged over the date line."
    assert "1. Open the Pacific\n2. Drag west" in first.description()
    assert tasks["42"].dependencies == ("41",)
    assert {key: task.status for key, task in tasks.items()} == {
        "41": "Todo", "42": "Todo", "43": "Done", "44": "cancelled",
    }  # fmt: skip


def test_the_rest_form_is_read_without_pull_requests() -> None:
    found = github.read(REST)
    tasks = by_key(found)
    assert list(tasks) == ["41", "46"]
    assert tasks["41"].priority == "P1"
    assert tasks["41"].tags == ("bug", "P1", "milestone:Spring release")
    assert tasks["41"].source == "github:example/ferry-map#41"
    assert tasks["46"].status == "Done"
    assert [(entry.key, entry.why) for entry in found.left_out] == [("45", "it is a pull request")]


def test_a_pull_request_is_known_by_its_address_too() -> None:
    found = github.read('[{"number": 5, "title": "Draw twice", "url": "https://github.com/a/b/pull/5"}]')
    assert found.tasks == ()
    assert found.left_out[0].key == "5"


@pytest.mark.parametrize("form", ["lines", "pages", "search", "one"])
def test_lines_pages_searches_and_a_single_issue_are_read(form: str) -> None:
    issues = json.loads(GH)
    text = {
        "lines": "\n".join(json.dumps(entry) for entry in issues) + "\n",
        "pages": json.dumps(issues[:2]) + json.dumps(issues[2:]),
        "search": json.dumps({"total_count": 4, "items": issues}),
        "one": json.dumps(issues[0]),
    }[form]
    assert github.read(text).tasks == github.read(GH).tasks[: 1 if form == "one" else 4]


def test_a_repository_is_part_of_the_source_only_where_it_is_known() -> None:
    assert issue().source == "github:#1"
    assert issue(url="https://api.github.com/repos/a/b-c/issues/1").source == "github:a/b-c#1"
    assert issue(url="not a url").source == "github:#1"


def test_boxes_in_a_body_are_criteria_where_no_section_says_more() -> None:
    assert issue(body="Do:\n- [ ] one\n- [x] two").criteria == ("one", "two")


def test_hints_of_a_template_are_no_objective() -> None:
    assert issue(body="<!-- Describe\nit -->\nThe bell is too loud.\n<!-- open").objective.startswith(
        "The bell is too loud."
    )


@pytest.mark.parametrize(
    ("labels", "tags"),
    [(None, ()), ("bug", ()), ([None, 3, {}, {"name": None}, ["x"], " a  b "], ("3", "a b"))],
)
def test_odd_labels_are_tolerated(labels: object, tags: tuple[str, ...]) -> None:
    assert issue(labels=labels).tags == tags


def test_odd_entries_are_left_out_or_get_a_key() -> None:
    found = github.read(json.dumps([3, {"title": "No number"}, {"number": "7", "title": None}]))
    assert [(task.key, task.name) for task in found.tasks] == [("at-2", "No number"), ("7", "")]
    assert found.left_out[0].key == "at-1"


def test_no_issues_is_an_empty_list_and_another_shape_is_refused() -> None:
    assert github.read("[]").tasks == ()
    for text in ('{"a": 1}', "[1, 2]", '"x"'):
        with pytest.raises(ImportSourceError, match="not issues"):
            github.read(text)
