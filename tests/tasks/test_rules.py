import itertools
from typing import Any, get_args

import pytest

from prentice.errors import RuleError, UsageError
from prentice.tasks.record import COMMENT_TYPES, PRIORITIES, STATUSES
from prentice.tasks.rules import (
    Actor,
    check_comment,
    check_dependencies,
    check_move,
    priority_named,
    status_named,
)
from prentice.tasks.todolist import TodoList

ACTORS: tuple[Actor, ...] = get_args(Actor)
ODD = ("Blocked", "cancelled")

WITH_ALL_IN_PLACE = {
    ("Todo", "In Progress"): "", ("Todo", "Review"): "moves", ("Todo", "Done"): "moves",
    ("In Progress", "Todo"): "", ("In Progress", "Review"): "", ("In Progress", "Done"): "moves",
    ("Review", "Todo"): "moves", ("Review", "In Progress"): "", ("Review", "Done"): "person",
    ("Done", "Todo"): "moves", ("Done", "In Progress"): "", ("Done", "Review"): "moves",
    ("Blocked", "Todo"): "", ("Blocked", "In Progress"): "", ("Blocked", "Review"): "", ("Blocked", "Done"): "person",
    ("cancelled", "Todo"): "", ("cancelled", "In Progress"): "", ("cancelled", "Review"): "",
    ("cancelled", "Done"): "person",
}  # fmt: skip
"""By which rule a move is refused, for an actor who is not a person, where the result is there and nothing blocks."""


MOVES = list(itertools.product((*STATUSES, *ODD), STATUSES, ACTORS))


def listed(status: str, *, comments: tuple[str, ...] = ("result",), needs: tuple[str, ...] = ()) -> TodoList:
    tasks: list[dict[str, Any]] = [
        {"id": "T-1", "name": "n", "status": status, "dependencies": list(needs)},
        {"id": "T-2", "name": "done", "status": "completed"},
        {"id": "T-3", "name": "open", "status": "Review"},
    ]
    return TodoList({"todos": tasks, "comments": [{"id": "C", "todoId": "T-1", "type": kind} for kind in comments]})


def refusal(todolist: TodoList, status: str, actor: Actor) -> str:
    """Give the rule that refuses a move of T-1, empty where it is allowed."""
    try:
        check_move(todolist, todolist.tasks["T-1"], status, actor=actor)
    except RuleError as error:
        return str(error.details["rule"])
    return ""


def expected(before: str, after: str, actor: Actor) -> str:
    if before == after:
        return ""
    rule = WITH_ALL_IN_PLACE[before, after]
    return "" if rule == "person" and actor in {"person", "script"} else rule


@pytest.mark.parametrize(("before", "after", "actor"), MOVES)
def test_each_move_is_refused_by_the_rule_of_the_table_or_allowed(before: str, after: str, actor: Actor) -> None:
    assert refusal(listed(before, needs=("T-2",)), after, actor) == expected(before, after, actor)


@pytest.mark.parametrize(("before", "after", "actor"), MOVES)
def test_without_a_result_no_move_to_review_or_done_is_allowed(before: str, after: str, actor: Actor) -> None:
    allowed_else = expected(before, after, actor) != "moves" and before != after
    rule = "result" if allowed_else and after in {"Review", "Done"} else expected(before, after, actor)
    assert refusal(listed(before, comments=("note", "research_with_links")), after, actor) == rule


@pytest.mark.parametrize(("before", "after", "actor"), MOVES)
@pytest.mark.parametrize("need", ["T-3", "T-99"])
def test_what_waits_for_a_task_that_is_not_done_cannot_be_started(
    before: str, after: str, actor: Actor, need: str
) -> None:
    rule = expected(before, after, actor)
    blocked = after == "In Progress" != before and not rule
    assert refusal(listed(before, needs=("T-2", need)), after, actor) == ("dependencies" if blocked else rule)


def test_every_actor_may_leave_a_task_where_it_is() -> None:
    for status, actor in itertools.product((*STATUSES, *ODD), ACTORS):
        assert refusal(listed(status, comments=()), status, actor) == ""


def test_a_result_inside_the_tasks_record_counts() -> None:
    record = {"id": "T-1", "status": "In Progress", "comments": [{"type": "result", "content": "done"}]}
    assert refusal(TodoList({"todos": [record]}), "Review", "assistant") == ""


def test_a_result_of_another_task_does_not_count() -> None:
    todolist = TodoList({"todos": [{"id": "T-1", "status": "In Progress"}, {"id": "T-2"}],
                         "comments": [{"todoId": "T-2", "type": "result"}]})  # fmt: skip
    assert refusal(todolist, "Review", "person") == "result"


def test_a_refusal_names_the_command_that_leads_on() -> None:
    steps = {
        "moves": (listed("Todo"), "Done", "prentice status T-1 'In Progress'"),
        "dependencies": (listed("Todo", needs=("T-3",)), "In Progress", "prentice show T-3"),
        "result": (listed("In Progress", comments=()), "Review", "prentice comment T-1"),
        "person": (listed("Review"), "Done", "prentice status T-1 Done"),
    }
    for rule, (todolist, status, step) in steps.items():
        with pytest.raises(RuleError) as caught:
            check_move(todolist, todolist.tasks["T-1"], status, actor="assistant")
        assert caught.value.details["rule"] == rule
        assert step in caught.value.next_step
        assert caught.value.next_step.endswith(".")


CHAIN = TodoList(
    {"todos": [{"id": "T-1"}, {"id": "T-2", "dependencies": ["T-1"]}, {"id": "T-3", "dependencies": ["T-2", "T-9"]}]}
)


@pytest.mark.parametrize(
    ("task_id", "needs", "rule"),
    [
        ("T-1", (), ""), ("T-1", ("T-99",), "known"), ("T-1", ("T-1",), "acyclic"), ("T-1", ("T-2",), "acyclic"),
        ("T-1", ("T-3",), "acyclic"), ("T-3", ("T-1", "T-2"), ""), ("a new task", ("T-3",), ""),
    ],
)  # fmt: skip
def test_dependencies_are_refused_where_unknown_or_where_they_close_a_cycle(
    task_id: str, needs: tuple[str, ...], rule: str
) -> None:
    if not rule:
        check_dependencies(CHAIN, task_id, needs)
        return
    with pytest.raises(RuleError) as caught:
        check_dependencies(CHAIN, task_id, needs)
    assert caught.value.details["rule"] == rule


def test_a_cycle_among_other_tasks_does_not_hang_the_check() -> None:
    ring = TodoList({"todos": [{"id": "A", "dependencies": ["B"]}, {"id": "B", "dependencies": ["A"]}, {"id": "C"}]})
    check_dependencies(ring, "C", ("A",))


def test_statuses_and_priorities_are_understood_in_any_case_and_else_refused_with_the_list() -> None:
    assert status_named("in-progress") == "In Progress"
    assert priority_named("HIGH") == "high"
    with pytest.raises(UsageError) as caught:
        status_named("Blocked")
    assert all(status in caught.value.next_step for status in STATUSES)
    with pytest.raises(UsageError) as caught:
        priority_named("soon")
    assert all(priority in caught.value.next_step for priority in PRIORITIES)


def test_a_comment_needs_words_and_a_known_type() -> None:
    for kind in COMMENT_TYPES:
        check_comment(kind, "words")
        with pytest.raises(UsageError, match="empty"):
            check_comment(kind, " \n")
    with pytest.raises(UsageError, match="comment type"):
        check_comment("completion", "words")
