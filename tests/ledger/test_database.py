import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prentice.errors import LedgerError
from prentice.ledger.database import INLINE_BYTES, Database, get_json, put_json
from prentice.ledger.migrations import LEDGER, RECORD


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "ledger.db", LEDGER)
    yield database
    database.close()


def tables(path: Path) -> dict[str, str]:
    connection = sqlite3.connect(path)
    try:
        return dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'").fetchall())
    finally:
        connection.close()


@pytest.mark.parametrize("migrations", [LEDGER, RECORD], ids=["ledger", "record"])
def test_a_database_made_at_once_and_one_migrated_step_by_step_are_alike(
    tmp_path: Path, migrations: tuple[tuple[str, str], ...]
) -> None:
    Database(tmp_path / "at once.db", migrations).close()
    for count in range(1, len(migrations) + 1):
        Database(tmp_path / "by steps.db", migrations[:count]).close()
    assert tables(tmp_path / "at once.db") == tables(tmp_path / "by steps.db")
    assert {"runs", "steps", "events", "blobs", "proposals"} <= set(tables(tmp_path / "at once.db"))


def test_rows_of_an_older_version_are_there_after_the_migration(tmp_path: Path) -> None:
    old = Database(tmp_path / "ledger.db", LEDGER[:1])
    with old.transaction() as connection:
        connection.execute(
            "INSERT INTO runs (scope, number, kind, state, arguments, created, updated)"
            " VALUES ('', 1, 'k', 'running', '{}', 1, 1)"
        )
    old.close()
    new = Database(tmp_path / "ledger.db", LEDGER)
    assert [row["number"] for row in new.rows("SELECT * FROM runs")] == [1]
    assert new.rows("SELECT * FROM proposals") == []
    new.close()


def test_a_database_of_a_newer_version_is_refused_with_the_way_out(tmp_path: Path) -> None:
    Database(tmp_path / "ledger.db", (*LEDGER, ("m999_future", "CREATE TABLE future (a TEXT) STRICT"))).close()
    with pytest.raises(LedgerError, match=r"newer Prentice .*m999_future") as caught:
        Database(tmp_path / "ledger.db", LEDGER)
    assert "Upgrade" in caught.value.next_step


def test_a_migration_that_fails_leaves_nothing_of_itself(tmp_path: Path) -> None:
    broken = (*LEDGER, ("m003_broken", "CREATE TABLE half (a TEXT) STRICT; CREATE TABLE runs (a TEXT)"))
    with pytest.raises(LedgerError, match="already exists"):
        Database(tmp_path / "ledger.db", broken)
    assert "half" not in tables(tmp_path / "ledger.db")
    Database(tmp_path / "ledger.db", LEDGER).close()


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be looked at" * 50, None])
def test_a_file_that_is_no_database_is_a_typed_error(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "ledger.db"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(LedgerError) as caught:
        Database(path, LEDGER)
    assert "ledger.db" in caught.value.next_step


def test_a_directory_that_cannot_be_made_is_a_typed_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="cannot be opened"):
        Database(tmp_path / "file" / "ledger.db", LEDGER)


def test_a_transaction_is_kept_whole_or_not_at_all(database: Database) -> None:
    def half() -> None:
        with database.transaction() as connection:
            put_json(connection, "x" * INLINE_BYTES)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert database.rows("SELECT * FROM blobs") == []
    with database.transaction() as connection:
        put_json(connection, "x" * INLINE_BYTES)
    assert len(database.rows("SELECT * FROM blobs")) == 1


def test_a_commit_that_fails_does_not_block_the_next_transaction(database: Database) -> None:
    def orphan() -> None:
        with database.transaction() as connection:
            connection.execute("PRAGMA defer_foreign_keys = ON")
            connection.execute("INSERT INTO events (scope, run, kind, data, at) VALUES ('', 99, 'k', 'null', 1)")

    with pytest.raises(LedgerError, match="FOREIGN KEY"):
        orphan()
    with database.transaction() as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchone()[0] == 0


def test_a_wrong_query_and_a_closed_database_are_typed_errors(database: Database) -> None:
    with pytest.raises(LedgerError, match="no such table"):
        database.rows("SELECT * FROM absent")
    database.close()
    with pytest.raises(LedgerError):
        database.rows("SELECT 1")


def stored(database: Database, value: object) -> tuple[str, object]:
    with database.transaction() as connection:
        text = put_json(connection, value)
    return text, get_json(database, text)


def test_a_value_at_the_limit_stays_in_its_row_and_one_beyond_goes_to_a_blob_once(database: Database) -> None:
    inline = "x" * (INLINE_BYTES - 2)
    assert stored(database, inline) == (json.dumps(inline), inline)
    assert database.rows("SELECT * FROM blobs") == []
    large = [inline, "more"]
    for _ in range(2):
        text, back = stored(database, large)
        assert len(text) < 100
        assert back == large
    assert len(database.rows("SELECT * FROM blobs")) == 1


def test_a_value_that_looks_like_a_reference_is_not_taken_for_one(database: Database) -> None:
    for value in ({"$blob": "0" * 64}, {"$blob": None}, '{"$blob": "x"}'):
        assert stored(database, value)[1] == value
    assert get_json(database, None) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(JSON | st.sampled_from(["\ud83d", "a\udcffb\x00", {"\udc00": ["\ud800"]}]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_json_value_comes_back_half_characters_too(database: Database, value: object) -> None:
    assert stored(database, value)[1] == value


WRITING = """
import sys
from pathlib import Path
from prentice.ledger.database import Database
from prentice.ledger.migrations import LEDGER
from prentice.ledger.leases import Claim, Leases
from prentice.ledger.runs_table import RunsTable, Submission
print("ready", flush=True)
sys.stdin.readline()
database = Database(Path(sys.argv[1]), LEDGER)
table, leases = RunsTable(database), Leases(database=database)
for number in range(10):
    made = table.submit(Submission(kind="k", arguments={"by": sys.argv[2]}), owner=sys.argv[2], lease=60)
    claim = Claim(run=made.id, token=made.token, kind="k", arguments=None, options=None, retries=None)
    leases.keep_step(claim, "s", 1, number)
    leases.finish(claim, "finished", result=number)
database.close()
"""


def test_processes_that_open_a_new_database_at_once_and_write_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITING, str(path), str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(6)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=120)
        assert writer.returncode == 0
    database = Database(path, LEDGER)
    assert [row["number"] for row in database.rows("SELECT number FROM runs ORDER BY number")] == list(range(1, 61))
    assert database.rows("SELECT count(*) AS n FROM events")[0]["n"] == 120
    database.close()


def test_threads_of_one_process_take_turns(database: Database) -> None:
    failed: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for _ in range(20):
                with database.transaction() as connection:
                    put_json(connection, [number, "x" * INLINE_BYTES])
        except LedgerError as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failed == []
    assert database.rows("SELECT count(*) AS n FROM blobs")[0]["n"] == 6
