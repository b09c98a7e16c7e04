"""Runs beside the calls: carried by this server's engine, waited for a while, given to a worker when the server ends.

The ledger has them all, so that another server, the command line or a worker goes on where this one stopped.
"""

# ruff: noqa: PLC0415 - what plans and carries out is loaded by the first call that needs it, not by the start

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from prentice.changes.visible import one_line
from prentice.errors import PrenticeError, StoppedError
from prentice.mcp.served import Served, Work

if TYPE_CHECKING:
    from prentice.ledger.runs_table import RunRow
    from prentice.runs.engine import DurableRuns
    from prentice.runs.protocol import Event

Report: TypeAlias = Callable[[float, float | None, str | None], Awaitable[None]]
"""Tells the client of progress: seconds so far, no total, and what is being done."""

FINAL: Final = frozenset({"finished", "failed", "cancelled"})
_PROGRESS_SECONDS: Final = 0.5
_WORKER_SECONDS: Final = 2.0
"""A run that takes longer gets a worker beside it, so that it goes on if this process is killed."""
_GRACE_SECONDS: Final = 1.0
"""A call can end because its client cancels it or because the connection ends; the second ends the server first."""
_IDLE_SECONDS: Final = 30.0


@dataclass(slots=True)
class Doing:
    """What a run is at, put together from its events, with the speed of the model that writes."""

    says: str = "gathering facts"
    _first: tuple[float, int] | None = None

    def hear(self, kind: str, data: Any, *, now: float) -> None:  # noqa: ANN401 - an event's data
        """Take an event."""
        if kind == "queueing":
            self.says = f"waiting for {data['for']}"
        elif kind == "progress":
            self.says = self._progress(data, now=now)

    def _progress(self, said: Mapping[str, Any], *, now: float) -> str:
        match said["doing"]:
            case "asking":
                self._first = None
                again = " again, with its errors" if said.get("again") else ""
                return f"asking {said['model']} on {said['backend']}{again}"
            case "writing" | "thinking" as doing:
                pieces = int(said["pieces"])
                if self._first is None or pieces < self._first[1]:
                    self._first = (now, pieces)
                seconds = now - self._first[0]
                speed = f", {(pieces - self._first[1]) / seconds:.1f} tokens/s" if seconds > 0 else ""
                return f"the model is {doing}, {pieces} tokens{speed}"
            case "fetching":
                done, total = said["progress"]["done"], said["progress"]["total"]
                return f"fetching, {done / 1e6:.1f} of {total / 1e6:.1f} MB" if total else "fetching"
            case "checking":
                return f"running {', '.join(said['checks'])}"
            case "done":
                return "checking the answer"
            case doing:
                return str(doing)


@dataclass(slots=True)
class _Carriage:
    """The engine of one scope. `watching` has a task for each run, which ends with it."""

    project: Served
    engine: "DurableRuns[Any]"
    watching: "dict[str, asyncio.Task[None]]" = field(default_factory=dict)
    doing: dict[str, Doing] = field(default_factory=dict)
    begun: dict[str, float] = field(default_factory=dict)
    waiting: Counter[str] = field(default_factory=Counter)

    @property
    def is_idle(self) -> bool:
        return not self.watching and not self.waiting.total()


class LiveRuns:
    """The runs that this server carries or waits for, by directory, and by whether that is a project."""

    def __init__(self) -> None:
        self._carriages: dict[tuple[str, bool], _Carriage] = {}
        self._later: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def start(self, project: Served, work: Work) -> str:
        """Submit a run, carry it, and give its id.

        Raises:
            LedgerError: it cannot be kept.
        """
        carriage = await self._carriage(project)
        run = await carriage.engine.submit(
            work.kind, work.arguments, options=project.wishes if work.options is None else dict(work.options),
            touches=work.touches, idempotency=work.idempotency,
        )  # fmt: skip
        self._watch(carriage, run)
        asyncio.get_running_loop().call_later(_WORKER_SECONDS, self._see_to_a_worker, carriage, run)
        return run

    def where(self, project: Served, run_id: str) -> Served:
        """Give the project whose ledger has a run: also one that began before the directory became a project."""
        before = self._carriages.get((str(project.directory), False))
        if project.project is not None and before is not None and run_id in before.watching:
            return before.project
        return project

    async def wait(self, project: Served, runs: Sequence[str], *, until: float, report: Report) -> bool:
        """Wait for the end of runs until a time of the loop's clock, telling of progress; give whether all have ended.

        A client that cancels its call, while no other waits, stops the runs.

        Raises:
            RunError: there is none of an id.
        """
        left = [run for run in runs if project.row(run).state not in FINAL]
        if not left:
            return True
        carriage = await self._carriage(project)
        loop = asyncio.get_running_loop()
        for run in left:
            if run not in carriage.watching:
                with suppress(PrenticeError):  # of a later version: whoever has that carries it
                    carriage.engine.adopt(run)
                self._watch(carriage, run)
        carriage.waiting.update(left)
        try:
            while (tasks := self._watched(carriage, left)) and (seconds := until - loop.time()) > 0:
                await asyncio.wait(tasks, timeout=min(seconds, _PROGRESS_SECONDS))
                for run in left:
                    if run in carriage.watching:
                        spent = round(loop.time() - carriage.begun[run], 1)
                        await report(spent, None, one_line(f"{run}: {self.doing(project, run)}"))
                        break
        except asyncio.CancelledError:
            loop.call_later(_GRACE_SECONDS, self._abandon, carriage, left)
            raise
        finally:
            carriage.waiting.subtract(left)
            self._let_go(carriage)
        return all(project.row(run).state in FINAL for run in left)

    def doing(self, project: Served, run: str) -> str:
        """Say what a run is at."""
        row = project.row(run)
        if row.state == "queued" and (behind := project.behind(run)):
            return f"waiting for {', '.join(behind)}, which concerns the same"
        carriage = self._carriages.get(_key(project))
        known = carriage.doing.get(run) if carriage else None
        if known is not None and carriage is not None and run in carriage.engine.carried:
            return known.says
        if row.waiting_for:
            return f"waiting for {row.waiting_for}"
        elsewhere = Doing("waiting for its turn" if row.state == "queued" else "at it in another process")
        if isinstance(row.progress, dict) and row.state == "running":
            elsewhere.hear("progress", row.progress, now=0.0)
        return elsewhere.says

    async def close(self) -> None:
        """Give back what is carried; what has not ended goes on in a worker, or where someone asks for it next."""
        self._is_closed = True
        for task in self._later:
            task.cancel()
        for carriage in list(self._carriages.values()):
            await self._close(carriage)
        self._carriages.clear()

    async def _close(self, carriage: _Carriage) -> None:
        left = list(carriage.watching)
        for task in list(carriage.watching.values()):
            task.cancel()
        await carriage.engine.__aexit__(None, None, None)
        with suppress(PrenticeError, OSError):
            if any(carriage.project.row(run).state not in FINAL for run in left):
                carriage.project.see_to_a_worker()

    async def _carriage(self, project: Served) -> _Carriage:
        key = _key(project)
        if key not in self._carriages:
            engine = project.engine()
            self._carriages[key] = _Carriage(project, engine)
            await engine.__aenter__()
        return self._carriages[key]

    def _watch(self, carriage: _Carriage, run: str) -> None:
        if run in carriage.watching:
            return
        loop = asyncio.get_running_loop()
        carriage.doing.setdefault(run, Doing())
        carriage.begun.setdefault(run, loop.time())
        carriage.watching[run] = loop.create_task(self._follow(carriage, run))

    async def _follow(self, carriage: _Carriage, run: str) -> None:
        doing = carriage.doing[run]
        try:
            async for event in carriage.engine.watch(run):
                _hear(doing, event)
        finally:
            carriage.watching.pop(run, None)
            carriage.doing.pop(run, None)
            carriage.begun.pop(run, None)
            self._let_go(carriage)

    def _watched(self, carriage: _Carriage, runs: Sequence[str]) -> "list[asyncio.Task[None]]":
        return [carriage.watching[run] for run in runs if run in carriage.watching]

    def _let_go(self, carriage: _Carriage) -> None:
        if carriage.is_idle and not self._is_closed:
            asyncio.get_running_loop().call_later(_IDLE_SECONDS, self._close_if_idle, carriage)

    def _close_if_idle(self, carriage: _Carriage) -> None:
        key = _key(carriage.project)
        if carriage.is_idle and self._carriages.get(key) is carriage:
            del self._carriages[key]
            self._do_later(self._close(carriage))

    def _see_to_a_worker(self, carriage: _Carriage, run: str) -> None:
        if run in carriage.watching and not self._is_closed:
            with suppress(PrenticeError, OSError):
                carriage.project.see_to_a_worker()

    def _abandon(self, carriage: _Carriage, runs: Sequence[str]) -> None:
        if not self._is_closed:
            for run in runs:
                if not carriage.waiting[run]:
                    self._do_later(self._cancel(carriage, run))

    async def _cancel(self, carriage: _Carriage, run: str) -> None:
        await carriage.engine.cancel(run)

    def _do_later(self, work: Any) -> None:  # noqa: ANN401 - any coroutine
        task = asyncio.get_running_loop().create_task(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)


def result_of(row: "RunRow") -> Any:  # noqa: ANN401 - the JSON that a run of its kind gives
    """Give the result of a run that has ended.

    Raises:
        PrenticeError: what ended it without one.
    """
    from prentice.runs.values import error_from

    if row.state == "failed":
        error = error_from(row.error)
        error.details.setdefault("run_id", row.id)
        raise error
    if row.state == "cancelled":
        step = "Call again without `run_id` to start anew."
        raise StoppedError(f"{row.id} was stopped.", next_step=step, details={"run_id": row.id})
    return row.result


def _hear(doing: Doing, event: "Event") -> None:
    doing.hear(event.kind, event.data, now=time.monotonic())


def _key(project: Served) -> tuple[str, bool]:
    return str(project.directory), project.project is not None
