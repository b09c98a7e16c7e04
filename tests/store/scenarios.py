"""What was there, and what is done, when a process is killed or the disk refuses: the cases of the tests on both."""

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prentice.store import atomic
from prentice.store.backups import DAYS_KEPT, Backups
from prentice.store.journal import Entry, Journal
from prentice.store.todo2_file import FILE_NAME, Todo2File, timestamp
from prentice.tasks.difference import Difference, Records
from prentice.tasks.edits import Draft, Editor
from prentice.tasks.moments import moment, spelled
from prentice.tasks.todo2 import new_state
from prentice.tasks.todolist import TodoList
from store.faults import Faults, in_a_process, killed_before

CALLS = 200
"""More than any write makes."""
LEFT = {"journal.jsonl", ".gitignore", "backups"}
"""What may stand in `.prentice/`."""


def add(name: str) -> Callable[[Editor], None]:
    """Add a task with a comment: both are there, or none."""

    def edit(editor: Editor) -> None:
        editor.comment(editor.create(Draft(name=name)), f"on {name}", kind="note")

    return edit


def overwrite(path: Path, copy: bytes, name: str, *, in_place: bool = False) -> None:
    """Write an older copy over the file with one more task in it, as a program without the lock does."""
    value = json.loads(copy)
    number = value["nextTaskNumber"]
    stamp = spelled(max(time.time(), moment(json.loads(path.read_bytes())["lastModified"]) or 0.0) + 0.01)  # its own
    value["todos"].append({"id": f"T-{number}", "name": name, "status": "Todo", "created": stamp, "taskNumber": number})
    value |= {"nextTaskNumber": number + 1, "lastModified": stamp}
    data = json.dumps(value, indent=2).encode()
    if in_place:
        path.write_bytes(data)
    else:
        path.with_name("other").write_bytes(data)
        path.with_name("other").replace(path)


def names(todolist: TodoList) -> list[str]:
    return [task.name for task in todolist.tasks.values()]


# -- the scenarios ----------------------------------------------------------------------------------------------------


def nothing(path: Path) -> None:
    path.write_bytes(new_state(timestamp()))


def two_changes(path: Path) -> None:
    nothing(path)
    for name in ("first", "second"):
        Todo2File(path).change(add(name))


def overwritten(path: Path) -> None:
    two_changes(path)
    copy = path.read_bytes()
    Todo2File(path).change(add("third"))
    overwrite(path, copy, "foreign")


def yesterday(path: Path) -> None:
    two_changes(path)
    backups = Backups(path.parent.parent)
    for kept in backups.newest_first():
        kept.unlink()
    for day in range(1, DAYS_KEPT + 1):
        backups.keep_day(lambda: b"{}", day=f"2026-01-{day:02}")


def long_journal(path: Path) -> None:
    two_changes(path)
    journal = Journal(path.parent.parent)
    lines = journal.path.read_bytes()
    long_ago = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    big = Difference(tasks=Records(added=({"id": "T-0", "name": "x" * 1_200_000},)))
    entry = Entry(
        number=0, at=long_ago, actor="script", before="b", after="a", document=big.document(), did=("T-0 added",)
    )
    old = entry.line() * 4
    filling = b" " * (5_000_000 - len(old) - len(lines) - 2) + b"\n"  # so that the next line goes beyond a step
    journal.path.write_bytes(old + filling + lines)


def overtaken(path: Path, faults: Faults, *, in_place: bool = False) -> None:
    """Let another program write between our last look and the exchange, once."""
    true = atomic.exchanged
    done: list[bool] = []

    def exchanged(first: Path, second: Path) -> bool:
        if not done:
            done.append(True)
            faults.another_program(lambda: overwrite(path, path.read_bytes(), "foreign", in_place=in_place))
        return true(first, second)

    atomic.exchanged = exchanged


def left_in_the_middle(path: Path) -> None:
    """Let a process be killed when it has just taken what another program wrote out of its place."""
    two_changes(path)

    def act(_say: Callable[[str], None]) -> None:
        overtaken(path, Faults(killed_before, at=CALLS))
        true = atomic.exchanged

        def exchanged(first: Path, second: Path) -> bool:
            true(first, second)
            os.kill(os.getpid(), signal.SIGKILL)
            return True

        atomic.exchanged = exchanged
        Todo2File(path).change(add("never acknowledged"))

    assert in_a_process(act).killed
    assert b"foreign" not in path.read_bytes()


def overtaken_in_place(path: Path, faults: Faults) -> None:
    overtaken(path, faults, in_place=True)


def without_exchange(_path: Path, _faults: Faults) -> None:
    """Let the system have no call that exchanges two names."""
    atomic.exchange_call = lambda: None  # type: ignore[assignment]  # without a cache


def change(path: Path) -> None:
    Todo2File(path).change(add("mine"))


def read(path: Path) -> None:
    Todo2File(path).read()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What was there (`acknowledged`: names that must stay), and what is done when the process is killed."""

    prepare: Callable[[Path], None]
    act: Callable[[Path], None] = change
    meanwhile: Callable[[Path, Faults], None] | None = None
    acknowledged: frozenset[str] = frozenset({"first", "second"})
    least: int
    """How many calls there are at the least, so that a test which counts none is noticed."""


SCENARIOS = {
    "the first change ever": Scenario(prepare=nothing, acknowledged=frozenset(), least=12),
    "a change": Scenario(prepare=two_changes, least=6),
    "a change that restores": Scenario(
        prepare=overwritten, acknowledged=frozenset({"first", "second", "third", "foreign"}), least=6
    ),
    "a read that restores": Scenario(
        prepare=overwritten, act=read, acknowledged=frozenset({"first", "second", "third", "foreign"}), least=6
    ),
    "a change that is overtaken": Scenario(prepare=two_changes, meanwhile=overtaken, least=10),
    "a change that is overtaken in place": Scenario(prepare=two_changes, meanwhile=overtaken_in_place, least=10),
    "the first change of a day": Scenario(prepare=yesterday, least=10),
    "a change that shortens the journal": Scenario(prepare=long_journal, least=10),
    "a change after a crash": Scenario(
        prepare=left_in_the_middle, acknowledged=frozenset({"first", "second", "foreign"}), least=8
    ),
    "a read after a crash": Scenario(
        prepare=left_in_the_middle, act=read, acknowledged=frozenset({"first", "second", "foreign"}), least=7
    ),
    "a change where names cannot be exchanged": Scenario(prepare=two_changes, meanwhile=without_exchange, least=6),
    "a change that restores where names cannot be exchanged": Scenario(
        prepare=overwritten,
        meanwhile=without_exchange,
        acknowledged=frozenset({"first", "second", "third", "foreign"}),
        least=6,
    ),
}


def the_next_change_works(path: Path, present: list[str]) -> None:
    """Check that the list is sound, that it can be changed, and that nothing is left beside it then."""
    Todo2File(path, wait=0).change(add("next"))
    value: dict[str, Any] = json.loads(path.read_bytes())
    found = [record["name"] for record in value["todos"]]
    assert found == [*present, "next"]
    assert len(set(found)) == len(found)
    ids = [record["id"] for record in value["todos"]]
    assert len(set(ids)) == len(ids)
    assert value["nextTaskNumber"] == len(ids) + 1
    commented = {comment["content"] for comment in value["comments"]}
    assert commented == {f"on {name}" for name in found if name not in {"foreign", "late"}}
    assert {other.name for other in path.parent.iterdir()} == {FILE_NAME, FILE_NAME + ".lock"}
    own = path.parent.parent / ".prentice"
    assert {other.name for other in own.iterdir() if not other.name.startswith("..gitignore.")} == LEFT
    assert ".*.tmp" in (own / ".gitignore").read_text().splitlines()
    assert all(other.suffix == ".json" and not other.name.startswith(".") for other in (own / "backups").iterdir())
