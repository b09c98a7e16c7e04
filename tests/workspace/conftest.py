import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from prentice.errors import SandboxError
from prentice.workspace.sandbox.choosing import Sandbox, chosen


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    """The machine's own sandbox, which CI has to have."""
    try:
        return chosen()
    except SandboxError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture
def places(tmp_path: Path) -> Path:
    """Where worktrees are kept during a test."""
    return tmp_path / "places"


@pytest.fixture(scope="session")
def python() -> tuple[str, tuple[Path, ...]]:
    """A Python that has pytest, and the directories in which it is installed."""
    return sys.executable, (Path(sys.prefix), Path(sys.base_prefix))


Written = Callable[[str], Path]
