"""One request to `/api/chat`, from the look at its model to the reply.

The model's facts are looked up before its first call, which also proves that it runs on this machine; then the request
waits for its turn, gets a window that holds it, and the reply is read within limits of time and size.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final

import httpx2

from prentice.backends.context_window import (
    TokenRatio,
    Window,
    choose_window,
    estimate_tokens,
    larger_size,
    looks_cut,
    prompt_too_long,
)
from prentice.backends.ollama import errors as ollama_errors
from prentice.backends.ollama.catalogue import Catalogue
from prentice.backends.ollama.models import ModelFacts
from prentice.backends.ollama.reply import Ending, ReplyReader
from prentice.backends.ollama.request import chat_body
from prentice.backends.ollama.server import OllamaServer
from prentice.backends.ollama.traffic import Traffic
from prentice.backends.patience import Patience
from prentice.backends.protocol import Piece, Reply, Request
from prentice.backends.turns import Turn
from prentice.errors import BackendBusyError, PromptTooLongError

_CHAT: Final = "/api/chat"
_FIRST_PAUSE: Final = 0.25  # seconds before a request to a full queue is repeated, doubled each time
_LONGEST_PAUSE: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """One request on its way: what was asked, what is known of the model, the window, the time left, the turn."""

    request: Request
    facts: ModelFacts
    window: Window
    patience: Patience
    traffic: Traffic
    turn: Turn


class Chat:
    """The requests to one server; what is learned of token counts and windows serves later ones."""

    def __init__(self, catalogue: Catalogue, *, server: OllamaServer, keep_alive: str) -> None:
        self._catalogue = catalogue
        self._server = server
        self._keep_alive = keep_alive
        self._ratios: defaultdict[str, TokenRatio] = defaultdict(TokenRatio)
        self._windows: dict[str, int] = {}

    async def stream(self, request: Request, *, patience: Patience, traffic: Traffic) -> AsyncGenerator[Piece | Reply]:
        """Answer a request piece by piece; the last item is the `Reply`.

        Raises:
            BackendError: one class per way to fail, as `OllamaBackend.stream` lists them.
        """
        facts = await patience.wait(self._facts(request))
        window = self._window(request, facts)
        turn = await patience.wait_for_turn(traffic.turns.take(f"{facts.name} {window.tokens}"))
        call = _Call(request=request, facts=facts, window=window, patience=patience, traffic=traffic, turn=turn)
        first_token = 0.0
        ending: Ending | None = None
        try:
            traffic.sent(patience)
            if traffic.takes_stuck(request.model):
                await patience.wait(self._catalogue.unload(request.model))
            call, response = await self._accepted_in_some_window(call)
            reader = self._reader(call)
            try:
                async with aclosing(self._documents(response, reader, call)) as documents:
                    async for document in documents:
                        for piece in reader.take(document):
                            first_token = first_token or patience.elapsed
                            yield piece
                        if ending := reader.ending(document):
                            break
            finally:
                await response.aclose()
            ending = ending or reader.unfinished()
            traffic.answered(turn, ending)
            await self._check_prompt_was_whole(call, ending)
        finally:
            traffic.left(patience, model=request.model, is_answered=ending is not None)
            traffic.turns.give_back(turn)
        yield self._reply(call, ending, text=reader.text, first_token=first_token or patience.elapsed)

    async def _facts(self, request: Request) -> ModelFacts:
        if not request.model:
            models = [item.info.name for item in await self._catalogue.installed() if not item.why_not]
            raise ollama_errors.unnamed_model(models, url=self._server.url)
        return await self._catalogue.facts(request.model)

    def _window(self, request: Request, facts: ModelFacts) -> Window:
        window = choose_window(
            request,
            ratio=self._ratios[request.model],
            shape=facts.shape,
            at_least=self._windows.get(request.model, 0),
        )
        self._windows[request.model] = window.tokens
        return window

    async def _accepted_in_some_window(self, call: _Call) -> tuple[_Call, httpx2.Response]:
        """Send a request; where the server counts more tokens than were estimated, ask for a larger window."""
        while True:
            try:
                return call, await self._accepted(call)
            except PromptTooLongError as error:
                call = self._enlarged(call, error)

    def _enlarged(self, call: _Call, error: PromptTooLongError) -> _Call:
        request, size = call.request, larger_size(call.window.tokens, shape=call.facts.shape)
        if request.context_tokens is not None or size is None:
            raise error
        ratio, counted = self._ratios[request.model], error.details.get("prompt_tokens")
        if isinstance(counted, int):
            ratio.learn(request.messages, counted=max(counted, call.window.tokens))
        window = choose_window(request, ratio=ratio, shape=call.facts.shape, at_least=size)
        self._windows[request.model] = window.tokens
        return replace(call, window=window)

    async def _accepted(self, call: _Call) -> httpx2.Response:
        """Send a request until the server takes it; only a full queue is tried again."""
        body = chat_body(
            call.request,
            name=call.facts.name,
            window=call.window.tokens,
            think=call.facts.think,
            keep_alive=self._keep_alive,
        )
        pause = _FIRST_PAUSE
        while True:
            response = await call.patience.wait(self._server.send(_CHAT, body))
            if response.status_code == 200:
                return response
            content = await call.patience.wait(self._server.body(response, _CHAT))
            error = ollama_errors.from_status(
                response.status_code,
                content,
                url=self._server.url,
                path=_CHAT,
                model=call.request.model,
                window=call.window.tokens,
                prompt=call.window.prompt_tokens,
            )
            # Others wait as well, and would all come back at the same moment.
            jittered = pause * random.uniform(0.5, 1.5)  # noqa: S311 - spreads load, guards nothing
            if not isinstance(error, BackendBusyError) or jittered >= call.patience.left_in_all():
                raise error
            call.traffic.refused(call.turn)
            await asyncio.sleep(jittered)
            call.patience.load_begins()
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _reader(self, call: _Call) -> ReplyReader:
        return ReplyReader(
            model=call.request.model,
            url=self._server.url,
            max_tokens=call.request.max_tokens,
            constrained=call.request.schema is not None,
            window=call.window.tokens,
            prompt=call.window.prompt_tokens,
        )

    async def _documents(
        self, response: httpx2.Response, reader: ReplyReader, call: _Call
    ) -> AsyncGenerator[dict[str, object]]:
        """Read the stream line by line; each must come in time and must not tell of another host."""
        async with aclosing(self._server.lines(response, _CHAT)) as lines:
            while (line := await call.patience.wait(anext(lines, None))) is not None:
                document = reader.document(line)
                self._server.locality.check_entry(document, model=call.request.model)
                call.patience.piece_came()
                call.traffic.piece_came(call.patience, model=call.request.model)
                yield document

    async def _check_prompt_was_whole(self, call: _Call, ending: Ending) -> None:
        """Compare the server's count of the prompt with the window, and learn from it."""
        counted = ending.prompt_tokens
        if counted is None:
            return
        ratio, window, request = self._ratios[call.request.model], call.window, call.request
        confirmed = ratio.learned and abs(counted - window.prompt_tokens) * 10 <= counted
        if not confirmed and looks_cut(counted=counted, window=window.tokens):
            again = None if counted >= window.tokens - 1 else await self._count_in_larger_window(call)
            if again != counted:
                ratio.learn(request.messages, counted=max(window.tokens, again or 0))
                raise prompt_too_long(prompt=window.prompt_tokens, window=window.tokens, model=request.model, cut=True)
        ratio.learn(request.messages, counted=counted)

    async def _count_in_larger_window(self, call: _Call) -> int | None:
        """Let the server count the prompt again: one that only happens to fill half a window keeps its count."""
        size = larger_size(call.window.tokens, shape=call.facts.shape)
        if size is None:
            return None
        window = Window(tokens=size, prompt_tokens=call.window.prompt_tokens)
        self._windows[call.request.model] = size
        again = replace(call, window=window, request=replace(call.request, max_tokens=1, schema=None))
        response = await self._accepted(again)
        try:
            reader = self._reader(again)
            async with aclosing(self._documents(response, reader, again)) as documents:
                async for document in documents:
                    if ending := reader.ending(document):
                        return ending.prompt_tokens
        finally:
            await response.aclose()
        return None

    def _reply(self, call: _Call, ending: Ending, *, text: str, first_token: float) -> Reply:
        prompt, reply = ending.prompt_tokens, ending.reply_tokens
        return Reply(
            text=text,
            backend="ollama",
            model=call.request.model,
            finish=ending.finish,
            prompt_tokens=call.window.prompt_tokens if prompt is None else prompt,
            reply_tokens=estimate_tokens(text) if reply is None else reply,
            estimated=prompt is None or reply is None,
            load=ending.load,
            first_token=first_token,
            total=call.patience.elapsed,
        )
