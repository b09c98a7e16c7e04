"""Carrying runs: with this process's own engine, as every command does that waits for its run."""

from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from prentice.config import PERMISSIONS, Settings
from prentice.library.directory import Directory

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

    from prentice.backends.protocol import Recorder
    from prentice.ledger.runs_table import EventRow, RunRow
    from prentice.runs.carrying import ServicesOf
    from prentice.runs.engine import DurableRuns
    from prentice.runs.protocol import Event, Json, RunState
    from prentice.runs.registry import Registry
    from prentice.skills.services import Services

S = TypeVar("S")

_OWN: Final = PERMISSIONS | {"policy"}
"""Settings that no run brings along: whoever carries it decides, for a ledger can come with somebody else's files."""
_LONG_SECONDS: Final = 2.0
"""A run that takes longer gets a worker in the background, so that it goes on if this process is killed."""


class Running(Directory):
    """The runs of this directory."""

    def run_state(self, run_id: str) -> "RunState":
        """Give a run as the ledger has it; the result of a finished breakdown is its proposal's id.

        Raises:
            RunError: there is none of that id here.
        """
        from prentice.runs.protocol import RunState

        row = self._run(run_id)
        return RunState(
            id=row.id, kind=row.kind, state=row.state, arguments=row.arguments, result=row.result, error=row.error
        )

    def runs(self, task_id: str) -> "list[RunRow]":
        """Give the runs made for a task, oldest first."""
        if self._ledgers.is_blank:
            return []
        return self._ledgers.runs().of_task(task_id)

    def latest_runs(self, *, most: int = 20, state: str = "") -> list[dict[str, Any]]:
        """Give how the newest runs made here stand, of one state or of all, oldest first."""
        from prentice.runs.document import summary

        if self._ledgers.is_blank:
            return []
        table = self._ledgers.runs()
        return [summary(row, behind=table.waits_behind(row.id)) for row in table.latest(most=most, state=state)]

    def watch_run(self, run_id: str) -> "Iterator[tuple[dict[str, Any], list[EventRow]]]":
        """Give how a run stands and what has happened in it since, whenever that changes, until it has ended.

        Raises:
            RunError: there is none of that id here.
        """
        from prentice.runs.document import watched

        self._run(run_id)
        return watched(self._ledgers.runs(), run_id)

    def run_document(self, run_id: str) -> dict[str, Any]:
        """Give a whole run: its arguments, steps with their results, signals, events and calls.

        Where the texts of its calls were kept, `replay` holds the lines of a file for the backend `scripted`.

        Raises:
            RunError: there is none of that id here.
        """
        from prentice.ledger.texts_table import TextsTable
        from prentice.runs.document import run_document

        self._run(run_id)
        texts = TextsTable(database=self._ledgers.record, most_bytes=0, most_days=0)
        return run_document(self._ledgers.runs(), run_id, texts=texts.of)

    def cancel_run(self, run_id: str) -> str:
        """End a run, at once or at its carrier's next step, and give the state that it is in now.

        Raises:
            RunError: there is none of that id here.
        """
        self._run(run_id)
        return self._ledgers.runs().cancel(run_id)

    def retry_run(self, run_id: str) -> None:
        """Let a run that failed or was cancelled go on after the steps that it finished; a worker carries it.

        Raises:
            RunError: there is none of that id here, or it is in another state.
        """
        self._run(run_id)
        self._ledgers.runs().retry(run_id)
        self.see_to_a_worker()

    def _wishes_after(self, row: "RunRow") -> "dict[str, Json]":
        """Give the settings for a run that goes on from another: those that hold now, by its backend and model."""
        usual, before = Settings(), row.options or {}
        named = {name: before.get(name, getattr(usual, name)) for name in ("backend", "model")}
        return {**wishes_of(self.settings), **named}

    def see_to_a_worker(self) -> bool:
        """Start a worker in the background, which ends when it is idle, unless one lives; give whether one was started.

        The setting `runs.worker` can forbid it.
        """
        from prentice.ledger.workers_table import WorkersTable
        from prentice.runs.detached import start_worker

        if self.settings.runs_worker == "never" or WorkersTable(*self._ledgers.current()).living():
            return False
        start_worker(self.directory)
        return True

    def _run(self, run_id: str) -> "RunRow":
        from prentice.errors import RunError

        if self._ledgers.is_blank:  # reading makes no file
            raise RunError(f"There is no run {run_id} here.", next_step="Start one: `prentice breakdown TASK`.")
        return self._ledgers.runs().get(run_id)

    @asynccontextmanager
    async def _engine(
        self,
        registry: "Registry[S]",
        services: "Callable[[], AbstractAsyncContextManager[S]]",
        *,
        settings: Settings,
        slots: int = 4,
        others: "ServicesOf[S] | None" = None,
    ) -> "AsyncIterator[DurableRuns[S]]":
        """Give an engine that carries what is submitted to it; what takes long gets a worker beside it.

        `others` gives the services for runs of other processes, behind which one of these waits. A closed terminal
        hands the runs over to a worker.
        """
        import asyncio

        from prentice.library.handing_over import handing_over
        from prentice.runs.engine import DurableRuns

        def of_a_run(run: str, options: "Json") -> "AbstractAsyncContextManager[S]":
            return services() if others is None or runs.is_own(run) else others(run, options)

        table = self._ledgers.runs()
        async with DurableRuns(table, registry, of_a_run, options=wishes_of(settings), slots=slots) as runs:
            later = asyncio.get_running_loop().call_later(_LONG_SECONDS, self.see_to_a_worker)

            async def hand_over() -> None:
                await runs.hand_over()
                self.see_to_a_worker()

            try:
                with handing_over(hand_over):
                    yield runs
            finally:
                later.cancel()

    async def _outcome(
        self, runs: "DurableRuns[Any]", kind: str, arguments: "Mapping[str, Json]",
        on_event: "Callable[[Event], None] | None",
    ) -> "Json":  # fmt: skip
        """Submit a run, tell of its events, and give its result."""
        import asyncio

        from prentice.runs.protocol import Event

        run = await runs.submit(kind, arguments)
        if on_event is None:
            return await runs.outcome(run)
        on_event(Event(kind="started", data={"run": run}))
        watching = asyncio.create_task(_tell(runs.watch(run), on_event))
        try:
            return await runs.outcome(run)
        finally:
            await watching

    def _services(self, settings: Settings) -> "Services":
        """Give what the steps of a run need from outside."""
        import os

        from prentice.backends.routing.probes import PROBES_FILE, Probes
        from prentice.config import data_directory
        from prentice.skills.services import Services

        return Services(
            directory=self._root,
            settings=settings,
            proposals=self._ledgers.proposals(),
            recorder=self._recorder(settings),
            todo2=self._file() if self.project else None,
            record=self._ledgers.track_record(),
            probes=Probes(data_directory(os.environ) / PROBES_FILE),
        )

    def _recorder(self, settings: Settings) -> "Recorder":
        """Give the user's record of calls, which also notes in a run that a call was one of its."""
        from prentice.runs.calls import CallsOfRuns

        return CallsOfRuns(self._ledgers.calls(settings), self._ledgers.runs())


def wishes_of(settings: Settings) -> "dict[str, Json]":
    """Give the settings that a run is to be carried with by any process: those that are no defaults."""
    return dict(_wishes(settings))


def settings_with(settings: Settings, wishes: "Json") -> Settings:
    """Give a process's own settings with the wishes of a run; what another version wished for is left out."""
    known = {item.name: getattr(settings, item.name) for item in fields(Settings) if item.name not in _OWN}
    fitting: dict[str, Any] = {
        name: tuple(value) if isinstance(known[name], tuple) else value
        for name, value in (wishes or {}).items()
        if name in known and isinstance(value, list if isinstance(known[name], tuple) else type(known[name]))
    }
    return replace(settings, **fitting)


def _wishes(settings: Settings) -> "Iterator[tuple[str, Json]]":
    from pathlib import Path

    usual = Settings()
    for item in fields(Settings):
        value = getattr(settings, item.name)
        if item.name in _OWN or value == getattr(usual, item.name):
            continue
        if item.name == "backend" and value.startswith("scripted:"):
            value = f"scripted:{Path(value.removeprefix('scripted:')).resolve()}"
        yield item.name, list(value) if isinstance(value, tuple) else value


async def _tell(events: "AsyncIterator[Event]", on_event: "Callable[[Event], None]") -> None:
    async for event in events:
        on_event(event)
