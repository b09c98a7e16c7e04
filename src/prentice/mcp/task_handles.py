"""The handles that clients of the tasks extension hold: each leads to a run, whose events in the ledger remember it.

So a handle lives as long as its run, in every process that opens the ledger. Of its secret part the ledger has a
digest only: whoever reads a run's document cannot pass for the client.
"""

import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from prentice.errors import LedgerError, RunError
from prentice.mcp.served import Served

if TYPE_CHECKING:
    from prentice.ledger.runs_table import EventRow

OFFERED: Final = "offered as a task"
ANSWERED: Final = "task answered"
WITHDRAWN: Final = "task withdrawn"
_SECRET_BYTES: Final = 16
"""128 bits: the specification wants ids that nobody can guess or count through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handle:
    """A client's task, as the ledger has it. Times are seconds since the epoch.

    `run` is the run that it is at, and calling `tool` with `arguments` tells how that stands; an answer of the person
    can lead to a later run than `origin`, which keeps the handle. `answered` has the keys of the questions that were
    answered; `ended` is the result of the tool where that was an error, which no later call would give again.
    """

    id: str
    origin: str
    run: str
    tool: str
    arguments: Mapping[str, Any]
    created: float
    updated: float
    answered: frozenset[str] = frozenset()
    ended: Mapping[str, Any] | None = None
    is_withdrawn: bool = False

    def answer(
        self, project: Served, keys: Collection[str], *, run: str, ended: Mapping[str, Any] | None = None
    ) -> None:
        """Note that questions were answered, and which run the task is at from then on."""
        data = {"digest": _digest(self.id), "keys": sorted(keys), "run": run, "ended": ended}
        project.table.note(self.origin, ANSWERED, data)

    def withdraw(self, project: Served) -> None:
        """Note that the client wants no more of it."""
        project.table.note(self.origin, WITHDRAWN, {"digest": _digest(self.id)})

    def _after(self, event: "EventRow") -> "Handle":
        if event.kind == WITHDRAWN:
            return replace(self, updated=event.at, is_withdrawn=True)
        data = event.data
        action = {name: value for name, value in self.arguments.items() if name == "action"}
        return replace(
            self, updated=event.at, run=data["run"], arguments={**action, "run_id": data["run"]},
            answered=self.answered.union(data["keys"]), ended=data["ended"],
        )  # fmt: skip


def offer(project: Served, run: str, *, tool: str, arguments: Mapping[str, Any]) -> Handle:
    """Make a handle for a run, and keep it; calling the tool with `arguments` tells how the run stands.

    Raises:
        LedgerError: it cannot be kept.
    """
    handle = f"{run}.{secrets.token_urlsafe(_SECRET_BYTES)}"
    project.table.note(run, OFFERED, {"digest": _digest(handle), "tool": tool, "arguments": dict(arguments)})
    if (found := find(project, handle)) is None:
        raise LedgerError(f"A task for {run} was not kept.", next_step=f"Call again with run_id {run}.")
    return found


def run_of(handle: str) -> str:
    """Give the id of the run that a handle begins with, which need not exist."""
    return handle.partition(".")[0]


def find(project: Served, handle: str) -> Handle | None:
    """Give what the ledger knows of a handle; None where it was not given out here, or its run was dropped."""
    run = run_of(handle)
    try:
        project.row(run)
    except RunError:
        return None
    return _read(handle, project.table.events(run))


def _read(handle: str, events: "Iterable[EventRow]") -> Handle | None:
    digest, found = _digest(handle), None
    for event in events:
        if event.kind not in {OFFERED, ANSWERED, WITHDRAWN} or event.data["digest"] != digest:
            continue
        if event.kind == OFFERED:
            run = run_of(handle)
            found = Handle(
                id=handle, origin=run, run=run, tool=event.data["tool"], arguments=event.data["arguments"],
                created=event.at, updated=event.at,
            )  # fmt: skip
        elif found is not None:
            found = found._after(event)  # noqa: SLF001 - of this module
    return found


def _digest(handle: str) -> str:
    return sha256(handle.encode()).hexdigest()
