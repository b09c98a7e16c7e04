"""Decisions that lead on to something later: a plan that is edited and kept, a change that is sent back."""

from dataclasses import replace
from pathlib import Path

import pytest

import prentice
from prentice.errors import ProposalError, ReviewError, TaskNotFoundError
from prentice.ledger.runs_table import RunsTable
from prentice.library import Prentice
from skills.execute.proposed import project as proposed_project
from web.completed import complete


@pytest.fixture
def project(tmp_path: Path) -> Prentice:
    opened = prentice.open(tmp_path, backend="builtin")
    opened.init()
    opened.add("Add retries to the upload client")
    opened.breakdown("T-1")
    return opened


def test_an_edited_plan_is_kept_and_approved_as_it_was_edited(project: Prentice) -> None:
    plan = project.proposal("P-1")
    edited = [replace(plan.subtasks[0], name="Look first"), *plan.subtasks[1:]]
    assert project.revise(plan, subtasks=edited).subtasks[0].name == "Look first"
    assert project.proposal("P-1").state == "open"
    project.approve("P-1")
    assert "Look first" in [task.name for task in project.tasks().children("T-1")]


def test_a_plan_that_changed_since_it_was_read_is_not_overwritten(project: Prentice) -> None:
    plan = project.proposal("P-1")
    project.revise(plan, subtasks=[replace(plan.subtasks[0], name="First"), *plan.subtasks[1:]])
    with pytest.raises(ProposalError, match="edited elsewhere"):
        project.revise(plan, subtasks=[replace(plan.subtasks[0], name="Second"), *plan.subtasks[1:]])
    assert project.proposal("P-1").subtasks[0].name == "First"


def test_a_plan_that_was_decided_on_is_not_edited(project: Prentice) -> None:
    plan = project.proposal("P-1")
    project.reject("P-1")
    with pytest.raises(ProposalError, match="decided on"):
        project.revise(plan, subtasks=plan.subtasks[:1])


@pytest.mark.parametrize("wrong", ["nothing", "no name", "no criteria", "a cycle"])
def test_a_plan_that_does_not_hold_together_is_not_kept(project: Prentice, wrong: str) -> None:
    plan = project.proposal("P-1")
    first = plan.subtasks[0]
    edited = {
        "nothing": [], "no name": [replace(first, name=" ")], "no criteria": [replace(first, acceptance_criteria=())],
        "a cycle": [replace(first, dependencies=(first.key,))],
    }[wrong]  # fmt: skip
    with pytest.raises(ProposalError, match="does not hold together") as caught:
        project.revise(plan, subtasks=edited)
    assert caught.value.details["problems"]
    assert project.proposal("P-1") == plan


def test_a_change_that_is_sent_back_queues_one_attempt_for_each_comment(tmp_path: Path) -> None:
    proposed = proposed_project(tmp_path / "project")
    run = complete(proposed)
    project = prentice.open(proposed.root, actor="person", backend="builtin")
    assert project.send_back(run, "Louder") == project.send_back(run, "Louder") == "R-2"
    row = RunsTable(proposed.executions.database).get("R-2")
    assert (row.state, row.kind, row.options["backend"]) == ("queued", "execute", "builtin")
    assert (row.arguments["attempt_of"], row.arguments["comment"]) == (run, "Louder")
    assert project.review(run)["state"] == "rejected"


def test_the_next_attempt_is_made_by_the_backend_of_the_one_before_unless_another_is_named(tmp_path: Path) -> None:
    proposed = proposed_project(tmp_path / "project")
    table = RunsTable(proposed.executions.database)
    run = complete(proposed)
    queued = prentice.open(proposed.root, actor="person").send_back(run, "Louder")
    assert table.get(queued).options["backend"] == "builtin"
    named = prentice.open(proposed.root, actor="person", model="coder").send_back(run, "Softer")
    options = table.get(named).options
    assert (options["model"], "backend" in options) == ("coder", False)


def test_what_cannot_be_tried_again_is_not_sent_back(tmp_path: Path) -> None:
    proposed = proposed_project(tmp_path / "project")
    run = complete(proposed)
    project = prentice.open(proposed.root, actor="person")
    with pytest.raises(ReviewError, match="empty"):
        project.send_back(run, " ")
    project.delete("T-1")
    with pytest.raises(TaskNotFoundError):
        project.send_back(run, "Louder")
    assert project.review(run)["decisions"] == []
