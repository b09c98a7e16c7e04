"""What people see and do at the command line: text, editing, progress, interruption."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from plans import good_plan, reply, script
from prentice.cli.app import run

TASK = "Add retries to the upload client"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "project"
    directory.mkdir()
    monkeypatch.chdir(directory)
    assert run(["init"]) == 0
    return directory


def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Set an editor that runs a line of Python over the text `t` and saves it."""
    path = tmp_path / "editor.py"
    path.write_text(
        f"import sys, pathlib\np = pathlib.Path(sys.argv[1])\nt = p.read_text()\n{program}\np.write_text(t)\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("VISUAL", f"{sys.executable} {path}")


def test_a_plan_is_shown_with_waves_path_and_what_to_do(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del project
    assert run(["breakdown", TASK, "--backend", script(tmp_path / "s", reply(good_plan()))]) == 0
    out, err = capsys.readouterr()
    for words in ("Retry idempotent uploads with back-off", "wave 3  proof", "measure → retry → proof", "approve P-1"):
        assert words in out
    assert "\x1b[" not in out
    assert re.search(r"asking scripted on scripted", err)
    assert re.search(r"answered: \d+ tokens, \d+\.\d s", err)


def test_a_plan_edited_in_the_editor_is_what_gets_approved(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del project
    assert run(["breakdown", TASK, "--backend", script(tmp_path / "s", reply(good_plan()))]) == 0
    editor(tmp_path, monkeypatch, "t = t.replace('Describe the retry settings', 'Write the retry guide')")
    assert run(["approve", "P-1", "--edit"]) == 0
    assert "Write the retry guide" in capsys.readouterr().out
    assert run(["approve", "P-1", "--edit"]) == 1
    assert "approved already" in capsys.readouterr().err


def test_a_mistake_in_the_edited_plan_names_its_line_and_approves_nothing(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["breakdown", TASK, "--backend", script(tmp_path / "s", reply(good_plan()))]) == 0
    before = (project / ".todo2" / "state.todo2.json").read_bytes()
    editor(tmp_path, monkeypatch, "t = t.replace('depends: measure', 'depends: ghost')")
    assert run(["approve", "P-1", "--edit"]) == 1
    assert re.search(r"Line \d+ lets retry depend on ghost", capsys.readouterr().err)
    assert (project / ".todo2" / "state.todo2.json").read_bytes() == before


def test_an_emptied_plan_approves_nothing(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del project
    assert run(["breakdown", TASK, "--backend", script(tmp_path / "s", reply(good_plan()))]) == 0
    editor(tmp_path, monkeypatch, "t = ''")
    assert run(["approve", "P-1", "--edit"]) == 2


def test_an_editor_that_fails_is_said(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del project
    assert run(["add", "Add a cache"]) == 0
    monkeypatch.setenv("VISUAL", "/no/such/editor")
    assert run(["edit", "T-1"]) == 2
    assert "EDITOR" in capsys.readouterr().err


def test_a_description_is_edited_in_the_editor(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del project
    assert run(["add", "Add a cache", "--description", "For lookups"]) == 0
    editor(tmp_path, monkeypatch, "t += ' by key'")
    assert run(["edit", "T-1"]) == 0
    assert run(["show", "T-1"]) == 0
    assert "For lookups by key" in capsys.readouterr().out


def test_lists_and_tasks_read_well(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    del project
    assert run(["list"]) == 0
    assert run(["next"]) == 0
    assert run(["add", "Add a cache", "--tag", "perf"]) == 0
    assert run(["add", "Warm it", "--depends", "T-1"]) == 0
    assert run(["comment", "T-1", "Looked at LRU"]) == 0
    capsys.readouterr()
    assert run(["list", "--tag", "perf"]) == 0
    assert capsys.readouterr().out == "T-1  Todo         medium    Add a cache\n"
    assert run(["show", "T-2"]) == 0
    assert "needs T-1 (Todo)" in capsys.readouterr().out
    assert run(["next"]) == 0
    assert capsys.readouterr().out.startswith("T-1  Add a cache")


def test_judgements_and_the_doctor_read_well(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    del project
    assert run(["analyze", "Migrate Python MCP server to Go SDK"]) == 0
    assert "complex" in capsys.readouterr().out
    assert run(["estimate", "Fix the typo in the settings dialog", "--explain"]) == 0
    assert re.search(r"median [\d.]+ h", capsys.readouterr().out)
    assert run(["doctor", "--backend", "builtin"]) == 0
    assert "ok " in capsys.readouterr().out
    assert run(["flow", "Fix the typo in the heading of the settings dialog"]) == 0
    assert "Review" in capsys.readouterr().out


def test_ctrl_c_while_a_model_thinks_ends_cleanly_and_changes_nothing(project: Path, tmp_path: Path) -> None:
    backend = script(tmp_path / "s", {"chunks": ["{", "}"], "delay": 60})
    before = (project / ".todo2" / "state.todo2.json").read_bytes()
    # A child inherits an ignored signal, as the suite itself may where it runs in the background.
    before_test = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [sys.executable, "-m", "prentice", "breakdown", TASK, "--backend", backend],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    signal.signal(signal.SIGINT, before_test)
    assert process.stderr is not None
    assert "asking" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "Stopped" in err
    assert out == ""
    assert (project / ".todo2" / "state.todo2.json").read_bytes() == before


def test_a_reader_that_closes_the_pipe_is_no_defect(project: Path) -> None:
    for number in range(400):
        (project / f"note-{number}").touch()
    command = f"{sys.executable} -m prentice --help | head -c 1"
    finished = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in finished.stderr


def test_help_is_given_for_no_arguments_and_for_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    assert "breakdown" in capsys.readouterr().out
    assert run(["breakdown", "--help"]) == 0
    assert "--context" in capsys.readouterr().out


def test_the_version_is_the_packages(tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "prentice", "--version"], cwd=tmp_path, capture_output=True, text=True, check=True,
        env=os.environ | {"COLUMNS": "80"},
    )  # fmt: skip
    assert re.fullmatch(r"prentice \d+\.\d+\.\d+\n", finished.stdout)


HOSTILE = "Add \x1b]0;owned\x07 a cache\x1b[2J"


def test_text_from_the_file_cannot_steer_the_terminal(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = json.loads((project / ".todo2" / "state.todo2.json").read_text(encoding="utf-8"))
    state["todos"] = [{"id": "T-1", "name": HOSTILE, "long_description": HOSTILE, "status": "Todo", "tags": [HOSTILE]}]
    state["comments"] = [{"id": "T-1-C-1", "todoId": "T-1", "type": "note", "content": HOSTILE}]
    (project / ".todo2" / "state.todo2.json").write_text(json.dumps(state), encoding="utf-8")
    for arguments in (["list"], ["show", "T-1"], ["next"], ["analyze", "T-1"], ["estimate", "T-1"]):
        capsys.readouterr()
        assert run(arguments) == 0
        out, err = capsys.readouterr()
        assert "a cache" in out or "T-1" in out
        assert not set(out + err) & {"\x1b", "\x07"}
    assert run(["breakdown", "T-1"]) == 1
    assert "control character" in capsys.readouterr().err


def test_a_terminal_without_the_characters_still_shows_the_plan(project: Path, tmp_path: Path) -> None:
    backend = script(tmp_path / "s", reply(good_plan()))
    command = [sys.executable, "-m", "prentice", "breakdown", TASK, "--backend", backend]
    finished = subprocess.run(
        command,
        cwd=project,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0
    assert "Retry idempotent uploads" in finished.stdout


@pytest.mark.parametrize(
    ("program", "says"), [("sys.exit(3)", "ended with 3"), ("p.write_bytes(b'\\xff\\xfe'); sys.exit(0)", "not UTF-8")]
)
def test_an_edit_that_was_given_up_changes_nothing(
    program: str, says: str, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert run(["add", "Add a cache", "--description", "For lookups"]) == 0
    before = (project / ".todo2" / "state.todo2.json").read_bytes()
    editor(tmp_path, monkeypatch, program)
    assert run(["edit", "T-1"]) == 2
    assert says in capsys.readouterr().err
    assert (project / ".todo2" / "state.todo2.json").read_bytes() == before


def test_free_text_in_a_repository_belongs_to_its_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    below = tmp_path / "repository" / "src"
    below.mkdir(parents=True)
    subprocess.run(["git", "init", "-q"], cwd=below.parent, check=True)
    monkeypatch.chdir(below)
    assert run(["breakdown", TASK, "--backend", script(tmp_path / "s", reply(good_plan()))]) == 0
    assert run(["approve", "P-1"]) == 0
    assert (below.parent / ".todo2" / "state.todo2.json").is_file()
    assert list(below.iterdir()) == []
    assert "T-2" in capsys.readouterr().out


def test_a_damaged_ledger_hides_proposals_but_not_the_task(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["add", "Add a cache"]) == 0
    (project / ".prentice" / "ledger.db").write_bytes(b"not a database at all, but long enough to be looked at" * 20)
    capsys.readouterr()
    assert run(["show", "T-1", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["proposals"] == []
    assert "ledger.db" in err
