"""What a real Ollama tells and does beside its replies: status, models, creation, embeddings, guards on locality."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import httpx2
import pytest

from prentice.backends.ollama.backend import OllamaBackend
from prentice.backends.ollama.catalogue import Running
from prentice.backends.progress import Progress
from prentice.backends.protocol import Message, Reply, Request, Sampling
from prentice.errors import ModelNotFoundError, RemoteRefusedError, StreamError

if TYPE_CHECKING:
    from engines.conftest import Ollama
    from engines.model_files import ModelFiles

pytestmark = pytest.mark.engine

T = TypeVar("T")

TEMPLATE = "{{ range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n"


def asked(ollama: "Ollama", what: Callable[[OllamaBackend], Awaitable[T]]) -> T:
    async def ask() -> T:
        async with OllamaBackend(ollama.url) as backend:
            return await what(backend)

    return asyncio.run(ask())


def asking(model: str) -> Request:
    return Request(
        purpose="test",
        model=model,
        messages=(Message(role="user", content="Break down this task"),),
        sampling=Sampling(temperature=0.7, seed=1),
        max_tokens=16,
        deadline=60.0,
    )


async def chatted(backend: OllamaBackend, model: str) -> Reply:
    *_, reply = [item async for item in backend.stream(asking(model))]
    assert isinstance(reply, Reply)
    return reply


async def created(backend: OllamaBackend, name: str, source: Path) -> list[Progress]:
    made = backend.create(name, source, template=TEMPLATE, parameters={"stop": ["<|im_end|>"], "num_thread": 1})
    return [item async for item in made]


def test_the_status_tells_version_models_in_memory_and_the_switched_off_cloud(ollama: "Ollama") -> None:
    async def ask(backend: OllamaBackend) -> object:
        await chatted(backend, ollama.trained)
        return await backend.status()

    found = asked(ollama, ask)
    assert isinstance(found, Running)
    assert (found.version, found.cloud) == (ollama.version, False)
    loaded = next(item for item in found.loaded if item.name == ollama.trained)
    assert loaded.size_bytes > 2_000_000
    assert loaded.context == 4096
    assert loaded.expires


def test_a_model_is_shown_with_its_template_and_parameters(ollama: "Ollama") -> None:
    card = asked(ollama, lambda backend: backend.show(ollama.trained))
    assert (card.engine, card.info.family, card.info.context) == ("gguf", "qwen2", 16_384)
    assert "im_start" in card.template
    assert any(line.startswith("stop") for line in card.parameters)
    assert card.cache_per_token == 3 * 2 * (32 + 32) * 2  # three layers, two heads of 32


def test_a_model_is_made_of_a_file_answers_and_is_removed(ollama: "Ollama", tiny_models: "ModelFiles") -> None:
    async def story(backend: OllamaBackend) -> None:
        made = await created(backend, "tiny-made", tiny_models.trained)
        assert made[-1].phase == "done"
        again = await created(backend, "tiny-made", tiny_models.trained)
        assert "upload" not in {item.phase for item in again}
        assert (await chatted(backend, "tiny-made")).reply_tokens > 0
        await backend.delete("tiny-made")
        with pytest.raises(ModelNotFoundError):
            await backend.delete("tiny-made")
        assert "tiny-made:latest" not in {info.name for info in await backend.models()}

    asked(ollama, story)


def test_a_model_file_that_the_server_lacks_is_sent(
    ollama: "Ollama", tiny_models: "ModelFiles", tmp_path: Path
) -> None:
    content = bytearray(tiny_models.random.read_bytes())
    content[-1] ^= 1  # another digest, and as good a model
    source = tmp_path / "other.gguf"
    source.write_bytes(content)

    async def story(backend: OllamaBackend) -> None:
        made = await created(backend, "tiny-sent", source)
        assert any(item.phase == "upload" and item.total == len(content) for item in made)
        assert made[-1].done == len(content)
        await chatted(backend, "tiny-sent")
        await backend.delete("tiny-sent")

    asked(ollama, story)


def test_files_that_are_no_model_for_the_server_are_an_error_that_names_it(ollama: "Ollama", tmp_path: Path) -> None:
    for name in ("model.safetensors", "config.json", "tokenizer.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(StreamError) as caught:
        asked(ollama, lambda backend: created(backend, "tiny-broken", tmp_path))
    assert "tiny-broken" in caught.value.message


def test_texts_become_vectors_of_one_length_and_equal_texts_equal_ones(ollama: "Ollama") -> None:
    found = asked(ollama, lambda backend: backend.embed(ollama.trained, ["a task", "another task", "a task"]))
    first, second, third = found.vectors
    assert len(first) == len(second) == 128
    assert first == pytest.approx(third, abs=1e-5)
    assert first != pytest.approx(second, abs=1e-3)
    assert found.prompt_tokens


def test_an_alias_with_an_innocent_name_is_refused_by_its_name_and_the_server_knows_no_local_one(
    ollama: "Ollama",
) -> None:
    """The server forwards nothing here, since its cloud is switched off; the alias leads to a port of nobody."""
    name = "innocent:7b"
    with httpx2.Client(base_url=ollama.url, timeout=20.0, trust_env=False) as client:
        body = {"model": name, "from": "big", "remote_host": "http://127.0.0.1:1", "stream": False}
        client.post("/api/create", json=body).raise_for_status()
        try:
            with pytest.raises(RemoteRefusedError, match=name) as caught:
                asked(ollama, lambda backend: chatted(backend, name))
            assert f'allowed_remote_models = ["{name}"]' in caught.value.next_step
            with pytest.raises(RemoteRefusedError):
                asked(ollama, lambda backend: chatted(backend, f"{name}:local"))
            # 404 where the cloud is on; with the switch off nothing is told of such models at all.
            assert client.post("/api/show", json={"model": f"{name}:local"}).status_code in {403, 404}
            assert client.post("/api/show", json={"model": f"{ollama.trained}:local"}).status_code == 200
            listed = {item.info.name: item for item in asked(ollama, lambda backend: backend.installed())}
            assert "forwards" in listed[name].why_not
        finally:
            asked(ollama, lambda backend: backend.delete(name))


def test_a_local_model_may_be_named_as_local(ollama: "Ollama") -> None:
    reply = asked(ollama, lambda backend: chatted(backend, f"{ollama.trained}:local"))
    assert reply.reply_tokens > 0
