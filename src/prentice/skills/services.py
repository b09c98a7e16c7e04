"""What the steps of all skills need from outside, gathered by the library and handed to the engine."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from prentice.backends.protocol import Recorder
from prentice.backends.router import Choice, choose
from prentice.config import Settings
from prentice.ledger.proposals_table import ProposalsTable
from prentice.store.todo2_file import Todo2File


@dataclass(slots=True, kw_only=True)
class Services:
    """The outside of one project, or of a directory that is none (`todo2` is then None).

    An async context manager: leaving it closes the backends that were chosen.
    """

    directory: Path
    settings: Settings
    proposals: ProposalsTable
    recorder: Recorder
    todo2: Todo2File | None = None
    _choices: dict[str, Choice] = field(default_factory=dict)
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def choice(self, purpose: str) -> Choice:
        """Choose the backend for a purpose, once, and open it.

        Raises:
            BackendError, UsageError, ConfigError: the backend asked for cannot be used.
        """
        if purpose not in self._choices:
            choice = await choose(self.settings, purpose=purpose)
            await self._open.enter_async_context(choice.backend)
            self._choices[purpose] = choice
        return self._choices[purpose]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()
