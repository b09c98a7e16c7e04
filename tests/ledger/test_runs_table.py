from collections.abc import Iterator
from pathlib import Path

import pytest

from prentice.errors import RunError
from prentice.ledger.database import Database
from prentice.ledger.leases import Claim, Leases
from prentice.ledger.migrations import LEDGER
from prentice.ledger.runs_table import RunsTable, Submission, number_of

KINDS = ["k"]


@pytest.fixture
def table(tmp_path: Path) -> Iterator[RunsTable]:
    database = Database(tmp_path / "ledger.db", LEDGER)
    yield RunsTable(database)
    database.close()


def submitted(table: RunsTable, arguments: object = None, **more: object) -> str:
    return table.submit(Submission(kind="k", arguments=arguments, **more)).id  # type: ignore[arg-type]  # by name


def claimed(table: RunsTable, run: str) -> Claim:
    claim = Leases(database=table.database, scope=table.scope).claim("worker", kinds=KINDS, only=[run])
    assert claim is not None
    return claim


def ended(table: RunsTable, state: str, **more: object) -> str:
    run = submitted(table)
    Leases(database=table.database).finish(claimed(table, run), state, **more)
    return run


def kinds(table: RunsTable, run: str) -> list[str]:
    return [event.kind for event in table.events(run)]


def test_a_run_is_numbered_and_waits_in_the_queue(table: RunsTable) -> None:
    assert [submitted(table, {"a": 1}, options={"model": "m"}, priority=3), submitted(table)] == ["R-1", "R-2"]
    row = table.get("R-1")
    assert (row.id, row.kind, row.state, row.arguments, row.options, row.priority) == (
        "R-1", "k", "queued", {"a": 1}, {"model": "m"}, 3,
    )  # fmt: skip
    assert (row.result, row.error, row.owner, row.token, row.cancel_wanted) == (None, None, "", 0, False)
    assert row.created == row.updated > 1_700_000_000


def test_a_run_can_be_held_from_the_start_unless_it_must_wait(table: RunsTable) -> None:
    held = table.submit(Submission(kind="k", arguments=None, touches=["file:a"]), owner="me", lease=60)
    assert (held.id, held.token, table.get("R-1").state, table.get("R-1").owner) == ("R-1", 1, "running", "me")
    for asked in (
        Submission(kind="k", arguments=None, touches=["file:b", "file:a"]),
        Submission(kind="k", arguments=None, not_before=table.clock() + 60),
    ):
        later = table.submit(asked, owner="me", lease=60)
        assert (later.token, table.get(later.id).state) == (0, "queued")


def test_a_second_submission_under_a_name_is_the_first_ones_run(table: RunsTable) -> None:
    first = table.submit(Submission(kind="k", arguments=1, idempotency="x"))
    again = table.submit(Submission(kind="k", arguments=2, idempotency="x"), owner="me", lease=60)
    assert (first.is_new, again.is_new, again.id, again.token) == (True, False, "R-1", 0)
    assert table.get("R-1").arguments == 1
    other = RunsTable(table.database, "/elsewhere")
    assert other.submit(Submission(kind="k", arguments=3, idempotency="x")).is_new
    assert submitted(table) == "R-2"


@pytest.mark.parametrize("name", ["R-9", "R-", "R-x", "P-1", "T-1", "1", "", "R--1", "R-1234567890123", "R-²"])
def test_an_id_that_names_no_run_is_a_typed_error(table: RunsTable, name: str) -> None:
    submitted(table)
    for ask in (table.get, table.cancel, table.retry):
        with pytest.raises(RunError, match=f"no run {name}"):
            ask(name)


def test_runs_of_other_scopes_have_their_own_numbers_and_are_not_seen(table: RunsTable) -> None:
    other = RunsTable(table.database, "/elsewhere")
    assert (submitted(table), submitted(other), submitted(table)) == ("R-1", "R-1", "R-2")
    with pytest.raises(RunError):
        other.get("R-2")
    assert Leases(database=table.database, scope="/nowhere").claim("worker", kinds=KINDS) is None


def test_the_newest_runs_are_listed_oldest_first_and_by_state(table: RunsTable) -> None:
    for _ in range(4):
        submitted(table)
    table.cancel("R-2")
    table.cancel("R-4")
    assert [row.id for row in table.latest(most=3)] == ["R-2", "R-3", "R-4"]
    assert [row.id for row in table.latest(most=9, state="cancelled")] == ["R-2", "R-4"]


def test_the_runs_of_a_task_are_found_by_their_argument(table: RunsTable) -> None:
    for arguments in ({"task": "T-1"}, None, {"task": "T-2"}, {"task": "T-1"}):
        submitted(table, arguments)
    assert [row.id for row in table.of_task("T-1")] == ["R-1", "R-4"]


def test_a_signal_wakes_a_run_that_waits_and_only_the_first_of_its_name_counts(table: RunsTable) -> None:
    run = submitted(table)
    assert Leases(database=table.database).take_signal(claimed(table, run), "answer", 1, park=True) is None
    assert (table.get(run).state, table.get(run).waiting_for) == ("waiting", "answer")
    assert [table.signal(run, "answer", value) for value in ("yes", "no")] == [True, False]
    assert (table.get(run).state, table.get(run).waiting_for) == ("queued", "")
    assert table.signals(run) == {"answer": "yes"}
    assert kinds(table, run) == ["waiting", "signal"]


def test_nothing_reaches_a_run_that_has_ended(table: RunsTable) -> None:
    with pytest.raises(RunError, match="has ended"):
        table.signal(ended(table, "finished"), "answer", 1)


def test_cancelling_ends_what_nobody_carries_and_asks_who_carries(table: RunsTable) -> None:
    queued, carried = submitted(table), submitted(table)
    claim = claimed(table, carried)
    assert (table.cancel(queued), table.cancel(queued), table.cancel(carried)) == ("cancelled", "cancelled", "running")
    assert kinds(table, queued) == ["cancelled"]
    assert table.get(carried).cancel_wanted
    assert Leases(database=table.database).renew(claim) is True
    done = ended(table, "finished", result=1)
    assert table.cancel(done) == "finished"


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_a_run_that_failed_or_was_cancelled_can_be_tried_again(table: RunsTable, state: str) -> None:
    run = ended(table, state, error={"code": "x"})
    table.cancel(run)
    table.retry(run)
    row = table.get(run)
    assert (row.state, row.error, row.cancel_wanted) == ("queued", None, False)
    assert kinds(table, run) == [state, "retried"]
    assert claimed(table, run).token == 2


def test_a_run_that_finished_or_goes_on_cannot_be_tried_again(table: RunsTable) -> None:
    for run in (ended(table, "finished"), submitted(table)):
        with pytest.raises(RunError, match="only a run that failed or was cancelled"):
            table.retry(run)


def test_a_table_is_idle_when_nothing_of_its_kinds_can_be_carried(table: RunsTable) -> None:
    assert table.is_idle(kinds=KINDS)
    run = submitted(table)
    assert not table.is_idle(kinds=KINDS)
    assert table.is_idle(kinds=["other"])
    claim = claimed(table, run)
    assert not table.is_idle(kinds=KINDS)
    Leases(database=table.database).take_signal(claim, "answer", 1, park=True)
    assert table.is_idle(kinds=KINDS)


@pytest.mark.parametrize(
    ("name", "letter", "number"), [("R-12", "R", 12), ("r-12", "R", 12), ("P-3", "P", 3), ("P-3", "R", -1)]
)
def test_numbers_are_read_from_ids_of_the_asked_kind_alone(name: str, letter: str, number: int) -> None:
    assert number_of(name, letter) == number
