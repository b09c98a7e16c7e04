"""A server is probed once in an hour, however many processes work with it; another version is probed again."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from backends.openai.playing import Playing, serving
from prentice.backends.openai import findings


def summarized(directory: Path) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "prentice", "summarize", "Water the plants", "--backend", "openai", "--json"],
        cwd=directory, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_a_server_is_probed_once_by_two_processes_and_again_in_another_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Playing(models=[{"id": "llama3.1-8b", "max_model_len": 32768}])) as playing:
        playing.look_ups["/props"] = {"build_info": "b1"}
        monkeypatch.setenv("PRENTICE_OPENAI_HOST", playing.url)
        assert summarized(tmp_path)["backend"] == "openai"
        probes = playing.probes
        assert probes > 0
        summarized(tmp_path)
        assert playing.probes == probes, "the record remembers it"
        playing.look_ups["/props"] = {"build_info": "b2"}
        summarized(tmp_path)
        assert playing.probes == 2 * probes


def test_where_findings_are_kept_ends_with_the_block() -> None:
    before, table = findings.kept(), findings.FindingsInMemory()
    with findings.kept_in(table):
        assert findings.kept() is table
    assert findings.kept() is before
