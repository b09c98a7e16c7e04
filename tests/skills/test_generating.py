"""Completions and summaries as runs: whichever process is there carries them, and older kinds are left alone."""

import json
from pathlib import Path
from typing import Any

import pytest

import prentice
from plans import script
from prentice import Prentice
from prentice.cli.app import run
from prentice.ledger.database import Database
from prentice.ledger.migrations import LEDGER
from prentice.ledger.runs_table import RunsTable, Submission
from prentice.skills.generating import GENERATE
from prentice.skills.summarizing import SUMMARIZE

TEXT = {"text": "The client gives up after one attempt.", "kind": "file", "name": "notes.txt"}


def submit(directory: Path, kind: str, backend: str, /, **arguments: Any) -> tuple[Prentice, str]:
    """Leave a run in the ledger of a new project that nobody carries."""
    project = prentice.open(directory)
    project.init()
    project = prentice.open(directory)
    assert project.project
    table = RunsTable(Database(project.project.ledger_path, LEDGER))
    return project, table.submit(Submission(kind=kind, arguments=arguments, options={"backend": backend})).id


def test_a_worker_carries_a_completion(tmp_path: Path) -> None:
    project, made = submit(tmp_path, GENERATE, script(tmp_path / "played.jsonl", "Hello"), text="Say hello")
    assert project.work(idle_seconds=0.3) == 1
    state = project.run_state(made)
    assert (state.state, state.result["text"], state.result["backend"]) == ("finished", "Hello", "scripted")
    assert project.latest_runs()[0]["task"] == "Say hello"


def test_a_worker_carries_a_summary(tmp_path: Path) -> None:
    played = script(tmp_path / "played.jsonl", json.dumps({"summary": "It gives up."}))
    project, made = submit(tmp_path, SUMMARIZE, played, **TEXT)
    assert project.work(idle_seconds=0.3) == 1
    state = project.run_state(made)
    assert (state.state, state.result["summary"], state.result["name"]) == ("finished", "It gives up.", "notes.txt")


def test_the_call_of_a_completion_is_in_its_run(tmp_path: Path) -> None:
    project, made = submit(tmp_path, GENERATE, script(tmp_path / "played.jsonl", "Hello"), text="Say hello")
    project.work(idle_seconds=0.3)
    [call] = project.run_document(made)["calls"]
    assert (call["purpose"], call["step"]) == ("generate", "generate.complete/1")


def test_rules_write_no_free_text_and_the_run_says_so(tmp_path: Path) -> None:
    project, made = submit(tmp_path, GENERATE, "builtin", text="Say hello")
    project.work(idle_seconds=0.3)
    state = project.run_state(made)
    assert (state.state, state.error["code"]) == ("failed", "model_unsupported")
    assert "prentice models recommend" in state.error["next_step"]


@pytest.mark.parametrize("kind", ["mcp.generate", "mcp.summarize"])
def test_a_run_of_a_kind_that_is_no_more_waits_and_disturbs_nothing(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    project, made = submit(tmp_path, kind, "builtin", prompt="Say hello")
    assert project.work(idle_seconds=0.3) == 0
    for arguments in (["runs"], ["runs", "show", made], ["runs", "show", made, "--json"], ["next"], ["doctor"]):
        run(["--project", str(tmp_path), *arguments])
    written = capsys.readouterr()
    assert kind in written.out
    assert "defect" not in written.out + written.err
    assert run(["--project", str(tmp_path), "runs", "cancel", made]) == 0
    assert project.run_state(made).state == "cancelled"
