"""Reading and changing the project's tasks."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from prentice.library.directory import Directory
from prentice.store.project import init_project
from prentice.store.todo2_file import timestamp
from prentice.tasks import workflow
from prentice.tasks.edits import not_found
from prentice.tasks.record import Task

if TYPE_CHECKING:
    from prentice.skills.doctor import Finding


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

    def set_status(self, task_id: str, status: str) -> Task:
        """Move a task, under the workflow rules.

        Raises:
            RuleError: the move is not allowed; `details["rule"]` says which rule.
            TaskNotFoundError: no task has the id.
        """
        return self._file().change(lambda editor: workflow.move(editor, task_id, status, actor=self.actor))

    def doctor(self) -> "list[Finding]":
        """Look over the machine and the project."""
        from prentice.skills.doctor import examine

        return examine(
            self.settings,
            root=self._root,
            file=self._file() if self.project else None,
            open_ledger=lambda: self._ledgers.current()[0].path,
        )
