import asyncio
import json
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from backends.openai.asking_openai import SCHEMA, answer, answers, collect, request
from backends.openai.playing import Playing, serving
from prentice.backends.openai.backend import OpenAIBackend
from prentice.backends.openai.catalogue import DETAILS, PROPS, ROUTES, TAGS
from prentice.backends.protocol import Message, ModelInfo, Piece, Sampling
from prentice.errors import (
    ModelNotFoundError,
    ModelUnsupportedError,
    PromptTooLongError,
    RemoteRefusedError,
)

if TYPE_CHECKING:
    from backends.openai.conftest import OpenAIPlay


def listed(url: str, **more: Any) -> list[ModelInfo]:
    async def ask() -> list[ModelInfo]:
        async with OpenAIBackend(url, **more) as backend:
            return await backend.models()

    return asyncio.run(ask())


def test_pieces_join_to_the_reply_and_the_server_counts(openai: "OpenAIPlay") -> None:
    [(pieces, reply)] = answers(openai.url, request())
    assert [piece.text for piece in pieces] == ["Hel", "lo"]
    assert (reply.text, reply.backend, reply.model, reply.finish) == ("Hello", "openai", "tiny", "stop")
    assert (reply.prompt_tokens, reply.reply_tokens, reply.estimated, reply.cached_tokens) == (21, 2, False, None)
    assert 0 < reply.first_token <= reply.total


def test_only_known_fields_are_sent_and_no_tools(openai: "OpenAIPlay") -> None:
    sampling = Sampling(temperature=0.3, top_p=0.9, top_k=40, seed=7, stop=("END",))
    turns = (Message(role="system", content="Be brief"), Message(role="user", content="Name a city"))
    answer(openai.url, request(sampling=sampling, messages=turns))
    assert openai.bodies == [
        {
            "model": "tiny",
            "messages": [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "Name a city"}],
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": 64,
            "temperature": 0.3,
            "top_p": 0.9,
            "top_k": 40,
            "seed": 7,
            "stop": ["END"],
        }
    ]


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thinking_is_told_apart_and_no_part_of_the_reply(openai: "OpenAIPlay", field: str) -> None:
    thought = {"choices": [{"index": 0, "delta": {field: "Hm"}, "finish_reason": None}]}
    openai.streams(thought, openai.piece("Oslo"), openai.end(), openai.usage())
    [(pieces, reply)] = answers(openai.url, request())
    assert pieces == [Piece(text="Hm", thinking=True), Piece(text="Oslo")]
    assert reply.text == "Oslo"


def test_comments_and_a_missing_end_mark_do_no_harm(openai: "OpenAIPlay") -> None:
    openai.streams(b": keepalive 1/2\n\n", openai.piece("Oslo"), b":\n\n", openai.end())
    reply = answer(openai.url)
    assert (reply.text, reply.estimated) == ("Oslo", True)
    assert reply.prompt_tokens > 0
    assert reply.reply_tokens > 0


def test_counts_that_never_come_are_not_waited_for(openai: "OpenAIPlay") -> None:
    openai.streams(openai.piece("Oslo"), openai.end(), then="hang")
    reply = answer(openai.url, request(deadline=30.0, idle=30.0))
    assert (reply.text, reply.finish, reply.estimated) == ("Oslo", "stop", True)
    assert reply.total < 10.0


def test_an_answer_in_one_piece_is_taken_too(openai: "OpenAIPlay") -> None:
    whole = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Oslo"}, "finish_reason": "stop"}]}
    openai.loopback.says("/v1/chat/completions", whole | {"usage": {"prompt_tokens": 9, "completion_tokens": 1}})
    reply = answer(openai.url)
    assert (reply.text, reply.prompt_tokens) == ("Oslo", 9)


def test_content_in_parts_is_joined(openai: "OpenAIPlay") -> None:
    parts = {"choices": [{"delta": {"content": [{"type": "text", "text": "Os"}, {"type": "text", "text": "lo"}]}}]}
    openai.streams(parts, openai.end())
    assert answer(openai.url).text == "Oslo"


@pytest.mark.parametrize("reason", ["length", "max_tokens"])
def test_a_reply_at_its_limit_says_so(openai: "OpenAIPlay", reason: str) -> None:
    openai.streams(openai.piece("Os"), openai.end(reason))
    assert answer(openai.url).finish == "length"


def test_cached_tokens_are_told(openai: "OpenAIPlay") -> None:
    openai.streams(openai.piece("a"), openai.end(), openai.usage(prompt_tokens_details={"cached_tokens": 0}))
    assert answer(openai.url).cached_tokens == 0
    openai.streams(openai.piece("a"), openai.end(), openai.usage(prompt_tokens_details={"cached_tokens": 16}))
    assert answer(openai.url).cached_tokens == 16


def test_a_field_that_the_server_refuses_is_left_out_from_then_on(openai: "OpenAIPlay") -> None:
    refusal = (400, {"error": {"message": "Unknown parameter: 'stream_options'."}})
    openai.refuses(refusal, then=openai.stream(openai.piece("Oslo"), openai.end()))
    assert [reply.text for _, reply in answers(openai.url, request(), request())] == ["Oslo", "Oslo"]
    assert ["stream_options" in body for body in openai.bodies] == [True, False, False]


def test_a_limit_that_has_a_newer_name_is_sent_under_it(openai: "OpenAIPlay") -> None:
    says = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    openai.refuses((400, {"error": {"message": says}}), then=openai.stream(openai.piece("Oslo"), openai.end()))
    assert answer(openai.url).text == "Oslo"
    assert (openai.bodies[1]["max_completion_tokens"], "max_tokens" in openai.bodies[1]) == (64, False)


def test_a_full_queue_is_asked_again_when_the_server_says(openai: "OpenAIPlay") -> None:
    full = (429, {"error": {"message": "Too many requests"}})
    loading = (503, {"error": {"message": "Loading model", "type": "unavailable_error"}})
    openai.refuses(full, loading, then=openai.stream(openai.piece("Oslo"), openai.end()), head="Retry-After: 0.4")
    reply = answer(openai.url)
    assert reply.text == "Oslo"
    assert reply.total > 0.8


def test_cancelling_the_reader_closes_the_connection(openai: "OpenAIPlay") -> None:
    openai.streams(openai.piece("Oslo"), then="hang")

    async def leave() -> None:
        async with OpenAIBackend(openai.url) as backend, aclosing(backend.stream(request())) as items:
            await anext(items)

    asyncio.run(leave())
    assert openai.loopback.client_left.wait(timeout=5)


def test_the_only_model_needs_no_name(openai: "OpenAIPlay") -> None:
    assert answer(openai.url, request(model="")).model == "tiny"
    assert openai.bodies[0]["model"] == "tiny"


def test_a_server_that_lists_nothing_is_asked_for_what_it_has_loaded(openai: "OpenAIPlay") -> None:
    openai.loopback.says("/v1/models", b"")
    assert [info.name for info in listed(openai.url)] == ["default_model"]
    assert answer(openai.url, request(model="")).model == "default_model"


def test_a_model_that_is_not_listed_is_never_asked_for(openai: "OpenAIPlay") -> None:
    with pytest.raises(ModelNotFoundError, match="tiny") as caught:
        answer(openai.url, request(model="tinny"))
    assert "--model tiny" in caught.value.next_step
    openai.models({"id": "a"}, {"id": "b"})
    with pytest.raises(ModelNotFoundError, match="No model was named"):
        answer(openai.url, request(model=""))
    assert openai.bodies == []


def test_other_names_of_a_model_and_patterns_are_known(openai: "OpenAIPlay") -> None:
    openai.models({"id": "/models/x.gguf", "aliases": ["tiny"]}, {"id": "local/*"})
    for name in ("tiny", "/models/x.gguf", "local/phi"):
        assert answer(openai.url, request(model=name)).model == name


WINDOWS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "vLLM": ({"max_model_len": 4096}, {}),
    "llama-server's list": ({"meta": {"n_ctx": 4096, "n_ctx_train": 131072}}, {}),
    "llama-server's properties": (
        {"meta": {"n_ctx_train": 131072}}, {PROPS: {"default_generation_settings": {"n_ctx": 4096}}}
    ),
    "LM Studio": (
        {},
        {DETAILS: {"data": [{"id": "tiny", "type": "llm", "max_context_length": 9999, "loaded_context_length": 4096}]}},
    ),
    "LiteLLM": (
        {},
        {
            ROUTES: {
                "data": [
                    {
                        "model_name": "tiny",
                        "litellm_params": {"model": "ollama/tiny"},
                        "model_info": {"max_input_tokens": 4096},
                    }
                ]
            }
        },
    ),
    "a gateway": ({"context_length": 4096}, {}),
    "only what was trained": ({"meta": {"n_ctx_train": 4096}}, {}),
}  # fmt: skip


@pytest.mark.parametrize("server", WINDOWS)
def test_the_window_is_found_wherever_a_server_tells_it(server: str) -> None:
    entry, look_ups = WINDOWS[server]
    with serving(Playing(models=[{"id": "tiny", **entry}], look_ups=look_ups)) as playing:
        [info] = listed(playing.url)
        assert info.context == 4096
        with pytest.raises(PromptTooLongError) as caught:
            answer(playing.url, request("many words " * 2000))
        assert caught.value.details["window"] == 4096
        assert playing.bodies == []


def test_odd_answers_of_look_ups_are_passed_over() -> None:
    odd = {PROPS: [1], DETAILS: {"error": "Unexpected endpoint"}, ROUTES: {"data": 3}, TAGS: {"models": [None, 5]}}
    with serving(Playing(models=[{"id": "tiny", "max_model_len": float("nan"), "meta": 7}], look_ups=odd)) as playing:
        assert listed(playing.url)[0].context is None
        assert answer(playing.url).text == "hello"


def test_models_that_only_embed_are_not_listed() -> None:
    details = {"data": [{"id": "nomic", "type": "embeddings"}, {"id": "phi", "type": "llm", "quantization": "4bit"}]}
    with serving(Playing(models=[{"id": "nomic"}, {"id": "phi"}], look_ups={DETAILS: details})) as playing:
        assert [(info.name, info.quantization) for info in listed(playing.url)] == [("phi", "4bit")]


def test_prompt_and_limit_together_stay_within_the_window() -> None:
    with serving(Playing(models=[{"id": "tiny", "max_model_len": 2048}])) as playing:
        answer(playing.url, request("word " * 500, max_tokens=2000))
        [body] = playing.bodies
    assert 600 <= body["max_tokens"] <= 2048 - 500


CUT = {"2048, filled": 2047, "2048, half kept": 1026, "far too few": 300}


@pytest.mark.parametrize("count", CUT.values(), ids=list(CUT))
def test_a_prompt_that_the_server_cut_is_an_error_after_the_reply(count: int) -> None:
    with serving(Playing(models=[{"id": "tiny"}], counts=lambda _: count)) as playing:
        with pytest.raises(PromptTooLongError, match="cut the prompt") as caught:
            answer(playing.url, request("many words " * 2000))
        assert caught.value.details["window"] == count


def test_a_count_that_only_looks_like_a_cut_is_believed() -> None:
    base = 1026 - len(("many words " * 510).split())
    with serving(Playing(models=[{"id": "tiny"}], counts=lambda prompt: base + len(prompt.split()))) as playing:
        reply = answer(playing.url, request("many words " * 510))
        assert reply.prompt_tokens == 1026
        assert len(playing.bodies) == 2
        assert playing.bodies[1]["max_tokens"] == 1


def test_estimates_are_corrected_by_what_the_server_counts() -> None:
    with serving(
        Playing(models=[{"id": "tiny", "max_model_len": 6000}], counts=lambda p: 2 * len(p.split()))
    ) as playing:
        long, longer = request("of " * 1000), request("of " * 3100)
        assert answers(playing.url, long)[0][1].prompt_tokens == 2000
        with pytest.raises(PromptTooLongError):
            answers(playing.url, long, longer)


FORWARDED: dict[str, dict[str, Any]] = {
    "LiteLLM to a provider": {ROUTES: {"data": [{"model_name": "tiny", "litellm_params": {"model": "openai/gpt-5"}}]}},
    "LiteLLM to an address": {
        ROUTES: {
            "data": [
                {"model_name": "tiny", "litellm_params": {"model": "ollama/x", "api_base": "https://llm.example/v1"}}
            ]
        }
    },
    "one of two routes": {
        ROUTES: {
            "data": [
                {"model_name": "tiny", "litellm_params": {"model": "ollama/x"}},
                {"model_name": "tiny", "litellm_params": {"model": "groq/x"}},
            ]
        }
    },
    "Ollama behind the path": {
        TAGS: {"models": [{"name": "tiny:latest", "remote_host": "https://ollama.com:443", "remote_model": "big"}]}
    },
}


@pytest.mark.parametrize("kind", FORWARDED)
def test_a_model_that_the_server_sends_elsewhere_is_refused_before_anything_is_sent(kind: str) -> None:
    with serving(Playing(look_ups=FORWARDED[kind])) as playing:
        with pytest.raises(RemoteRefusedError, match="tiny") as caught:
            answer(playing.url)
        assert "allowed_remote_models" in caught.value.next_step
        assert (playing.bodies, listed(playing.url)) == ([], [])
        assert answer(playing.url, allowed_remote_models=("tiny",)).text == "hello"


def test_a_model_that_a_gateway_sends_to_this_machine_is_local() -> None:
    here = {"model_name": "tiny", "litellm_params": {"model": "openai/x", "api_base": "http://127.0.0.1:8080/v1"}}
    with serving(Playing(look_ups={ROUTES: {"data": [here]}})) as playing:
        assert answer(playing.url).text == "hello"


def test_a_name_of_a_cloud_model_is_refused(openai: "OpenAIPlay") -> None:
    openai.models({"id": "gpt-oss:120b-cloud"})
    with pytest.raises(RemoteRefusedError):
        answer(openai.url, request(model="gpt-oss:120b-cloud"))


def test_a_head_that_tells_of_another_host_ends_the_call(openai: "OpenAIPlay") -> None:
    stream = openai.stream(openai.piece("Oslo"), openai.end())
    head = stream.portions[0].replace(b"\r\n", b"\r\nx-litellm-model-api-base: https://llm.example\r\n", 1)
    openai.loopback.play("/v1/chat/completions", replace(stream, portions=(head, *stream.portions[1:])))
    with pytest.raises(RemoteRefusedError, match=r"llm\.example"):
        answer(openai.url)


def test_other_hosts_are_refused_unless_listed() -> None:
    with pytest.raises(RemoteRefusedError, match="not this machine") as caught:
        answer("http://192.0.2.7:8000")
    assert 'allowed_hosts = ["192.0.2.7"]' in caught.value.next_step


def test_a_schema_goes_out_in_the_form_that_was_found(played: Playing) -> None:
    reply = answer(played.url, request(schema=SCHEMA))
    assert json.loads(reply.text) == {"name": "Oslo"}
    assert not reply.schema_in_prompt
    assert played.bodies[-1]["response_format"]["json_schema"] == {"name": "reply", "strict": True, "schema": SCHEMA}
    assert SCHEMA["required"] != []
    assert "JSON Schema" not in json.dumps(played.bodies[-1]["messages"])


def test_a_schema_that_the_server_refuses_is_told_and_the_finding_dropped(played: Playing) -> None:
    played.refuses = lambda body: (400, "JSON schema error: unrecognized type frob") if "frob" in str(body) else None
    with pytest.raises(ModelUnsupportedError, match="frob") as caught:
        answers(played.url, request(schema=SCHEMA), request(schema={"type": "frob"}))
    assert "--backend" in caught.value.next_step


def test_parallel_calls_wait_for_one_probe(played: Playing) -> None:
    async def together() -> None:
        async with OpenAIBackend(played.url) as backend:
            await asyncio.gather(*(collect(backend, request(schema=SCHEMA)) for _ in range(6)))

    asyncio.run(together())
    assert (played.probes, len(played.bodies)) == (1, 7)
