"""The TypeScript inspector in its command-line mode, a client that is not ours; opt-in, for it comes from npm.

`PRENTICE_MCP_INSPECTOR` names the directory that `npm install @modelcontextprotocol/inspector` was run in, as
`.ci/npm/install clients` does.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from prentice import Prentice

# Read at import: a fixture takes every variable of ours away before a test runs.
_INSTALLED = os.environ.get("PRENTICE_MCP_INSPECTOR", "")
pytestmark = pytest.mark.skipif(not _INSTALLED, reason="PRENTICE_MCP_INSPECTOR names no directory with the inspector")


def inspect(directory: Path, method: str, *arguments: str) -> dict[str, Any]:
    npx = shutil.which("npx")
    assert npx
    served = [sys.executable, "-m", "prentice", "mcp", "--project", str(directory), "--backend", "builtin"]
    home = ["-e", f"PRENTICE_HOME={os.environ['PRENTICE_HOME']}"]
    done = subprocess.run(
        [
            npx,
            "--no-install",
            "@modelcontextprotocol/inspector",
            "--cli",
            *home,
            *served,
            "--method",
            method,
            *arguments,
        ],
        cwd=_INSTALLED,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_inspector_lists_the_tools(project: Prentice) -> None:
    names = [tool["name"] for tool in inspect(project.directory, "tools/list")["tools"]]
    assert names == [
        "model_task_breakdown", "model_auto_execute", "model_optimize_prompt", "estimation", "mlx", "ollama",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tool", "arguments", "key"),
    [
        ("model_task_breakdown", ["task=T-1"], "subtasks"),
        ("model_optimize_prompt", ["prompt=Fix the bug in the upload client"], "optimized"),
        ("model_auto_execute", ['tasks=["Fix the typo in README.md"]'], "state"),
        ("estimation", ["action=batch"], "estimates"),
        ("mlx", ["action=hardware"], "result"),
        ("ollama", ["action=hardware"], "result"),
    ],
)
def test_the_inspector_calls_every_tool(project: Prentice, tool: str, arguments: list[str], key: str) -> None:
    given = [word for argument in arguments for word in ("--tool-arg", argument)]
    result = inspect(project.directory, "tools/call", "--tool-name", tool, *given)
    assert not result.get("isError"), result
    assert key in result["structuredContent"]
