"""A real Ollama's limits: how many requests it answers at once, and its queue."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from engines.backend_behaviour import ask_after_leaving
from engines.ollama_process import Server, find_binary, running
from prentice.backends.ollama.backend import OllamaBackend
from prentice.backends.parallel import gather
from prentice.backends.protocol import Message, Reply, Request, Sampling
from prentice.errors import StreamError

if TYPE_CHECKING:
    from engines.conftest import Ollama
    from engines.model_files import ModelFiles

pytestmark = pytest.mark.engine

MODEL = "tiny:latest"
LIST = {"type": "array", "items": {"type": "string", "minLength": 30, "maxLength": 40}, "minItems": 40, "maxItems": 45}
"""A schema that keeps any model busy for a thousand tokens: a second, far more than what a reply takes beside."""

ATTEMPTS = 6


def asking(model: str = MODEL, *, seed: int = 1, **more: Any) -> Request:
    values: dict[str, Any] = {
        "purpose": "test",
        "model": model,
        "messages": (Message(role="user", content="Break down this task"),),
        "sampling": Sampling(temperature=0.7, seed=seed),
        "max_tokens": 3000,
        "schema": LIST,
        "deadline": 120.0,
        "idle": 60.0,
    }
    return Request(**(values | more))


@contextmanager
def limited(tmp_path: Path, models: "ModelFiles", **settings: str) -> Iterator[Server]:
    binary = find_binary()
    assert binary is not None, "the other tests of this directory have found one"
    with running(binary, directory=tmp_path / "ollama", settings=settings) as server:
        server.create("tiny", gguf=models.random)
        yield server


def test_one_request_at_a_time_is_learned_from_a_server_with_one_slot(ollama: "Ollama") -> None:
    async def ask() -> tuple[list[Reply], int]:
        async with OllamaBackend(ollama.url) as backend:
            for _ in range(ATTEMPTS):  # a busy machine can hide for a while that requests wait for each other
                replies = await gather(backend, [asking(ollama.random, seed=seed) for seed in range(5)])
                if backend.turns.limit == 1:
                    break
            return replies, backend.turns.limit

    replies, limit = asyncio.run(ask())
    assert limit == 1
    assert all(isinstance(json.loads(reply.text), list) for reply in replies)
    assert len({reply.text for reply in replies}) == 5


@pytest.mark.usefixtures("ollama")
def test_a_server_with_four_slots_gets_more_than_two_requests_at_a_time(
    tmp_path: Path, tiny_models: "ModelFiles"
) -> None:
    with limited(tmp_path, tiny_models, OLLAMA_NUM_PARALLEL="4") as server:

        async def ask() -> tuple[int, int]:
            async with OllamaBackend(server.url) as backend:
                most = 0

                def count(place: int, piece: object) -> None:
                    nonlocal most
                    del place, piece
                    most = max(most, backend.turns.working)

                await gather(backend, [asking(seed=seed) for seed in range(12)], on_piece=count)
                return most, backend.turns.limit

        most, limit = asyncio.run(ask())
    assert most >= 3
    assert limit >= 3


@pytest.mark.usefixtures("ollama")
def test_a_queue_that_others_have_filled_delays_us_and_fails_nothing(tmp_path: Path, tiny_models: "ModelFiles") -> None:
    with limited(tmp_path, tiny_models, OLLAMA_NUM_PARALLEL="1", OLLAMA_MAX_QUEUE="1") as server:
        refused = asyncio.run(_until_refused(server))
    assert refused > 0


async def _until_refused(server: Server) -> int:
    """Ask while another program fills the queue of a model that is being loaded; give how often we were refused."""
    async with (
        httpx2.AsyncClient(base_url=server.url, timeout=60.0, trust_env=False) as other,
        OllamaBackend(server.url) as backend,
    ):
        for _ in range(ATTEMPTS):
            await other.post("/api/chat", json={"model": MODEL, "keep_alive": 0})
            before = server.log.read_bytes().count(b"| 503 |")
            full = asyncio.Event()
            theirs = [asyncio.create_task(_fill(other, full)) for _ in range(8)]
            async with asyncio.timeout(30.0):
                await full.wait()
            replies = await gather(backend, [asking(seed=seed, max_tokens=8, schema=None) for seed in range(2)])
            assert all(reply.reply_tokens for reply in replies)
            statuses = await asyncio.gather(*theirs)
            ours = server.log.read_bytes().count(b"| 503 |") - before - statuses.count(503)
            if ours > 0:
                return ours
    return 0


async def _fill(client: httpx2.AsyncClient, full: asyncio.Event) -> int:
    message = {"role": "user", "content": "Hi"}
    body = {"model": MODEL, "messages": [message], "stream": False, "options": {"num_predict": 4, "num_ctx": 4096}}
    response = await client.post("/api/chat", json=body)
    if response.status_code == 503:
        full.set()
    return response.status_code


def test_cancelling_a_group_frees_the_server_for_the_next(ollama: "Ollama") -> None:
    async def ask() -> Reply:
        async with OllamaBackend(ollama.url) as backend:
            began = asyncio.Event()
            endless = asking(ollama.random, schema=LIST | {"minItems": 400, "maxItems": 500}, max_tokens=12_000)
            group = asyncio.create_task(gather(backend, [endless] * 3, on_piece=lambda *_: began.set()))
            async with asyncio.timeout(60.0):
                await began.wait()
            group.cancel()
            with pytest.raises(asyncio.CancelledError):
                await group
            assert (backend.turns.working, backend.turns.waiting) == (0, 0)
            return await ask_after_leaving(backend, asking(ollama.random, max_tokens=4, schema=None))

    assert asyncio.run(ask()).reply_tokens == 4


def test_a_server_that_ends_in_the_middle_of_a_reply_is_an_error(tmp_path: Path, tiny_models: "ModelFiles") -> None:
    async def ask(server: Server) -> None:
        async with OllamaBackend(server.url) as backend:
            began = asyncio.Event()
            endless = asking(schema=LIST | {"minItems": 400, "maxItems": 500}, max_tokens=12_000)
            group = asyncio.create_task(gather(backend, [endless], on_piece=lambda *_: began.set()))
            async with asyncio.timeout(60.0):
                await began.wait()
            server.kill()
            await group

    with limited(tmp_path, tiny_models) as server, pytest.raises(StreamError):
        asyncio.run(ask(server))
