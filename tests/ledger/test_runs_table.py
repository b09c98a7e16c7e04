from collections.abc import Iterator
from pathlib import Path

import pytest

from prentice.errors import LedgerError, RunError
from prentice.ledger.database import Database
from prentice.ledger.migrations import LEDGER
from prentice.ledger.runs_table import RunsTable, number_of


@pytest.fixture
def table(tmp_path: Path) -> Iterator[RunsTable]:
    database = Database(tmp_path / "ledger.db", LEDGER)
    yield RunsTable(database)
    database.close()


def test_a_run_is_numbered_and_begins_as_running(table: RunsTable) -> None:
    assert [table.create("k", {"a": 1}), table.create("k", None)] == ["R-1", "R-2"]
    row = table.get("R-1")
    assert (row.id, row.kind, row.state, row.arguments, row.result, row.error) == (
        "R-1", "k", "running", {"a": 1}, None, None,
    )  # fmt: skip
    assert row.created == row.updated > 1_700_000_000


@pytest.mark.parametrize("name", ["R-9", "R-", "R-x", "P-1", "T-1", "1", "", "R--1", "R-1234567890123", "R-²"])
def test_an_id_that_names_no_run_is_a_typed_error(table: RunsTable, name: str) -> None:
    table.create("k", None)
    with pytest.raises(RunError, match=f"no run {name}"):
        table.get(name)


def test_runs_of_other_scopes_have_their_own_numbers_and_are_not_seen(table: RunsTable) -> None:
    other = RunsTable(table.database, "/elsewhere")
    assert (table.create("k", None), other.create("other", None), table.create("k", None)) == ("R-1", "R-1", "R-2")
    assert other.get("R-1").kind == "other"
    with pytest.raises(RunError):
        other.get("R-2")


def test_a_finished_step_is_remembered_by_name_and_number_even_when_its_result_is_null(table: RunsTable) -> None:
    run = table.create("k", None)
    assert table.step_result(run, "s", 1) is None
    table.remember_step(run, "s", 1, None)
    table.remember_step(run, "s", 2, ["x" * 100_000])
    assert table.step_result(run, "s", 1) == (None,)
    assert table.step_result(run, "s", 2) == (["x" * 100_000],)
    with pytest.raises(LedgerError, match="UNIQUE"):
        table.remember_step(run, "s", 1, "again")
    assert table.step_result(run, "s", 1) == (None,)


def test_a_run_ends_once_and_tells_it_once(table: RunsTable) -> None:
    run = table.create("k", None)
    table.finish(run, "failed", error={"code": "x"})
    table.finish(run, "finished", result=1)
    row = table.get(run)
    assert (row.state, row.result, row.error) == ("failed", None, {"code": "x"})
    assert [(event.kind, event.data) for event in table.events(run)] == [("failed", {"code": "x"})]


def test_events_come_in_order_with_the_steps_among_them(table: RunsTable) -> None:
    run = table.create("k", None)
    for number in (1, 2):
        table.remember_step(run, "s", number, None)
    table.finish(run, "finished", result="r")
    assert [(event.kind, event.data) for event in table.events(run)] == [
        ("step", {"name": "s", "n": 1}), ("step", {"name": "s", "n": 2}), ("finished", None),
    ]  # fmt: skip
    assert table.get(run).result == "r"


@pytest.mark.parametrize(
    ("name", "letter", "number"), [("R-12", "R", 12), ("r-12", "R", 12), ("P-3", "P", 3), ("P-3", "R", -1)]
)
def test_numbers_are_read_from_ids_of_the_asked_kind_alone(name: str, letter: str, number: int) -> None:
    assert number_of(name, letter) == number
