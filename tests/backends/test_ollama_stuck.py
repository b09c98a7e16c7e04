"""A model that answers nobody any more: a server can lose a slot when the connection of a reply is closed."""

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from prentice.backends.call import complete
from prentice.backends.ollama.backend import OllamaBackend
from prentice.backends.protocol import Message, Reply, Request
from prentice.errors import TimedOutError

if TYPE_CHECKING:
    from backends.conftest import Answer, Loopback

CHAT = "/api/chat"
UNLOAD = "/api/generate"


def asking(*, deadline: float = 20.0) -> Request:
    return Request(purpose="test", model="tiny", messages=(Message(role="user", content="Hi"),), deadline=deadline)


def silence(ollama: "Loopback") -> "Answer":
    return type(ollama.whole(""))((), "hang")


def whole(ollama: "Loopback") -> "Answer":
    return ollama.stream(ollama.piece("Hello"), ollama.done())


def cut(ollama: "Loopback") -> "Answer":
    return ollama.stream(ollama.piece("Hel"), then="hang")


async def leave(backend: OllamaBackend) -> None:
    """Take the first piece of a reply and close the stream."""
    async with aclosing(backend.stream(asking())) as items:
        await anext(items)


async def run_out(backend: OllamaBackend, *, deadline: float = 0.3) -> None:
    with pytest.raises(TimedOutError):
        await complete(backend, asking(deadline=deadline))


def paths(ollama: "Loopback") -> list[str]:
    return [item.path for item in ollama.asked if item.path in (CHAT, UNLOAD, "/api/ps")]


@pytest.fixture
def stuck(ollama: "Loopback") -> "Loopback":
    ollama.says(UNLOAD, {"done": True, "done_reason": "unload"})
    ollama.play(CHAT, cut(ollama), silence(ollama), whole(ollama))
    return ollama


def test_a_model_that_got_stuck_is_unloaded_before_the_next_request(stuck: "Loopback") -> None:
    loaded = {"models": [{"name": "tiny:latest", "size": 5, "digest": "d1"}]}
    stuck.play("/api/ps", stuck.whole(loaded), stuck.whole({"models": []}))

    async def story() -> Reply:
        async with OllamaBackend(stuck.url) as backend:
            await leave(backend)
            await run_out(backend)
            return await complete(backend, asking())

    assert asyncio.run(story()).text == "Hello"
    assert paths(stuck) == [CHAT, CHAT, UNLOAD, "/api/ps", "/api/ps", CHAT]
    [body] = stuck.bodies(UNLOAD)
    assert body == {"model": "tiny:latest:local", "keep_alive": 0}


def test_it_is_unloaded_once(stuck: "Loopback") -> None:
    async def story() -> None:
        async with OllamaBackend(stuck.url) as backend:
            await leave(backend)
            await run_out(backend)
            for _ in range(3):
                await complete(backend, asking())

    asyncio.run(story())
    assert paths(stuck).count(UNLOAD) == 1


def test_every_backend_of_the_server_knows_it(stuck: "Loopback") -> None:
    async def story() -> None:
        async with OllamaBackend(stuck.url) as one, OllamaBackend(stuck.url) as two:
            await leave(one)
            await run_out(one)
            await complete(two, asking())

    asyncio.run(story())
    assert UNLOAD in paths(stuck)


def test_a_model_that_is_slow_and_was_never_left_is_not_unloaded(ollama: "Loopback") -> None:
    ollama.play(CHAT, silence(ollama), silence(ollama), whole(ollama))

    async def story() -> None:
        async with OllamaBackend(ollama.url) as backend:
            await run_out(backend)
            await run_out(backend)
            await complete(backend, asking())

    asyncio.run(story())
    assert UNLOAD not in paths(ollama)


def test_a_model_that_answered_since_is_not_unloaded(ollama: "Loopback") -> None:
    ollama.play(CHAT, cut(ollama), whole(ollama), silence(ollama), whole(ollama))

    async def story() -> None:
        async with OllamaBackend(ollama.url) as backend:
            await leave(backend)
            await complete(backend, asking())
            await run_out(backend)
            await complete(backend, asking())

    asyncio.run(story())
    assert UNLOAD not in paths(ollama)


def test_who_is_cancelled_long_before_the_deadline_proves_nothing(stuck: "Loopback") -> None:
    async def story() -> None:
        async with OllamaBackend(stuck.url) as backend:
            await leave(backend)
            waiting = asyncio.create_task(complete(backend, asking()))
            for _ in range(500):
                if paths(stuck).count(CHAT) == 2:
                    break
                await asyncio.sleep(0.01)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await complete(backend, asking())

    asyncio.run(story())
    assert UNLOAD not in paths(stuck)
