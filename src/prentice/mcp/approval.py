"""Asking the person at the client, in both ways that the protocol knows.

Since the revision 2026-07-28 the tool returns its question, and the client calls again with the answer. Before, the
server sends the question while the call goes on; as a call must not wait for a person, it may then end before the
answer, which counts all the same when it comes. The SDK's resolvers ask in both ways too, but wait without a bound.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias, TypeVar

from mcp import MCPError
from mcp.server.elicitation import AcceptedElicitation, render_elicitation_schema
from mcp.server.mcpserver import Context
from mcp_types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel, ConfigDict, ValidationError

from prentice.mcp.foreign import visible

_QUESTION: Final = "question"


def _of_fields_alone(schema: dict[str, Any]) -> None:
    for word in ("title", "description"):
        schema.pop(word, None)


class QuestionForm(BaseModel):
    """What a person fills in. Its schema has fields alone: Codex (0.169) cancels a form with a title, unshown."""

    model_config = ConfigDict(json_schema_extra=_of_fields_alone)


Form = TypeVar("Form", bound=BaseModel)
Settle: TypeAlias = Callable[[BaseModel | None], Awaitable[object]]
"""Does what follows from an answer; None where the person declined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something to ask. `key` names it, so that it is asked once; `state` comes back with the answer, and says what of.

    The state is sealed on the way, so that a client can neither read nor change it.
    """

    key: str
    message: str
    form: type[BaseModel]
    state: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client sent back with a call: the state of its question, and the content of the form, if it was filled."""

    state: Mapping[str, Any]
    content: Mapping[str, Any] | None

    def read(self, form: type[Form]) -> Form | None:
        """Give what was filled in; None where the person declined, or where it is nonsense."""
        if self.content is not None:
            with suppress(ValidationError):
                return form.model_validate(self.content)
        return None


@dataclass(slots=True)
class Questions:
    """Questions that were put to the person."""

    _open: "dict[str, asyncio.Task[None]]" = field(default_factory=dict)
    _declined: set[str] = field(default_factory=set)
    _remarks: dict[str, str] = field(default_factory=dict)
    _outcomes: dict[str, str] = field(default_factory=dict)

    async def put(
        self, context: Context, question: Question, *, settle: Settle, until: float
    ) -> InputRequiredResult | None:
        """Ask, once, where the client can ask; give what the tool then has to return, if so.

        Raises:
            PrenticeError: the person decided, and it cannot be done.
        """
        if question.key in self._declined or not can_ask(context):
            return None
        question = replace(question, message=visible(question.message))
        if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
            schema = render_elicitation_schema(question.form)
            asked = ElicitRequest(params=ElicitRequestFormParams(message=question.message, requested_schema=schema))
            return InputRequiredResult(
                input_requests={_QUESTION: asked}, request_state=json.dumps(dict(question.state))
            )
        if question.key not in self._open:
            self._open[question.key] = asyncio.create_task(self._ask(context, question, settle))
        asking = self._open[question.key]
        await asyncio.wait({asking}, timeout=max(0.0, until - asyncio.get_running_loop().time()))
        if asking.done():
            self._open.pop(question.key, None)
            asking.result()
        return None

    def is_open(self, key: str) -> bool:
        """Whether the person still looks at a question."""
        return key in self._open and not self._open[key].done()

    def decline(self, key: str) -> None:
        """Remember not to ask a question again."""
        self._declined.add(key)

    def outcome(self, key: str) -> str:
        """Give what came of the first answer to a question; nothing while there was none."""
        return self._outcomes.get(key, "")

    def settle(self, key: str, outcome: str) -> None:
        """Note what came of an answer to a question, which is not asked again."""
        self._outcomes[key] = outcome
        self.decline(key)

    def remark(self, about: str, says: str) -> None:
        """Note what became of an answer, for the next telling of what it was about."""
        self._remarks[about] = says

    def said_of(self, about: str) -> str:
        """Give what was noted, once; nothing where nothing was."""
        return self._remarks.pop(about, "")

    async def close(self) -> None:
        """Withdraw what is open."""
        for asking in self._open.values():
            asking.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await asking

    async def _ask(self, context: Context, question: Question, settle: Settle) -> None:
        try:
            outcome = await context.elicit(question.message, question.form)
        except (MCPError, ValueError):
            return  # the client went away, or answered with no answer: nothing was decided
        await settle(outcome.data if isinstance(outcome, AcceptedElicitation) else None)


def answered(context: Context, kind: str) -> Asked | None:
    """Give the answer that a call brings with it to a question of this kind, None where it brings none."""
    if context.request_state is None:
        return None
    state: dict[str, Any] = json.loads(context.request_state)
    if state.get("kind") != kind:
        return None
    said = (context.input_responses or {}).get(_QUESTION)
    if isinstance(said, ElicitResult) and said.action == "accept":
        return Asked(state=state, content=said.content or {})
    return Asked(state=state, content=None)


def can_ask(context: Context) -> bool:
    """Whether the client shows forms; a bare `elicitation: {}` means that it does."""
    capabilities = context.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)
