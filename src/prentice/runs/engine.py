"""A simple engine: runs live in this process, their steps and events in the ledger.

A finished step is never done twice within a run. Leases and takeover by another process come with the durable engine.
"""

import asyncio
import contextlib
import json
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Generic

from prentice.errors import DefectError, PrenticeError, RunError, StoppedError
from prentice.ledger.runs_table import FINAL_STATES, EventRow, RunsTable
from prentice.runs.protocol import Body, Event, Json, RunState, S, StepContext
from prentice.runs.registry import Registry


@dataclass
class _Live:
    """A run of this process: its task, who watches it, and signals that wait to be read."""

    task: "asyncio.Task[Json]"
    watchers: list["asyncio.Queue[Event | None]"] = field(default_factory=list)
    signals: dict[str, "asyncio.Future[Json]"] = field(default_factory=dict)
    ended: bool = False


class InProcessRuns(Generic[S]):
    """Carries runs on the running event loop. `services` goes to every step function."""

    def __init__(self, table: RunsTable, registry: Registry[S], services: S) -> None:
        self._table = table
        self._registry = registry
        self._services = services
        self._live: dict[str, _Live] = {}

    async def submit(self, kind: str, arguments: Mapping[str, Json]) -> str:
        """Start a run of a registered body and give its id."""
        self._registry.body(kind)
        plain = _as_json(dict(arguments), what=f"a run of {kind}")
        run = self._table.create(kind, plain)
        self._start(run, kind, plain)
        return run

    async def resume(self, run: str) -> None:
        """Carry on a run that another process left unfinished; steps that it finished are not done again."""
        row = self._table.get(run)
        if row.state not in FINAL_STATES and run not in self._live:
            self._start(run, row.kind, row.arguments)

    async def get(self, run: str) -> RunState:
        """Give a run as it stands."""
        row = self._table.get(run)
        return RunState(
            id=row.id, kind=row.kind, state=row.state, arguments=row.arguments, result=row.result, error=row.error
        )

    async def outcome(self, run: str) -> Json:
        """Wait for a run of this process and give its result.

        Raises:
            StoppedError: the run was cancelled.
            PrenticeError: what else ended the run.
        """
        live = self._live.get(run)
        if live is None:
            raise RunError(f"{run} is not carried by this process.", next_step="Look at its state in the ledger.")
        try:
            return await live.task
        except asyncio.CancelledError:
            waiting = asyncio.current_task()
            if waiting is None or not waiting.cancelling():
                raise StoppedError(f"{run} was cancelled.", next_step="Start the work again if it is wanted.") from None
            live.task.cancel()
            with contextlib.suppress(asyncio.CancelledError, PrenticeError):
                await live.task
            raise

    def watch(self, run: str) -> AsyncIterator[Event]:
        """Give the events of a run from its beginning, until it has ended; none is missed from this call on.

        Raises:
            RunError: there is none of that id.
        """
        self._table.get(run)
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        live = self._live.get(run)
        if live is not None and not live.task.done():
            live.watchers.append(queue)
        else:
            queue.put_nowait(None)
        return _events(self._table.events(run), queue)

    async def signal(self, run: str, name: str, value: Json) -> None:
        """Send a run a signal; the first value for a name stays."""
        future = self._signal_of(run, name)
        if not future.done():
            future.set_result(value)

    async def cancel(self, run: str) -> None:
        """End a run of this process."""
        if live := self._live.get(run):
            live.task.cancel()
        elif self._table.get(run).state not in FINAL_STATES:
            self._table.finish(run, "cancelled")

    async def do(self, run: str, name: str, n: int, arguments: dict[str, Json]) -> Json:
        """Do step `n` of a name unless it is remembered, and remember its result."""
        if remembered := self._table.step_result(run, name, n):
            return remembered[0]
        context = StepContext(self._services, run, lambda data: self._tell(run, Event(kind="progress", data=data)))
        result = await self._registry.call_step(name, context, arguments)
        return self._keep(run, name, n, result)

    async def wait(self, run: str, name: str, n: int) -> Json:
        """Wait for a signal, and remember its value as a step's result."""
        if remembered := self._table.step_result(run, f"wait:{name}", n):
            return remembered[0]
        value = await self._signal_of(run, name)
        return self._keep(run, f"wait:{name}", n, value)

    def keep_once(self, run: str, name: str, n: int, value: Json) -> Json:
        """Give the remembered value of that name, or remember this one."""
        if remembered := self._table.step_result(run, name, n):
            return remembered[0]
        return self._keep(run, name, n, value)

    def _start(self, run: str, kind: str, arguments: dict[str, Json]) -> None:
        body = self._registry.body(kind)
        task = asyncio.get_running_loop().create_task(self._carry(run, body, arguments))
        self._live[run] = _Live(task)
        task.add_done_callback(lambda _: self._settle(run))

    def _settle(self, run: str) -> None:
        """End a run that was cancelled before its task began, which therefore could not do so itself."""
        if not self._live[run].ended:
            self._end(run, "cancelled")

    async def _carry(self, run: str, body: Body, arguments: dict[str, Json]) -> Json:
        try:
            result = await body(_Step(self, run), arguments)
        except asyncio.CancelledError:
            self._end(run, "cancelled")
            raise
        except PrenticeError as error:
            self._end(run, "failed", error=error.document()["error"])
            raise
        except BaseException as error:
            self._end(run, "failed", error=_defect(f"{type(error).__name__}: {error}").document()["error"])
            raise
        self._end(run, "finished", result=result)
        return result

    def _end(self, run: str, state: str, *, result: Json = None, error: Json = None) -> None:
        self._live[run].ended = True
        try:
            self._table.finish(run, state, result=result, error=error)
        finally:  # whoever watches must not wait for ever where the ledger cannot be written
            self._tell(run, Event(kind=state, data=error))
            self._tell(run, None)

    def _keep(self, run: str, name: str, n: int, result: Json) -> Json:
        """Remember a result and give it as a later process will read it: a tuple is a list from now on."""
        plain = _as_json(result, what=f"the step {name}")
        self._table.remember_step(run, name, n, plain)
        self._tell(run, Event(kind="step", data={"name": name, "n": n}))
        return plain

    def _tell(self, run: str, event: Event | None) -> None:
        if live := self._live.get(run):
            for queue in live.watchers:
                queue.put_nowait(event)

    def _signal_of(self, run: str, name: str) -> "asyncio.Future[Json]":
        live = self._live.get(run)
        if live is None:
            raise RunError(f"{run} is not carried by this process.", next_step="Start the work again.")
        if name not in live.signals:
            live.signals[name] = asyncio.get_running_loop().create_future()
        return live.signals[name]


async def _events(past: list[EventRow], queue: "asyncio.Queue[Event | None]") -> AsyncIterator[Event]:
    for row in past:
        yield Event(kind=row.kind, data=row.data)
    while (event := await queue.get()) is not None:
        yield event


def _as_json(value: object, *, what: str) -> Json:
    """Give a value as it reads back from JSON.

    Raises:
        DefectError: it is not JSON.
    """
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError, RecursionError) as error:
        raise _defect(f"What {what} holds is not JSON: {error}.") from error


def _defect(message: str) -> DefectError:
    return DefectError(message, next_step="This is a fault in Prentice; please report it.")


class _Step:
    """The `Step` of one run: counts how often each name was used, so that repeated steps keep apart."""

    def __init__(self, engine: InProcessRuns[S], run: str) -> None:
        self._engine = engine
        self._run = run
        self._used: Counter[str] = Counter()

    async def do(self, name: str, /, **arguments: Json) -> Json:
        return await self._engine.do(self._run, name, self._next(name), arguments)

    async def wait(self, signal: str) -> Json:
        return await self._engine.wait(self._run, signal, self._next(f"wait:{signal}"))

    async def now(self) -> float:
        return float(self._engine.keep_once(self._run, "now", self._next("now"), time.time()))

    async def new_id(self) -> str:
        return str(self._engine.keep_once(self._run, "new_id", self._next("new_id"), uuid.uuid4().hex))

    def _next(self, name: str) -> int:
        self._used[name] += 1
        return self._used[name]
