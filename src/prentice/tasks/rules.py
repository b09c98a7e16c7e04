"""Todo2's workflow rules: which moves a task may make, by whom, and what has to be there first.

The same rules hold on every surface. Each refusal names its rule and the next step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from prentice.errors import RuleError, UsageError
from prentice.tasks.claims import Claim, held_by_another
from prentice.tasks.record import (
    COMMENT_TYPES,
    PRIORITIES,
    STATUSES,
    Task,
    canonical_priority,
    canonical_status,
    dependencies_of,
    parent_of,
)
from prentice.tasks.todolist import TodoList

Actor = Literal["person", "assistant", "script", "policy"]

MOVES: Final[Mapping[str, tuple[str, ...]]] = {
    "Todo": ("In Progress",),
    "In Progress": ("Review", "Todo"),
    "Review": ("Done", "In Progress"),
    "Done": ("In Progress",),
}
"""From each status, where to. A status that Todo2 does not know may move to any of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """What a project decides of its workflow.

    `research` says whether a task needs a `research_with_links` comment before it is started; `finish` where work ends
    that Prentice did by itself, `done` holding only where a decisive check passed.
    """

    research: Literal["optional", "required"] = "optional"
    finish: Literal["review", "done"] = "review"


USUAL: Final = Workflow()
"""The workflow of a project that decides nothing."""


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
    if not isinstance(content, str) or not content.strip():
        raise UsageError("The comment is empty.", next_step="Give the comment's text.")


def check_move(
    todolist: TodoList,
    task: Task,
    status: str,
    *,
    actor: Actor,
    workflow: Workflow = USUAL,
    worker: str = "",
    decisive: bool = False,
) -> None:
    """Refuse a move that the workflow does not allow.

    `worker` is the name under which the mover claims tasks. `decisive` says that a decisive check passed on the work,
    which is what lets the policy finish it where the workflow says so.

    Raises:
        RuleError: with `details["rule"]` one of `moves`, `claimed`, `dependencies`, `research`, `children`, `result`,
            `person`.
    """
    if status == task.status:
        return
    _check_way(task, status)
    _check_claim(task, actor=actor, worker=worker)
    if status == "In Progress":
        _check_start(todolist, task, workflow)
    if status in {"Review", "Done"}:
        _check_finished(todolist, task, status)
    if status == "Done":
        _check_approval(task, actor=actor, may_finish=decisive and workflow.finish == "done")


def check_delete(todolist: TodoList, task: Task, *, actor: Actor, worker: str = "") -> None:
    """Refuse to delete a task that is somebody's, or that others stand on.

    Raises:
        RuleError: with `details["rule"]` one of `person`, `claimed`, `needed`, `children`.
    """
    if actor not in {"person", "script"}:
        raise _refused(
            "person",
            f"Only a person deletes a task; this came from: {actor}.",
            f"Ask the user to run `prentice delete {task.id}`.",
        )
    _check_claim(task, actor=actor, worker=worker)
    if needing := _needing(todolist, task):
        raise _refused(
            "needed",
            f"{task.id} is needed by {_some(needing)}.",
            f"Let go of it there first: `prentice edit {needing[0]} --depends ...` with what it shall still need.",
        )
    if steps := _open_steps(todolist, task):
        raise _refused(
            "children",
            f"{task.id} has steps that are open: {_some(steps)}.",
            f"Finish or delete them first: `prentice delete {steps[0]}`.",
        )


def _check_way(task: Task, status: str) -> None:
    allowed = MOVES.get(task.status, STATUSES)
    if status not in allowed:
        raise _refused(
            "moves",
            f"{task.id} is {task.status} and cannot go to {status} directly.",
            f"Move it by way of {' or '.join(allowed)}: `prentice status {task.id} '{allowed[0]}'`.",
        )


def _check_claim(task: Task, *, actor: Actor, worker: str) -> None:
    if task.claim is not None and held_by_another(task.claim, worker) and actor != "person":
        raise claimed_error(task.id, task.claim)


def _check_start(todolist: TodoList, task: Task, workflow: Workflow) -> None:
    if blockers := todolist.blockers(task):
        gone = next((blocker for blocker in blockers if blocker not in todolist.tasks), "")
        raise _refused(
            "dependencies",
            f"{task.id} waits for {_some(blockers)}, not Done yet.",
            f"There is no task {gone}: `prentice doctor --repair` takes it out."
            if gone
            else f"Finish what it waits for first: `prentice show {blockers[0]}`.",
        )
    if workflow.research == "required" and not _has_comment(todolist, task, "research_with_links"):
        raise _refused(
            "research",
            f"{task.id} has no `research_with_links` comment, which has to be there before work starts.",
            f'Say what was found: `prentice comment {task.id} "..." --type research_with_links`.',
        )


def _check_finished(todolist: TodoList, task: Task, status: str) -> None:
    if steps := _open_steps(todolist, task):
        raise _refused(
            "children",
            f"{task.id} has steps that are open: {_some(steps)}.",
            f"Finish them first: `prentice show {steps[0]}`.",
        )
    if not _has_comment(todolist, task, "result"):
        raise _refused(
            "result",
            f"{task.id} has no `result` comment, which has to be there before {status}.",
            f'Say what was done: `prentice comment {task.id} "..." --type result`.',
        )


def _check_approval(task: Task, *, actor: Actor, may_finish: bool) -> None:
    if actor in {"person", "script"} or (actor == "policy" and may_finish):
        return
    raise _refused(
        "person",
        f"Only a person moves a task to Done; this came from: {actor}.",
        f"Ask the user to run `prentice status {task.id} Done`.",
    )


def claimed_error(task_id: str, claim: Claim) -> RuleError:
    """Make the error for a task that is another worker's."""
    return _refused(
        "claimed",
        f"{task_id} is claimed by {claim.worker} until {claim.until}.",
        f"Take another with `prentice next --claim`; if you are {claim.worker}, say so with `--worker`.",
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


def _has_comment(todolist: TodoList, task: Task, kind: str) -> bool:
    return any(comment.type == kind for comment in todolist.comments(task.id))


def _needing(todolist: TodoList, task: Task) -> list[str]:
    return [
        name
        for name, record in todolist.records.items()
        if task.id in dependencies_of(record) and name != task.id and Task.from_record(record).is_open
    ]


def _open_steps(todolist: TodoList, task: Task) -> list[str]:
    """Give the steps of a task that are open; a record that is its own parent, near or far, is no step."""
    above: set[str] = set()
    name = task.id
    while name and name not in above:
        above.add(name)
        name = parent_of(todolist.records.get(name, {}))
    return [
        name
        for name, record in todolist.records.items()
        if parent_of(record) == task.id and name not in above and Task.from_record(record).is_open
    ]


def _some(ids: Sequence[str]) -> str:
    return ", ".join(ids[:5]) + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")
