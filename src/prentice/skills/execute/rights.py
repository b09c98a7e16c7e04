"""Who may approve which change, and whether a decisive check passed on it."""

from prentice.changes.change import Change
from prentice.changes.guards.guard import guard
from prentice.changes.guards.objection import Policy
from prentice.config import Settings
from prentice.ledger.executions_table import ExecutionRow
from prentice.review.approval import Actor
from prentice.review.evidence import Evidence
from prentice.review.gate import not_for


def objection_to(actor: Actor, row: ExecutionRow, change: Change, *, part: bool, settings: Settings) -> str:
    """Say why an actor may not approve a change, or a `part` of it; empty where it may.

    Where no person decides, the guards are asked again in their strictest form; as the evidence is that of the whole
    change, a part of it is for a person; and what was taken out once does not come back by itself.
    """
    if actor in {"person", "script"}:
        return ""
    if row.state == "undone":
        return "It was undone. Only a person may apply it again."
    found = guard(change, policy=Policy()) if actor == "assistant" else ()
    if why := not_for(actor, Evidence.from_document(row.evidence), objections=found, settings=settings):
        return why
    if part:
        return "A part of a change was not checked by itself. Only a person may approve that."
    if actor == "policy" and row.document.get("decision") != "apply":
        return "The gate did not decide to apply it."
    return ""


def is_decided(row: ExecutionRow) -> bool:
    """Whether a decisive check passed on the change of an execution."""
    return row.evidence is not None and Evidence.from_document(row.evidence).is_decided
