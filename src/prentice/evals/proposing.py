"""Asking a model for edits to a template's bullets, and refusing what is cut off, thought aloud or loses something."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from prentice.backends.protocol import Message, Reply, Request, Sampling
from prentice.backends.structured import parse
from prentice.errors import ReplyCutError, ReplyError
from prentice.evals.bullets import MAX_BULLET, MAX_EDITS, Edit, bullets, edited, objections
from prentice.evals.trials import PURPOSE
from prentice.prompts.render import Data, render
from prentice.prompts.template import Template

PROPOSE: Final = "tune_propose.system"
_TEMPERATURE: Final = 0.8
"""Edits want variety: the same one again helps nobody."""
_SHOWN_TRIED: Final = 8
_SHOWN_CASES: Final = 3
_CASE: Final = 1200  # characters of one case
_SYNTAX: Final = 64  # characters of keys and punctuation of one edit


class EditReply(BaseModel):
    """One edit as a model writes it."""

    model_config = ConfigDict(frozen=True)

    do: Literal["drop", "reword", "take"]
    bullet: int
    text: Annotated[str, StringConstraints(max_length=4000)] = ""


class EditsReply(BaseModel):
    """All edits of one candidate."""

    model_config = ConfigDict(frozen=True)

    edits: tuple[EditReply, ...] = Field(max_length=20)


@dataclass(slots=True, kw_only=True)
class Proposer:
    """Makes candidates of a template. What was tried is remembered, and shown the next time."""

    default: Template
    examples: tuple[str, ...]
    """All texts of all examples: none of their words may go into a bullet."""
    model: str
    deadline: float
    idle: float
    made: int = 0
    tried: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def request(self, body: str, cases: Sequence[Mapping[str, Any]]) -> Request:
        """Make the request for the edits of the next candidate."""
        self.made += 1
        ready = self.ready(body)
        kinds = ["drop", "reword", *(["take"] if ready else [])]
        edit = {
            "type": "object", "additionalProperties": False, "required": ["do", "bullet", "text"],
            "properties": {
                "do": {"type": "string", "enum": kinds},
                "bullet": {"type": "integer", "enum": list(range(1, max(len(bullets(body)), len(ready)) + 1))},
                "text": {"type": "string", "maxLength": MAX_BULLET},
            },
        }  # fmt: skip
        system = render(PROPOSE, most=str(MAX_EDITS), length=str(MAX_BULLET - 1))
        user = render(
            "tune_propose.user", bullets=Data(_numbered(bullets(body))), ready=Data(_numbered(ready)),
            tried=Data("\n".join(f"- {item}" for item in self.tried[-_SHOWN_TRIED:])),
            cases=Data("\n\n".join(_case(case) for case in cases[:_SHOWN_CASES])),
        )  # fmt: skip
        return Request(
            purpose=PURPOSE, model=self.model, deadline=self.deadline, idle=self.idle,
            messages=(Message(role="system", content=system.text), Message(role="user", content=user.text)),
            schema={
                "type": "object", "additionalProperties": False, "required": ["edits"],
                "properties": {"edits": {"type": "array", "items": edit, "minItems": 1, "maxItems": MAX_EDITS}},
            },
            sampling=Sampling(temperature=_TEMPERATURE, seed=self.made),
            max_tokens=64 + MAX_EDITS * (MAX_BULLET + _SYNTAX),
        )  # fmt: skip

    def candidate(self, reply: Reply, body: str) -> str | None:
        """Give the template with the edits of a reply, or nothing where they cannot be used; why not is remembered."""
        try:
            edits = [Edit(do=item.do, bullet=item.bullet, text=item.text) for item in parse(reply, EditsReply).edits]
        except (ReplyError, ReplyCutError) as error:
            self.tried.append(f"A reply that could not be used: {error.message}")
            return None
        edits = edits[:MAX_EDITS]
        ready = self.ready(body)
        found = objections(edits, body, ready=ready, default=self.default.body, examples=self.examples)
        if not found:
            changed = edited(body, edits, ready=ready)
            if changed not in self.seen:
                self.seen.add(changed)
                self.tried.append(_told(edits, bullets(body), ready))
                return changed
            found = ["This was tried before."]
        self.tried.append(f"{_told(edits, bullets(body), ready)} Refused: {' '.join(found)}")
        return None

    def ready(self, body: str) -> tuple[str, ...]:
        """Give the bullets that lie ready: written by people for this template, or dropped from it."""
        there = bullets(body)
        known = dict.fromkeys((*bullets(self.default.body), *_shelf().get(self.default.name, ())))
        return tuple(item for item in known if item not in there)

    def with_body(self, body: str) -> Template:
        """Give the template with another text."""
        return replace(self.default, body=body)


def _shelf() -> dict[str, tuple[str, ...]]:
    source = resources.files("prentice.evals").joinpath("bullets.toml").read_text(encoding="utf-8")
    return {row["template"]: tuple(row["bullets"]) for row in tomllib.loads(source)["shelf"]}


def _numbered(items: Sequence[str]) -> str:
    return "\n".join(f"{number}. {item}" for number, item in enumerate(items, start=1))


def _case(case: Mapping[str, Any]) -> str:
    written = "\n".join(f"{name}: {value}" for name, value in case.items())
    return written if len(written) <= _CASE else f"{written[:_CASE]} [...]"


def _told(edits: Sequence[Edit], there: Sequence[str], ready: Sequence[str]) -> str:
    return "; ".join(_said(edit, there, ready) for edit in edits) + "."


def _said(edit: Edit, there: Sequence[str], ready: Sequence[str]) -> str:
    listed = ready if edit.do == "take" else there
    old = listed[edit.bullet - 1] if 1 <= edit.bullet <= len(listed) else f"number {edit.bullet}"
    return f"{edit.do} “{old[:80]}”" + (f" as “{edit.text[:120]}”" if edit.do == "reword" else "")
