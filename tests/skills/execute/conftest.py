from pathlib import Path

import pytest

from prentice.workspace.sandbox.choosing import Sandbox
from skills.execute.calculator import Bench, bench


@pytest.fixture
def project(tmp_path: Path, sandbox: Sandbox) -> Bench:  # noqa: ARG001 - its checks run in one
    """The calculator in a git repository, on a machine with a sandbox."""
    return bench(tmp_path)
