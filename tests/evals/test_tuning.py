"""Tuning a toy template with a scripted model: it improves, survives a kill, and takes nothing that is broken off."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import prentice
from evals.toy import CAPITALS, PLAIN, QUESTIONS, answers, proposal, reword, set_up
from plans import script
from prentice.errors import StreamError, UsageError
from prentice.evals.examples import load, shared_out
from prentice.evals.opening import tune_in
from prentice.evals.tuning import Tuning
from prentice.prompts.render import render
from prentice.prompts.tuned import ModelKey, read_tuned

TOY = "toy.system"
MODEL = ModelKey(name="scripted")
GOOD = [*answers(PLAIN), proposal(reword(CAPITALS)), *answers(CAPITALS, capitals=tuple(QUESTIONS))]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PRENTICE_HOME", str(tmp_path))
    return tmp_path


def play(home: Path, lines: Sequence[Mapping[str, Any]], **options: Any) -> Tuning:
    path = set_up(home)
    project = prentice.open(home, backend=script(home / "script.jsonl", *lines))
    return tune_in(project, TOY, load(path), **options)


def used(model: ModelKey | None) -> str:
    return render(TOY, model).text


def test_a_candidate_that_is_better_on_what_was_held_out_takes_the_defaults_place(home: Path) -> None:
    ended = play(home, GOOD)
    assert (ended.adopted, ended.validation, ended.held_out) == (True, (0.0, 1.0), (0.0, 1.0))
    assert ended.examples == {"train": 4, "validation": 3, "held_out": 3}
    assert used(MODEL) == used(None).replace(PLAIN, CAPITALS)
    kept = read_tuned(TOY, MODEL)
    assert kept is not None
    assert kept.scores["held_out"] == {"default": 0.0, "tuned": 1.0}
    assert (kept.model, kept.calls) == ("scripted", ended.calls)


def test_the_default_stays_where_what_was_held_out_gets_no_better(home: Path) -> None:
    parts = shared_out(load(set_up(home)))
    seen = [example.id for example in (*parts.train, *parts.validation)]
    ended = play(home, [*answers(PLAIN), proposal(reword(CAPITALS)), *answers(CAPITALS, capitals=seen)])
    assert (ended.why, ended.validation, ended.held_out) == ("not_better", (0.0, 1.0), (0.0, 0.0))
    assert ended.path is None
    assert used(MODEL) == used(None)


CUT: dict[str, dict[str, object]] = {
    "a reply that breaks off": {"text": '{"edits": [{"do": "reword", "bullet": 2, "text": "Answer in one'},
    "a reply that never ends": {"endless": True},
    "a reply that only thinks": {"text": "<think>I should ask for capitals, or maybe"},
    "a bullet that breaks off": {"text": json.dumps({"edits": [reword("Answer in capital letters and the")]})},
    "a bullet at its limit": {"text": json.dumps({"edits": [reword("Answer in capitals " * 16)]})},
    "a bullet that thinks": {"text": json.dumps({"edits": [reword("<think>capitals?</think> Answer in capitals")]})},
    "a bullet with an open bracket": {"text": json.dumps({"edits": [reword("Answer in capitals (such as PARIS")]})},
    "a copied case": {"text": json.dumps({"edits": [reword("For capital of france say PARIS")]})},
}


@pytest.mark.parametrize("reply", CUT.values(), ids=CUT.keys())
def test_what_is_cut_off_or_thought_aloud_is_never_adopted(home: Path, reply: Mapping[str, Any]) -> None:
    bad = [{"match": "You improve the instructions", **reply}] * 6
    ended = play(home, [*answers(PLAIN), *bad])
    assert (ended.adopted, ended.stop_reason, ended.unusable) == (False, "unusable_proposals", 6)
    assert used(MODEL) == used(None)


def test_after_a_truncated_candidate_a_whole_one_is_taken(home: Path) -> None:
    bad = [{"match": "You improve the instructions", **reply} for reply in CUT.values()][:4]
    ended = play(home, [*answers(PLAIN), *bad, *GOOD[len(QUESTIONS) :]])
    assert (ended.adopted, ended.unusable, ended.proposals) == (True, 4, 5)
    assert used(MODEL) == used(None).replace(PLAIN, CAPITALS)


def test_failed_calls_cost_nothing_of_the_budget(home: Path) -> None:
    smooth = play(home, GOOD).calls
    for path in (home / "tuning").rglob("*.jsonl"):
        path.unlink()
    failing = [{"match": f"{name}?", "error": "stream_failed"} for name in list(QUESTIONS)[:4]]
    ended = play(home, [*failing, *GOOD], calls=smooth)
    assert ended.adopted
    assert (ended.calls, smooth) == (19, 19)
    assert 1 <= ended.failures <= 4


def test_a_model_that_fails_again_and_again_ends_it_with_the_models_own_error(home: Path) -> None:
    broken = [{"match": "You improve the instructions", "error": "stream_failed"}] * 9
    with pytest.raises(StreamError) as raised:
        play(home, [*answers(PLAIN), *broken])
    assert raised.value.details["calls_kept"] == 3 + 3
    assert used(MODEL) == used(None)
    again = play(home, GOOD[len(QUESTIONS) :] + answers(PLAIN))
    assert (again.adopted, again.calls - again.calls_now) == (True, 6)


def test_the_budget_is_never_exceeded(home: Path) -> None:
    useless = [item for number in range(30) for item in (
        proposal(reword(f"Answer in one word, attempt {number}")), *answers(f"Answer in one word, attempt {number}"),
    )]  # fmt: skip
    ended = play(home, [*answers(PLAIN), *useless], calls=25)
    assert ended.calls <= 25
    assert (ended.adopted, ended.why) == (False, "nothing_found")


def test_the_same_tuning_again_answers_the_same_and_asks_nothing(home: Path) -> None:
    first = play(home, GOOD)
    again = play(home, [])
    assert (again.calls_now, again.calls, again.body) == (0, first.calls, first.body)
    assert again.held_out == first.held_out


def test_a_budget_that_pays_for_nothing_is_refused(home: Path) -> None:
    with pytest.raises(UsageError, match="do not pay for one candidate"):
        play(home, GOOD, calls=18)


def test_there_must_be_a_model_and_bullets_to_tune(home: Path) -> None:
    examples = load(set_up(home))
    with pytest.raises(UsageError, match="no model to tune for"):
        tune_in(prentice.open(home, backend="builtin"), TOY, examples)
    (home / "templates" / "toy.system.md").write_text("You answer.\n", encoding="utf-8")
    with pytest.raises(UsageError, match="no instruction bullets"):
        tune_in(prentice.open(home, backend=script(home / "s.jsonl", "x")), TOY, examples)


def started(home: Path, examples: Path, lines: Sequence[Mapping[str, Any]]) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "prentice", "eval", "tune", TOY, "--examples", str(examples), "--json"]
    command += ["--backend", script(home / "script.jsonl", *lines)]
    environment = {**os.environ, "PRENTICE_HOME": str(home)}
    return subprocess.Popen(
        command, cwd=home, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )  # fmt: skip


def waited_for(condition: Callable[[], bool], *, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to it in time"
        time.sleep(0.05)


def kept(home: Path) -> list[str]:
    """What is in the journal: the texts of all replies."""
    lines = [line for path in (home / "tuning").rglob("*.jsonl") for line in path.read_text("utf-8").splitlines()]
    return [json.loads(line)["text"] for line in lines]


def test_a_killed_tuning_goes_on_where_it_was_and_asks_nothing_twice(home: Path) -> None:
    examples = set_up(home)
    slow = answers(CAPITALS, capitals=tuple(QUESTIONS), delay=300)
    slow[:] = [line if number % 3 else {**line, "delay": 0} for number, line in enumerate(slow)]
    process = started(home, examples, [*GOOD[: len(QUESTIONS) + 1], *slow])
    waited_for(lambda: any("edits" in text for text in kept(home)))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = kept(home)
    assert before.count(GOOD[len(QUESTIONS)]["text"]) == 1
    assert not (home / "tuned").exists()
    with next((home / "tuning").rglob("*.jsonl")).open("a", encoding="utf-8") as file:
        file.write('{"key": "half a li')  # as a kill in the middle of a write leaves it
    left = [line for line in GOOD if line["text"] not in before]
    out, err = started(home, examples, left).communicate(timeout=240)
    ended = json.loads(out)
    assert ended["adopted"], err
    assert ended["scores"]["held_out"] == {"default": 0.0, "tuned": 1.0}
    assert ended["calls"] - ended["calls_now"] >= len(before) > 0
    assert len(kept(home)) == len(set(kept(home))) == ended["calls"]
    assert used(MODEL) == used(None).replace(PLAIN, CAPITALS)
