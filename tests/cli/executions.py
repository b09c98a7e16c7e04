"""What tests of executing and reviewing at the command line stand on: the calculator, and commands run in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from cli.calling import calling, document
from skills.execute.calculator import READABLE, TESTING, Bench, script


@dataclass(frozen=True, slots=True)
class Shell:
    """A user at the command line in the calculator's directory."""

    bench: Bench
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        """Run a command and give what it wrote to stdout and stderr."""
        return calling(self.capsys)(*arguments, code=code)

    def json(self, *arguments: str, code: int = 0) -> Any:
        """Run a command and give its document."""
        return document(self(*arguments, "--json", code=code))

    def answers(self, *replies: str | Mapping[str, Any]) -> tuple[str, str]:
        """Give the options that let these replies be played."""
        return "--backend", script(self.bench.beside, *replies)

    def read(self, path: str = "calc.py") -> str:
        return (self.bench.root / path).read_text(encoding="utf-8")


def shell(bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Stand in the calculator, whose checks are its tests; a model is asked for one answer."""
    monkeypatch.chdir(bench.root)
    monkeypatch.setenv("PRENTICE_CHECKS_COMMANDS", TESTING)
    monkeypatch.setenv("PRENTICE_CHECKS_READABLE", ",".join(READABLE))
    monkeypatch.setenv("PRENTICE_EXECUTE_SAMPLES", "1")
    return Shell(bench, capsys)
