from collections.abc import Iterator
from pathlib import Path

import pytest

from prentice.ledger.database import Database
from prentice.ledger.executions_table import ExecutionsTable
from prentice.ledger.leases import Leases
from prentice.ledger.migrations import LEDGER
from prentice.ledger.proposals_table import ProposalsTable
from prentice.ledger.pruning import prune
from prentice.ledger.runs_table import RunsTable, Submission

LARGE = "x" * 100_000
ROOMY = 1_000_000_000


@pytest.fixture
def table(tmp_path: Path) -> Iterator[RunsTable]:
    database = Database(tmp_path / "ledger.db", LEDGER)
    yield RunsTable(database)
    database.close()


def ended(table: RunsTable, *, result: object = None, days_ago: float = 0, touches: tuple[str, ...] = ()) -> str:
    run = table.submit(Submission(kind="k", arguments=None, touches=touches)).id
    leases = Leases(database=table.database, scope=table.scope)
    claim = leases.claim("worker", kinds=["k"])
    assert claim is not None
    leases.begin_step(claim, "s", 1)
    leases.keep_step(claim, "s", 1, result)
    leases.finish(claim, "finished", result="r")
    with table.database.transaction() as connection:
        connection.execute(
            "UPDATE runs SET updated = updated - ? WHERE scope = ? AND number = ?",
            (days_ago * 86_400, table.scope, int(run.removeprefix("R-"))),
        )
    return run


def left(table: RunsTable) -> list[str]:
    return [row.id for row in table.latest(most=99)]


def test_runs_that_ended_long_ago_are_dropped_with_all_that_is_theirs(table: RunsTable) -> None:
    ended(table, result=LARGE, days_ago=31, touches=("a",))
    ended(table, result=[LARGE], days_ago=29)
    elsewhere = RunsTable(table.database, "/elsewhere")
    ended(elsewhere, days_ago=99)
    assert prune(table, most_days=30, most_bytes=ROOMY) == 1
    assert (left(table), left(elsewhere)) == (["R-2"], ["R-1"])
    assert (table.events("R-1"), table.steps("R-1")) == ([], [])
    assert table.step_result("R-2", "s", 1) == ([LARGE],)
    assert len(table.database.rows("SELECT * FROM blobs")) == 1
    assert prune(table, most_days=30, most_bytes=ROOMY) == 0


def test_the_oldest_are_dropped_where_all_take_too_much_room(table: RunsTable) -> None:
    for number in range(5):
        ended(table, result=f"{number}{LARGE}")
    assert prune(table, most_days=30, most_bytes=250_000) == 2
    assert left(table) == ["R-3", "R-4", "R-5"]
    assert len(table.database.rows("SELECT * FROM blobs")) == 3


def test_what_goes_on_or_waits_for_a_decision_stays(table: RunsTable) -> None:
    planned, queued = ended(table, days_ago=99), table.submit(Submission(kind="other", arguments=None)).id
    ProposalsTable(table.database).create(uid="u", task="", run=planned, plan=LARGE)
    with table.database.transaction() as connection:
        connection.execute("UPDATE runs SET updated = 0")
    assert prune(table, most_days=1, most_bytes=1) == 0
    assert left(table) == [planned, queued]
    ProposalsTable(table.database).decide("P-1", "rejected", {})
    assert prune(table, most_days=1, most_bytes=1) == 1
    assert ProposalsTable(table.database).get("P-1").plan == LARGE, "a blob that something else names stays"


def test_changes_that_are_applied_and_verdicts_on_others_stay(table: RunsTable) -> None:
    executions = ExecutionsTable(table.database)
    applied, judged, intended, looked_at, _ = (ended(table, days_ago=99) for _ in range(5))
    for run in (applied, judged, intended, looked_at):
        executions.create(run=run, uid=run, task="", state="refused", document={}, change=LARGE)
    executions.decide(applied, "apply", actor="script", state="applied", right=None, at=1.0)
    executions.decide(judged, "reject", actor="person", state="rejected", right=False, at=1.0)
    executions.intend(intended, {"kind": "reject"})
    executions.decide(looked_at, "reject", actor="script", state="rejected", right=None, at=1.0)
    assert prune(table, most_days=1, most_bytes=1) == 1
    assert [row.run for row in executions.all()] == [applied, judged, intended]
    assert executions.change(applied) == LARGE


def test_the_newest_run_stays_so_that_its_number_is_not_given_again(table: RunsTable) -> None:
    for _ in range(2):
        ended(table, days_ago=99)
    assert prune(table, most_days=30, most_bytes=ROOMY) == 1
    assert table.submit(Submission(kind="k", arguments=None)).id == "R-3"
