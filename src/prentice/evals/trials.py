"""Trying a template on an example: the request as the product makes it, and a score of the answer with the reason."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from prentice.backends.protocol import Message, Reply, Request, Sampling
from prentice.backends.structured import parse
from prentice.config import Settings
from prentice.errors import ReplyCutError, ReplyError, UsageError
from prentice.evals.examples import Example
from prentice.prompts.render import Data, filled, render
from prentice.prompts.template import Template
from prentice.skills.optimize.checklist import Claim, supported
from prentice.skills.optimize.prose import PromptText
from prentice.skills.optimize.replies import JUDGE, JudgeReply, judge_request
from prentice.skills.optimize.rules import Criterion, criteria

PURPOSE: Final = "tune"
REPLY_TOKENS: Final = 1024
_SHOWN: Final = 300  # characters of an answer that the search is shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """How good an answer is, 0 to 1, and what was wrong with it; the reason is empty for a 1."""

    score: float
    reason: str = ""
    answer: str = ""


class Trial(Protocol):
    """How one kind of template is tried."""

    def request(self, template: Template, example: Example) -> Request:
        """Make the request for an example.

        Raises:
            UsageError: the example does not fit the template.
        """
        ...

    def score(self, reply: Reply, example: Example) -> Scored:
        """Score the answer to an example."""
        ...


def trial_of(template: str, *, model: str, settings: Settings) -> Trial:
    """Give the way in which a template is tried."""
    kind = ChecklistTrial if template == JUDGE else PlainTrial
    return kind(model=model, deadline=settings.deadline_seconds, idle=settings.idle_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainTrial:
    """The template as the system's message, an example's own text as the user's, and an answer to compare.

    `given` holds `user`, a text, or `values`, by the places of the template's `.user` counterpart; `fill` has values
    for the template's own places. What is expected is a text, or an object whose keys count one by one.
    """

    model: str
    deadline: float
    idle: float

    def request(self, template: Template, example: Example) -> Request:
        """Make the request for an example."""
        try:
            system = filled(template, **_texts(example.given.get("fill", {})))
            user = example.given["user"] if "user" in example.given else self._rendered(template.name, example)
        except (KeyError, TypeError, AttributeError) as error:
            raise UsageError(
                f"The example {example.id} does not fit {template.name}: {error} is missing or of the wrong kind.",
                next_step="Give `user`, or `values` for every place of the user's template, and `fill` for its own.",
            ) from error
        return Request(
            purpose=PURPOSE, model=self.model, sampling=Sampling(temperature=0.0, seed=1), max_tokens=REPLY_TOKENS,
            messages=(Message(role="system", content=system.text), Message(role="user", content=user)),
            schema=example.given.get("schema"), deadline=self.deadline, idle=self.idle,
        )  # fmt: skip

    def score(self, reply: Reply, example: Example) -> Scored:
        """Compare the answer with what is expected; one that was cut off is worth nothing."""
        answer = reply.text.strip()
        shown = answer[:_SHOWN]
        if reply.finish != "stop":
            return Scored(score=0.0, reason="The answer did not end by itself.", answer=shown)
        if not isinstance(example.expected, dict):
            right = answer == str(example.expected).strip()
            reason = "" if right else f"Expected exactly: {example.expected}"
            return Scored(score=float(right), reason=reason, answer=shown)
        return _compared(answer, example.expected, shown)

    @staticmethod
    def _rendered(name: str, example: Example) -> str:
        values = {place: Data(text) for place, text in _texts(example.given["values"]).items()}
        return render(f"{name.removesuffix('.system')}.user", **values).text


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistTrial:
    """The optimizer's reading of a prompt: which questions it answers, and whether the quotes prove it."""

    model: str
    deadline: float
    idle: float

    def request(self, template: Template, example: Example) -> Request:
        """Make the request for an example, as the optimizer does."""
        if not isinstance(example.given.get("prompt"), str) or not self._asked(example):
            raise UsageError(
                f"The example {example.id} is none for {template.name}.",
                next_step='Give a `prompt`, and expect answers such as {"clarity.reason": "no"}.',
            )
        request = judge_request(
            example.given["prompt"], self._asked(example), deadline=self.deadline, idle=self.idle, system=template
        )
        return replace(request, model=self.model, purpose=PURPOSE)

    def score(self, reply: Reply, example: Example) -> Scored:
        """Give the share of questions answered rightly; a yes without a quote that stands there counts as a no."""
        asked = self._asked(example)
        try:
            claims = parse(reply, JudgeReply).claims(asked)
        except (ReplyError, ReplyCutError) as error:
            return Scored(score=0.0, reason=error.message, answer=reply.text[:_SHOWN])
        prompt = PromptText(example.given["prompt"])
        given = {claim.criterion: supported(claim, prompt).verdict for claim in claims}
        claimed: dict[str, Claim] = {claim.criterion: claim for claim in claims}
        wrong = [item for item in asked if given.get(item.id) != example.expected[item.id]]
        reasons = [
            f"“{item.asks}” is {example.expected[item.id]}, and was answered {_said(claimed.get(item.id))}."
            for item in wrong
        ]
        score = 1 - len(wrong) / len(asked)
        return Scored(score=score, reason=" ".join(reasons), answer=reply.text[:_SHOWN])

    @staticmethod
    def _asked(example: Example) -> tuple[Criterion, ...]:
        wanted = example.expected if isinstance(example.expected, dict) else {}
        return tuple(item for item in criteria() if wanted.get(item.id) in {"yes", "no"})


def _said(claim: Claim | None) -> str:
    if claim is None:
        return "not at all"
    return f"{claim.verdict} with the quote “{claim.quote[:80]}”" if claim.quote else claim.verdict


def _compared(answer: str, expected: Mapping[str, Any], shown: str) -> Scored:
    try:
        document = json.loads(answer)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        return Scored(score=0.0, reason="The answer is no JSON object.", answer=shown)
    wrong = [key for key, value in expected.items() if document.get(key) != value]
    reasons = [f"`{key}` should be {json.dumps(expected[key])}." for key in wrong]
    return Scored(score=1 - len(wrong) / max(1, len(expected)), reason=" ".join(reasons), answer=shown)


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    return {str(name): str(value) for name, value in values.items()}
