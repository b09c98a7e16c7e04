"""Reviews of code: the planted defect is found where it stands, and nothing is found where nothing is wrong."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from prentice.errors import ReplyError
from prentice.evals.case import Case
from prentice.evals.stage import Calls, Stage
from prentice.evals.verdict import Verdict
from prentice.skills.code_review.run import CODE_REVIEW

MOST_OTHERS: Final = 2
"""Findings beside the planted defect that are let pass: who names every line finds it too."""
_NEAR: Final = 1
"""Lines above and below the defect that count as its place."""


async def measure(case: Case, stage: Stage, calls: Calls) -> Verdict:
    """Review the files of a case. Linters look too, as always, and what they find does not count.

    Raises:
        PrenticeError: no answer came.
    """
    async with stage.bench(case, calls) as bench:
        arguments = {"task": "", "text": case.given["task"], "files": sorted(case.files)}
        try:
            _, document = await bench.carry(CODE_REVIEW, arguments)
        except ReplyError as error:
            why = f"no review that can be used: {'; '.join(error.problems[:2])}"
            return Verdict(right=False, why=why, first_valid=False, details=_counts(case, found=0, false=0))
        source = f"{document['backend']}/{document['model']}"
        own = [finding for finding in document["findings"] if finding["source"] == source]
        first = bench.step("code_review.ask")
        return judged(case, own, first_valid=bool(first) and not first["problems"])


def judged(case: Case, findings: Sequence[Mapping[str, Any]], *, first_valid: bool) -> Verdict:
    """Hold a model's findings to the defects that were planted."""
    defects = case.given.get("defects", ())
    places = [(defect["file"], _lines(case, defect)) for defect in defects]
    hit = [any(_is_at(finding, *place) for finding in findings) for place in places]
    false = [finding for finding in findings if not any(_is_at(finding, *place) for place in places)]
    missed = [defect["says"] for defect, was_hit in zip(defects, hit, strict=True) if not was_hit]
    why = ""
    if missed:
        why = f"not found: {'; '.join(missed)}"
    elif len(false) > (MOST_OTHERS if defects else 0):
        named = "; ".join(f"{item['file']}:{item['line']}: {item['says']}" for item in false[:3])
        why = f"{'false alarm' if len(false) == 1 else f'{len(false)} false alarms'}: {named}"
    return Verdict(
        right=not why, why=why, first_valid=first_valid, details=_counts(case, found=sum(hit), false=len(false))
    )


def _lines(case: Case, defect: Mapping[str, Any]) -> set[int]:
    """Give the numbers of the lines, from 1, that a defect can be shown at."""
    lines = [line.strip() for line in case.files[defect["file"]].splitlines()]
    return {number for number, line in enumerate(lines, start=1) if line in defect["at"]}


def _is_at(finding: Mapping[str, Any], file: str, lines: set[int]) -> bool:
    first = finding["line"]
    last = first + finding["quote"].count("\n")
    return finding["file"] == file and any(first - _NEAR <= line <= last + _NEAR for line in lines)


def _counts(case: Case, *, found: int, false: int) -> dict[str, int]:
    return {"defects": len(case.given.get("defects", ())), "found": found, "false_alarms": false}
