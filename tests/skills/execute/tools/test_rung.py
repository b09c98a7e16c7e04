"""Tools that misbehave, the guards that follow, and the ways in which a tool is no help, each with its reason."""

import importlib.util
import json
from pathlib import Path

import pytest

from prentice.changes.guards.guard import guard
from prentice.changes.guards.objection import Policy
from prentice.workspace.sandbox.limits import Limits
from prentice.workspace.sandbox.unconfined import Unconfined
from skills.execute.tools.trying import Try

UGLY = "x  =  1\n"
NEAT = "x = 1\n"


def own(script: str) -> dict[str, str]:
    """Give an environment of the project whose ruff is a script."""
    return {".venv/pyvenv.cfg": "home = /usr/bin\n", ".venv/bin/ruff": f"#!/bin/sh\n{script}\n"}


FILES = {"a.py": UGLY, "other.py": "y = 1\n", ".gitignore": ".venv\n"}


def test_what_a_tool_does_beside_the_named_files_is_left_out_and_said(attempt: Try) -> None:
    script = "echo 'x = 1' > a.py; echo 'y = 2' > other.py; echo z > new.py"
    tried = attempt("Format a.py", FILES, on=("a.py",), beside=own(script))
    assert tried.after == {"a.py": NEAT}
    assert tried.outcome
    assert tried.outcome.change.notes == (
        "ruff format also touched new.py, other.py, which was left out of the change.",
    )


def test_a_tool_reaches_nothing_outside_the_worktree(attempt: Try, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    script = (
        f"echo bad > {outside}/file; echo bad > .git; echo bad > ../up; echo bad > $HOME/.profile; "
        f"ln -s {outside}/link link; echo bad > link; cat {outside}/../secret >> a.py; echo '#' >> a.py; exit 0"
    )
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    tried = attempt("Format a.py", FILES, on=("a.py",), beside=own(script))
    assert tried.after == {"a.py": f"{UGLY}#\n"}
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("rm a.py", "took a.py away"),
        ("rm a.py; ln -s other.py a.py", "took a.py away"),
        ("rm a.py; mkdir a.py", "took a.py away"),
        ("echo no such thing >&2; exit 3", "it ended with exit code 3: no such thing"),
        ("kill -9 $$", "could not format a.py"),
        ("while :; do echo y; done", "printed more than is allowed"),
        ("sleep 100 & sleep 100", "took longer"),
        ("true", "finds nothing to change in a.py"),
    ],
)
def test_a_tool_that_goes_wrong_is_declined_with_the_reason(attempt: Try, script: str, says: str) -> None:
    tried = attempt("Format a.py", FILES, on=("a.py",), beside=own(script), limits=Limits(seconds=3.0, output_mb=1))
    assert tried.outcome is None
    assert says in tried.declined[0]


def test_without_a_sandbox_where_that_is_allowed_tools_work_the_same(attempt: Try) -> None:
    tried = attempt("Format a.py", FILES, on=("a.py",), within=Unconfined())
    assert tried.after == {"a.py": NEAT}
    if importlib.util.find_spec("rope"):
        files = {"a.py": "def total():\n    return 1\n\n\nprint(total())\n"}
        tried = attempt("Rename `total` to `price` in a.py", files, on=("a.py",), within=Unconfined())
        assert tried.after == {"a.py": files["a.py"].replace("total", "price")}


def test_a_linter_whose_report_is_not_what_it_should_be_is_declined(attempt: Try) -> None:
    for printed in ("", "{}", "nonsense", json.dumps({"filename": "a.py"})):
        tried = attempt("Fix F401 in a.py", FILES, on=("a.py",), beside=own(f"echo 'x = 1' > a.py; printf '{printed}'"))
        assert "could not work on a.py" in tried.declined[0]


@pytest.mark.parametrize(
    ("name", "symbols", "code"),
    [
        ("Format a.py", (), "def  f( a ):\n  return a\n"),
        ("Remove unused imports from a.py", (), "import os\nimport sys\n\nprint(sys)\n"),
        ("Sort the imports in a.py", (), "import sys\nimport os\n\nprint(sys, os)\n"),
        ("Add docstring skeletons to a.py", (), "def f(a: int, b=1) -> int:\n    return a\n"),
        ("Add type hint skeletons to a.py", (), "def f(a, b=''):\n    return a\n"),
        ("Rename `total` to `price` in a.py", ("total", "price"), "def total():\n    return 1\n\n\nprint(total())\n"),
        ("Rename method A.get to A.load", (), "class A:\n    def get(self):\n        return 1\n\n\nA().get()\n"),
    ],
)
def test_what_tools_make_passes_the_guards(attempt: Try, name: str, symbols: tuple[str, ...], code: str) -> None:
    if name.startswith("Rename") and not importlib.util.find_spec("rope"):
        pytest.skip("rope is not installed")
    tried = attempt(name, {"a.py": code}, on=("a.py",), symbols=symbols)
    assert tried.outcome, tried.declined
    policy = Policy(named=frozenset({"a.py"}), removing=frozenset(tried.outcome.removing))
    assert guard(tried.outcome.change, policy=policy) == []
