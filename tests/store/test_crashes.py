"""`kill -9` before, after, and in the middle of each call of the operating system that a write makes."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from prentice.store import atomic
from prentice.store.content import digest
from prentice.store.journal import Journal
from prentice.store.todo2_file import FILE_NAME, Todo2File
from store.faults import Ended, Fault, Faults, in_a_process, killed_before, killed_within
from store.scenarios import CALLS, SCENARIOS, Scenario, left_in_the_middle, names, overwrite, the_next_change_works

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked to be killed")


@pytest.fixture(autouse=True)
def _without_flushing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)  # the system lives on, so it changes nothing


@dataclass(frozen=True, slots=True)
class Death:
    """A process that was killed, what it had acknowledged, and the file before it."""

    path: Path
    before: bytes
    was_acknowledged: bool


def deaths(scenario: Scenario, directory: Path) -> Iterator[Death]:
    """Kill a process before each call that it makes, after the last, and in the middle of each write."""
    calls = run(scenario, directory / "unharmed", Faults(killed_before, at=CALLS))[1].said.split()[1:]
    assert len(calls) > scenario.least
    assert len(calls) < CALLS
    ends: list[tuple[Fault, int]] = [(killed_before, at + 1) for at in range(len(calls))]
    ends += [(killed_within, at + 1) for at, name in enumerate(calls) if name == "write"]
    ends += [(killed_within, len(calls))]
    for number, (fault, at) in enumerate(ends):
        death, ended = run(scenario, directory / str(number), Faults(fault, at=at))
        assert ended.killed
        yield death


def run(scenario: Scenario, directory: Path, faults: Faults) -> tuple[Death, Ended]:
    """Act in a process and a project of their own; the calls are said when it was not killed."""
    path = directory / ".todo2" / FILE_NAME
    path.parent.mkdir(parents=True)
    scenario.prepare(path)
    before = path.read_bytes()

    def act(say: Callable[[str], None]) -> None:
        with faults:
            if scenario.meanwhile:
                scenario.meanwhile(path, faults)
            scenario.act(path)
            faults.another_program(lambda: say("acknowledged"))
        say(" ".join(faults.calls))

    ended = in_a_process(act)
    return Death(path, before, "acknowledged" in ended.said), ended


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_process_killed_at_any_call_leaves_a_whole_file_and_loses_nothing_acknowledged(
    directory: Path, name: str
) -> None:
    scenario = SCENARIOS[name]
    for death in deaths(scenario, directory):
        found = death.path.read_bytes()
        json.loads(found)
        last = Journal(death.path.parent.parent).tail()
        theirs = b'"foreign"' in found and b'"mine"' not in found
        assert found == death.before or theirs or (last and digest(found) == last.after)
        was_there = b'"foreign"' in b"".join(file.read_bytes() for file in death.path.parent.iterdir())
        present = names(Todo2File(death.path).read())
        expected = scenario.acknowledged | ({"mine"} if death.was_acknowledged else set())
        assert expected <= set(present)
        assert "foreign" in present or not was_there
        the_next_change_works(death.path, present)


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_was_acknowledged_comes_back_when_an_old_copy_overwrites_it_after_the_crash(
    directory: Path, name: str
) -> None:
    scenario = SCENARIOS[name]
    for death in deaths(scenario, directory):
        overwrite(death.path, death.before, "late")
        present = names(Todo2File(death.path).read())
        expected = scenario.acknowledged | ({"mine"} if death.was_acknowledged else set()) | {"late"}
        if scenario.prepare is left_in_the_middle:
            expected -= {"foreign"}  # the late program overwrote the other one, neither of which is ours
        assert expected <= set(present)
        the_next_change_works(death.path, present)


@pytest.mark.skipif(not sys.platform.startswith(("linux", "darwin")), reason="names are exchanged on Linux and macOS")
def test_names_are_exchanged_here_so_that_the_scenarios_mean_what_they_say(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    assert atomic.exchanged(tmp_path / "a", tmp_path / "b")
    assert ((tmp_path / "a").read_text(), (tmp_path / "b").read_text()) == ("b", "a")
