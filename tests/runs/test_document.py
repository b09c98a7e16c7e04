"""What of a run's calls is played again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prentice.ledger.database import Database
from prentice.ledger.migrations import LEDGER
from prentice.ledger.runs_table import RunsTable, Submission
from prentice.runs.document import run_document


@pytest.fixture
def table(tmp_path: Path) -> Iterator[RunsTable]:
    database = Database(tmp_path / "ledger.db", LEDGER)
    yield RunsTable(database)
    database.close()


def called(reply: str, *, begun: float = 0.0, finish: str = "stop", step: str = "ask/1", model: str = "one") -> Any:
    return "call", {
        "step": step, "begun": begun, "backend": "mlx", "model": model, "finish": finish, "reply": reply,
        "prompt_digest": "0",
    }  # fmt: skip


def begins(name: str = "ask", n: int = 1) -> Any:
    return "begin", {"name": name, "n": n}


def replayed(table: RunsTable, *events: Any) -> Any:
    run = table.submit(Submission(kind="asks", arguments={})).id
    for kind, data in events:
        table.note(run, kind, data)
    return run_document(table, run, texts=lambda _: [])["replay"]


def test_replies_are_played_in_the_order_in_which_they_were_asked_for(table: RunsTable) -> None:
    played = replayed(table, begins(), called("second", begun=2.0), called("first", begun=1.0))
    assert played == [{"text": "first"}, {"text": "second"}]


def test_a_run_that_asked_nobody_has_nothing_to_play(table: RunsTable) -> None:
    assert replayed(table, begins()) == []


def test_calls_of_a_step_that_was_cut_short_and_done_again_are_left_out(table: RunsTable) -> None:
    before = [begins("ask", 1), called("kept", begun=1.0), begins("ask", 2), called("lost", begun=2.0, step="ask/2")]
    played = replayed(table, *before, begins("ask", 2), called("again", begun=3.0, step="ask/2"))
    assert played == [{"text": "kept"}, {"text": "again"}]


def test_failures_are_played_unless_another_model_took_over_or_the_user_stopped_the_call(table: RunsTable) -> None:
    failed = called("", finish="stream_failed")
    assert replayed(table, begins(), failed, called("x", begun=1.0)) == [{"error": "stream_failed"}, {"text": "x"}]
    assert replayed(table, begins(), failed, called("x", begun=1.0, model="two")) == [{"text": "x"}]
    assert replayed(table, begins(), called("half", finish="stopped")) == []


@pytest.mark.parametrize("finish", ["length", "repetition", "error"])
def test_a_reply_that_cannot_be_played_leaves_the_run_without_a_replay(table: RunsTable, finish: str) -> None:
    assert replayed(table, begins(), called("cut", finish=finish)) is None
