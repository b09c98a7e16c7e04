"""What a model is asked and how it answers: claims about a prompt, and patches to it. Every part is bounded."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from prentice.backends.protocol import Message, Request, Sampling
from prentice.prompts.render import Data, filled, render
from prentice.prompts.template import Template
from prentice.prompts.tuned import ModelKey
from prentice.skills.optimize.candidates import MAX_PATCHES, Patch
from prentice.skills.optimize.checklist import Claim
from prentice.skills.optimize.examination import Examination
from prentice.skills.optimize.grounds import Grounds
from prentice.skills.optimize.rules import Criterion

PURPOSE: Final = "optimize"
JUDGE: Final = "optimize_judge.system"
PROPOSE: Final = "optimize_propose.system"
QUOTE_LENGTH: Final = 200
OLD_LENGTH: Final = 300
NEW_LENGTH: Final = 500
TEMPERATURES: Final = (0.2, 0.8)
"""Of the candidates of one round: the likeliest one, and one that differs from it."""
_SHOWN_REJECTED: Final = 6
_SYNTAX: Final = 64  # characters of keys and punctuation of one entry

_Words = Annotated[str, StringConstraints(max_length=4000)]


class ClaimReply(BaseModel):
    """One answer of a model to one numbered question."""

    model_config = ConfigDict(frozen=True)

    question: int
    quote: _Words = ""
    answer: Literal["yes", "no"]


class JudgeReply(BaseModel):
    """All answers of a model. Bounds are wider than the schema's: a server that ignores them is not thereby wrong."""

    model_config = ConfigDict(frozen=True)

    answers: tuple[ClaimReply, ...] = Field(max_length=60)

    def claims(self, criteria: Sequence[Criterion]) -> tuple[Claim, ...]:
        """Give the answers as claims; the first one to a question counts, and one to no question does not."""
        claims = {
            item.question: Claim(criterion=criteria[item.question - 1].id, verdict=item.answer, quote=item.quote)
            for item in reversed(self.answers)
            if 1 <= item.question <= len(criteria)
        }
        return tuple(claims[number] for number in sorted(claims))


class PatchReply(BaseModel):
    """One patch as a model writes it."""

    model_config = ConfigDict(frozen=True)

    finding: int = 0
    old: _Words
    new: _Words
    source: _Words = ""


class ProposalReply(BaseModel):
    """All patches of one candidate."""

    model_config = ConfigDict(frozen=True)

    patches: tuple[PatchReply, ...] = Field(max_length=40)

    def proposed(self, findings: Sequence[str]) -> tuple[Patch, ...]:
        """Give the first patches, with the names of the findings that they answer."""
        return tuple(
            Patch(
                old=item.old, new=item.new, source=item.source,
                finding=findings[item.finding - 1] if 1 <= item.finding <= len(findings) else "",
            )
            for item in self.patches[:MAX_PATCHES]
        )  # fmt: skip


def judge_request(
    text: str, criteria: Sequence[Criterion], *, deadline: float, idle: float, model: ModelKey | None = None,
    system: Template | None = None,
) -> Request:  # fmt: skip
    """Make the request that puts questions of the checklist to a model. The same for every text, but for the text.

    `model` takes the templates that were tuned for it; `system` is tried in place of the one in force.
    """
    numbers = list(range(1, len(criteria) + 1))
    answer = _object(
        question={"type": "integer", "enum": numbers}, quote=_text(QUOTE_LENGTH),
        answer={"type": "string", "enum": ["yes", "no"]},
    )  # fmt: skip
    listed = "\n".join(f"{number}. {criterion.asks}" for number, criterion in enumerate(criteria, start=1))
    return _request(
        (filled(system) if system else render(JUDGE, model)).text,
        render("optimize_judge.user", model, prompt=Data(text), questions=listed).text,
        schema=_object(answers=_list(answer, least=len(criteria), most=len(criteria))),
        sampling=Sampling(temperature=0.0, seed=1),
        max_tokens=64 + len(criteria) * (QUOTE_LENGTH + _SYNTAX),
        deadline=deadline,
        idle=idle,
    )


def propose_request(
    examined: Examination, targets: Sequence[str], grounds: Grounds, *, rejected: Sequence[str], number: int,
    deadline: float, idle: float, model: ModelKey | None = None,
) -> Request:  # fmt: skip
    """Make the request for the patches of one candidate. `number` counts the candidates of the run, from 0."""
    patch = _object(
        finding={"type": "integer", "enum": list(range(1, len(targets) + 1))}, old=_text(OLD_LENGTH, least=1),
        new=_text(NEW_LENGTH), source={"type": "string", "enum": ["prompt", "repository", "answer"]},
    )  # fmt: skip
    answers = "\n".join(f"{about}: {answer}" for about, answer in grounds.answers.items())
    user = render(
        "optimize_propose.user",
        model,
        prompt=Data(examined.text),
        findings=Data("\n".join(f"{place}. {target}" for place, target in enumerate(targets, start=1))),
        repository=Data("\n".join(grounds.repository_lines)),
        answers=Data("\n".join(filter(None, (answers, grounds.context)))),
        rejected=Data("\n".join(rejected[-_SHOWN_REJECTED:])),
    )
    return _request(
        render(PROPOSE, model, most=str(MAX_PATCHES)).text,
        user.text,
        schema=_object(patches=_list(patch, least=0, most=MAX_PATCHES)),
        sampling=Sampling(temperature=TEMPERATURES[number % len(TEMPERATURES)], seed=number + 1),
        max_tokens=64 + MAX_PATCHES * (OLD_LENGTH + NEW_LENGTH + _SYNTAX),
        deadline=deadline,
        idle=idle,
    )


def version(template: str, model: ModelKey | None = None) -> str:
    """Give the version of a template of this skill, as calls are recorded with it."""
    return render(template, model, most="").version


def _request(
    system: str,
    user: str,
    *,
    schema: dict[str, object],
    sampling: Sampling,
    max_tokens: int,
    deadline: float,
    idle: float,
) -> Request:
    return Request(
        purpose=PURPOSE, messages=(Message(role="system", content=system), Message(role="user", content=user)),
        schema=schema, sampling=sampling, max_tokens=max_tokens, deadline=deadline, idle=idle,
    )  # fmt: skip


def _text(most: int, *, least: int = 0) -> dict[str, object]:
    return {"type": "string", "minLength": least, "maxLength": most}


def _list(item: dict[str, object], *, least: int, most: int) -> dict[str, object]:
    return {"type": "array", "items": item, "minItems": least, "maxItems": most}


def _object(**properties: dict[str, object]) -> dict[str, object]:
    return {
        "type": "object", "properties": properties, "required": list(properties), "additionalProperties": False,
    }  # fmt: skip
