"""Finding tasks, and showing them within a number of tokens."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Unpack

from prentice.library.judging import Judging
from prentice.tasks.edits import not_found
from prentice.tasks.query import Filters, Query, Selection, query_of, select
from prentice.tasks.record import Task
from prentice.tasks.todolist import TodoList

if TYPE_CHECKING:
    from prentice.tasks.brief import Brief


class Queries(Judging):
    """What a user asks of the list."""

    def find(self, query: Query | None = None, **filters: Unpack[Filters]) -> Selection:
        """Give the page of tasks that a query, or the filters by name, ask for; with neither, all that are open.

        `lane` judges the tasks that pass all other filters, which takes some milliseconds for each.

        Raises:
            UsageError: the query makes no sense.
            TaskNotFoundError: the `parent` does not exist.
            NoProjectError: there is no project here.
            TypeError: there is no such filter.
        """
        return self._select(self.tasks(), query or query_of(filters))

    def brief(self, query: Query | None = None, *, tokens: int, **filters: Unpack[Filters]) -> "Brief":
        """Give what `find` would, as text of at most `tokens` tokens (UTF-8 bytes / 3.5): one line for each task.

        `limit` and `offset` are those of the page; its `next_offset` is where the next one begins.

        Raises:
            UsageError, TaskNotFoundError, NoProjectError, TypeError: as for `find`; too few tokens.
        """
        from prentice.tasks.brief import brief

        query = query or query_of(filters)
        todolist, found = self._all_found(query)
        return brief(todolist, found, tokens=tokens, offset=query.offset, limit=query.limit)

    def brief_json(self, query: Query | None = None, *, tokens: int, **filters: Unpack[Filters]) -> "Brief":
        """Give what `find` would, as a JSON list of shortened documents, of at most `tokens` tokens.

        Raises:
            UsageError, TaskNotFoundError, NoProjectError, TypeError: as for `brief`.
        """
        from prentice.tasks.brief import brief_json

        query = query or query_of(filters)
        _, found = self._all_found(query)
        return brief_json(found, tokens=tokens, offset=query.offset, limit=query.limit)

    def digest(self, task_id: str, *, tokens: int) -> str:
        """Give one task as text of at most `tokens` tokens: its criteria first, then the newest comments.

        Raises:
            TaskNotFoundError: no task has the id.
            UsageError: too few tokens.
        """
        from prentice.tasks.digest import digest

        todolist = self.tasks()
        if task_id not in todolist.tasks:
            raise not_found(task_id, todolist.tasks)
        return digest(todolist, todolist.tasks[task_id], tokens=tokens)

    def _all_found(self, query: Query) -> tuple[TodoList, Sequence[Task]]:
        todolist = self.tasks()
        return todolist, self._select(todolist, replace(query, limit=None, offset=0)).tasks

    def _select(self, todolist: TodoList, query: Query) -> Selection:
        def lanes(tasks: Sequence[Task]) -> Iterator[str]:
            return (assessment.lane for assessment in self._judged(todolist, tasks))

        found = select(todolist, query, lanes=lanes)
        if query.parent and not found.total and query.parent not in todolist.tasks:
            raise not_found(query.parent, todolist.tasks)
        return found
