"""Which model of a server a request means, what is known of it, and whether it runs where it may."""

from urllib.parse import urlsplit

from prentice.backends.locality import Locality
from prentice.backends.openai import errors
from prentice.backends.openai.catalogue import Catalogue, Facts
from prentice.backends.openai.server import LOADED_MODEL, OpenAIServer
from prentice.backends.protocol import ModelInfo
from prentice.errors import RemoteRefusedError


class Models:
    """The models of one server; its list is read once, and again where a name is not in it."""

    def __init__(self, server: OpenAIServer, *, locality: Locality) -> None:
        self._server, self._locality = server, locality
        self._catalogue: Catalogue | None = None

    async def listed(self) -> list[Facts]:
        """List the models that run where they may, with what is known of each.

        Raises:
            BackendError: nothing or another program answers, or it wants another key.
        """
        self._catalogue = await self._server.catalogue()
        return [known for known in self._catalogue.models if self._refusal(known, known.info.name) is None]

    async def facts(self, model: str) -> Facts:
        """Look a model up; an empty name means the server's only one.

        Raises:
            ModelNotFoundError: the server does not list it, or lists several and none was named.
            RemoteRefusedError: it runs elsewhere, and is not allowed.
            BackendError: nothing or another program answers, or it wants another key.
        """
        known = self._catalogue.find(model) if self._catalogue is not None and model else None
        if known is None:
            self._catalogue = await self._server.catalogue()
            known = self._found(self._catalogue, model)
        if refusal := self._refusal(known, model or known.info.name):
            raise refusal
        return known

    def check_place(self, place: str, *, model: str) -> None:
        """Let a place pass to which the server sends a model's requests, an address or the name of a provider.

        Raises:
            RemoteRefusedError: it is not on this machine and not listed, and the model is not allowed by name.
        """
        if not place or not self._server.is_here or self._locality.allows_model(model):
            return
        parts = urlsplit(place if "://" in place else f"//{place}")
        try:
            self._locality.check_host(parts.hostname or place, port=parts.port)
        except (RemoteRefusedError, ValueError):
            raise errors.forwarded(model, where=place) from None

    def _found(self, catalogue: Catalogue, model: str) -> Facts:
        if not catalogue.models and model in {"", LOADED_MODEL}:
            return Facts(info=ModelInfo(name=LOADED_MODEL, backend="openai", host=self._server.url))
        if not model:
            if len(catalogue.models) > 1:
                raise errors.unnamed_model(catalogue.names, url=self._server.url)
            return catalogue.models[0]
        known = catalogue.find(model)
        if known is None:
            raise errors.model_not_found(model, listed=catalogue.names, url=self._server.url)
        return known

    def _refusal(self, known: Facts, model: str) -> RemoteRefusedError | None:
        """Give the error for a model that a server on this machine sends elsewhere, unless the user allowed it."""
        if not self._server.is_here:
            return None
        try:
            self._locality.check_name(model)
            self.check_place(known.forwarded_to, model=model)
        except RemoteRefusedError as refusal:
            return refusal
        return None
