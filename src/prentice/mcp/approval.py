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
from enum import Enum
from typing import Any, ClassVar, Final, TypeAlias, TypeVar

from mcp import MCPError
from mcp.server.elicitation import AcceptedElicitation, DeclinedElicitation, render_elicitation_schema
from mcp.server.mcpserver import Context
from mcp_types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel, ConfigDict, ValidationError

from prentice.changes.visible import readable

_QUESTION: Final = "question"


def _of_fields_alone(schema: dict[str, Any]) -> None:
    for word in ("title", "description"):
        schema.pop(word, None)


class QuestionForm(BaseModel):
    """What a person fills in. Its schema has fields alone: Codex (0.169) cancels a form with a title, unshown.

    Fields have defaults for the form to show. What a client leaves out of its answer was chosen by nobody all the same.
    """

    model_config = ConfigDict(json_schema_extra=_of_fields_alone)

    deciding: ClassVar[str] = ""
    """The field without which nothing is decided; any field, where none is named."""

    @property
    def is_decided(self) -> bool:
        """Whether the answer itself has the choice."""
        return self.deciding in self.model_fields_set if self.deciding else bool(self.model_fields_set)


class Unanswered(Enum):
    """Why a question that was put to the person has no answer."""

    OPEN = "the form is still shown"
    DECLINED = "the person said no"
    UNDECIDED = "the form was closed, or sent back, without a choice"
    FAILED = "what the person decided could not be done"


Form = TypeVar("Form", bound=QuestionForm)
Settle: TypeAlias = Callable[[QuestionForm | Unanswered], Awaitable[str]]
"""Does what follows from an answer, and gives the run to tell of; nothing where the question stays as it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something to ask. `key` names it, so that it is asked once; `state` comes back with the answer, and says what of.

    The state is sealed on the way, so that a client can neither read nor change it.
    """

    key: str
    message: str
    form: type[QuestionForm]
    state: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client sent back with a call: the state of its question, and what the person said."""

    state: Mapping[str, Any]
    said: Mapping[str, Any] | Unanswered

    def read(self, form: type[Form]) -> Form | Unanswered:
        """Give what was filled in; nothing is decided by nonsense, or by a form without the choice."""
        if isinstance(self.said, Unanswered):
            return self.said
        try:
            filled = form.model_validate(self.said)
        except ValidationError:
            return Unanswered.UNDECIDED
        return filled if filled.is_decided else Unanswered.UNDECIDED


@dataclass(frozen=True, slots=True)
class _Asking:
    """A question that waits for its answer. The client's greeting is one object as long as the session lives."""

    answer: "asyncio.Task[str]"
    session: object


@dataclass(slots=True)
class Questions:
    """Questions that were put to the person. `deciding` is held while what was decided is done: the first one counts.

    Each session is asked itself: one whose client vanished keeps its question to itself.
    """

    deciding: asyncio.Lock = field(default_factory=asyncio.Lock)
    _asked: dict[tuple[str, int], _Asking] = field(default_factory=dict)
    _unanswered: dict[str, Unanswered] = field(default_factory=dict)
    _remarks: dict[str, str] = field(default_factory=dict)
    _outcomes: dict[str, str] = field(default_factory=dict)

    async def put(
        self, context: Context, question: Question, *, settle: Settle, until: float
    ) -> InputRequiredResult | str:
        """Ask, where the client can ask and the person did not decide; give what the tool then has to return, if so.

        Otherwise gives the run to tell of, once the person decided, and nothing before. A question that the session
        still shows is not asked twice; one that ended without a decision is asked anew.
        """
        key = question.key
        if self._unanswered.get(key) is Unanswered.DECLINED or key in self._outcomes or not can_ask(context):
            return ""
        question = replace(question, message=readable(question.message))
        if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
            self._unanswered.pop(key, None)
            schema = render_elicitation_schema(question.form)
            asked = ElicitRequest(params=ElicitRequestFormParams(message=question.message, requested_schema=schema))
            return InputRequiredResult(
                input_requests={_QUESTION: asked}, request_state=json.dumps(dict(question.state))
            )
        if run := self._answer(context, key):
            return run
        if (place := _place(context, key)) not in self._asked:
            self._unanswered.pop(key, None)
            answer = asyncio.create_task(self._ask(context, question, settle))
            self._asked[place] = _Asking(answer, context.session.client_params)
        timeout = max(0.0, until - asyncio.get_running_loop().time())
        await asyncio.wait({self._asked[place].answer}, timeout=timeout)
        return self._answer(context, key)

    def unanswered(self, key: str, context: Context | None = None) -> Unanswered | None:
        """Say why a question has no answer, as it is for the session of a call; None where it was not asked."""
        asking = self._asked.get(_place(context, key)) if context else None
        if asking and not asking.answer.done():
            return Unanswered.OPEN
        why = self._unanswered.get(key)
        return None if why is Unanswered.UNDECIDED and context and not can_ask(context) else why

    def leave(self, key: str, why: Unanswered) -> None:
        """Note that a question got no answer: after a decline it is not asked again, else at the next call."""
        self._unanswered[key] = why

    def fail(self, key: str, why: str, *, about: str) -> None:
        """Note that what the person decided could not be done: the next telling says why, the next call asks anew."""
        self.leave(key, Unanswered.FAILED)
        self.remark(about, f"What the person decided could not be done: {why}")

    def outcome(self, key: str) -> str:
        """Give what came of the first answer to a question; nothing while there was none."""
        return self._outcomes.get(key, "")

    def settle(self, key: str, outcome: str) -> None:
        """Note what came of an answer to a question, which is not asked again."""
        self._outcomes[key] = outcome

    def remark(self, about: str, says: str) -> None:
        """Note what became of an answer, for the next telling of what it was about."""
        self._remarks[about] = says

    def said_of(self, about: str) -> str:
        """Give what was noted, once; nothing where nothing was."""
        return self._remarks.pop(about, "")

    async def close(self) -> None:
        """Withdraw what is open."""
        for asking in self._asked.values():
            asking.answer.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await asking.answer

    def _answer(self, context: Context, key: str) -> str:
        """Take what came of a session's question, once it came, so that the next is another."""
        place = _place(context, key)
        if place not in self._asked or not self._asked[place].answer.done():
            return ""
        return self._asked.pop(place).answer.result()

    async def _ask(self, context: Context, question: Question, settle: Settle) -> str:
        said: QuestionForm | Unanswered = Unanswered.UNDECIDED
        try:
            match await context.elicit(question.message, question.form):
                case AcceptedElicitation(data=filled) if filled.is_decided:
                    said = filled
                case DeclinedElicitation():
                    said = Unanswered.DECLINED
        except MCPError:
            return ""  # the client went away, or shows no form after all
        except ValueError:
            pass  # no content, or nonsense
        async with self.deciding:
            return await settle(said)


def answered(context: Context, kind: str) -> Asked | None:
    """Give the answer that a call brings with it to a question of this kind, None where it brings none."""
    if context.request_state is None:
        return None
    state: dict[str, Any] = json.loads(context.request_state)
    if state.get("kind") != kind:
        return None
    match (context.input_responses or {}).get(_QUESTION):
        case ElicitResult(action="accept", content=content):
            return Asked(state, content or {})
        case ElicitResult(action="decline"):
            return Asked(state, Unanswered.DECLINED)
        case _:
            return Asked(state, Unanswered.UNDECIDED)


def waiting(why: Unanswered | None, *, run: str) -> str:
    """Say, before a next step, that the person has yet to decide; nothing where nobody was asked, or said no."""
    match why:
        case Unanswered.OPEN:
            return "The question is with the person. "
        case Unanswered.UNDECIDED:
            return (
                "The form came back without a choice, so that nothing is decided: once the person wants to decide "
                f"here, call again with run_id {run}. "
            )
        case Unanswered.FAILED:
            return f"Nothing was done: to ask the person again, call with run_id {run}. "
        case _:
            return ""


def can_ask(context: Context) -> bool:
    """Whether the client shows forms; a bare `elicitation: {}` means that it does."""
    capabilities = context.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)


def _place(context: Context, key: str) -> tuple[str, int]:
    return key, id(context.session.client_params)
