"""Working through the list on the command line: next, claim, release, status, delete."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from cli.calling import Call, calling, document
from prentice.cli.app import run

FILE = Path(".todo2/state.todo2.json")
EXPIRED = {"claim": {"worker": "gone", "until": "2026-01-01T00:00:00.000Z", "minutes": 60}}


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command in a project with two tasks and give what it wrote to stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRENTICE_WORKER", "me")
    for arguments in (["init"], ["add", "Write the parser"], ["add", "Test the parser", "--depends", "T-1"]):
        assert run(arguments) == 0
    return calling(capsys)


def state() -> Any:
    return json.loads(FILE.read_bytes())


def change(task: int, **fields: Any) -> None:
    value = state()
    value["todos"][task] |= fields
    FILE.write_text(json.dumps(value), encoding="utf-8")


def test_next_says_how_to_start_and_how_to_take_and_writes_nothing(call: Call) -> None:
    before = FILE.read_bytes()
    out, _ = call("next")
    assert out.startswith("T-1  Write the parser  (medium)\n")
    assert "prentice status T-1 'In Progress'" in out
    assert "prentice next --claim" in out
    assert document(call("next", "--json"))["id"] == "T-1"
    assert FILE.read_bytes() == before


def test_next_with_claim_takes_the_task_and_says_until_when(call: Call) -> None:
    out, _ = call("next", "--claim")
    lines = out.splitlines()
    assert lines[0] == "T-1  Write the parser  (medium)"
    assert lines[1].startswith("It is In Progress, claimed by me until 20")
    assert "prentice claim T-1" in lines[1]
    assert len(lines) == 2
    assert call("next")[0].startswith("No task is ready.")
    assert call("next", "--claim")[0].startswith("No task is ready.")
    assert document(call("next", "--claim", "--json")) is None


def test_the_command_that_renews_a_claim_runs_as_it_is_printed(call: Call) -> None:
    out, _ = call("next", "--claim", "--worker", "the box")
    again = re.search(r"`prentice (claim [^`]+)`", out)
    assert again
    assert call(*shlex.split(again[1]))[0].startswith("T-1  Write the parser")


def test_a_task_that_waits_for_one_that_is_gone_is_told_what_takes_it_out(call: Call) -> None:
    change(0, dependencies=["T-9"])
    error = document(call("status", "T-1", "In Progress", "--json", code=1))["error"]
    assert error["next_step"] == "There is no task T-9: `prentice doctor --repair` takes it out."
    run(["doctor", "--repair"])
    assert call("status", "T-1", "In Progress")[0] == "T-1 is In Progress.\n"


def test_a_claim_stands_in_the_document(call: Call) -> None:
    taken = document(call("next", "--claim", "--worker", "box", "--lease", "5", "--json"))
    assert taken["status"] == "In Progress"
    assert taken["claim"] == {
        "worker": "box", "until": state()["todos"][0]["prentice"]["claim"]["until"], "expired": False,
    }  # fmt: skip
    assert document(call("show", "T-1", "--json"))["claim"] == taken["claim"]
    assert document(call("list", "--json"))[0]["claim"] == taken["claim"]
    assert "claim" not in document(call("release", "T-1", "--worker", "box", "--json"))


def test_a_task_that_needs_something_first_says_what(call: Call) -> None:
    Path(".prentice/config.toml").write_text('[workflow]\nresearch = "required"\n', encoding="utf-8")
    out, _ = call("next", "--claim")
    assert "It is Todo, claimed by me until" in out
    assert "Before it can be started: T-1 has no `research_with_links` comment" in out
    assert "prentice comment T-1" in out
    needs = document(call("claim", "T-1", "--json"))["needs"]
    assert set(needs) == {"rule", "message", "next_step"}
    assert needs["rule"] == "research"
    call("comment", "T-1", "Looked it up.", "--type", "research_with_links")
    assert "needs" not in document(call("claim", "T-1", "--json"))


def test_a_claimed_task_is_refused_to_another_worker_with_the_rule(call: Call) -> None:
    call("claim", "T-1", "--worker", "box")
    for arguments in (["claim", "T-1"], ["release", "T-1"], ["status", "T-1", "Todo"], ["delete", "T-1"]):
        error = document(call(*arguments, "--json", code=1))["error"]
        assert (error["code"], error["rule"]) == ("rule_refused", "claimed"), arguments
        assert "--worker" in error["next_step"]
    out, _ = call("release", "T-1", "--worker", "box")
    assert out == "T-1 is Todo, and claimed by nobody.\n"
    assert call("status", "T-1", "In Progress")[0] == "T-1 is In Progress.\n"


def test_an_expired_claim_is_shown_and_frees_the_task(call: Call) -> None:
    change(0, status="In Progress", prentice=EXPIRED)
    assert document(call("show", "T-1", "--json"))["claim"] == {
        "worker": "gone", "until": "2026-01-01T00:00:00.000Z", "expired": True,
    }  # fmt: skip
    assert document(call("next", "--claim", "--json"))["id"] == "T-1"
    assert "The claim of gone ended at 2026-01-01T00:00:00.000Z" in call("show", "T-1")[0]


@pytest.mark.parametrize(
    "options",
    [
        ["--claim", "--lease", "0"], ["--claim", "--lease", "-1"], ["--claim", "--lease", "10081"],
        ["--claim", "--lease", "soon"], ["--claim", "--worker", ""], ["--claim", "--worker", "a\x1bb"],
        ["--lease", "5"], ["--worker", "box"],
    ],
)  # fmt: skip
def test_a_claim_that_makes_no_sense_is_a_wrong_call(call: Call, options: list[str]) -> None:
    before = FILE.read_bytes()
    assert document(call("next", *options, "--json", code=2))["error"]["code"] == "usage"
    assert FILE.read_bytes() == before


def test_done_names_what_it_touches(call: Call) -> None:
    call("claim", "T-1")
    call("comment", "T-1", "Written in src/parser.py.", "--type", "result")
    assert call("status", "T-1", "Review")[0] == "T-1 is Review.\n"
    out, _ = call("status", "T-1", "Done")
    lines = out.splitlines()
    assert lines[0] == "T-1 is Done."
    assert lines[2].startswith("  T-2  Test the parser: waits for T-1 and is ready now")
    assert document(call("status", "T-1", "Done", "--json"))["refinement"] == [
        {"task": "T-2", "name": "Test the parser", "why": ["waits for T-1 and is ready now"]}
    ]


def test_done_with_nothing_touched_is_one_sentence(call: Call) -> None:
    change(1, status="Review")
    call("comment", "T-2", "Tested.", "--type", "result")
    change(0, status="Done")
    assert call("status", "T-2", "Done")[0] == "T-2 is Done.\n"
    assert document(call("status", "T-2", "Done", "--json"))["refinement"] == []


def test_delete_gives_the_task_as_it_was(call: Call) -> None:
    assert document(call("delete", "T-1", "--json", code=1))["error"]["rule"] == "needed"
    assert call("delete", "T-2")[0] == "Deleted T-2: Test the parser\n"
    assert document(call("delete", "T-1", "--json"))["name"] == "Write the parser"
    assert state()["todos"] == []
    assert document(call("delete", "T-1", "--json", code=1))["error"]["code"] == "task_not_found"


def test_names_from_the_file_reach_no_terminal_as_control_characters(call: Call) -> None:
    change(0, name="Write\x1b[31m\u202e", status="Done")
    change(1, name="Test Write\x1b[2J", prentice={"claim": {"worker": "\x1b[2J", "until": "2126-01-01", "minutes": 5}})
    for arguments in (["status", "T-1", "Done"], ["next", "--claim"], ["claim", "T-2"], ["delete", "T-2"]):
        said = "".join(call(*arguments))
        assert "\x1b" not in said
        assert "\u202e" not in said
