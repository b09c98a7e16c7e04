"""The export command: what it prints, what it writes, and which files it leaves alone."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from prentice.cli.app import run

HOSTILE = "Show \u001b]0;title\u0007 and é"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    directory = tmp_path / "project"
    directory.mkdir()
    monkeypatch.chdir(directory)
    assert run(["init"]) == 0
    assert run(["add", "Add a cache", "--priority", "high", "--tag", "perf", "--description", "Keep *hot* keys"]) == 0
    assert run(["add", "Warm it", "--depends", "T-1"]) == 0
    assert run(["status", "T-1", "In Progress"]) == 0
    assert run(["comment", "T-1", "measured"]) == 0
    capsys.readouterr()
    return directory


def output(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert run(["export", *arguments]) == code
    return capsys.readouterr().out


def test_markdown_is_printed_by_default(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    del project
    assert output(capsys) == (
        "# Tasks\n\n## Todo\n\n- [ ] T-2 Warm it (medium), needs T-1\n\n"
        "## In Progress\n\n- [ ] T-1 Add a cache (high) #perf\n"
    )
    assert "  Keep *hot* keys\n" in output(capsys, "--descriptions")


def test_a_status_selects_tasks(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    del project
    assert [task["id"] for task in json.loads(output(capsys, "--json", "--status", "in_progress"))] == ["T-1"]
    assert output(capsys, "--status", "Done") == "# Tasks\n"
    assert json.loads(output(capsys, "--json", "--status", "Banana", code=2))["error"]["code"] == "usage"


def test_json_is_implied_by_the_global_option_and_has_comments(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del project
    printed = output(capsys, "--json")
    assert printed == output(capsys, "--format", "json") == output(capsys, "--format", "json", "--json")
    assert [comment["content"] for comment in json.loads(printed)[0]["comments"]] == ["measured"]


def test_another_format_cannot_be_printed_as_json(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    del project
    error = json.loads(output(capsys, "--json", "--format", "csv", code=2))["error"]
    assert error["code"] == "usage"
    assert "--format csv --output" in error["next_step"]


@pytest.mark.parametrize(
    ("name", "kind"), [("tasks.csv", "csv"), ("tasks.JSON", "json"), ("tasks.md", "markdown"), ("tasks", "markdown")]
)
def test_a_file_is_written_in_the_format_of_its_suffix(
    project: Path, capsys: pytest.CaptureFixture[str], name: str, kind: str
) -> None:
    answer = json.loads(output(capsys, "--json", "--output", name))
    assert answer == {"format": kind, "tasks": 2, "output": name}
    assert run(["export", "--format", kind]) == 0
    assert (project / name).read_bytes().decode() == capsys.readouterr().out
    assert output(capsys, "--output", f"other-{name}") == f"Wrote 2 tasks to other-{name} as {kind}.\n"


def test_a_named_format_goes_before_the_suffix(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output(capsys, "--format", "csv", "--output", "tasks.txt")
    rows = list(csv.reader(io.StringIO((project / "tasks.txt").read_bytes().decode(), newline="")))
    assert [row[0] for row in rows] == ["id", "T-1", "T-2"]


def test_an_existing_file_is_replaced_only_when_forced(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = project / "tasks.md"
    target.write_text("mine", encoding="utf-8")
    error = json.loads(output(capsys, "--json", "--output", "tasks.md", code=2))["error"]
    assert "--force" in error["next_step"]
    assert target.read_text(encoding="utf-8") == "mine"
    output(capsys, "--output", "tasks.md", "--force")
    assert target.read_text(encoding="utf-8").startswith("# Tasks\n")


def test_a_link_that_leads_nowhere_is_kept(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    link = project / "tasks.md"
    try:
        link.symlink_to(project / "unplugged" / "tasks.md")
    except OSError as error:
        pytest.skip(f"links cannot be made here: {error}")
    assert run(["export", "--output", "tasks.md"]) == 2
    assert "--force" in capsys.readouterr().err
    assert link.is_symlink()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (".todo2/state.todo2.json", "task list itself"),
        (".todo2/tasks.md", "task list itself"),
        ("sub", "not a file"),
        ("missing/tasks.md", "no directory"),
    ],
)
def test_what_no_export_belongs_into_is_refused_even_when_forced(
    project: Path, capsys: pytest.CaptureFixture[str], name: str, says: str
) -> None:
    (project / "sub").mkdir()
    before = (project / ".todo2/state.todo2.json").read_bytes()
    error = json.loads(output(capsys, "--json", "--force", "--output", name, code=2))["error"]
    assert says in error["message"]
    assert "--output" in error["next_step"]
    assert (project / ".todo2/state.todo2.json").read_bytes() == before
    assert not (project / ".todo2/tasks.md").exists()


def with_hostile_name(project: Path) -> None:
    path = project / ".todo2/state.todo2.json"
    value = json.loads(path.read_text(encoding="utf-8"))
    value["todos"][0]["name"] = HOSTILE
    path.write_text(json.dumps(value), encoding="utf-8")


def test_a_pipe_and_a_file_keep_the_text(project: Path) -> None:
    with_hostile_name(project)
    command = [sys.executable, "-m", "prentice", "export", "--format", "csv"]
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    piped = subprocess.run(command, capture_output=True, check=True, env=environment).stdout
    subprocess.run([*command, "--output", "tasks.csv"], capture_output=True, check=True)
    assert piped == (project / "tasks.csv").read_bytes()
    assert HOSTILE.encode() in piped
    assert piped.count(b"\r\n") == 3


def test_a_terminal_is_given_no_control_characters(project: Path) -> None:
    pty = pytest.importorskip("pty", reason="pseudo-terminals are POSIX's")
    with_hostile_name(project)
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-m", "prentice", "export", "--format", "csv"], stdout=theirs, check=True)
    os.close(theirs)
    shown = os.read(ours, 100_000)
    os.close(ours)
    assert "é".encode() in shown
    assert b"\x1b" not in shown
    assert b"\x07" not in shown
    assert "\ufffd\r\n".encode() not in shown


def test_a_lone_surrogate_is_replaced(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = project / ".todo2/state.todo2.json"
    path.write_text(path.read_text(encoding="utf-8").replace("Add a cache", "Add \\ud800"), encoding="utf-8")
    assert "Add ? (high)" in output(capsys)
    output(capsys, "--output", "tasks.json")
    assert json.loads((project / "tasks.json").read_text(encoding="utf-8"))[0]["name"] == "Add ?"
