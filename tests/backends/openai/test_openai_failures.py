"""Each way in which a server can go wrong: a typed error with a next step, in time, and nothing left behind."""

import asyncio
import json
import logging
import resource
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest

from backends.openai.asking_openai import SCHEMA, answer, answers, request
from backends.openai.playing import Playing, serving
from prentice.backends.call import complete
from prentice.backends.openai.backend import OpenAIBackend
from prentice.errors import (
    BackendBusyError,
    BackendUnreachableError,
    ConfigError,
    KeyRefusedError,
    PrenticeError,
    RemoteRefusedError,
    StreamError,
    TimedOutError,
    WrongServerError,
)

if TYPE_CHECKING:
    from backends.openai.conftest import OpenAIPlay

KEY = "sk-a1B2c3D4e5F6g7H8"
MODELS = "/v1/models"


def failure(url: str, **more: Any) -> PrenticeError:
    with pytest.raises(PrenticeError) as caught:
        answer(url, request(**more))
    assert caught.value.next_step
    return caught.value


def test_a_server_that_is_not_there_is_named_with_what_starts_it(free_port: int) -> None:
    error = failure(f"127.0.0.1:{free_port}")
    assert isinstance(error, BackendUnreachableError)
    assert str(free_port) in error.message
    assert "openai.host" in error.next_step


def test_a_server_that_accepts_and_never_answers_costs_no_more_than_the_deadline(openai: "OpenAIPlay") -> None:
    silent = openai.stream(then="hang")
    openai.loopback.play(MODELS, type(silent)((b"",), "hang"))
    begun = time.monotonic()
    assert isinstance(failure(openai.url, deadline=0.4), TimedOutError)
    assert time.monotonic() - begun < 3.0


def test_a_chat_that_never_begins_ends_by_the_deadline(openai: "OpenAIPlay") -> None:
    openai.loopback.play("/v1/chat/completions", type(openai.stream())((b"",), "hang"))
    assert isinstance(failure(openai.url, deadline=2.0), TimedOutError)
    assert len(openai.bodies) == 1
    assert openai.loopback.client_left.wait(timeout=5)


def test_silence_in_mid_stream_ends_by_the_idle_limit(openai: "OpenAIPlay") -> None:
    openai.streams(openai.piece("Os"), then="hang")
    error = failure(openai.url, idle=0.3)
    assert isinstance(error, TimedOutError)
    assert error.details["limit"] == "idle"
    assert openai.loopback.client_left.wait(timeout=5)


def test_a_probe_that_never_ends_costs_no_more_than_the_deadline(openai: "OpenAIPlay") -> None:
    openai.streams(then="hang")
    begun = time.monotonic()
    assert isinstance(failure(openai.url, schema=SCHEMA, deadline=0.4), TimedOutError)
    assert time.monotonic() - begun < 3.0


@pytest.mark.parametrize("whole", [True, False])
def test_a_stream_that_ends_in_the_middle_is_no_reply(openai: "OpenAIPlay", whole: bool) -> None:  # noqa: FBT001 - a parameter
    openai.streams(openai.piece("Os"), whole=whole)
    assert isinstance(failure(openai.url), StreamError)


def test_a_connection_reset_in_mid_stream_is_no_reply(openai: "OpenAIPlay") -> None:
    openai.streams(openai.piece("Os"), then="reset")
    assert isinstance(failure(openai.url), StreamError)


def test_an_end_mark_without_a_reason_is_no_reply(openai: "OpenAIPlay") -> None:
    openai.streams(openai.piece("Os"), b"data: [DONE]\n\n")
    assert isinstance(failure(openai.url), StreamError)


@pytest.mark.parametrize(
    "line",
    [
        b'data: {"error": {"message": "CUDA error"}}\n\n',
        b'{"error": "CUDA error"}\n',
        b'event: error\ndata: {"message": "CUDA error"}\n\n',
        b"event: error\ndata: CUDA error\n\n",
        b'error: {"code": 500, "message": "CUDA error"}\n\n',
    ],
)
def test_an_error_within_a_stream_of_status_200_is_an_error(openai: "OpenAIPlay", line: bytes) -> None:
    openai.streams(openai.piece("Os"), line)
    error = failure(openai.url)
    assert isinstance(error, StreamError)
    assert "CUDA error" in error.message


def test_status_200_with_an_error_alone_is_an_error(openai: "OpenAIPlay") -> None:
    openai.loopback.says("/v1/chat/completions", {"error": {"message": "CUDA error"}})
    assert "CUDA error" in failure(openai.url).message


@pytest.mark.parametrize(
    ("reason", "says"), [("tool_calls", "tool"), ("content_filter", "content_filter"), ("error", "error"), (7, "7")]
)
def test_an_end_that_is_no_answer_is_an_error(openai: "OpenAIPlay", reason: str, says: str) -> None:
    openai.streams(openai.piece("Os"), openai.end(reason))
    assert says in failure(openai.url).message


@pytest.mark.parametrize(
    "line",
    [
        b"data: \xff\xfe\xc3\x28\n\n",
        b'data: {"choices": [{"delta": {"content": "\xff"}}]}\n\n',
        b"data: {broken\n\n",
        b"data: [1, 2]\n\n",
        b'data: {"choices": [7]}\n\n',
        b'data: {"choices": [{"delta": "x"}]}\n\n',
        b'data: {"choices": [{"delta": {"content": 7}}]}\n\n',
        b"data: " + b"[" * 100_000 + b"\n\n",
        b"data: " + b"x" * 5_000_000 + b"\n\n",
    ],
    ids=["no UTF-8", "no UTF-8 in a text", "no JSON", "a list", "a choice", "a delta", "a content", "deep", "long"],
)
def test_a_piece_that_is_none_breaks_the_reply_off(openai: "OpenAIPlay", line: bytes) -> None:
    openai.streams(openai.piece("Os"), line, openai.end())
    assert isinstance(failure(openai.url), StreamError)


def test_a_hundred_megabytes_in_one_line_are_given_up_early(openai: "OpenAIPlay") -> None:
    part = openai.loopback.chunk(b"x" * 1_000_000)
    stream = openai.stream()
    openai.loopback.play("/v1/chat/completions", type(stream)((stream.portions[0], *[part] * 100), "close"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert isinstance(failure(openai.url), StreamError)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * 1024 < 60_000_000


def test_a_hundred_megabytes_of_refusal_are_given_up_early(openai: "OpenAIPlay") -> None:
    head = openai.loopback.head(500, kind="application/json")
    part = openai.loopback.chunk(b"x" * 1_000_000)
    openai.loopback.play("/v1/chat/completions", type(openai.stream())((head, *[part] * 100), "close"))
    assert isinstance(failure(openai.url), WrongServerError)


@pytest.mark.parametrize("count", [float("nan"), float("inf"), -3, 1e300, "many", True, None, [1]])
def test_counts_that_are_none_are_estimated(openai: "OpenAIPlay", count: object) -> None:
    openai.streams(openai.piece("Oslo"), openai.end(), openai.usage(count, count))
    reply = answer(openai.url)
    assert (reply.text, reply.estimated) == ("Oslo", True)
    assert reply.reply_tokens == 2


def test_a_list_of_five_thousand_models_is_read(openai: "OpenAIPlay") -> None:
    openai.models(*({"id": f"model-{number}", "max_model_len": 4096} for number in range(5000)))

    async def listed() -> int:
        async with OpenAIBackend(openai.url) as backend:
            return len(await backend.models())

    assert asyncio.run(listed()) == 5000
    assert len(str(failure(openai.url, model="no-such").document())) < 3000


def test_a_list_that_repeats_what_it_is_asked_for_is_bounded(openai: "OpenAIPlay") -> None:
    openai.models(*({"id": "x" * 10_000} for _ in range(4000)))
    assert isinstance(failure(openai.url), WrongServerError)


@pytest.mark.parametrize(
    "document", [{"data": 3}, {"data": [3]}, {"data": [{"name": "x"}]}, {"models": []}, [], "Ollama is running"]
)
def test_another_programs_list_is_not_taken_for_models(openai: "OpenAIPlay", document: object) -> None:
    openai.loopback.says(MODELS, document)
    assert isinstance(failure(openai.url), WrongServerError)


def test_a_list_of_nothing_is_no_failure(openai: "OpenAIPlay") -> None:
    openai.loopback.says(MODELS, {"object": "list", "data": None})
    assert "tiny" in failure(openai.url).message


@pytest.mark.parametrize("path", [MODELS, "/v1/chat/completions", "/props"])
def test_a_redirect_to_another_host_is_refused_and_not_followed(openai: "OpenAIPlay", path: str) -> None:
    head = b"HTTP/1.1 307 Because\r\nLocation: http://llm.example/v1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    openai.loopback.play(path, type(openai.stream())((head,), "close"))
    error = failure(openai.url)
    assert isinstance(error, RemoteRefusedError)
    assert "llm.example" in error.message


def test_what_speaks_no_http_is_another_program(openai: "OpenAIPlay") -> None:
    openai.loopback.play(MODELS, type(openai.stream())((b"SSH-2.0-OpenSSH_9.9\r\n",), "close"))
    assert isinstance(failure(openai.url), WrongServerError)


def test_a_queue_that_stays_full_is_an_error_within_the_deadline(openai: "OpenAIPlay") -> None:
    openai.refuses((503, {"error": {"message": "Loading model"}}))
    begun = time.monotonic()
    assert isinstance(failure(openai.url, deadline=2.0), BackendBusyError)
    assert time.monotonic() - begun < 3.0
    assert len(openai.bodies) >= 2


def test_a_wait_that_passes_the_deadline_is_not_begun(openai: "OpenAIPlay") -> None:
    openai.refuses((429, {"error": {"message": "slow down"}}), head="Retry-After: Wed, 21 Oct 2099 07:28:00 GMT")
    begun = time.monotonic()
    assert isinstance(failure(openai.url, deadline=30.0), BackendBusyError)
    assert time.monotonic() - begun < 3.0


def test_a_reply_without_an_end_is_cut_at_its_limit(openai: "OpenAIPlay") -> None:
    openai.streams(*[openai.piece("word ")] * 300, then="hang")
    reply = answer(openai.url, request(max_tokens=8))
    assert reply.finish == "length"
    assert openai.loopback.client_left.wait(timeout=5)


def test_blanks_without_an_end_are_stopped(openai: "OpenAIPlay") -> None:
    openai.streams(openai.piece("{"), *[openai.piece("\n" * 50)] * 50, then="hang")
    assert answer(openai.url, request(max_tokens=2000)).finish == "repetition"


def test_the_deadline_of_a_call_is_a_typed_error_and_closes_the_stream(openai: "OpenAIPlay") -> None:
    openai.streams(openai.piece("Os"), then="hang")

    async def called() -> None:
        async with OpenAIBackend(openai.url) as backend:
            await complete(backend, request(deadline=0.3))

    with pytest.raises(TimedOutError):
        asyncio.run(called())
    assert openai.loopback.client_left.wait(timeout=5)


def test_after_a_failure_the_same_backend_answers_again(openai: "OpenAIPlay") -> None:
    broken = openai.stream(openai.piece("Os"), then="reset")
    openai.loopback.play("/v1/chat/completions", broken, openai.stream(openai.piece("Oslo"), openai.end()))

    async def twice() -> str:
        async with OpenAIBackend(openai.url) as backend:
            with pytest.raises(StreamError):
                await complete(backend, request())
            return (await complete(backend, request())).text

    assert asyncio.run(twice()) == "Oslo"


def test_the_key_of_the_variable_goes_out_in_one_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", f" {KEY}\n")
    with serving(Playing(key=KEY)) as playing:
        assert answer(playing.url, key_variable="MY_KEY").text == "hello"
        assert KEY not in json.dumps(playing.bodies)
        assert all(headers["authorization"] == f"Bearer {KEY}" for _, headers in playing.asked)


def test_without_a_key_no_header_goes_out_and_the_error_names_the_variable(played: Playing) -> None:
    answer(played.url)
    assert all("authorization" not in headers for _, headers in played.asked)
    with serving(Playing(key=KEY)) as playing:
        error = failure(playing.url)
        assert isinstance(error, KeyRefusedError)
        assert "PRENTICE_OPENAI_KEY" in error.next_step


def test_the_key_is_in_no_error_and_no_log(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    found: list[PrenticeError] = []
    with serving(Playing(key="another")) as playing, pytest.raises(KeyRefusedError) as caught:
        answer(playing.url, key_variable="MY_KEY")
    found.append(caught.value)
    with serving(Playing(refuses=lambda _: (500, f"no such account: {KEY}!"))) as playing:
        with pytest.raises(StreamError, match="no such account") as told:
            answer(playing.url, key_variable="MY_KEY")
        found.append(told.value)
    for error in found:
        assert KEY not in json.dumps(error.document()) + str(error) + repr(error.__context__) + repr(error.__cause__)
    assert KEY not in caplog.text


def test_a_key_that_the_stream_repeats_is_not_shown(openai: "OpenAIPlay", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    openai.streams(f'data: {{"error": "bad account {KEY}"}}\n\n'.encode())
    with pytest.raises(StreamError, match="bad account") as caught:
        answers(openai.url, request(), key_variable="MY_KEY")
    assert KEY not in caught.value.message


def test_a_key_never_crosses_the_network_unencrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    with pytest.raises(ConfigError, match="unencrypted") as caught:
        answer("http://192.0.2.7:8000", key_variable="MY_KEY", allowed_hosts=("192.0.2.7",))
    assert KEY not in caught.value.message


def test_no_connection_is_left_open_after_the_backend_is_closed(openai: "OpenAIPlay") -> None:
    openai.streams(openai.piece("Os"), then="hang")
    failure(openai.url, idle=0.2)
    assert openai.loopback.client_left.wait(timeout=5)
    with socket.create_connection(("127.0.0.1", int(openai.url.rpartition(":")[2])), timeout=5):
        pass  # the server itself still accepts
