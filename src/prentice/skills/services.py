"""What the steps of all skills need from outside, gathered by the library and handed to the engine."""

import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

from prentice.backends.openai.findings import kept_in
from prentice.backends.protocol import Recorder
from prentice.backends.router import Choice, after_failure, choose
from prentice.backends.routing.policy import load_policy
from prentice.backends.routing.probes import Probes
from prentice.config import Settings
from prentice.errors import BackendError
from prentice.ledger.proposals_table import ProposalsTable
from prentice.runs.registry import Need
from prentice.skills.track_record import MeasuredRecord
from prentice.store.todo2_file import Todo2File

T = TypeVar("T")

_FOR_RULES: Final = 60.0
"""Seconds that the built-in rules get where models have used up the deadline; they take some milliseconds."""


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
    record: MeasuredRecord | None = None
    probes: Probes | None = None
    _choices: dict[str, Choice] = field(default_factory=dict)
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def choice(self, purpose: str, *, preferred_backend: str = "") -> Choice:
        """Choose the backend for a purpose, once, and open it; `preferred_backend` is the task's own wish.

        Raises:
            BackendError, UsageError, ConfigError: the backend asked for cannot be used.
        """
        if purpose not in self._choices:
            need = load_policy(self.settings.policy.get("models")).need(
                purpose,
                deadline=self.settings.deadline_seconds,
                preferred_backend=preferred_backend,
                sizes=self.record.sizes(purpose) if self.record else None,
            )
            choice = await choose(self.settings, purpose=purpose, need=need, record=self.record, probes=self.probes)
            await self._take(purpose, choice)
        return self._choices[purpose]

    async def answer(
        self, purpose: str, ask: Callable[[Choice, float], Awaitable[T]], *, on_fallback: Callable[[str], None]
    ) -> T:
        """Let the chosen backend answer, and where it fails in the middle, the next that may.

        `ask` is given the choice and the seconds that are left; `on_fallback` a sentence on each change. The next one
        stays chosen for what follows.

        Raises:
            BackendError: the backend failed, and none may take over: the user named it, or there is no other.
        """
        end = time.monotonic() + self.settings.deadline_seconds
        while True:
            choice = await self.choice(purpose)
            left = end - time.monotonic()
            try:
                return await ask(choice, left if choice.candidate is not None else max(left, _FOR_RULES))
            except BackendError as error:
                following = await after_failure(
                    choice, error, settings=self.settings, left=end - time.monotonic(), probes=self.probes
                )
                if following is None:
                    raise
                await self._take(purpose, following)
                on_fallback(f"{choice.who} failed ({error.message.rstrip('.')}), so {following.who} took over.")

    async def server(self, purpose: str, *, preferred_backend: str = "", requests: int = 1) -> Need | None:
        """Give what calls for a purpose take of the server that was chosen, with its limit on requests in flight.

        Rules and scripts take nothing. What a fallback in the middle of a step sends to another server is not counted.

        Raises:
            BackendError, UsageError, ConfigError: as for `choice`.
        """
        backend = (await self.choice(purpose, preferred_backend=preferred_backend)).backend
        limits = {
            "ollama": self.settings.ollama_max_in_flight,
            "openai": self.settings.openai_max_in_flight,
            "mlx": self.settings.mlx_parallel,
        }
        if backend.name not in limits:
            return None
        place = getattr(backend, "url", "")
        resource = f"{backend.name} at {place}" if place else backend.name
        return Need(resource=resource, limit=limits[backend.name], count=requests)

    def keep_outcome(self, uid: str, *, purpose: str, backend: str, model: str, right: bool) -> None:
        """Keep what checks made of a model's work, for later choices; the work of rules says nothing of a model."""
        if self.record is not None and backend not in {"builtin", "scripted"}:
            kind = load_policy(self.settings.policy.get("models")).need(purpose).kind
            self.record.keep(uid, purpose=purpose, kind=kind, backend=backend, model=model, right=right)

    async def _take(self, purpose: str, choice: Choice) -> None:
        await self._open.enter_async_context(choice.backend)
        self._choices[purpose] = choice

    async def __aenter__(self) -> Self:
        if self.record is not None:
            self._open.enter_context(kept_in(self.record.findings()))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()
