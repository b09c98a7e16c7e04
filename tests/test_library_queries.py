"""Finding tasks through the library."""

import json
from pathlib import Path

import pytest

import prentice
from prentice.errors import NoProjectError, TaskNotFoundError, UsageError
from prentice.tasks.query import Query


@pytest.fixture
def project(tmp_path: Path) -> prentice.Prentice:
    opened = prentice.open(tmp_path, backend="builtin")
    opened.init()
    opened.add("Write the parser", tags=["core"], priority="high")
    opened.add("Warm the TaskCache", depends=["T-1"])
    return opened


def test_find_takes_filters_in_any_spelling_or_a_query(project: prentice.Prentice) -> None:
    assert [task.id for task in project.find().tasks] == ["T-1", "T-2"]
    assert [task.id for task in project.find(text="cache", status="todo").tasks] == ["T-2"]
    assert [task.id for task in project.find(tags="core", priority="P1").tasks] == ["T-1"]
    assert [task.id for task in project.find(Query(ready=True)).tasks] == ["T-1"]
    page = project.find(sort="-id", limit=1)
    assert ([task["id"] for task in page.document()], page.total, page.next_offset) == (["T-2"], 2, 1)


def test_find_by_lane_agrees_with_analyze(project: prentice.Prentice) -> None:
    for assessment in project.analyze_each():
        assert assessment.task in [task.id for task in project.find(lane=assessment.lane).tasks]


def test_briefs_give_the_same_tasks_within_the_tokens(project: prentice.Prentice) -> None:
    page = project.brief(tokens=60, text="cache")
    assert page.text == "T-2 Todo medium Warm the TaskCache waits for T-1\n(1-1 of 1, none left.)"
    assert page.document()["next_offset"] is None
    assert [task["id"] for task in json.loads(project.brief_json(tokens=500).text)] == ["T-1", "T-2"]
    assert project.digest("T-1", tokens=60) == "T-1 Todo high Write the parser #core"


def test_what_does_not_exist_is_refused(project: prentice.Prentice, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(TaskNotFoundError):
        project.find(parent="T-9")
    with pytest.raises(TaskNotFoundError):
        project.digest("T-9", tokens=60)
    with pytest.raises(UsageError):
        project.find(lane="fast")
    with pytest.raises(NoProjectError):
        prentice.open(tmp_path_factory.mktemp("empty")).find()
