"""Usage as the library gives it: what the record has, added up."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

import prentice
from plans import good_plan, reply, script
from prentice.backends.protocol import CallRecord
from prentice.config import Settings
from prentice.errors import UsageError
from prentice.library import Prentice
from prentice.skills.ledgers import Ledgers

CALL = CallRecord(
    at=0.0, purpose="breakdown", backend="ollama", model="m:7b", prompt_digest="d", prompt_version="1",
    prompt_tokens=1000, reply_tokens=200, cached_tokens=None, estimated=False, load=0.1, first_token=0.2, total=2.0,
    finish="stop",
)  # fmt: skip


def with_calls(directory: Path, *calls: CallRecord) -> Prentice:
    record = Ledgers(directory, project=None).calls(Settings())
    for call in calls:
        record.call(call)
    return prentice.open(directory)


def changed(**fields: object) -> CallRecord:
    return replace(CALL, at=time.time(), **fields)  # type: ignore[arg-type]  # fields by name


def test_calls_are_added_up_by_day_model_and_purpose(tmp_path: Path) -> None:
    project = with_calls(
        tmp_path, changed(), changed(finish="timed_out", cached_tokens=300), changed(purpose="optimize"),
        changed(model="other", estimated=True), changed(backend="builtin"),
    )  # fmt: skip
    found = project.usage()
    rows = {(row.model, row.purpose): row for row in found.rows}
    assert rows.keys() == {("m:7b", "breakdown"), ("m:7b", "optimize"), ("other", "breakdown")}
    first = rows["m:7b", "breakdown"]
    assert (first.calls, first.failed, first.prompt_tokens, first.reply_tokens) == (2, 1, 2000, 400)
    assert (first.cached_tokens, first.seconds) == (300, 4.0)
    assert rows["other", "breakdown"].estimated == 1
    assert sum(found.by_day.values()) == 4 * 1200


def test_the_cost_elsewhere_follows_the_prices_that_are_set(tmp_path: Path) -> None:
    with_calls(tmp_path, changed(prompt_tokens=2_000_000, reply_tokens=1_000_000))
    project = prentice.open(tmp_path, options={"prompt_price": 2.0, "reply_price": 10.0})
    assert project.usage().document()["total"] == {
        "calls": 1, "failed": 0, "prompt_tokens": 2_000_000, "reply_tokens": 1_000_000, "cached_tokens": 0,
        "seconds": 2.0, "cost": 14.0,
    }  # fmt: skip


def test_older_calls_than_asked_for_are_left_out(tmp_path: Path) -> None:
    project = with_calls(tmp_path, replace(changed(), at=time.time() - 10 * 86_400))
    assert project.usage(days=9).rows == ()
    assert len(project.usage(days=11).rows) == 1
    with pytest.raises(UsageError):
        project.usage(days=0)


def test_asking_before_any_call_makes_no_file(tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert prentice.open(tmp_path).usage().rows == ()
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("megabytes", [0, 1])
def test_prompts_and_replies_are_kept_only_where_the_user_wants_that(tmp_path: Path, megabytes: int) -> None:
    backend = script(tmp_path / "replies.jsonl", reply(good_plan()))
    project = prentice.open(tmp_path, backend=backend, options={"texts_mb": megabytes})
    project.breakdown("Add retries to the upload client")
    rows = Ledgers(tmp_path, project=None).record.rows("SELECT prompt, reply FROM texts")
    assert len(rows) == megabytes
    if rows:
        assert "Add retries to the upload client" in rows[0]["prompt"]
        assert rows[0]["reply"].strip().startswith("{")
