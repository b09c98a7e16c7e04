"""`prentice summarize`: a task, a file, and a diff from stdin."""

import json
import subprocess
import sys
from pathlib import Path

from prentice.cli.app import run


def summarize(directory: Path, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "prentice", "summarize", *arguments, "--backend", "builtin"],
        cwd=directory, input=stdin, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_a_diff_from_stdin_is_summarized_as_one_document(tmp_path: Path) -> None:
    diff = "diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\n"
    done = summarize(tmp_path, "-", "--json", stdin=diff)
    told = json.loads(done.stdout)
    assert (told["kind"], told["extractive"]) == ("diff", True)
    assert "x.py (+1 -1)" in told["summary"]


def test_a_task_and_a_file_are_summarized_and_it_is_said_who_did_it(tmp_path: Path) -> None:
    done = summarize(tmp_path, "Water the plants on the sill. They need it twice a week.")
    assert "Water the plants" in done.stdout
    assert "No model wrote this" in done.stderr
    (tmp_path / "page.md").write_text("The parser reads notes.", encoding="utf-8")
    assert summarize(tmp_path, "-f", "page.md").stdout == "The parser reads notes.\n"


def test_one_thing_is_summarized_at_a_time(tmp_path: Path) -> None:
    assert run(["--project", str(tmp_path), "summarize"]) == 2
    assert run(["--project", str(tmp_path), "summarize", "A task with words", "-f", "page.md"]) == 2
