import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from prentice.backends.protocol import Message, Piece, Reply, Request, Sampling
from prentice.backends.scripted import ScriptedBackend
from prentice.errors import (
    BackendBusyError,
    BackendError,
    ConfigError,
    PromptTooLongError,
    ReplyCutError,
    ScriptExhaustedError,
    StreamError,
    TimedOutError,
)


def script(tmp_path: Path, *lines: object) -> ScriptedBackend:
    path = tmp_path / "script.jsonl"
    path.write_text("".join((item if isinstance(item, str) else json.dumps(item)) + "\n" for item in lines))
    return ScriptedBackend(path)


def asking(text: str = "Hi", *, deadline: float = 10.0, idle: float = 10.0, max_tokens: int = 100) -> Request:
    messages = (Message(role="system", content="Plan."), Message(role="user", content=text))
    return Request(purpose="test", messages=messages, deadline=deadline, idle=idle, max_tokens=max_tokens)


def play(backend: ScriptedBackend, request: Request | None = None) -> tuple[list[str], Reply]:
    async def items() -> list[Piece | Reply]:
        async with backend:
            return [item async for item in backend.stream(request or asking())]

    *pieces, reply = asyncio.run(items())
    assert isinstance(reply, Reply)
    return [piece.text for piece in pieces], reply


def test_texts_are_played_in_order_and_each_once(tmp_path: Path) -> None:
    backend = script(tmp_path, {"text": "one"}, "", {"text": "two"})
    assert [play(backend)[1].text, play(backend)[1].text] == ["one", "two"]
    with pytest.raises(ScriptExhaustedError) as caught:
        play(backend)
    assert "script.jsonl" in caught.value.next_step
    assert play(ScriptedBackend(tmp_path / "script.jsonl"))[1].text == "one"


def test_chunks_arrive_as_pieces_of_one_reply(tmp_path: Path) -> None:
    pieces, reply = play(script(tmp_path, {"chunks": ["a", "", "b"]}))
    assert pieces == ["a", "", "b"]
    assert (reply.text, reply.finish, reply.estimated, reply.backend) == ("ab", "stop", True, "scripted")


def test_a_stop_sequence_ends_the_reply_wherever_its_pieces_part(tmp_path: Path) -> None:
    backend = script(tmp_path, {"chunks": ["one, t", "wo, three"]})
    pieces, reply = play(backend, replace(asking(), sampling=Sampling(stop=("four", "two"))))
    assert (pieces, reply.text, reply.finish) == (["one, "], "one, ", "stop")


def test_a_reply_over_the_limit_of_tokens_is_cut_there(tmp_path: Path) -> None:
    pieces, reply = play(script(tmp_path, {"chunks": ["1234", "5678", "9"]}), asking(max_tokens=2))
    assert (pieces, reply.text, reply.finish, reply.reply_tokens) == (["1234", "56"], "123456", "length", 2)
    whole, reply = play(script(tmp_path, {"text": "123456"}), asking(max_tokens=2))
    assert (whole, reply.finish) == (["123456"], "stop")


def test_a_prompt_over_the_window_is_refused_and_uses_up_no_line(tmp_path: Path) -> None:
    backend = script(tmp_path, {"text": "here"})
    with pytest.raises(PromptTooLongError):
        play(backend, replace(asking("word " * 2000), context_tokens=2048))
    assert play(backend)[1].text == "here"


@pytest.mark.parametrize("line", [{"text": ""}, {"chunks": []}])
def test_an_empty_reply_has_no_pieces(tmp_path: Path, line: object) -> None:
    assert play(script(tmp_path, line))[0] == []


def test_a_line_that_matches_the_prompt_goes_before_lines_for_any_prompt(tmp_path: Path) -> None:
    backend = script(
        tmp_path,
        {"text": "any"},
        {"text": "cat 1", "match": "cat"},
        {"text": "dog", "match": "dog"},
        {"text": "cat 2", "match": "cat"},
    )
    said = [play(backend, asking(text))[1].text for text in ("a dog", "a cat", "the cat", "cat")]
    assert said == ["dog", "cat 1", "cat 2", "any"]


def test_a_script_whose_lines_match_other_prompts_says_how_many_are_left(tmp_path: Path) -> None:
    with pytest.raises(ScriptExhaustedError, match="1 unused"):
        play(script(tmp_path, {"text": "x", "match": "cat"}), asking("dog"))


@pytest.mark.parametrize(
    ("code", "kind"),
    [("stream_failed", StreamError), ("backend_busy", BackendBusyError), ("reply_cut", ReplyCutError),
     ("backend", BackendError)],
)  # fmt: skip
def test_an_error_line_raises_the_error_of_that_code(tmp_path: Path, code: str, kind: type[BackendError]) -> None:
    backend = script(tmp_path, {"error": code})
    with pytest.raises(BackendError) as caught:
        play(backend)
    assert type(caught.value) is kind


def test_a_delay_is_the_time_that_the_reply_takes(tmp_path: Path) -> None:
    backend = script(tmp_path, {"text": "a", "delay": 0.2}, {"chunks": ["a", "b"], "delay": 0.2})
    for _ in range(2):
        start = time.monotonic()
        play(backend)
        assert 0.2 <= time.monotonic() - start < 2


@pytest.mark.parametrize(
    "line", [{"text": "a", "delay": 60}, {"error": "backend_busy", "delay": 60}, {"text": "", "delay": 60}]
)
@pytest.mark.parametrize("limits", [{"deadline": 0.1}, {"idle": 0.1}])
def test_a_delay_beyond_the_limits_is_a_time_out(
    tmp_path: Path, line: dict[str, object], limits: dict[str, float]
) -> None:
    with pytest.raises(TimedOutError):
        play(script(tmp_path, line | {"delay": 60}), asking(**limits))  # type: ignore[arg-type]  # limits by name


def test_an_endless_reply_is_ended_by_its_token_limit(tmp_path: Path) -> None:
    _, reply = play(script(tmp_path, {"endless": True}), asking(max_tokens=30))
    assert reply.finish == "length"
    assert 25 <= reply.reply_tokens <= 31


def test_an_endless_reply_that_is_slow_is_ended_by_the_deadline(tmp_path: Path) -> None:
    with pytest.raises(TimedOutError) as caught:
        play(script(tmp_path, {"endless": True, "delay": 0.05}), asking(deadline=0.3, max_tokens=10_000))
    assert caught.value.details["limit"] == "deadline"


@pytest.mark.parametrize(
    "line",
    ["{", "[]", '"text"', {}, {"text": 1}, {"text": "a", "chunks": ["b"]}, {"chunks": "ab"}, {"chunks": [1]},
     {"error": "no_such_code"}, {"error": 5}, {"error": "usage"}, {"endless": False}, {"text": "a", "delay": "1"},
     {"text": "a", "delay": -1}, '{"text": "a", "delay": NaN}', {"text": "a", "match": 1}, {"text": "a", "txet": 1},
     "[" * 100_000],
)  # fmt: skip
def test_a_line_that_is_no_reply_is_named_by_its_number(tmp_path: Path, line: object) -> None:
    with pytest.raises(ConfigError, match="Line 3 of the script"):
        script(tmp_path, {"text": "ok"}, "", line)


def test_a_file_that_cannot_be_read_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name in ("missing", "binary", "."):
        with pytest.raises(ConfigError):
            ScriptedBackend(tmp_path / name)


def test_the_script_offers_one_model(tmp_path: Path) -> None:
    assert [info.name for info in asyncio.run(script(tmp_path).models())] == ["scripted"]
