"""Summaries, by their form alone: how long, how written, with names as the text has them; not whether they are true."""

import re
from typing import Final

from prentice.evals.case import Case
from prentice.evals.stage import Calls, Stage
from prentice.evals.verdict import Verdict
from prentice.skills.summarize import SENTENCES, summarize

_END: Final = re.compile(r"[.!?](?=\s+[A-Z`\"'(]|\s*$)")
_MARKED: Final = re.compile(r"(?m)^\s*(?:#{1,6} |[-*+] |\d+\. )")
_CHATTER: Final = re.compile(
    r"(?i)\b(?:here is|here's|sure[,!]|certainly|this (?:is a )?summary|the (?:following|above) text|in summary)\b"
)
_NAME: Final = re.compile(r"\b\w+(?:[./]\w+)*\.(?:py|md|toml|js|go|sql|json|yaml)\b|\b[a-z]+(?:_[a-z0-9]+)+\b")
_WORDS: Final = 120


async def measure(case: Case, stage: Stage, calls: Calls) -> Verdict:
    """Summarize the text of a case.

    Raises:
        PrenticeError: no answer came.
    """
    text = case.given["text"].strip()
    async with stage.bench(case, calls) as bench:
        found = await summarize(text, kind=case.given["kind"], name=case.id, services=bench.services)
    why = problem(found.summary, text=text, names=case.given["names"])
    return Verdict(right=not why, why=why, first_valid=len(calls.made) == 1 if stage.has_model else None)


def problem(summary: str, *, text: str, names: list[str]) -> str:
    """Say what is wrong with the form of a summary; empty where nothing is. Of `names` it has to have one."""
    sentences = len(_END.findall(summary))
    if sentences > SENTENCES:
        return f"{sentences} sentences, where {SENTENCES} are the most"
    if len(summary.split()) > _WORDS:
        return f"{len(summary.split())} words"
    if found := _MARKED.search(summary) or _CHATTER.search(summary):
        return f"not plain sentences: “{found[0].strip()}”"
    if not any(name in summary for name in names):
        return f"has none of the names that it is about: {', '.join(names)}"
    foreign = [name for name in _NAME.findall(summary) if name not in text]
    return f"has names that the text has not: {', '.join(foreign)}" if foreign else ""
