"""What every backend does alike, as cases that each engine's tests run against their own server.

A case is a function that takes a `Served`: how to open the backend, and the names of the tiny models there. What one
engine alone does stands in its own tests.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, replace
from typing import Any, Final, cast

import pytest
from jsonschema import Draft202012Validator

from prentice.backends.asking import ask
from prentice.backends.call import complete
from prentice.backends.protocol import Backend, CallRecord, Message, Piece, Reply, Request, Sampling
from prentice.backends.structured import parse
from prentice.errors import ModelNotFoundError, PromptTooLongError, ReplyCutError, ReplyError, TimedOutError
from prentice.skills.breakdown.checks import problems
from prentice.skills.breakdown.prompt import breakdown_request
from prentice.skills.breakdown.reply import PlanReply
from prentice.tasks.plan import PlanningFacts

LONG_LIST: Final = {
    "type": "array",
    "items": {"type": "string", "minLength": 30, "maxLength": 40},
    "minItems": 400,
    "maxItems": 500,
}
"""A schema that keeps any model busy for thousands of tokens."""

STOPPED_WITHIN: Final = 10.0
"""Seconds until the next request is answered; the long list takes fifty on two slow cores."""

TRAINED_WINDOW: Final = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """An engine with the tiny models. `tasks` are those that the trained one has never seen.

    `estimated` tells that its counts of tokens are estimates, since nothing there counts.
    """

    opened: Callable[[], AbstractAsyncContextManager[Backend]]
    name: str
    trained: str
    random: str
    tasks: list[str]
    estimated: bool = False

    def replies(self, *requests: Request, together: bool = False) -> list[tuple[list[Piece], Reply]]:
        """Ask one after another, or all at once."""

        async def ask() -> list[tuple[list[Piece], Reply]]:
            async with self.opened() as backend:
                if together:
                    return list(await asyncio.gather(*(collect(backend, request) for request in requests)))
                return [await collect(backend, request) for request in requests]

        return asyncio.run(ask())

    def reply(self, request: Request) -> Reply:
        """Ask once."""
        [(_, reply)] = self.replies(request)
        return reply

    def plan(self, number: int = 0, *, model: str = "", most: int = 8, **sampling: Any) -> Request:
        """Give the product's own request for a plan of one of the tasks."""
        facts = PlanningFacts(name=self.tasks[number % len(self.tasks)], min_subtasks=3, max_subtasks=most)
        request = breakdown_request(facts, model=model or self.trained, idle=20.0, deadline=120.0, seed=1)
        return replace(request, sampling=replace(request.sampling, **sampling))

    def endless(self) -> Request:
        """Give a request whose reply takes much longer than any test waits."""
        return replace(self.short(), schema=LONG_LIST, max_tokens=12_000)

    def short(self) -> Request:
        """Give a request whose reply is there at once."""
        return Request(
            purpose="test",
            model=self.random,
            messages=(Message(role="user", content="Break down this task"),),
            sampling=Sampling(temperature=0.7, seed=1),
            max_tokens=4,
            context_tokens=TRAINED_WINDOW,
            deadline=60.0,
            idle=20.0,
        )


async def collect(backend: Backend, request: Request) -> tuple[list[Piece], Reply]:
    items = [item async for item in backend.stream(request)]
    reply = items.pop()
    assert isinstance(reply, Reply)
    return [item for item in items if isinstance(item, Piece)], reply


async def ask_after_leaving(backend: Backend, request: Request) -> Reply:
    """Give the reply to a request that follows one which was left, within `STOPPED_WITHIN`.

    An Ollama may have lost its slot with the one that was left, once in some hundred times; it answers the next.
    """
    following = replace(request, deadline=STOPPED_WITHIN)
    try:
        return await complete(backend, following)
    except TimedOutError:
        if backend.name != "ollama":
            raise
        return await complete(backend, following)


def unfit(reply: Reply, request: Request) -> list[str]:
    """List what is wrong with a raw reply by the letter of its schema."""
    try:
        document = json.loads(reply.text)
    except ValueError as error:
        return [f"{error} in {reply.text[-200:]!r} ({reply.finish})"]
    return [error.message for error in Draft202012Validator(request.schema or True).iter_errors(document)]


def a_chat_is_answered_with_text_and_counts(served: Served) -> None:
    reply = served.reply(replace(served.plan(), schema=None))
    assert reply.text.startswith('{"subtasks":[{"key":"')
    assert (reply.finish, reply.backend, reply.model) == ("stop", served.name, served.trained)
    assert reply.estimated == served.estimated
    assert 300 < reply.prompt_tokens < (1500 if served.estimated else 600)
    assert 100 < reply.reply_tokens < (800 if served.estimated else 400)
    assert 0 < reply.first_token <= reply.total


def a_reply_arrives_in_many_pieces_that_join_to_its_text(served: Served) -> None:
    request = replace(served.plan(), schema=None)
    served.replies(request)  # loads the model, so that what is timed below is the reply
    [(pieces, reply)] = served.replies(request)
    assert len(pieces) > 50
    assert "".join(piece.text for piece in pieces) == reply.text
    assert reply.first_token < reply.total


def a_plan_of_an_unseen_task_is_accepted(served: Served) -> None:
    requests = [served.plan(number, temperature=0.0) for number in range(4)]
    for request, (_, reply) in zip(requests, served.replies(*requests), strict=True):
        assert unfit(reply, request) == []
        plan = [item.subtask() for item in parse(reply, PlanReply).subtasks]
        assert problems(plan, PlanningFacts(name="any")) == ()


def any_weights_keep_to_the_schema(served: Served) -> None:
    requests = [
        served.plan(seed, model=served.random, most=3, temperature=heat, seed=seed)
        for seed, heat in enumerate((0.3, 0.7, 1.3, 1.6))
    ]
    found = [unfit(reply, request) for request, (_, reply) in zip(requests, served.replies(*requests), strict=True)]
    assert found == [[]] * len(requests)


class Records:
    """Keeps the records of calls."""

    def __init__(self) -> None:
        self.calls: list[CallRecord] = []

    def call(self, record: CallRecord) -> None:
        self.calls.append(record)


def without_structure_a_wrong_reply_is_a_typed_error_after_one_repair(served: Served) -> None:
    records = Records()
    request = replace(Served.plan(served, model=served.random), max_tokens=4000)

    async def asked() -> PlanReply:
        async with served.opened() as backend:
            return await ask(backend, request, PlanReply, recorder=records)

    with pytest.raises(ReplyError) as caught:
        asyncio.run(asked())
    assert caught.value.problems
    assert [record.finish for record in records.calls] == ["stop", "stop"]


def a_reply_cut_by_its_limit_is_no_plan(served: Served) -> None:
    reply = served.reply(replace(served.plan(), max_tokens=12))
    assert (reply.finish, reply.reply_tokens) == ("length", 12)
    with pytest.raises(ReplyCutError):
        parse(reply, PlanReply)


def a_stop_sequence_ends_the_reply_and_does_not_show(served: Served) -> None:
    stop = '"name":"'
    request = replace(served.plan(temperature=0.0, stop=(stop,)), schema=None)
    [(pieces, reply)] = served.replies(request)
    assert reply.finish == "stop"
    assert reply.text.startswith('{"subtasks":[{"key":')
    assert stop not in reply.text
    assert "".join(piece.text for piece in pieces) == reply.text


def leaving_a_reply_ends_the_work(served: Served) -> None:
    async def leave_and_ask() -> Reply:
        async with served.opened() as backend:
            stream = cast("AsyncGenerator[Piece | Reply]", backend.stream(served.endless()))
            async with aclosing(stream) as items:
                await anext(items)
            return await ask_after_leaving(backend, served.short())

    assert asyncio.run(leave_and_ask()).reply_tokens


def cancelling_the_reader_ends_the_work(served: Served) -> None:
    async def cancel_and_ask() -> Reply:
        async with served.opened() as backend:
            started = asyncio.Event()

            async def read() -> None:
                async for _ in backend.stream(served.endless()):
                    started.set()

            reader = asyncio.create_task(read())
            await asyncio.wait_for(started.wait(), 30.0)
            reader.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reader
            return await ask_after_leaving(backend, served.short())

    assert asyncio.run(cancel_and_ask()).reply_tokens


def a_deadline_ends_an_endless_reply(served: Served) -> None:
    async def wait_and_ask() -> Reply:
        async with served.opened() as backend:
            await collect(backend, served.short())
            with pytest.raises(TimedOutError):
                await complete(backend, replace(served.endless(), deadline=0.5))
            return await ask_after_leaving(backend, served.short())

    assert asyncio.run(wait_and_ask()).reply_tokens


def a_prompt_that_cannot_fit_is_refused(served: Served) -> None:
    message = Message(role="user", content="many words " * 3000)
    with pytest.raises(PromptTooLongError) as caught:
        served.reply(replace(served.short(), messages=(message,), context_tokens=2048))
    assert caught.value.details["window"] == 2048


def a_missing_model_is_told_with_what_to_do(served: Served) -> None:
    with pytest.raises(ModelNotFoundError) as caught:
        served.reply(replace(served.short(), model="nobody/no-such-model"))
    assert "no-such-model" in caught.value.next_step


def requests_at_the_same_time_are_all_answered(served: Served) -> None:
    requests = [served.plan(number, temperature=0.0) for number in range(4)]
    alone = [reply.text for _, reply in served.replies(*requests)]
    together = [reply for _, reply in served.replies(*requests, together=True)]
    assert [reply.text for reply in together] == alone
    assert all(reply.finish == "stop" for reply in together)


def the_same_prompt_is_counted_the_same_twice(served: Served) -> None:
    requests = [replace(served.plan(), max_tokens=5)] * 2
    first, second = (reply for _, reply in served.replies(*requests))
    assert first.prompt_tokens == second.prompt_tokens
    assert first.reply_tokens == second.reply_tokens == 5


CASES: Final[tuple[Callable[[Served], None], ...]] = (
    a_chat_is_answered_with_text_and_counts,
    a_reply_arrives_in_many_pieces_that_join_to_its_text,
    a_plan_of_an_unseen_task_is_accepted,
    any_weights_keep_to_the_schema,
    a_reply_cut_by_its_limit_is_no_plan,
    a_stop_sequence_ends_the_reply_and_does_not_show,
    leaving_a_reply_ends_the_work,
    cancelling_the_reader_ends_the_work,
    a_deadline_ends_an_endless_reply,
    a_prompt_that_cannot_fit_is_refused,
    a_missing_model_is_told_with_what_to_do,
    requests_at_the_same_time_are_all_answered,
    the_same_prompt_is_counted_the_same_twice,
)
"""Every case, for `pytest.mark.parametrize`."""

CASES_WITHOUT_STRUCTURE: Final[tuple[Callable[[Served], None], ...]] = tuple(
    without_structure_a_wrong_reply_is_a_typed_error_after_one_repair
    if case is any_weights_keep_to_the_schema
    else case
    for case in CASES
)
"""Every case, for what has no structured output: a schema is then only words, and a wrong reply an error."""
