"""`prentice eval MODEL` on the command line: the figures, the document, going on after a kill, and two compared."""

import json
import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from backends.conftest import Loopback, playing_ollama
from cli.calling import Call, calling, document
from evals.players import key_of, right, script, scripted, wrong
from prentice.errors import BackendUnreachableError
from prentice.evals.case import cases_of
from prentice.evals.evaluating import Wanted, evaluate
from prentice.evals.measuring import Progress
from prentice.evals.results import directory
from prentice.library import open_project
from prentice.workspace.place import places

ONLY = ("--only", "breakdown,summary")


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    monkeypatch.chdir(tmp_path)
    return calling(capsys)


@pytest.fixture
def ollama() -> Iterator[Loopback]:
    """A server like an Ollama whose model answers `Hello` to everything."""
    with playing_ollama() as playing:
        yield playing


def test_figures_are_shown_with_their_counts_and_interval(call: Call, tmp_path: Path) -> None:
    backend = script(tmp_path / "s.jsonl", right, [*cases_of({"breakdown"}), *cases_of({"summary"})[:3]])
    text = Path(tmp_path / "s.jsonl").read_text()
    rest = [{"match": key_of(case), "text": wrong(case)} for case in cases_of({"summary"})[3:]]
    (tmp_path / "s.jsonl").write_text(text + "".join(json.dumps(line) + "\n" for line in rest))
    out, err = call("eval", *ONLY, "--backend", backend)
    assert "12 of 12" in out
    assert "100 %" in out
    assert "76 to 100 %" in out
    assert "3 of 5" in out
    assert "23 to 88 %" in out
    assert "`-v` names the cases that were wrong" in out
    assert "scripted: 17 of 17 cases, 15 right" in err


def test_verbose_names_what_was_wrong_and_why(call: Call, tmp_path: Path) -> None:
    out, err = call("eval", "--only", "summary", "-v", "--backend", script(tmp_path / "s.jsonl", wrong))
    assert out.count("wrong  summary/") == err.count("wrong  summary/") == 5
    assert "4 sentences, where 3 are the most" in out


def test_the_document_is_the_only_thing_on_stdout_and_stderr_is_silent(call: Call, tmp_path: Path) -> None:
    out, err = call("eval", "run", *ONLY, "--cases", "2", "--json", "--backend", script(tmp_path / "s.jsonl", right))
    found = json.loads(out)
    assert [(part["part"], part["right"], part["cases"]) for part in found["parts"]] == [
        ("breakdown", 2, 2), ("summary", 2, 2),
    ]  # fmt: skip
    assert err == ""


def test_alone_it_measures_prentice_itself(call: Call) -> None:
    found = document(call("eval", "--only", "summary,review", "--json"))
    assert (found["backend"], found["parts"][0]["right"]) == ("builtin", 5)
    assert found["not_measured"] == [{"part": "review", "why": "needs a model"}]
    out, _ = call("eval", "--only", "summary")
    assert out.startswith("Prentice without a model: rules and tools")


def test_two_are_compared_and_equal_ones_cannot_be_told_apart(call: Call, tmp_path: Path) -> None:
    backend = script(tmp_path / "s.jsonl", wrong)
    found = document(call("eval", "--only", "summary", "--against", "builtin", "--json", "--backend", backend))
    assert (found["backend"], found["against"]["backend"]) == ("scripted", "builtin")
    [pair] = found["comparison"]
    assert (pair["part"], pair["only_first"], pair["only_second"], pair["differs"]) == ("summary", 0, 5, False)
    assert "no difference can be told from 5 cases" in pair["says"]
    out, _ = call("eval", "--only", "summary", "--against", "builtin", "--backend", script(tmp_path / "s.jsonl", wrong))
    assert "summary: no difference can be told from 5 cases (scripted alone got 0 right" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--only", "poetry"), "no part named 'poetry'"),
        (("--samples", "40", "--only", "summary"), "cannot be asked for 40 answers"),
        (("--only", "edit"), "needs a model"),
        (("--cases", "0"), "0 is not in the range"),
    ],
)
def test_wrong_calls_are_refused(call: Call, arguments: tuple[str, ...], says: str) -> None:
    error = document(call("eval", *arguments, "--json", code=2))["error"]
    assert says in error["message"]
    assert error["next_step"]


def test_help_of_the_group_and_of_a_model_are_two_things(call: Call) -> None:
    out, _ = call("eval", "--help")
    assert "templates" in out
    out, _ = call("eval", "qwen3:8b", "--help")
    assert "--against" in out


def test_a_server_that_is_absent_is_a_typed_error(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:9")
    error = document(call("eval", "qwen3:8b", "--json", code=1))["error"]
    assert error["code"] == "backend_unreachable"
    assert not directory().exists()


def _begun(tmp_path: Path, backend: str, home: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "prentice", "eval", "--only", "summary", "--backend", backend, "-v"]
    return subprocess.Popen(
        command, cwd=tmp_path, env=os.environ | {"PRENTICE_HOME": str(home)}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def _hanging(path: Path) -> str:
    """Give a backend that answers all cases but one, which it takes minutes for."""
    *quick, slow = cases_of({"summary"})
    lines: list[dict[str, Any]] = [{"match": key_of(case), "text": right(case)} for case in quick]
    return scripted(path, [*lines, {"match": key_of(slow), "text": right(slow), "delay": 100}])


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
@pytest.mark.skipif(sys.platform == "win32", reason="These signals are Unix's.")
def test_what_was_measured_before_a_kill_is_not_measured_again(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch, how: signal.Signals
) -> None:
    home = tmp_path / "home"
    process = _begun(tmp_path, _hanging(tmp_path / "s.jsonl"), home)
    assert process.stderr is not None
    seen = 0
    while seen < 4:  # bounded by the test's own time limit
        seen += process.stderr.readline().startswith("right")
    process.send_signal(how)
    _, err = process.communicate(timeout=60)
    if how is signal.SIGINT:
        assert process.returncode == 130
        assert "4 of 5 cases are measured and kept; `prentice eval scripted --resume` goes on" in err
    monkeypatch.setenv("PRENTICE_HOME", str(home))
    rest = script(tmp_path / "s.jsonl", right, cases_of({"summary"})[-1:])
    out, err = call("eval", "--only", "summary", "--resume", "--backend", rest)
    assert "4 of 5 cases are kept from before" in err
    assert "5 of 5" in out
    assert not list(places().glob("*")), "what the killed one left is swept"


@pytest.mark.skipif(sys.platform == "win32", reason="Terminals of this kind are Unix's.")
def test_at_a_terminal_one_line_moves_and_is_gone_in_the_end(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    backend = script(tmp_path / "s.jsonl", right)
    process = subprocess.Popen(
        [sys.executable, "-m", "prentice", "eval", "--only", "summary", "--backend", backend],
        cwd=tmp_path, env=os.environ | {"PRENTICE_HOME": str(tmp_path / "home")}, stdout=subprocess.PIPE, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    out, _ = process.communicate(timeout=60)
    shown = b""
    with suppress(OSError):  # Linux says so where the other side is closed
        while part := os.read(ours, 4096):
            shown += part
    os.close(ours)
    assert b"5 of 5" in out
    assert b"\r\x1b[2Kscripted: 5 of 5 cases, 5 right" in shown
    assert shown.endswith(b"\r\x1b[2K")
    assert b"\n" not in shown


def test_another_model_shares_nothing_with_the_first(call: Call, tmp_path: Path) -> None:
    backend = script(tmp_path / "s.jsonl", right)
    call("eval", "one", "--only", "summary", "--backend", backend)
    found = document(
        call("eval", "two", "--only", "summary", "--resume", "--json", "--backend", script(tmp_path / "s.jsonl", wrong))
    )
    assert (found["model"], found["parts"][0]["right"]) == ("two", 0)
    assert len(list(directory().glob("*.jsonl"))) == 2


def test_a_model_of_a_server_is_measured_whole_and_shown_with_its_last_evaluation(
    call: Call, ollama: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", ollama.url)
    assert "evaluation" not in document(call("models", "show", "tiny", "--json"))
    found = document(call("eval", "tiny", "--samples", "1", "--json"))
    assert (found["backend"], found["host"], found["model"]) == ("ollama", ollama.url, "tiny:latest")
    assert {part["right"] for part in found["parts"]} == {0}
    shown = document(call("models", "show", "tiny", "--json"))["evaluation"]
    assert shown["at"] == found["at"]
    assert [(part["part"], part["right"], part["cases"]) for part in shown["parts"]] == [
        (part["part"], 0, part["cases"]) for part in found["parts"]
    ]
    assert (
        f"edit 0 of 28, optimize 0 of 10, review 0 of 10, summary 0 of 5 (on {found['at'][:10]}"
        in call("models", "show", "tiny")[0]
    )
    rows = document(call("usage", "--json"))
    assert "eval" in json.dumps(rows)


def test_a_server_that_dies_in_the_middle_loses_nothing_that_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with suppress(OSError), playing_ollama() as server:
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        monkeypatch.setenv("PRENTICE_OLLAMA_MAX_IN_FLIGHT", "1")

        def heard(progress: Progress) -> None:
            if progress.done == 2:
                server.listening.shutdown(socket.SHUT_RDWR)
                server.listening.close()

        with pytest.raises(BackendUnreachableError) as caught:
            evaluate(open_project(tmp_path), "tiny", Wanted(parts=("summary",)), on_progress=heard)
        assert "2 of 5 cases are measured and kept; `prentice eval tiny:latest --resume`" in caught.value.next_step
