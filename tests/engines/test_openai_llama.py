"""The OpenAI backend on llama.cpp's own server: the behaviour that all backends share, and what is this server's."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from types import TracebackType
from typing import Self

import pytest
from pydantic import BaseModel

from engines.backend_behaviour import CASES, TRAINED_WINDOW, Served, collect, unfit
from engines.model_files import ModelFiles
from engines.openai_process import in_ascii, llama_server
from prentice.backends.asking import ask
from prentice.backends.openai.backend import OpenAIBackend
from prentice.backends.openai.dialects import ENFORCED
from prentice.backends.openai.findings import FindingsInMemory
from prentice.backends.protocol import Message, ModelInfo, Piece, Reply, Request
from prentice.errors import ModelUnsupportedError, PromptTooLongError

pytestmark = pytest.mark.engine
pytest.importorskip("xllamacpp", reason="llama.cpp's server comes with xllamacpp: run `uv sync --group engines`")

TRAINED, RANDOM = "tiny-trained", "tiny-random"


class Both:
    """Two servers behind one backend: a llama-server has one model."""

    name = "openai"

    def __init__(self, urls: dict[str, str]) -> None:
        self.backends = {model: OpenAIBackend(url) for model, url in urls.items()}

    async def models(self) -> list[ModelInfo]:
        return [info for backend in self.backends.values() for info in await backend.models()]

    def stream(self, request: Request) -> AsyncGenerator[Piece | Reply]:
        return self.backends.get(request.model, self.backends[RANDOM]).stream(request)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async with AsyncExitStack() as stack:
            for backend in self.backends.values():
                await stack.enter_async_context(backend)


@pytest.fixture(scope="module")
def urls(tiny_models: ModelFiles, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    directory = tmp_path_factory.mktemp("llama")
    random = in_ascii(tiny_models.random, directory=directory)
    with (
        llama_server(tiny_models.trained, name=TRAINED, window=TRAINED_WINDOW, slots=4, directory=directory) as trained,
        llama_server(random, name=RANDOM, window=TRAINED_WINDOW, slots=4, directory=directory) as drawn,
    ):
        yield {TRAINED: trained, RANDOM: drawn}


@pytest.fixture
def served(urls: dict[str, str], held_out_tasks: list[str]) -> Served:
    return Served(opened=lambda: Both(urls), name="openai", trained=TRAINED, random=RANDOM, tasks=held_out_tasks)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_on_llama_server(case: Callable[[Served], None], served: Served) -> None:
    case(served)


def test_the_model_is_listed_with_its_window_and_size(urls: dict[str, str]) -> None:
    async def listed() -> list[ModelInfo]:
        async with OpenAIBackend(urls[TRAINED]) as backend:
            return await backend.models()

    [info] = asyncio.run(listed())
    assert (info.name, info.backend, info.context) == (TRAINED, "openai", TRAINED_WINDOW)
    assert info.size_bytes is not None
    assert 2_000_000 < info.size_bytes < 4_000_000


def test_the_probe_finds_by_content_that_it_holds_the_schema(served: Served, urls: dict[str, str]) -> None:
    noted: list[tuple[str, str, str]] = []

    class Noting(FindingsInMemory):
        def remember(self, host: str, model: str, finding: str) -> None:
            noted.append((host, model, finding))
            super().remember(host, model, finding)

    findings = Noting()

    async def once() -> Reply:
        async with OpenAIBackend(urls[RANDOM], findings=findings) as backend:
            _, reply = await collect(backend, served.plan(model=RANDOM, most=3))
            return reply

    reply = asyncio.run(once())
    assert not reply.schema_in_prompt
    [(host, model, finding)] = noted
    assert host.startswith(f"{urls[RANDOM]}/v1")  # the server's version follows
    assert (model, finding) == (RANDOM, ENFORCED[0])


class City(BaseModel):
    name: str
    people: int


def test_any_weights_give_a_value_of_a_type(urls: dict[str, str]) -> None:
    request = Request(purpose="test", messages=(Message(role="user", content="A city"),), max_tokens=1500)

    async def asked() -> City:
        async with OpenAIBackend(urls[RANDOM]) as backend:
            return await ask(backend, request, City)

    assert isinstance(asyncio.run(asked()), City)


def test_its_second_form_is_enforced_too(served: Served, urls: dict[str, str]) -> None:
    findings = FindingsInMemory()
    findings.remember(f"{urls[RANDOM]}/v1", RANDOM, "json_object")

    async def once() -> Reply:
        async with OpenAIBackend(urls[RANDOM], findings=findings) as backend:
            _, reply = await collect(backend, request)
            return reply

    request = served.plan(model=RANDOM, most=3)
    assert unfit(asyncio.run(once()), request) == []


def test_a_schema_that_it_cannot_compile_is_told(served: Served, urls: dict[str, str]) -> None:
    broken = replace(served.short(), schema={"type": "frob"})
    with pytest.raises(ModelUnsupportedError, match="form of the answer"):
        Served(
            opened=lambda: OpenAIBackend(urls[RANDOM]), name="openai", trained=TRAINED, random=RANDOM, tasks=[]
        ).reply(broken)


def test_a_prompt_that_passes_the_servers_window_is_refused(served: Served) -> None:
    long = Message(role="user", content="many words " * 9000)
    with pytest.raises(PromptTooLongError) as caught:
        served.reply(replace(served.short(), messages=(long,), context_tokens=None))
    assert caught.value.details["window"] == TRAINED_WINDOW


def test_a_prompt_that_was_estimated_too_small_is_refused_by_the_server_with_its_count(served: Served) -> None:
    dense = "".join(f"{number % 10} " for number in range(24_000))  # about a token for each two bytes
    request = replace(served.short(), messages=(Message(role="user", content=dense),), context_tokens=None)
    with pytest.raises(PromptTooLongError) as caught:
        served.reply(request)
    tokens = caught.value.details["prompt_tokens"]
    assert isinstance(tokens, int)
    assert tokens > TRAINED_WINDOW


def test_a_prompt_seen_before_is_counted_as_cached(served: Served) -> None:
    requests = [replace(served.plan(), schema=None, max_tokens=4)] * 2
    _, second = (reply for _, reply in served.replies(*requests))
    assert second.cached_tokens
    assert second.cached_tokens > second.prompt_tokens / 2
