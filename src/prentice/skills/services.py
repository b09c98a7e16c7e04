"""What the steps of all skills need from outside, gathered by the library and handed to the engine."""

from dataclasses import dataclass, field
from pathlib import Path

from prentice.backends.protocol import Recorder
from prentice.backends.router import Choice, choose
from prentice.config import Settings
from prentice.ledger.proposals_table import ProposalsTable
from prentice.store.todo2_file import Todo2File


@dataclass(slots=True, kw_only=True)
class Services:
    """The outside of one project, or of a directory that is none (`todo2` is then None)."""

    directory: Path
    settings: Settings
    proposals: ProposalsTable
    recorder: Recorder
    todo2: Todo2File | None = None
    choices: dict[str, Choice] = field(default_factory=dict)

    async def choice(self, purpose: str) -> Choice:
        """Choose the backend for a purpose, once per process."""
        if purpose not in self.choices:
            self.choices[purpose] = await choose(self.settings, purpose=purpose)
        return self.choices[purpose]
