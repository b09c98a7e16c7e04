from pathlib import Path

import pytest

from prentice.ledger.database import Database
from prentice.ledger.migrations import RECORD
from prentice.ledger.texts_table import TextsTable


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "record.db", RECORD)


def kept(table: TextsTable) -> list[str]:
    return [row["prompt"] for row in table.database.rows("SELECT prompt FROM texts ORDER BY id")]


def keep(table: TextsTable, prompt: str) -> None:
    table.keep(prompt_digest="d", model="m", prompt=prompt, reply="12345")


def test_texts_are_found_again_by_the_digest_of_their_prompt(database: Database) -> None:
    table = TextsTable(database=database, most_bytes=1000, most_days=30)
    keep(table, "first")
    keep(table, "second \ud83d half a character")
    assert table.of("d") == [("first", "12345"), ("second ? half a character", "12345")]
    assert table.of("other") == []


def test_the_oldest_texts_go_when_all_together_are_too_much(database: Database) -> None:
    table = TextsTable(database=database, most_bytes=30, most_days=30)
    for name in "abcde":
        keep(table, name * 5)
    assert kept(table) == ["ccccc", "ddddd", "eeeee"]
    keep(table, "x" * 31)
    assert kept(table) == ["ccccc", "ddddd", "eeeee"], "one that is too large alone is not kept, and drives out nothing"


def test_texts_older_than_asked_for_go(database: Database) -> None:
    table = TextsTable(database=database, most_bytes=1000, most_days=2)
    keep(table, "old")
    with database.transaction() as connection:
        connection.execute("UPDATE texts SET at = at - 3 * 86400")
    keep(table, "new")
    assert kept(table) == ["new"]
