"""The durable engine: runs in the ledger, claimed and carried by any process that has one of these.

An engine carries what was submitted to it, and what that waits behind; one that `carries` all takes whatever is free
in its ledger, as a worker does. It looks for the writes of other processes a few times a second, which costs
microseconds while there are none.
"""

import asyncio
import contextlib
import os
import socket
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from types import TracebackType
from typing import Final, Generic, Literal, Self

from prentice.errors import LedgerError, PrenticeError, StoppedError
from prentice.ledger.leases import Claim, Leases
from prentice.ledger.runs_table import FINAL_STATES, EventRow, RunsTable, Submission
from prentice.runs.carrying import LEFT, Carried, ServicesOf, Surroundings
from prentice.runs.heart import Heart
from prentice.runs.protocol import Event, Json, RunState, S
from prentice.runs.registry import Registry
from prentice.runs.retries import Retries
from prentice.runs.values import as_json, document_of, error_from

LEASE_SECONDS: Final = 15.0
"""How long a run of a dead process stays with it: three heartbeats of five seconds."""
_POLL_SECONDS: Final = 0.1
_LOOK_SECONDS: Final = 1.0
"""How often leases and schedules are looked at while nobody writes."""
_MOST_FAILURES: Final = 6
_JUMP_SECONDS: Final = 2.0
_PASSING: Final = frozenset({"progress", "queueing", "failed"})
"""Kinds of events that are not kept; `failed` is told in this way only where the ledger could not be."""


class DurableRuns(Generic[S]):
    """Carries runs on the running event loop. An async context manager: leaving it gives back what it carries.

    `services` gives each run the services of its steps. `slots` is how many runs are carried at a time.
    `options` go with what is submitted here, `retries` are for runs that came without any.
    `on_beat` is called three times in a lease, by another thread.
    """

    def __init__(
        self,
        table: RunsTable,
        registry: Registry[S],
        services: ServicesOf[S],
        *,
        carries: Literal["own", "all"] = "own",
        lease: float = LEASE_SECONDS,
        slots: int = 4,
        options: Json = None,
        retries: Retries | None = None,
        on_beat: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self.kinds = registry.kinds
        self._table = table
        self._registry = registry
        self._carries_all = carries == "all"
        self._slots = slots
        self._options = options
        self._leases = Leases(database=table.database, scope=table.scope, seconds=lease, clock=table.clock)
        self._heart = Heart(self._leases, also=on_beat)
        self._around = Surroundings(
            table=table, leases=self._leases, registry=registry, services=services, heart=self._heart,
            retries=retries or {}, tell=self._tell,
        )  # fmt: skip
        self._live: dict[str, Carried[S]] = {}
        self._own: set[str] = set()
        self._watchers: dict[str, list[asyncio.Queue[Event | None]]] = {}
        self._nudged = asyncio.Event()
        self._stirred = asyncio.Event()
        self._failure: LedgerError | None = None
        self._clock = _SteadyClock(pause=lease)
        self._tending: asyncio.Task[None] | None = None
        self._closing = False
        self.ended = 0
        """How many runs came to their end here."""

    async def __aenter__(self) -> Self:
        self._tending = asyncio.get_running_loop().create_task(self._tend())
        if self._carries_all:
            self._heart.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.hand_over()

    async def hand_over(self) -> None:
        """Give back what is carried here, and carry nothing more."""
        self._closing = True
        self._nudged.set()
        if self._tending:
            await self._tending
        left = list(self._live.values())
        for carried in left:
            carried.stop("released")
        for carried in left:
            with contextlib.suppress(asyncio.CancelledError, PrenticeError):
                await carried.task
        await asyncio.to_thread(self._heart.stop)

    @property
    def carried(self) -> Sequence[str]:
        """The runs that are carried here now."""
        return list(self._live)

    @property
    def failure(self) -> LedgerError | None:
        """What has kept the ledger from being used several times in a row, if anything."""
        return self._failure

    async def submit(
        self,
        kind: str,
        arguments: Mapping[str, Json],
        *,
        options: Json = None,
        idempotency: str | None = None,
        priority: int = 0,
        not_before: float = 0.0,
        touches: Sequence[str] = (),
        retries: Mapping[str, tuple[int, float]] | None = None,
    ) -> str:
        """Add a run of a registered body, begin it here if it may, and give its id; `Submission` describes the rest.

        Raises:
            RunError: there is no such body.
            DefectError: the arguments are not JSON.
        """
        self._registry.body(kind)
        options = self._options if options is None else options
        plain = as_json(dict(arguments), what=f"a run of {kind}")
        asked = Submission(
            kind=kind, arguments=plain, options=options, idempotency=idempotency, priority=priority,
            not_before=not_before, touches=touches, retries=retries,
        )  # fmt: skip
        owner = self.name if len(self._live) < self._slots else ""
        made = self._table.submit(asked, owner=owner, lease=self._leases.seconds)
        self._own.add(made.id)
        if made.token:
            kept = as_json(retries, what="retries")
            self._carry(Claim(run=made.id, token=made.token, kind=kind, arguments=plain, options=options, retries=kept))
        else:
            self._nudged.set()
        return made.id

    def adopt(self, run: str) -> None:
        """Carry a run too that was submitted elsewhere, when it is free.

        Raises:
            RunError: there is none of that id, or this version has no such body.
        """
        self._registry.body(self._table.get(run).kind)
        self._own.add(run)
        self._nudged.set()

    def is_own(self, run: str) -> bool:
        """Say whether a run was submitted or adopted here, and has not ended here."""
        return run in self._own

    async def get(self, run: str) -> RunState:
        """Give a run as it stands."""
        row = self._table.get(run)
        return RunState(
            id=row.id, kind=row.kind, state=row.state, arguments=row.arguments, result=row.result, error=row.error
        )

    async def outcome(self, run: str) -> Json:
        """Wait for the end of a run, whoever carries it, and give its result; giving up the wait cancels the run.

        Raises:
            StoppedError: the run was cancelled.
            PrenticeError: what else ended the run.
        """
        try:
            return await self._end_of(run)
        except asyncio.CancelledError:
            await self.cancel(run)
            raise

    def watch(self, run: str) -> AsyncIterator[Event]:
        """Give the events of a run from its beginning, until it has ended; passing progress of this process too.

        Raises:
            RunError: there is none of that id.
        """
        self._table.get(run)
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._watchers.setdefault(run, []).append(queue)
        return self._events(run, queue, self._table.events(run))

    async def signal(self, run: str, name: str, value: Json) -> None:
        """Send a run a signal; the first value for a name stays."""
        self._table.signal(run, name, as_json(value, what=f"the signal {name}"))
        if live := self._live.get(run):
            live.stirred.set()
        self._tell(run, None)
        self._nudged.set()

    async def cancel(self, run: str) -> None:
        """End a run: at once where nobody carries it or this process does, else when its carrier hears of it."""
        self._table.cancel(run)
        if live := self._live.get(run):
            live.stop("cancelled")
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(live.task)
        self._tell(run, None)

    async def changed(self, seconds: float) -> None:
        """Wait until something may have changed in the ledger, or until some seconds are over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stirred.wait()

    async def _end_of(self, run: str) -> Json:
        while True:
            if live := self._live.get(run):
                await asyncio.wait({live.task})
                if (ended := live.ended) is not None and ended.error is not None:
                    raise ended.error
                await asyncio.sleep(0)  # let the carrying be taken off the list
            row = self._table.get(run)
            match row.state:
                case "finished":
                    return row.result
                case "failed":
                    raise error_from(row.error)
                case "cancelled":
                    raise StoppedError(f"{run} was cancelled.", next_step="Start the work again if it is wanted.")
            if run not in self._live:
                await self.changed(_LOOK_SECONDS)

    async def _events(
        self, run: str, queue: "asyncio.Queue[Event | None]", rows: list[EventRow]
    ) -> AsyncIterator[Event]:
        """Give what the ledger has, and in its place between it the progress that passes."""
        last = 0
        try:
            while True:
                for row in rows:
                    last = row.id
                    yield Event(kind=row.kind, data=row.data)
                if any(row.kind in FINAL_STATES for row in rows) and self._table.get(run).state in FINAL_STATES:
                    return
                event = await queue.get() if run in self._live or not queue.empty() else await self._elsewhere(queue)
                rows = []
                if event is not None and event.kind in _PASSING:
                    yield event
                    if event.kind in FINAL_STATES:
                        return
                elif event is not None or run not in self._live:
                    rows = self._told(run, event, after=last)
        except LedgerError as error:  # whoever watches must not wait for ever
            yield Event(kind="failed", data=document_of(error))
        finally:
            self._watchers[run].remove(queue)

    async def _elsewhere(self, queue: "asyncio.Queue[Event | None]") -> Event | None:
        """Wait for word of a run that another process carries, and look by oneself now and then."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_SECONDS):
                return await queue.get()
        return None

    def _told(self, run: str, event: Event | None, *, after: int) -> list[EventRow]:
        """Give the rows up to the one that an event tells of; all where it tells of none, none where it came before."""
        rows = self._table.events(run, after=after)
        if event is None or event.kind == LEFT:
            return rows
        same = [number for number, row in enumerate(rows) if (row.kind, row.data) == (event.kind, event.data)]
        return rows[: same[0] + 1] if same else []

    def _tell(self, run: str, event: Event | None) -> None:
        """Pass on what happens in a run here; None says that another process may have written of it."""
        for queue in self._watchers.get(run, ()):
            queue.put_nowait(event)
        self._stir()

    def _stir(self) -> None:
        self._stirred.set()
        self._stirred = asyncio.Event()

    def _carry(self, claim: Claim) -> None:
        carried = Carried(claim, self._around)
        self._live[claim.run] = carried
        carried.task.add_done_callback(lambda task: self._settle(carried, task))

    def _settle(self, carried: Carried[S], task: "asyncio.Task[None]") -> None:
        if self._live.get(carried.claim.run) is carried:
            del self._live[carried.claim.run]
        if carried.ended is not None:
            self.ended += 1
            self._own.discard(carried.claim.run)
        if not task.cancelled():
            task.exception()  # looked at here; what the ledger could not be told is in `ended`
        self._nudged.set()
        self._stir()

    async def _tend(self) -> None:
        """Claim what is free, and tell those who wait when another process has written."""
        version, looked, failures = self._table.database.version(), 0.0, 0
        while not self._closing:
            try:
                now, is_nudged = time.monotonic(), self._nudged.is_set()
                self._nudged.clear()
                seen = self._table.database.version()
                if seen != version or is_nudged or now - looked >= _LOOK_SECONDS:
                    is_changed, version, looked = seen != version, seen, now
                    self._claim_free()
                    if is_changed:
                        self._heed_others()
                failures, self._failure = 0, None
            except LedgerError as error:
                failures += 1
                if failures >= _MOST_FAILURES:
                    self._failure = error
                    self._stir()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_POLL_SECONDS * 2 ** min(failures, _MOST_FAILURES)):
                    await self._nudged.wait()

    def _claim_free(self) -> None:
        may_take_over = self._clock.is_steady()
        while len(self._live) < self._slots and not self._closing:
            wanted = () if self._carries_all else self._wanted()
            if not self._carries_all and not wanted:
                return
            claim = self._leases.claim(self.name, kinds=self.kinds, only=wanted, but=self._live, takeover=may_take_over)
            if claim is None:
                return
            self._carry(claim)

    def _wanted(self) -> set[str]:
        """Give the runs that were submitted here, and those that these wait behind, for nobody else may be there."""
        own = self._own - self._live.keys()
        return own.union(*(self._table.waits_behind(run) for run in own)) - self._live.keys()

    def _heed_others(self) -> None:
        """Take in what other processes wrote: signals, cancellations, events."""
        for run in self._leases.cancelled(self.name):
            if live := self._live.get(run):
                live.stop("cancelled")
        for live in self._live.values():
            live.stirred.set()
        for run in [run for run, queues in self._watchers.items() if queues]:
            self._tell(run, None)
        self._stir()


class _SteadyClock:
    """Notices that the wall clock has jumped, as it does when a computer wakes up or its time is set.

    All leases look wrong then; for the length of one their carriers get the time to renew them.
    """

    def __init__(self, *, pause: float) -> None:
        self._pause = pause
        self._offset = time.time() - time.monotonic()
        self._until = 0.0

    def is_steady(self) -> bool:
        offset, now = time.time() - time.monotonic(), time.monotonic()
        if abs(offset - self._offset) > _JUMP_SECONDS:
            self._offset, self._until = offset, now + self._pause
        return now >= self._until
