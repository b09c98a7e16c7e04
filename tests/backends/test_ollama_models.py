import asyncio
from typing import TYPE_CHECKING

import pytest

from prentice.backends.ollama.backend import OllamaBackend
from prentice.backends.ollama.models import Installed
from prentice.backends.protocol import ModelInfo
from prentice.errors import WrongServerError

if TYPE_CHECKING:
    from backends.conftest import Loopback


def installed(url: str, *, allowed: tuple[str, ...] = ()) -> list[Installed]:
    async def ask() -> list[Installed]:
        async with OllamaBackend(url, allowed_remote_models=allowed) as backend:
            return await backend.installed()

    return asyncio.run(ask())


def models(url: str) -> list[ModelInfo]:
    async def ask() -> list[ModelInfo]:
        async with OllamaBackend(url) as backend:
            return await backend.models()

    return asyncio.run(ask())


def test_models_carry_size_quantization_window_and_capabilities(ollama: "Loopback") -> None:
    assert models(ollama.url) == [
        ModelInfo(
            name="tiny:latest", backend="ollama", host=ollama.url, size_bytes=1_000_000, quantization="Q4_K_M",
            context=32768, capabilities=("completion",), family="qwen2", digest="d1",
        )
    ]  # fmt: skip


def test_a_model_that_only_embeds_is_not_offered(ollama: "Loopback") -> None:
    ollama.says("/api/show", ollama.shown(capabilities=("embedding",)))
    assert models(ollama.url) == []
    assert "embeddings" in installed(ollama.url)[0].why_not


@pytest.mark.parametrize("name", ["kimi-k2:cloud", "gpt-oss:120b-cloud"])
def test_cloud_models_are_listed_with_the_reason_and_not_offered(ollama: "Loopback", name: str) -> None:
    ollama.says("/api/tags", {"models": [ollama.tag(name), ollama.tag()]})
    assert [info.name for info in models(ollama.url)] == ["tiny:latest"]
    assert "cloud" in installed(ollama.url)[0].why_not
    assert installed(ollama.url, allowed=(name,))[0].why_not == ""


def test_an_alias_of_a_cloud_model_with_an_innocent_name_is_not_offered(ollama: "Loopback") -> None:
    ollama.says("/api/show", ollama.shown(remote_host="https://ollama.com:443", remote_model="big"))
    assert models(ollama.url) == []
    assert "ollama.com" in installed(ollama.url)[0].why_not


def test_a_model_removed_while_it_is_looked_at_is_left_out(ollama: "Loopback") -> None:
    ollama.says("/api/show", {"error": "model 'tiny:latest' not found"}, status=404)
    assert installed(ollama.url) == []


def test_a_server_without_models_lists_none(ollama: "Loopback") -> None:
    nothings: tuple[object, ...] = ([], None)
    for nothing in nothings:
        ollama.says("/api/tags", {"models": nothing})
        assert models(ollama.url) == []


def test_the_version_proves_that_it_is_ollama(ollama: "Loopback") -> None:
    async def ask() -> str:
        async with OllamaBackend(ollama.url) as backend:
            return await backend.version()

    assert asyncio.run(ask()) == "0.24.0"
    for other in ('{"version": 3}', "<html>", "[]"):
        ollama.says("/api/version", other)
        with pytest.raises(WrongServerError):
            asyncio.run(ask())
