"""`kill -9` at every point of applying and undoing by way of a review: ledger, tree and task agree afterwards.

Beside every call that changes the disk, the process is killed before and after each transaction of the ledger.
"""

import contextlib
import os
import shutil
import sqlite3
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from prentice.errors import ReviewError
from prentice.ledger.database import Database
from prentice.ledger.executions_table import ExecutionsTable
from prentice.ledger.migrations import LEDGER
from prentice.skills.execute.reviewing import Reviewing
from skills.execute.proposed import CHANGE, Proposed, project
from workspace.killing import killed_at
from workspace.trees import pictured

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked to be killed")

MOST = 600
UNTOUCHED = (".prentice", ".todo2")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)  # the system lives on, so waiting for the disk adds time
    return tmp_path / "project"


def made(root: Path, *done: str) -> str:
    """Make the project anew with one proposed execution with which a person did something, and give its run."""
    model = root.with_name("-".join(("model", *done)))
    if not model.exists():  # made once: a ledger waits for the disk
        here = project(model)
        run = here.propose()
        for act in done:
            getattr(here.reviewing(by="ada"), act)(run)
        here.executions.database.close()
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(model, root)
    return "R-1"


@contextlib.contextmanager
def opened(root: Path) -> Iterator[Proposed]:
    database = Database(root / ".prentice" / "ledger.db", LEDGER)
    database.rows("PRAGMA synchronous = OFF")
    yield Proposed(root=root, executions=ExecutionsTable(database))
    database.close()


def killed(root: Path, number: int, act: Callable[[Reviewing], object]) -> bool:
    """Do something in a process of its own that is killed at its n-th effect."""

    def in_child() -> None:
        transaction = Database.transaction

        @contextlib.contextmanager
        def counted(self: Database, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
            os.close(os.open(os.devnull, os.O_RDONLY))  # counted as an effect: a point to be killed at
            with transaction(self, durable=durable) as connection:
                yield connection
            os.close(os.open(os.devnull, os.O_RDONLY))

        Database.transaction = counted  # type: ignore[method-assign]  # the child ends here
        with opened(root) as here:
            act(here.reviewing(by="ada"))

    return killed_at(number, in_child)


def agree(here: Proposed, run: str, *, before: object, after: object, applied: bool) -> bool:
    """Check that the ledger says what the tree shows, and give whether the change is in it."""
    row = here.executions.get(run)
    tree = pictured(here.root, without=UNTOUCHED)
    assert row.pending is None
    assert tree == (after if row.state == "applied" else before)
    assert row.state in ({"applied", "undone"} if applied else {"applied", "proposed"})
    return row.state == "applied"


def test_applying_killed_anywhere_leaves_ledger_and_tree_agreed_after_the_next_start(root: Path) -> None:
    made(root)
    before = pictured(root, without=UNTOUCHED)
    made(root, "apply")
    after = pictured(root, without=UNTOUCHED)
    ends = set()
    for number in range(1, MOST):
        run = made(root)
        was_killed = killed(root, number, lambda reviewing: reviewing.apply(run))  # noqa: B023 - called at once
        with opened(root) as here:
            here.reviewing("script").settle()
            ends.add(agree(here, run, before=before, after=after, applied=False))
            here.reviewing("script").apply(run)
            assert agree(here, run, before=before, after=after, applied=True)
            decisions = [(one.kind, one.actor) for one in here.executions.decisions(run)]
            assert len([kind for kind, _ in decisions if kind == "apply"]) == 1
            assert here.executions.get(run).approval["digest"] == CHANGE.digest
            here.reviewing().undo(run)
            assert pictured(root, without=UNTOUCHED) == before
        if not was_killed:
            break
    else:
        raise AssertionError("it never ended")
    assert number > 50
    assert ends == {False, True}


def test_undoing_killed_anywhere_leaves_ledger_tree_and_task_agreed_after_the_next_start(root: Path) -> None:
    made(root)
    before = pictured(root, without=UNTOUCHED)
    made(root, "apply")
    after = pictured(root, without=UNTOUCHED)
    ends = set()
    for number in range(1, MOST):
        run = made(root, "apply")
        was_killed = killed(root, number, lambda reviewing: reviewing.undo(run))  # noqa: B023 - called at once
        with opened(root) as here:
            here.reviewing("script").all()  # looking is a start too
            here.reviewing("script").settle()
            is_applied = agree(here, run, before=before, after=after, applied=True)
            ends.add(is_applied)
            if not is_applied:
                assert here.executions.decisions(run)[-1].actor == "person"  # who it was, not who settled it
            here.reviewing(by="ada").undo(run)
            assert not agree(here, run, before=before, after=after, applied=True)
            assert here.comments() == [f"{run} was undone by: ada (person)."]
            assert here.task.status == "In Progress"
        if not was_killed:
            break
    else:
        raise AssertionError("it never ended")
    assert number > 30
    assert ends == {False, True}


def test_rejecting_killed_anywhere_leaves_one_note_and_one_decision(root: Path) -> None:
    for number in range(1, MOST):
        run = made(root)
        was_killed = killed(root, number, lambda reviewing: reviewing.reject(run, reason="No."))  # noqa: B023 - called at once
        with opened(root) as here:
            here.reviewing(by="ada").reject(run, reason="No.")
            assert here.executions.get(run).state == "rejected"
            assert [one.kind for one in here.executions.decisions(run)] == ["reject"]
            assert here.comments() == [f"{run} was rejected by: ada (person).\n\nNo."]
        if not was_killed:
            break
    else:
        raise AssertionError("it never ended")
    assert number > 10


def test_processes_that_decide_at_once_do_it_once_and_leave_ledger_and_tree_agreed(root: Path) -> None:
    made(root)
    before = pictured(root, without=UNTOUCHED)
    run = made(root)
    for act, state in (("apply", "applied"), ("undo", "undone")):
        assert at_once(root, [act] * 4, run) == [0] * 4
        with opened(root) as here:
            assert here.executions.get(run).state == state
            assert [str(one.kind) for one in here.executions.decisions(run)].count(act) == 1
    assert pictured(root, without=UNTOUCHED) == before
    for _ in range(3):
        at_once(root, ["apply", "undo", "apply", "reject", "undo"], made(root))
        with opened(root) as here:
            row = here.executions.get(run)
            assert row.pending is None
            assert (pictured(root, without=UNTOUCHED) == before) == (row.state != "applied")


def at_once(root: Path, acts: list[str], run: str) -> list[int]:
    """Let processes decide at the same time, and give their exit codes: 0, 3 where it was refused."""
    start, go = os.pipe()
    children = []
    for act in acts:
        with warnings.catch_warnings():
            # Other tests may have started threads in this process. The child uses files only, and never returns.
            warnings.simplefilter("ignore", DeprecationWarning)
            process = os.fork()
        if process == 0:
            code = 1
            try:
                os.close(go)
                with opened(root) as here:
                    os.read(start, 1)  # nobody writes: it ends when the parent lets go
                    getattr(here.reviewing(by="ada"), act)(run)
                code = 0
            except ReviewError:
                code = 3
            finally:
                os._exit(code)
        children.append(process)
    os.close(start)
    os.close(go)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert set(codes) <= {0, 3}
    return codes
