"""What a decision on a change does to its task in the Todo2 file: a note, a status, each once if it is repeated."""

from collections.abc import Callable
from dataclasses import dataclass

from prentice.errors import RuleError, StoreError
from prentice.skills.execute.task_state import comment_once
from prentice.store.todo2_file import Todo2File
from prentice.tasks import workflow
from prentice.tasks.edits import Editor
from prentice.tasks.record import Task
from prentice.tasks.rules import Actor, Workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewEffects:
    """What one decision does to the task of a run. `uid` is the decision's own; `by` names the actor, where known.

    Where there is no task, nothing happens: `todo2` is None, or `task` empty. Every method gives sentences on what
    could not be done; the decision itself holds all the same.
    """

    todo2: Todo2File | None
    run: str
    task: str
    actor: Actor
    by: str
    uid: str
    workflow: Workflow
    worker: str = ""

    def applied(self, *, decisive: bool) -> list[str]:
        """Set the task from Review to Done where the settings say so and a decisive check passed."""
        return self._changed(self._finish) if decisive and self.workflow.finish == "done" else []

    def undone(self) -> list[str]:
        """Say so, and set the task back to In Progress."""
        return [*self._note(f"{self.run} was undone by: {self._who}."), *self._changed(self._reopen)]

    def sent_back(self, comment: str) -> list[str]:
        """Say what has to be different, and set the task back to In Progress."""
        said = f"Changes to {self.run} were requested by: {self._who}.\n\n{comment}"
        return [*self._note(said), *self._changed(self._reopen)]

    def rejected(self, reason: str) -> list[str]:
        """Say so, with the reason; what becomes of the task is left to the user."""
        return self._note(f"{self.run} was rejected by: {self._who}." + (f"\n\n{reason}" if reason else ""))

    @property
    def _who(self) -> str:
        return f"{self.by} ({self.actor})" if self.by else self.actor

    def _note(self, content: str) -> list[str]:
        return self._changed(lambda editor, task: comment_once(editor, task.id, content, kind="note", uid=self.uid))

    def _finish(self, editor: Editor, task: Task) -> None:
        if task.status == "Review":
            workflow.move(
                editor, task.id, "Done", actor="policy", workflow=self.workflow, worker=self.worker, decisive=True
            )

    def _reopen(self, editor: Editor, task: Task) -> None:
        if task.status in {"Review", "Done"}:
            workflow.move(editor, task.id, "In Progress", actor=self.actor, workflow=self.workflow, worker=self.worker)

    def _changed(self, edit: Callable[[Editor, Task], None]) -> list[str]:
        if self.todo2 is None or not self.task:
            return []

        def on_task(editor: Editor) -> None:
            if self.task in editor.todolist.tasks:  # else it was deleted meanwhile
                edit(editor, editor.task(self.task))

        try:
            self.todo2.change(on_task)
        except (RuleError, StoreError) as error:
            return [f"{self.task} was left as it is: {error.message} {error.next_step}"]
        return []
