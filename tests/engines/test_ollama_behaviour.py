"""The behaviour that all backends share, on a real Ollama server."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from engines.backend_behaviour import CASES, Served
from prentice.backends.ollama.backend import OllamaBackend

if TYPE_CHECKING:
    from engines.conftest import Ollama

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_on_ollama(case: Callable[[Served], None], ollama: "Ollama", held_out_tasks: list[str]) -> None:
    case(
        Served(
            opened=lambda: OllamaBackend(ollama.url),
            name="ollama",
            trained=ollama.trained,
            random=ollama.random,
            tasks=held_out_tasks,
        )
    )
