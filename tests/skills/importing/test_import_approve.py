"""Proposing and approving imports: what is made, what is not made twice, and what is left alone."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import prentice
from prentice.errors import ImportSourceError, ProposalError, RuleError, UsageError
from prentice.library import Prentice
from prentice.tasks import sections
from prentice.tasks.rules import Actor

SAMPLES = Path(__file__).parents[2] / "samples" / "imports"
TASK_MASTER = SAMPLES / "task_master" / "project"
BACKLOG = SAMPLES / "backlog" / "project"


@pytest.fixture
def project(tmp_path: Path) -> Prentice:
    directory = tmp_path / "project"
    directory.mkdir()
    opened = prentice.open(directory, actor="person")
    opened.init()
    return opened


def todo2_bytes(project: Prentice) -> bytes:
    return (project.directory / ".todo2" / "state.todo2.json").read_bytes()


def records(project: Prentice) -> dict[str, dict[str, Any]]:
    return {record["name"]: record for record in json.loads(todo2_bytes(project))["todos"]}


def ids(project: Prentice) -> dict[str, str]:
    return {name: record["id"] for name, record in records(project).items()}


def written(tmp_path: Path, *tasks: dict[str, Any], name: str = "tasks.json") -> Path:
    path = tmp_path / name
    path.write_text(json.dumps({"master": {"tasks": list(tasks)}}), encoding="utf-8")
    return path


def test_nothing_is_written_to_the_list_before_approval(project: Prentice) -> None:
    before = todo2_bytes(project)
    proposal = project.import_tasks(TASK_MASTER)
    assert todo2_bytes(project) == before
    assert [found.id for found in project.imports()] == [proposal.id]
    assert project.proposals() == []


def test_task_masters_project_becomes_tasks_with_parents_and_dependencies(project: Prentice) -> None:
    proposal = project.import_tasks(TASK_MASTER)
    approved = project.approve(proposal.id)
    assert approved.document() == {"created": [f"T-{number}" for number in range(1, 8)], "parent": None}
    task = ids(project)
    todolist = project.tasks()
    tasks = todolist.tasks
    assert tasks[task["Mark the present moment"]].parent == task["Draw the tide curve"]
    assert f"parent:{task['Draw the tide curve']}" in tasks[task["Mark the present moment"]].tags
    assert set(tasks[task["Draw the tide curve"]].dependencies) == {
        task["Read harbour files"], task["Scale the axes"], task["Mark the present moment"],
    }  # fmt: skip
    assert tasks[task["Mark the present moment"]].dependencies == (task["Scale the axes"],)
    assert todolist.graph.cycles() == []
    assert not todolist.graph.unknown
    assert {found.status for found in tasks.values()} == {"Todo"}
    for created in approved.created:
        assert [comment.type for comment in todolist.comments(created)] == ["note"]
        assert "approved by: person" in todolist.comments(created)[0].content
        kinds = {section.kind for section in sections.parse(tasks[created].description).sections}
        assert kinds >= set(sections._TITLES)  # noqa: SLF001 - all eight kinds
    assert records(project)["Scale the axes"]["prentice"] == {
        "proposal": proposal.uid, "key": "2.1", "source": "task-master:2.1", "name": "Scale the axes",
    }  # fmt: skip


def test_closed_entries_become_done_with_a_result_that_says_where_they_come_from(project: Prentice) -> None:
    project.approve(project.import_tasks(BACKLOG, closed=True).id)
    todolist = project.tasks()
    done = todolist.tasks[ids(project)["Throw away seeds of 2019"]]
    assert done.status == "Done"
    result = next(comment for comment in todolist.comments(done.id) if comment.type == "result")
    assert "backlog:TASK-4" in result.content
    assert "Composted all of them but the beans." in result.content


def test_a_closed_parent_does_not_wait_for_open_parts(project: Prentice, tmp_path: Path) -> None:
    part = {"id": 1, "title": "Open part", "status": "pending"}
    path = written(tmp_path, {"id": 1, "title": "Closed whole", "status": "done", "subtasks": [part]})
    project.approve(project.import_tasks(path, closed=True).id)
    tasks = project.tasks().tasks
    assert tasks["T-1"].status == "Done"
    assert tasks["T-1"].dependencies == ()
    assert tasks["T-2"].parent == "T-1"


def test_approving_again_answers_the_same_and_changes_no_byte(project: Prentice) -> None:
    proposal = project.import_tasks(BACKLOG, closed=True)
    approved = project.approve(proposal.id)
    after = todo2_bytes(project)
    assert project.approve(proposal.id) == approved
    assert todo2_bytes(project) == after


def test_an_approval_that_was_cut_off_before_the_ledger_knew_makes_nothing_twice(
    project: Prentice, tmp_path: Path
) -> None:
    proposal = project.import_tasks(TASK_MASTER)
    ledger = project.directory / ".prentice"
    shutil.copytree(ledger, tmp_path / "kept")
    approved = project.approve(proposal.id)
    after = todo2_bytes(project)
    shutil.rmtree(ledger)
    shutil.copytree(tmp_path / "kept", ledger)
    again = prentice.open(project.directory)
    assert again.imports()[0].state == "open"
    assert again.approve(proposal.id) == approved
    assert todo2_bytes(project) == after


def test_a_task_that_was_deleted_after_the_approval_stays_deleted(project: Prentice) -> None:
    proposal = project.import_tasks(TASK_MASTER)
    approved = project.approve(proposal.id)
    path = project.directory / ".todo2" / "state.todo2.json"
    value = json.loads(path.read_bytes())
    value["todos"] = [record for record in value["todos"] if record["id"] != "T-7"]
    path.write_text(json.dumps(value), encoding="utf-8")
    assert project.approve(proposal.id) == approved
    assert "T-7" not in project.tasks().tasks


def test_some_entries_can_be_made_first_and_others_later_with_their_links(project: Prentice) -> None:
    proposal = project.import_tasks(TASK_MASTER)
    assert project.approve(proposal.id, only=["2", "3"]).created == ("T-1", "T-2")
    assert project.tasks().tasks["T-2"].dependencies == ("T-1",)
    assert project.approve(proposal.id, only=["2.1", "1"]).created == ("T-3", "T-1", "T-4", "T-2")
    tasks = project.tasks().tasks
    assert tasks["T-4"].parent == "T-1"
    assert set(tasks["T-1"].dependencies) == {"T-3", "T-4"}
    assert set(tasks["T-2"].dependencies) == {"T-1", "T-3"}


def test_a_second_import_leaves_out_what_is_there_and_joins_what_is_new(project: Prentice, tmp_path: Path) -> None:
    first = written(tmp_path, {"id": 1, "title": "Read harbour files", "subtasks": [{"id": 1, "title": "Parse lines"}]})
    project.approve(project.import_tasks(first).id)
    project.edit("T-1", name="Something else altogether")
    parts = [{"id": 1, "title": "Parse lines"}, {"id": 2, "title": "Skip notes", "dependencies": [1]}]
    second = written(
        tmp_path,
        {"id": 1, "title": "Read harbour files", "subtasks": parts},
        {"id": 2, "title": "Draw the tide curve", "dependencies": [1]},
    )
    proposal = project.import_tasks(second)
    assert [task.key for task in proposal.tasks] == ["1.2", "2"]
    assert [(left.key, left.why.split(" (")[0]) for left in proposal.left_out] == [
        ("1", "it was imported before: T-1"), ("1.1", "it was imported before: T-2"),
    ]  # fmt: skip
    assert proposal.document()["tasks"][0]["parent"] == "T-1"  # type: ignore[index]
    assert project.approve(proposal.id).created == ("T-3", "T-4")
    tasks = project.tasks().tasks
    assert tasks["T-3"].parent == "T-1"
    assert tasks["T-3"].dependencies == ("T-2",)
    assert set(tasks["T-1"].dependencies) == {"T-2", "T-3"}
    assert tasks["T-4"].dependencies == ("T-1",)


def test_importing_all_of_it_again_proposes_nothing(project: Prentice) -> None:
    project.approve(project.import_tasks(BACKLOG, closed=True).id)
    again = project.import_tasks(BACKLOG, closed=True)
    assert (again.id, again.tasks) == ("", ())
    assert again.document()["proposal_id"] is None
    assert len(again.left_out) == 8
    assert len(project.imports()) == 1


def test_two_proposals_of_one_source_make_its_tasks_once(project: Prentice) -> None:
    first, second = project.import_tasks(TASK_MASTER), project.import_tasks(TASK_MASTER)
    approved = project.approve(first.id)
    after = todo2_bytes(project)
    assert project.approve(second.id) == approved
    assert todo2_bytes(project) == after


def test_another_project_with_the_same_ids_is_not_taken_for_the_first(project: Prentice, tmp_path: Path) -> None:
    project.approve(project.import_tasks(written(tmp_path, {"id": 1, "title": "Sharpen the saw"})).id)
    other = project.import_tasks(written(tmp_path, {"id": 1, "title": "Order inner tubes"}, name="other.json"))
    assert [task.name for task in other.tasks] == ["Order inner tubes"]


def test_what_looks_like_an_open_task_is_marked_and_made_only_by_name(project: Prentice, tmp_path: Path) -> None:
    project.add("Order the inner tubes for the workshop")
    path = tmp_path / "TODO.md"
    path.write_text("- [ ] Order inner tubes for the workshop\n- [ ] Sweep\n- [ ] sweep\n- [ ] Mop\n", encoding="utf-8")
    proposal = project.import_tasks(path)
    assert proposal.duplicates == {"1": "T-1", "3": "2"}
    documents: Any = proposal.document()["tasks"]
    assert [task.get("duplicate_of") for task in documents] == ["T-1", None, "2", None]
    assert project.approve(proposal.id).created == ("T-2", "T-3")
    assert project.approve(proposal.id, only=["1"]).created == ("T-4", "T-2", "T-3")


def test_what_waits_for_a_duplicate_waits_for_the_task_that_it_repeats(project: Prentice, tmp_path: Path) -> None:
    project.add("Read harbour files")
    path = written(
        tmp_path, {"id": 1, "title": "Read harbour files"}, {"id": 2, "title": "Draw curves", "dependencies": [1]}
    )
    project.approve(project.import_tasks(path).id)
    assert project.tasks().tasks["T-2"].dependencies == ("T-1",)


def test_where_all_may_be_there_already_approving_needs_names(project: Prentice, tmp_path: Path) -> None:
    project.add("Read harbour files")
    proposal = project.import_tasks(written(tmp_path, {"id": 1, "title": "Read harbour files"}))
    with pytest.raises(ProposalError) as raised:
        project.approve(proposal.id)
    assert "--only" in raised.value.next_step
    assert project.approve(proposal.id, only=["1"]).created == ("T-2",)


def test_more_than_the_limit_is_refused_unless_the_user_says_how_many(project: Prentice, tmp_path: Path) -> None:
    path = tmp_path / "TODO.md"
    path.write_text("".join(f"- [ ] Oil bicycle {number}\n" for number in range(201)), encoding="utf-8")
    with pytest.raises(ImportSourceError, match="201 tasks") as raised:
        project.import_tasks(path)
    assert "--limit 201" in raised.value.next_step
    assert len(project.import_tasks(path, limit=201).tasks) == 201
    few = project.import_tasks(path, limit=2)
    assert [task.name for task in few.tasks] == ["Oil bicycle 0", "Oil bicycle 1"]
    assert "first 2 of 201" in few.warnings[-1]
    project.approve(few.id)
    assert project.import_tasks(path, limit=2).tasks[0].name == "Oil bicycle 2"
    with pytest.raises(UsageError):
        project.import_tasks(path, limit=0)


@pytest.mark.parametrize(("closed", "parent"), [(True, ""), (False, "T-1")])
def test_a_new_part_of_what_is_done_in_the_source_joins_it_unless_it_is_done_here_too(
    project: Prentice, tmp_path: Path, *, closed: bool, parent: str
) -> None:
    task: dict[str, Any] = {"id": 1, "title": "Whole", "status": "done" if closed else "pending"}
    project.approve(project.import_tasks(written(tmp_path, task), closed=closed).id)
    path = written(tmp_path, task | {"status": "done", "subtasks": [{"id": 1, "title": "Late part"}]})
    project.approve(project.import_tasks(path).id)
    tasks = project.tasks().tasks
    assert (tasks["T-2"].name, tasks["T-2"].parent) == ("Late part", parent)
    assert tasks["T-1"].dependencies == (("T-2",) if parent else ())


def test_a_link_that_would_close_a_cycle_through_the_users_own_links_is_not_made(
    project: Prentice, tmp_path: Path
) -> None:
    first, second = {"id": 1, "title": "Read harbour files"}, {"id": 2, "title": "Draw the tide curve"}
    project.approve(project.import_tasks(written(tmp_path, first, second)).id)
    project.edit("T-2", dependencies=["T-1"])
    part = {"id": 1, "title": "Skip notes", "dependencies": ["2"]}
    project.approve(project.import_tasks(written(tmp_path, first | {"subtasks": [part]}, second)).id)
    todolist = project.tasks()
    assert todolist.tasks["T-3"].dependencies == ("T-2",)
    assert todolist.graph.cycles() == []


def test_what_repeats_a_duplicate_repeats_the_first_of_them(project: Prentice, tmp_path: Path) -> None:
    project.add("amber birch cedar dahlia elm fern grape")
    path = tmp_path / "TODO.md"
    names = ("amber birch cedar dahlia elm fern hazel", "amber birch cedar dahlia elm ivy hazel")
    path.write_text("".join(f"- [ ] {name}\n" for name in names), encoding="utf-8")
    assert project.import_tasks(path).duplicates == {"1": "T-1", "2": "T-1"}


def test_a_rejected_import_makes_nothing(project: Prentice) -> None:
    proposal = project.import_tasks(TASK_MASTER)
    assert project.reject(proposal.id, reason="not now").state == "rejected"
    with pytest.raises(ProposalError, match="was rejected"):
        project.approve(proposal.id)
    assert project.tasks().tasks == {}


def test_an_approved_import_cannot_be_rejected_nor_edited_and_unknown_keys_are_refused(project: Prentice) -> None:
    proposal = project.import_tasks(TASK_MASTER)
    with pytest.raises(ProposalError, match="has no ghost"):
        project.approve(proposal.id, only=["ghost"])
    project.approve(proposal.id)
    with pytest.raises(ProposalError, match="approved already"):
        project.reject(proposal.id)
    with pytest.raises(ProposalError, match="an import, not a plan"):
        project.proposal(proposal.id)


def test_outside_a_project_an_import_waits_in_the_users_record_and_approving_makes_the_project(tmp_path: Path) -> None:
    directory = tmp_path / "plain"
    directory.mkdir()
    proposal = prentice.open(directory).import_tasks(TASK_MASTER)
    assert list(directory.iterdir()) == []
    approved = prentice.open(directory).approve(proposal.id)
    assert len(approved.created) == 7
    again = prentice.open(directory)
    assert again.project is not None
    assert again.approve(proposal.id) == approved


def test_hostile_texts_cannot_break_the_file(project: Prentice, tmp_path: Path) -> None:
    evil = 'x\ud800\x00\x1b[2J"},{"id":"T-99","name":"'
    path = tmp_path / "issues.json"
    path.write_text(json.dumps([{"number": 1, "title": evil, "body": evil, "labels": [evil]}]), encoding="utf-8")
    project.approve(project.import_tasks(path).id)
    assert list(project.tasks().tasks) == ["T-1"]
    assert "\x1b" not in project.tasks().tasks["T-1"].text


@pytest.mark.parametrize("actor", ["assistant", "policy"])
def test_nobody_but_a_person_or_a_script_makes_done_tasks_by_an_import(tmp_path: Path, actor: Actor) -> None:
    (tmp_path / "list.md").write_text("- [x] finished\n- [ ] open\n", encoding="utf-8")
    project = prentice.open(tmp_path, actor=actor)
    project.init()
    proposal = project.import_tasks(tmp_path / "list.md", closed=True)
    with pytest.raises(RuleError) as caught:
        project.approve(proposal.id)
    assert caught.value.details["rule"] == "person"
    assert project.tasks().tasks == {}
    opened = [task.key for task in proposal.tasks if task.status != "Done"]
    assert len(project.approve(proposal.id, only=opened).created) == 1
