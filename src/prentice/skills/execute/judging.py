"""The step that weighs a change: evidence, the probability that the project's own reviews give it, the gate's word."""

import asyncio
from collections.abc import Mapping
from typing import Any, cast, get_args

from prentice.changes.change import Change
from prentice.review.evidence import CheckFact, Evidence
from prentice.review.gate import decide
from prentice.review.probability import Reviewed, fitted
from prentice.review.weights import Match, Rung
from prentice.runs.protocol import Json, StepContext
from prentice.skills.execute.agreement import lines_changed
from prentice.skills.execute.matching import objections_of
from prentice.skills.execute.services import ExecutionServices


async def judge(context: StepContext[ExecutionServices], *, evidence: Json, objections: Json) -> Json:
    """Give `probability`, `decision` and `why` for a change with this evidence.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    services = context.services
    found = Evidence.from_document(evidence)
    rows = await asyncio.to_thread(services.executions.reviewed)
    reviewed = [Reviewed(evidence=Evidence.from_document(document), right=right) for document, right in rows]
    probability = fitted(reviewed).probability(found)
    decision = decide(found, probability, objections=objections_of(objections), settings=services.settings)
    return {"probability": probability.document(), "evidence": found.facts(), **decision.document()}


def evidence_of(
    change: Change, *, rung: Rung, category: str, model: str, samples: int, agreement: int, retries: int, format_: str,
    claimed: float | None, checks: list[Mapping[str, Any]], objections: list[Mapping[str, Any]],
) -> Evidence:  # fmt: skip
    """Put together the evidence for a change."""
    codes = {objection["code"] for objection in objections}
    level = change.level.name.lower()
    assert level in get_args(Match)  # noqa: S101 - the two lists are one
    return Evidence(
        rung=rung,
        category=category,
        model=model,
        samples=samples,
        agreement=agreement,
        level=cast("Match", level),
        checks=tuple(
            CheckFact(
                name=check["name"], trusted=check["trusted"], decisive=check["decisive"],
                new_failures=len(check["new_failures"]), mended=len(check["mended"]),
                still_fails=all(check[when].startswith("failed") for when in ("before", "after")),
            )
            for check in checks
        ),
        lines_changed=lines_changed(change),
        files=len(change.files),
        protected="protected" in codes,
        tests_edited=any(code.startswith("test_") for code in codes),
        retries=retries,
        format=format_,
        claimed=claimed,
    )  # fmt: skip
