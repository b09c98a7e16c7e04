"""A project with one fault, served: what a model answers is played from a script."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from prentice.mcp.server import PrenticeServer
from prentice.workspace.sandbox.choosing import Sandbox
from skills.execute.calculator import READABLE, TESTING, Bench, bench, script
from workspace.trees import git, write

_SETTINGS = f"""\
[execute]
samples = 1

[checks]
commands = [{json.dumps(TESTING)}]
readable = [{", ".join(json.dumps(path) for path in READABLE)}]
"""


@dataclass(frozen=True)
class Workshop:
    bench: Bench

    @property
    def calc(self) -> str:
        return (self.bench.root / "calc.py").read_text(encoding="utf-8")

    @property
    def settings_file(self) -> Path:
        return self.bench.home / "config.toml"

    def settings(self, more: str = "") -> None:
        self.settings_file.parent.mkdir(exist_ok=True)
        self.settings_file.write_text(_SETTINGS + more, encoding="utf-8")

    def worktrees(self) -> list[str]:
        """Name what executions left behind: places of worktrees, and those that git knows of."""
        listed = git(self.bench.root, "worktree", "list", "--porcelain").splitlines()
        _, *others = [line for line in listed if line.startswith("worktree ")]
        return self.bench.left_behind() + others

    def commit(self, path: str, content: str) -> None:
        """Write a file of the project, and commit it."""
        write(self.bench.root, {path: content})
        git(self.bench.root, "add", path)
        git(self.bench.root, "commit", "--quiet", f"--message=change {path}")

    def server(self, *replies: str | Mapping[str, Any], hold: float = 60, backend: str = "") -> PrenticeServer:
        return PrenticeServer(self.bench.root, backend=backend or script(self.bench.beside, *replies), hold=hold)


@pytest.fixture
def workshop(tmp_path: Path, sandbox: Sandbox) -> Workshop:
    """The calculator in a git repository, on a machine with a sandbox."""
    del sandbox
    made = Workshop(bench(tmp_path))
    made.settings()
    return made
