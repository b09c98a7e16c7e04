"""Todo2's workflow rules: which moves a task may make, by whom, and what has to be there first.

The same rules hold on every surface. Each refusal names its rule and the next step.
"""

from collections.abc import Mapping
from typing import Final, Literal

from prentice.errors import RuleError, UsageError
from prentice.tasks.record import COMMENT_TYPES, PRIORITIES, STATUSES, Task, canonical_priority, canonical_status
from prentice.tasks.todolist import TodoList

Actor = Literal["person", "assistant", "script", "policy"]

MOVES: Final[Mapping[str, tuple[str, ...]]] = {
    "Todo": ("In Progress",),
    "In Progress": ("Review", "Todo"),
    "Review": ("Done", "In Progress"),
    "Done": ("In Progress",),
}
"""From each status, where to. A status that Todo2 does not know may move to any of its own."""


def status_named(spelling: str) -> str:
    """Give the status a user means.

    Raises:
        UsageError: it is none of Todo2's.
    """
    status = canonical_status(spelling)
    if status not in STATUSES:
        raise UsageError(f"{spelling!r} is not a status.", next_step=f"Use one of: {', '.join(STATUSES)}.")
    return status


def priority_named(spelling: str) -> str:
    """Give the priority a user means.

    Raises:
        UsageError: it is none of Todo2's.
    """
    priority = canonical_priority(spelling)
    if priority not in PRIORITIES:
        raise UsageError(f"{spelling!r} is not a priority.", next_step=f"Use one of: {', '.join(PRIORITIES)}.")
    return priority


def check_comment(kind: str, content: str) -> None:
    """Refuse a comment of an unknown type or without words.

    Raises:
        UsageError: the type is unknown, or the comment is empty.
    """
    if kind not in COMMENT_TYPES:
        raise UsageError(f"{kind!r} is not a comment type.", next_step=f"Use one of: {', '.join(COMMENT_TYPES)}.")
    if not content.strip():
        raise UsageError("The comment is empty.", next_step="Give the comment's text.")


def check_move(todolist: TodoList, task: Task, status: str, *, actor: Actor) -> None:
    """Refuse a move that the workflow does not allow.

    Raises:
        RuleError: with `details["rule"]` one of `moves`, `dependencies`, `result`, `person`.
    """
    if status == task.status:
        return
    allowed = MOVES.get(task.status, STATUSES)
    if status not in allowed:
        raise _refused(
            "moves",
            f"{task.id} is {task.status} and cannot go to {status} directly.",
            f"Move it by way of {' or '.join(allowed)}: `prentice status {task.id} '{allowed[0]}'`.",
        )
    if status == "In Progress" and (blockers := todolist.blockers(task)):
        raise _refused(
            "dependencies",
            f"{task.id} waits for {', '.join(blockers[:5])}, not Done yet.",
            f"Finish what it waits for first: `prentice show {blockers[0]}`.",
        )
    if status in {"Review", "Done"} and not any(c.type == "result" for c in todolist.comments(task.id)):
        raise _refused(
            "result",
            f"{task.id} has no `result` comment, which has to be there before {status}.",
            f'Say what was done: `prentice comment {task.id} "..." --type result`.',
        )
    if status == "Done" and actor not in {"person", "script"}:
        raise _refused(
            "person",
            f"Only a person moves a task to Done; this came from: {actor}.",
            f"Ask the user to run `prentice status {task.id} Done`.",
        )


def check_dependencies(todolist: TodoList, task_id: str, dependencies: tuple[str, ...]) -> None:
    """Refuse dependencies that do not exist or that close a cycle.

    Raises:
        RuleError: with `details["rule"]` one of `known`, `acyclic`.
    """
    unknown = [need for need in dependencies if need not in todolist.tasks]
    if unknown:
        raise _refused(
            "known",
            f"{task_id} cannot depend on {', '.join(unknown)}: there is no such task.",
            "`prentice list` shows the tasks.",
        )
    seen: set[str] = set()
    work = list(dependencies)
    while work:
        need = work.pop()
        if need == task_id:
            raise _refused(
                "acyclic",
                f"{task_id} would wait for itself by way of its dependencies.",
                f"Leave out what already waits for {task_id}.",
            )
        if need not in seen and need in todolist.tasks:
            seen.add(need)
            work += todolist.tasks[need].dependencies


def _refused(rule: str, message: str, next_step: str) -> RuleError:
    return RuleError(message, next_step=next_step, details={"rule": rule})
