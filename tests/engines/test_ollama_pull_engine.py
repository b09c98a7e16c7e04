"""Downloads by a real Ollama from a registry on loopback: whole, interrupted and gone on with, damaged, unknown."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from engines.registry import Registry, serving
from prentice.backends.ollama.backend import OllamaBackend
from prentice.backends.progress import Progress
from prentice.backends.protocol import Message, Reply, Request
from prentice.errors import BackendUnreachableError, ModelNotFoundError, StreamError

if TYPE_CHECKING:
    from engines.conftest import Ollama
    from engines.model_files import ModelFiles

pytestmark = pytest.mark.engine

TEMPLATE = "{{ range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n"
SENT_FIRST = 1_000_000
"""Bytes of the weights that come before a download is interrupted."""


@pytest.fixture
def registry(ollama: "Ollama", tiny_models: "ModelFiles") -> Iterator[Registry]:
    """A registry with a model that the server has not: the trained one, and a byte at its end."""
    with serving(tiny_models.trained, template=TEMPLATE) as found:
        found.layers["model"] += found.server_port.to_bytes(4, "big")
        yield found

        async def clean() -> None:
            async with OllamaBackend(ollama.url) as backend:
                for info in await backend.models():
                    if info.name.startswith(found.model):
                        await backend.delete(info.name)

        asyncio.run(clean())


async def pulled(backend: OllamaBackend, model: str) -> list[Progress]:
    return [item async for item in backend.pull(model, insecure=True)]


def test_a_model_is_downloaded_checked_and_answers(ollama: "Ollama", registry: Registry) -> None:
    async def ask() -> tuple[list[Progress], Reply]:
        async with OllamaBackend(ollama.url) as backend:
            found = await pulled(backend, registry.model)
            request = Request(
                purpose="test", model=registry.model, messages=(Message(role="user", content="Hi"),), max_tokens=8
            )
            *_, reply = [item async for item in backend.stream(request)]
            assert isinstance(reply, Reply)
            return found, reply

    found, reply = asyncio.run(ask())
    phases = list(dict.fromkeys(item.phase for item in found))
    assert phases[0] == "manifest"
    assert phases[-3:] == ["verify", "write", "done"]
    size = sum(len(item) for item in (*registry.layers.values(), registry.config))
    assert found[-1].total in {0, size}  # a download that is over at once is not reported part by part
    assert reply.reply_tokens > 0


def test_an_interrupted_download_goes_on_where_it_stopped(ollama: "Ollama", registry: Registry) -> None:
    registry.open_after = SENT_FIRST

    async def story() -> tuple[Progress, list[Progress]]:
        async with OllamaBackend(ollama.url) as backend:
            async with aclosing(backend.pull(registry.model, insecure=True)) as items, asyncio.timeout(60.0):
                async for item in items:
                    if item.done >= SENT_FIRST:
                        break
            assert await asyncio.to_thread(registry.left.wait, 30.0)
            registry.open()
            return item, await pulled(backend, registry.model)

    stopped, found = asyncio.run(story())
    assert stopped.phase == "download"
    assert SENT_FIRST <= stopped.done < stopped.total
    assert found[-1].phase == "done"
    assert registry.starts[0] == 0
    assert registry.starts[-1] >= SENT_FIRST
    assert len(registry.starts) == 2


def test_a_download_that_was_damaged_is_an_error_and_the_next_one_is_whole(
    ollama: "Ollama", registry: Registry
) -> None:
    registry.damaged = True

    async def story() -> list[Progress]:
        async with OllamaBackend(ollama.url) as backend:
            with pytest.raises(StreamError, match="damaged"):
                await pulled(backend, registry.model)
            registry.damaged = False
            return await pulled(backend, registry.model)

    assert asyncio.run(story())[-1].phase == "done"


def test_a_model_that_the_registry_has_not_is_told_by_name(ollama: "Ollama", registry: Registry) -> None:
    async def ask() -> None:
        async with OllamaBackend(ollama.url) as backend:
            await pulled(backend, registry.model.replace("tiny", "other"))

    with pytest.raises(ModelNotFoundError, match="library/other"):
        asyncio.run(ask())


def test_a_registry_that_is_not_there_is_told_as_such(ollama: "Ollama") -> None:
    async def ask() -> None:
        async with OllamaBackend(ollama.url) as backend:
            await pulled(backend, "127.0.0.1:1/library/tiny")

    with pytest.raises(BackendUnreachableError, match="registry"):
        asyncio.run(ask())


def test_a_registry_without_encryption_needs_leave(ollama: "Ollama", registry: Registry) -> None:
    async def ask() -> None:
        async with OllamaBackend(ollama.url) as backend:
            async for _ in backend.pull(registry.model):
                pass

    with pytest.raises(StreamError) as caught:
        asyncio.run(ask())
    assert "--insecure" in caught.value.next_step
