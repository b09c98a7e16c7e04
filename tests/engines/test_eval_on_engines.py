"""Evaluations on real engines: weights that know nothing come to the end, with honest zeros and a speed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engines.backend_behaviour import Served

pytestmark = pytest.mark.engine


def evaluated(home: Path, environment: dict[str, str], *arguments: str) -> Any:
    home.mkdir(exist_ok=True)
    finished = subprocess.run(
        [sys.executable, "-m", "prentice", "eval", *arguments, "--cases", "1", "--samples", "1", "--json", "-v"],
        cwd=home, env=environment | {"PRENTICE_HOME": str(home)}, capture_output=True, text=True, check=False,
        timeout=600,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return json.loads(finished.stdout)


def check_zeros(found: dict[str, Any]) -> None:
    parts = {part["part"]: part for part in found["parts"]}
    assert set(parts) == {"breakdown", "edit", "optimize", "review", "summary"}
    hard = [parts[name] for name in ("breakdown", "edit", "optimize", "summary")]
    assert [(part["right"], part["cases"], part["interval"][0]) for part in hard] == [(0, 1, 0.0)] * 4
    assert all(part["interval"][1] == pytest.approx(0.7935, abs=1e-3) for part in hard)
    assert parts["edit"]["first_valid"] == 0
    assert all(case["why"] for case in found["cases"] if not case["right"])
    asked = [case for case in found["cases"] if case["calls"]]
    assert {"breakdown", "edit"} <= {case["part"] for case in asked}
    assert all(case["reply_tokens"] > 0 for case in asked)
    assert parts["breakdown"]["tokens_per_second"] > 0


def test_on_ollama_weights_that_know_nothing_get_nothing_right(
    tmp_path: Path, ollama_environment: dict[str, str], random_model: str
) -> None:
    home = tmp_path / "home"
    found = evaluated(home, ollama_environment, random_model, "--backend", "ollama")
    check_zeros(found)
    assert found["digest"]
    assert found["quantization"]
    again = evaluated(home, ollama_environment, random_model, "--backend", "ollama", "--resume")
    assert again["cases"] == found["cases"]


def test_on_mlx_weights_that_know_nothing_get_nothing_right(tmp_path: Path, mlx_served: Served) -> None:
    path = Path(mlx_served.random)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PRENTICE_", "HF_"))}
    environment = inherited | {"PRENTICE_MLX_DIRECTORIES": str(path.parent)}
    check_zeros(evaluated(tmp_path / "home", environment, path.name, "--backend", "mlx"))
