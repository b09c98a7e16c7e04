"""Approving and rejecting proposals."""

import json
from pathlib import Path
from typing import Any

import pytest

import prentice
from plans import good_plan, reply, script
from prentice.errors import ProposalError, RuleError, TaskNotFoundError
from prentice.library import Prentice
from prentice.tasks import sections
from prentice.tasks.rules import check_dependencies

TASK = "Add retries to the upload client"


@pytest.fixture
def project(tmp_path: Path) -> Prentice:
    directory = tmp_path / "project"
    directory.mkdir()
    opened = prentice.open(directory, backend=script(tmp_path / "script.jsonl", *[reply(good_plan())] * 3))
    opened.init()
    return opened


def todo2_bytes(project: Prentice) -> bytes:
    return (project.directory / ".todo2" / "state.todo2.json").read_bytes()


def test_subtasks_become_tasks_with_parent_dependencies_and_comments(project: Prentice) -> None:
    parent = project.add(TASK, description="Uploads fail on flaky networks.", priority="high", tags=["net"])
    proposal = project.breakdown(parent.id)
    approved = project.approve(proposal.id)
    todolist = project.tasks()
    assert approved.parent == parent.id
    children = [todolist.tasks[task_id] for task_id in approved.created]
    assert [child.name for child in children] == [subtask.name for subtask in proposal.subtasks]
    by_key = dict(zip((subtask.key for subtask in proposal.subtasks), approved.created, strict=True))
    for child, subtask in zip(children, proposal.subtasks, strict=True):
        assert child.parent == parent.id
        assert child.priority == "high"
        assert {"net", f"parent:{parent.id}"} <= set(child.tags)
        assert child.dependencies == tuple(by_key[key] for key in subtask.dependencies)
        assert [comment.type for comment in todolist.comments(child.id)] == ["note"]
    assert set(todolist.tasks[parent.id].dependencies) == set(approved.created)
    assert todolist.graph.cycles() == []


def test_the_tasks_keep_the_rules_of_todo2(project: Prentice) -> None:
    approved = project.approve(project.breakdown(TASK).id)
    value: dict[str, Any] = json.loads(todo2_bytes(project))
    assert value["nextTaskNumber"] == 1 + len(value["todos"])
    for record in value["todos"]:
        assert isinstance(record["taskNumber"], int)
        description = sections.parse(record["long_description"])
        assert {section.kind for section in description.sections} == set(sections._TITLES)  # noqa: SLF001 - all eight kinds
        assert 3 <= len(description.criteria) <= 5
    todolist = project.tasks()
    for task in todolist.tasks.values():
        check_dependencies(todolist, task.id, task.dependencies)
    first = todolist.ready()[0]
    assert first.id in approved.created
    assert project.set_status(first.id, "In Progress").status == "In Progress"
    with pytest.raises(RuleError) as raised:
        project.set_status(approved.parent, "In Progress")
    assert raised.value.details["rule"] == "dependencies"


def test_approving_twice_answers_the_same_and_changes_nothing(project: Prentice) -> None:
    proposal = project.breakdown(TASK)
    first = project.approve(proposal.id)
    before = todo2_bytes(project)
    assert project.approve(proposal.id) == first
    assert todo2_bytes(project) == before


def test_an_approval_cut_off_before_the_ledger_knew_of_it_makes_nothing_twice(project: Prentice) -> None:
    proposal = project.breakdown(TASK)
    first = project.approve(proposal.id)
    with project._ledgers.current()[0].transaction() as connection:  # noqa: SLF001 - the state a crash would leave
        connection.execute("UPDATE proposals SET state = 'open', decision = NULL")
    before = todo2_bytes(project)
    assert project.approve(proposal.id) == first
    assert todo2_bytes(project) == before


def test_some_keys_can_be_approved_and_the_others_later(project: Prentice) -> None:
    proposal = project.breakdown(TASK)
    some = project.approve(proposal.id, only=["retry", "docs"])
    assert len(some.created) == 2
    assert project.tasks().tasks[some.created[0]].dependencies == ()
    assert project.approve(proposal.id) == some
    more = project.approve(proposal.id, only=["measure"])
    assert len(more.created) == 3
    assert set(some.created) < set(more.created)


def test_a_task_approved_before_what_it_needs_waits_for_it_once_that_is_made(project: Prentice) -> None:
    proposal = project.breakdown(TASK)
    first = project.approve(proposal.id, only=["proof"])
    assert project.task(first.created[0]).dependencies == ()
    both = project.approve(proposal.id, only=["retry"])
    retry, proof = both.created
    assert project.task(proof).dependencies == (retry,)
    assert project.tasks().graph.cycles() == []


def test_the_parent_keeps_what_it_waited_for_before(project: Prentice) -> None:
    other = project.add("Settle the protocol")
    parent = project.add(TASK, depends=[other.id])
    approved = project.approve(project.breakdown(parent.id).id)
    assert project.task(parent.id).dependencies == (other.id, *sorted(approved.created))


def test_a_task_that_is_done_gets_no_plan(project: Prentice) -> None:
    task = project.add(TASK)
    project.set_status(task.id, "In Progress")
    project.comment(task.id, "done so", kind="result")
    project.set_status(task.id, "Review")
    project.set_status(task.id, "Done")
    with pytest.raises(RuleError) as raised:
        project.breakdown(task.id)
    assert raised.value.details["rule"] == "parent"


def test_a_second_plan_for_a_task_says_that_there_was_one(project: Prentice) -> None:
    parent = project.add(TASK)
    first = project.breakdown(parent.id)
    project.approve(first.id, only=["docs"])
    project.edit(project.tasks().children(parent.id)[0].id, name="Something else altogether")
    assert any(first.id in warning for warning in project.breakdown(parent.id).warnings)


def test_a_plan_for_a_simple_task_says_that_it_may_not_need_one(project: Prentice) -> None:
    assert any("simple" in warning for warning in project.breakdown("Fix the typo in the settings dialog").warnings)
    assert not any("simple" in warning for warning in project.breakdown("Migrate Python MCP server to Go").warnings)


def test_a_key_that_is_not_there_is_refused_and_nothing_is_made(project: Prentice) -> None:
    proposal = project.breakdown(TASK)
    before = todo2_bytes(project)
    with pytest.raises(ProposalError, match="no subtask ghost"):
        project.approve(proposal.id, only=["ghost"])
    assert todo2_bytes(project) == before


def test_outside_a_project_approving_makes_one_and_repeating_answers_the_same(tmp_path: Path) -> None:
    directory = tmp_path / "plain"
    directory.mkdir()
    backend = script(tmp_path / "script.jsonl", reply(good_plan()))
    proposal = prentice.open(directory, backend=backend).breakdown(TASK)
    assert list(directory.iterdir()) == []
    approved = prentice.open(directory).approve(proposal.id)
    assert (directory / ".todo2" / "state.todo2.json").is_file()
    again = prentice.open(directory)
    assert again.project is not None
    assert again.approve(proposal.id) == approved


def test_a_rejected_proposal_makes_no_tasks(project: Prentice) -> None:
    proposal = project.breakdown(TASK)
    assert project.reject(proposal.id, reason="too fine").state == "rejected"
    with pytest.raises(ProposalError, match="was rejected"):
        project.approve(proposal.id)
    assert project.tasks().tasks == {}


def test_approving_one_of_two_proposals_for_a_task_sets_the_other_aside(project: Prentice) -> None:
    parent = project.add(TASK)
    first, second = project.breakdown(parent.id), project.breakdown(parent.id)
    project.approve(second.id)
    assert project.proposal(first.id).state == "superseded"
    with pytest.raises(ProposalError):
        project.approve(first.id)
    with pytest.raises(ProposalError):
        project.reject(second.id)


def test_a_parent_that_was_deleted_meanwhile_is_a_typed_error(project: Prentice) -> None:
    parent = project.add(TASK)
    proposal = project.breakdown(parent.id)
    path = project.directory / ".todo2" / "state.todo2.json"
    value = json.loads(path.read_bytes()) | {"todos": []}
    path.write_text(json.dumps(value), encoding="utf-8")
    with pytest.raises(TaskNotFoundError):
        project.approve(proposal.id)


def test_a_proposal_that_does_not_exist_names_those_that_do(project: Prentice) -> None:
    proposal = project.breakdown(TASK)
    with pytest.raises(ProposalError) as raised:
        project.approve("P-99")
    assert proposal.id in raised.value.next_step
