"""Fetching a model as a run: it fails with its error, and another process goes on with it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import prentice
from backends.conftest import Loopback, playing_ollama
from prentice.errors import BackendError


@pytest.fixture
def server() -> Iterator[Loopback]:
    with playing_ollama() as playing:
        yield playing


def test_a_download_that_failed_is_a_run_that_another_process_can_go_on_with(
    server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", server.url)
    project = prentice.open(tmp_path)
    seen: list[tuple[int, int]] = []
    part = {"status": "pulling d1", "digest": "sha256:d1", "total": 2000}
    server.play("/api/pull", server.stream(part | {"completed": 500}, {"error": "the connection broke"}))
    with pytest.raises(BackendError, match="the connection broke"):
        project.pull_model("tiny", on_progress=lambda moment: seen.append((moment.done, moment.total)))
    assert (500, 2000) in seen
    [failed] = project.latest_runs()
    assert (failed["kind"], failed["state"]) == ("models.pull", "failed")
    server.play("/api/pull", server.stream(part | {"completed": 2000}, {"status": "success"}))
    project.retry_run(failed["run_id"])
    assert prentice.open(tmp_path).work(idle_seconds=0.3) == 1
    state = project.run_state(failed["run_id"])
    assert (state.state, state.result["name"], state.result["size_bytes"]) == ("finished", "tiny", 2000)
