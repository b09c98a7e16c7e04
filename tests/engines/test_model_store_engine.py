"""Models fetched, shown, measured and removed by the commands, at a real Ollama."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from engines.registry import Registry, serving

if TYPE_CHECKING:
    from engines.conftest import Ollama
    from engines.model_files import ModelFiles

pytestmark = pytest.mark.engine

TEMPLATE = "{{ range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n"


@pytest.fixture
def registry(tiny_models: "ModelFiles") -> Iterator[Registry]:
    """A registry with a model that the server has not: the trained one, and bytes at its end."""
    with serving(tiny_models.trained, template=TEMPLATE) as found:
        found.layers["model"] += b"store" + found.server_port.to_bytes(4, "big")
        yield found


def prentice(directory: Path, environment: dict[str, str], *arguments: str, code: int = 0) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "prentice", "models", *arguments, "--json"],
        cwd=directory, env=environment, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_a_model_is_pulled_shown_measured_and_removed(
    tmp_path: Path, ollama: "Ollama", ollama_environment: dict[str, str], registry: Registry
) -> None:
    name = registry.model
    refused = prentice(tmp_path, ollama_environment, "pull", name, code=1)
    assert "--insecure" in refused["error"]["next_step"]
    assert prentice(tmp_path, ollama_environment, "pull", name, "--insecure")["state"] == "pulled"
    shown = prentice(tmp_path, ollama_environment, "show", name)
    assert (shown["backend"], shown["host"], shown["engine"]) == ("ollama", ollama.url, "gguf")
    assert shown["context"] > 0
    measured = prentice(tmp_path, ollama_environment, "bench", name)
    assert measured["prompt_tokens"] > 100
    assert measured["prompt_tokens_per_second"] > 0
    assert measured["estimated"] is False
    again = prentice(tmp_path, ollama_environment, "show", name)
    assert again["speed"]["calls"] == 2, "the record keeps what was measured"
    assert prentice(tmp_path, ollama_environment, "rm", name, "--yes")["state"] == "removed"
    gone = prentice(tmp_path, ollama_environment, "show", name, code=1)
    assert gone["error"]["code"] == "model_not_found"
