import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from prentice.backends.locality import Locality
from prentice.backends.ollama.backend import OllamaBackend
from prentice.backends.ollama.pulling import pull
from prentice.backends.ollama.server import OllamaServer
from prentice.backends.progress import Progress
from prentice.errors import (
    BackendError,
    BackendUnreachableError,
    ModelNotFoundError,
    ModelUnsupportedError,
    RemoteRefusedError,
    StreamError,
    TimedOutError,
    WrongServerError,
)

if TYPE_CHECKING:
    from backends.conftest import Loopback

PULL = "/api/pull"
WEIGHTS, TEMPLATE = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def part(digest: str, total: object, completed: object = None) -> dict[str, object]:
    document = {"status": f"pulling {digest[7:19]}", "digest": digest, "total": total, "completed": completed}
    return {key: value for key, value in document.items() if value is not None}


def pulled(url: str, model: str = "llama3.2", *, insecure: bool = False) -> list[Progress]:
    async def ask() -> list[Progress]:
        async with OllamaBackend(url) as backend:
            return [item async for item in backend.pull(model, insecure=insecure)]

    return asyncio.run(ask())


def failure(url: str) -> BackendError:
    with pytest.raises(BackendError) as caught:
        pulled(url)
    assert caught.value.next_step
    return caught.value


def test_a_download_tells_its_phases_and_the_bytes_of_all_parts_together(loopback: "Loopback") -> None:
    loopback.play(PULL, loopback.stream(
        {"status": "pulling manifest"},
        part(WEIGHTS, 1000),  # a zero is left out
        part(WEIGHTS, 1000, 400),
        part(WEIGHTS, 1000, 1000),
        part(TEMPLATE, 20, 20),
        {"status": "verifying sha256 digest"},
        {"status": "writing manifest"},
        {"status": "removing unused layers"},
        {"status": "success"},
    ))  # fmt: skip
    found = pulled(loopback.url, insecure=True)
    assert [(item.phase, item.done, item.total) for item in found] == [
        ("manifest", 0, 0),
        ("download", 0, 1000),
        ("download", 400, 1000),
        ("download", 1000, 1000),
        ("download", 1020, 1020),
        ("verify", 1020, 1020),
        ("write", 1020, 1020),
        ("clean", 1020, 1020),
        ("done", 1020, 1020),
    ]
    assert found[2].fraction == 0.4
    assert found[0].fraction is None
    assert found[-1].remaining == 0.0
    assert loopback.bodies(PULL) == [{"model": "llama3.2", "insecure": True, "stream": True}]


@pytest.mark.parametrize(
    ("says", "kind", "helps"),
    [
        ("pull model manifest: file does not exist", ModelNotFoundError, "ollama.com/search"),
        ('pull model manifest: Get "https://registry.ollama.ai/v2/": dial tcp: lookup registry.ollama.ai: no such host',
         BackendUnreachableError, "HTTPS_PROXY"),
        ("max retries exceeded: unexpected EOF", BackendUnreachableError, "goes on where it stopped"),
        ("digest mismatch, file must be downloaded again: want sha256:aa, got sha256:bb", StreamError, "again"),
        ("write /models/blobs/x-partial: no space left on device", StreamError, "OLLAMA_MODELS"),
        ("pull model manifest: 412: the model requires a newer version of Ollama", ModelUnsupportedError, "download"),
        ("insecure protocol http", StreamError, "llama3.2 --insecure"),
        ("pull model manifest: tls: first record does not look like a TLS handshake", StreamError, "--insecure"),
        ("something else", StreamError, "goes on where it stopped"),
    ],
)  # fmt: skip
def test_an_error_line_is_an_error_that_says_what_to_do(
    loopback: "Loopback", says: str, kind: type[BackendError], helps: str
) -> None:
    loopback.play(PULL, loopback.stream({"status": "pulling manifest"}, {"error": says}, {"status": "success"}))
    error = failure(loopback.url)
    assert type(error) is kind
    assert helps in error.next_step
    assert "llama3.2" in error.message


def test_an_error_by_status_is_the_same(loopback: "Loopback") -> None:
    loopback.says(PULL, {"error": "pull model manifest: file does not exist"}, status=500)
    assert isinstance(failure(loopback.url), ModelNotFoundError)


@pytest.mark.parametrize("whole", [True, False])
def test_a_stream_that_ends_before_success_is_no_download(loopback: "Loopback", whole: bool) -> None:  # noqa: FBT001 - a parameter of the test
    loopback.play(PULL, loopback.stream(part(WEIGHTS, 1000, 1000), {"status": "writing manifest"}, whole=whole))
    assert isinstance(failure(loopback.url), StreamError)


@pytest.mark.parametrize("line", [b"\xff\xfe\n", b"[]\n", b'{"progress": 5}\n', b'{"status": 5}\n', b"x" * 5_000_000])
def test_a_line_that_is_not_ollamas_is_an_error(loopback: "Loopback", line: bytes) -> None:
    loopback.play(PULL, loopback.stream({"status": "pulling manifest"}, line))
    assert isinstance(failure(loopback.url), WrongServerError | StreamError)


@pytest.mark.parametrize("odd", ["1", -5, 1e300, float("nan"), True, [1], 2**80])
def test_sizes_that_are_none_do_no_harm(loopback: "Loopback", odd: object) -> None:
    loopback.play(PULL, loopback.stream(part(WEIGHTS, odd, odd), part(TEMPLATE, 10, odd), {"status": "success"}))
    assert pulled(loopback.url)[-1].phase == "done"


def test_more_bytes_than_there_are_count_as_all(loopback: "Loopback") -> None:
    loopback.play(PULL, loopback.stream(part(WEIGHTS, 10, 500), {"status": "success"}))
    assert pulled(loopback.url)[-1].fraction == 1.0


def test_leaving_a_download_closes_the_connection(loopback: "Loopback") -> None:
    loopback.play(PULL, loopback.stream(part(WEIGHTS, 10, 5), then="hang"))

    async def leave() -> None:
        async with OllamaBackend(loopback.url) as backend:
            async with aclosing(backend.pull("llama3.2")) as items:
                await anext(items)
            assert await asyncio.to_thread(loopback.client_left.wait, 2.0)

    asyncio.run(leave())


@pytest.mark.parametrize("name", ["gpt-oss:120b-cloud", "kimi-k2:cloud", "x:7b:cloud"])
def test_a_cloud_model_is_not_pulled_unless_it_is_allowed(loopback: "Loopback", name: str) -> None:
    with pytest.raises(RemoteRefusedError, match=name):
        pulled(loopback.url, name)
    assert loopback.asked == []


@pytest.mark.parametrize(("documents", "limit"), [([part(WEIGHTS, 10, 5)] * 400, "still"), ([], "silent")])
def test_a_download_that_stands_still_is_given_up(loopback: "Loopback", documents: list[object], limit: str) -> None:
    loopback.play(PULL, loopback.stream({"status": "pulling manifest"}, *documents, then="hang"))
    still, silent = (0.0, 60.0) if limit == "still" else (60.0, 0.2)

    async def ask() -> None:
        server = OllamaServer(loopback.url, locality=Locality())
        try:
            async for _ in pull(server, "llama3.2", still=still, silent=silent):
                pass
        finally:
            await server.close()

    with pytest.raises(TimedOutError) as caught:
        asyncio.run(ask())
    assert "goes on where it stopped" in caught.value.next_step


def test_a_download_that_meets_the_end_of_an_earlier_one_is_ordered_again(loopback: "Loopback") -> None:
    ending = loopback.stream({"status": "pulling manifest"}, {"error": "context canceled"})
    loopback.play(PULL, ending, ending, loopback.stream({"status": "success"}))
    assert pulled(loopback.url)[-1].phase == "done"
    assert len(loopback.asked) == 3
    loopback.play(PULL, ending)
    assert isinstance(failure(loopback.url), StreamError)


def test_an_absent_server_is_told_as_ever(free_port: int) -> None:
    error = failure(f"http://127.0.0.1:{free_port}")
    assert isinstance(error, BackendUnreachableError)
    assert "ollama serve" in error.next_step
