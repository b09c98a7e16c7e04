"""Structured output, the same for every backend: a pydantic type goes in, a checked value or a typed error comes out.

`ask` is the whole of it: one call, and where the reply is not what was asked for, one more that shows the model its
own reply and what is wrong with it. `attempt` is one call of these, for work that keeps each call as a step of its own.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from pydantic import BaseModel

from prentice.backends.call import complete
from prentice.backends.protocol import Backend, Message, Piece, Recorder, Reply, Request
from prentice.backends.reply_schema import reply_schema
from prentice.backends.structured import parse, refusal
from prentice.errors import ReplyCutError, ReplyError

T = TypeVar("T", bound=BaseModel)

Repair = Callable[[Request, str, tuple[str, ...]], Request]
"""From a request, the reply's text and its problems to the request that asks again."""

BUILTIN: Final = "builtin"
_SHOWN_REPLY: Final = 12_000  # characters of a wrong reply that are shown again


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[T]):
    """A reply with what became of it: the value, or the error that says why there is none."""

    reply: Reply
    value: T | None = None
    error: ReplyError | ReplyCutError | None = None

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the reply, as sentences for the model; empty where there is a value."""
        if isinstance(self.error, ReplyError):
            return self.error.problems
        return () if self.error is None else (self.error.message.removesuffix("."),)

    @property
    def worth_asking_again(self) -> bool:
        """Whether a model that is shown the problems could do better.

        Not after a cut reply, which the same limit would cut again, and not with rules, which answer the same again.
        """
        return isinstance(self.error, ReplyError) and self.reply.backend != BUILTIN


async def ask(
    backend: Backend,
    request: Request,
    kind: type[T],
    *,
    check: Callable[[T], Sequence[str]] | None = None,
    repair: Repair | None = None,
    recorder: Recorder | None = None,
    on_piece: Callable[[Piece], None] | None = None,
    prompt_version: str = "",
) -> T:
    """Ask for a value of a type, and once more with the problems where the reply is no such value.

    A request without a schema gets that of the type. `check` lists what is wrong with a value beyond its shape;
    `repair` writes the second request (`shown_problems` where none is given). Both calls share the request's deadline.

    Raises:
        ReplyError: the second reply is not what was asked for either, or the backend cannot do better.
        ReplyCutError: a reply hit its length limit; it is never repaired.
        BackendError: a call failed.
    """
    begun = time.monotonic()
    request = request if request.schema is not None else replace(request, schema=reply_schema(kind))
    answer = await attempt(
        backend, request, kind, check=check, recorder=recorder, on_piece=on_piece, prompt_version=prompt_version
    )
    left = request.deadline - (time.monotonic() - begun)
    if answer.worth_asking_again and left > 0:
        again = (repair or shown_problems)(request, answer.reply.text, answer.problems)
        answer = await attempt(
            backend,
            replace(again, deadline=left),
            kind,
            check=check,
            recorder=recorder,
            on_piece=on_piece,
            prompt_version=prompt_version,
        )
    if answer.error is not None:
        raise answer.error
    assert answer.value is not None  # noqa: S101 - one of the two is there
    return answer.value


async def attempt(
    backend: Backend,
    request: Request,
    kind: type[T],
    *,
    check: Callable[[T], Sequence[str]] | None = None,
    recorder: Recorder | None = None,
    on_piece: Callable[[Piece], None] | None = None,
    prompt_version: str = "",
) -> Answer[T]:
    """Ask once, and give the reply with its value or its error.

    Raises:
        BackendError: the call failed, so that there is no reply.
    """
    reply = await complete(backend, request, recorder=recorder, on_piece=on_piece, prompt_version=prompt_version)
    try:
        value = parse(reply, kind)
    except (ReplyError, ReplyCutError) as error:
        return Answer(reply=reply, error=error)
    found = check(value) if check is not None else ()
    return Answer(reply=reply, error=refusal(*found)) if found else Answer(reply=reply, value=value)


def shown_problems(request: Request, reply: str, problems: tuple[str, ...]) -> Request:
    """Make the request that shows the model its own reply and what is wrong with it."""
    shown = reply if len(reply) <= _SHOWN_REPLY else f"{reply[:_SHOWN_REPLY]}\n[...]"
    listed = "\n".join(f"- {problem}" for problem in problems)
    turns = (
        Message(role="assistant", content=shown or "(nothing)"),
        Message(
            role="user",
            content=f"This answer cannot be used:\n{listed}\nAnswer again with the whole, corrected, as compact JSON.",
        ),
    )
    return replace(request, messages=(*request.messages, *turns))
