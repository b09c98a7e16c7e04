"""Other seeds for the same questions, and everything else as the backend has it."""

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from prentice.backends.parallel import SharesTurns, gather, turns_of
from prentice.backends.protocol import Message, ModelInfo, Piece, Reply, Request, Sampling
from prentice.backends.turns import Turns
from prentice.evals.seeded import seeded


class Told:
    """A backend that answers with the seed that it was asked with."""

    name = "told"
    url = "http://127.0.0.1:1"

    async def models(self) -> list[ModelInfo]:
        return [ModelInfo(name="one", backend=self.name)]

    async def stream(self, request: Request) -> AsyncIterator[Piece | Reply]:
        yield Reply(text=str(request.sampling.seed), backend=self.name, model="one")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class Sharing(Told):
    """The same, which shares out turns by itself."""

    def __init__(self) -> None:
        self.turns = Turns(2)


def asked(*seeds: int | None) -> list[Request]:
    message = Message(role="user", content="?")
    return [Request(purpose="test", messages=(message,), sampling=Sampling(seed=seed)) for seed in seeds]


def test_seeds_are_moved_far_enough_that_no_two_evaluations_share_one() -> None:
    async def texts(seed: int) -> list[str]:
        return [reply.text for reply in await gather(seeded(Told(), seed=seed), asked(1, 2, 33, None))]

    assert asyncio.run(texts(0)) == ["1", "2", "33", "None"]
    assert asyncio.run(texts(1)) == ["1001", "1002", "1033", "1000"]
    assert asyncio.run(texts(2)) == ["2001", "2002", "2033", "2000"]


def test_the_rest_is_the_backends_own() -> None:
    async def check() -> None:
        inner = Sharing()
        outer = seeded(inner, seed=4)
        assert (outer.name, getattr(outer, "url", "")) == ("told", inner.url)
        assert await outer.models() == await inner.models()
        assert turns_of(outer) is inner.turns
        assert not isinstance(seeded(Told(), seed=4), SharesTurns)
        assert seeded(inner, seed=0) is inner

    asyncio.run(check())
