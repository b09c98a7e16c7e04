import sys
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def places(tmp_path: Path) -> Path:
    """Where worktrees are kept during a test."""
    return tmp_path / "places"


@pytest.fixture(scope="session")
def python() -> tuple[str, tuple[Path, ...]]:
    """A Python that has pytest, and the directories in which it is installed."""
    return sys.executable, (Path(sys.prefix), Path(sys.base_prefix))


Written = Callable[[str], Path]
