"""What the tools share: the directory they work on, the defaults, the time a call may take, and what goes on."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from prentice.library import open_project
from prentice.mcp.approval import Questions
from prentice.mcp.running import LiveRuns
from prentice.mcp.served import Served

if TYPE_CHECKING:
    from prentice.tasks.rules import Actor

HOLD_SECONDS: Final = 20.0
"""How long a call may keep its client waiting; many clients give up near 60 s, some earlier."""
_AT_ONCE: Final[ContextVar[bool]] = ContextVar("at_once", default=False)


@dataclass(slots=True, kw_only=True)
class Desk:
    """One served directory. `backend` and `model` hold where a call names none; `longest` is in seconds.

    `source` says where the directory comes from; every error tells it. `asks_for_roots` holds until the client was
    asked where it works, `asked_for_roots` says when (seconds of the monotonic clock).
    """

    directory: Path
    source: str = "the working directory"
    asks_for_roots: bool = False
    asked_for_roots: float = 0.0
    backend: str | None = None
    model: str | None = None
    longest: float = HOLD_SECONDS
    runs: LiveRuns = field(default_factory=LiveRuns)
    questions: Questions = field(default_factory=Questions)

    @property
    def hold(self) -> float:
        """How many seconds the call that is being answered may keep its client waiting."""
        return 0.0 if self.is_task else self.longest

    @property
    def is_task(self) -> bool:
        """Whether the call that is being answered is one of a durable task, which an error ends."""
        return _AT_ONCE.get()

    def open(self, *, backend: str | None = None, model: str | None = None, actor: "Actor" = "assistant") -> Served:
        """Open the directory anew: a server lives long, and settings and projects come up meanwhile.

        Raises:
            UsageError, ConfigError: as for the library's `open_project`.
        """
        found = open_project(self.directory, backend=backend or self.backend, model=model or self.model, actor=actor)
        return Served(found.directory, project=found.project, settings=found.settings, actor=found.actor)

    async def close(self) -> None:
        """Withdraw questions, and give back what is carried."""
        await self.questions.close()
        await self.runs.close()


@contextmanager
def at_once() -> Iterator[None]:
    """Answer what is called in here without waiting, as a client that polls expects."""
    before = _AT_ONCE.set(True)
    try:
        yield
    finally:
        _AT_ONCE.reset(before)
