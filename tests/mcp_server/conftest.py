from pathlib import Path

import pytest
from mcp import StdioServerParameters

import prentice
from mcp_server.clients import ERAS, served_at
from prentice import Prentice


@pytest.fixture(params=ERAS)
def era(request: pytest.FixtureRequest) -> str:
    mode: str = request.param
    return mode


@pytest.fixture
def project(tmp_path: Path) -> Prentice:
    """A project of one task, T-1."""
    project = prentice.open(tmp_path)
    project.init()
    project.add("Make uploads survive a flaky network", description="The client gives up after one attempt.")
    return project


@pytest.fixture
def served(project: Prentice) -> StdioServerParameters:
    """The real program for the project's directory, without a model."""
    return served_at(project.directory)
