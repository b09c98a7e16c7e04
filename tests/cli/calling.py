"""Commands run in this process as a person gives them, and what they write."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from prentice.cli.app import run

Call = Callable[..., tuple[str, str]]
"""Runs a command and gives what it wrote to stdout and stderr; `code` is how it has to end, 0 unless told."""


def calling(capsys: pytest.CaptureFixture[str], *always: str) -> Call:
    """Give a way to run commands; `always` are arguments that each of them gets."""

    def call(*arguments: str, code: int = 0) -> tuple[str, str]:
        capsys.readouterr()
        ended = run([*arguments, *always])
        written = capsys.readouterr()
        assert ended == code, written
        return written.out, written.err

    return call


def document(written: tuple[str, str]) -> Any:
    """Give the document that a command wrote."""
    return json.loads(written[0])
