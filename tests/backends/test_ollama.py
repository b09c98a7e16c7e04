import asyncio
import json
from contextlib import aclosing
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prentice.backends.ollama.backend import OllamaBackend
from prentice.backends.protocol import Message, Piece, Reply, Request, Sampling

if TYPE_CHECKING:
    from backends.conftest import Loopback

SCHEMA = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}


def asking(text: str = "Hi", **more: object) -> Request:
    values: dict[str, object] = {"purpose": "test", "model": "tiny", "messages": (Message(role="user", content=text),)}
    return Request(**(values | more))  # type: ignore[arg-type]  # fields by name


def run(server: "Loopback", *requests: Request, load_seconds: float = 10.0) -> list[tuple[list[Piece], Reply]]:
    async def all_of_them() -> list[tuple[list[Piece], Reply]]:
        answers = []
        async with OllamaBackend(server.url, load_seconds=load_seconds) as backend:
            for request in requests:
                items = [item async for item in backend.stream(request)]
                reply = items.pop()
                assert isinstance(reply, Reply)
                answers.append(([item for item in items if isinstance(item, Piece)], reply))
        return answers

    return asyncio.run(all_of_them())


def test_a_reply_comes_in_pieces_and_ends_with_its_counts(ollama: "Loopback") -> None:
    [(pieces, reply)] = run(ollama, asking())
    assert [piece.text for piece in pieces] == ["Hel", "lo"]
    assert reply.text == "Hello"
    assert (reply.backend, reply.model, reply.finish) == ("ollama", "tiny", "stop")
    assert (reply.prompt_tokens, reply.reply_tokens, reply.estimated) == (21, 2, False)
    assert reply.load == 1.5
    assert 0 < reply.first_token <= reply.total


def test_every_request_says_what_ollama_would_otherwise_decide(ollama: "Loopback") -> None:
    run(ollama, asking(schema=SCHEMA, max_tokens=700))
    [body] = ollama.bodies("/api/chat")
    assert body == {
        "model": "tiny:latest:local",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
        "truncate": False,
        "shift": False,
        "keep_alive": "10m",
        "format": SCHEMA,
        "options": {"num_ctx": 4096, "num_predict": 700},
    }


def test_sampling_goes_into_options_with_the_names_and_types_of_ollama(ollama: "Loopback") -> None:
    run(ollama, asking(sampling=Sampling(temperature=0.5, top_p=0.9, top_k=20, seed=7, stop=("END",))))
    [body] = ollama.bodies("/api/chat")
    sampling = {"temperature": 0.5, "top_p": 0.9, "top_k": 20, "seed": 7, "stop": ["END"]}
    assert sampling.items() <= body["options"].items()
    assert "format" not in body


@pytest.mark.parametrize(("given_as", "sent"), [("10m", "10m"), ("300", 300), ("-1", -1), ("0", 0)])
def test_keep_alive_in_seconds_is_sent_as_a_number(ollama: "Loopback", given_as: str, sent: object) -> None:
    async def ask() -> None:
        async with (
            OllamaBackend(ollama.url, keep_alive=given_as) as backend,
            aclosing(backend.stream(asking())) as items,
        ):
            async for _ in items:
                pass

    asyncio.run(ask())
    assert ollama.bodies("/api/chat")[0]["keep_alive"] == sent


def test_the_window_of_a_model_does_not_shrink_between_calls(ollama: "Loopback") -> None:
    run(ollama, asking("long " * 5000), asking("short"))
    assert [body["options"]["num_ctx"] for body in ollama.bodies("/api/chat")] == [16384, 16384]


def test_the_models_facts_are_asked_for_once(ollama: "Loopback") -> None:
    run(ollama, asking(), asking())
    assert len(ollama.bodies("/api/show")) == 1


@pytest.mark.parametrize(
    ("capabilities", "family", "think"),
    [(("completion",), "qwen2", None), (("completion", "thinking"), "qwen3", False),
     (("completion", "thinking"), "gptoss", "low"), (("completion", "thinking"), "gpt-oss", "low")],
)  # fmt: skip
def test_thinking_is_turned_off_where_the_model_thinks_and_not_mentioned_elsewhere(
    ollama: "Loopback", capabilities: tuple[str, ...], family: str, think: object
) -> None:
    ollama.says("/api/show", ollama.shown(capabilities=capabilities) | {"details": {"family": family}})
    run(ollama, asking())
    assert ollama.bodies("/api/chat")[0].get("think") == think
    assert ("think" in ollama.bodies("/api/chat")[0]) == (think is not None)


def test_thinking_is_shown_as_it_comes_and_is_no_part_of_the_text(ollama: "Loopback") -> None:
    thought = {"message": {"role": "assistant", "content": "", "thinking": "Hmm."}, "done": False}
    ollama.streams(thought, ollama.piece("42"), ollama.done())
    [(pieces, reply)] = run(ollama, asking())
    assert pieces == [Piece(text="Hmm.", thinking=True), Piece(text="42")]
    assert reply.text == "42"


def test_a_reply_that_hit_its_limit_says_so(ollama: "Loopback") -> None:
    ollama.streams(ollama.piece('{"a'), ollama.done(done_reason="length"))
    assert run(ollama, asking())[0][1].finish == "length"


def test_a_model_that_the_server_stops_for_repeating_itself_gives_a_reply_that_says_so(ollama: "Loopback") -> None:
    ollama.streams(ollama.piece('{"a":"'), *[ollama.piece(" so")] * 31)  # and no last line, as v0.24.0 does
    [(_, reply)] = run(ollama, asking(schema=SCHEMA))
    assert (reply.finish, reply.estimated) == ("repetition", True)
    assert reply.text == '{"a":"' + " so" * 31


def test_an_empty_reply_is_an_empty_text(ollama: "Loopback") -> None:
    ollama.streams(ollama.done())
    [(pieces, reply)] = run(ollama, asking())
    assert (pieces, reply.text, reply.finish) == ([], "", "stop")


@pytest.mark.parametrize("odd", [None, "many", -5, 1.5e300, float("nan"), float("inf"), True, [1]])
def test_counts_that_are_no_counts_are_replaced_by_estimates(ollama: "Loopback", odd: object) -> None:
    ollama.streams(ollama.piece("abcdef"), ollama.done(prompt_eval_count=odd, eval_count=odd, load_duration=odd))
    reply = run(ollama, asking())[0][1]
    assert reply.estimated
    assert (reply.reply_tokens, reply.load) == (2, 0.0)
    assert reply.prompt_tokens > 0


def test_estimates_are_corrected_by_the_counts_of_the_server(ollama: "Loopback") -> None:
    request = asking("x" * 6000, max_tokens=100)  # two thousand tokens by estimate
    ollama.streams(ollama.piece("a"), ollama.done(prompt_eval_count=3900))
    run(ollama, request, request)
    assert [body["options"]["num_ctx"] for body in ollama.bodies("/api/chat")] == [4096, 8192]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    cuts=st.lists(st.integers(1, 400), max_size=30), said=st.lists(st.text(st.characters(codec="utf-8")), max_size=5)
)
def test_a_reply_is_the_same_however_the_network_cuts_it(ollama: "Loopback", cuts: list[int], said: list[str]) -> None:
    documents = [*(ollama.piece(text) for text in said), ollama.done()]
    data = b"".join(json.dumps(item, ensure_ascii=False).encode() + b"\r\n" for item in documents)
    borders = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    ollama.streams(*(data[a:b] for a, b in pairwise(borders)))
    assert run(ollama, asking(max_tokens=5000))[0][1].text == "".join(said)


def test_halves_of_a_character_are_joined_and_a_lone_half_is_replaced(ollama: "Loopback") -> None:
    ollama.streams(ollama.piece("a\ud83d"), ollama.piece("\ude00b"), ollama.piece("\ud83d"), ollama.done())
    [(pieces, reply)] = run(ollama, asking())
    assert reply.text == "a😀b\ufffd"
    for piece in pieces:
        piece.text.encode()


def test_leaving_the_stream_closes_the_connection_at_once(ollama: "Loopback") -> None:
    ollama.streams(ollama.piece("Hel"), then="hang")

    async def leave() -> None:
        async with OllamaBackend(ollama.url) as backend:
            async with aclosing(backend.stream(asking())) as items:
                assert await anext(items) == Piece(text="Hel")
            assert await asyncio.to_thread(ollama.client_left.wait, 1.0)

    asyncio.run(leave())


def test_cancelling_the_reader_closes_the_connection_at_once(ollama: "Loopback") -> None:
    ollama.streams(ollama.piece("Hel"), then="hang")

    async def cancel() -> None:
        came = asyncio.Event()

        async def read(backend: OllamaBackend) -> None:
            async for _ in backend.stream(asking()):
                came.set()

        async with OllamaBackend(ollama.url) as backend:
            reading = asyncio.create_task(read(backend))
            await asyncio.wait_for(came.wait(), 5)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            assert await asyncio.to_thread(ollama.client_left.wait, 1.0)

    asyncio.run(cancel())


def test_one_instance_serves_several_event_loops_one_after_the_other(ollama: "Loopback") -> None:
    backend = OllamaBackend(ollama.url)

    async def once() -> int:
        async with backend:
            return len(await backend.models())

    assert [asyncio.run(once()), asyncio.run(once())] == [1, 1]
