"""The outcome of an optimization: the prompt, what it rests on, what is still open, and why it ended there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Self, cast

from prentice.runs.protocol import Json
from prentice.skills.optimize.checklist import Answer
from prentice.skills.optimize.examination import Examination
from prentice.skills.optimize.grounds import Grounds
from prentice.skills.optimize.guards.invention import additions
from prentice.skills.optimize.score import scores
from prentice.skills.optimize.word_diff import word_diff

StopReason = Literal[
    "nothing_to_improve", "only_the_user_can_answer", "no_model", "language_not_read", "two_rounds_rejected",
    "three_rounds", "candidate_seen", "budget",
]  # fmt: skip

STOPS: Final[Mapping[StopReason, str]] = {
    "nothing_to_improve": "Nothing is left that other words could improve.",
    "only_the_user_can_answer": "What is still missing only you can answer.",
    "no_model": "What is left needs other words, and there is no model here to find them.",
    "language_not_read": "The rules and the guards read English, so this text was left as it is.",
    "two_rounds_rejected": "Two rounds in a row brought nothing that was both better and true to the prompt.",
    "three_rounds": "Three rounds were made, which is the most.",
    "candidate_seen": "The model came back to a candidate that was judged before.",
    "budget": "The budget of calls or of time was used up.",
}
"""Every reason for which the loop stops, in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What an optimization took: calls to a model, tokens of prompts and replies, seconds."""

    calls: int = 0
    prompt_tokens: int = 0
    reply_tokens: int = 0
    seconds: float = 0.0

    def document(self) -> dict[str, object]:
        """Give the figures as JSON values."""
        return {
            "calls": self.calls, "tokens": {"prompt": self.prompt_tokens, "reply": self.reply_tokens},
            "seconds": round(self.seconds, 3),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Optimization:
    """The document of the contract, with names for what surfaces use of it."""

    content: Mapping[str, Json]

    @property
    def original(self) -> str:
        """The prompt as it was given."""
        return cast("str", self.content["original"])

    @property
    def optimized(self) -> str:
        """The best text; the original where nothing was better."""
        return cast("str", self.content["optimized"])

    @property
    def accepted(self) -> bool:
        """Whether a rewrite was accepted."""
        return cast("bool", self.content["accepted"])

    @property
    def stop_reason(self) -> StopReason:
        """Why it ended."""
        return cast("StopReason", self.content["stop_reason"])

    @property
    def questions(self) -> list[dict[str, Json]]:
        """The open questions: `{about, question, choices}`."""
        return cast("list[dict[str, Json]]", self.content["questions"])

    def document(self) -> dict[str, Json]:
        """Give the outcome as the JSON document of the contract."""
        return dict(self.content)

    @classmethod
    def of(
        cls, best: Examination, *, first: Examination, grounds: Grounds, rounds: int, stop_reason: StopReason,
        rejected: Sequence[str], spent: Spent, backend: str, model: str, templates: Sequence[str],
    ) -> Self:  # fmt: skip
        """Put an outcome together from the first and the best examination of the run."""
        accepted = best.text != grounds.text
        return cls({
            "original": grounds.text,
            "optimized": best.text,
            "accepted": accepted,
            "kind": grounds.kind,
            "scores": {"before": _values(first.answers), "after": _values(best.answers)},
            "checklist": {
                "before": [answer.document() for answer in first.answers],
                "after": [answer.document() for answer in best.answers],
            },
            "findings": [finding.document() for finding in first.findings],
            "questions": [question.document() for question in best.questions],
            "diff": word_diff(grounds.text, best.text),
            "sources": [added.document() for added in additions(best.text, grounds)],
            "rejected": list(rejected),
            "rounds": rounds,
            "stop_reason": stop_reason,
            "says": f"{'' if accepted else 'Kept the original. '}{STOPS[stop_reason]}",
            "backend": backend,
            "model": model,
            "templates": list(templates),
            **spent.document(),
        })  # fmt: skip


def _values(answers: Sequence[Answer]) -> dict[str, Json]:
    return {dimension: score.value for dimension, score in scores(answers).items()}
