"""Plans: accepted by the product's own checks, every part of the task covered, and nothing before what it needs."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from prentice.errors import BreakdownRejectedError
from prentice.evals.case import Case
from prentice.evals.stage import Bench, Calls, Stage
from prentice.evals.verdict import Verdict
from prentice.skills.breakdown.checks import problems
from prentice.skills.breakdown.proposal import Proposal
from prentice.skills.breakdown.run import BREAKDOWN
from prentice.tasks.plan import PlanningFacts, Subtask


async def measure(case: Case, stage: Stage, calls: Calls) -> Verdict:
    """Plan the task of a case.

    Raises:
        PrenticeError: no answer came.
    """
    async with stage.bench(case, calls) as bench:
        arguments = {
            "task": "", "text": case.given["task"], "context_text": "", "min_subtasks": 3, "max_subtasks": 8,
        }  # fmt: skip
        try:
            _, proposal_id = await bench.carry(BREAKDOWN, arguments)
        except BreakdownRejectedError as error:
            why = f"no plan that can be used: {'; '.join(error.problems[:3])}"
            return Verdict(right=False, why=why, first_valid=_first_valid(bench, stage))
        plan = Proposal.from_row(bench.services.proposals.get(proposal_id)).subtasks
        facts = PlanningFacts.from_document(bench.step("breakdown.gather"))
        why = "; ".join((*problems(plan, facts), *missing(plan, case.given), *upside_down(plan, case.given)))
        return Verdict(right=not why, why=why, first_valid=_first_valid(bench, stage), details={"subtasks": len(plan)})


def missing(plan: Sequence[Subtask], given: Mapping[str, Any]) -> list[str]:
    """Name the parts of the task that no subtask covers.

    A part is covered where its pattern stands in what a subtask does; a detail may stand in its criteria as well. What
    every criterion says ("the tests pass") is no subtask.
    """
    does = [f"{item.name} {item.description}" for item in plan]
    details = [" ".join((text, *item.acceptance_criteria)) for text, item in zip(does, plan, strict=True)]
    return [
        f"leaves out: {part['name']}"
        for part in given["parts"]
        if not any(
            re.search(part["pattern"], text, re.IGNORECASE) for text in (details if part.get("anywhere") else does)
        )
    ]


def upside_down(plan: Sequence[Subtask], given: Mapping[str, Any]) -> list[str]:
    """Name what the plan lets wait for what can only come after it, by patterns in the names of subtasks."""
    found = []
    for rule in given.get("order", ()):
        earlier = {item.key for item in plan if re.search(rule["first"], item.name, re.IGNORECASE)}
        later = {item.key for item in plan if re.search(rule["then"], item.name, re.IGNORECASE)} - earlier
        if any(_needs(plan, key) & later for key in earlier):
            found.append(f"upside down: {rule['says']}")
    return found


def _needs(plan: Sequence[Subtask], key: str) -> set[str]:
    """Give all that a subtask waits for, directly or not."""
    by_key = {item.key: item for item in plan}
    found: set[str] = set()
    waiting = [key]
    while waiting:
        for need in by_key[waiting.pop()].dependencies:
            if need not in found and need in by_key:
                found.add(need)
                waiting.append(need)
    return found


def _first_valid(bench: Bench, stage: Stage) -> bool | None:
    if not stage.has_model:
        return None
    asked = bench.step("breakdown.ask")
    return bool(asked) and not asked["problems"]
