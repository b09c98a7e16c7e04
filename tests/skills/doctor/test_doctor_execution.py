"""What the doctor says of carrying out tasks: the sandbox, the checks, what killed runs left, what waits."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import prentice
from prentice.skills.doctor import Finding
from prentice.store.lock import locked
from prentice.workspace.place import places
from prentice.workspace.sandbox import choosing
from skills.execute.proposed import Proposed, project


@pytest.fixture
def proposed(tmp_path: Path) -> Proposed:
    return project(tmp_path / "project")


@pytest.fixture
def no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without bubblewrap: nothing is on the path."""
    monkeypatch.setenv("PATH", str(tmp_path))
    choosing.working.cache_clear()
    yield
    choosing.working.cache_clear()


def findings(directory: Path, **options: object) -> dict[str, Finding]:
    opened = prentice.open(directory, backend="builtin", options=options)
    return {finding.check: finding for finding in opened.doctor()}


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="bubblewrap is for Linux")
@pytest.mark.usefixtures("no_program")
def test_a_missing_sandbox_is_named_with_the_command_that_installs_it(proposed: Proposed) -> None:
    found = findings(proposed.root)["sandbox"]
    assert not found.ok
    assert "apt install bubblewrap" in found.next_step
    assert findings(proposed.root, checks_sandbox="optional")["sandbox"].ok


def test_the_commands_that_check_the_project_are_named(proposed: Proposed) -> None:
    nothing = findings(proposed.root)["checks"]
    assert nothing.ok
    assert "every change waits for a person" in nothing.found
    assert "commands = " in nothing.next_step
    assert "make style" in findings(proposed.root, checks_commands=("lint: make style",))["checks"].found
    wrong = findings(proposed.root, checks_commands=("'",))["checks"]
    assert not wrong.ok
    assert wrong.next_step


def test_what_killed_runs_left_is_told_and_what_is_under_way_is_not(proposed: Proposed) -> None:
    assert "leftovers" not in findings(proposed.root)
    for name in ("dead", "alive"):
        (places() / name).mkdir(parents=True)
        (places() / f"{name}.lock").touch()
    with locked(places() / "alive", wait=0):
        found = findings(proposed.root)["leftovers"]
    assert "killed runs left dead in " in found.found
    assert (places() / "dead").is_dir()


def test_decisions_that_were_begun_and_changes_that_wait_are_told(proposed: Proposed) -> None:
    assert findings(proposed.root)["reviews"].found == "nothing waits for a decision"
    run = proposed.propose()
    assert findings(proposed.root)["reviews"].found == f"{run} waits for a decision"
    proposed.executions.intend(run, {"kind": "apply", "actor": "person", "by": "", "at": 1.0, "data": {}})
    found = findings(proposed.root)["reviews"]
    assert not found.ok
    assert f"`prentice review {run}`" in found.next_step
