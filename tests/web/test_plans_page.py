"""A plan on the page: looked at, edited subtask by subtask, approved as a whole or in part, rejected; each once."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import prentice
from plans import good_plan, reply, script
from prentice.library import Prentice
from web.visitors import Visitor, hidden, visiting, words

EDITED: dict[str, Any] = {
    "name": "Retry uploads", "description": "Only what\r\nis idempotent.", "criteria": "It retries\r\n\r\n It stops ",
    "complexity": "simple", "category": "bug_fix", "depends": ["measure", "docs"],
}  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Prentice:
    root = tmp_path / "project"
    root.mkdir()
    opened = prentice.open(root, backend=script(tmp_path / "replies.jsonl", reply(good_plan())))
    opened.init()
    opened.add("Add retries to the upload client")
    assert opened.breakdown("T-1").id == "P-1"
    return opened


@pytest.fixture
def visitor(project: Prentice) -> Iterator[Visitor]:
    with visiting(project.directory) as found:
        yield found


def seen(visitor: Visitor) -> str:
    return hidden(visitor.get("/plans/P-1"), "seen")


def marked(page: str) -> list[str]:
    boxes = re.findall(r'<input type="checkbox" name="key" value="([^"]*)"[^>]*( checked)', page)
    return [key for key, _ in boxes]


def test_a_plan_shows_its_subtasks_and_a_drawing_of_what_waits_for_what(visitor: Visitor, project: Prentice) -> None:
    page = visitor.get("/plans/P-1")
    said = words(page)
    for subtask in project.proposal("P-1").subtasks:
        assert subtask.name in said
        assert f'id="subtask-{subtask.key}"' in page
        assert f'href="#subtask-{subtask.key}"' in page
        for criterion in subtask.acceptance_criteria:
            assert criterion in said
    assert page.count('<path class="edge') == 2
    assert page.count('<path class="edge critical"') == 2
    assert "measure → retry → proof" in said
    assert marked(page) == ["measure", "retry", "docs", "proof"]


def test_approving_all_makes_the_tasks_as_a_person_and_repeating_it_makes_nothing(
    visitor: Visitor, project: Prentice
) -> None:
    form: dict[str, Any] = {"seen": seen(visitor), "key": ["measure", "retry", "docs", "proof"]}
    for _ in range(2):
        page = visitor.send("/plans/P-1/approve", **form)
        created = (project.proposal("P-1").decision or {})["created"]
        assert f"T-1 now waits for {', '.join(created)}." in words(page)
    assert sorted(project.tasks().tasks) == ["T-1", "T-2", "T-3", "T-4", "T-5"]
    assert (project.proposal("P-1").decision or {})["actor"] == "person"
    assert "Approved by: person" in words(page)


def test_a_part_is_approved_and_the_rest_later(visitor: Visitor, project: Prentice) -> None:
    visitor.send("/plans/P-1/approve", seen=seen(visitor), key=["retry", "measure"])
    assert sorted(task.name for task in project.tasks().children("T-1")) == [
        "Measure the upload client's failures", "Retry idempotent uploads with back-off",
    ]  # fmt: skip
    page = visitor.get("/plans/P-1")
    assert marked(page) == []
    assert "It is T-2 now" in words(page)
    visitor.send("/plans/P-1/approve", seen=seen(visitor), key=["docs"])
    assert len(project.tasks().children("T-1")) == 3


def test_a_subtask_is_edited_before_anything_is_approved(visitor: Visitor, project: Prentice) -> None:
    page = visitor.get("/plans/P-1/subtasks/retry")
    assert 'value="Retry idempotent uploads with back-off"' in page
    page = visitor.send("/plans/P-1/subtasks/retry", seen=hidden(page, "seen"), **EDITED)
    assert "retry is changed. Nothing is approved yet." in words(page)
    edited = project.proposal("P-1").subtasks[1]
    assert (edited.name, edited.description) == ("Retry uploads", "Only what is idempotent.")
    assert edited.acceptance_criteria == ("It retries", "It stops")
    assert (edited.complexity, edited.category, edited.dependencies) == ("simple", "bug_fix", ("measure", "docs"))
    assert list(project.tasks().tasks) == ["T-1"]
    visitor.send("/plans/P-1/approve", seen=seen(visitor), key=["measure", "retry", "docs"])
    assert "Retry uploads" in [task.name for task in project.tasks().children("T-1")]


def test_a_subtask_is_added_and_another_taken_out_before_anything_is_approved(
    visitor: Visitor, project: Prentice
) -> None:
    page = visitor.get("/plans/P-1/add")
    assert hidden(page, "seen") == seen(visitor)
    assert 'name="key" value="step-5"' in page
    new = {**EDITED, "key": "limits", "depends": ["retry"]}
    assert "limits is added." in words(visitor.send("/plans/P-1/add", seen=hidden(page, "seen"), **new))
    added = project.proposal("P-1").subtasks[-1]
    assert (added.key, added.name, added.dependencies) == ("limits", "Retry uploads", ("retry",))
    said = words(visitor.send("/plans/P-1/remove", seen=seen(visitor), key="retry"))
    assert "retry is taken out. Nothing is approved yet." in said
    left = {subtask.key: subtask.dependencies for subtask in project.proposal("P-1").subtasks}
    assert left == {"measure": (), "docs": (), "proof": ("measure",), "limits": ("measure",)}
    visitor.send("/plans/P-1/approve", seen=seen(visitor), key=list(left))
    assert "Retry uploads" in [task.name for task in project.tasks().children("T-1")]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"key": ""}, "has no key"), ({"key": "retry"}, 'key "retry" is used 2 times'), ({"name": ""}, "has no name"),
        ({"key": "k" * 41}, "longer than 40"), ({"criteria": ""}, "no acceptance criteria"),
        ({"seen": "old"}, "edited elsewhere"),
    ],
)  # fmt: skip
def test_what_cannot_be_added_is_told_with_what_was_written(
    visitor: Visitor, project: Prentice, wrong: dict[str, object], says: str
) -> None:
    before = project.proposal("P-1")
    form: dict[str, Any] = {"seen": seen(visitor), **EDITED, "key": "more", **wrong}
    code = 400 if "longer" in says else 409
    page = visitor.send("/plans/P-1/add", code=code, **form)
    assert says in words(page)
    assert "Only what is idempotent." in page or says in {"longer than 40", "edited elsewhere"}
    assert project.proposal("P-1") == before


def test_the_last_subtask_is_not_taken_out(visitor: Visitor) -> None:
    for key in ("measure", "retry", "docs"):
        visitor.send("/plans/P-1/remove", seen=seen(visitor), key=key)
    assert "Take it out of the plan" not in visitor.get("/plans/P-1/subtasks/proof")
    assert "it has no subtasks" in words(visitor.send("/plans/P-1/remove", seen=seen(visitor), key="proof", code=409))
    visitor.send("/plans/P-1/remove", seen=seen(visitor), key="gone", code=409)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"name": " "}, "has no name"), ({"criteria": "\r\n "}, "has no acceptance criteria"),
     ({"depends": ["proof"]}, "cycle"), ({"depends": ["retry"]}, "cycle"), ({"depends": ["nobody"]}, "no key"),
     ({"complexity": "huge"}, "is no complexity"), ({"category": ""}, "is no category"),
     ({"name": "x" * 4001}, "longer than"), ({"name": "Describe the retry settings"}, "used 2 times")],
)  # fmt: skip
def test_an_edit_that_does_not_hold_together_can_be_mended_and_is_not_kept(
    visitor: Visitor, project: Prentice, wrong: dict[str, object], says: str
) -> None:
    before = project.proposal("P-1")
    form = {"seen": seen(visitor), **EDITED, **wrong}
    answer = visitor.client.post(
        "/plans/P-1/subtasks/retry", data={"form": visitor.place.keys.form, **form},
        headers={"origin": "http://127.0.0.1:8743"},
    )  # fmt: skip
    assert answer.status_code in {400, 409}
    assert says in words(answer.text)
    assert project.proposal("P-1") == before
    if says not in {"is no complexity", "is no category", "longer than"}:
        assert "Only what is idempotent." in answer.text


def test_a_plan_that_was_edited_elsewhere_is_neither_approved_nor_edited_by_an_old_page(
    visitor: Visitor, project: Prentice
) -> None:
    old = seen(visitor)
    visitor.send("/plans/P-1/subtasks/retry", seen=old, **EDITED)
    page = visitor.send("/plans/P-1/approve", seen=old, key=["measure"], code=409)
    assert "P-1 was edited elsewhere since you looked at it" in words(page)
    page = visitor.send("/plans/P-1/subtasks/docs", seen=old, code=409, **{**EDITED, "depends": []})
    assert "was edited elsewhere" in words(page)
    assert list(project.tasks().tasks) == ["T-1"]
    assert project.proposal("P-1").subtasks[2].name == "Describe the retry settings"


def test_an_open_page_is_told_that_the_plan_is_another_now(visitor: Visitor, project: Prentice) -> None:
    [where] = re.findall(r'data-live="([^"]+)"', visitor.get("/plans/P-1"))
    where = where.replace("&amp;", "&")
    assert words(visitor.get(where)) == ""
    visitor.send("/plans/P-1/remove", seen=seen(visitor), key="docs")
    assert words(visitor.get(where)) == "P-1 was edited meanwhile. Look at it as it is now"
    project.reject("P-1")
    assert words(visitor.get(where)) == "P-1 was rejected meanwhile. Look at it as it is now"


def test_an_approved_plan_is_not_edited(visitor: Visitor, project: Prentice) -> None:
    old = seen(visitor)
    project.approve("P-1")
    assert "its plan does not change any more" in words(visitor.get("/plans/P-1/subtasks/retry"))
    visitor.send("/plans/P-1/subtasks/retry", seen=old, code=409, **EDITED)
    assert project.proposal("P-1").subtasks[1].name == "Retry idempotent uploads with back-off"


def test_rejecting_keeps_the_reason_and_ends_the_plan(visitor: Visitor, project: Prentice) -> None:
    old = seen(visitor)
    page = visitor.send("/plans/P-1/reject", reason="<i>Too</i> small")
    assert "Rejected: <i>Too</i> small" in words(page)
    assert "<i>" not in page
    assert project.proposal("P-1").state == "rejected"
    page = visitor.send("/plans/P-1/approve", seen=old, key=["measure"], code=409)
    assert "P-1 was rejected." in words(page)


def test_without_a_mark_nothing_is_approved(visitor: Visitor, project: Prentice) -> None:
    assert "No subtask was chosen." in visitor.send("/plans/P-1/approve", seen=seen(visitor), code=400)
    assert "has no subtask nobody" in visitor.send("/plans/P-1/approve", seen=seen(visitor), key="nobody", code=409)
    assert list(project.tasks().tasks) == ["T-1"]


def test_approving_outside_a_project_makes_one(tmp_path: Path) -> None:
    project = prentice.open(tmp_path, backend="builtin")
    plan = project.breakdown("Add retries to the upload client")
    with visiting(tmp_path) as visitor:
        assert "For a text that is no task yet" in words(visitor.get(f"/plans/{plan.id}"))
        keys = [subtask.key for subtask in plan.subtasks]
        visitor.send(f"/plans/{plan.id}/approve", seen=hidden(visitor.get(f"/plans/{plan.id}"), "seen"), key=keys)
    assert len(prentice.open(tmp_path).tasks().tasks) == len(keys) + 1


def test_an_import_is_no_plan_and_an_unknown_plan_is_named(visitor: Visitor) -> None:
    assert "There is no proposal P-9 here." in visitor.get("/plans/P-9", code=409)
    assert "has no subtask nobody" in visitor.get("/plans/P-1/subtasks/nobody", code=409)
    assert "There is no import P-1 here." in visitor.get("/imports/P-1", code=409)
