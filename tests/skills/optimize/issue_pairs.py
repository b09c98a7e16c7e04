"""Issues with the summaries that leave facts of them out, and a project for the tests of the optimizer."""

import json
from dataclasses import dataclass
from pathlib import Path

from prentice.skills.optimize.assembly import assemble
from prentice.skills.optimize.examination import Examination, examine
from prentice.skills.optimize.grounds import Grounds
from prentice.skills.optimize.guards.guard import objections
from prentice.skills.optimize.prose import PromptText
from prentice.skills.optimize.slots import Kind, Slots


@dataclass(frozen=True, slots=True)
class Pair:
    id: str
    full: str
    summary: str


def pairs(data: Path) -> list[Pair]:
    lines = (data / "ambig_swe" / "pairs.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [
        Pair(row["instance_id"], row["full_issue"].replace("_x000D_", "").strip(), row["summary"].strip())
        for row in rows
    ]


def alone(text: str, kind: Kind | None = None) -> Grounds:
    """Grounds without a repository."""
    return Grounds(text=text, kind=kind or Slots(PromptText(text)).kind)


def by_rules(text: str) -> tuple[str, Examination]:
    """What the deterministic path makes of a text, as the run does it."""
    grounds = alone(text)
    first = examine(text, grounds)
    rewritten = assemble(first, grounds)
    if rewritten == text or objections(rewritten, grounds):
        return text, first
    after = examine(rewritten, grounds)
    return (rewritten, after) if after.is_better_than(first) else (text, first)
