"""A small real project with one fault, the answers that mend it in every edit format, and scripts of answers."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import prentice
from prentice.changes.change import Change, FileChange
from prentice.changes.express import express
from prentice.changes.files import File
from prentice.changes.formats import Format
from prentice.changes.markers import Markers
from prentice.library import Prentice
from prentice.tasks.rules import Actor
from workspace.trees import pictured, repository

CALC = "def add(a, b):\n    return a - b\n\n\ndef neg(a):\n    return -a\n"
MENDED = CALC.replace("a - b", "a + b")
WORSE = CALC.replace("return -a", "return a")
TESTS = """\
import unittest

from calc import add, neg


class Test(unittest.TestCase):
    def test_add(self):
        self.assertEqual(add(1, 2), 3)

    def test_neg(self):
        self.assertEqual(neg(1), -1)
"""
FILES: Mapping[str, bytes | str] = {"calc.py": CALC, "test_calc.py": TESTS}
TASK = "Fix `add` in calc.py: it subtracts instead of adding"
TESTING = f"{sys.executable} -m unittest"
READABLE = (sys.prefix, sys.base_prefix)


def answer(
    format_: Format, *, new: str = MENDED, path: str = "calc.py", old: str = CALC, says: str = "It adds now."
) -> str:
    """Give a change as a model would write it."""
    file = FileChange(path=path, old_path=path, before=File(content=old.encode()), after=File(content=new.encode()))
    written = express(Change(files=(file,)), format_=format_, markers=Markers())
    assert written is not None
    return f"{says}\n\n{written}\n"


def script(directory: Path, *replies: str | Mapping[str, Any]) -> str:
    """Give the backend that plays some replies."""
    path = directory / f"replies-{len(list(directory.glob('replies-*')))}.jsonl"
    lines = [{"text": reply} if isinstance(reply, str) else dict(reply) for reply in replies]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return f"scripted:{path}"


@dataclass(frozen=True, slots=True)
class Bench:
    """A project in a git repository, and a directory beside it."""

    root: Path
    beside: Path

    def opened(
        self, *replies: str | Mapping[str, Any], actor: Actor = "script", options: Mapping[str, object] | None = None
    ) -> Prentice:
        """Open the project with a backend that plays these replies."""
        return self.with_backend(script(self.beside, *replies), actor=actor, options=options)

    def with_backend(
        self, backend: str | None, *, actor: Actor = "script", options: Mapping[str, object] | None = None
    ) -> Prentice:
        """Open the project with a backend, or naming none."""
        given = {"checks_commands": (TESTING,), "checks_readable": READABLE, "execute_samples": 1, **(options or {})}
        return prentice.open(self.root, backend=backend, actor=actor, options=given)

    def task(self, name: str = TASK, description: str = "`add(1, 2)` must be 3.") -> str:
        """Add a task to the project, which is made into one where it is none, and give its id."""
        project = prentice.open(self.root)
        project.init()
        return project.add(name, description=description).id

    def picture(self) -> dict[str, tuple[int, str]]:
        """Give every file of the user's tree, its git directory included, but what is Prentice's and Todo2's own."""
        return pictured(self.root, without=(".prentice", ".todo2"))

    def left_behind(self) -> list[str]:
        """Give what is left of worktrees."""
        places = self.home / "cache" / "runs"
        return sorted(path.name for path in places.iterdir()) if places.is_dir() else []

    @property
    def home(self) -> Path:
        """The user's own directory of Prentice."""

        return Path(os.environ["PRENTICE_HOME"])


def bench(directory: Path, files: Mapping[str, bytes | str] = FILES) -> Bench:
    """Make the project."""
    beside = directory / "beside"
    beside.mkdir()
    return Bench(repository(directory / "project", files), beside)
