"""Models behind an OpenAI-compatible server.

Before the first call each model is looked up, which also tells its window, and where a schema is wanted, how the
server takes one; then the request is sent, and the reply is read within limits of time and size.
"""

import asyncio
import math
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Final, Self
from weakref import WeakKeyDictionary

from prentice.backends.context_window import (
    SIZES,
    TokenRatio,
    estimate_prompt,
    estimate_tokens,
    looks_cut,
    prompt_too_long,
)
from prentice.backends.locality import Locality
from prentice.backends.openai import errors
from prentice.backends.openai.address import configured_url
from prentice.backends.openai.catalogue import Facts
from prentice.backends.openai.conversation import Conversation, RefusedError
from prentice.backends.openai.dialects import PROMPT, Dialect, in_words
from prentice.backends.openai.errors import Asked
from prentice.backends.openai.findings import Findings, FindingsInMemory
from prentice.backends.openai.models import Models
from prentice.backends.openai.probing import Prober
from prentice.backends.openai.reply import Ending, ReplyReader
from prentice.backends.openai.request import chat_body
from prentice.backends.openai.server import OpenAIServer
from prentice.backends.patience import Patience
from prentice.backends.protocol import Message, ModelInfo, Piece, Reply, Request
from prentice.backends.turns import Turns
from prentice.errors import PromptTooLongError

_turns: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Turns]]" = WeakKeyDictionary()

_HEADROOM: Final = 1.1
_LEAST_ROOM: Final = 1024
"""Tokens that a reply gets at least: the window is the server's, and a plan of three subtasks takes fewer."""
_MORE: Final = "\n(one two three four five six seven eight nine ten eleven twelve)"
_MORE_TOKENS: Final = 6  # fewer than any tokenizer makes of these words
_SPARSE: Final = 4  # a count so many times below the estimate means twelve bytes a token, which no common text has


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """One request on its way: what is asked and shown, how, within which limits, and what is known of the model."""

    request: Request
    shown: tuple[Message, ...]
    facts: Facts
    dialect: Dialect
    prompt_tokens: int
    max_tokens: int
    asked: Asked
    patience: Patience

    @property
    def constrained(self) -> bool:
        """Whether the server holds the reply to the schema."""
        return self.request.schema is not None and self.dialect != PROMPT


class OpenAIBackend:
    """One OpenAI-compatible server. What is learned of its models lives as long as the instance, or in `findings`.

    `host` is an address in any usual form; an empty one reads `OPENAI_BASE_URL`. `key_variable` names the environment
    variable with the server's key, `keyring` the keyring's service. `load_seconds` is how long the first piece may
    take, loading and reading the prompt included; `max_in_flight` how many requests the server gets at a time.
    """

    name = "openai"

    def __init__(
        self,
        host: str = "",
        *,
        key_variable: str = "",
        keyring: str = "",
        allowed_hosts: tuple[str, ...] = (),
        allowed_remote_models: tuple[str, ...] = (),
        load_seconds: float = 300.0,
        max_in_flight: int = 8,
        findings: Findings | None = None,
    ) -> None:
        """Prepare; nothing is sent before the first call.

        Raises:
            ConfigError: the host is no address, or there is none.
        """
        locality = Locality(allowed_hosts=allowed_hosts, allowed_remote_models=allowed_remote_models)
        url = configured_url(host)
        self._server = OpenAIServer(url, locality=locality, key_variable=key_variable, keyring=keyring)
        self._models = Models(self._server, locality=locality)
        self._conversation = Conversation(self._server)
        self._prober = Prober(self._conversation, url=url, findings=findings or FindingsInMemory())
        self._load_seconds = load_seconds
        self._max_in_flight = max_in_flight
        self._ratios: defaultdict[str, TokenRatio] = defaultdict(TokenRatio)

    @property
    def url(self) -> str:
        """The server's base URL."""
        return self._server.url

    @property
    def turns(self) -> Turns:
        """The turns of all requests of this event loop to the server."""
        of_loop = _turns.setdefault(asyncio.get_running_loop(), {})
        turns = of_loop.setdefault(self.url, Turns(self._max_in_flight))
        if turns.limit != self._max_in_flight:
            turns.set_limit(self._max_in_flight)
        return turns

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections; the next call opens new ones."""
        await self._server.close()

    async def models(self) -> list[ModelInfo]:
        """List the models that the server names and that run where they may.

        Raises:
            BackendError: nothing or another program answers, or it wants another key.
        """
        return [info for info, _ in await self.probed()]

    async def probed(self) -> list[tuple[ModelInfo, bool | None]]:
        """List the same, each with whether a probe found its replies held to a schema; None where none was made.

        Only what is remembered counts: a probe takes a call, and may load the model.

        Raises:
            BackendError: as `models`.
        """
        listed = await self._models.listed()
        found = ((known.info, self._prober.known(known.info.name, version=known.version)) for known in listed)
        return [(info, None if dialect is None else dialect != PROMPT) for info, dialect in found]

    async def check(self, model: str) -> ModelInfo:
        """Describe a model that is going to be used; an empty name means the server's only one.

        Raises:
            ModelNotFoundError: the server does not list it, or lists several and none was named.
            RemoteRefusedError: it runs elsewhere, and is not allowed.
            BackendError: nothing or another program answers, or it wants another key.
        """
        return (await self._models.facts(model)).info

    async def stream(self, request: Request) -> AsyncGenerator[Piece | Reply]:
        """Answer a request piece by piece; the last item is the `Reply`.

        Raises:
            RemoteRefusedError: the model or the server is not on this machine.
            PromptTooLongError: the prompt does not fit; mostly before anything is sent.
            KeyRefusedError, ModelNotFoundError, ModelUnsupportedError, BackendBusyError, BackendUnreachableError,
            WrongServerError, StreamError, TimedOutError: the server is not as it should be.
            ConfigError: the key cannot be used.
        """
        patience = Patience(
            load=self._load_seconds, idle=request.idle, deadline=request.deadline, model=request.model or "The model"
        )
        # Servers serve several models at a time, or order the requests by themselves: all of one kind here.
        turn = await patience.wait_for_turn(self.turns.take())
        try:
            patience.load_begins()
            async with aclosing(self._answer(request, patience)) as items:
                async for item in items:
                    yield item
        finally:
            self.turns.give_back(turn)

    async def _answer(self, request: Request, patience: Patience) -> AsyncGenerator[Piece | Reply]:
        call = await self._prepared(request, patience)
        patience.load_begins()
        reader = self._conversation.reader(asked=call.asked, max_tokens=call.max_tokens, constrained=call.constrained)
        first_token = 0.0
        async with aclosing(self._pieces(call, reader)) as pieces:
            async for piece in pieces:
                first_token = first_token or patience.elapsed
                yield piece
        ending = reader.ending()
        await self._check_prompt_was_whole(call, ending)
        self._check_schema_was_held(call, ending, text=reader.text)
        yield self._reply(call, ending, text=reader.text, first_token=first_token or patience.elapsed)

    async def _prepared(self, request: Request, patience: Patience) -> _Call:
        facts = await patience.wait(self._models.facts(request.model))
        model = request.model or facts.info.name
        dialect: Dialect = PROMPT
        shown = request.messages
        if request.schema is not None:
            dialect = await self._prober.dialect(model, idle=request.idle, patience=patience, version=facts.version)
            if dialect == PROMPT:
                shown = in_words(shown, request.schema)
        prompt = self._ratios[model].estimate(shown)
        limit = min(facts.window or SIZES[-1], request.context_tokens or SIZES[-1])
        least = min(math.ceil(request.max_tokens / 3), _LEAST_ROOM)
        if prompt + least > limit:
            raise prompt_too_long(prompt=prompt, room=least, window=limit, model=model)
        return _Call(
            request=replace(request, model=model),
            shown=shown,
            facts=facts,
            dialect=dialect,
            prompt_tokens=prompt,
            # Some servers refuse a request whose prompt and limit together pass the window (vLLM).
            max_tokens=max(least, min(request.max_tokens, limit - math.ceil(prompt * _HEADROOM))),
            asked=Asked(url=self.url, model=model, prompt=prompt, window=facts.window),
            patience=patience,
        )

    async def _pieces(self, call: _Call, reader: ReplyReader) -> AsyncGenerator[Piece]:
        """Send the request and give the pieces of its reply; a refusal becomes the error that it means."""
        body = self._body(call.request, call.shown, dialect=call.dialect, max_tokens=call.max_tokens)
        answers = self._conversation.pieces(body, reader, asked=call.asked, patience=call.patience)
        try:
            async with aclosing(answers) as items:
                async for item in items:
                    if isinstance(item, Piece):
                        yield item
                    else:
                        place = item.get("x-litellm-model-api-base", "")
                        self._models.check_place(place, model=call.request.model)
        except RefusedError as refused:
            if isinstance(refused.error, PromptTooLongError):
                self._learn_from(refused.error, call)
            elif call.constrained and refused.is_of_the_request and errors.names_schema(refused.text):
                self._prober.forget(call.request.model, version=call.facts.version)
                raise errors.schema_refused(refused.text, asked=call.asked) from None
            raise refused.error from None

    def _learn_from(self, error: PromptTooLongError, call: _Call) -> None:
        counted = error.details.get("prompt_tokens")
        if isinstance(counted, int):
            self._ratios[call.request.model].learn(call.shown, counted=counted)

    def _body(
        self, request: Request, shown: tuple[Message, ...], *, dialect: Dialect, max_tokens: int
    ) -> Mapping[str, object]:
        return chat_body(request, shown, dialect=dialect, max_tokens=max_tokens, left_out=self._conversation.left_out)

    def _check_schema_was_held(self, call: _Call, ending: Ending, *, text: str) -> None:
        """Forget what was found of a server whose reply shows that it holds no schema any more."""
        whole = text.strip()
        if call.constrained and ending.finish == "stop" and not (whole.startswith("{") and whole.endswith("}")):
            self._prober.forget(call.request.model, version=call.facts.version)

    async def _check_prompt_was_whole(self, call: _Call, ending: Ending) -> None:
        """Look whether the server cut the prompt, and learn from its count of it.

        A count at a window's border, or far below the estimate, may have other reasons; so the server counts a prompt
        that is a little longer: one that it cuts has no more tokens than before.
        """
        counted, ratio = ending.prompt_tokens, self._ratios[call.request.model]
        if counted is None:
            return
        confirmed = ratio.learned and abs(counted - call.prompt_tokens) * 10 <= counted
        if not confirmed and _suspicious(counted, window=call.facts.window, estimated=estimate_prompt(call.shown)):
            again = await self._count_of_longer(call)
            if again is not None and again - counted < _MORE_TOKENS:
                raise prompt_too_long(prompt=call.prompt_tokens, window=counted, model=call.request.model, cut=True)
        ratio.learn(call.shown, counted=counted)

    async def _count_of_longer(self, call: _Call) -> int | None:
        """Let the server count the same prompt with some words more; None where it refuses or gives no count."""
        *before, last = call.shown
        shown = (*before, replace(last, content=last.content + _MORE))
        body = self._body(call.request, shown, dialect=PROMPT, max_tokens=1)
        reader = self._conversation.reader(asked=call.asked, max_tokens=1, constrained=False)
        answers = self._conversation.pieces(body, reader, asked=call.asked, patience=call.patience)
        try:
            async with aclosing(answers) as items:
                async for _ in items:
                    pass
        except RefusedError:
            return None
        return reader.ending().prompt_tokens

    def _reply(self, call: _Call, ending: Ending, *, text: str, first_token: float) -> Reply:
        prompt, reply = ending.prompt_tokens, ending.reply_tokens
        return Reply(
            text=text,
            backend=self.name,
            model=call.request.model,
            finish=ending.finish,
            prompt_tokens=call.prompt_tokens if prompt is None else prompt,
            reply_tokens=estimate_tokens(text) if reply is None else reply,
            cached_tokens=ending.cached_tokens,
            estimated=prompt is None or reply is None,
            first_token=first_token,
            total=call.patience.elapsed,
            schema_in_prompt=call.request.schema is not None and not call.constrained,
        )


def _suspicious(counted: int, *, window: int | None, estimated: int) -> bool:
    """Whether a count of prompt tokens may be that of a prompt which was cut."""
    if counted * _SPARSE < estimated:
        return True
    if window is not None:
        return looks_cut(counted=counted, window=window)
    return any(counted <= size and looks_cut(counted=counted, window=size) for size in (2048, *SIZES))
