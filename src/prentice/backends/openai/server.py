"""The connection to one OpenAI-compatible server: requests with its key, and look-ups bounded in time and size."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

import httpx2

from prentice.backends.connection import open_client
from prentice.backends.keys import Key, find_key
from prentice.backends.locality import Locality, is_loopback
from prentice.backends.ndjson import json_object
from prentice.backends.openai import catalogue, errors
from prentice.backends.openai.address import root_url
from prentice.backends.openai.catalogue import Catalogue
from prentice.backends.openai.errors import Asked
from prentice.errors import BackendError, ConfigError, RemoteRefusedError

CHAT: Final = "/chat/completions"
MODELS: Final = "/models"
LOADED_MODEL: Final = "default_model"
"""What mlx_lm.server calls the model it was started with; any other name may make it look on a hub."""
ANSWER_SECONDS: Final = 30.0
"""How long the list of models may take, on a machine that is busy with a model."""
LOOK_UP_SECONDS: Final = 3.0
"""How long an answer may take that is of use but not needed."""

_MAX_BODY_BYTES: Final = 32_000_000


class OpenAIServer:
    """One server; its connections open at the first call, and again after `close`. `url` is its base URL."""

    def __init__(self, url: str, *, locality: Locality, key_variable: str, keyring: str) -> None:
        self.url = url
        self._locality = locality
        self._key_variable, self._keyring = key_variable, keyring
        self._key: Key | None = None
        self._key_sought = False
        self._client: httpx2.AsyncClient | None = None

    @property
    def is_here(self) -> bool:
        """Whether the server is on this machine, and not on a host that the user listed."""
        return is_loopback((urlsplit(self.url).hostname or "").casefold())

    async def close(self) -> None:
        """Close all connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def catalogue(self) -> Catalogue:
        """List the server's models with all that it tells of them.

        Raises:
            BackendError: nothing or another program answers, or it wants another key.
        """
        status, body = await self._ask(self.url, MODELS, seconds=ANSWER_SECONDS)
        entries = self._listed(status, body)
        paths = catalogue.LOOK_UPS
        answers = await asyncio.gather(*(self._look_up(path) for path in paths))
        return catalogue.read(entries, dict(zip(paths, answers, strict=True)), url=self.url)

    async def send(self, body: Mapping[str, object], *, asked: Asked) -> httpx2.Response:
        """Post a chat and give the response as soon as its head is there; the caller closes it.

        Raises:
            BackendError: the connection failed, or is not allowed.
            ConfigError: the key cannot be used.
        """
        headers = {**await self._headers(), "content-type": "application/json"}
        with self.transport_errors(asked.path):
            client = self._opened()
            request = client.build_request(
                "POST", f"{self.url}{asked.path}", content=json.dumps(body).encode(), headers=headers
            )
            return await client.send(request, stream=True)

    async def body(self, response: httpx2.Response, path: str) -> bytes:
        """Read a whole answer, within a bound, and close it. The key is taken out, should the server have repeated it.

        Raises:
            BackendError: the connection broke off, or the answer is larger than any of these servers'.
        """
        parts, size = [], 0
        try:
            with self.transport_errors(path):
                async for part in response.aiter_bytes():
                    parts.append(part)
                    size += len(part)
                    if size > _MAX_BODY_BYTES:
                        raise errors.wrong_server(self.url, path=path, status=response.status_code, body=parts[0])
        finally:
            await response.aclose()
        whole = b"".join(parts)
        if self._key is None:
            return whole
        return self.without_key(whole.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def without_key(self, text: str) -> str:
        """Give a text of the server without the key."""
        return text if self._key is None else self._key.hidden_in(text)

    @contextmanager
    def transport_errors(self, path: str) -> Iterator[None]:
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
            raise errors.unreachable(self.url, "" if "attempts failed" in reason else reason) from error
        except httpx2.RemoteProtocolError as error:
            reason = str(error)
            if "closed" in reason or ("disconnected" in reason and path == CHAT):
                raise errors.broken_off("the connection was closed") from error
            raise errors.wrong_server(self.url, path=path, body=reason.encode(), status=0) from error
        except httpx2.HTTPError as error:
            raise errors.broken_off(str(error) or type(error).__name__) from error

    def _listed(self, status: int, body: bytes) -> list[Mapping[str, object]]:
        if status != httpx2.codes.OK:
            raise errors.from_status(status, body, asked=Asked(url=self.url, path=MODELS))
        if not body.strip():
            # mlx_lm.server without a hub cache: the head is sent before its search fails.
            return [{"id": LOADED_MODEL}]
        document = json_object(body)
        entries = catalogue.listed(document) if document is not None else None
        if entries is None:
            raise errors.wrong_server(self.url, path=MODELS, body=body)
        return entries

    async def _look_up(self, path: str) -> dict[str, object] | None:
        """Ask at the server's root for what OpenAI's interface does not have; None where there is no such answer."""
        try:
            status, body = await self._ask(root_url(self.url), path, seconds=LOOK_UP_SECONDS)
        except RemoteRefusedError:
            raise
        except BackendError:
            return None
        return json_object(body) if status == httpx2.codes.OK else None

    async def _ask(self, url: str, path: str, *, seconds: float) -> tuple[int, bytes]:
        headers = await self._headers()
        try:
            async with asyncio.timeout(seconds):
                with self.transport_errors(path):
                    client = self._opened()
                    response = await client.send(
                        client.build_request("GET", f"{url}{path}", headers=headers), stream=True
                    )
                return response.status_code, await self.body(response, path)
        except TimeoutError:
            raise errors.silent(url, path, seconds) from None

    async def _headers(self) -> dict[str, str]:
        if not self._key_sought:
            self._key = await asyncio.to_thread(
                find_key, variable=self._key_variable, service=self._keyring, account=urlsplit(self.url).netloc
            )
            self._key_sought = True
        if self._key is None:
            return {}
        if not (self.url.startswith("https:") or self.is_here):
            raise ConfigError(
                f"The key for {self.url} would cross the network unencrypted.",
                next_step="Set `openai.host` to an address that begins with https://, or remove the key.",
            )
        return {"authorization": self._key.authorization}

    def _opened(self) -> httpx2.AsyncClient:
        if self._client is None:
            self._client = open_client(self.url, locality=self._locality, setting="openai.host")
        return self._client
