from collections.abc import Iterator
from pathlib import Path

import pytest

from prentice.errors import RunError
from prentice.ledger.database import Database
from prentice.ledger.executions_table import DecisionKind, ExecutionsTable, ExecutionState
from prentice.ledger.migrations import LEDGER
from prentice.ledger.runs_table import RunsTable, Submission
from prentice.review.approval import Actor

LARGE = {"files": ["x" * 100_000]}


@pytest.fixture
def table(tmp_path: Path) -> Iterator[ExecutionsTable]:
    database = Database(tmp_path / "ledger.db", LEDGER)
    yield ExecutionsTable(database)
    database.close()


def create(
    table: ExecutionsTable, *, task: str = "T-1", state: ExecutionState = "proposed", evidence: object = None,
    change: object = None, attempt_of: str = "",
) -> str:  # fmt: skip
    run = RunsTable(table.database, table.scope).submit(Submission(kind="execute", arguments={"task": task})).id
    table.create(
        run=run, uid=f"u-{run}", task=task, state=state, document={"state": state}, evidence=evidence, change=change,
        attempt_of=attempt_of,
    )  # fmt: skip
    return run


def decide(
    table: ExecutionsTable, run: str, kind: DecisionKind = "approve", *, actor: Actor = "person",
    state: ExecutionState = "proposed", right: bool | None = None, at: float = 1.0, data: object = None,
) -> None:  # fmt: skip
    table.decide(run, kind, actor=actor, state=state, right=right, at=at, data=data)


def test_what_a_run_came_to_is_kept_with_its_change(table: ExecutionsTable) -> None:
    first = create(table)
    run = create(table, change=LARGE, evidence={"rung": "tool"}, attempt_of=first)
    row = table.get(run)
    assert (row.run, row.uid, row.task, row.attempt_of, row.state) == ("R-2", "u-R-2", "T-1", "R-1", "proposed")
    assert (row.document, row.evidence, row.approval, row.pending, row.decided) == (
        {"state": "proposed"}, {"rung": "tool"}, None, None, None,
    )  # fmt: skip
    assert (row.has_change, table.change(run)) == (True, LARGE)
    assert (table.get(first).has_change, table.change(first), table.get(first).attempt_of) == (False, None, "")


def test_a_large_change_is_stored_once_by_its_digest(table: ExecutionsTable) -> None:
    for _ in range(3):
        create(table, change=LARGE)
    assert len(table.database.rows("SELECT digest FROM blobs")) == 1


def test_keeping_it_again_for_the_same_run_changes_nothing(table: ExecutionsTable) -> None:
    run = create(table)
    table.create(run=run, uid="other", task="T-9", state="failed", document={})
    assert (table.get(run).task, table.get(run).state) == ("T-1", "proposed")
    assert len(table.all()) == 1


@pytest.mark.parametrize("name", ["R-9", "P-1", "T-1", "1", ""])
def test_an_id_of_no_execution_is_answered_with_those_that_wait(table: ExecutionsTable, name: str) -> None:
    with pytest.raises(RunError) as caught:
        table.get(name)
    assert "prentice execute" in caught.value.next_step
    run = create(table)
    create(table, state="failed")
    with pytest.raises(RunError) as caught:
        table.change(name)
    assert caught.value.next_step == f"Waiting for review: {run}."


def test_all_gives_those_of_a_task_or_in_a_state_alone(table: ExecutionsTable) -> None:
    for task, state in (("T-1", "proposed"), ("T-2", "failed"), ("T-1", "failed")):
        create(table, task=task, state=state)  # type: ignore[arg-type]  # states
    assert [row.run for row in table.all()] == ["R-1", "R-2", "R-3"]
    assert [row.run for row in table.all(task="T-1")] == ["R-1", "R-3"]
    assert [row.run for row in table.all(state="failed", task="T-1")] == ["R-3"]
    assert ExecutionsTable(table.database, "/elsewhere").all() == []


def test_a_decision_sets_the_state_and_takes_the_note_of_it_away(table: ExecutionsTable) -> None:
    run = create(table)
    table.intend(run, {"kind": "apply"})
    assert [row.pending for row in table.pending()] == [{"kind": "apply"}]
    table.decide(
        run, "apply", actor="script", state="applied", right=None, at=5.0, data={"files": []}, approval={"digest": "d"}
    )
    row = table.get(run)
    assert (row.state, row.pending, row.approval, row.decided) == ("applied", None, {"digest": "d"}, 5.0)
    assert table.pending() == []
    [decision] = table.decisions(run)
    assert (decision.kind, decision.actor, decision.right, decision.data, decision.at) == (
        "apply", "script", None, {"files": []}, 5.0,
    )  # fmt: skip
    decide(table, run, "undo", state="undone", at=6.0)
    assert table.get(run).approval == {"digest": "d"}


def test_a_note_can_be_taken_away_without_a_decision(table: ExecutionsTable) -> None:
    run = create(table)
    table.intend(run, {"kind": "apply"})
    table.intend(run, None)
    assert (table.get(run).pending, table.decisions(run)) == (None, [])


def test_the_same_decision_repeated_is_kept_once_and_every_other_one_too(table: ExecutionsTable) -> None:
    run = create(table)
    for at in (1.0, 2.0):
        decide(table, run, at=at)
    decide(table, run, actor="script")
    decide(table, run, "reject")
    decide(table, run)
    assert [(one.kind, one.actor, one.at) for one in table.decisions(run)] == [
        ("approve", "person", 1.0), ("approve", "script", 1.0), ("reject", "person", 1.0), ("approve", "person", 1.0),
    ]  # fmt: skip


def test_reviewed_gives_the_last_verdict_of_a_person_with_the_evidence(table: ExecutionsTable) -> None:
    right, changed_mind, wrong = (create(table, evidence={"n": number}) for number in range(3))
    decide(table, right, right=True)
    decide(table, changed_mind, right=True)
    decide(table, changed_mind, "undo", right=False)
    decide(table, wrong, "reject", right=False)
    assert table.reviewed() == [({"n": 0}, True), ({"n": 1}, False), ({"n": 2}, False)]


@pytest.mark.parametrize("actor", ["script", "assistant", "policy"])
def test_only_a_persons_verdict_counts(table: ExecutionsTable, actor: Actor) -> None:
    alone, beside = create(table, evidence={"n": 0}), create(table, evidence={"n": 1})
    decide(table, alone, actor=actor, right=True)
    decide(table, beside, "reject", right=False)
    decide(table, beside, actor=actor, right=True)
    assert table.reviewed() == [({"n": 1}, False)]


def test_what_has_no_evidence_or_no_verdict_teaches_nothing(table: ExecutionsTable) -> None:
    decide(table, create(table), right=True)
    decide(table, create(table, evidence={"n": 1}), "apply", right=None)
    create(table, evidence={"n": 2})
    elsewhere = ExecutionsTable(table.database, "/elsewhere")
    decide(elsewhere, create(elsewhere, evidence={"n": 3}), right=True)
    assert table.reviewed() == []
    assert elsewhere.reviewed() == [({"n": 3}, True)]
