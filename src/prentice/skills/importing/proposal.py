"""A proposal of imported tasks, as it is stored, shown and decided on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self, cast

from prentice.ledger.proposals_table import ProposalRow
from prentice.tasks.imports.item import Format, ImportedTask, LeftOut

KIND: Final = "import"
"""What a stored plan says under `kind`; a breakdown's says nothing."""


def is_import(row: ProposalRow) -> bool:
    """Whether a stored proposal is one of imported tasks, and not a plan."""
    return bool(row.plan.get("kind") == KIND)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportProposal:
    """Tasks of another tool that wait for a decision. `source` is the file or directory as the user named it."""

    id: str
    uid: str
    source: str
    format: Format
    tasks: tuple[ImportedTask, ...]
    duplicates: Mapping[str, str] = field(default_factory=dict)
    """By key, the task of the list or the earlier entry that an entry may repeat; those are made only by name."""
    known: Mapping[str, str] = field(default_factory=dict)
    """By key, the tasks of the list that were imported from the same entries before."""
    left_out: tuple[LeftOut, ...] = ()
    warnings: tuple[str, ...] = ()
    state: str = "open"
    decision: Mapping[str, Any] | None = None

    @classmethod
    def from_row(cls, row: ProposalRow) -> Self:
        """Read a stored proposal."""
        plan: dict[str, Any] = row.plan
        return cls(
            id=row.id,
            uid=row.uid,
            source=plan["source"],
            format=cast("Format", plan["format"]),
            tasks=tuple(ImportedTask.from_stored(task) for task in plan["tasks"]),
            duplicates=plan["duplicates"],
            known=plan["known"],
            left_out=tuple(LeftOut(**entry) for entry in plan["left_out"]),
            warnings=tuple(plan["warnings"]),
            state=row.state,
            decision=row.decision,
        )

    def stored(self) -> dict[str, object]:
        """Give what the ledger keeps of the plan."""
        return {
            "kind": KIND,
            "source": self.source,
            "format": self.format,
            "tasks": [task.stored() for task in self.tasks],
            "duplicates": dict(self.duplicates),
            "known": dict(self.known),
            "left_out": [entry.document() for entry in self.left_out],
            "warnings": list(self.warnings),
        }

    @property
    def keys(self) -> frozenset[str]:
        """The keys that can be approved."""
        return frozenset(task.key for task in self.tasks)

    def document(self) -> dict[str, object]:
        """Give the proposal as the JSON document of the contract."""
        return {
            "proposal_id": self.id or None,
            "state": self.state,
            "source": self.source,
            "format": self.format,
            "tasks": [self._task_document(task) for task in self.tasks],
            "left_out": [entry.document() for entry in self.left_out],
            "warnings": list(self.warnings),
        }

    def _task_document(self, task: ImportedTask) -> dict[str, object]:
        parent = task.parent if task.parent in self.keys else self.known.get(task.parent, "")
        document: dict[str, object] = {
            "key": task.key,
            "name": task.name,
            "description": task.description(),
            "priority": task.priority,
            "tags": list(task.tags),
            "status": task.status,
            "dependencies": [need for need in task.dependencies if need in self.keys],
        }
        document |= {"parent": parent} if parent else {}
        return document | ({"duplicate_of": self.duplicates[task.key]} if task.key in self.duplicates else {})
