"""Which of several tasks have to wait for which: those that concern the same files, or depend on another."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """A task as far as its order among others goes. `files` are the paths that it names; directories end in `/`."""

    id: str
    dependencies: tuple[str, ...] = ()
    files: frozenset[str] = frozenset()

    @property
    def touches(self) -> tuple[str, ...]:
        """What its run holds for itself: a later run that touches the same is carried after it."""
        return (*(f"file {file}" for file in sorted(self.files)), *((f"task {self.id}",) if self.id else ()))


def order(tasks: Sequence[Foreseen]) -> list[tuple[int, tuple[int, ...]]]:
    """Give the numbers of the tasks in an order to start them in, each with those that it waits for.

    A task goes behind what it depends on, and behind earlier ones of the same files. Tasks that depend on each other in
    a circle keep the order in which they were given.
    """
    by_id = {task.id: number for number, task in enumerate(tasks) if task.id}
    needs = {
        number: {by_id[need] for need in task.dependencies if need in by_id} - {number}
        for number, task in enumerate(tasks)
    }
    ordered: list[int] = []
    waiting = list(range(len(tasks)))
    while waiting:
        free = next((number for number in waiting if needs[number] <= set(ordered)), waiting[0])
        waiting.remove(free)
        ordered.append(free)
    result = []
    for place, number in enumerate(ordered):
        before = ordered[:place]
        waits = [other for other in before if other in needs[number] or _meet(tasks[other].files, tasks[number].files)]
        result.append((number, tuple(waits)))
    return result


def _meet(some: frozenset[str], others: frozenset[str]) -> bool:
    """Whether two sets of paths have a file in common."""
    if some & others:
        return True
    return any(
        one.endswith("/") and other.startswith(one)
        for these, those in ((some, others), (others, some))
        for one in these
        for other in those
    )
