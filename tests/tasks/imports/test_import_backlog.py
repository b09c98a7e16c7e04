"""Reading Backlog.md's files."""

import re
from pathlib import Path

import pytest

from prentice.errors import ImportSourceError
from prentice.tasks import sections
from prentice.tasks.imports import backlog
from prentice.tasks.imports.item import Document, Found, ImportedTask

SAMPLE = Path(__file__).parents[2] / "samples" / "imports" / "backlog" / "project" / "backlog"


def documents() -> list[Document]:
    paths = sorted(path for path in SAMPLE.rglob("*") if path.is_file())
    return [Document(path=path.relative_to(SAMPLE).as_posix(), text=path.read_text(encoding="utf-8")) for path in paths]


def by_key(found: Found) -> dict[str, ImportedTask]:
    return {task.key: task for task in found.tasks}


def one(text: str, path: str = "tasks/task-1.md") -> ImportedTask:
    return backlog.read([Document(path=path, text=text)]).tasks[0]


def test_the_real_project_gives_its_tasks_in_order_drafts_last() -> None:
    found = backlog.read(documents())
    assert [task.key for task in found.tasks] == [
        "TASK-1", "TASK-2", "TASK-2.1", "TASK-2.2", "TASK-3", "TASK-4", "TASK-5", "DRAFT-1",
    ]  # fmt: skip
    assert found.left_out == ()
    assert found.warnings == ("Archived in Backlog.md, and not read: 1 task.",)


def test_fields_and_sections_find_their_places() -> None:
    tasks = by_key(backlog.read(documents()))
    first = tasks["TASK-1"]
    assert first.criteria == ("Every drawer has a label", "A label can be read from one metre: 24 pt, not less")
    assert first.tags == ("shelf", "print", "milestone:Spring opening")
    assert first.objective == "Each drawer says what lies in it."
    assert '"Möhre" and carrot' in first.description()
    assert tasks["TASK-2"].dependencies == ("TASK-1",)
    assert tasks["TASK-2.1"].parent == "TASK-2"
    assert tasks["TASK-2.1"].files == ("templates/card.svg", "docs/card.md")
    assert tasks["TASK-3"].requirements == ("Spread on paper", "Turn daily")
    assert tasks["TASK-3"].criteria == ("Seeds are dry after ten days", "The drying sheet is signed")
    assert "The window side dries faster." in tasks["TASK-3"].original


def test_statuses_come_from_the_field_and_the_folder() -> None:
    tasks = by_key(backlog.read(documents()))
    assert {key for key, task in tasks.items() if task.status == "Done"} == {"TASK-4", "TASK-5"}
    assert tasks["TASK-4"].result == "Composted all of them but the beans."
    assert tasks["TASK-4"].criteria == ("The compost is covered (ticked in Backlog.md)",)
    assert tasks["DRAFT-1"].status == "Todo"
    assert tasks["DRAFT-1"].tags == ("draft",)


def test_the_last_of_the_projects_own_statuses_ends_a_task() -> None:
    settings = Document(path="config.yml", text='statuses: ["Idea", "Doing", "Shipped"]')
    texts = {"task-1": "Shipped", "task-2": "Doing", "task-3": "Done"}
    files = [
        Document(path=f"tasks/{key}.md", text=f"---\nid: {key}\ntitle: {key}\nstatus: {status}\n---\n")
        for key, status in texts.items()
    ]
    assert [task.status for task in backlog.read([settings, *files]).tasks] == ["Done", "Doing", "Done"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("# no front matter\n", "no front matter"),
        ("---\nid: [1\ntitle: x\n---\n", "not YAML"),
        ("---\nid: x\n\ttitle: y\n---\n", "at line 3"),
        ("---\n- a\n- b\n---\n", "no fields"),
        ("---\ntitle: x\n---\n", "no `id`"),
        ("---\na: " + "[" * 3000 + "]" * 3000 + "\n---\n", "nested too deep|not YAML"),
        ("---\na: " + "x" * 60_000 + "\n---\n", "more than"),
        ("---\nid: 1", "no front matter"),
    ],
)
def test_a_broken_file_is_named_and_the_others_are_read(text: str, why: str) -> None:
    found = backlog.read([*documents(), Document(path="tasks/task-9.md", text=text)])
    assert len(found.tasks) == 8
    assert found.left_out[0].key == "tasks/task-9.md"
    assert re.search(why, found.left_out[0].why)


def test_yaml_is_not_interpreted() -> None:
    text = "---\nid: task-1\ntitle: !!python/object/apply:os.getcwd []\nlabels: [2026-01-02, 1e3, yes]\n---\n"
    task = one(text)
    assert task.name == ""
    assert task.tags == ("2026-01-02", "1e3", "yes")


def test_aliases_do_not_grow() -> None:
    levels = "\n".join(f"l{n}: &l{n} [{', '.join(['*l' + str(n - 1)] * 9)}]" for n in range(1, 12))
    task = one(f"---\nid: task-1\ntitle: Bomb\nl0: &l0 x\n{levels}\nlabels: *l11\n---\n")
    assert task.tags == ()


def test_windows_line_ends_and_text_without_markers_are_read() -> None:
    task = one("---\r\nid: TASK-7\r\ntitle: By hand\r\n---\r\n\r\nJust text.\r\n")
    assert (task.key, task.name, task.objective) == ("TASK-7", "By hand", "Just text.")
    assert sections.parse(task.description()).objective == "Just text."


def test_an_end_marker_inside_a_text_does_not_open_another_section() -> None:
    body = "<!-- SECTION:NOTES:BEGIN -->\n<!-- AC:BEGIN -->\n- [ ] #1 no criterion\n<!-- SECTION:NOTES:END -->\n"
    task = one(f"---\nid: TASK-1\ntitle: x\n---\n{body}")
    assert task.criteria == ()
    assert task.objective == ""
    assert "no criterion" in task.original


def test_nothing_that_is_a_task_is_an_error() -> None:
    with pytest.raises(ImportSourceError, match="no task files"):
        backlog.read([Document(path="config.yml", text="statuses: [a]")])
