"""A real Ollama server and a real MLX with the tiny models, for the tests in this directory.

Where it cannot be had the tests are skipped and say why; with the variable CI set that is a failure instead.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from components import skip_unless_ci
from engines.backend_behaviour import Served
from engines.model_files import TRAINING_LIMIT, ModelFiles, NotPossibleError, model_files
from engines.ollama_process import Server, find_binary, running
from engines.tiny_corpus import held_out
from prentice.backends.mlx.backend import MlxBackend
from prentice.backends.mlx.engine import Engine
from prentice.backends.mlx.runtime import missing

TRAINED = "tiny-trained:latest"
RANDOM = "tiny-random:latest"
STUCK = "tiny-stuck:latest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ollama:
    """The server under test, and the names of its models."""

    url: str
    version: str
    trained: str
    random: str
    stuck: str
    log: Path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the test that happens to be first the time to train the models, which its set-up may take."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(TRAINING_LIMIT + 300))


@pytest.fixture(scope="session")
def tiny_models() -> ModelFiles:
    try:
        return model_files()
    except NotPossibleError as error:
        return skip_unless_ci(str(error))


@pytest.fixture(scope="session")
def ollama_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    binary = find_binary()
    if binary is None:
        skip_unless_ci("There is no ollama here: run .ci/ollama/install, or name one in PRENTICE_TEST_OLLAMA.")
    with running(binary, directory=tmp_path_factory.mktemp("ollama")) as server:
        yield server


@pytest.fixture(scope="session")
def ollama(ollama_server: Server, tiny_models: ModelFiles) -> Ollama:
    ollama_server.create(TRAINED, gguf=tiny_models.trained)
    ollama_server.create(RANDOM, gguf=tiny_models.random)
    ollama_server.create(STUCK, gguf=tiny_models.stuck)
    return Ollama(
        url=ollama_server.url,
        version=ollama_server.version,
        trained=TRAINED,
        random=RANDOM,
        stuck=STUCK,
        log=ollama_server.log,
    )


@pytest.fixture
def trained_model(ollama: Ollama) -> str:
    return ollama.trained


@pytest.fixture
def random_model(ollama: Ollama) -> str:
    return ollama.random


@pytest.fixture(scope="session")
def held_out_tasks() -> list[str]:
    return held_out()


@pytest.fixture(scope="session")
def mlx_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine for the whole session, with its prefixes in a directory of its own."""
    if absent := missing():
        skip_unless_ci(f"There is no {', '.join(absent)} here: run `uv sync --group engines`.")
    engine = Engine(prefixes=tmp_path_factory.mktemp("prefixes"))
    yield engine
    engine.close()


@pytest.fixture
def mlx_served(mlx_engine: Engine, tiny_models: ModelFiles, held_out_tasks: list[str]) -> Served:
    return Served(
        opened=lambda: MlxBackend(mlx_engine),
        name="mlx",
        trained=str(ModelFiles.directory(tiny_models.trained)),
        random=str(ModelFiles.directory(tiny_models.random)),
        tasks=held_out_tasks,
    )


@pytest.fixture
def ollama_environment(ollama: Ollama, tmp_path: Path) -> dict[str, str]:
    """The environment for a `prentice` of its own: this server, its own settings, and no proxy between them."""
    left_out = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name.lower() not in left_out and not name.startswith(("OLLAMA_", "PRENTICE_"))
    }
    home = tmp_path / "prentice-home"
    home.mkdir()
    return {**inherited, "OLLAMA_HOST": ollama.url, "PRENTICE_HOME": str(home)}
