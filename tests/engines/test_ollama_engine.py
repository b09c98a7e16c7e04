"""The Ollama backend against a real Ollama server, with models made on the spot."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from engines.backend_behaviour import TRAINED_WINDOW, collect, unfit
from prentice.backends.ollama.backend import OllamaBackend
from prentice.backends.protocol import Message, Piece, Reply, Request, Sampling
from prentice.backends.structured import parse
from prentice.errors import ModelNotFoundError, PromptTooLongError, ReplyCutError, ReplyError
from prentice.skills.breakdown.checks import problems
from prentice.skills.breakdown.prompt import breakdown_request
from prentice.skills.breakdown.reply import PlanReply
from prentice.tasks.plan import PlanningFacts

if TYPE_CHECKING:
    from engines.conftest import Ollama

pytestmark = pytest.mark.engine


def asking(model: str, text: str = "Break down this task", **more: Any) -> Request:
    values: dict[str, Any] = {
        "purpose": "test",
        "model": model,
        "messages": (Message(role="user", content=text),),
        "sampling": Sampling(temperature=0.7, seed=1),
        "max_tokens": 64,
        "deadline": 60.0,
        "idle": 20.0,
    }
    return Request(**(values | more))


def breaking_down(title: str, *, model: str, low: int = 3, high: int = 8, **sampling: Any) -> Request:
    facts = PlanningFacts(name=title, min_subtasks=low, max_subtasks=high)
    request = breakdown_request(facts, model=model, idle=20.0, deadline=60.0, seed=1)
    return replace(request, sampling=replace(request.sampling, **sampling))


def answers(ollama: "Ollama", *requests: Request) -> list[tuple[list[Piece], Reply]]:
    async def all_of_them() -> list[tuple[list[Piece], Reply]]:
        async with OllamaBackend(ollama.url) as backend:
            return [await collect(backend, request) for request in requests]

    return asyncio.run(all_of_them())


def answer(ollama: "Ollama", request: Request) -> Reply:
    [(_, reply)] = answers(ollama, request)
    return reply


def test_the_models_on_the_server_are_listed_with_what_is_known_of_them(ollama: "Ollama") -> None:
    async def listed() -> list[Any]:
        async with OllamaBackend(ollama.url) as backend:
            return await backend.models()

    models = {info.name: info for info in asyncio.run(listed())}
    assert set(models) == {ollama.trained, ollama.random, ollama.stuck}
    trained = models[ollama.trained]
    assert (trained.context, trained.family, trained.backend) == (TRAINED_WINDOW, "qwen2", "ollama")
    assert trained.size_bytes is not None
    assert 2_000_000 < trained.size_bytes < 4_000_000
    assert "completion" in trained.capabilities
    assert len({info.digest for info in models.values()} - {""}) == 3


def test_a_chat_is_answered_with_text_and_counts(ollama: "Ollama", held_out_tasks: list[str]) -> None:
    request = replace(breaking_down(held_out_tasks[0], model=ollama.trained), schema=None)
    reply = answer(ollama, request)
    assert reply.text.startswith('{"subtasks":[{"key":"')
    assert (reply.finish, reply.estimated, reply.backend, reply.model) == ("stop", False, "ollama", ollama.trained)
    assert 300 < reply.prompt_tokens < 600
    assert 100 < reply.reply_tokens < 400
    assert 0 < reply.first_token <= reply.total


def test_a_trained_model_plans_tasks_that_it_has_never_seen(ollama: "Ollama", held_out_tasks: list[str]) -> None:
    requests = [breaking_down(title, model=ollama.trained, temperature=0.0) for title in held_out_tasks]
    for title, (_, reply) in zip(held_out_tasks, answers(ollama, *requests), strict=True):
        plan = [item.subtask() for item in parse(reply, PlanReply).subtasks]
        assert problems(plan, PlanningFacts(name=title)) == (), title
        assert len(plan) == 3, title
        thing = title.split(" the ")[1]
        assert any(thing in subtask.name for subtask in plan), title


def test_a_trained_model_keeps_to_the_schema_unasked(ollama: "Ollama", held_out_tasks: list[str]) -> None:
    requests = [breaking_down(title, model=ollama.trained, temperature=0.0) for title in held_out_tasks]
    free = [replace(request, schema=None) for request in requests]
    found = [unfit(reply, asked) for asked, (_, reply) in zip(requests, answers(ollama, *free), strict=True)]
    assert found == [[]] * len(held_out_tasks)


def test_any_weights_keep_to_the_schema_twenty_times_of_twenty(ollama: "Ollama", held_out_tasks: list[str]) -> None:
    """At temperature 0 such weights fall into a loop, which the server breaks off: see the test of that below."""
    temperatures = (0.3, 0.7, 1.0, 1.3, 1.6)
    requests = [
        breaking_down(
            held_out_tasks[seed % len(held_out_tasks)],
            model=ollama.random,
            low=3,
            high=3,
            temperature=temperatures[seed % len(temperatures)],
            seed=seed,
        )
        for seed in range(20)
    ]
    found = [unfit(reply, request) for request, (_, reply) in zip(requests, answers(ollama, *requests), strict=True)]
    assert found == [[]] * 20


def test_without_a_schema_the_same_weights_answer_nonsense(ollama: "Ollama", held_out_tasks: list[str]) -> None:
    request = breaking_down(held_out_tasks[0], model=ollama.random)
    reply = answer(ollama, replace(request, schema=None, max_tokens=300))
    assert unfit(reply, request)


def test_a_reply_arrives_in_many_pieces_that_begin_before_its_end(ollama: "Ollama", held_out_tasks: list[str]) -> None:
    request = breaking_down(held_out_tasks[0], model=ollama.trained)
    answers(ollama, request)  # loads the model, so that what is timed below is the reply
    [(pieces, reply)] = answers(ollama, request)
    assert len(pieces) > 50
    assert "".join(piece.text for piece in pieces) == reply.text
    assert reply.first_token < reply.total  # the server may send its head late: a reply takes a tenth of a second


def test_a_missing_model_is_told_with_the_command_that_gets_it(ollama: "Ollama") -> None:
    with pytest.raises(ModelNotFoundError) as caught:
        answer(ollama, asking("no-such-model"))
    assert "prentice models pull no-such-model" in caught.value.next_step


def test_a_prompt_that_cannot_fit_is_refused_before_anything_is_sent(ollama: "Ollama") -> None:
    before = ollama.log.read_bytes().count(b'"/api/chat"')
    with pytest.raises(PromptTooLongError) as caught:
        answer(ollama, asking(ollama.trained, "many words " * 1000, context_tokens=2048))
    assert caught.value.details["window"] == 2048
    assert ollama.log.read_bytes().count(b'"/api/chat"') == before


def test_a_prompt_that_the_server_counts_as_too_long_is_the_same_error(ollama: "Ollama") -> None:
    """Letters that the tokenizer has never seen together cost a token each, three times the estimate."""
    before = ollama.log.read_bytes().count(b'"/api/chat"')
    with pytest.raises(PromptTooLongError) as caught:
        answer(ollama, asking(ollama.trained, "QZXJ " * 750, context_tokens=2048))
    assert caught.value.details["window"] == 2048
    assert ollama.log.read_bytes().count(b'"/api/chat"') > before


def test_a_prompt_of_more_tokens_than_estimated_gets_a_larger_window(ollama: "Ollama") -> None:
    reply = answer(ollama, asking(ollama.trained, "QZXJ " * 840, max_tokens=16))
    assert 4096 < reply.prompt_tokens < 8192
    assert not reply.estimated


def test_a_reply_cut_by_its_limit_is_no_plan(ollama: "Ollama", held_out_tasks: list[str]) -> None:
    reply = answer(ollama, replace(breaking_down(held_out_tasks[0], model=ollama.trained), max_tokens=12))
    assert (reply.finish, reply.reply_tokens) == ("length", 12)
    with pytest.raises(ReplyCutError):
        parse(reply, PlanReply)


def test_a_reply_that_the_server_gives_up_for_repeating_itself_is_no_plan(ollama: "Ollama") -> None:
    """After thirty equal pieces Ollama closes the stream with status 200 and no last line."""
    reply = answer(ollama, asking(ollama.stuck, max_tokens=400, sampling=Sampling(temperature=0.0)))
    assert reply.finish == "repetition"
    assert reply.estimated
    with pytest.raises(ReplyError, match="repeats itself"):
        parse(reply, PlanReply)


@contextmanager
def empty_registry() -> Iterator[str]:
    """A registry on loopback that has nothing, so that a pull needs no network."""

    class Nothing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        do_HEAD = do_GET  # noqa: N815 - the base class looks methods up by these names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's parameter
            pass

    with HTTPServer(("127.0.0.1", 0), Nothing) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_pull_of_an_unknown_name_ends_with_an_error_line(ollama: "Ollama") -> None:
    """Ollama says so in a line of a stream that began with status 200."""
    with empty_registry() as registry, httpx2.Client(base_url=ollama.url, timeout=20.0, trust_env=False) as client:
        body = {"model": f"{registry}/library/no-such-model", "insecure": True, "stream": True}
        response = client.post("/api/pull", json=body)
    lines = [json.loads(line) for line in response.text.splitlines()]
    assert response.status_code == 200
    assert "error" in lines[-1]
    assert all("success" not in line.values() for line in lines)
