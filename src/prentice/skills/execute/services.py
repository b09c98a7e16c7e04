"""What the steps of an execution need from outside, beside what all skills need."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeVar

from prentice.backends.router import Choice, choose
from prentice.backends.routing.need import Need
from prentice.backends.routing.policy import load_policy
from prentice.context.file_kinds import Kind, asked_kinds
from prentice.context.index import Index
from prentice.context.ranking import Ranked, rank
from prentice.ledger.executions_table import ExecutionsTable
from prentice.skills.services import Services
from prentice.tasks.rules import USUAL, Workflow
from prentice.workspace.sandbox.choosing import Sandbox, chosen
from prentice.workspace.worktree import Worktree, worktree

T = TypeVar("T")

PURPOSE: Final = "execute"
_VERIFIED_AT_ONCE: Final = 2
"""Runs whose checks are carried out at the same time; a project's tests take all cores by themselves."""
_RANKED: Final = 12
_ABOUT: Final[Mapping[str, frozenset[Kind]]] = {
    "documentation": frozenset({"prose"}), "test_generation": frozenset({"test"}),
}  # fmt: skip
"""The kinds of files that a category of tasks is about, beside code and what the task's title asks for."""
_LARGER: Final = 1.2
"""How many times the bytes of the first model a model has to have to count as larger."""


@dataclass(slots=True, kw_only=True)
class ExecutionServices(Services):
    """The outside of executions in one directory. `worker` is the name under which tasks are claimed.

    `index_path` is where the search index is kept, None for in memory.

    Each run has one worktree, made when it is first needed and removed by `close_run`, or with the services.
    """

    executions: ExecutionsTable
    index_path: Path | None = None
    worker: str = "prentice"
    lease: int = 60
    workflow: Workflow = USUAL
    verifying: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_VERIFIED_AT_ONCE))
    _needs: dict[str, Need] = field(default_factory=dict)
    _choosing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _index: Index | None = None
    _indexing: threading.Lock = field(default_factory=threading.Lock)
    _worktrees: dict[str, tuple[contextlib.ExitStack, Worktree]] = field(default_factory=dict)

    def need(self, *, category: str, names_source: bool, wish: str) -> Need:
        """Say what a kind of task needs of a model; `wish` is the backend that the task itself asks for."""
        return load_policy(self.settings.policy.get("models")).need(
            PURPOSE,
            category=category,
            names_source=names_source,
            deadline=self.settings.deadline_seconds,
            preferred_backend=wish,
            sizes=self.record.sizes(PURPOSE) if self.record else None,
        )

    async def purpose_at(self, tier: int, need: Mapping[str, Any]) -> str | None:
        """Give the name of the choice for a rung: 0 is the router's first, 1 the next larger model, None without one.

        Raises:
            BackendError, UsageError, ConfigError: the backend asked for cannot be used.
        """
        found = self.need(**need)
        # A script is played once, by one backend, whatever the tasks are.
        is_script = self.settings.backend.startswith("scripted")
        name = PURPOSE if is_script else f"{PURPOSE}:{found.kind}:{found.preferred_backend}"
        self._needs.setdefault(name, found)
        return name if tier == 0 else await self.larger(name)

    async def choice(self, purpose: str, *, preferred_backend: str = "") -> Choice:
        """Choose the backend for a purpose, once for all runs, and open it.

        Raises:
            BackendError, UsageError, ConfigError: the backend asked for cannot be used.
        """
        async with self._choosing:
            need = self._needs.get(purpose)
            if need is None:
                return await Services.choice(self, purpose, preferred_backend=preferred_backend)
            if purpose not in self._choices:
                found = await choose(self.settings, purpose=PURPOSE, need=need, record=self.record, probes=self.probes)
                await self._take(purpose, found)
            return self._choices[purpose]

    async def larger(self, purpose: str) -> str | None:
        """Choose the next larger model for a purpose, and give the name of its choice; None where there is none.

        There is none where the user named the model or the backend.
        """
        first = await self.choice(purpose)
        name = f"{purpose}+larger"
        async with self._choosing:
            if name in self._choices:
                return name
            size = first.candidate.info.size_bytes if first.candidate else None
            if first.decision is None or first.survey is None or size is None:
                return None
            bigger = [
                item
                for item in first.decision.order
                if item.candidate is not first.candidate and (item.candidate.info.size_bytes or 0) >= size * _LARGER
            ]
            if not bigger:
                return None
            nearest = min(bigger, key=lambda item: item.candidate.info.size_bytes or 0).candidate
            await self._take(
                name,
                Choice(
                    backend=first.survey.opened(nearest),
                    model=nearest.name,
                    reason=f"{nearest.name} is the next larger model, after {first.model} did not succeed",
                    candidate=nearest,
                ),
            )
            return name

    def sandbox(self) -> Sandbox:
        """Give the sandbox in which tools and checks run.

        Raises:
            SandboxError: none works here, and the settings ask for one.
        """
        return chosen(required=self.settings.checks_sandbox == "required")

    def ranked(self, facts: Mapping[str, Any]) -> tuple[Ranked, ...]:
        """Give the files that a task is most likely about, by the project's index; blocks while it is brought up."""
        index = self._opened_index()
        index.refresh()
        text = f"{facts['name']}\n{facts['description']}"
        about = asked_kinds(text) | _ABOUT.get(facts["category"], frozenset())
        return rank(self.directory, text, index=index, named=facts["files"], limit=_RANKED, about=about)

    def _opened_index(self) -> Index:
        with self._indexing:
            if self._index is None:
                self._index = Index.open(self.index_path, self.directory)
            return self._index

    async def worktree(self, run: str, *, base: str, with_uncommitted: bool) -> Worktree:
        """Give the worktree of a run, made at the first time.

        Raises:
            WorktreeError: it cannot be made.
        """
        if run not in self._worktrees:

            def make(_stopped: Callable[[], bool]) -> None:
                stack = contextlib.ExitStack()
                made = stack.enter_context(
                    worktree(self.directory, base=base or "HEAD", with_uncommitted=with_uncommitted)
                )
                self._worktrees[run] = (stack, made)

            await in_thread(make)
        return self._worktrees[run][1]

    async def close_run(self, run: str) -> None:
        """Remove what a run needed, and where it was cancelled, leave its task as it was; repeating it does nothing."""
        from prentice.skills.execute.keeping import abandoned  # noqa: PLC0415 - what steps do stands on the services

        if found := self._worktrees.pop(run, None):
            await in_thread(lambda _stopped: found[0].close())
        await in_thread(lambda _stopped: abandoned(self, run))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for run in list(self._worktrees):
            await self.close_run(run)
        if self._index is not None:
            self._index.close()
        await Services.__aexit__(self, kind, error, trace)


async def in_thread(work: Callable[[Callable[[], bool]], T]) -> T:
    """Do blocking work in a thread; it is given a function that says whether it shall stop.

    Cancelling stops the work and waits for its end, so that nothing still uses what is removed next.
    """
    stop = threading.Event()
    task = asyncio.ensure_future(asyncio.to_thread(work, stop.is_set))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop.set()
        while not task.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        raise
