from pathlib import Path

import pytest

from prentice.ledger.database import Database
from prentice.ledger.findings_table import KEPT_SECONDS, FindingsTable
from prentice.ledger.migrations import RECORD

HOST = "http://127.0.0.1:8080/v1"


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table(tmp_path: Path, clock: Clock) -> FindingsTable:
    return FindingsTable(Database(tmp_path / "record.db", RECORD), clock=clock)


def test_a_finding_outlives_the_process_that_made_it(table: FindingsTable, tmp_path: Path, clock: Clock) -> None:
    table.remember(HOST, "tiny", "prompt")
    table.remember(HOST, "tiny", "json_schema")
    table.database.close()
    again = FindingsTable(Database(tmp_path / "record.db", RECORD), clock=clock)
    assert again.recall(HOST, "tiny") == "json_schema"
    assert again.recall(HOST, "other") is None
    assert again.recall(f"{HOST} b2", "tiny") is None, "another version of the server is another server"


def test_a_finding_is_believed_for_an_hour_and_then_dropped(table: FindingsTable, clock: Clock) -> None:
    table.remember(HOST, "tiny", "json_schema")
    clock.now += KEPT_SECONDS - 1
    assert table.recall(HOST, "tiny") == "json_schema"
    clock.now += 1
    assert table.recall(HOST, "tiny") is None
    table.remember(HOST, "other", "prompt")
    assert [row["model"] for row in table.database.rows("SELECT model FROM findings")] == ["other"]


def test_a_finding_from_the_future_is_not_believed(table: FindingsTable, clock: Clock) -> None:
    table.remember(HOST, "tiny", "json_schema")
    clock.now -= 10
    assert table.recall(HOST, "tiny") is None


def test_a_finding_that_proved_wrong_is_forgotten(table: FindingsTable) -> None:
    table.remember(HOST, "tiny", "json_schema")
    table.forget(HOST, "tiny")
    assert table.recall(HOST, "tiny") is None
