"""Taking tasks and giving them back, each one change of the list, so that two workers never get the same task."""

from dataclasses import dataclass
from typing import Final

from prentice.errors import RuleError
from prentice.tasks import claims, rules
from prentice.tasks.edits import Editor
from prentice.tasks.moments import moment
from prentice.tasks.record import Task
from prentice.tasks.rules import Actor, Workflow
from prentice.tasks.workflow import move

_CLAIM: Final = "claim"
"""The name of the claim among what Prentice keeps in a record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Who takes tasks: a name, the actor it stands for, and for how many minutes it claims them.

    Raises:
        UsageError: the name is not one printable line, or the lease is not 1 to LONGEST_LEASE minutes.
    """

    name: str
    actor: Actor
    lease: int = 60

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", claims.check_worker(self.name))
        claims.check_lease(self.lease)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A task that was taken. `needs` is the rule that keeps it from being started, None where it is In Progress."""

    task: Task
    needs: RuleError | None = None

    def document(self) -> dict[str, object]:
        """Give the task's document, with `needs: {rule, message, next_step}` where it could not be started."""
        document = self.task.document()
        if self.needs is not None:
            document["needs"] = {
                "rule": self.needs.details["rule"],
                "message": self.needs.message,
                "next_step": self.needs.next_step,
            }
        return document


def claim_next(editor: Editor, worker: Worker, *, workflow: Workflow) -> Claimed | None:
    """Free what was claimed for too long, then take the best task that is ready; None where there is none.

    The task goes to In Progress. One that a rule keeps from that stays Todo, claimed all the same.
    """
    for task_id, record in editor.todolist.records.items():
        claim = claims.claim_of(record, now=moment(editor.now))
        if claim is not None and claim.expired:
            _free(editor, task_id)
    ready = editor.todolist.ready()
    return _take(editor, ready[0].id, worker, workflow) if ready else None


def claim(editor: Editor, task_id: str, worker: Worker, *, workflow: Workflow) -> Claimed:
    """Take one task; where the worker has it, its lease begins again from now.

    Raises:
        RuleError: another worker has it (`claimed`), or it is in Review or closed (`moves`).
        TaskNotFoundError: no task has the id.
    """
    task = editor.task(task_id)
    if task.status == "Review" or not task.is_open:
        raise RuleError(
            f"{task.id} is {task.status}; only work that remains can be claimed.",
            next_step="Take another with `prentice next --claim`.",
            details={"rule": "moves"},
        )
    if task.claim is not None:
        if claims.held_by_another(task.claim, worker.name):
            raise rules.claimed_error(task.id, task.claim)
        if task.claim.expired and task.claim.worker != worker.name:
            _free(editor, task.id)
    return _take(editor, task.id, worker, workflow)


def release(editor: Editor, task_id: str, *, actor: Actor, worker: str) -> Task:
    """Give a task back: from In Progress to Todo, unless it has a `result`. One that nobody claimed stays as it is.

    Raises:
        RuleError: another worker has it (`claimed`), and this is not a person.
        TaskNotFoundError: no task has the id.
    """
    task = editor.task(task_id)
    if task.claim is None:
        return task
    if claims.held_by_another(task.claim, worker) and actor != "person":
        raise rules.claimed_error(task.id, task.claim)
    editor.mark(task.id, _CLAIM, None)
    has_result = any(comment.type == "result" for comment in editor.todolist.comments(task.id))
    if task.status == "In Progress" and not has_result:
        editor.update(task.id, {"status": "Todo"})
    return editor.task(task.id)


def _take(editor: Editor, task_id: str, worker: Worker, workflow: Workflow) -> Claimed:
    now = moment(editor.now) or 0.0
    editor.mark(task_id, _CLAIM, claims.written(worker=worker.name, now=now, minutes=worker.lease))
    try:
        move(editor, task_id, "In Progress", actor=worker.actor, workflow=workflow, worker=worker.name)
    except RuleError as needs:
        return Claimed(task=editor.task(task_id), needs=needs)
    return Claimed(task=editor.task(task_id))


def _free(editor: Editor, task_id: str) -> None:
    """End a claim that expired: what was In Progress goes back to Todo, and a note says who had it."""
    task = editor.task(task_id)
    claim = task.claim
    editor.mark(task_id, _CLAIM, None)
    if claim is None or task.status != "In Progress":
        return
    editor.update(task_id, {"status": "Todo"})
    until = f" at {claim.until}" if moment(claim.until) is not None else ""
    who = claim.worker if claim.worker.isprintable() and claim.worker else "an unknown worker"
    editor.comment(
        task_id, f"The claim of {who} ended{until} and was not renewed. The task is free again.", kind="note"
    )
