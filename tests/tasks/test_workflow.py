"""Every rule of the workflow, refused and allowed, for each kind of actor; then each once through the library."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

import prentice
from prentice.errors import RuleError, UsageError
from prentice.library import Prentice
from prentice.tasks import claiming, workflow
from prentice.tasks.claiming import Worker
from prentice.tasks.edits import Editor
from prentice.tasks.rules import USUAL, Actor, Workflow
from tasks.editing import editor

ACTORS: tuple[Actor, ...] = get_args(Actor)
NOW = "2026-01-02T03:00:00.000Z"
LATER, EARLIER = "2026-01-02T03:30:00.000Z", "2026-01-02T02:30:00.000Z"

Act = Callable[[Editor, Actor], object]


def task(task_id: str = "T-1", **fields: Any) -> dict[str, Any]:
    return {"id": task_id, "name": f"Name of {task_id}", "status": "Todo", "created": NOW, **fields}


def claimed(worker: str, until: str = LATER) -> dict[str, Any]:
    return {"prentice": {"claim": {"worker": worker, "until": until, "minutes": 60}}}


def moved(status: str, *, settled: Workflow = USUAL, decisive: bool = False) -> Act:
    return lambda editor, actor: workflow.move(
        editor, "T-1", status, actor=actor, workflow=settled, worker="me", decisive=decisive
    )


def deleted(editor: Editor, actor: Actor) -> None:
    workflow.delete(editor, "T-1", actor=actor, worker="me")


def taken(editor: Editor, actor: Actor) -> None:
    claiming.claim(editor, "T-1", Worker(name="me", actor=actor), workflow=USUAL)


def released(editor: Editor, actor: Actor) -> None:
    claiming.release(editor, "T-1", actor=actor, worker="me")


@dataclass(frozen=True)
class Row:
    """A sentence about an actor, the tasks it is about, and by which rule each actor is refused, if it is."""

    says: str
    act: Act
    tasks: list[dict[str, Any]]
    comments: tuple[str, ...] = ()
    refused: Mapping[Actor, str] = field(default_factory=dict)


def nobody() -> dict[Actor, str]:
    return {}


def everybody(rule: str) -> dict[Actor, str]:
    return dict.fromkeys(ACTORS, rule)


def all_but_a_person(rule: str) -> dict[Actor, str]:
    return {actor: rule for actor in ACTORS if actor != "person"}


def machines(rule: str = "person") -> dict[Actor, str]:
    return {"assistant": rule, "policy": rule}


RESULT = ("result",)
DONE_BY_CHECKS = Workflow(finish="done")
RESEARCHED = Workflow(research="required")
STEP = {"parent_id": "T-1"}

TABLE = [
    # moves
    Row("start a task", moved("In Progress"), [task()], refused=nobody()),
    Row("skip to Review", moved("Review"), [task()], RESULT, everybody("moves")),
    Row("skip to Done", moved("Done"), [task()], RESULT, everybody("moves")),
    Row("finish without a review", moved("Done"), [task(status="In Progress")], RESULT, everybody("moves")),
    Row("put a started task back", moved("Todo"), [task(status="In Progress")], refused=nobody()),
    Row("send a reviewed task back to work", moved("In Progress"), [task(status="Review")], refused=nobody()),
    Row("open a finished task again", moved("In Progress"), [task(status="Done")], refused=nobody()),
    Row("put a reviewed task back to Todo", moved("Todo"), [task(status="Review")], refused=everybody("moves")),
    Row("take up a blocked task", moved("In Progress"), [task(status="Blocked")], refused=nobody()),
    Row("revive a cancelled task", moved("Todo"), [task(status="Cancelled")], refused=nobody()),
    Row("move a blocked task to Review", moved("Review"), [task(status="Blocked")], RESULT, nobody()),
    Row("move a blocked task to Done", moved("Done"), [task(status="Blocked")], RESULT, machines()),
    # dependencies
    Row("start a task whose dependencies are Done", moved("In Progress"),
        [task(dependencies=["T-2"]), task("T-2", status="completed")], refused=nobody()),
    Row("start a task that waits for one in Review", moved("In Progress"),
        [task(dependencies=["T-2"]), task("T-2", status="Review")], refused=everybody("dependencies")),
    Row("start a task that waits for a cancelled one", moved("In Progress"),
        [task(dependencies=["T-2"]), task("T-2", status="Cancelled")], refused=everybody("dependencies")),
    Row("start a task that waits for one that does not exist", moved("In Progress"),
        [task(dependencies=["T-9"])], refused=everybody("dependencies")),
    # research
    Row("start without the research that is required", moved("In Progress", settled=RESEARCHED),
        [task()], ("note", "result"), everybody("research")),
    Row("start with the research that is required", moved("In Progress", settled=RESEARCHED),
        [task()], ("research_with_links",), nobody()),
    Row("put a task back without the research that is required", moved("Todo", settled=RESEARCHED),
        [task(status="In Progress")], refused=nobody()),
    # result
    Row("ask for a review without a result", moved("Review"), [task(status="In Progress")], ("note",),
        everybody("result")),
    Row("ask for a review with a result", moved("Review"), [task(status="In Progress")], RESULT, nobody()),
    Row("finish a reviewed task without a result", moved("Done"), [task(status="Review")], ("note",),
        everybody("result")),
    # person
    Row("finish a reviewed task", moved("Done"), [task(status="Review")], RESULT, machines()),
    Row("finish a reviewed task after a decisive check, where that may finish it",
        moved("Done", settled=DONE_BY_CHECKS, decisive=True), [task(status="Review")], RESULT, {"assistant": "person"}),
    Row("finish a reviewed task after a decisive check, where that may not finish it",
        moved("Done", decisive=True), [task(status="Review")], RESULT, machines()),
    Row("finish a reviewed task without a decisive check, where one may finish it",
        moved("Done", settled=DONE_BY_CHECKS), [task(status="Review")], RESULT, machines()),
    # children
    Row("ask for a review of a parent with an open step", moved("Review"),
        [task(status="In Progress"), task("T-2", status="Done", **STEP), task("T-3", status="Review", **STEP)], RESULT,
        everybody("children")),
    Row("finish a parent with an open step", moved("Done"), [task(status="Review"), task("T-2", **STEP)], RESULT,
        everybody("children")),
    Row("ask for a review of a parent whose steps are closed", moved("Review"),
        [task(status="In Progress"), task("T-2", status="Done", **STEP), task("T-3", status="Cancelled", **STEP)],
        RESULT, nobody()),
    Row("start a parent with an open step", moved("In Progress"), [task(), task("T-2", **STEP)], refused=nobody()),
    Row("ask for a review of a task that is its own parent", moved("Review"),
        [task(status="In Progress", **STEP)], RESULT, nobody()),
    Row("ask for a review of one of two tasks that are each other's parent", moved("Review"),
        [task(status="In Progress", parent_id="T-2"), task("T-2", **STEP)], RESULT, nobody()),
    # claimed
    Row("move a task that another worker claimed", moved("Todo"),
        [task(status="In Progress", **claimed("other"))], refused=all_but_a_person("claimed")),
    Row("start a task that another worker claimed", moved("In Progress"),
        [task(**claimed("other"))], refused=all_but_a_person("claimed")),
    Row("move a task that it claimed itself", moved("Todo"),
        [task(status="In Progress", **claimed("me"))], refused=nobody()),
    Row("move a task whose claim is over", moved("Todo"),
        [task(status="In Progress", **claimed("other", EARLIER))], refused=nobody()),
    Row("claim a task that another worker claimed", taken, [task(**claimed("other"))], refused=everybody("claimed")),
    Row("claim a task whose claim is over", taken, [task(**claimed("other", EARLIER))], refused=nobody()),
    Row("claim a task again", taken, [task(status="In Progress", **claimed("me"))], refused=nobody()),
    Row("claim a task in Review", taken, [task(status="Review")], refused=everybody("moves")),
    Row("claim a finished task", taken, [task(status="Done")], refused=everybody("moves")),
    Row("claim a cancelled task", taken, [task(status="Cancelled")], refused=everybody("moves")),
    Row("release a task that another worker claimed", released,
        [task(status="In Progress", **claimed("other"))], refused=all_but_a_person("claimed")),
    Row("release a task that it claimed itself", released,
        [task(status="In Progress", **claimed("me"))], refused=nobody()),
    # deleting
    Row("delete a task", deleted, [task()], refused=machines()),
    Row("delete a task that an open task needs", deleted,
        [task(), task("T-2", dependencies=["T-1"])], refused=everybody("needed") | machines()),
    Row("delete a task that only closed tasks needed", deleted,
        [task(), task("T-2", status="Done", dependencies=["T-1"]),
         task("T-3", status="Cancelled", dependencies=["T-1"])], refused=machines()),
    Row("delete a task with an open step", deleted,
        [task(), task("T-2", **STEP)], refused=everybody("children") | machines()),
    Row("delete a task that another worker claimed", deleted,
        [task(**claimed("other"))], refused={"script": "claimed", **machines()}),
    Row("delete a task that it claimed itself", deleted, [task(**claimed("me"))], refused=machines()),
]  # fmt: skip


def sentence(row: Row, actor: Actor) -> str:
    if rule := row.refused.get(actor):
        return f"{actor} may not {row.says} ({rule})"
    return f"{actor} may {row.says}"


def edited(tasks: list[dict[str, Any]], comments: tuple[str, ...]) -> Editor:
    said = [{"id": f"T-1-C-{n}", "todoId": "T-1", "type": kind} for n, kind in enumerate(comments, 1)]
    value = {"todos": tasks, "comments": said, "activities": [], "nextTaskNumber": 10}
    return editor(value, now=NOW)


@pytest.mark.parametrize(
    ("row", "actor"),
    [pytest.param(row, actor, id=sentence(row, actor)) for row in TABLE for actor in ACTORS],
)
def test_an_actor_may_or_may_not(row: Row, actor: Actor) -> None:
    editor = edited(row.tasks, row.comments)
    rule = row.refused.get(actor, "")
    before = json.dumps(editor.value)
    if not rule:
        row.act(editor, actor)
        assert json.dumps(editor.value) != before, "what is allowed is done"
        return
    with pytest.raises(RuleError) as caught:
        row.act(editor, actor)
    assert caught.value.details["rule"] == rule
    assert "`prentice " in caught.value.next_step
    assert caught.value.next_step.endswith(".")
    assert json.dumps(editor.value) == before, "what is refused changes nothing"


def test_the_table_refuses_and_allows_every_rule_and_every_actor() -> None:
    rules = {rule for row in TABLE for rule in row.refused.values()}
    assert rules == {"moves", "dependencies", "research", "result", "person", "children", "claimed", "needed"}
    for actor in ACTORS:
        assert any(actor in row.refused for row in TABLE)
        assert any(actor not in row.refused for row in TABLE)


def test_many_open_steps_are_named_up_to_five() -> None:
    steps = [task(f"T-{number}", **STEP) for number in range(2, 10)]
    with pytest.raises(RuleError, match=r"T-2, T-3, T-4, T-5, T-6 and 3 more\."):
        moved("Review")(edited([task(status="In Progress"), *steps], RESULT), "person")


# -- through the library: no surface can miss a rule ------------------------------------------------------------------

Opened = Callable[..., Prentice]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """Give the project with these tasks, opened as an actor and with settings."""

    def open_it(actor: Actor, *tasks: dict[str, Any], comments: tuple[str, ...] = (), **settings: object) -> Prentice:
        prentice.open(tmp_path).init()
        path = tmp_path / ".todo2" / "state.todo2.json"
        said = [{"id": f"T-1-C-{n}", "todoId": "T-1", "type": kind} for n, kind in enumerate(comments, 1)]
        path.write_text(json.dumps({"todos": list(tasks), "comments": said, "nextTaskNumber": 10}), encoding="utf-8")
        return prentice.open(tmp_path, actor=actor, options={"worker": "me", **settings})

    return open_it


def refusal(act: Callable[[], object]) -> object:
    with pytest.raises(RuleError) as caught:
        act()
    return caught.value.details["rule"]


def lasting(worker: str) -> dict[str, Any]:
    """Give a claim that lasts by the real clock."""
    until = (datetime.now(UTC) + timedelta(minutes=30)).isoformat(timespec="milliseconds")
    return {"prentice": {"claim": {"worker": worker, "until": until, "minutes": 60}}}


def test_the_library_holds_to_the_moves(opened: Opened) -> None:
    assert refusal(lambda: opened("person", task()).set_status("T-1", "Done")) == "moves"


def test_the_library_holds_to_dependencies(opened: Opened) -> None:
    project = opened("person", task(dependencies=["T-2"]), task("T-2"))
    assert refusal(lambda: project.set_status("T-1", "In Progress")) == "dependencies"


def test_the_library_asks_for_research_where_the_settings_do(opened: Opened) -> None:
    project = opened("script", task(), workflow_research="required")
    assert refusal(lambda: project.set_status("T-1", "In Progress")) == "research"
    project.comment("T-1", "Looked it up.", kind="research_with_links")
    assert project.set_status("T-1", "In Progress").status == "In Progress"
    assert opened("script", task()).set_status("T-1", "In Progress").status == "In Progress"


def test_the_library_asks_for_a_result(opened: Opened) -> None:
    project = opened("person", task(status="In Progress"))
    assert refusal(lambda: project.set_status("T-1", "Review")) == "result"


@pytest.mark.parametrize("actor", ACTORS)
def test_the_library_lets_a_person_or_a_script_finish(opened: Opened, actor: Actor) -> None:
    project = opened(actor, task(status="Review"), comments=RESULT)
    if actor in {"person", "script"}:
        assert project.set_status("T-1", "Done").status == "Done"
    else:
        assert refusal(lambda: project.set_status("T-1", "Done", decisive=True)) == "person"


def test_the_library_lets_a_decisive_check_finish_where_the_settings_do(opened: Opened) -> None:
    project = opened("policy", task(status="Review"), comments=RESULT, workflow_finish="done")
    assert refusal(lambda: project.set_status("T-1", "Done")) == "person"
    assert project.set_status("T-1", "Done", decisive=True).status == "Done"


def test_the_library_holds_a_parent_until_its_steps_are_closed(opened: Opened) -> None:
    project = opened("person", task(status="In Progress"), task("T-2", **STEP), comments=RESULT)
    assert refusal(lambda: project.set_status("T-1", "Review")) == "children"


def test_the_library_guards_the_task_of_another_worker(opened: Opened) -> None:
    project = opened("script", task(status="In Progress", **lasting("other")))
    for act in (
        lambda: project.set_status("T-1", "Todo"),
        lambda: project.claim("T-1"),
        lambda: project.release("T-1"),
        lambda: project.delete("T-1"),
    ):
        assert refusal(act) == "claimed"
    assert project.set_status("T-1", "Todo", worker="other").status == "Todo"


def test_the_library_lets_no_assistant_delete(opened: Opened) -> None:
    assert refusal(lambda: opened("assistant", task()).delete("T-1")) == "person"


def test_the_library_keeps_what_open_tasks_need(opened: Opened) -> None:
    project = opened("person", task(), task("T-2", dependencies=["T-1"]))
    assert refusal(lambda: project.delete("T-1")) == "needed"


@pytest.mark.parametrize("actor", ["person", "assistant", "script", "policy"])
@pytest.mark.parametrize(
    "fields",
    [
        {"status": "Done"},
        {"prentice": {"claim": {"worker": "me", "until": "2099-01-01T00:00:00.000Z", "minutes": 60}}},
        {"nextThing": 1},
        {"dependencies": "T-1"},
        {"tags": [1, None]},
        {"name": 5},
    ],
)
def test_an_edit_is_no_way_round_the_rules(tmp_path: Path, actor: Actor, fields: dict[str, object]) -> None:
    project = prentice.open(tmp_path, actor=actor)
    project.init()
    project.add("one")
    before = (tmp_path / ".todo2" / "state.todo2.json").read_bytes()
    with pytest.raises(UsageError):
        project.edit("T-1", **fields)
    assert (tmp_path / ".todo2" / "state.todo2.json").read_bytes() == before
