"""A backend with other seeds: the same questions drawn anew, so that an evaluation is repeated as another sample."""

from collections.abc import AsyncIterator
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

from prentice.backends.parallel import SharesTurns, turns_of
from prentice.backends.protocol import Backend, ModelInfo, Piece, Reply, Request
from prentice.backends.turns import Turns

_STRIDE: Final = 1_000
"""More than the seeds that one piece of work uses, so that no two evaluations share one."""


def seeded(backend: Backend, *, seed: int) -> Backend:
    """Give a backend whose seeds are moved; with the seed 0 the backend itself."""
    if not seed:
        return backend
    return SeededSharing(backend, seed=seed) if isinstance(backend, SharesTurns) else Seeded(backend, seed=seed)


class Seeded:
    """Another backend, with `seed` moving the seeds of all requests."""

    def __init__(self, inner: Backend, *, seed: int) -> None:
        self._inner = inner
        self._seed = seed

    @property
    def name(self) -> str:
        """The other's name."""
        return self._inner.name

    @property
    def url(self) -> str:
        """Where the other's server is, where it has one."""
        return str(getattr(self._inner, "url", ""))

    async def models(self) -> list[ModelInfo]:
        """List what the other serves.

        Raises:
            BackendError: it is absent or answers nonsense.
        """
        return await self._inner.models()

    def stream(self, request: Request) -> AsyncIterator[Piece | Reply]:
        """Let the other answer.

        Raises:
            BackendError: one class per way to fail.
        """
        seed = (request.sampling.seed or 0) + self._seed * _STRIDE
        return self._inner.stream(replace(request, sampling=replace(request.sampling, seed=seed)))

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._inner.__aexit__(kind, error, trace)


class SeededSharing(Seeded):
    """The same for a backend that shares out turns by itself: they are that one's turns."""

    @property
    def turns(self) -> Turns:
        """The other's turns."""
        return turns_of(self._inner)
