"""Prompts made clearer: what other words can mend is mended, every fact is kept, and nothing is made up."""

import re
from collections.abc import Mapping
from typing import Any, Final

from prentice.evals.case import Case
from prentice.evals.stage import Bench, Calls, Stage
from prentice.evals.verdict import Verdict
from prentice.skills.optimize.examination import examine
from prentice.skills.optimize.grounds import Grounds
from prentice.skills.optimize.run import MAX_CALLS, OPTIMIZE

_NO_GAIN: Final = ": no question of the checklist gains."
_UNUSABLE: Final = "A reply that could not be used:"


async def measure(case: Case, stage: Stage, calls: Calls) -> Verdict:
    """Optimize the prompt of a case.

    Raises:
        PrenticeError: no answer came.
    """
    async with stage.bench(case, calls) as bench:
        _, document = await bench.carry(
            OPTIMIZE,
            {
                "task": "", "text": case.given["prompt"].strip(), "context": "", "answers": {},
                "preferred_backend": "", "max_calls": MAX_CALLS, "seconds": stage.settings.deadline_seconds,
            },
        )  # fmt: skip
        grounds = Grounds.from_document(bench.step("optimize.gather"))
        why = problem(document["optimized"], case.given, grounds)
        refused = [text for text in document["rejected"] if not text.endswith(_NO_GAIN) and not _unusable(text)]
        return Verdict(
            right=not why, why=why, first_valid=_first_valid(bench, stage),
            details={
                "accepted": document["accepted"], "stop_reason": document["stop_reason"], "refused": len(refused),
            },
        )  # fmt: skip


def problem(text: str, given: Mapping[str, Any], grounds: Grounds) -> str:
    """Say what is wrong with an optimized prompt; empty where nothing is."""
    lost = [fact for fact in given["keep"] if fact not in text]
    if lost:
        return f"loses: {'; '.join(lost)}"
    invented = [found[0] for pattern in given.get("never", ()) if (found := re.search(pattern, text, re.IGNORECASE))]
    if invented:
        return f"makes up: {'; '.join(invented)}"
    left = [finding for finding in examine(text, grounds).findings if finding.rule in given["mends"]]
    return f"leaves as it was: {'; '.join(f'“{finding.quote}”' for finding in left)}" if left else ""


def _first_valid(bench: Bench, stage: Stage) -> bool | None:
    proposed = bench.step("optimize.propose") if stage.has_model else None
    return None if proposed is None else not proposed["problems"]


def _unusable(text: str) -> bool:
    return text.startswith(_UNUSABLE)
