"""The main job on the real MLX, through the command line."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engines.backend_behaviour import Served

pytestmark = pytest.mark.engine


@pytest.fixture
def environment(tmp_path: Path, mlx_served: Served) -> dict[str, str]:
    """The environment for a `prentice` of its own, which finds the tiny models by name."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PRENTICE_", "HF_"))}
    models = str(Path(mlx_served.trained).parent)
    return {**inherited, "PRENTICE_HOME": str(tmp_path / "home"), "PRENTICE_MLX_DIRECTORIES": models}


@pytest.fixture
def project(tmp_path: Path, environment: dict[str, str]) -> Path:
    directory = tmp_path / "project"
    directory.mkdir()
    assert prentice(directory, environment, "init")[0] == 0
    return directory


def prentice(directory: Path, environment: dict[str, str], *arguments: str) -> tuple[int, Any, str]:
    finished = subprocess.run(
        [sys.executable, "-m", "prentice", *arguments, "--backend", "mlx", "--json"],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    return finished.returncode, json.loads(finished.stdout), finished.stderr


def test_a_task_becomes_tasks_by_way_of_a_model_in_this_process(
    project: Path, environment: dict[str, str], held_out_tasks: list[str]
) -> None:
    code, task, _ = prentice(project, environment, "add", held_out_tasks[0])
    assert code == 0
    code, plan, progress = prentice(project, environment, "breakdown", task["id"], "--model", "trained")
    assert code == 0, plan
    assert (plan["backend"], plan["model"]) == ("mlx", "trained")
    assert "asking trained on mlx" in progress
    code, approved, _ = prentice(project, environment, "approve", plan["proposal_id"])
    assert code == 0
    assert len(approved["created"]) == len(plan["subtasks"])


def test_a_model_that_is_not_here_names_the_command_that_fetches_it(
    project: Path, environment: dict[str, str], held_out_tasks: list[str]
) -> None:
    name = "mlx-community/Phi-3.5-mini-instruct-4bit"
    code, document, errors = prentice(project, environment, "breakdown", held_out_tasks[0], "--model", name)
    assert "Traceback" not in errors
    assert code == 1
    assert document["error"]["code"] == "model_not_found"
    assert f"prentice models pull {name}" in document["error"]["next_step"]


def test_without_a_name_a_model_of_this_machine_is_taken(
    project: Path, environment: dict[str, str], held_out_tasks: list[str]
) -> None:
    code, document, errors = prentice(project, environment, "breakdown", held_out_tasks[0])
    assert "Traceback" not in errors
    assert code in {0, 1}
    assert "asking " in errors, document
