from pathlib import Path

import pytest

from prentice.errors import RunError
from prentice.ledger.database import Database
from prentice.ledger.leases import Leases
from prentice.ledger.migrations import LEDGER, RECORD
from prentice.ledger.proposals_table import ProposalsTable
from prentice.ledger.runs_table import RunsTable, Submission

LISTS = {"ledger": LEDGER, "record": RECORD}
VERSIONS = [(name, count) for name, migrations in LISTS.items() for count in range(1, len(migrations))]


def fill_old(path: Path, name: str, count: int) -> None:
    """Make a database of an earlier version, with what a user of it would have in it."""
    old = Database(path, LISTS[name][:count])
    with old.transaction() as connection:
        for number, state in ((1, "finished"), (2, "running")):
            connection.execute(
                "INSERT INTO runs (scope, number, kind, state, arguments, result, created, updated)"
                " VALUES ('', ?, 'k', ?, '{\"task\":\"T-1\"}', '\"r\"', 1, 2)",
                (number, state),
            )
            connection.execute("INSERT INTO steps VALUES ('', ?, 's', 1, '[1]', 2)", (number,))
            connection.execute(
                "INSERT INTO events (scope, run, kind, data, at) VALUES ('', ?, 'step', '{}', 2)", (number,)
            )
        if count >= 2:
            connection.execute(
                "INSERT INTO proposals (scope, number, uid, task, run, state, plan, created)"
                " VALUES ('', 1, 'u', 'T-1', 1, 'open', '{}', 3)"
            )
    old.close()


@pytest.mark.parametrize(("name", "count"), VERSIONS)
def test_what_an_earlier_version_left_is_there_and_usable(tmp_path: Path, name: str, count: int) -> None:
    path = tmp_path / "old.db"
    fill_old(path, name, count)
    database = Database(path, LISTS[name])
    table = RunsTable(database)
    first = table.get("R-1")
    assert (first.arguments, first.result, first.token, first.options) == ({"task": "T-1"}, "r", first.token, None)
    assert table.step_result("R-1", "s", 1) == ([1],)
    assert [event.kind for event in table.events("R-1")] == ["step"]
    assert [row.id for row in ProposalsTable(database).all()] == (["P-1"] if count >= 2 else [])
    new = table.submit(Submission(kind="k", arguments=None))
    claim = Leases(database=database).claim("worker", kinds=["k"])
    assert claim is not None
    assert claim.run in {"R-2", new.id}
    database.close()


def test_a_run_that_an_earlier_version_left_in_the_middle_can_be_tried_again(tmp_path: Path) -> None:
    fill_old(tmp_path / "old.db", "ledger", 2)
    database = Database(tmp_path / "old.db", LEDGER)
    table = RunsTable(database)
    row = table.get("R-2")
    assert row.state == "failed"
    assert row.error["message"] == "The process that carried it was ended."
    assert Leases(database=database).claim("worker", kinds=["k"]) is None, "it does not start by itself"
    table.retry("R-2")
    assert table.get("R-2").state == "queued"
    with pytest.raises(RunError):
        table.retry("R-1")
    database.close()
