"""Several executions at once: each a run of its own, ordered where they concern the same files."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from prentice.errors import PrenticeError
from prentice.runs.engine import DurableRuns
from prentice.runs.protocol import Event
from prentice.skills.execute.ordering import Foreseen, order
from prentice.skills.execute.run import EXECUTE
from prentice.skills.execute.services import ExecutionServices

AT_ONCE: Final = 8
"""Runs that are under way at the same time; each has a worktree, and the backend shares its turns among them."""

Listener = Callable[[str, Event], None]
"""Told of each run's id, its steps and its progress, with the task as it was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One task to be carried out: as the user gave it, its id or its text, and what is foreseen of it."""

    given: str
    task: str
    text: str
    foreseen: Foreseen


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """Carries executions on the running event loop. `arguments` are those of the run beside task and text."""

    runs: DurableRuns[ExecutionServices]
    services: ExecutionServices
    arguments: Mapping[str, Any]
    on_event: Listener | None = None

    async def all(self, wishes: Sequence[Wish]) -> list[dict[str, Any]]:
        """Carry out several tasks, and give their documents in the order of the tasks; a failure stops no other."""
        turns = asyncio.Semaphore(AT_ONCE)
        started: dict[int, asyncio.Task[dict[str, Any]]] = {}

        async def after(wish: Wish, waits: Sequence[Awaitable[dict[str, Any]]]) -> dict[str, Any]:
            earlier = [await other for other in waits]
            was_applied = any(document["state"] == "applied" for document in earlier)
            async with turns:
                try:
                    # What was applied is in the user's files, and in no commit.
                    return await self.one(wish, uncommitted=was_applied or self.arguments["uncommitted"])
                except PrenticeError as error:
                    return failed(wish, error)

        async with asyncio.TaskGroup() as group:
            for number, waits in order([wish.foreseen for wish in wishes]):
                started[number] = group.create_task(after(wishes[number], [started[other] for other in waits]))
        return [started[number].result() for number in range(len(wishes))]

    async def one(self, wish: Wish, *, uncommitted: bool) -> dict[str, Any]:
        """Carry out one task.

        Raises:
            PrenticeError: the run failed, or was cancelled; the task is as it was.
        """
        run = await self.runs.submit(
            EXECUTE,
            {**self.arguments, "task": wish.task, "text": wish.text, "uncommitted": uncommitted},
            touches=wish.foreseen.touches,
        )
        watching = asyncio.create_task(self._watch(run, wish.given)) if self.on_event else None
        try:
            result: dict[str, Any] = await self.runs.outcome(run)
        finally:
            await self.services.close_run(run)
            if watching is not None:
                await watching
        return result

    async def _watch(self, run: str, given: str) -> None:
        assert self.on_event is not None  # noqa: S101 - else nobody watches
        self.on_event(given, Event(kind="started", data={"run": run}))
        async for event in self.runs.watch(run):
            self.on_event(given, event)


def failed(wish: Wish, error: PrenticeError) -> dict[str, Any]:
    """Give the document of a task among several that could not be tried."""
    return {
        "run_id": "", "task": wish.task or wish.given, "state": "failed", "files": [], "diff": "", "explanation": "",
        "format": "", "checks": [], "probability": None, "evidence": [], "decision": "refuse", "why": error.message,
        "next_step": error.next_step, **error.document(),
    }  # fmt: skip
