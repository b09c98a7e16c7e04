"""The Ollama backend: all that one server does for us, each as one method."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Final, Self

from prentice.backends.locality import Locality, full_name
from prentice.backends.ollama.catalogue import Catalogue, NotRunning, Running
from prentice.backends.ollama.chat import Chat
from prentice.backends.ollama.creation import create
from prentice.backends.ollama.embedding import Embeddings, embed
from prentice.backends.ollama.host import configured_url
from prentice.backends.ollama.models import Installed, Loaded, ModelCard
from prentice.backends.ollama.pulling import pull
from prentice.backends.ollama.server import OllamaServer
from prentice.backends.ollama.traffic import traffic_of
from prentice.backends.patience import Patience
from prentice.backends.progress import Progress
from prentice.backends.protocol import ModelInfo, Piece, Reply, Request
from prentice.backends.turns import Turns

_NONE: Final[Mapping[str, object]] = MappingProxyType({})


class OllamaBackend:
    """One Ollama server. What is learned of its models (token counts, windows in use) lives as long as the instance.

    `host` is an address in any form of `OLLAMA_HOST`; an empty one reads that variable. `keep_alive` is how long the
    server keeps a model loaded; `load_seconds` how long the first piece may take, loading and reading the prompt
    included; `max_in_flight` how many requests the server gets at a time at most.
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
        max_in_flight: int = 8,
    ) -> None:
        """Prepare; nothing is sent before the first call.

        Raises:
            ConfigError: the host is no address.
        """
        self._locality = Locality(allowed_hosts=allowed_hosts, allowed_remote_models=allowed_remote_models)
        self._server = OllamaServer(configured_url(host), locality=self._locality)
        self._catalogue = Catalogue(self._server)
        self._keep_alive = keep_alive
        self._load_seconds = load_seconds
        self._max_in_flight = max_in_flight
        self._chat = Chat(self._catalogue, server=self._server, keep_alive=keep_alive)

    @property
    def url(self) -> str:
        """The server's address."""
        return self._server.url

    @property
    def turns(self) -> Turns:
        """The turns of all requests of this event loop to the server."""
        return traffic_of(self.url, most=self._max_in_flight).turns

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections; the next call opens new ones."""
        await self._server.close()

    async def status(self) -> Running | NotRunning:
        """Say whether the server runs, its version, its models in memory, and whether it may forward to a cloud."""
        return await self._catalogue.status()

    async def version(self) -> str:
        """Give the server's version.

        Raises:
            BackendError: nothing or another program answers.
        """
        return await self._catalogue.version()

    async def installed(self) -> list[Installed]:
        """List all the server's models, also those that cannot be used, with the reason.

        Raises:
            BackendError: nothing or another program answers.
        """
        return await self._catalogue.installed()

    async def models(self) -> list[ModelInfo]:
        """List the models that run here and answer.

        Raises:
            BackendError: nothing or another program answers.
        """
        return [item.info for item in await self.installed() if not item.why_not]

    async def loaded(self) -> tuple[Loaded, ...]:
        """List the models in the server's memory.

        Raises:
            BackendError: nothing or another program answers.
        """
        return await self._catalogue.loaded()

    async def show(self, model: str) -> ModelCard:
        """Describe an installed model.

        Raises:
            RemoteRefusedError: it runs elsewhere, and is not allowed.
            ModelNotFoundError: the server does not have it.
            BackendError: nothing or another program answers.
        """
        return await self._catalogue.card(model)

    def pull(self, model: str, *, insecure: bool = False) -> AsyncGenerator[Progress]:
        """Let the server download a model; give its progress until it is whole. Leaving the stream ends the download.

        A download that was ended goes on where it stopped. `insecure` allows a registry without encryption.

        Raises:
            RemoteRefusedError: the name is that of a cloud model, which is not allowed.
            ModelNotFoundError: the registry does not have it.
            BackendError: the server or the registry failed.
        """
        self._locality.check_name(model)
        self._catalogue.forget(model)
        return pull(self._server, model, insecure=insecure)

    def create(
        self,
        model: str,
        source: Path,
        *,
        template: str = "",
        system: str = "",
        parameters: Mapping[str, object] = _NONE,
    ) -> AsyncGenerator[Progress]:
        """Make a model of a GGUF file, or of a directory with safetensors; give the progress until it is there.

        `template` is in Go's template language, and empty where the file has its own.

        Raises:
            UsageError: the source is no model file.
            BackendError: the server failed.
        """
        self._locality.check_name(model)
        self._catalogue.forget(model)
        return create(self._server, model, source, template=template, system=system, parameters=parameters)

    async def delete(self, model: str) -> None:
        """Remove a model from the server.

        Raises:
            ModelNotFoundError: the server does not have it.
            BackendError: nothing or another program answers.
        """
        await self._catalogue.delete(model)

    async def embed(self, model: str, texts: Sequence[str], *, deadline: float = 300.0) -> Embeddings:
        """Give a vector for each text, in order; within `deadline` seconds.

        Raises:
            RemoteRefusedError: the model runs elsewhere, and is not allowed.
            PromptTooLongError: a text does not fit the model's window.
            ModelUnsupportedError: the model makes no embeddings.
            BackendError: the server failed, or was not in time.
        """
        patience = Patience(load=self._load_seconds, idle=deadline, deadline=deadline, model=model)
        facts = await patience.wait(self._catalogue.facts(model))
        turn = await patience.wait_for_turn(self.turns.take(full_name(facts.name)))
        try:
            patience.load_begins()
            return await patience.wait(
                embed(self._server, texts, name=facts.name, model=model, keep_alive=self._keep_alive)
            )
        finally:
            self.turns.give_back(turn)

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
        traffic = traffic_of(self.url, most=self._max_in_flight)
        async with aclosing(self._chat.stream(request, patience=patience, traffic=traffic)) as items:
            async for item in items:
                yield item
