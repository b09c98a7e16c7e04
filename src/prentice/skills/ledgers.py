"""Which database holds what: the project's ledger inside a project, the user's record outside one and for calls."""

import os
from functools import cached_property
from pathlib import Path

from prentice.config import Settings, data_directory
from prentice.ledger.adoption import adopt
from prentice.ledger.call_history import CallHistory
from prentice.ledger.calls_table import CallsTable
from prentice.ledger.database import Database
from prentice.ledger.migrations import LEDGER, RECORD
from prentice.ledger.outcomes_table import OutcomesTable
from prentice.ledger.proposals_table import ProposalsTable
from prentice.ledger.runs_table import RunsTable
from prentice.ledger.texts_table import TextsTable
from prentice.skills.track_record import MeasuredRecord
from prentice.store.project import Project


class Ledgers:
    """The databases of one directory. Each is opened, and made, when it is first needed.

    `project` is None where the directory is no project; set it once it has become one.
    """

    def __init__(self, directory: Path, *, project: Project | None) -> None:
        self._directory = directory
        self._opened: Database | None = None
        self.project = project

    @property
    def is_blank(self) -> bool:
        """Whether nothing was kept for this project yet; asking makes no file."""
        return self.project is not None and not self.project.ledger_path.exists()

    def runs(self) -> RunsTable:
        """Give the runs made here."""
        return RunsTable(*self.current())

    def proposals(self) -> ProposalsTable:
        """Give the proposals made here."""
        return ProposalsTable(*self.current())

    def calls(self, settings: Settings) -> CallsTable:
        """Give the user's record of calls, with their texts where the settings want them kept."""
        most = settings.texts_mb * 1_000_000
        texts = TextsTable(database=self.record, most_bytes=most, most_days=settings.texts_days) if most else None
        return CallsTable(self.record, texts)

    def track_record(self) -> MeasuredRecord:
        """Give what this machine has seen of its models."""
        return MeasuredRecord(calls=CallHistory(self.record), results=OutcomesTable(self.record))

    def known_record(self) -> MeasuredRecord | None:
        """Give the same where something was kept already; asking makes no file."""
        return self.track_record() if _record_path().exists() else None

    def current(self) -> tuple[Database, str]:
        """Give the database for runs and proposals made here, and their scope in it.

        Raises:
            LedgerError: it cannot be opened.
        """
        if self.project is None:
            return self.record, str(self._directory)
        if self._opened is None:
            self.project.own_directory()
            self._opened = Database(self.project.ledger_path, LEDGER)
            if _record_path().exists():  # what was planned here before this was a project; repeating it copies nothing
                adopt(self.record, self._opened, directory=str(self.project.root))
        return self._opened, ""

    @cached_property
    def record(self) -> Database:
        """The user's record, opened."""
        return Database(_record_path(), RECORD)


def _record_path() -> Path:
    return data_directory(os.environ) / "record.db"
