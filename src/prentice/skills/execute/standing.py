"""How an execution stands in its review: what is answered to every decision, and what is shown before one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prentice.changes.change import Change
from prentice.changes.stored import from_document
from prentice.errors import LedgerError, UsageError
from prentice.ledger.executions_table import DecisionRow, ExecutionRow, ExecutionsTable, ExecutionState
from prentice.review.approval import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An execution after a decision. `actor` made it; `notes` are sentences on what was left undone beside it.

    `files` says what became of each path, where the change is or was in the tree. `attempt` are the arguments of the
    run that shall try again, where changes were requested.
    """

    run: str
    task: str
    state: ExecutionState
    actor: Actor
    files: Mapping[str, str]
    notes: tuple[str, ...] = ()
    attempt: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Give it as the contract's answer of `review`, `apply` and `undo`."""
        return {
            "run_id": self.run, "task": self.task, "state": self.state, "actor": self.actor,
            "files": list(self.files), "became": dict(self.files), "notes": list(self.notes),
            **({"attempt": dict(self.attempt)} if self.attempt else {}),
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """All that a reviewer needs of an execution; `change` is None where it came to none."""

    row: ExecutionRow
    change: Change | None
    decisions: Sequence[DecisionRow]

    def document(self) -> dict[str, Any]:
        """Give the document of `execute` as it stands now, with its hunks, its approval and every decision."""
        hunks = self.change.hunks() if self.change else []
        return {
            **self.row.document,
            "run_id": self.row.run, "state": self.row.state, "attempt_of": self.row.attempt_of,
            "created": self.row.created, "approval": self.row.approval,
            "hunks": [
                {"path": hunk.path, "number": hunk.number, "text": hunk.text().decode(errors="replace")}
                for hunk in hunks
            ],
            "decisions": [
                {"kind": one.kind, "actor": one.actor, "at": one.at, "right": one.right, **(one.data or {})}
                for one in self.decisions
            ],
        }  # fmt: skip


def stored_change(executions: ExecutionsTable, run: str) -> Change | None:
    """Read the change of an execution, None where it came to none.

    Raises:
        LedgerError: what is stored is not what its digest was made of.
    """
    document = executions.change(run)
    try:
        return None if document is None else from_document(document)
    except ValueError as error:
        raise LedgerError(
            f"The change of {run} cannot be read: {error}.", next_step="Carry the task out again."
        ) from error


def chosen_part(change: Change, hunks: Collection[tuple[str, int]]) -> Change:
    """Give the part of a change that consists of some hunks, named by path and number.

    Raises:
        UsageError: a hunk does not exist, or none was named.
    """
    known = [(hunk.path, hunk.number) for hunk in change.hunks()]
    unknown = [f"{path}:{number}" for path, number in hunks if (path, number) not in known]
    if unknown or not hunks:
        said = f"There is no hunk {', '.join(unknown)} in this change." if unknown else "No hunk was chosen."
        raise UsageError(said, next_step=f"Its hunks are: {', '.join(f'{path}:{number}' for path, number in known)}.")
    return change.only(hunks)
