"""A proposal: a plan with its estimates, waves and critical path, as it is stored, shown and decided on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from prentice.ledger.proposals_table import ProposalRow
from prentice.skills.breakdown.checks import graph_of, warnings
from prentice.skills.estimate import Estimate, estimate
from prentice.tasks.plan import Category, Complexity, Subtask


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A plan for one task. `task` is the task's id, empty when the parent is a free text and does not exist yet."""

    id: str
    uid: str
    task: str
    name: str
    """The parent's name, or the first line of the free text."""
    description: str
    backend: str
    model: str
    subtasks: tuple[Subtask, ...]
    notes: tuple[str, ...] = ()
    """Warnings that arose while the plan was made, beside those that the plan itself gives rise to."""
    state: str = "open"
    decision: Mapping[str, Any] | None = None

    @classmethod
    def from_row(cls, row: ProposalRow) -> "Proposal":
        """Read a stored proposal."""
        plan: dict[str, Any] = row.plan
        return cls(
            id=row.id,
            uid=row.uid,
            task=row.task,
            name=plan["name"],
            description=plan["description"],
            backend=plan["backend"],
            model=plan["model"],
            subtasks=tuple(_subtask(item) for item in plan["subtasks"]),
            notes=tuple(plan["notes"]),
            state=row.state,
            decision=row.decision,
        )

    def stored(self) -> dict[str, object]:
        """Give what the ledger keeps of the plan."""
        return {
            "name": self.name,
            "description": self.description,
            "backend": self.backend,
            "model": self.model,
            "subtasks": [_stored(subtask) for subtask in self.subtasks],
            "notes": list(self.notes),
        }

    @property
    def estimates(self) -> dict[str, Estimate]:
        """The estimate of each subtask, by key."""
        return {subtask.key: estimate(subtask) for subtask in self.subtasks}

    @property
    def waves(self) -> list[tuple[str, ...]]:
        """The keys in layers, each of which needs only earlier ones."""
        return graph_of(self.subtasks).waves()

    @property
    def critical_path(self) -> tuple[str, ...]:
        """The chain of keys that takes longest, by the medians of the estimates."""
        weight = {key: estimate.median for key, estimate in self.estimates.items()}
        return graph_of(self.subtasks).critical_path(weight)

    @property
    def warnings(self) -> list[str]:
        """What a person should look at before approving."""
        return [*self.notes, *warnings(self.subtasks)]

    def with_subtasks(self, subtasks: Sequence[Subtask]) -> "Proposal":
        """Give the proposal with an edited plan."""
        return replace(self, subtasks=tuple(subtasks))

    def document(self) -> dict[str, object]:
        """Give the proposal as the JSON document of the contract."""
        estimates = self.estimates
        return {
            "proposal_id": self.id,
            "task": self.task or self.name,
            "name": self.name,
            "state": self.state,
            "backend": self.backend,
            "model": self.model,
            "subtasks": [
                _stored(subtask) | {"estimate": estimates[subtask.key].document()} for subtask in self.subtasks
            ],
            "waves": [list(wave) for wave in self.waves],
            "critical_path": list(self.critical_path),
            "warnings": self.warnings,
        }


def _stored(subtask: Subtask) -> dict[str, object]:
    return {
        "key": subtask.key,
        "name": subtask.name,
        "description": subtask.description,
        "acceptance_criteria": list(subtask.acceptance_criteria),
        "complexity": subtask.complexity,
        "category": subtask.category,
        "dependencies": list(subtask.dependencies),
        "covers": list(subtask.covers),
    }


def _subtask(stored: Mapping[str, Any]) -> Subtask:
    return Subtask(
        key=stored["key"],
        name=stored["name"],
        description=stored["description"],
        acceptance_criteria=tuple(stored["acceptance_criteria"]),
        complexity=cast("Complexity", stored["complexity"]),
        category=cast("Category", stored["category"]),
        dependencies=tuple(stored["dependencies"]),
        covers=tuple(stored["covers"]),
    )
