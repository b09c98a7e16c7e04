"""`prentice eval` on the command line: the templates, and tuning one."""

import json
from pathlib import Path
from typing import Any

import pytest

from evals.toy import CAPITALS, PLAIN, QUESTIONS, answers, proposal, reword, set_up
from plans import script
from prentice.cli.app import run


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PRENTICE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def document(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    assert run([*arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_templates_are_listed_with_their_version_and_where_they_are_from(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(home)
    found = {item["name"]: item for item in document(capsys, "eval", "templates")}
    assert found["breakdown.system"]["origin"] == "package"
    assert found["breakdown.system"]["places"] == ["bounds"]
    assert found["toy.system"]["origin"] == "yours"
    assert found["toy.system"]["path"] == str(home / "templates" / "toy.system.md")
    assert run(["eval", "templates"]) == 0
    assert "-yours-" in capsys.readouterr().out


def test_a_tuning_says_what_was_decided_and_on_what(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    examples = str(set_up(home))
    lines = [*answers(PLAIN), proposal(reword(CAPITALS)), *answers(CAPITALS, capitals=tuple(QUESTIONS))]
    backend = script(home / "s.jsonl", *lines)
    assert run(["eval", "tune", "toy.system", "--examples", examples, "--backend", backend, "-v"]) == 0
    written = capsys.readouterr()
    assert "It is better on the examples that were held out" in written.out
    assert "held out    default 0.000, tuned 1.000, on 3 examples" in written.out
    assert "in capital letters" in written.out
    assert "candidate 1: 1.000" in written.err
    assert "tried: reword" in written.err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("nothing",), "config", "no template named"),
        (("breakdown.system",), "usage", "no labelled examples"),
        (("optimize_judge.system", "--backend", "builtin"), "usage", "no model to tune for"),
        (("optimize_judge.system", "--examples", "none.jsonl"), "usage", "cannot be read"),
    ],
)
def test_what_cannot_be_tuned_is_refused_with_the_next_step(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: str, says: str
) -> None:
    del home
    error = document(capsys, "eval", "tune", *arguments, code=2 if code == "usage" else 1)["error"]
    assert error["code"] == code
    assert says in error["message"]
    assert error["next_step"]
