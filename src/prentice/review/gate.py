"""The gate: from evidence and a probability to `apply`, `review` or `refuse`, with the first thing that stands against.

A probability alone never applies anything, and nothing that a model says of itself can.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, Protocol, TypeAlias

from prentice.config import Settings
from prentice.review.approval import Actor
from prentice.review.evidence import CERTAIN, Evidence
from prentice.review.probability import ENOUGH, Probability

Verdict: TypeAlias = Literal["apply", "review", "refuse"]


class Objecting(Protocol):
    """What a guard says against a change: `refuse`, or `person` where only a person may approve it."""

    @property
    def verdict(self) -> Literal["refuse", "person"]:
        """How much it weighs."""

    @property
    def sentence(self) -> str:
        """What it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of a change, and why in a sentence."""

    decision: Verdict
    why: str

    def document(self) -> dict[str, Any]:
        """Give it as two keys of the contract."""
        return {"decision": self.decision, "why": self.why}


def decide(
    evidence: Evidence, probability: Probability, *, objections: Sequence[Objecting] = (), settings: Settings
) -> Decision:
    """Decide on a change: `refuse` on what no person should overrule, `apply` only where nothing stands against."""
    for why in _refusals(evidence, objections):
        return Decision(decision="refuse", why=why)
    for why in chain(_doubts(evidence, objections), _improbable(probability, settings)):
        return Decision(decision="review", why=why)
    decisive = next(check.name for check in evidence.checks if check.trusted and check.decisive)
    return Decision(
        decision="apply",
        why=f"Its probability {probability.value:.2f} is above {settings.gate_threshold:.2f} "
        f"({probability.counts}), and `{decisive}` decides it.",
    )


def not_for(actor: Actor, evidence: Evidence, *, objections: Sequence[Objecting] = (), settings: Settings) -> str:
    """Say why an actor may not approve a change that stands for review; empty where it may.

    A person and a script may: that is the user's own decision, and recorded. An assistant may where the settings let
    it, and under the same conditions as the gate, but for the probability. The policy is `decide`.
    """
    if actor in {"person", "script"}:
        return ""
    if actor == "assistant" and settings.approve_assistant != "apply":
        return "An assistant may look at a change and request changes, but not approve one."
    return next(chain(_refusals(evidence, objections), _doubts(evidence, objections)), "")


def _refusals(evidence: Evidence, objections: Sequence[Objecting]) -> Iterator[str]:
    for objection in objections:
        if objection.verdict == "refuse":
            yield _sentence(objection.sentence)
    for check in evidence.checks:
        if check.trusted and check.new_failures:
            yield f"`{check.name}` has {_counted(check.new_failures)} with the change."


def _doubts(evidence: Evidence, objections: Sequence[Objecting]) -> Iterator[str]:
    for objection in objections:
        yield f"{_sentence(objection.sentence)} Only a person may approve that."
    if evidence.protected:
        yield "It changes a protected file. Only a person may approve that."
    if evidence.tests_edited:
        yield "It edits tests, so that they say nothing of it. Only a person may approve that."
    if evidence.level not in CERTAIN:
        yield f"Its lines were not found as they were quoted ({evidence.level.replace('_', ' ')})."
    for check in evidence.checks:
        if check.new_failures:
            yield f"`{check.name}` has {_counted(check.new_failures)} with the change; it is not trusted here."
    if not evidence.checks:
        yield "No check was run on it."
    elif not any(check.trusted for check in evidence.checks):
        yield "No check can be trusted here: none noticed a break that was put in on purpose."
    elif not evidence.is_decided:
        yield "No check decides it: none fails without the change, and none executes its lines."


def _improbable(probability: Probability, settings: Settings) -> Iterator[str]:
    if probability.value > settings.gate_threshold:
        return
    held = "" if probability.reviews >= ENOUGH else f" The first {ENOUGH} of a kind are always for a person."
    yield (
        f"Its probability {probability.value:.2f} is not above {settings.gate_threshold:.2f} "
        f"({probability.counts}).{held}"
    )


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _counted(failures: int) -> str:
    return "a new failure" if failures == 1 else f"{failures} new failures"
