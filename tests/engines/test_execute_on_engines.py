"""A whole execution on real engines: tiny weights write nothing of use, so the task is refused with the reason."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engines.backend_behaviour import Served
from skills.execute.calculator import FILES, READABLE, TASK, TESTING
from workspace.trees import pictured, repository

pytestmark = pytest.mark.engine

PROGRAM = """
import json, sys, prentice
directory, backend, model, task, options = json.loads(sys.argv[1])
opened = prentice.open(directory, backend=backend, model=model, options=options)
print(json.dumps(opened.execute(task, samples=2)))
"""


def execute(directory: Path, environment: dict[str, str], *, backend: str, model: str) -> Any:
    """Carry out the task in a process of its own, and give its document."""
    options = {"checks_commands": [TESTING], "checks_readable": list(READABLE)}
    arguments = json.dumps([str(directory), backend, model, TASK, options])
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM, arguments],
        env=environment, capture_output=True, text=True, check=False, timeout=400,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout + finished.stderr
    [document] = json.loads(finished.stdout)
    return document


def check_refused(document: dict[str, Any], *, backend: str) -> None:
    """The answers were of no use, which is said, and the handoff has all that is needed to go on."""
    assert (document["state"], document["decision"], document["files"]) == ("refused", "refuse", [])
    assert document["why"]
    [tried] = [item for item in document["tried"] if item["rung"] == "model"]
    assert tried["who"].endswith(f" on {backend}")
    for part in (TASK, "calc.py", tried["why"][:60]):
        assert part in document["handoff"]["prompt"]
    assert (document["handoff"]["to"], document["handoff"]["files"]) == ("assistant", ["calc.py"])
    assert tried in document["handoff"]["tried"]


def check_gone(environment: dict[str, str]) -> None:
    """No worktree is left, and no lock of one."""
    places = Path(environment["PRENTICE_HOME"]) / "cache" / "runs"
    assert places.is_dir()
    assert list(places.iterdir()) == []


@pytest.mark.parametrize("weights", ["trained", "random"])
def test_on_ollama_a_useless_answer_is_refused_and_nothing_is_touched(
    weights: str, tmp_path: Path, ollama_environment: dict[str, str], trained_model: str, random_model: str
) -> None:
    root = repository(tmp_path / "project", FILES)
    before = pictured(root)
    model = trained_model if weights == "trained" else random_model
    check_refused(execute(root, ollama_environment, backend="ollama", model=model), backend="ollama")
    assert pictured(root) == before
    check_gone(ollama_environment)


@pytest.mark.parametrize("weights", ["trained", "random"])
def test_on_mlx_a_useless_answer_is_refused_and_nothing_is_touched(
    weights: str, tmp_path: Path, mlx_served: Served
) -> None:
    root = repository(tmp_path / "project", FILES)
    before = pictured(root)
    path = Path(mlx_served.trained if weights == "trained" else mlx_served.random)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PRENTICE_", "HF_"))}
    environment = inherited | {
        "PRENTICE_HOME": str(tmp_path / "home"), "PRENTICE_MLX_DIRECTORIES": str(path.parent),
    }  # fmt: skip
    check_refused(execute(root, environment, backend="mlx", model=path.name), backend="mlx")
    assert pictured(root) == before
    check_gone(environment)
