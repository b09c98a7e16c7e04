"""Tuning on real engines: tiny weights propose nothing that could be used, so the default stays, and says why."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engines.backend_behaviour import Served
from evals.toy import set_up

pytestmark = pytest.mark.engine


def tune(home: Path, environment: dict[str, str], *arguments: str) -> Any:
    home.mkdir(exist_ok=True)
    examples = set_up(home)
    finished = subprocess.run(
        [sys.executable, "-m", "prentice", "eval", "tune", "toy.system", "--examples", str(examples), *arguments,
         "--calls", "40", "--json"],
        cwd=home, env=environment | {"PRENTICE_HOME": str(home)}, capture_output=True, text=True, check=False,
        timeout=400,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return json.loads(finished.stdout)


def check_kept(home: Path, ended: dict[str, Any]) -> None:
    assert (ended["adopted"], ended["path"]) == (False, None)
    assert "the default stays" in ended["says"]
    assert ended["scores"]["validation"]["default"] == 0
    assert 3 <= ended["calls"] <= 40
    assert not (home / "tuned").exists()


def test_on_ollama_a_tuning_that_finds_nothing_keeps_the_default_and_goes_on_from_its_journal(
    tmp_path: Path, ollama_environment: dict[str, str], random_model: str
) -> None:
    home = tmp_path / "home"
    ended = tune(home, ollama_environment, "--backend", "ollama", "--model", random_model)
    check_kept(home, ended)
    assert ended["quantization"]
    again = tune(home, ollama_environment, "--backend", "ollama", "--model", random_model)
    assert (again["calls"], again["calls_now"], again["stop_reason"]) == (ended["calls"], 0, ended["stop_reason"])


def test_on_mlx_a_tuning_that_finds_nothing_keeps_the_default(tmp_path: Path, mlx_served: Served) -> None:
    path = Path(mlx_served.random)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PRENTICE_", "HF_"))}
    environment = inherited | {"PRENTICE_MLX_DIRECTORIES": str(path.parent)}
    home = tmp_path / "home"
    check_kept(home, tune(home, environment, "--backend", "mlx", "--model", path.name))
