"""Judging tasks: assessments and estimates."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from prentice.library.directory import Directory
from prentice.tasks.record import Task
from prentice.tasks.todolist import TodoList

if TYPE_CHECKING:
    from prentice.skills.analyze import Assessment
    from prentice.skills.estimate import Estimate
    from prentice.tasks.plan import RepositoryFacts


class Judging(Directory):
    """What Prentice makes of a task before anything is done about it."""

    def analyze(self, task: str) -> "Assessment":
        """Judge a task, given by id or as free text: complexity, category, lane, reasons, questions, estimate."""
        return next(self.analyze_each([task]))

    def analyze_each(self, tasks: Sequence[str] = ()) -> "Iterator[Assessment]":
        """Judge tasks one after the other, all open ones of the project where none is named; reads the list once.

        Raises:
            TaskNotFoundError, TextError: for any of the names, before the first assessment.
            NoProjectError: none was named, and there is no project here.
        """
        todolist = self.tasks() if self.project or not tasks else TodoList({})
        known = todolist.tasks
        subjects = [self._subject_in(todolist, task) for task in tasks]
        yield from self._judged(todolist, subjects or [task for task in known.values() if task.is_open])

    def _judged(self, todolist: TodoList, subjects: Sequence[Task]) -> "Iterator[Assessment]":
        """Judge tasks of a list that was read, or made up for free texts."""
        from prentice.context import mentions
        from prentice.context.repository import survey
        from prentice.skills.analysis.policy import load_policy
        from prentice.skills.analyze import analyze
        from prentice.skills.past_work import past_work

        known = todolist.tasks
        policy = load_policy({name: row for name, row in self.settings.policy.items() if name != "models"})
        history = past_work(todolist, policy=policy, by_machine=self._carried_out())
        dependents = Counter(need for task in known.values() for need in set(task.dependencies))
        surveys: dict[object, RepositoryFacts] = {}
        for subject in subjects:
            names = mentions.possible_paths(subject.text), mentions.symbols(subject.text)
            if names not in surveys:  # texts that name the same things of the repository share what was found
                surveys[names] = survey(self._root, subject.text)
            yield analyze(
                subject,
                repository=surveys[names],
                dependencies={need: known[need].status for need in subject.dependencies if need in known},
                policy=policy,
                dependents=dependents[subject.id],
                history=history,
            )

    def _carried_out(self) -> set[str]:
        """Give the tasks that a change of Prentice's own was applied for."""
        if self._ledgers.is_blank:
            return set()
        from prentice.ledger.executions_table import ExecutionsTable

        return {row.task for row in ExecutionsTable(*self._ledgers.current()).all(state="applied")}

    def subject(self, task: str) -> Task:
        """Give the task that an argument means: the one with this id, else one made up from the free text."""
        return self._subject_in(self.tasks() if self.project else TodoList({}), task)

    def estimate(self, task: str) -> "Estimate":
        """Estimate the work of a task, given by id or as free text."""
        return self.analyze(task).estimate

    async def analyze_async(self, task: str) -> "Assessment":
        """Do `analyze` beside a running event loop."""
        import asyncio

        return await asyncio.to_thread(self.analyze, task)

    async def estimate_async(self, task: str) -> "Estimate":
        """Do `estimate` beside a running event loop."""
        import asyncio

        return await asyncio.to_thread(self.estimate, task)
