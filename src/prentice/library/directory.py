"""What every part of the library works on: one directory, its project if it is one, its settings, and who acts."""

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from prentice.config import Settings
from prentice.errors import NoProjectError
from prentice.store.project import Project
from prentice.store.todo2_file import Todo2File
from prentice.tasks.edits import not_found
from prentice.tasks.record import Task
from prentice.tasks.rules import Actor
from prentice.tasks.todolist import TodoList

if TYPE_CHECKING:
    from prentice.skills.ledgers import Ledgers


class Directory:
    """A directory as it was opened. `project` is None until there is a Todo2 file.

    `names_backend` says that its backend or model was named by who opened it, and not by a file of settings.
    """

    def __init__(
        self, directory: Path, *, project: Project | None, settings: Settings, actor: Actor, names_backend: bool = False
    ) -> None:
        self.directory = directory
        self.project = project
        self.settings = settings
        self.actor: Actor = actor
        self.names_backend = names_backend

    def tasks(self) -> TodoList:
        """Read the project's list.

        Raises:
            NoProjectError: there is no project here.
            StoreError: the file cannot be read.
        """
        return replace(self._file().read(), now=time.time())

    @property
    def _root(self) -> Path:
        return self.project.root if self.project else self.directory

    def _file(self) -> Todo2File:
        if self.project is None:
            raise NoProjectError(
                f"There is no Todo2 project in {self.directory} or above it.",
                next_step="Run `prentice init` in the project's directory.",
            )
        return Todo2File(
            self.project.todo2_path,
            max_bytes=self.settings.max_file_mb * 1_000_000,
            wait=self.settings.lock_seconds,
            actor=self.actor,
        )

    def _reference(self, task: str, known: Mapping[str, Task] | None = None) -> tuple[str, str]:
        """Tell an id from free text: give (id, empty) or (empty, text). `known` are the tasks, where they were read."""
        from prentice.skills.task_text import check_text, looks_like_id

        if known is None:
            known = self.tasks().tasks if self.project else {}
        named = task.strip()
        if named in known:
            return named, ""
        if looks_like_id(named):
            if self.project is None:
                self._file()
            raise not_found(named, known)
        return "", check_text(task)

    def _subject_in(self, todolist: TodoList, task: str) -> Task:
        """Give the task of the list, or one made up for a free text."""
        from prentice.skills.task_text import split_text

        task_id, text = self._reference(task, todolist.tasks)
        if task_id:
            return todolist.tasks[task_id]
        name, description = split_text(text)
        return Task(id="", name=name, description=description)

    @cached_property
    def _ledgers(self) -> "Ledgers":
        from prentice.skills.ledgers import Ledgers

        return Ledgers(self.directory, project=self.project)
