"""The demonstration of `bench/demonstration.py`: twelve tasks end as stated, and it says so where one does not."""

import dataclasses
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from skills.execute.calculator import Bench

PROGRAM = Path(__file__).parents[3] / "bench" / "demonstration.py"


def demonstration() -> ModuleType:
    spec = importlib.util.spec_from_file_location("demonstration", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_twelve_easy_tasks_end_as_the_demonstration_states(project: Bench) -> None:
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(project.beside / "made")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "12 of 12 as stated" in done.stdout
    assert "9 applied together: tests pass; undone: every file as it was." in done.stdout
    assert "WRONG" not in done.stdout


def test_a_task_that_ends_otherwise_fails_the_demonstration(
    project: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = demonstration()
    right = next(task for task in program.TASKS if task.name.startswith("Format"))
    lazy = next(task for task in program.TASKS if task.name.startswith("Add a docstring"))
    swapped = dataclasses.replace(lazy, state="proposed", stated="0.75: 0 of 0", why="for a person")
    monkeypatch.setattr(program, "TASKS", (right, swapped))
    monkeypatch.setattr(sys, "argv", ["demonstration.py", str(project.beside / "made")])
    assert program.main() == 1
    out = capsys.readouterr().out
    assert "1 of 2 as stated" in out
    assert "state is 'refused'" in out
    assert "The tests fail with all changes applied." in out
