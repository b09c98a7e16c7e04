import asyncio
import gc
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from prentice.backends.ollama.backend import OllamaBackend
from prentice.backends.protocol import Message, Reply, Request
from prentice.errors import (
    BackendBusyError,
    BackendError,
    BackendUnreachableError,
    ModelNotFoundError,
    ModelUnsupportedError,
    PromptTooLongError,
    RemoteRefusedError,
    StreamError,
    TimedOutError,
    WrongServerError,
)

if TYPE_CHECKING:
    from backends.conftest import Loopback

CHAT = "/api/chat"


def asking(text: str = "Hi", **more: object) -> Request:
    values: dict[str, object] = {"purpose": "test", "model": "tiny", "messages": (Message(role="user", content=text),)}
    return Request(**(values | more))  # type: ignore[arg-type]  # fields by name


def reply_of(url: str, request: Request, *, load_seconds: float = 10.0) -> Reply:
    async def ask() -> Reply:
        async with OllamaBackend(url, load_seconds=load_seconds) as backend:
            items = [item async for item in backend.stream(request)]
            reply = items[-1]
            assert isinstance(reply, Reply)
            return reply

    return asyncio.run(ask())


def failure(url: str, request: Request | None = None, *, load_seconds: float = 10.0) -> BackendError:
    with pytest.raises(BackendError) as caught:
        reply_of(url, request or asking(), load_seconds=load_seconds)
    assert caught.value.next_step
    return caught.value


def test_an_absent_server_is_named_with_the_command_that_starts_it(free_port: int) -> None:
    error = failure(f"127.0.0.1:{free_port}")
    assert isinstance(error, BackendUnreachableError)
    assert f"http://127.0.0.1:{free_port}" in error.message
    assert "ollama serve" in error.next_step
    assert "--backend builtin" in error.next_step


def test_a_missing_model_names_the_pull_command_and_what_is_spelled_alike(ollama: "Loopback") -> None:
    ollama.says("/api/tags", {"models": [ollama.tag("llama3.2:3b"), ollama.tag("tiny:latest")]})
    ollama.says("/api/show", {"error": "model 'llama3.2' not found"}, status=404)
    error = failure(ollama.url, asking(model="llama3.2"))
    assert isinstance(error, ModelNotFoundError)
    assert "prentice models pull llama3.2`" in error.next_step
    assert "llama3.2:3b" in error.message
    assert "tiny" not in error.message
    assert ollama.bodies(CHAT) == []


def test_a_model_that_goes_away_between_look_up_and_call_is_missing_too(ollama: "Loopback") -> None:
    ollama.says(CHAT, {"error": 'model "tiny" not found, try pulling it first'}, status=404)
    assert isinstance(failure(ollama.url), ModelNotFoundError)


def test_a_request_without_a_model_names_those_installed(ollama: "Loopback") -> None:
    error = failure(ollama.url, asking(model=""))
    assert isinstance(error, ModelNotFoundError)
    assert "tiny:latest" in error.next_step


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("<html><body>It works!</body></html>", "text/html"),
        ('{"models": {"data": []}}', "application/json"),
        ('{"object":"list","data":[]}', "application/json"),
        ("[]", "application/json"),
        ('{"models": [{"id": 1}]}', "application/json"),
        ("", "text/plain"),
        ("\x00\x1b[31m", "text/plain"),
    ],
)
def test_another_program_on_the_port_is_shown_by_url_and_start_of_its_answer(
    ollama: "Loopback", body: str, kind: str
) -> None:
    ollama.says("/api/tags", body, kind=kind)
    error = failure(ollama.url)
    assert isinstance(error, WrongServerError)
    assert f"{ollama.url}/api/tags" in error.message
    assert body[:20].isprintable() is False or body[:20] in error.message
    assert "\x1b" not in error.message


@pytest.mark.parametrize(
    ("status", "body"), [(404, "404 page not found"), (405, "405 method not allowed"), (200, "{}")]
)
def test_a_chat_that_is_not_ollamas_is_another_program(ollama: "Loopback", status: int, body: str) -> None:
    ollama.says(CHAT, body, status=status, kind="text/plain")
    error = failure(ollama.url)
    assert isinstance(error, WrongServerError)
    assert body in error.message


def test_a_port_that_does_not_speak_http_is_another_program(loopback: "Loopback") -> None:
    loopback.play("/api/tags", type(loopback.whole(""))((b"SSH-2.0-OpenSSH_9.6\r\n",)))
    error = failure(loopback.url)
    assert isinstance(error, WrongServerError)
    assert "it speaks no HTTP" in error.message


def test_a_catalogue_without_end_is_not_read(ollama: "Loopback") -> None:
    part = b"x" * 1_000_000
    ollama.play("/api/tags", type(ollama.whole(""))((ollama.head(length=100_000_000), *([part] * 40)), "hang"))
    assert isinstance(failure(ollama.url, asking(deadline=10.0)), WrongServerError)
    assert ollama.client_left.wait(1.0)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": "model does not support tools"}, ModelUnsupportedError),
        (400, {"error": '"tiny" does not support chat'}, ModelUnsupportedError),
        (400, {"error": "this server cannot run this remote model"}, RemoteRefusedError),
        (401, {"error": "unauthorized", "signin_url": "https://ollama.com/connect"}, RemoteRefusedError),
        (401, "Unauthorized", WrongServerError),
        (403, {"error": "ollama cloud is disabled: remote model is unavailable"}, RemoteRefusedError),
        (403, "", WrongServerError),
        (
            500,
            {"error": "model requires more system memory (5.6 GiB) than is available (3.2 GiB)"},
            ModelUnsupportedError,
        ),
        (
            500,
            {"error": "llama runner process has terminated: cudaMalloc failed: out of memory"},
            ModelUnsupportedError,
        ),
        (500, {"error": "model runner has unexpectedly stopped"}, StreamError),
        (500, {"error": {"message": "strange", "code": 500}}, StreamError),
        (502, {"error": "bad gateway"}, BackendUnreachableError),
        (502, "<html>nginx</html>", BackendUnreachableError),
    ],
)
def test_each_status_has_its_error(ollama: "Loopback", status: int, body: object, kind: type[BackendError]) -> None:
    ollama.says(CHAT, body, status=status)
    assert type(failure(ollama.url)) is kind


NESTED = '{"error":{"code":400,"message":"request (24009 tokens) exceeds the available context size (2048 tokens)"}}'


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        (
            {"error": "request (24009 tokens) exceeds the available context size (2048 tokens), try increasing it"},
            24009,
        ),
        ({"error": NESTED}, 24009),
        ({"error": "the input length exceeds the context length"}, 32768),
        ({"error": "input exceeds maximum context length and cannot be truncated further"}, 32768),
    ],
)
def test_a_prompt_that_the_server_finds_too_long_is_one_error_in_all_spellings(
    ollama: "Loopback", body: object, tokens: int
) -> None:
    ollama.says(CHAT, body, status=400)
    error = failure(ollama.url)
    assert isinstance(error, PromptTooLongError)
    assert error.details == {"prompt_tokens": tokens, "window": 32768}
    assert [sent["options"]["num_ctx"] for sent in ollama.bodies(CHAT)] == [4096, 8192, 16384, 32768]


def test_a_prompt_that_the_server_counts_higher_than_estimated_gets_the_window_it_needs(ollama: "Loopback") -> None:
    refusal = {"error": "request (9000 tokens) exceeds the available context size (4096 tokens), try increasing it"}
    ollama.play(CHAT, ollama.whole(refusal, status=400), ollama.stream(ollama.piece("Yes"), ollama.done()))
    assert reply_of(ollama.url, asking("long " * 1200, max_tokens=500)).text == "Yes"
    assert [sent["options"]["num_ctx"] for sent in ollama.bodies(CHAT)] == [4096, 16384]


def test_a_window_that_was_asked_for_is_not_enlarged(ollama: "Loopback") -> None:
    ollama.says(CHAT, {"error": "the input length exceeds the context length"}, status=400)
    assert failure(ollama.url, asking(context_tokens=4096)).details["window"] == 4096
    assert len(ollama.bodies(CHAT)) == 1


def test_a_prompt_that_cannot_fit_is_not_sent(ollama: "Loopback") -> None:
    ollama.says("/api/show", ollama.shown(context=8192))
    error = failure(ollama.url, asking("long " * 20_000))
    assert isinstance(error, PromptTooLongError)
    assert "8192" in error.message
    assert ollama.bodies(CHAT) == []


def test_a_prompt_that_the_server_cut_in_half_is_an_error_after_the_reply(ollama: "Loopback") -> None:
    half = [ollama.stream(ollama.piece("I"), ollama.done(prompt_eval_count=size // 2 + 2)) for size in (4096, 8192)]
    ollama.play(CHAT, *half)
    error = failure(ollama.url, asking("long " * 1200, max_tokens=500))
    assert isinstance(error, PromptTooLongError)
    assert "cut" in error.message


def test_a_prompt_that_fills_the_window_to_the_last_token_was_cut(ollama: "Loopback") -> None:
    ollama.streams(ollama.piece("I"), ollama.done(prompt_eval_count=4096))
    assert isinstance(failure(ollama.url, asking("long " * 1200, max_tokens=500)), PromptTooLongError)


def test_a_prompt_that_happens_to_take_half_the_window_is_no_error(ollama: "Loopback") -> None:
    ollama.streams(ollama.piece("I"), ollama.done(prompt_eval_count=2050))
    assert reply_of(ollama.url, asking("long " * 1200, max_tokens=500)).prompt_tokens == 2050
    assert [body["options"]["num_ctx"] for body in ollama.bodies(CHAT)] == [4096, 8192]


@pytest.mark.parametrize("says", ["server busy, please try again.  maximum pending requests exceeded", "try later"])
def test_a_full_queue_is_asked_again(ollama: "Loopback", says: str) -> None:
    full = ollama.whole({"error": says}, status=503)
    ollama.play(CHAT, full, full, ollama.stream(ollama.piece("Yes"), ollama.done()))
    assert reply_of(ollama.url, asking()).text == "Yes"


def test_a_queue_that_stays_full_is_an_error_within_the_deadline(ollama: "Loopback") -> None:
    ollama.says(CHAT, {"error": "server busy, please try again.  maximum pending requests exceeded"}, status=503)
    start = time.monotonic()
    assert isinstance(failure(ollama.url, asking(deadline=1.0)), BackendBusyError)
    assert time.monotonic() - start < 2.0
    assert len(ollama.bodies(CHAT)) >= 2


@pytest.mark.parametrize("before", [0, 2])
def test_an_error_line_in_a_stream_is_a_failure_of_the_stream(ollama: "Loopback", before: int) -> None:
    ollama.streams(*[ollama.piece("ab")] * before, {"error": "an error was encountered while running the model"})
    error = failure(ollama.url)
    assert isinstance(error, StreamError)
    assert "while running the model" in error.message


def test_an_error_line_that_tells_of_the_context_is_a_prompt_too_long(ollama: "Loopback") -> None:
    ollama.streams({"error": "the input length exceeds the context length"})
    assert isinstance(failure(ollama.url), PromptTooLongError)


def test_a_stream_that_ends_without_its_last_line_is_a_failure(ollama: "Loopback") -> None:
    for said in (["Hel"], ["a", "b"] * 40):
        ollama.streams(*(ollama.piece(text) for text in said))
        assert isinstance(failure(ollama.url), StreamError)


def test_a_stream_without_anything_is_a_failure(ollama: "Loopback") -> None:
    ollama.streams()
    assert isinstance(failure(ollama.url), StreamError)


@pytest.mark.parametrize("then", ["close", "reset"])
def test_a_connection_that_breaks_off_is_a_failure(ollama: "Loopback", then: str) -> None:
    ollama.streams(ollama.piece("Hel"), then=then, whole=False)  # type: ignore[arg-type]  # one of its words
    assert isinstance(failure(ollama.url), StreamError)


def test_a_connection_closed_without_an_answer_is_a_failure(ollama: "Loopback") -> None:
    ollama.play(CHAT, type(ollama.whole(""))(()))
    assert isinstance(failure(ollama.url), StreamError)


@pytest.mark.parametrize(
    "line", [b'{"message":{"content":"\xff\xfe"},"done":false}\n', b'{"mess', b"[]\n", b'{"message":"text"}\n',
             b'{"message":{"content":5},"done":false}\n', b'{"a":' + b"[" * 100_000 + b"\n"]
)  # fmt: skip
def test_a_line_that_is_broken_is_a_failure(ollama: "Loopback", line: bytes) -> None:
    ollama.streams(ollama.piece("Hel"), line)
    assert isinstance(failure(ollama.url), StreamError)


def test_a_line_of_a_hundred_megabytes_is_not_taken_in(ollama: "Loopback") -> None:
    part = b"x" * 1_000_000
    ollama.streams(ollama.piece("a"), b'{"message":{"content":"', *([part] * 100))
    error = failure(ollama.url)
    assert isinstance(error, StreamError)
    assert "longer" in error.message


def test_what_is_not_taken_in_takes_no_memory(ollama: "Loopback") -> None:
    part = b"x" * 1_000_000
    ollama.streams(ollama.piece("a"), b'{"message":{"content":"', *([part] * 100))
    failure(ollama.url, asking())  # loads what the first call loads
    tracemalloc.start()
    try:
        failure(ollama.url, asking())
        _, peak = tracemalloc.get_traced_memory()
        gc.collect()  # an error and its traceback hold each other
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 30_000_000
    assert kept < 3_000_000


@pytest.mark.parametrize("path", ["/api/tags", "/api/show"])
@pytest.mark.parametrize("body", [b'{"models": "\xff\xfe"}', b"[" * 200_000, b'{"models": [NaN', b"\x00" * 1000])
def test_a_look_up_that_answers_nonsense_is_another_program(ollama: "Loopback", path: str, body: bytes) -> None:
    ollama.says(path, body)
    assert isinstance(failure(ollama.url), WrongServerError)
    assert ollama.bodies(CHAT) == []


def test_a_server_that_accepts_and_never_answers_costs_no_more_than_the_deadline(ollama: "Loopback") -> None:
    for path in ("/api/tags", "/api/show", CHAT):
        answers = ollama.answers[path]
        ollama.play(path, type(ollama.whole(""))((), "hang"))
        start = time.monotonic()
        assert isinstance(failure(ollama.url, asking(deadline=0.3)), TimedOutError)
        assert time.monotonic() - start < 2.0
        ollama.answers[path] = answers


def test_a_head_that_never_ends_is_a_time_out(ollama: "Loopback") -> None:
    ollama.play(CHAT, type(ollama.whole(""))((b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n",), "hang"))
    assert failure(ollama.url, asking(deadline=0.3)).details["limit"] == "deadline"


def test_nothing_before_the_load_limit_names_that_setting(ollama: "Loopback") -> None:
    ollama.streams(then="hang")
    error = failure(ollama.url, asking(), load_seconds=0.3)
    assert isinstance(error, TimedOutError)
    assert "calls.load_seconds" in error.next_step
    assert ollama.client_left.wait(1.0)


def test_no_answer_at_all_before_the_load_limit_is_a_time_out(ollama: "Loopback") -> None:
    ollama.play(CHAT, type(ollama.whole(""))((), "hang"))
    assert failure(ollama.url, asking(), load_seconds=0.3).details["limit"] == "load"


def test_silence_between_pieces_names_the_idle_setting(ollama: "Loopback") -> None:
    ollama.streams(ollama.piece("Hel"), then="hang")
    error = failure(ollama.url, asking(idle=0.3))
    assert isinstance(error, TimedOutError)
    assert "calls.idle_seconds" in error.next_step
    assert ollama.client_left.wait(1.0)


def test_blank_lines_do_not_count_as_signs_of_life(ollama: "Loopback") -> None:
    ollama.streams(b"\n" * 1000, then="hang")
    assert failure(ollama.url, asking(deadline=0.4)).details["limit"] == "deadline"


def test_the_deadline_holds_for_all_of_the_call(ollama: "Loopback") -> None:
    ollama.play("/api/tags", type(ollama.whole(""))((), "hang"))
    error = failure(ollama.url, asking(deadline=0.3))
    assert isinstance(error, TimedOutError)
    assert "calls.deadline_seconds" in error.next_step


@pytest.mark.parametrize("text", ["word ", ""])
def test_a_server_that_ignores_the_limit_is_stopped(ollama: "Loopback", text: str) -> None:
    ollama.streams(*[ollama.piece(text)] * 500, then="hang")
    reply = reply_of(ollama.url, asking(max_tokens=50))
    assert reply.finish == "length"
    assert ollama.client_left.wait(1.0)


def test_a_flood_in_few_pieces_is_stopped(ollama: "Loopback") -> None:
    ollama.streams(*[ollama.piece("x" * 10_000)] * 20, then="hang")
    assert reply_of(ollama.url, asking(max_tokens=50)).finish == "length"


def test_white_space_without_end_is_stopped_under_a_schema(ollama: "Loopback") -> None:
    ollama.streams(ollama.piece('{"a":'), *[ollama.piece("\n  ")] * 100, then="hang")
    reply = reply_of(ollama.url, asking(schema={"type": "object"}))
    assert reply.finish == "repetition"
    assert ollama.client_left.wait(1.0)


def test_indentation_is_no_run_of_white_space(ollama: "Loopback") -> None:
    ollama.streams(*[ollama.piece("x\n" + " " * 40)] * 50, ollama.done())
    assert reply_of(ollama.url, asking(schema={"type": "object"})).finish == "stop"


@pytest.mark.parametrize("where", ["tags", "show", "first line", "last line"])
def test_a_model_that_runs_elsewhere_is_refused_wherever_the_server_tells_of_it(ollama: "Loopback", where: str) -> None:
    remote: dict[str, Any] = {"remote_host": "https://ollama.com:443", "remote_model": "big"}
    if where == "tags":
        ollama.says("/api/tags", {"models": [ollama.tag(**remote)]})
    elif where == "show":
        ollama.says("/api/show", ollama.shown(**remote))
    elif where == "first line":
        ollama.streams(ollama.piece("Hel", **remote), ollama.done())
    else:
        ollama.streams(ollama.piece("Hel"), ollama.done(**remote))
    error = failure(ollama.url)
    assert isinstance(error, RemoteRefusedError)
    assert "allowed_remote_models" in error.next_step
    assert (ollama.bodies(CHAT) == []) == (where in {"tags", "show"})


def test_a_cloud_name_is_refused_before_anything_is_sent(ollama: "Loopback") -> None:
    assert isinstance(failure(ollama.url, asking(model="gpt-oss:120b-cloud")), RemoteRefusedError)
    assert ollama.asked == []


def test_a_remote_server_is_refused_before_any_connection() -> None:
    error = failure("http://192.0.2.1:11434")
    assert isinstance(error, RemoteRefusedError)
    assert "allowed_hosts" in error.next_step


def test_a_redirect_takes_the_prompt_nowhere(ollama: "Loopback") -> None:
    head = b"HTTP/1.1 307 Go\r\nLocation: http://192.0.2.1/api/chat\r\nContent-Length: 0\r\n\r\n"
    ollama.play(CHAT, type(ollama.whole(""))((head,)))
    assert isinstance(failure(ollama.url), RemoteRefusedError)
