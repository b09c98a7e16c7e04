"""The task of a run in the Todo2 file: taken at the start, in Review with a result, or given back with a note.

Each is one change of the file under its lock, and done once however often it is repeated: a comment's id derives from
the run and the step.
"""

import contextlib
import hashlib
from dataclasses import dataclass
from typing import Any, Final, Literal

from prentice.errors import RuleError
from prentice.store.todo2_file import Todo2File
from prentice.tasks import claiming, workflow
from prentice.tasks.claiming import Worker
from prentice.tasks.edits import Editor
from prentice.tasks.rules import Workflow

_OPEN: Final = "Todo"
_MOST: Final = 4_000
"""Characters of a comment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """How a task was before a run took it."""

    status: str
    was_claimed: bool

    def document(self) -> dict[str, Any]:
        """Give it as JSON."""
        return {"status": self.status, "was_claimed": self.was_claimed}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskState:
    """The file's task of one run. `worker` is the name under which it is claimed, `lease` for how many minutes."""

    todo2: Todo2File
    task: str
    worker: str
    workflow: Workflow
    lease: int = 60

    def take(self, *, again: bool) -> Taken:
        """Claim the task and set it to In Progress; `again` brings it back from Review for a new attempt.

        Raises:
            RuleError: another worker has it, it waits for others, or nothing remains to be done.
            TaskNotFoundError: it is gone.
        """
        worker = Worker(name=self.worker, actor=self.todo2.actor, lease=self.lease)

        def edit(editor: Editor) -> Taken:
            task = editor.task(self.task)
            if task.status == "Review" and again:
                workflow.move(
                    editor, self.task, "In Progress", actor=self.todo2.actor, workflow=self.workflow, worker=self.worker
                )
            claimed = claiming.claim(editor, self.task, worker, workflow=self.workflow)
            if claimed.needs is not None:
                raise claimed.needs
            return Taken(status=task.status, was_claimed=task.claim is not None and not task.claim.expired)

        return self.todo2.change(edit)

    def give_back(self, taken: Taken, *, note: str = "", uid: str = "") -> None:
        """Leave the task as it was before, with a note on what was tried where there is one to leave."""

        def edit(editor: Editor) -> None:
            if self.task not in editor.todolist.tasks:
                return  # it was deleted meanwhile
            task = editor.task(self.task)
            if not taken.was_claimed and task.claim is not None and task.claim.worker == self.worker:
                editor.mark(self.task, "claim", None)
            if task.status == "In Progress" and taken.status in {_OPEN, "Review"}:
                editor.update(self.task, {"status": taken.status})
            if note:
                comment_once(editor, self.task, note, kind="note", uid=uid)

        self.todo2.change(edit)

    def finish(self, result: str, *, uid: str) -> str:
        """Leave a result and set the task to Review, where the rules allow it; give its status."""

        def edit(editor: Editor) -> str:
            if self.task not in editor.todolist.tasks:
                return ""  # it was deleted meanwhile
            comment_once(editor, self.task, result, kind="result", uid=uid)
            # What a person did with the task meanwhile goes first.
            with contextlib.suppress(RuleError):
                workflow.move(
                    editor, self.task, "Review", actor=self.todo2.actor, workflow=self.workflow, worker=self.worker
                )
            return editor.task(self.task).status

        return self.todo2.change(edit)


def comment_once(editor: Editor, task: str, content: str, *, kind: Literal["note", "result"], uid: str) -> None:
    """Add a comment under an id that derives from `uid`, unless it is there; the ledger keeps what is cut of it."""
    token = hashlib.sha256(uid.encode()).hexdigest()[:16]
    editor.comment(task, content[:_MOST], kind=kind, token=token)
