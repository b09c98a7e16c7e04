"""One exchange with `/chat/completions`: sent until the server takes it, read within limits of time and size."""

import asyncio
import email.utils
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Final

import httpx2

from prentice.backends.ndjson import LineTooLongError, json_object
from prentice.backends.openai import errors
from prentice.backends.openai.errors import Asked
from prentice.backends.openai.events import Event, EventReader
from prentice.backends.openai.reply import ReplyReader
from prentice.backends.openai.request import refused_field, without
from prentice.backends.openai.server import CHAT, OpenAIServer
from prentice.backends.patience import Patience
from prentice.backends.protocol import Piece
from prentice.errors import BackendBusyError, BackendError, StreamError

_OF_THE_REQUEST: Final = frozenset({400, 415, 422})
_FIRST_PAUSE: Final = 0.25  # seconds before a request to a full queue is repeated, doubled each time
_LONGEST_PAUSE: Final = 5.0
_LINGER: Final = 2.0  # seconds that the counts may come after the reply has ended
_WHOLE_BODY_BYTES: Final = 4_000_000


class RefusedError(Exception):
    """The server refused a request by its status; `error` is what that means, `text` what it said."""

    def __init__(self, status: int, text: str, error: BackendError) -> None:
        super().__init__(text)
        self.status, self.text, self.error = status, text, error

    @property
    def is_of_the_request(self) -> bool:
        """Whether another form of the request may fare better: it was refused as such, or broke the server."""
        return isinstance(self.error, StreamError) and (self.status in _OF_THE_REQUEST or self.status >= 500)


class Conversation:
    """Exchanges with one server. What it refuses of a request's fields is learned, and left out from then on."""

    def __init__(self, server: OpenAIServer) -> None:
        self._server = server
        self.left_out: frozenset[str] = frozenset()

    def reader(self, *, asked: Asked, max_tokens: int, constrained: bool) -> ReplyReader:
        """Make the reader for one answer; `constrained` tells that the server holds it to a schema."""
        return ReplyReader(asked=asked, max_tokens=max_tokens, constrained=constrained, hide=self._server.without_key)

    async def pieces(
        self, body: Mapping[str, object], reader: ReplyReader, *, asked: Asked, patience: Patience
    ) -> AsyncGenerator[Piece | httpx2.Headers]:
        """Send a request and give the head of its answer, then the pieces of it, until the reply has ended.

        Raises:
            RefusedError: the server refused the request.
            BackendError: the answer is none, or does not come in time.
        """
        response = await self._accepted(dict(body), asked=asked, patience=patience)
        try:
            yield response.headers
            async with aclosing(self._events(response, reader, patience=patience)) as events:
                async for event in events:
                    for piece in reader.take(event):
                        patience.piece_came()
                        yield piece
                    if reader.done:
                        return
        finally:
            # Closing the connection ends the server's work, if there is any left.
            await response.aclose()

    async def _accepted(self, body: dict[str, object], *, asked: Asked, patience: Patience) -> httpx2.Response:
        """Send a request until the server takes it: without the fields that it refuses, and when its queue has room."""
        pause = _FIRST_PAUSE
        while True:
            response = await patience.wait(self._server.send(body, asked=asked))
            if response.status_code == httpx2.codes.OK:
                return response
            content = await patience.wait(self._server.body(response, asked.path))
            status = response.status_code
            document = json_object(content)
            text = (errors.error_text(document) if document is not None else None) or errors.plain(content)
            error = errors.from_status(status, content, asked=asked)
            if status in _OF_THE_REQUEST and (field := refused_field(text, body)) and field not in self.left_out:
                self.left_out |= {field}
                body = without(body, frozenset({field}))
                continue
            if not isinstance(error, BackendBusyError):
                raise RefusedError(status, text, error)
            wish = max(pause, _retry_after(response.headers))
            if wish >= patience.left():
                raise error
            await asyncio.sleep(wish)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _events(
        self, response: httpx2.Response, reader: ReplyReader, *, patience: Patience
    ) -> AsyncGenerator[Event]:
        """Read the answer event by event. Once the model has ended its reply, only its counts are waited for."""
        lines = EventReader()
        is_stream = "event-stream" in response.headers.get("content-type", "")
        whole = bytearray()
        async with aclosing(response.aiter_bytes()) as portions:
            while True:
                data = await self._portion(portions, reader, patience=patience)
                if data is not None and not is_stream:
                    whole += data
                    if len(whole) > _WHOLE_BODY_BYTES:
                        raise errors.broken_off(f"an answer in one piece is longer than {_WHOLE_BODY_BYTES} bytes")
                    continue
                try:
                    events = _whole_answer(bytes(whole), lines) if data is None else lines.feed(data)
                except LineTooLongError as error:
                    raise errors.broken_off(str(error)) from error
                for event in events:
                    yield event
                if data is None:
                    return

    async def _portion(
        self, portions: AsyncGenerator[bytes], reader: ReplyReader, *, patience: Patience
    ) -> bytes | None:
        with self._server.transport_errors(CHAT):
            if not reader.finished:
                return await patience.wait(anext(portions, None))
            try:
                async with asyncio.timeout(min(_LINGER, patience.left())):
                    return await anext(portions, None)
            except TimeoutError:
                return None


def _whole_answer(whole: bytes, lines: EventReader) -> list[Event]:
    """Give the rest of a stream, or the one document of an answer that was none."""
    if whole.lstrip().startswith(b"{") and json_object(whole) is not None:
        return [Event(data=whole.strip())]
    return [*lines.feed(whole), *lines.finish()] or ([Event(data=whole)] if whole.strip() else [])


def _retry_after(headers: httpx2.Headers) -> float:
    """Give the seconds that the server asks to wait: it names them, or a time of day."""
    value = headers.get("retry-after", "").strip()
    try:
        return max(0.0, float(value)) if value else 0.0
    except ValueError:
        pass
    try:
        at = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    return max(0.0, at.timestamp() - time.time())
