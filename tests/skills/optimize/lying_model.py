"""A model that lies in every reply, asked through the whole loop: what is told, and what of it reaches the prompt."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import prentice
from plans import script
from skills.optimize.issue_pairs import Pair

PROPOSE, JUDGE = "The findings:", "The questions:"
HEDGE = "Perhaps that is all there is to say."
"""A sentence that other words could mend, so that the model is asked; the lies go into its place."""
CALLS = 8
LIES = (
    "It fails in `{}`.",
    "The cause is {}, so fix that first. Perhaps that is all there is to say.",
    "That is all there is to say since {}.",
    'Perhaps that is all there is to say, and it prints "{}".',
)


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", text.casefold()))


def facts(pair: Pair) -> list[str]:
    """What the full issue says and the summary does not: identifiers, paths, numbers, calls."""
    known = words_of(pair.summary) | {f"{word}s" for word in words_of(pair.summary)}
    words = {word.strip(".,:;()[]`'\"") for word in pair.full.split()}
    told = {word for word in words if '"' not in word and re.search(r"\d|\w[._/]\w|[a-z][A-Z]|\(\)", word)}
    return sorted(word for word in told if len(word) > 2 and words_of(word) - known)[:16]


def replies(found: list[str]) -> list[dict[str, Any]]:
    """As many proposals as there can be calls, of four lies each, and readings whose quotes nobody wrote."""
    lies = [LIES[(number + number // 4) % 4].replace("{}", found[number % len(found)]) for number in range(4 * CALLS)]
    groups = [lies[start : start + 4] for start in range(0, len(lies), 4)]
    patches = [[{"finding": 1, "old": HEDGE, "new": lie, "source": "repository"} for lie in group] for group in groups]
    quotes = [{"question": number, "quote": "it was said elsewhere", "answer": "yes"} for number in range(1, 6)]
    return [{"match": PROPOSE, "text": json.dumps({"patches": group})} for group in patches] + [
        {"match": JUDGE, "text": json.dumps({"answers": quotes})} for _ in range(14)
    ]


@dataclass(slots=True)
class Lied:
    """Facts told without a source, calls that were answered, and what reached a prompt: the issue and the fact."""

    told: int
    asked: int
    reached: list[tuple[str, str]]


def lied_to(issues: Iterable[Pair], directory: Path) -> Lied:
    """Optimize each summary with a model that puts facts of the full issue into it, and claims that all is said."""
    lied = Lied(0, 0, [])
    for pair in issues:
        found = facts(pair)
        if not found:
            continue
        text = f"{pair.summary}\n\n{HEDGE}"
        project = prentice.open(directory, backend=script(directory / "script.jsonl", *replies(found)))
        outcome = project.optimize(text, max_calls=CALLS)
        lied.told += len(found)
        lied.asked += outcome.document()["calls"]
        lied.reached += [(pair.id, fact) for fact in found if fact in outcome.optimized and fact not in text]
    return lied
