"""`prentice optimize` on the command line: the prompt on stdout, the rest on stderr, questions, writing to a task."""

import io
import json
import re
import sys
from pathlib import Path

import pytest

from cli.calling import Call, calling, document
from plans import script

EXAMPLE = "Fix the bug in the server"
STATE = Path(".todo2/state.todo2.json")


class Terminal(io.StringIO):
    """A stdin at which a person sits who types these lines."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command in an empty directory, by rules, and give what it wrote to stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRENTICE_BACKEND", "builtin")
    return calling(capsys)


def test_the_prompt_goes_to_stdout_and_what_is_said_of_it_to_stderr(call: Call) -> None:
    out, err = call("optimize", EXAMPLE)
    assert out.startswith(f"{EXAMPLE}\n\n## What happens now\n\n[NEEDS: ")
    assert "What is still missing only you can answer." in err
    assert "warning: No file, function, class or other identifier is named." in err
    assert "open: which file, function or part of the program does this concern?" in err
    assert "Checklist: 4 of 14 questions answered, now 5 of 14 questions answered." in err


def test_the_document_has_the_keys_of_the_contract(call: Call) -> None:
    found = document(call("optimize", EXAMPLE, "--json"))
    dimensions = ["clarity", "specificity", "completeness", "structure", "actionability"]
    assert list(found["scores"]["before"]) == list(found["scores"]["after"]) == dimensions
    assert found["findings"][0].keys() >= {"rule", "span", "says"}
    start, end = found["findings"][0]["span"]
    assert EXAMPLE[start:end] == found["findings"][0]["quote"]
    assert (found["original"], found["accepted"], found["rounds"]) == (EXAMPLE, True, 0)
    assert (found["stop_reason"], found["backend"]) == ("only_the_user_can_answer", "builtin")


def test_what_changed_is_shown_word_by_word_on_request(call: Call) -> None:
    err = call("optimize", EXAMPLE, "-v")[1]
    assert "## What happens now" in err.split("changed: ", 1)[1]
    assert "actionability: 0.00 to 0.00" in err


def test_nothing_is_written_into_a_directory_that_is_no_project(call: Call) -> None:
    call("optimize", EXAMPLE)
    assert list(Path().iterdir()) == []


def test_a_prompt_comes_from_a_file_or_from_stdin(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("prompt.md").write_text(f"\ufeff{EXAMPLE}\n", encoding="utf-8")
    assert document(call("optimize", "-f", "prompt.md", "--json"))["original"] == EXAMPLE
    monkeypatch.setattr(sys, "stdin", io.StringIO(EXAMPLE))
    assert document(call("optimize", "--file", "-", "--json"))["original"] == EXAMPLE


def test_what_was_optimized_stays_as_it_is(call: Call) -> None:
    once = call("optimize", EXAMPLE)[0].strip()
    again = document(call("optimize", once, "--json"))
    assert (again["accepted"], again["optimized"]) == (False, once)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "A prompt is wanted"),
        ((EXAMPLE, "-f", "prompt.md"), "A prompt is wanted"),
        (("-f", "missing.md"), "missing.md cannot be read"),
        ((EXAMPLE, "--apply"), "no task to write to"),
        ((EXAMPLE, "--ask"), "needs a terminal"),
    ],
)
def test_a_wrong_call_says_what_is_wanted(call: Call, arguments: tuple[str, ...], says: str) -> None:
    error = document(call("optimize", *arguments, "--json", code=2))["error"]
    assert error["code"] == "usage"
    assert says in error["message"]
    assert error["next_step"]


def test_a_text_of_one_word_and_an_unknown_task_are_refused(call: Call) -> None:
    assert document(call("optimize", "Refactor", "--json", code=1))["error"]["code"] == "task_text"
    call("init")
    assert document(call("optimize", "T-7", "--json", code=1))["error"]["code"] == "task_not_found"


def test_a_person_answers_by_words_or_by_number(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("server.py").write_text("", encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", Terminal("It prints `E42`\n\n1\n"))
    out, err = call("optimize", EXAMPLE, "--ask")
    assert "## What happens now\n\nIt prints `E42`" in out
    assert "## How to reproduce\n\n[NEEDS: " in out
    assert "## Where\n\n`server.py`" in out
    assert "  1  server.py" in err
    assert "from answer: place: server.py" in err


def test_a_task_is_written_to_on_request_only_and_keeps_its_old_text(call: Call) -> None:
    call("init")
    call("add", EXAMPLE, "--description", "It concerns `serve()`.")
    before = STATE.read_bytes()
    assert document(call("optimize", "T-1", "--json"))["accepted"]
    assert STATE.read_bytes() == before
    out, err = call("optimize", "T-1", "--apply")
    assert "Written to T-1." in err
    assert "changed: " not in err
    task = json.loads(STATE.read_bytes())["todos"][0]
    assert task["name"] == EXAMPLE
    assert out.strip() == f"{EXAMPLE}\n\n{task['long_description']}"
    assert task["changes"][-1]["oldValue"] == "It concerns `serve()`."
    assert document(call("optimize", "T-1", "--apply", "--json"))["applied"] is False


def test_what_a_model_proposed_in_vain_is_told_on_request(call: Call, tmp_path: Path) -> None:
    lie = {"finding": 1, "old": "Maybe the", "new": "In src/cache.py the", "source": "prompt"}
    replies = [{"match": "The findings:", "text": json.dumps({"patches": [lie]})} for _ in range(4)]
    answers = json.dumps({"answers": [{"question": 1, "quote": "", "answer": "no"}]})
    backend = script(tmp_path / "s.jsonl", *replies, *[{"match": "The questions:", "text": answers} for _ in range(9)])
    text = "Fix `load()` in app.py\n\nMaybe the cache returns 3 rows; it should return 4."
    out, err = call("optimize", text, "--backend", backend, "-v")
    assert "Maybe the cache" in out
    assert "src/cache.py" not in out
    assert "rejected: “Maybe the” to “In src/cache.py the”: No source says this" in err
    assert "Two rounds in a row brought nothing" in err
    assert re.search(r"scripted on scripted: \d+ calls in 2 rounds, \d+ tokens read, \d+ written", err)
    assert "templates optimize_judge.system/1, optimize_propose.system/1" in err
    assert re.search(r"specificity: [01]\.\d\d to [01]\.\d\d", err)


def test_control_characters_of_a_prompt_do_not_reach_the_terminal(call: Call) -> None:
    assert document(call("optimize", "Fix \x1b[31mred\x1b[0m text", "--json", code=1))["error"]["code"] == "task_text"
