"""The whole loop of the optimizer on real engines: tiny weights have nothing to say, so the original stays."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engines.backend_behaviour import Served

pytestmark = pytest.mark.engine

PROMPT = """Fix the crash of `load()` in app.py

Maybe `load()` raises `ValueError: no rows` for an empty file; it should return [], because the report needs it.

```
load("empty.csv")
```

The format of the file must stay. A test that covers it passes: `pytest`.
"""


def optimize(directory: Path, environment: dict[str, str], *arguments: str) -> tuple[Any, str]:
    directory.mkdir()
    (directory / "app.py").write_text("def load(path):\n    return path\n", encoding="utf-8")
    (directory / "prompt.md").write_text(PROMPT, encoding="utf-8")
    finished = subprocess.run(
        [sys.executable, "-m", "prentice", "optimize", "-f", "prompt.md", *arguments, "--json"],
        cwd=directory, env=environment, capture_output=True, text=True, check=False, timeout=400,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return json.loads(finished.stdout), finished.stderr


def check_kept(found: dict[str, Any], *, backend: str) -> None:
    """The loop ran with the model and ended in the original, with reasons."""
    assert (found["optimized"], found["accepted"]) == (PROMPT.strip(), False)
    assert found["says"].startswith("Kept the original. ")
    assert found["stop_reason"] in {"two_rounds_rejected", "candidate_seen", "budget", "three_rounds"}
    assert found["backend"] == backend
    assert found["rounds"] >= 1
    assert 1 <= found["calls"] <= 14
    assert found["tokens"]["prompt"] > 0


@pytest.mark.parametrize("weights", ["trained", "random"])
def test_on_ollama_the_loop_ends_in_the_original(
    weights: str, tmp_path: Path, ollama_environment: dict[str, str], trained_model: str, random_model: str
) -> None:
    model = trained_model if weights == "trained" else random_model
    found, errors = optimize(tmp_path / "project", ollama_environment, "--backend", "ollama", "--model", model)
    assert f"asking {model} on ollama" in errors
    check_kept(found, backend="ollama")


@pytest.mark.parametrize("weights", ["trained", "random"])
def test_on_mlx_the_loop_ends_in_the_original(weights: str, tmp_path: Path, mlx_served: Served) -> None:
    path = Path(mlx_served.trained if weights == "trained" else mlx_served.random)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PRENTICE_", "HF_"))}
    environment = inherited | {
        "PRENTICE_HOME": str(tmp_path / "home"), "PRENTICE_MLX_DIRECTORIES": str(path.parent),
    }  # fmt: skip
    found, errors = optimize(tmp_path / "project", environment, "--backend", "mlx", "--model", path.name)
    assert f"asking {path.name} on mlx" in errors
    check_kept(found, backend="mlx")
