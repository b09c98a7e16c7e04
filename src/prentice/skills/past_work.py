"""What the project's own finished tasks teach of hours: the newest ones whose records tell how long they took."""

from collections.abc import Collection
from typing import Final

from prentice.skills.analysis.policy import Policy
from prentice.skills.analyze import analyze
from prentice.skills.estimate import Finished
from prentice.tasks.effort import hours_worked, left_progress
from prentice.tasks.plan import RepositoryFacts
from prentice.tasks.record import status_of
from prentice.tasks.todolist import TodoList

_NEWEST: Final = 60
"""As many as the interval was checked with on other projects' story points (`tests/skills/test_estimate.py`)."""


def past_work(todolist: TodoList, *, policy: Policy, by_machine: Collection[str] = ()) -> list[Finished]:
    """Give the finished tasks to estimate others by. Those `by_machine` are left out: a model's minutes say nothing."""
    done = [
        (left_progress(record), task, hours)
        for task, record in todolist.records.items()
        if status_of(record) == "Done" and task not in by_machine and (hours := hours_worked(record)) is not None
    ]
    found = []
    for _, task, hours in sorted(done, reverse=True)[:_NEWEST]:
        subject = todolist.tasks[task]
        judged = analyze(subject, repository=RepositoryFacts(), policy=policy)
        found.append(
            Finished(
                text=subject.text, hours=hours, complexity=judged.complexity, category=judged.category,
                tags=subject.tags,
            )
        )  # fmt: skip
    return found
