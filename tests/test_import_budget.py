"""What quick commands may not load: start-up is what users wait for."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import json, sys
sys.argv = ["prentice", *json.loads(sys.argv[1])]
from prentice.main import main
try:
    main()
except SystemExit:
    pass
sys.stderr.write(json.dumps(sorted(sys.modules)))
"""
HEAVY = {"mcp", "pydantic", "httpx2", "rich", "starlette", "uvicorn", "jinja2", "sqlite3", "asyncio", "platformdirs"}


def loaded(directory: Path, *arguments: str) -> set[str]:
    command = [sys.executable, "-c", PROGRAM, json.dumps(arguments)]
    finished = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=True)
    return set(json.loads(finished.stderr.splitlines()[-1]))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    subprocess.run([sys.executable, "-m", "prentice", "init"], cwd=tmp_path, capture_output=True, check=True)
    subprocess.run(
        [sys.executable, "-m", "prentice", "add", "Add a cache"], cwd=tmp_path, capture_output=True, check=True
    )
    return tmp_path


def test_the_version_loads_neither_click_nor_anything_else(tmp_path: Path) -> None:
    assert not loaded(tmp_path, "--version") & (HEAVY | {"click", "prentice.config", "prentice.errors"})


@pytest.mark.parametrize(
    "arguments",
    [("next", "--json"), ("list", "--json"), ("export", "--output", "tasks.md"), ("status", "T-1", "In Progress")],
)
def test_commands_on_tasks_load_no_planning(project: Path, arguments: tuple[str, ...]) -> None:
    modules = loaded(project, *arguments)
    assert not modules & (HEAVY - {"platformdirs"})
    assert not {name for name in modules if name.startswith(("prentice.skills", "prentice.backends", "prentice.runs"))}


def test_planning_by_rules_loads_neither_the_mcp_sdk_nor_a_web_server(project: Path) -> None:
    modules = loaded(project, "breakdown", "Add retries to the upload client", "--backend", "builtin", "--json")
    assert not modules & {"mcp", "starlette", "uvicorn", "jinja2", "httpx2"}
