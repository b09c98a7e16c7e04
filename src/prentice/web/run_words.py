"""Runs in lines of a list: what each is for, how it stands, and how far it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from prentice.errors import StoreError
from prentice.library import Prentice
from prentice.runs.said import far

FINAL: Final = frozenset({"finished", "failed", "cancelled"})
_KINDS: Final = {
    "breakdown": "Plan", "execute": "Carry out", "optimize": "Optimize", "models.pull": "Fetch a model",
    "code_review": "Review code", "summarize": "Summarize", "generate": "Complete",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """A run in a list. Times are seconds since the epoch."""

    id: str
    kind: str
    task: str
    state: str
    far: str
    created: float
    updated: float

    @property
    def title(self) -> str:
        """What kind of work it is, for people."""
        return _KINDS.get(self.kind, self.kind.replace("_", " ").replace(".", " ").capitalize())


def line_of(standing: Mapping[str, Any], *, names: Mapping[str, str]) -> RunLine:
    """Give the line of a run; `names` are those of tasks, by id."""
    task = standing["task"]
    named = f"{task}: {names[task]}" if task in names else task
    return RunLine(
        id=standing["run_id"], kind=standing["kind"], task=named, state=standing["state"], far=far(standing),
        created=standing["created"], updated=standing["updated"],
    )  # fmt: skip


def lines_of(standings: Iterable[Mapping[str, Any]], *, names: Mapping[str, str]) -> list[RunLine]:
    """Give the lines of runs, newest first; they come oldest first. `names` are those of tasks, by id."""
    return [line_of(standing, names=names) for standing in standings][::-1]


def names_in(project: Prentice) -> Mapping[str, str]:
    """Give the names of the project's tasks by id; none where there is no list, or none that can be read."""
    if project.project is None:
        return {}
    try:
        return {key: task.name for key, task in project.tasks().tasks.items()}
    except StoreError:
        return {}
