"""Reading and changing the project's tasks."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from prentice.library.directory import Directory
from prentice.store.project import init_project
from prentice.store.todo2_file import timestamp
from prentice.tasks import claiming, workflow
from prentice.tasks.claiming import Claimed, Worker
from prentice.tasks.claims import LONGEST_NAME, check_worker
from prentice.tasks.edits import not_found
from prentice.tasks.record import Task
from prentice.tasks.rules import Workflow

if TYPE_CHECKING:
    from prentice.tasks.refinement import Refinement


class Tasks(Directory):
    """What a user does with the list itself, under the workflow rules."""

    def init(self) -> list[str]:
        """Make what is missing of the project's files and give the paths that were made."""
        self.project, made = init_project(self.project.root if self.project else self.directory, now=timestamp())
        self._ledgers.project = self.project
        return made

    def task(self, task_id: str) -> Task:
        """Give one task.

        Raises:
            TaskNotFoundError: no task has the id.
        """
        tasks = self.tasks().tasks
        if task_id not in tasks:
            raise not_found(task_id, tasks)
        return tasks[task_id]

    def history(self, task_id: str) -> "list[dict[str, Any]]":
        """Say who did what to a task with this program on this machine, oldest first: `{at, actor, did: [..]}`."""
        return self._file().history(task_id)

    def add(
        self,
        name: str,
        *,
        description: str = "",
        priority: str = "medium",
        tags: Sequence[str] = (),
        depends: Sequence[str] = (),
    ) -> Task:
        """Add a task.

        Raises:
            RuleError: a dependency does not exist.
            UsageError: the name is empty, or the priority is none of Todo2's.
        """
        return self._file().change(
            lambda editor: workflow.add(
                editor, name, description=description, priority=priority, tags=tags, depends=depends
            )
        )

    def edit(self, task_id: str, **fields: object) -> Task:
        """Change fields of a task: `name`, `description`, `priority`, `tags`, `dependencies`; None leaves a field.

        Raises:
            TaskNotFoundError, RuleError, UsageError: as for `add`.
        """
        return self._file().change(lambda editor: workflow.edit(editor, task_id, fields))

    def comment(self, task_id: str, content: str, *, kind: str = "note") -> Task:
        """Add a comment to a task and give the task.

        Raises:
            UsageError: the type is unknown or the comment empty.
            TaskNotFoundError: no task has the id.
        """
        return self._file().change(lambda editor: workflow.comment(editor, task_id, content, kind=kind))

    def set_status(self, task_id: str, status: str, *, worker: str | None = None, decisive: bool = False) -> Task:
        """Move a task, under the workflow rules.

        `worker` is the name under which the mover claims tasks: the setting `worker` if None, else `user@host`.
        `decisive` says that a decisive check passed on the work; it counts for the actor `policy` alone.

        Raises:
            RuleError: the move is not allowed; `details["rule"]` says which rule.
            TaskNotFoundError: no task has the id.
            UsageError: the status is none of Todo2's, or the worker's name cannot stand in the file.
        """
        name = self._worker_name(worker)
        return self._file().change(
            lambda editor: workflow.move(
                editor,
                task_id,
                status,
                actor=self.actor,
                workflow=self._workflow,
                worker=name,
                decisive=decisive,
            )
        )

    def delete(self, task_id: str, *, worker: str | None = None) -> Task:
        """Delete a task with its comments and give it as it was.

        Raises:
            RuleError: an assistant asks, another worker has it, or open tasks stand on it.
            TaskNotFoundError: no task has the id.
        """
        name = self._worker_name(worker)
        return self._file().change(lambda editor: workflow.delete(editor, task_id, actor=self.actor, worker=name))

    def claim_next(self, *, worker: str | None = None, lease: int | None = None) -> Claimed | None:
        """Take the best task that is ready, so that no other worker gets it, and start it; None where none is ready.

        `lease` is how many minutes the claim lasts, the setting `workflow.lease_minutes` if None. Claims that ended
        are cleared away first, and their tasks are Todo again.

        Raises:
            UsageError: the worker's name or the lease cannot be used.
        """
        who = self._worker(worker, lease)
        return self._file().change(lambda editor: claiming.claim_next(editor, who, workflow=self._workflow))

    def claim(self, task_id: str, *, worker: str | None = None, lease: int | None = None) -> Claimed:
        """Take one task and start it; where the worker has it already, its lease begins again.

        Raises:
            RuleError: another worker has it, or no work is left to do on it.
            TaskNotFoundError: no task has the id.
            UsageError: as for `claim_next`.
        """
        who = self._worker(worker, lease)
        return self._file().change(lambda editor: claiming.claim(editor, task_id, who, workflow=self._workflow))

    def release(self, task_id: str, *, worker: str | None = None) -> Task:
        """Give a task back; it is Todo again unless it has a `result`.

        Raises:
            RuleError: another worker has it, and the actor is not a person.
            TaskNotFoundError: no task has the id.
        """
        name = self._worker_name(worker)
        return self._file().change(lambda editor: claiming.release(editor, task_id, actor=self.actor, worker=name))

    def refinement(self, task_id: str) -> "Refinement":
        """Give the open tasks that a finished task may touch, with the reasons, and a prompt to go through them.

        Raises:
            TaskNotFoundError: no task has the id.
        """
        from prentice.tasks.refinement import refinement

        todolist = self.tasks()
        if task_id not in todolist.tasks:
            raise not_found(task_id, todolist.tasks)
        return refinement(todolist, todolist.tasks[task_id])

    @property
    def _workflow(self) -> Workflow:
        return Workflow(research=self.settings.workflow_research, finish=self.settings.workflow_finish)

    def _worker(self, name: str | None, lease: int | None) -> Worker:
        minutes = self.settings.workflow_lease_minutes if lease is None else lease
        return Worker(name=self._worker_name(name), actor=self.actor, lease=minutes)

    def _worker_name(self, name: str | None) -> str:
        return check_worker(name if name is not None else self.settings.worker or _user_at_host())


def _user_at_host() -> str:
    """Give a name for whoever works on this machine, without what a worker's name may not hold."""
    import getpass
    import os

    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # no variable says it, and the user is in no list
        user = "user"
    host = os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")
    name = f"{user}@{host or 'host'}"
    return "".join(letter for letter in name if letter.isprintable()).strip()[:LONGEST_NAME]
