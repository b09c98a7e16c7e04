"""What one Ollama has and does: version, installed models, facts of a model, models in memory, whether it may forward.

Three guards keep a model local: what the catalogue says of it, its name, and the suffix `:local`, with which a server
that knows it refuses to forward, also when the model was exchanged after it was looked at.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from prentice.backends.locality import full_name
from prentice.backends.ndjson import json_object
from prentice.backends.ollama import errors as ollama_errors
from prentice.backends.ollama import models as ollama_models
from prentice.backends.ollama.models import Installed, Loaded, ModelCard, ModelFacts
from prentice.backends.ollama.server import OllamaServer
from prentice.backends.probe import listens
from prentice.backends.protocol import ModelInfo
from prentice.errors import BackendError, ModelNotFoundError, RemoteRefusedError

LOCAL: Final = ":local"
"""The end of a name by which Ollama (seen from v0.24 on) takes a model of this machine or answers 404."""

_SHOWS_AT_ONCE: Final = 4
_SHOWS_SECONDS: Final = 5.0
"""How long models are looked at for a list; of a machine with thousands the rest is listed by name and size."""

_STATUS_SECONDS: Final = 2.0

_UNLOAD_SECONDS: Final = 5.0
_UNLOAD_PAUSE: Final = 0.05
"""The server says that a model is unloaded before it is; a request that comes in between goes to the old one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """An Ollama that answers. `cloud` says whether it may forward models to a cloud; None: it is too old to tell."""

    url: str
    version: str
    loaded: tuple[Loaded, ...]
    cloud: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRunning:
    """No Ollama that can be used, with the error that says what to do."""

    url: str
    error: BackendError


class Catalogue:
    """Looks things up at one server. Facts of models are kept for later calls."""

    def __init__(self, server: OllamaServer) -> None:
        self._server = server
        self._locality = server.locality
        self._known: dict[str, ModelFacts] = {}

    async def version(self) -> str:
        """Ask for the server's version: the cheapest proof that it is Ollama.

        Raises:
            BackendError: nothing or another program answers.
        """
        return await self._server.document("/api/version", read=ollama_models.version, seconds=_STATUS_SECONDS)

    async def status(self) -> Running | NotRunning:
        """Say whether the server runs and what it has in memory; a dead host costs 0.3 seconds, a silent one two."""
        url = self._server.url
        try:
            if not await listens(url, locality=self._locality):
                return NotRunning(url=url, error=ollama_errors.unreachable(url))
            return Running(
                url=url, version=await self.version(), loaded=await self.loaded(), cloud=await self.may_forward()
            )
        except BackendError as error:
            return NotRunning(url=url, error=error)

    async def may_forward(self) -> bool | None:
        """Say whether the server's switch lets it send models to a cloud; None where it does not tell.

        Raises:
            BackendError: nothing or another program answers.
        """
        status, content = await self._server.ask("/api/status", seconds=_STATUS_SECONDS)
        return ollama_models.may_forward(json_object(content) or {}) if status == 200 else None

    async def loaded(self) -> tuple[Loaded, ...]:
        """List the models in memory.

        Raises:
            BackendError: nothing or another program answers.
        """
        return await self._server.document("/api/ps", read=ollama_models.loaded)

    async def installed(self) -> list[Installed]:
        """List the server's models, each with the reason why it cannot be used here, if there is one.

        Raises:
            BackendError: nothing or another program answers.
        """
        turns = asyncio.Semaphore(_SHOWS_AT_ONCE)
        end = asyncio.get_running_loop().time() + _SHOWS_SECONDS

        async def look(info: ModelInfo, entry: Mapping[str, object]) -> Installed | None:
            try:
                self._locality.check_name(info.name)
                self._locality.check_entry(entry, model=info.name)
                async with turns:
                    if asyncio.get_running_loop().time() > end:
                        return Installed(info=info)
                    known = await self._look_at(info.name)
            except RemoteRefusedError as refusal:
                return Installed(info=info, why_not=refusal.message, refusal=refusal)
            except ModelNotFoundError:
                return None  # removed in between
            why_not = "" if known.answers else "It makes embeddings only."
            return Installed(
                info=ollama_models.with_facts(info, known), why_not=why_not, cache_per_token=known.shape.cache_per_token
            )

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
        bare = _bare(model, listed)
        self._locality.check_name(bare)
        for info, entry in listed:
            if full_name(info.name) == full_name(bare):
                self._locality.check_entry(entry, model=model)
        try:
            return await self._look_at(model, bare=bare)
        except ModelNotFoundError:
            raise ollama_errors.model_not_found(model, installed=[info.name for info, _ in listed]) from None

    async def card(self, model: str) -> ModelCard:
        """Describe a model in full.

        Raises:
            RemoteRefusedError: it runs elsewhere, and is not allowed.
            ModelNotFoundError: the server does not have it.
            BackendError: nothing or another program answers.
        """
        facts = await self.facts(model)
        listed = await self._tags()
        bare = full_name(_bare(model, listed))
        info = next((info for info, _ in listed if full_name(info.name) == bare), None)
        if info is None:
            raise ollama_errors.model_not_found(model, installed=[each.name for each, _ in listed])
        document = await self._server.document(
            "/api/show", {"model": facts.name}, read=ollama_models.shown, model=model
        )
        return ollama_models.card(document, info=ollama_models.with_facts(info, facts))

    async def unload(self, model: str) -> None:
        """Let a model leave the server's memory, once nobody uses it; wait for that a little while.

        Raises:
            BackendError: nothing or another program answers.
        """
        name = (await self.facts(model)).name
        await self._server.ask("/api/generate", {"model": name, "keep_alive": 0})
        end = asyncio.get_running_loop().time() + _UNLOAD_SECONDS
        while asyncio.get_running_loop().time() < end:
            if full_name(model) not in (full_name(each.name) for each in await self.loaded()):
                return
            await asyncio.sleep(_UNLOAD_PAUSE)

    async def delete(self, model: str) -> None:
        """Remove a model from the server.

        Raises:
            ModelNotFoundError: the server does not have it.
            BackendError: nothing or another program answers.
        """
        listed = await self._tags()
        name = _bare(model, listed)
        status, content = await self._server.ask("/api/delete", {"model": name}, method="DELETE")
        self.forget(model)
        if status == 404 and ollama_errors.error_text(content) is not None:
            raise ollama_errors.model_not_found(model, installed=[info.name for info, _ in listed])
        if status != 200:
            raise ollama_errors.from_status(status, content, url=self._server.url, path="/api/delete", model=model)

    def forget(self, model: str) -> None:
        """Drop what is known of a model that was exchanged or removed."""
        for known in [name for name in self._known if full_name(name) == full_name(model)]:
            del self._known[known]

    async def _tags(self) -> list[tuple[ModelInfo, dict[str, object]]]:
        def read(document: Mapping[str, object]) -> list[tuple[ModelInfo, dict[str, object]]] | None:
            return ollama_models.listed(document, host=self._server.url)

        return await self._server.document("/api/tags", read=read)

    async def _look_at(self, model: str, *, bare: str = "") -> ModelFacts:
        """Ask for a model as one of this machine, and by its plain name where the server does not know that form."""
        if model not in self._known:
            plain = bare or model
            # With its tag: an older server would take a bare `name:local` for another model of that tag.
            sure = full_name(plain, fold=False) + LOCAL
            names = (plain,) if self._locality.allows_model(model) else (sure, plain)
            self._known[model] = await self._first(names, model=model)
        return self._known[model]

    async def _first(self, names: tuple[str, ...], *, model: str) -> ModelFacts:
        """Give the facts by the first name that the server knows."""
        *others, last = names
        for name in others:
            status, content = await self._server.ask("/api/show", {"model": name})
            if status == 200 and (document := ollama_models.shown(json_object(content) or {})) is not None:
                return self._checked(document, name=name, model=model)
        document = await self._server.document("/api/show", {"model": last}, read=ollama_models.shown, model=model)
        return self._checked(document, name=last, model=model)

    def _checked(self, document: Mapping[str, object], *, name: str, model: str) -> ModelFacts:
        self._locality.check_entry(document, model=model)
        return replace(ollama_models.facts(document), name=name)


def _bare(model: str, listed: list[tuple[ModelInfo, dict[str, object]]]) -> str:
    """Give the name without `:local`, unless a model of an older server really has that tag."""
    if not model.casefold().endswith(LOCAL) or any(full_name(info.name) == full_name(model) for info, _ in listed):
        return model
    return model[: -len(LOCAL)]
