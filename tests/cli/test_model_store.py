"""`prentice models pull`, `show`, `rm`, `recommend` and `bench` against servers on loopback."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backends.conftest import Loopback, playing_ollama
from cli.calling import Call, calling, document
from prentice.backends.progress import Progress
from prentice.cli.model_store import transfer

PART = {"status": "pulling d1", "digest": "sha256:d1", "total": 2_000_000}


@pytest.fixture
def server() -> Iterator[Loopback]:
    """A server like an Ollama that also deletes models, and tells how long it took to answer."""
    with playing_ollama() as playing:
        playing.says("/api/delete", {})
        timed = {"total_duration": 3_000_000_000, "prompt_eval_duration": 500_000_000, "eval_duration": 1_000_000_000}
        playing.streams(playing.piece("Hel"), playing.piece("lo"), playing.done(**timed))
        yield playing


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], server: Loopback) -> Call:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OLLAMA_HOST", server.url)
    return calling(capsys)


def test_a_pull_tells_of_its_progress_and_ends_with_one_document(call: Call, server: Loopback) -> None:
    server.play(
        "/api/pull",
        server.stream(
            {"status": "pulling manifest"}, PART | {"completed": 500_000}, PART | {"completed": 2_000_000},
            {"status": "verifying sha256 digest"}, {"status": "success"},
        ),
    )  # fmt: skip
    out, err = call("models", "pull", "tiny", "--json")
    assert json.loads(out) | {"seconds": 0} == {
        "backend": "ollama", "name": "tiny", "state": "pulled", "size_bytes": 2_000_000, "seconds": 0,
    }  # fmt: skip
    assert "tiny: pulling manifest" in err
    assert "500.0 kB of 2.0 MB" in err
    assert server.bodies("/api/pull") == [{"model": "tiny", "insecure": False, "stream": True}]


def test_a_failed_pull_is_an_error_with_the_way_on(call: Call, server: Loopback) -> None:
    server.play("/api/pull", server.stream({"error": "pull model manifest: file does not exist"}))
    told = document(call("models", "pull", "nothing", "--json", code=1))["error"]
    assert told["code"] == "model_not_found"
    assert "ollama.com/search" in told["next_step"]


def test_an_interrupted_pull_says_that_it_goes_on_where_it_stopped(server: Loopback, tmp_path: Path) -> None:
    server.play("/api/pull", server.stream({"status": "pulling manifest"}, PART | {"completed": 5}, then="hang"))
    process = subprocess.Popen(
        [sys.executable, "-m", "prentice", "models", "pull", "tiny", "--json"],
        cwd=tmp_path,
        env={**os.environ, "OLLAMA_HOST": server.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    while "5 B of 2.0 MB" not in (line := process.stderr.readline()):
        assert line, "it ended before it was stopped"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "`prentice models pull tiny` goes on where it stopped" in json.loads(out)["error"]["next_step"]
    assert server.client_left.wait(10), "the server is told that nobody waits any more"


def test_a_backend_that_fetches_nothing_says_so(call: Call) -> None:
    assert "--backend ollama" in call("models", "pull", "tiny", "--backend", "openai", code=2)[1]


def test_a_cloud_model_is_not_pulled(call: Call, server: Loopback) -> None:
    told = document(call("models", "pull", "big:cloud", "--json", code=1))["error"]
    assert told["code"] == "remote_refused"
    assert not server.bodies("/api/pull")


def test_show_describes_a_model_in_words_and_as_a_document(call: Call) -> None:
    told = document(call("models", "show", "tiny", "--json"))
    assert {"name": "tiny:latest", "backend": "ollama", "context": 32768}.items() <= told.items()
    assert told["cache_per_token"] == 2 * 2 * (16 + 16) * 2
    assert "window: 32768 tokens" in call("models", "show", "tiny")[0]


def test_show_of_a_model_that_is_not_here_names_those_that_are_and_the_way_to_it(call: Call) -> None:
    told = document(call("models", "show", "other", "--json", code=1))["error"]
    assert "tiny:latest" in told["message"]
    assert told["next_step"] == "Get it with `prentice models pull other`."


def test_rm_removes_a_model_where_it_is_and_asks_no_host_that_lacks_it(
    call: Call, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    with playing_ollama() as first:
        first.says("/api/tags", {"models": []})
        monkeypatch.setenv("OLLAMA_HOST", first.url)
        monkeypatch.setenv("PRENTICE_OLLAMA_FURTHER_HOSTS", f"127.0.0.1:1,{server.url}")
        assert document(call("models", "rm", "tiny", "--yes", "--json"))["size_bytes"] == 1_000_000
        assert not first.bodies("/api/delete")
        assert server.bodies("/api/delete") == [{"model": "tiny"}]


def test_rm_refuses_without_a_terminal_unless_it_is_told_yes(call: Call, server: Loopback) -> None:
    assert "`prentice models rm tiny --yes`" in call("models", "rm", "tiny", code=2)[1]
    assert not server.bodies("/api/delete")
    told = document(call("models", "rm", "tiny", "--yes", "--json"))
    assert told == {"backend": "ollama", "name": "tiny", "state": "removed", "size_bytes": 1_000_000}
    assert server.bodies("/api/delete") == [{"model": "tiny"}]


def test_recommend_lists_models_with_their_commands(call: Call) -> None:
    told = document(call("models", "recommend", "--for", "code", "--json"))
    assert all(item["kind"] == "code" for item in told["models"])
    assert all(item["command"].startswith("prentice models pull ") for item in told["models"])
    assert told["notes"]
    assert "tokens/s" in call("models", "recommend")[0] or "No model" in call("models", "recommend")[0]


def test_bench_measures_with_two_calls_that_the_record_keeps(call: Call, server: Loopback) -> None:
    told = document(call("models", "bench", "tiny", "--json"))
    assert (told["backend"], told["model"], told["load"]) == ("ollama", "tiny:latest", 1.5)
    assert told["reply_tokens"] == 2
    asked = [body["messages"][-1]["content"] for body in server.bodies("/api/chat")]
    assert len(asked) == 2
    assert asked[0][:20] != asked[1][:20], "nothing of the second prompt was computed for the first"
    [row] = document(call("usage", "--json"))["rows"]
    assert (row["purpose"], row["calls"], row["failed"]) == ("bench", 2, 0)


def test_bench_without_a_model_says_how_to_get_one(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:1")
    told = document(call("models", "bench", "--json", code=1))["error"]
    assert "prentice models recommend" in told["next_step"]


def test_a_download_is_told_in_bytes_speed_and_time_left() -> None:
    moving = Progress(phase="download", status="", done=1_500_000_000, total=4_000_000_000, speed=25e6, remaining=100.0)
    assert transfer(moving) == "1.5 GB of 4.0 GB, 25.0 MB/s, 1:40 left"
    assert transfer(Progress(phase="verify", status="verifying sha256 digest")) == "verifying sha256 digest"


def at_a_terminal(directory: Path, host: str, *arguments: str, answer: bytes = b"") -> tuple[int, str]:
    """Run a command of `models` at a terminal of its own, and give its exit code and all that it showed."""
    own, its = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "prentice", "models", *arguments],
        cwd=directory, env={**os.environ, "OLLAMA_HOST": host, "TERM": "xterm", "COLUMNS": "100"},
        stdin=its, stdout=its, stderr=its,
    )  # fmt: skip
    os.close(its)
    os.write(own, answer)
    shown = b""
    try:
        while part := os.read(own, 4096):
            shown += part
    except OSError:
        pass  # Linux's way to say that the other end is closed
    os.close(own)
    return process.wait(timeout=20), re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode("utf-8", "replace"))


def test_at_a_terminal_rm_asks_and_takes_no_for_an_answer(server: Loopback, tmp_path: Path) -> None:
    code, shown = at_a_terminal(tmp_path, server.url, "rm", "tiny", answer=b"n\n")
    assert (code, "Remove tiny from the disk?" in shown, "Nothing was removed" in shown) == (1, True, True)
    assert not server.bodies("/api/delete")
    code, shown = at_a_terminal(tmp_path, server.url, "rm", "tiny", answer=b"y\n")
    assert (code, "tiny is removed from ollama" in shown) == (0, True)
    assert len(server.bodies("/api/delete")) == 1


def test_at_a_terminal_a_pull_draws_a_bar_with_the_bytes(server: Loopback, tmp_path: Path) -> None:
    server.play(
        "/api/pull",
        server.stream(PART | {"completed": 500_000}, PART | {"completed": 2_000_000}, {"status": "success"}),
    )
    code, shown = at_a_terminal(tmp_path, server.url, "pull", "tiny")
    assert code == 0
    assert "\u2501" in shown, "the bar"
    assert "tiny is here, for ollama" in shown
