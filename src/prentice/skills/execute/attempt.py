"""One reply of a model, made into a change or refused: read, placed, guarded. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from prentice.changes.change import Change
from prentice.changes.edits import Edit
from prentice.changes.files import Snapshot
from prentice.changes.formats import Ask
from prentice.changes.guards.guard import guard
from prentice.changes.guards.objection import Objection, Policy
from prentice.changes.refusal import Refusal
from prentice.changes.reply.parse import parse
from prentice.changes.resolve import resolve
from prentice.changes.visible import is_invisible

_EXPLANATION: Final = 600
"""Letters of what a model says of its change that are kept."""
_CLAIM: Final = re.compile(r"(?i)\bconfiden(?:ce|t)\b[^\n\d]{0,30}?(\d{1,3}(?:\.\d+)?)\s*(%)?")
_NOISE: Final = re.compile(r"^[`#>*\s-]+|[`*\s]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A change that a reply asks for. `objections` are such that a person may overrule."""

    change: Change
    objections: tuple[Objection, ...] = ()
    explanation: str = ""
    claimed: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Why a reply leads to no change: in a sentence for people, and in words that can go back to the model."""

    code: str
    why: str
    feedback: str


Attempt: TypeAlias = Candidate | Rejected


def attempt(reply: str, *, ask: Ask, snapshot: Snapshot, policy: Policy) -> Attempt:
    """Read a reply in the light of what was asked, place its edits in the files, and let the guards look."""
    parsed = parse(reply, ask=ask)
    if isinstance(parsed, Refusal):
        return _refused(parsed)
    change = resolve(parsed.edits, snapshot)
    if isinstance(change, Refusal):
        return _refused(change)
    objections = guard(change, policy=policy)
    refusing = [objection for objection in objections if objection.verdict == "refuse"]
    if refusing:
        return objected(refusing)
    return Candidate(
        change=change,
        objections=tuple(objections),
        explanation=explanation(reply, parsed.edits),
        claimed=claimed_confidence(reply),
    )


def objected(objections: Sequence[Objection]) -> Rejected:
    """Make the rejection of a change that guards refuse."""
    listed = [
        f"- {objection.path}{f' (line {objection.line})' if objection.line else ''}: {objection.sentence}"
        for objection in objections
    ]
    first = objections[0]
    return Rejected(
        code=first.code,
        why=f"{first.path}: {first.sentence}" if first.path else first.sentence,
        feedback="\n".join(["Nothing was changed. Answer again with all edits, corrected:", *listed[:8]]),
    )


def explanation(reply: str, edits: Sequence[Edit]) -> str:
    """Give what a model says before its first edit, as one line of plain text."""
    first = min((edit.at for edit in edits if edit.at), default=0)
    names = {edit.path for edit in edits}
    kept: list[str] = []
    for line in reply.splitlines()[: max(first - 1, 0)]:
        words = _NOISE.sub("", line)
        is_heading = any(name in words and len(words) <= len(name) + 80 for name in names) and " " not in words.strip()
        if words and not is_heading and not line.lstrip().startswith(("---", "+++", "***", "<<<", "```")):
            kept.append(words)
    text = " ".join(" ".join(kept).split())
    text = "".join(letter for letter in text if not is_invisible(letter))
    return text if len(text) <= _EXPLANATION else text[: _EXPLANATION - 1] + "…"


def claimed_confidence(reply: str) -> float | None:
    """Give the confidence that a reply states of itself, 0 to 1; None where it states none."""
    found = _CLAIM.search(reply)
    if found is None:
        return None
    value = float(found[1])
    if found[2] or value > 1:
        value /= 100
    return min(value, 1.0)


def _refused(refusal: Refusal) -> Rejected:
    return Rejected(code=refusal.code, why=refusal.sentence, feedback=refusal.feedback())
