import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

from prentice.backends.asking import Answer, ask, attempt
from prentice.backends.builtin import BuiltinBackend
from prentice.backends.protocol import CallRecord, Message, Request
from prentice.backends.scripted import ScriptedBackend
from prentice.errors import ReplyCutError, ReplyError, ScriptExhaustedError, StreamError, TimedOutError
from prentice.tasks.plan import PlanningFacts


class City(BaseModel):
    name: str = Field(min_length=3)
    people: int


GOOD = '{"name":"Oslo","people":717710}'
SMALL = '{"name":"Os","people":717710}'


class Records:
    """Keeps what was recorded, and the prompts as their digests."""

    def __init__(self) -> None:
        self.calls: list[CallRecord] = []

    def call(self, record: CallRecord) -> None:
        self.calls.append(record)


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., ScriptedBackend]:
    def play(*lines: dict[str, Any]) -> ScriptedBackend:
        path = tmp_path / "script.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return ScriptedBackend(path)

    return play


def request(**more: Any) -> Request:
    return Request(purpose="test", messages=(Message(role="user", content="Name a city"),), **more)


def asked(backend: ScriptedBackend, *, records: Records | None = None, **more: Any) -> City:
    return asyncio.run(ask(backend, more.pop("request", request()), City, recorder=records, **more))


def test_a_good_reply_is_its_value_after_one_call(script: Callable[..., ScriptedBackend]) -> None:
    records = Records()
    assert asked(script({"text": GOOD}), records=records) == City(name="Oslo", people=717710)
    assert [record.finish for record in records.calls] == ["stop"]


@pytest.mark.parametrize("bad", ["Oslo, I think.", SMALL, "{}", "", f"```json\n{GOOD}\n```", "<think>Oslo?</think>"])
def test_a_wrong_reply_is_asked_for_once_more_with_its_problems(
    script: Callable[..., ScriptedBackend], bad: str
) -> None:
    records = Records()
    backend = script({"text": bad}, {"text": GOOD, "match": "cannot be used:\n- "})
    assert asked(backend, records=records).name == "Oslo"
    assert len(records.calls) == 2
    assert records.calls[0].prompt_digest != records.calls[1].prompt_digest


def test_the_second_request_shows_the_reply_and_the_error_of_its_value(script: Callable[..., ScriptedBackend]) -> None:
    backend = script({"text": SMALL}, {"text": GOOD, "match": f"{SMALL}\n\nThis answer cannot be used:\n- name: "})
    assert asked(backend).people == 717710


def test_an_endless_wrong_reply_is_shown_only_in_part(script: Callable[..., ScriptedBackend]) -> None:
    records = Records()
    backend = script({"text": "word " * 20_000}, {"text": GOOD})
    asked(backend, records=records, request=request(max_tokens=50_000))
    assert records.calls[1].prompt_tokens < 5_000


def test_the_second_wrong_reply_is_a_typed_error_with_its_own_problems(script: Callable[..., ScriptedBackend]) -> None:
    records = Records()
    with pytest.raises(ReplyError, match="people") as caught:
        asked(script({"text": "Oslo"}, {"text": '{"name":"Oslo"}'}, {"text": GOOD}), records=records)
    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["people"]
    assert "--model" in caught.value.next_step
    assert len(records.calls) == 2


def test_a_cut_reply_is_an_error_and_never_repaired(script: Callable[..., ScriptedBackend]) -> None:
    records = Records()
    with pytest.raises(ReplyCutError):
        asked(script({"endless": True}, {"text": GOOD}), records=records)
    assert len(records.calls) == 1


def test_a_cut_second_reply_is_an_error_too(script: Callable[..., ScriptedBackend]) -> None:
    with pytest.raises(ReplyCutError):
        asked(script({"text": "Oslo"}, {"endless": True}, {"text": GOOD}))


@pytest.mark.parametrize("lines", [[{"error": "stream_failed"}], [{"text": "Oslo"}, {"error": "stream_failed"}]])
def test_a_failed_call_is_its_own_error_and_not_repeated(
    script: Callable[..., ScriptedBackend], lines: list[dict[str, Any]]
) -> None:
    with pytest.raises(StreamError):
        asked(script(*lines, {"text": GOOD}))


def test_what_is_wrong_beyond_the_shape_is_repaired_in_the_same_way(script: Callable[..., ScriptedBackend]) -> None:
    def check(city: City) -> Sequence[str]:
        return () if city.people > 1000 else [f"{city.name} is no city with {city.people} people"]

    village = '{"name":"Undredal","people":76}'
    backend = script({"text": village}, {"text": GOOD, "match": "- Undredal is no city with 76 people"})
    assert asked(backend, check=check).name == "Oslo"
    with pytest.raises(ReplyError, match="Undredal is no city"):
        asked(script({"text": village}, {"text": village}), check=check)


def test_the_caller_may_write_the_second_request_itself(script: Callable[..., ScriptedBackend]) -> None:
    def repair(first: Request, reply: str, problems: tuple[str, ...]) -> Request:
        assert (reply, len(problems)) == ("Oslo", 1)
        return Request(purpose=first.purpose, messages=(Message(role="user", content="Try it in Norwegian"),))

    backend = script({"text": "Oslo"}, {"text": GOOD, "match": "Norwegian"})
    assert asked(backend, repair=repair).name == "Oslo"


def test_both_calls_share_the_deadline(script: Callable[..., ScriptedBackend]) -> None:
    backend = script({"text": "Oslo", "delay": 0.4}, {"text": GOOD, "delay": 0.4})
    with pytest.raises(TimedOutError) as caught:
        asked(backend, request=request(deadline=0.6))
    assert float(str(caught.value.details["seconds"])) < 0.25


def test_a_script_that_has_run_out_says_so(script: Callable[..., ScriptedBackend]) -> None:
    with pytest.raises(ScriptExhaustedError):
        asked(script({"text": "Oslo"}))


def test_one_attempt_keeps_the_reply_beside_what_is_wrong_with_it(script: Callable[..., ScriptedBackend]) -> None:
    def tried(line: dict[str, Any]) -> Answer[City]:
        return asyncio.run(attempt(script(line), request(), City))

    good, bad, cut = tried({"text": GOOD}), tried({"text": "Oslo"}), tried({"endless": True})
    assert (good.value, good.error, good.problems) == (City(name="Oslo", people=717710), None, ())
    assert (bad.value, bad.reply.text, bad.worth_asking_again) == (None, "Oslo", True)
    assert "prose" in bad.problems[0]
    assert (cut.value, cut.worth_asking_again, len(cut.problems)) == (None, False, 1)


def test_rules_are_not_asked_a_second_time() -> None:
    records = Records()
    facts = PlanningFacts(name="Add retries to the upload client").document()
    planning = Request(purpose="breakdown", messages=(), facts=facts)
    with pytest.raises(ReplyError, match="name: Field required"):
        asyncio.run(ask(BuiltinBackend(), planning, City, recorder=records))
    assert len(records.calls) == 1
