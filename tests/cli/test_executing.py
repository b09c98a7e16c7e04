"""`prentice execute` on the command line: the summary, the document, exit codes, progress; the tree stays as it is."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cli.executions import Shell, shell
from prentice.changes.formats import Format
from skills.execute.calculator import CALC, TASK, WORSE, Bench, answer, bench
from workspace.trees import git, write

TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}


def record(**required: Any) -> dict[str, Any]:
    return {"type": "object", "properties": required, "required": list(required)}


CHECK = record(name=TEXT, before=TEXT, after=TEXT, new_failures=TEXTS, decisive={"type": "boolean"})
PROBABILITY = record(value={"type": "number"}, of={"type": "integer"}, right={"type": "integer"})
EXECUTE = {
    "type": "array",
    "items": record(
        run_id=TEXT, task=TEXT, state={"enum": ["proposed", "applied", "refused", "failed", "handed_off"]}, files=TEXTS,
        diff=TEXT, explanation=TEXT, format=TEXT, checks={"type": "array", "items": CHECK},
        probability={"anyOf": [PROBABILITY, {"type": "null"}]},
        evidence={"type": "array", "items": record(fact=TEXT, value=TEXT, effect=TEXT)},
        decision={"enum": ["apply", "review", "refuse"]}, why=TEXT,
    ),
}  # fmt: skip


pytestmark = pytest.mark.usefixtures("sandbox")


@pytest.fixture
def prentice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return shell(bench(tmp_path), monkeypatch, capsys)


def committed(project: Bench, files: dict[str, str]) -> None:
    write(project.root, files)
    git(project.root, "add", "--all")
    git(project.root, "commit", "--quiet", "--message=more")


def test_the_document_is_that_of_the_contract_and_the_tree_stays_as_it_is(prentice: Shell) -> None:
    before = prentice.bench.picture()
    documents = prentice.json("execute", TASK, *prentice.answers(answer(Format.SYMBOL)))
    jsonschema.validate(documents, EXECUTE)
    [document] = documents
    assert (document["state"], document["files"], document["task"]) == ("proposed", ["calc.py"], TASK)
    assert [(check["before"], check["after"]) for check in document["checks"]] == [("failed (1)", "passed (2)")]
    assert document["probability"].keys() >= {"value", "of", "right"}
    assert prentice.bench.picture() == before
    assert not (prentice.bench.root / ".todo2").exists()


def test_free_text_writes_nothing_into_a_directory_that_is_no_project(prentice: Shell) -> None:
    prentice("execute", TASK, *prentice.answers(answer(Format.SYMBOL)))
    assert sorted(path.name for path in prentice.bench.root.iterdir()) == [".git", "calc.py", "test_calc.py"]


def test_the_summary_says_state_files_checks_why_and_what_is_next_in_a_line_each(prentice: Shell) -> None:
    out, err = prentice("execute", TASK, *prentice.answers(answer(Format.SYMBOL)))
    first, explanation, *_, last = out.splitlines()
    assert first.startswith("R-1   proposed   Fix `add` in calc.py: it subtracts")
    assert "calc.py; test decides it; Its probability 0." in first
    assert explanation == "  It adds now."
    assert last.startswith("prentice review R-1 ")
    assert "asking scripted on scripted" in err
    assert "R-1 Fix `add` in calc.py: it subtracts instead …: checking: test" in err
    assert "\x1b" not in out + err


def test_a_task_that_came_to_nothing_ends_with_one_and_keeps_its_handoff(prentice: Shell) -> None:
    worse = answer(Format.SYMBOL, new=WORSE)
    [document] = prentice.json("execute", TASK, *prentice.answers(worse, worse), code=1)
    jsonschema.validate([document], EXECUTE)
    assert (document["state"], document["decision"]) == ("refused", "refuse")
    out = prentice("review", document["run_id"])[0]
    assert "For your assistant:" in out
    assert TASK in out.split("For your assistant:")[1]
    out = prentice("execute", TASK, *prentice.answers("I would rather not.", "No."), code=1)[0]
    assert out.startswith("R-2   refused ")
    assert "prentice review R-2          the handoff for your assistant" in out


def test_several_tasks_give_a_line_each_and_one_that_fails_makes_the_command_fail(prentice: Shell) -> None:
    committed(prentice.bench, {"twice.py": "def twice(a):\n    return a\n"})
    other = "Fix `twice` in twice.py: it should return the double"
    replies = prentice.answers(
        {"text": answer(Format.SYMBOL), "match": TASK}, {"error": "stream_failed", "match": other}
    )
    out, err = prentice("execute", TASK, other, *replies, code=1)
    states = [line.split()[1] for line in out.splitlines()[:2]]
    assert states == ["proposed", "failed"]
    assert "Fix `twice`" in err
    documents = prentice.json("execute", TASK, other, *replies, code=1)
    jsonschema.validate(documents, EXECUTE)
    assert len(documents) == 2


def test_ready_takes_what_is_simple_and_says_when_there_is_nothing(prentice: Shell) -> None:
    task = prentice.bench.task()
    [document] = prentice.json("execute", "--ready", *prentice.answers(answer(Format.SYMBOL)))
    assert (document["task"], document["state"]) == (task, "proposed")
    assert prentice.json("execute", "--ready") == []
    assert "No task is ready and simple enough." in prentice("execute", "--ready")[0]
    shown = prentice.json("show", task)
    assert shown["runs"] == [{"run_id": "R-1", "kind": "execute", "state": "finished", "came_to": "proposed"}]
    assert "run R-1: execute finished, proposed: `prentice review R-1`" in prentice("show", task)[0]


def test_changes_that_are_requested_lead_to_another_attempt(prentice: Shell) -> None:
    task = prentice.bench.task()
    prentice("execute", task, *prentice.answers(answer(Format.SYMBOL)))
    other = answer(Format.SYMBOL, new=CALC.replace("a - b", "sum((a, b))"), says="With sum.")
    document = prentice.json("review", "R-1", "--request-changes", "Use `sum`.", *prentice.answers(other))
    assert (document["run_id"], document["state"], document["actor"]) == ("R-1", "rejected", "script")
    jsonschema.validate([document["attempt"]], EXECUTE)
    assert (document["attempt"]["attempt_of"], document["attempt"]["state"]) == ("R-1", "proposed")
    out = prentice("review", "R-2")[0]
    assert "another attempt after R-1" in out
    assert "sum((a, b))" in out
    out = prentice("review", "R-2", "--request-changes", "No.", *prentice.answers("No.", "No."), code=1)[0]
    assert out.startswith("R-2 is sent back. The new attempt:\nR-3   refused ")


def test_a_comment_is_kept_when_the_new_attempt_cannot_be_made(prentice: Shell) -> None:
    prentice("execute", TASK, *prentice.answers(answer(Format.SYMBOL)))
    again = ("review", "R-1", "--request-changes", "Use `sum`.")
    err = prentice(*again, *prentice.answers({"error": "stream_failed"}), code=1)[1]
    assert "Your comment on R-1 is kept. The same command tries again." in err
    assert "prentice: " in err.splitlines()[-1]
    other = answer(Format.SYMBOL, new=CALC.replace("a - b", "sum((a, b))"))
    document = prentice.json(*again, *prentice.answers(other))
    assert document["attempt"]["state"] == "proposed"


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        ((), 2, "usage"),
        ((TASK, "--format", "prose"), 2, "usage"),
        ((TASK, "--samples", "0"), 2, "usage"),
        (("T-9",), 1, "no_project"),
        (("",), 1, "task_text"),
    ],
)
def test_a_wrong_call_says_what_is_wanted(prentice: Shell, arguments: tuple[str, ...], code: int, error: str) -> None:
    found = prentice.json("execute", *arguments, code=code)["error"]
    assert found["code"] == error
    assert found["next_step"]


def test_a_backend_that_fails_is_an_error_and_leaves_the_task_as_it_was(prentice: Shell) -> None:
    task = prentice.bench.task()
    failed = prentice.json("execute", task, *prentice.answers({"error": "stream_failed"}), code=1)
    assert failed["error"]["code"] == "stream_failed"
    assert prentice.json("show", task)["status"] == "Todo"


def test_files_and_models_cannot_steer_the_terminal(prentice: Shell) -> None:
    hostile = CALC.replace("a - b", "a + b  # \x1b]0;owned\x07")
    says = "It adds \x1b[2J\u202enow."
    replies = prentice.answers(answer(Format.WHOLE, new=hostile, says=says), answer(Format.WHOLE, says=says))
    out, err = prentice("execute", TASK, "--format", "whole", *replies)
    shown = prentice("review", "R-1")
    assert "It adds" in out
    assert not set(out + err + "".join(shown)) & {"\x1b", "\x07", "\u202e"}


def test_ctrl_c_gives_up_what_is_under_way_and_leaves_the_task_as_it_was(prentice: Shell) -> None:
    task = prentice.bench.task()
    before = prentice.bench.picture()
    slow = {"text": answer(Format.SYMBOL), "delay": 300.0}
    # A child inherits an ignored signal, as the suite itself may where it runs in the background.
    before_test = signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(
        [sys.executable, "-m", "prentice", "execute", task, *prentice.answers(slow)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        signal.signal(signal.SIGINT, before_test)
        assert process.stderr is not None
        assert "asking" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "Stopped. What was under way is given up" in err
    assert "Traceback" not in err
    assert prentice.json("show", task)["status"] == "Todo"
    assert prentice.bench.picture() == before
    assert prentice.bench.left_behind() == []


def test_on_a_terminal_each_task_has_a_line_that_moves_and_is_gone_at_the_end(prentice: Shell) -> None:
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    backend = prentice.answers(answer(Format.SYMBOL))
    command = [sys.executable, "-m", "prentice", "execute", TASK, *backend, "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=theirs, env=os.environ | {"TERM": "xterm"}
    ) as process:
        os.close(theirs)
        written = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:
                break  # the other end is closed
            if not piece:
                break
            written += piece
        assert process.stdout is not None
        assert json.loads(process.stdout.read())[0]["state"] == "proposed"
    os.close(ours)
    assert b"R-1" in written
    assert b"checking: test" in written
    assert b"token" in written
    assert b"\x1b[2K" in written


def test_the_document_of_a_run_replays_to_the_same_change(prentice: Shell, tmp_path: Path) -> None:
    right, no_edit = answer(Format.SYMBOL), "I would rather not."
    backend = prentice.answers({"text": right, "delay": 0.3}, no_edit, right, answer(Format.SYMBOL, new=WORSE))
    [first] = prentice.json("execute", TASK, "--samples", "3", *backend)
    whole = prentice.json("runs", "show", first["run_id"])
    assert [line["text"] for line in whole["replay"]][:3] == [right, no_edit, right], "not in the order of their ends"
    kept = tmp_path / "again.jsonl"
    kept.write_text("".join(json.dumps(line) + "\n" for line in whole["replay"]))
    [again] = prentice.json("execute", TASK, "--samples", "3", "--backend", f"scripted:{kept}")
    compared = ("state", "diff", "format", "explanation", "checks", "decision", "files")
    assert {name: again[name] for name in compared} == {name: first[name] for name in compared}
    assert first["diff"]
