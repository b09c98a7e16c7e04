from pathlib import Path

from prentice.backends.protocol import CallRecord
from prentice.ledger.calls_table import CallsTable
from prentice.ledger.database import Database
from prentice.ledger.migrations import RECORD


def test_every_field_of_a_call_is_kept_as_it_was(tmp_path: Path) -> None:
    record = CallRecord(
        at=1.5,
        purpose="breakdown",
        backend="ollama",
        model="tiny",
        prompt_digest="d",
        prompt_version="v",
        prompt_tokens=3,
        reply_tokens=4,
        cached_tokens=None,
        estimated=True,
        load=0.1,
        first_token=0.2,
        total=0.3,
        finish="stop",
    )
    database = Database(tmp_path / "record.db", RECORD)
    CallsTable(database).call(record)
    CallsTable(database).call(record)
    rows = database.rows("SELECT * FROM calls")
    database.close()
    assert [row["id"] for row in rows] == [1, 2]
    assert {name: rows[0][name] for name in CallRecord.__slots__} == {
        name: getattr(record, name) for name in CallRecord.__slots__
    }
