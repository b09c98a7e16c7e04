"""The rows of calls in the user's record: what was asked of which model, with sizes and times, never the texts."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from prentice.ledger.database import Database

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True, slots=True)
class CallsTable:
    """Keeps a record of calls; a `Recorder` for the backends."""

    database: Database

    def call(self, record: "DataclassInstance") -> None:
        """Keep one record, whose fields are the table's columns (the backends' `CallRecord`)."""
        values = asdict(record)
        names = ", ".join(values)
        marks = ", ".join("?" for _ in values)
        with self.database.transaction() as connection:
            connection.execute(f"INSERT INTO calls ({names}) VALUES ({marks})", tuple(values.values()))  # noqa: S608 - the names are a dataclass's own fields
