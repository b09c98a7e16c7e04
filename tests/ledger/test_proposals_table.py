from collections.abc import Iterator
from pathlib import Path

import pytest

from prentice.errors import ProposalError
from prentice.ledger.database import Database
from prentice.ledger.migrations import LEDGER
from prentice.ledger.proposals_table import ProposalsTable


@pytest.fixture
def table(tmp_path: Path) -> Iterator[ProposalsTable]:
    database = Database(tmp_path / "ledger.db", LEDGER)
    yield ProposalsTable(database)
    database.close()


def create(table: ProposalsTable, uid: str, *, task: str = "T-1", plan: object = None) -> str:
    return table.create(uid=uid, task=task, run="R-1", plan=plan)


def test_a_proposal_is_kept_open_with_its_plan(table: ProposalsTable) -> None:
    plan = {"subtasks": ["x" * 100_000]}
    assert create(table, "u", plan=plan) == "P-1"
    row = table.get("P-1")
    assert (row.id, row.uid, row.task, row.run, row.state, row.plan, row.decision) == (
        "P-1", "u", "T-1", "R-1", "open", plan, None,
    )  # fmt: skip


def test_a_uid_that_is_there_already_gives_that_proposal(table: ProposalsTable) -> None:
    assert [create(table, "u"), create(table, "v"), create(table, "u", plan="other")] == ["P-1", "P-2", "P-1"]
    assert table.get("P-1").plan is None


@pytest.mark.parametrize("name", ["P-9", "R-1", "T-1", "1", ""])
def test_an_id_that_names_no_proposal_is_answered_with_the_open_ones(table: ProposalsTable, name: str) -> None:
    with pytest.raises(ProposalError) as caught:
        table.get(name)
    assert "prentice breakdown" in caught.value.next_step
    create(table, "u")
    create(table, "v")
    table.decide("P-2", "rejected", None)
    with pytest.raises(ProposalError) as caught:
        table.get(name)
    assert caught.value.next_step == "Open proposals: P-1."


def test_a_decision_is_kept_and_an_edited_plan_with_it(table: ProposalsTable) -> None:
    create(table, "u", plan="as asked")
    table.decide("P-1", "approved", {"actor": "person"})
    assert (table.get("P-1").state, table.get("P-1").plan) == ("approved", "as asked")
    table.decide("P-1", "approved", {"actor": "person"}, plan="as edited")
    assert (table.get("P-1").decision, table.get("P-1").plan) == ({"actor": "person"}, "as edited")


def test_all_gives_the_proposals_oldest_first_and_those_of_a_task_alone(table: ProposalsTable) -> None:
    for uid, task in (("a", "T-1"), ("b", "T-2"), ("c", "T-1")):
        create(table, uid, task=task)
    assert [row.uid for row in table.all()] == ["a", "b", "c"]
    assert [row.uid for row in table.all(task="T-1")] == ["a", "c"]
    assert ProposalsTable(table.database, "/elsewhere").all() == []
