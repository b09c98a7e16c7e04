"""Models served by Ollama, over its native HTTP API.

Each model's facts are looked up before its first call, which also proves that it runs on this machine; then the request
gets a window that holds it, and the reply is read within limits of time and size.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Final, Self

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
from prentice.backends.locality import Locality
from prentice.backends.ndjson import LineSplitter, LineTooLongError
from prentice.backends.ollama import errors as ollama_errors
from prentice.backends.ollama.host import configured_url
from prentice.backends.ollama.models import Installed, ModelFacts
from prentice.backends.ollama.reply import Ending, ReplyReader
from prentice.backends.ollama.request import chat_body
from prentice.backends.ollama.server import OllamaServer, transport_errors
from prentice.backends.patience import Patience
from prentice.backends.protocol import ModelInfo, Piece, Reply, Request
from prentice.errors import BackendBusyError, PromptTooLongError

_CHAT: Final = "/api/chat"
_FIRST_PAUSE: Final = 0.25  # seconds before a request to a full queue is repeated, doubled each time
_LONGEST_PAUSE: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """One request on its way: what was asked, what is known of the model, the window, the time left."""

    request: Request
    facts: ModelFacts
    window: Window
    patience: Patience


class OllamaBackend:
    """One Ollama server. What is learned of its models (token counts, windows in use) lives as long as the instance.

    `host` is an address in any form of `OLLAMA_HOST`; an empty one reads that variable. `keep_alive` is how long the
    server keeps a model loaded; `load_seconds` how long the first piece may take, loading and reading the prompt
    included.
    """

    name = "ollama"

    def __init__(
        self,
        host: str = "",
        *,
        keep_alive: str = "10m",
        allowed_hosts: tuple[str, ...] = (),
        allowed_remote_models: tuple[str, ...] = (),
        load_seconds: float = 300.0,
    ) -> None:
        """Prepare; nothing is sent before the first call.

        Raises:
            ConfigError: the host is no address.
        """
        self._locality = Locality(allowed_hosts=allowed_hosts, allowed_remote_models=allowed_remote_models)
        self._server = OllamaServer(configured_url(host), locality=self._locality)
        self._keep_alive = keep_alive
        self._load_seconds = load_seconds
        self._ratios: defaultdict[str, TokenRatio] = defaultdict(TokenRatio)
        self._windows: dict[str, int] = {}

    @property
    def url(self) -> str:
        """The server's address."""
        return self._server.url

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections; the next call opens new ones."""
        await self._server.close()

    async def version(self) -> str:
        """Give the server's version.

        Raises:
            BackendError: nothing or another program answers.
        """
        return await self._server.version()

    async def installed(self) -> list[Installed]:
        """List all the server's models, also those that cannot be used, with the reason.

        Raises:
            BackendError: nothing or another program answers.
        """
        return await self._server.installed()

    async def models(self) -> list[ModelInfo]:
        """List the models that run here and answer.

        Raises:
            BackendError: nothing or another program answers.
        """
        return [item.info for item in await self.installed() if not item.why_not]

    async def stream(self, request: Request) -> AsyncGenerator[Piece | Reply]:
        """Answer a request piece by piece; the last item is the `Reply`.

        Raises:
            RemoteRefusedError: the model or the server is not on this machine.
            PromptTooLongError: the prompt does not fit; mostly before anything is sent.
            ModelNotFoundError, ModelUnsupportedError, BackendBusyError, BackendUnreachableError, WrongServerError,
            StreamError, TimedOutError: the server is not as it should be.
        """
        patience = Patience(
            load=self._load_seconds, idle=request.idle, deadline=request.deadline, model=request.model or "The model"
        )
        call = await patience.wait(self._prepared(request, patience))
        call, response = await self._accepted_in_some_window(call)
        try:
            reader = self._reader(call)
            first_token = 0.0
            ending: Ending | None = None
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
        await self._check_prompt_was_whole(call, ending)
        yield self._reply(call, ending, text=reader.text, first_token=first_token or patience.elapsed)

    async def _prepared(self, request: Request, patience: Patience) -> _Call:
        if not request.model:
            models = [info.name for info in await self.models()]
            raise ollama_errors.unnamed_model(models, url=self.url)
        facts = await self._server.facts(request.model)
        window = choose_window(
            request,
            ratio=self._ratios[request.model],
            shape=facts.shape,
            at_least=self._windows.get(request.model, 0),
        )
        self._windows[request.model] = window.tokens
        return _Call(request=request, facts=facts, window=window, patience=patience)

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
        body = chat_body(call.request, window=call.window.tokens, think=call.facts.think, keep_alive=self._keep_alive)
        pause = _FIRST_PAUSE
        while True:
            response = await call.patience.wait(self._server.send(_CHAT, body))
            if response.status_code == 200:
                return response
            content = await call.patience.wait(self._server.body(response, _CHAT))
            error = ollama_errors.from_status(
                response.status_code,
                content,
                url=self.url,
                path=_CHAT,
                model=call.request.model,
                window=call.window.tokens,
                prompt=call.window.prompt_tokens,
            )
            if not isinstance(error, BackendBusyError) or pause >= call.patience.left():
                raise error
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _reader(self, call: _Call) -> ReplyReader:
        return ReplyReader(
            model=call.request.model,
            url=self.url,
            max_tokens=call.request.max_tokens,
            constrained=call.request.schema is not None,
            window=call.window.tokens,
            prompt=call.window.prompt_tokens,
        )

    async def _documents(
        self, response: httpx2.Response, reader: ReplyReader, call: _Call
    ) -> AsyncGenerator[dict[str, object]]:
        """Read the stream line by line; each must come in time and must not tell of another host."""
        lines = LineSplitter()
        async with aclosing(response.aiter_bytes()) as portions:
            while True:
                with transport_errors(self.url, _CHAT):
                    data = await call.patience.wait(anext(portions, None))
                try:
                    whole = lines.finish() if data is None else lines.feed(data)
                except LineTooLongError as error:
                    raise ollama_errors.broken_off(str(error)) from error
                for line in whole:
                    document = reader.document(line)
                    self._locality.check_entry(document, model=call.request.model)
                    call.patience.piece_came()
                    yield document
                if data is None:
                    return

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
            backend=self.name,
            model=call.request.model,
            finish=ending.finish,
            prompt_tokens=call.window.prompt_tokens if prompt is None else prompt,
            reply_tokens=estimate_tokens(text) if reply is None else reply,
            estimated=prompt is None or reply is None,
            load=ending.load,
            first_token=first_token,
            total=call.patience.elapsed,
        )
