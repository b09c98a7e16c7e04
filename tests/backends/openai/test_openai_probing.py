import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.openai.asking_openai import SCHEMA, answer, answers, request
from backends.openai.playing import (
    Playing,
    Takes,
    guided_json,
    json_object,
    nothing,
    serving,
    structured_outputs,
    wrapper,
)
from prentice.backends.asking import ask
from prentice.backends.openai.backend import OpenAIBackend
from prentice.backends.openai.dialects import ENFORCED, Dialect, dialect_named, in_words
from prentice.backends.openai.findings import FindingsInMemory
from prentice.backends.openai.probing import PROBE_TOKENS, THINKING_TOKENS, judged, probe_request
from prentice.backends.protocol import CallRecord, Message
from prentice.errors import BackendBusyError, ReplyError, StreamError

DIALECTS: dict[Dialect, Takes] = {
    "json_schema": wrapper,
    "json_object": json_object,
    "structured_outputs": structured_outputs,
    "guided_json": guided_json,
    "prompt": nothing,
}


class Records:
    def __init__(self) -> None:
        self.calls: list[CallRecord] = []

    def call(self, record: CallRecord) -> None:
        self.calls.append(record)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_way_of_each_server_is_found_by_what_it_answers_and_remembered(dialect: Dialect) -> None:
    findings = FindingsInMemory()
    with serving(Playing(takes=DIALECTS[dialect])) as playing:
        reply = answer(playing.url, request(schema=SCHEMA), findings=findings)
        assert findings.recall(f"{playing.url}/v1", "tiny") == dialect
        assert reply.schema_in_prompt == (dialect == "prompt")
        assert reply.text == ("hello" if dialect == "prompt" else '{"name": "Oslo"}')
        asked = playing.probes
        assert asked == min(1 + list(DIALECTS).index(dialect), len(ENFORCED))
        answer(playing.url, request(schema=SCHEMA), findings=findings)
        assert playing.probes == asked


@pytest.mark.parametrize("status", [400, 422, 500])
def test_forms_that_a_server_refuses_are_passed_over(status: int) -> None:
    """llama-cpp-python answers OpenAI's form with status 500."""

    def refuses(body: Any) -> tuple[int, str] | None:
        return (status, "unsupported response_format") if wrapper(body) else None

    with serving(Playing(takes=json_object, refuses=refuses)) as playing:
        assert json.loads(answer(playing.url, request(schema=SCHEMA)).text) == {"name": "Oslo"}


def test_a_server_that_only_fails_teaches_nothing() -> None:
    findings = FindingsInMemory()
    with serving(Playing(refuses=lambda _: (500, "CUDA error"))) as playing:
        with pytest.raises(StreamError, match="CUDA error"):
            answer(playing.url, request(schema=SCHEMA), findings=findings)
        assert findings.recall(f"{playing.url}/v1", "tiny") is None


def test_a_model_that_writes_the_answer_of_its_own_accord_proves_nothing() -> None:
    with serving(Playing(takes=nothing, free='{"name": "Oslo"}')) as playing:
        assert answer(playing.url, request(schema=SCHEMA)).schema_in_prompt


def test_a_thinking_model_gets_room_to_answer() -> None:
    with serving(Playing(thinks="Hm " * 20, thinks_under=200)) as playing:
        assert not answer(playing.url, request(schema=SCHEMA, max_tokens=400)).schema_in_prompt
        assert [body["max_tokens"] for body in playing.bodies] == [PROBE_TOKENS, THINKING_TOKENS, 400]


def test_thinking_without_an_end_is_not_tried_in_every_form() -> None:
    with serving(Playing(thinks="Hm " * 20, thinks_under=10**6)) as playing:
        assert answer(playing.url, request(schema=SCHEMA)).schema_in_prompt
        assert playing.probes == 2


def test_a_full_queue_is_no_finding() -> None:
    findings = FindingsInMemory()
    with serving(Playing(refuses=lambda _: (429, "rate limit"))) as playing:
        with pytest.raises(BackendBusyError):
            answer(playing.url, request(schema=SCHEMA, deadline=0.3), findings=findings)
        assert findings.recall(f"{playing.url}/v1", "tiny") is None


def test_a_server_that_stops_holding_the_schema_is_probed_again() -> None:
    findings = FindingsInMemory()
    with serving(Playing()) as playing:
        answer(playing.url, request(schema=SCHEMA), findings=findings)
        playing.takes = nothing
        assert answer(playing.url, request(schema=SCHEMA), findings=findings).text == "hello"
        assert findings.recall(f"{playing.url}/v1", "tiny") is None
        assert answer(playing.url, request(schema=SCHEMA), findings=findings).schema_in_prompt


def test_each_model_of_a_server_is_probed_for_itself() -> None:
    def takes(body: Any) -> Any:
        return wrapper(body) if body["model"] == "a" else None

    with serving(Playing(takes=takes, models=[{"id": "a"}, {"id": "b"}])) as playing:
        asked = [request(schema=SCHEMA, model=name) for name in ("a", "b", "a", "b")]
        replies = [reply.schema_in_prompt for _, reply in answers(playing.url, *asked)]
    assert replies == [False, True, False, True]


def test_where_nothing_holds_the_schema_it_stands_in_the_prompt_and_one_repair_shows_the_errors() -> None:
    from pydantic import BaseModel  # noqa: PLC0415 - one type for one test

    class City(BaseModel):
        name: str

    async def asked(url: str, records: Records) -> City:
        async with OpenAIBackend(url) as backend:
            return await ask(backend, request(), City, recorder=records)

    records = Records()
    with serving(Playing(takes=nothing, free="Oslo, I think")) as playing:
        with pytest.raises(ReplyError, match="prose"):
            asyncio.run(asked(playing.url, records))
        first, second = (body["messages"] for body in playing.bodies[len(ENFORCED) :])
        assert "JSON Schema" in first[0]["content"]
        assert [message["role"] for message in second] == ["user", "assistant", "user"]
        assert "prose" in second[2]["content"]
        assert len(records.calls) == 2
        playing.free = 'Hm</think>\n```json\n{"name": "Oslo"}\n```'
        assert asyncio.run(asked(playing.url, records)) == City(name="Oslo")


def test_the_schema_in_words_keeps_the_roles_of_the_messages() -> None:
    messages = (Message(role="system", content="Be brief"), Message(role="user", content="A city"))
    worded = in_words(messages, SCHEMA)
    assert [message.role for message in worded] == ["system", "user"]
    assert worded[0].content.startswith("Be brief\n\n")
    assert worded[1] == messages[1]
    assert [message.role for message in in_words((), SCHEMA)] == ["user"]


def test_nothing_in_the_probe_leads_to_its_answer() -> None:
    probe = probe_request("tiny")
    assert judged('{"q7k": "v3x"}') == "held"
    assert not any(word in probe.prompt for word in ("q7k", "v3x", "schema"))


@given(st.text(alphabet='{"q7kv3x}: \n', max_size=20))
def test_only_the_wanted_answer_is_held(text: str) -> None:
    compact = "".join(text.split())
    wanted = '{"q7k":"v3x"}'
    verdict = judged(text)
    if verdict == "held":
        assert wanted.startswith(compact) or compact.startswith(wanted)
    elif verdict == "open":
        assert wanted.startswith(compact)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [("", "open"), ("\n {", "open"), ('{ "q7k"', "held"), ('{"q7k":"v3x"}\n', "held"), ('{"a', "ignored"),
     ("hello", "ignored"), ('{"q7k":"hello"}', "ignored"), ("```json", "ignored")],
)  # fmt: skip
def test_a_verdict_is_given_as_soon_as_it_can_be(text: str, verdict: str) -> None:
    assert judged(text) == verdict


def test_findings_are_believed_for_a_time() -> None:
    now = 100.0
    findings = FindingsInMemory(seconds=60.0, clock=lambda: now)
    findings.remember("h", "m", "prompt")
    assert (findings.recall("h", "m"), findings.recall("h", "n")) == ("prompt", None)
    now = 159.9
    assert findings.recall("h", "m") == "prompt"
    now = 160.0
    assert findings.recall("h", "m") is None


def test_a_remembered_word_that_is_no_way_is_none() -> None:
    assert [dialect_named(name) for name in ("prompt", "json_object", "", None, "telepathy")] == [
        "prompt", "json_object", None, None, None,
    ]  # fmt: skip
