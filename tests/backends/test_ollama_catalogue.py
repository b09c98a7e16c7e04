import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from prentice.backends.ollama.backend import OllamaBackend
from prentice.backends.ollama.catalogue import NotRunning, Running
from prentice.backends.ollama.embedding import Embeddings
from prentice.backends.ollama.models import Loaded
from prentice.backends.protocol import Message, Request
from prentice.errors import (
    BackendError,
    BackendUnreachableError,
    ModelNotFoundError,
    ModelUnsupportedError,
    PromptTooLongError,
    RemoteRefusedError,
    TimedOutError,
    WrongServerError,
)

if TYPE_CHECKING:
    from backends.conftest import Loopback

T = TypeVar("T")

REMOTE = {"remote_host": "https://ollama.com:443", "remote_model": "big"}


def asked(url: str, what: Callable[[OllamaBackend], Awaitable[T]], **settings: Any) -> T:
    async def ask() -> T:
        async with OllamaBackend(url, **settings) as backend:
            return await what(backend)

    return asyncio.run(ask())


def chat(backend: OllamaBackend, model: str = "tiny") -> Awaitable[list[object]]:
    async def ask() -> list[object]:
        request = Request(purpose="test", model=model, messages=(Message(role="user", content="Hi"),), deadline=10.0)
        return [item async for item in backend.stream(request)]

    return ask()


def test_a_running_server_tells_version_models_in_memory_and_its_switch_for_the_cloud(ollama: "Loopback") -> None:
    entry = {"name": "tiny:latest", "size": 4000, "size_vram": 1000, "context_length": 8192, "digest": "d1",
             "expires_at": "2026-11-22T16:00:00Z"}  # fmt: skip
    ollama.says("/api/ps", {"models": [entry]})
    ollama.says("/api/status", {"cloud": {"disabled": True, "source": "env"}})
    found = asked(ollama.url, lambda backend: backend.status())
    loaded = Loaded(
        name="tiny:latest", size_bytes=4000, vram_bytes=1000, context=8192, digest="d1", expires="2026-11-22T16:00:00Z"
    )
    assert found == Running(url=ollama.url, version="0.24.0", loaded=(loaded,), cloud=False)
    assert loaded.on_cpu == 0.75


@pytest.mark.parametrize(
    ("answer", "status", "cloud"),
    [({"cloud": {"disabled": False}}, 200, True), ("404 page not found", 404, None), ({"cloud": 5}, 200, None),
     ({"cloud": {"disabled": "yes"}}, 200, None), ("[]", 200, None)],
)  # fmt: skip
def test_a_server_that_does_not_tell_of_its_switch_is_not_taken_to_be_local(
    ollama: "Loopback", answer: object, status: int, cloud: object
) -> None:
    ollama.says("/api/ps", {"models": None})
    ollama.says("/api/status", answer, status=status)
    found = asked(ollama.url, lambda backend: backend.status())
    assert isinstance(found, Running)
    assert (found.loaded, found.cloud) == ((), cloud)


def test_a_dead_host_costs_less_than_a_third_of_a_second(free_port: int) -> None:
    start = time.monotonic()
    found = asked(f"127.0.0.1:{free_port}", lambda backend: backend.status())
    assert time.monotonic() - start < 0.6  # the event loop and the client included
    assert isinstance(found, NotRunning)
    assert isinstance(found.error, BackendUnreachableError)


def test_a_server_that_accepts_and_never_answers_is_not_running(loopback: "Loopback") -> None:
    loopback.play("/api/version", type(loopback.whole(""))((), "hang"))
    found = asked(loopback.url, lambda backend: backend.status())
    assert isinstance(found, NotRunning)
    assert isinstance(found.error, TimedOutError)
    assert "ollama ps" in found.error.next_step


def test_another_program_and_a_host_elsewhere_are_not_running(loopback: "Loopback") -> None:
    loopback.says("/api/version", "<html>")
    for url, kind in ((loopback.url, WrongServerError), ("http://192.0.2.1:11434", RemoteRefusedError)):
        found = asked(url, lambda backend: backend.status())
        assert isinstance(found, NotRunning)
        assert isinstance(found.error, kind)


@pytest.mark.parametrize("body", ['{"models": 5}', "[]", "", '{"models": ["x"]}'])
def test_models_in_memory_of_another_shape_are_another_program(ollama: "Loopback", body: str) -> None:
    ollama.says("/api/ps", body)
    with pytest.raises(WrongServerError):
        asked(ollama.url, lambda backend: backend.loaded())


@pytest.mark.parametrize("odd", [None, "5", -1, float("nan"), True, 1e300])
def test_odd_sizes_of_models_in_memory_count_as_none(ollama: "Loopback", odd: object) -> None:
    ollama.says("/api/ps", {"models": [{"name": "a", "size": odd, "size_vram": odd, "context_length": odd}]})
    [loaded] = asked(ollama.url, lambda backend: backend.loaded())
    assert (loaded.size_bytes, loaded.vram_bytes, loaded.context, loaded.on_cpu) == (0, 0, None, 0.0)


def test_a_model_is_shown_with_all_that_is_known_of_it(ollama: "Loopback") -> None:
    details = {"family": "qwen2", "format": "gguf", "parameter_size": "0.5B", "quantization_level": "Q4_K_M"}
    more = {
        "template": "{{ .Prompt }}",
        "parameters": 'stop      "<|im_end|>"\nnum_ctx   8192\n',
        "license": "\nApache License\nVersion 2.0",
        "details": details,
    }
    ollama.says("/api/show", ollama.shown() | more)
    card = asked(ollama.url, lambda backend: backend.show("tiny"))
    assert (card.info.name, card.info.size_bytes, card.info.context) == ("tiny:latest", 1_000_000, 32768)
    assert (card.engine, card.parameter_size, card.license) == ("gguf", "0.5B", "Apache License")
    assert card.parameters == ('stop "<|im_end|>"', "num_ctx 8192")
    assert card.cache_per_token == 2 * 2 * (16 + 16) * 2
    ollama.says("/api/show", ollama.shown(license=["a"], parameters=5) | {"details": {"format": "safetensors"}})
    assert asked(ollama.url, lambda backend: backend.show("tiny:latest")).engine == "mlx"


def test_a_model_that_is_not_there_cannot_be_shown(ollama: "Loopback") -> None:
    ollama.says("/api/show", {"error": "model 'tiny2' not found"}, status=404)
    with pytest.raises(ModelNotFoundError):
        asked(ollama.url, lambda backend: backend.show("tiny2"))


def test_a_model_is_deleted_by_its_name(ollama: "Loopback") -> None:
    ollama.says("/api/delete", "")
    asked(ollama.url, lambda backend: backend.delete("tiny"))
    assert [(item.method, item.body) for item in ollama.asked[-1:]] == [("DELETE", {"model": "tiny"})]


def test_deleting_what_is_not_there_names_what_is(ollama: "Loopback") -> None:
    ollama.says("/api/delete", {"error": "model 'tinny' not found"}, status=404)
    with pytest.raises(ModelNotFoundError, match="tiny:latest"):
        asked(ollama.url, lambda backend: backend.delete("tinny"))


def test_five_thousand_models_are_listed_within_seconds(ollama: "Loopback") -> None:
    names = [f"model{number}:latest" for number in range(5000)]
    ollama.says("/api/tags", {"models": [ollama.tag(name) for name in names]})
    start = time.monotonic()
    found = asked(ollama.url, lambda backend: backend.models())
    assert time.monotonic() - start < 20.0
    assert [info.name for info in found] == names
    assert found[0].context == 32768
    ollama.says("/api/show", {"error": "model 'model' not found"}, status=404)
    with pytest.raises(ModelNotFoundError) as caught:
        asked(ollama.url, lambda backend: chat(backend, "model"))
    assert len(str(caught.value.document())) < 4000


def test_a_model_is_used_under_the_name_that_cannot_be_forwarded(ollama: "Loopback") -> None:
    asked(ollama.url, chat)
    assert ollama.bodies("/api/show") == [{"model": "tiny:latest:local"}]
    assert ollama.bodies("/api/chat")[0]["model"] == "tiny:latest:local"


@pytest.mark.parametrize("status", [400, 404, 500])
def test_a_server_that_does_not_know_that_name_is_asked_by_the_plain_one(ollama: "Loopback", status: int) -> None:
    unknown = ollama.whole({"error": "model 'tiny:latest:local' not found"}, status=status)
    ollama.play("/api/show", unknown, ollama.whole(ollama.shown()))
    asked(ollama.url, chat)
    assert [body["model"] for body in ollama.bodies("/api/show")] == ["tiny:latest:local", "tiny"]
    assert ollama.bodies("/api/chat")[0]["model"] == "tiny"


def test_an_alias_that_the_server_does_not_take_for_local_is_refused_by_what_it_tells(ollama: "Loopback") -> None:
    unknown = ollama.whole({"error": "model 'tiny:latest:local' not found"}, status=404)
    ollama.play("/api/show", unknown, ollama.whole(ollama.shown() | REMOTE))
    with pytest.raises(RemoteRefusedError, match="tiny"):
        asked(ollama.url, chat)
    assert ollama.bodies("/api/chat") == []


def test_a_model_that_was_exchanged_for_a_remote_one_after_the_look_at_it_is_refused_by_the_server(
    ollama: "Loopback",
) -> None:
    ollama.says("/api/chat", {"error": "model 'tiny:latest:local' not found"}, status=404)
    with pytest.raises(ModelNotFoundError):
        asked(ollama.url, chat)


def test_a_remote_model_that_is_allowed_is_asked_by_its_own_name(ollama: "Loopback") -> None:
    ollama.says("/api/tags", {"models": [ollama.tag("big:cloud", **REMOTE)]})
    ollama.says("/api/show", ollama.shown() | REMOTE)
    ollama.streams(ollama.piece("Hi", **REMOTE), ollama.done(**REMOTE))
    asked(ollama.url, lambda backend: chat(backend, "big:cloud"), allowed_remote_models=("big:cloud",))
    assert ollama.bodies("/api/chat")[0]["model"] == "big:cloud"


@pytest.mark.parametrize("name", ["tiny:local", "tiny:latest:local", "TINY:LOCAL"])
def test_a_name_may_ask_for_the_local_model_itself(ollama: "Loopback", name: str) -> None:
    asked(ollama.url, lambda backend: chat(backend, name))
    assert ollama.bodies("/api/chat")[0]["model"].casefold() == "tiny:latest:local"


def test_a_model_of_an_older_server_may_have_that_tag(ollama: "Loopback") -> None:
    ollama.says("/api/tags", {"models": [ollama.tag("tiny:local")]})
    ollama.play("/api/show", ollama.whole("", status=404), ollama.whole(ollama.shown()))
    asked(ollama.url, lambda backend: chat(backend, "tiny:local"))
    assert ollama.bodies("/api/chat")[0]["model"] == "tiny:local"


@pytest.mark.parametrize("name", ["big:cloud:local", "big:120b-cloud:local"])
def test_a_cloud_name_with_that_tag_is_refused_before_the_server_is_asked_of_it(ollama: "Loopback", name: str) -> None:
    with pytest.raises(RemoteRefusedError):
        asked(ollama.url, lambda backend: chat(backend, name))
    assert ollama.bodies("/api/show") == ollama.bodies("/api/chat") == []


def embedded(server: "Loopback", *texts: str) -> Embeddings:
    return asked(server.url, lambda backend: backend.embed("tiny", texts, deadline=5.0))


def test_each_text_gets_its_vector_in_order(ollama: "Loopback") -> None:
    ollama.says("/api/embed", {"embeddings": [[0.5, 1], [0.25, -1]], "prompt_eval_count": 7})
    found = embedded(ollama, "a", "b")
    assert found == Embeddings(model="tiny", vectors=((0.5, 1.0), (0.25, -1.0)), prompt_tokens=7)
    body = {"model": "tiny:latest:local", "input": ["a", "b"], "truncate": False, "keep_alive": "10m"}
    assert ollama.bodies("/api/embed") == [body]


def test_no_text_is_no_vector_and_no_request(ollama: "Loopback") -> None:
    assert embedded(ollama).vectors == ()
    assert ollama.bodies("/api/embed") == []


@pytest.mark.parametrize(
    "vectors", [[[1.0]], [[1.0], [1.0, 2.0]], [[1.0], []], [[1.0], [None]], [[1.0], [float("nan")]], 5, None, [[], []]]
)
def test_vectors_that_are_none_are_an_error(ollama: "Loopback", vectors: object) -> None:
    ollama.says("/api/embed", {"embeddings": vectors})
    with pytest.raises(WrongServerError):
        embedded(ollama, "a", "b")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (501, {"error": "this model does not support embeddings"}, ModelUnsupportedError),
        (400, {"error": "the input length exceeds the context length"}, PromptTooLongError),
        (404, {"error": "model 'tiny' not found"}, ModelNotFoundError),
        (200, {"embeddings": [[1.0]], **REMOTE}, RemoteRefusedError),
    ],
)
def test_a_failure_to_embed_has_its_error(
    ollama: "Loopback", status: int, body: object, kind: type[BackendError]
) -> None:
    ollama.says("/api/embed", body, status=status)
    with pytest.raises(kind):
        embedded(ollama, "a")


def test_embedding_ends_at_its_deadline(ollama: "Loopback") -> None:
    ollama.play("/api/embed", type(ollama.whole(""))((), "hang"))
    with pytest.raises(TimedOutError):
        asked(ollama.url, lambda backend: backend.embed("tiny", ["a"], deadline=0.3))
    assert ollama.client_left.wait(2.0)
