"""The calls to Ollama that answer at once: version, installed models, facts of a model; bounded in time and size."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import httpx2

from prentice.backends.connection import open_client
from prentice.backends.locality import Locality, full_name
from prentice.backends.ndjson import json_object
from prentice.backends.ollama import errors as ollama_errors
from prentice.backends.ollama import models as ollama_models
from prentice.backends.ollama.models import Installed, ModelFacts
from prentice.backends.patience import timed_out
from prentice.backends.protocol import ModelInfo
from prentice.errors import BackendError, ModelNotFoundError, RemoteRefusedError

ANSWER_SECONDS: Final = 30.0
"""How long a call that only looks something up may take, on a machine that is busy with a model."""

_MAX_BODY_BYTES: Final = 32_000_000
_SHOWS_AT_ONCE: Final = 4


class OllamaServer:
    """One Ollama; its connections open at the first call, and again after `close`."""

    def __init__(self, url: str, *, locality: Locality) -> None:
        self.url = url
        self._locality = locality
        self._client: httpx2.AsyncClient | None = None
        self._known: dict[str, ModelFacts] = {}

    async def close(self) -> None:
        """Close all connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def version(self) -> str:
        """Ask for the server's version: the cheapest proof that it is Ollama.

        Raises:
            BackendError: nothing or another program answers.
        """
        status, body = await self._ask("GET", "/api/version")
        if status != 200:
            raise ollama_errors.from_status(status, body, url=self.url, path="/api/version")
        version = (json_object(body) or {}).get("version")
        if not isinstance(version, str):
            raise ollama_errors.wrong_server(self.url, path="/api/version", body=body)
        return version

    async def installed(self) -> list[Installed]:
        """List the server's models, each with the reason why it cannot be used here, if there is one.

        Raises:
            BackendError: nothing or another program answers.
        """
        turns = asyncio.Semaphore(_SHOWS_AT_ONCE)

        async def look(info: ModelInfo, entry: Mapping[str, object]) -> Installed | None:
            try:
                self._locality.check_name(info.name)
                self._locality.check_entry(entry, model=info.name)
                async with turns:
                    known = await self._show(info.name)
            except RemoteRefusedError as refusal:
                return Installed(info=info, why_not=refusal.message, refusal=refusal)
            except ModelNotFoundError:
                return None  # removed in between
            why_not = "" if known.answers else "It makes embeddings only."
            return Installed(info=ollama_models.with_facts(info, known), why_not=why_not)

        found = await asyncio.gather(*(look(info, entry) for info, entry in await self._tags()))
        return [item for item in found if item is not None]

    async def facts(self, model: str) -> ModelFacts:
        """Look a model up and make sure that it runs on this machine; the answer is kept for later calls.

        Raises:
            RemoteRefusedError: it runs elsewhere, and is not allowed.
            ModelNotFoundError: the server does not have it.
            BackendError: nothing or another program answers.
        """
        self._locality.check_name(model)
        if model in self._known:
            return self._known[model]
        listed = await self._tags()
        for info, entry in listed:
            if full_name(info.name) == full_name(model):
                self._locality.check_entry(entry, model=model)
        try:
            return await self._show(model)
        except ModelNotFoundError:
            raise ollama_errors.model_not_found(model, installed=[info.name for info, _ in listed]) from None

    async def send(self, path: str, body: Mapping[str, object]) -> httpx2.Response:
        """Post a request and give the response as soon as its head is there; the caller closes it.

        Raises:
            BackendError: the connection failed, or is not allowed.
        """
        with transport_errors(self.url, path):
            request = self._opened().build_request(
                "POST", path, content=json.dumps(body).encode(), headers={"content-type": "application/json"}
            )
            return await self._opened().send(request, stream=True)

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

    async def _tags(self) -> list[tuple[ModelInfo, dict[str, object]]]:
        status, body = await self._ask("GET", "/api/tags")
        if status != 200:
            raise ollama_errors.from_status(status, body, url=self.url, path="/api/tags")
        listed = ollama_models.listed(json_object(body) or {}, host=self.url)
        if listed is None:
            raise ollama_errors.wrong_server(self.url, path="/api/tags", body=body)
        return listed

    async def _show(self, model: str) -> ModelFacts:
        if model not in self._known:
            status, body = await self._ask("POST", "/api/show", {"model": model})
            if status != 200:
                raise ollama_errors.from_status(status, body, url=self.url, path="/api/show", model=model)
            document = json_object(body)
            if document is None:
                raise ollama_errors.wrong_server(self.url, path="/api/show", body=body)
            self._locality.check_entry(document, model=model)
            self._known[model] = ollama_models.facts(document)
        return self._known[model]

    async def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> tuple[int, bytes]:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                if body is not None:
                    response = await self.send(path, body)
                else:
                    with transport_errors(self.url, path):
                        request = self._opened().build_request(method, path)
                        response = await self._opened().send(request, stream=True)
                return response.status_code, await self.body(response, path)
        except TimeoutError:
            raise timed_out("answer", ANSWER_SECONDS, model="") from None

    def _opened(self) -> httpx2.AsyncClient:
        if self._client is None:
            self._client = open_client(self.url, locality=self._locality)
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
