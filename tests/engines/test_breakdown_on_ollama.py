"""The main job on a real Ollama server, through the command line."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.engine

HOSTILE_TASKS = 4


def prentice(directory: Path, environment: dict[str, str], *arguments: str) -> tuple[int, Any, str]:
    finished = subprocess.run(
        [sys.executable, "-m", "prentice", *arguments, "--json"],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    return finished.returncode, json.loads(finished.stdout), finished.stderr


@pytest.fixture
def project(tmp_path: Path, ollama_environment: dict[str, str]) -> Path:
    directory = tmp_path / "project"
    directory.mkdir()
    assert prentice(directory, ollama_environment, "init")[0] == 0
    return directory


def test_a_task_becomes_tasks_by_way_of_a_trained_model(
    project: Path, ollama_environment: dict[str, str], trained_model: str, held_out_tasks: list[str]
) -> None:
    code, task, _ = prentice(project, ollama_environment, "add", held_out_tasks[0])
    assert code == 0
    code, plan, progress = prentice(project, ollama_environment, "breakdown", task["id"], "--model", trained_model)
    assert code == 0, plan
    assert (plan["backend"], plan["model"]) == ("ollama", trained_model)
    assert f"asking {trained_model} on ollama" in progress
    assert "tokens" in progress
    code, approved, _ = prentice(project, ollama_environment, "approve", plan["proposal_id"])
    assert code == 0
    assert len(approved["created"]) == len(plan["subtasks"])
    assert approved["parent"] == task["id"]
    listed = prentice(project, ollama_environment, "list")[1]
    assert [item["name"] for item in listed[1:]] == [item["name"] for item in plan["subtasks"]]


def test_random_weights_end_in_a_rejection_or_a_valid_plan_and_nothing_else(
    project: Path, ollama_environment: dict[str, str], random_model: str, held_out_tasks: list[str]
) -> None:
    before = (project / ".todo2" / "state.todo2.json").read_bytes()
    for task in held_out_tasks[:HOSTILE_TASKS]:
        code, document, errors = prentice(
            project, ollama_environment, "breakdown", task, "--model", random_model, "--min", "3", "--max", "3"
        )
        assert "Traceback" not in errors
        if code == 0:
            assert len(document["subtasks"]) == 3
        else:
            assert code == 1
            assert document["error"]["code"] == "breakdown_rejected"
            assert document["error"]["problems"]
            assert "--backend builtin" in document["error"]["next_step"]
    assert (project / ".todo2" / "state.todo2.json").read_bytes() == before


def test_a_missing_model_names_the_pull_command(
    project: Path, ollama_environment: dict[str, str], held_out_tasks: list[str]
) -> None:
    code, document, _ = prentice(
        project, ollama_environment, "breakdown", held_out_tasks[0], "--backend", "ollama", "--model", "nope:1b"
    )
    assert code == 1
    assert document["error"]["code"] == "model_not_found"
    assert "prentice models pull nope:1b" in document["error"]["next_step"]


def test_the_doctor_sees_the_server_and_chooses_a_model(
    project: Path, ollama_environment: dict[str, str], trained_model: str
) -> None:
    code, findings, _ = prentice(project, ollama_environment, "doctor", "--model", trained_model)
    assert code == 0
    backend = next(finding for finding in findings if finding["check"] == "backend")
    assert backend["found"].startswith(f"ollama ({trained_model})")
