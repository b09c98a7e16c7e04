"""The HTTP of one Ollama: requests and their answers, bounded in time and size, failures as errors that help."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from typing import Final, TypeVar

import httpx2

from prentice.backends.connection import open_client
from prentice.backends.locality import Locality
from prentice.backends.ndjson import LineSplitter, LineTooLongError, json_object
from prentice.backends.ollama import errors as ollama_errors
from prentice.backends.patience import timed_out
from prentice.errors import BackendError

T = TypeVar("T")

ANSWER_SECONDS: Final = 30.0
"""How long a call that only looks something up may take, on a machine that is busy with a model."""

_MAX_BODY_BYTES: Final = 32_000_000
_JSON: Final = {"content-type": "application/json"}


class OllamaServer:
    """One Ollama; its connections open at the first call, and again after `close`."""

    def __init__(self, url: str, *, locality: Locality) -> None:
        self.url = url
        self.locality = locality
        self._client: httpx2.AsyncClient | None = None

    async def close(self) -> None:
        """Close all connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def send(
        self,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        method: str = "POST",
        content: AsyncIterator[bytes] | None = None,
        length: int = 0,
    ) -> httpx2.Response:
        """Send a request and give the response as soon as its head is there; the caller closes it.

        `body` is sent as JSON, `content` as the `length` bytes that it gives.

        Raises:
            BackendError: the connection failed, or is not allowed.
        """
        with transport_errors(self.url, path):
            client = self._opened()
            if content is not None:
                request = client.build_request(method, path, content=content, headers={"content-length": str(length)})
            elif body is not None:
                request = client.build_request(method, path, content=json.dumps(body).encode(), headers=_JSON)
            else:
                request = client.build_request(method, path)
            return await client.send(request, stream=True)

    async def body(self, response: httpx2.Response, path: str) -> bytes:
        """Read a whole answer, within a bound, and close it.

        Raises:
            BackendError: the connection broke off, or the answer is larger than any of Ollama's.
        """
        parts, size = [], 0
        try:
            with transport_errors(self.url, path):
                async for part in response.aiter_bytes():
                    parts.append(part)
                    size += len(part)
                    if size > _MAX_BODY_BYTES:
                        raise ollama_errors.wrong_server(
                            self.url, path=path, status=response.status_code, body=parts[0]
                        )
        finally:
            await response.aclose()
        return b"".join(parts)

    async def ask(
        self,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        method: str = "",
        seconds: float = ANSWER_SECONDS,
    ) -> tuple[int, bytes]:
        """Give status and body of an answer that comes at once; a POST where there is a body to send.

        Raises:
            BackendError: nothing or another program answers, or nothing in time.
        """
        try:
            async with asyncio.timeout(seconds):
                response = await self.send(path, body, method=method or ("GET" if body is None else "POST"))
                return response.status_code, await self.body(response, path)
        except TimeoutError:
            raise timed_out("answer", seconds, model="") from None

    async def document(
        self,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        read: Callable[[dict[str, object]], T | None],
        model: str = "",
        seconds: float = ANSWER_SECONDS,
    ) -> T:
        """Give what `read` makes of the JSON object of an answer with status 200.

        Raises:
            BackendError: it has another status, is no JSON object or none that can be read, or does not come.
        """
        status, content = await self.ask(path, body, seconds=seconds)
        if status != 200:
            raise ollama_errors.from_status(status, content, url=self.url, path=path, model=model)
        document = json_object(content)
        value = None if document is None else read(document)
        if value is None:
            raise ollama_errors.wrong_server(self.url, path=path, body=content)
        return value

    async def lines(self, response: httpx2.Response, path: str) -> AsyncGenerator[bytes]:
        """Give the lines of a stream as they come; a wait has no limit here.

        Raises:
            StreamError: the connection broke off, or a line is longer than any of Ollama's.
        """
        splitter = LineSplitter()
        async with aclosing(response.aiter_bytes()) as portions:
            while True:
                with transport_errors(self.url, path):
                    data = await anext(portions, None)
                try:
                    whole = splitter.finish() if data is None else splitter.feed(data)
                except LineTooLongError as error:
                    raise ollama_errors.broken_off(str(error)) from error
                for line in whole:
                    yield line
                if data is None:
                    return

    def _opened(self) -> httpx2.AsyncClient:
        if self._client is None:
            self._client = open_client(self.url, locality=self.locality)
        return self._client


@contextmanager
def transport_errors(url: str, path: str) -> Iterator[None]:
    """Turn failures of the connection into errors that say what to do.

    Raises:
        BackendError: nothing answers, what answers speaks no HTTP, or the connection broke off.
    """
    try:
        yield
    except BackendError:
        raise
    except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
        reason = str(error)
        raise ollama_errors.unreachable(url, "" if "attempts failed" in reason else reason) from error
    except httpx2.RemoteProtocolError as error:
        reason = str(error)
        spoke_before = path == "/api/chat"  # look-ups come first; who closes on them does not know them
        if "closed" in reason or ("disconnected" in reason and spoke_before):
            raise ollama_errors.broken_off("the connection was closed") from error
        raise ollama_errors.wrong_server(url, path=path, body=reason.encode(), status=0) from error
    except httpx2.HTTPError as error:
        raise ollama_errors.broken_off(str(error) or type(error).__name__) from error
