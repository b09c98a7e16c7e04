"""The rows of calls in the user's record: what was asked of which model, with sizes and times; texts only if wanted."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from prentice.ledger.database import Database
from prentice.ledger.texts_table import TextsTable

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True, slots=True)
class CallsTable:
    """Keeps a record of calls; a `Recorder` and a `TextKeeper` for the backends."""

    database: Database
    texts: TextsTable | None = None

    def call(self, record: "DataclassInstance") -> None:
        """Keep one record, whose fields are the table's columns (the backends' `CallRecord`)."""
        values = asdict(record)
        names = ", ".join(values)
        marks = ", ".join("?" for _ in values)
        with self.database.transaction(durable=False) as connection:
            connection.execute(f"INSERT INTO calls ({names}) VALUES ({marks})", tuple(values.values()))  # noqa: S608 - the names are a dataclass's own fields

    def keep_texts(self, *, prompt_digest: str, model: str, prompt: str, reply: str) -> None:
        """Keep what was sent and received, if the user wants that."""
        if self.texts is not None:
            self.texts.keep(prompt_digest=prompt_digest, model=model, prompt=prompt, reply=reply)
