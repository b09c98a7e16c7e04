from collections.abc import Iterator
from pathlib import Path

import pytest

from prentice.ledger.adoption import adopt
from prentice.ledger.database import Database
from prentice.ledger.executions_table import ExecutionsTable
from prentice.ledger.leases import Leases
from prentice.ledger.migrations import LEDGER, RECORD
from prentice.ledger.proposals_table import ProposalsTable
from prentice.ledger.runs_table import RunsTable, Submission

HERE = "/home/me/here"
LARGE = ["x" * 100_000]


@pytest.fixture
def databases(tmp_path: Path) -> Iterator[tuple[Database, Database]]:
    record, ledger = Database(tmp_path / "record.db", RECORD), Database(tmp_path / "ledger.db", LEDGER)
    for scope in ("/elsewhere", HERE):
        runs, proposals = RunsTable(record, scope), ProposalsTable(record, scope)
        for number in (1, 2):
            run = runs.submit(Submission(kind=scope, arguments={"n": number})).id
            leases = Leases(database=record, scope=scope)
            claim = leases.claim("worker", kinds=[scope])
            assert claim is not None
            leases.keep_step(claim, "s", 1, LARGE)
            leases.finish(claim, "finished", result=scope)
            proposals.create(uid=f"{scope}-{number}", task="", run=run, plan=LARGE)
            executions = ExecutionsTable(record, scope)
            executions.create(run=run, uid=f"{scope}-{number}", task="", state="proposed", document=LARGE, change=LARGE)
            executions.decide(run, "reject", actor="person", state="rejected", right=False, at=number, data=scope)
    yield record, ledger
    record.close()
    ledger.close()


def test_the_runs_and_proposals_of_the_directory_are_there_with_the_same_ids(
    databases: tuple[Database, Database],
) -> None:
    record, ledger = databases
    adopt(record, ledger, directory=HERE)
    runs, proposals = RunsTable(ledger), ProposalsTable(ledger)
    assert [(runs.get(run).kind, runs.get(run).arguments) for run in ("R-1", "R-2")] == [
        (HERE, {"n": 1}), (HERE, {"n": 2}),
    ]  # fmt: skip
    assert runs.step_result("R-2", "s", 1) == (LARGE,)
    assert [event.kind for event in runs.events("R-1")] == ["step", "finished"]
    assert [(row.id, row.uid, row.plan) for row in proposals.all()] == [
        ("P-1", f"{HERE}-1", LARGE), ("P-2", f"{HERE}-2", LARGE),
    ]  # fmt: skip


def test_executions_come_with_their_change_and_what_was_decided(databases: tuple[Database, Database]) -> None:
    record, ledger = databases
    adopt(record, ledger, directory=HERE)
    executions = ExecutionsTable(ledger)
    assert [(row.run, row.uid, row.state) for row in executions.all()] == [
        ("R-1", f"{HERE}-1", "rejected"), ("R-2", f"{HERE}-2", "rejected"),
    ]  # fmt: skip
    assert executions.change("R-2") == LARGE
    assert [decision.data for decision in executions.decisions("R-2")] == [HERE]


def test_adopting_again_copies_nothing_twice(databases: tuple[Database, Database]) -> None:
    record, ledger = databases
    for _ in range(3):
        adopt(record, ledger, directory=HERE)
    assert {table: ledger.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in TABLES} == TABLES


TABLES = {"runs": 2, "steps": 2, "events": 4, "proposals": 2, "executions": 2, "decisions": 2, "blobs": 1}


def test_a_run_that_the_ledger_has_already_is_not_mixed_with_one_of_the_same_number(
    databases: tuple[Database, Database],
) -> None:
    record, ledger = databases
    own = RunsTable(ledger)
    own.submit(Submission(kind="own", arguments=None))
    adopt(record, ledger, directory=HERE)
    assert own.get("R-1").kind == "own"
    assert own.step_result("R-1", "s", 1) is None
    assert own.events("R-1") == []
    assert own.get("R-2").kind == HERE
    assert [row.run for row in ExecutionsTable(ledger).all()] == ["R-2"]


def test_the_record_keeps_what_was_adopted(databases: tuple[Database, Database]) -> None:
    record, ledger = databases
    adopt(record, ledger, directory=HERE)
    assert len(ProposalsTable(record, HERE).all()) == 2
    adopt(record, ledger, directory="/nothing/here")
    assert len(ProposalsTable(ledger).all()) == 2


def test_a_run_that_goes_on_is_not_carried_in_two_places(databases: tuple[Database, Database]) -> None:
    record, ledger = databases
    going_on = RunsTable(record, HERE).submit(Submission(kind="k", arguments=None), owner="worker", lease=60).id
    adopt(record, ledger, directory=HERE)
    assert (going_on, RunsTable(ledger).get(going_on).state) == ("R-3", "cancelled")
    assert Leases(database=ledger).claim("another", kinds=["k"]) is None
    assert RunsTable(record, HERE).get(going_on).state == "running"
