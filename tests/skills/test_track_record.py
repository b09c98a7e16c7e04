"""From the record of calls and outcomes to speeds and counts."""

from pathlib import Path
from typing import Any

import pytest

from prentice.backends.protocol import CallRecord
from prentice.backends.routing.track_record import ENOUGH, Outcomes
from prentice.ledger.call_history import CallHistory
from prentice.ledger.calls_table import CallsTable
from prentice.ledger.database import Database
from prentice.ledger.migrations import RECORD
from prentice.ledger.outcomes_table import OutcomesTable
from prentice.skills.track_record import MeasuredRecord

CALL = {
    "at": 1.0, "purpose": "breakdown", "backend": "ollama", "model": "m", "prompt_digest": "", "prompt_version": "",
    "prompt_tokens": 1000, "reply_tokens": 400, "cached_tokens": None, "estimated": False, "load": 0.0,
    "first_token": 10.0, "total": 30.0, "finish": "stop",
}  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "record.db", RECORD)


@pytest.fixture
def record(database: Database) -> MeasuredRecord:
    return MeasuredRecord(calls=CallHistory(database), results=OutcomesTable(database))


def called(database: Database, **changes: Any) -> None:
    CallsTable(database).call(CallRecord(**{**CALL, **changes}))


def test_speeds_are_tokens_by_the_time_they_took(database: Database, record: MeasuredRecord) -> None:
    called(database, load=6.0, first_token=16.0, total=36.0)
    speed = record.speed("ollama", "m")
    assert (speed.prompt, speed.reply, speed.load, speed.calls) == (100, 20, 6, 1)


def test_cached_tokens_are_not_counted_as_read(database: Database, record: MeasuredRecord) -> None:
    called(database, cached_tokens=900)
    assert record.speed("ollama", "m").prompt == 10


def test_a_prompt_that_came_from_a_cache_unsaid_does_not_promise_speed(
    database: Database, record: MeasuredRecord
) -> None:
    for first_token in (10.0, 10.0, 0.1, 0.1):
        called(database, first_token=first_token, total=first_token + 20)
    assert record.speed("ollama", "m").prompt == 100


@pytest.mark.parametrize(
    "changes",
    [{"finish": "stream_failed"}, {"model": "other"}, {"backend": "mlx"}, {"estimated": True},
     {"prompt_tokens": 10, "reply_tokens": 3}],
)  # fmt: skip
def test_calls_that_say_nothing_of_the_model_are_left_out(
    database: Database, record: MeasuredRecord, changes: dict[str, Any]
) -> None:
    called(database, **changes)
    speed = record.speed("ollama", "m")
    assert (speed.prompt, speed.reply) == (None, None)


def test_some_milliseconds_are_no_loading(database: Database, record: MeasuredRecord) -> None:
    called(database, load=0.03)
    assert record.speed("ollama", "m").load is None


def test_usual_sizes_are_known_after_enough_calls_of_models(database: Database, record: MeasuredRecord) -> None:
    for tokens in range(ENOUGH - 1):
        called(database, prompt_tokens=1000 + tokens)
    called(database, backend="builtin", prompt_tokens=1)
    assert record.sizes("breakdown") is None
    called(database, prompt_tokens=5000)
    assert record.sizes("breakdown") == (1004, 400)
    assert record.sizes("execute") is None


def test_outcomes_count_by_model_and_kind_and_a_person_has_the_last_word(record: MeasuredRecord) -> None:
    for uid, right in (("a", True), ("b", True), ("c", False)):
        record.keep(uid, purpose="breakdown", kind="general", backend="ollama", model="m", right=right)
    record.keep("d", purpose="execute", kind="code", backend="ollama", model="m", right=True)
    assert record.outcomes("ollama", "m", kind="general") == Outcomes(right=2, of=3)
    record.judged("a", right=False)
    record.judged("unknown", right=True)
    record.keep("d", purpose="execute", kind="code", backend="ollama", model="m", right=True)
    assert record.outcomes("ollama", "m", kind="general") == Outcomes(right=1, of=3)
    assert record.outcomes("ollama", "m", kind="code") == Outcomes(right=1, of=1)
    assert record.outcomes("mlx", "m", kind="code") == Outcomes()
