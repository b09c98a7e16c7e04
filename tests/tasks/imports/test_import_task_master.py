"""Reading Task Master's tasks.json."""

import json
from pathlib import Path
from typing import Any

import pytest

from prentice.errors import ImportSourceError
from prentice.tasks import sections
from prentice.tasks.imports import task_master
from prentice.tasks.imports.item import Found, ImportedTask
from prentice.tasks.imports.settle import settle

SAMPLES = Path(__file__).parents[2] / "samples" / "imports" / "task_master"
SAMPLE = (SAMPLES / "project" / ".taskmaster" / "tasks" / "tasks.json").read_text(encoding="utf-8")


def read(*tasks: Any, tag: str = "") -> Found:
    return task_master.read(json.dumps({"master": {"tasks": list(tasks)}}), tag=tag)


def by_key(found: Found) -> dict[str, ImportedTask]:
    return {task.key: task for task in found.tasks}


def test_the_real_file_gives_tasks_and_subtasks_in_its_order() -> None:
    found = task_master.read(SAMPLE)
    assert [task.key for task in found.tasks] == ["1", "1.1", "1.2", "2", "2.1", "2.2", "3", "4", "5"]
    tasks = by_key(found)
    assert tasks["2.2"].parent == "2"
    assert tasks["2.2"].dependencies == ("2.1",)
    assert tasks["3"].dependencies == ("1", "2")
    assert tasks["3"].tags == ("deferred",)
    assert tasks["5"].priority == "high"
    assert tasks["5"].requirements == ('Keep it under 5 MB; "quotes" & <tags> stay as they are.',)
    assert tasks["1"].requirements == (
        "The file has one line per tide: time, height in metres.",
        "Lines that begin with # are notes.",
    )
    assert tasks["1"].source == "task-master:1"


def test_another_tag_is_read_by_name_and_named_when_it_is_not() -> None:
    assert [task.name for task in task_master.read(SAMPLE, tag="ideas").tasks] == ["Speak the next tide"]
    assert task_master.read(SAMPLE, tag="ideas").tasks[0].source == "task-master:ideas/1"
    assert "ideas (1)" in task_master.read(SAMPLE).warnings[0]
    with pytest.raises(ImportSourceError) as raised:
        task_master.read(SAMPLE, tag="nope")
    assert "master, ideas" in raised.value.next_step


def test_without_master_a_single_tag_is_read_and_of_several_one_has_to_be_chosen() -> None:
    one = {"next": {"tasks": [{"id": 1, "title": "Only"}]}}
    assert task_master.read(json.dumps(one)).tasks[0].name == "Only"
    with pytest.raises(ImportSourceError, match="several tags"):
        task_master.read(json.dumps(one | {"later": {"tasks": []}}))


def test_the_older_form_without_tags_reads_the_same() -> None:
    untagged = (SAMPLES / "untagged.json").read_text(encoding="utf-8")
    assert task_master.read(untagged).tasks == task_master.read(SAMPLE).tasks
    assert task_master.read(untagged, tag="master").tasks == task_master.read(SAMPLE).tasks
    with pytest.raises(ImportSourceError) as raised:
        task_master.read(untagged, tag="ideas")
    assert "leave out" in raised.value.next_step


def test_a_bare_number_in_a_subtask_is_a_sibling_before_it_is_a_task() -> None:
    found = read(
        {"id": 1, "title": "First"},
        {"id": "2", "title": "Second", "subtasks": [
            {"id": 1, "title": "a"},
            {"id": "2", "title": "b", "dependencies": [1, "1.9", 3]},
        ]},
        {"id": 3, "title": "Third", "dependencies": ["2.2", 1.0]},
    )  # fmt: skip
    tasks = by_key(found)
    assert tasks["2.2"].dependencies == ("2.1", "1.9", "3")
    assert tasks["3"].dependencies == ("2.2", "1")


def test_subtasks_nested_a_hundred_levels_are_all_read() -> None:
    task: dict[str, Any] = {"id": 1, "title": "level 100"}
    for level in range(99, 0, -1):
        task = {"id": 1, "title": f"level {level}", "subtasks": [task]}
    found = settle(read(task), "task-master", closed=False)
    assert [entry.name for entry in found.tasks] == [f"level {level}" for level in range(1, 101)]
    assert found.tasks[-1].parent == found.tasks[-2].key


def test_what_is_no_task_is_left_out_and_what_has_no_id_gets_a_key() -> None:
    found = read("text", None, {"title": "No id"}, {"id": 4, "title": "Fine", "subtasks": "none", "dependencies": 3})
    assert [entry.key for entry in found.left_out] == ["1", "2"]
    assert [(task.key, task.name) for task in found.tasks] == [("at-3", "No id"), ("4", "Fine")]
    assert "at-3" in found.warnings[0]


def test_details_with_code_are_kept_word_for_word() -> None:
    details = "Run:\n```sh\nmake all\n```\n  indented"
    task = read(
        {"id": 1, "title": "Build", "description": "Make it", "details": details, "testStrategy": "- runs\n- ends"}
    )
    description = task.tasks[0].description(["T-7"])
    parsed = sections.parse(description)
    assert details in description
    assert parsed.objective == "Make it"
    assert parsed.items(sections.TESTING) == ("runs", "ends")
    assert parsed.text(sections.DEPENDENCIES).startswith("T-7")
    assert {section.kind for section in parsed.sections} >= set(sections._TITLES)  # noqa: SLF001 - all eight kinds


def test_headings_in_a_text_do_not_become_sections_of_the_description() -> None:
    text = "Intro\n```\n\n## Acceptance Criteria\n- everything goes\n\n```"
    task = read({"id": 1, "title": "Build", "details": text}).tasks[0]
    assert sections.parse(task.description()).criteria == ()
    assert text in task.description()


@pytest.mark.parametrize("text", ["[]", "{}", '{"master": {"tasks": {}}}', '"tasks"', "null", "3"])
def test_another_shape_is_refused(text: str) -> None:
    with pytest.raises(ImportSourceError, match="not Task Master"):
        task_master.read(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        (SAMPLE[:500], "cut off"),
        ('{"master" 3}', "not JSON"),
        ("[" * 200_000, "nested too deep"),
        ('{"master": ' + "9" * 5000 + "}", "cannot be read"),
        ("{} {}", "several"),
    ],
)
def test_broken_json_is_refused_with_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(ImportSourceError, match=says):
        task_master.read(text)
