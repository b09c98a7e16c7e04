"""Carrying one claimed run: its body, its steps, and what ends it here.

A run stops being carried for one of these reasons: it came to its end; its lease was lost; it was cancelled; it waits
for a signal, or for its turn after an error; or this process is to end. What was done is in the ledger each time.
"""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final, Generic, Literal, TypeAlias, TypeVar

from prentice.errors import LeaseLostError, LedgerError
from prentice.ledger.holds_table import HoldsTable
from prentice.ledger.leases import Claim, Leases
from prentice.ledger.runs_table import RunsTable
from prentice.runs.calls import CURRENT_RUN, CURRENT_STEP
from prentice.runs.heart import Heart
from prentice.runs.protocol import Event, Json, S, StepContext
from prentice.runs.registry import Need, Registry
from prentice.runs.retries import Retries, time_of_retry
from prentice.runs.values import as_json, document_of

ServicesOf: TypeAlias = Callable[[str, Json], AbstractAsyncContextManager[S]]
"""Gives the services for the steps of a run, from its id and its options."""
Stop: TypeAlias = Literal["lost", "cancelled", "parked", "released"]
T = TypeVar("T")
LEFT: Final = "left"
"""The kind of an event, told only to who watches in this process, that a run is carried here no more."""
_POLL_SECONDS: Final = 0.05
_PRECIOUS_SECONDS: Final = 0.25
"""A result that took longer is brought to the disk before anything further begins; a sync takes some milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings(Generic[S]):
    """What all runs of an engine share."""

    table: RunsTable
    leases: Leases
    registry: Registry[S]
    services: ServicesOf[S]
    heart: Heart
    retries: Retries
    tell: Callable[[str, Event], None]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run came to its end here: with a result, or with an error; both None where it was cancelled."""

    result: Json = None
    error: BaseException | None = None
    state: str = ""


class Carried(Generic[S]):
    """A run that this process carries."""

    def __init__(self, claim: Claim, around: Surroundings[S]) -> None:
        self.claim = claim
        self.ended: Ended | None = None
        self.stirred = asyncio.Event()
        self._around = around
        self._loop = asyncio.get_running_loop()
        self._stopped: Stop | None = None
        self._doing = 0
        self._begun = False
        self._is_unsynced = claim.token > 1  # another process may have left results that are not on the disk yet
        self._is_precious = False
        self._unwritten: LedgerError | None = None
        self.task = self._loop.create_task(self._carry())

    def stop(self, reason: Stop) -> None:
        """End the carrying, from the loop's thread; the first reason counts."""
        if self._stopped is None:
            self._stopped = reason
            if self._begun:
                self.task.cancel()

    def heed(self, reason: str) -> None:
        """Take what the heart's thread has found."""
        stop: Stop = "lost" if reason == "lost" else "cancelled"
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.stop, stop)

    async def _carry(self) -> None:
        around, claim = self._around, self.claim
        self._begun = True
        CURRENT_RUN.set(claim.run)
        around.heart.add(claim, self.heed)
        try:
            if self._stopped is None:
                await self._end_with_body()
            else:
                self._end_stopped()
        except asyncio.CancelledError:
            if not self._end_stopped():
                raise
        except LeaseLostError:
            self._stopped = "lost"
        except LedgerError as error:  # nothing can be written: the lease runs out, and the run goes on then
            self.ended = Ended(error=error, state="failed")
            self._tell(Event(kind="failed", data=document_of(error)))
        finally:
            around.heart.remove(claim.run)
            self._tell(Event(kind=LEFT, data=None))

    async def _end_with_body(self) -> None:
        around, claim = self._around, self.claim
        try:
            async with around.services(claim.run, claim.options) as services:
                body = around.registry.body(claim.kind)
                result = await body(_Step(self, services), claim.arguments)
            plain = as_json(result, what=f"a run of {claim.kind}")
        except Exception as error:
            if error is self._unwritten:
                raise
            self._fail(error)
        else:
            around.leases.finish(claim, "finished", result=plain)
            self.ended = Ended(result=plain, state="finished")

    def _fail(self, error: Exception) -> None:
        leases, document = self._around.leases, document_of(error)
        again = (
            None
            if isinstance(error, LeaseLostError)
            else time_of_retry(leases, self.claim, document["code"], usual=self._around.retries)
        )
        if again is not None:
            leases.put_back(self.claim, at=again, error=document)
            return
        leases.finish(self.claim, "failed", error=document)
        self.ended = Ended(error=error, state="failed")

    def _end_stopped(self) -> bool:
        """Write what a stop means; give whether it was one of ours, and not the end of the event loop."""
        match self._stopped:
            case "released" | None:  # None: the event loop ends, with whatever goes on in it
                self._around.leases.put_back(self.claim)
            case "lost" | "parked":
                pass  # the run is another's, or nobody's: nothing is written
            case "cancelled":
                self._around.leases.finish(self.claim, "cancelled")
                self.ended = Ended(state="cancelled")
        return self._stopped is not None

    async def do(self, services: S, name: str, n: int, arguments: dict[str, Json]) -> Json:
        """Do step `n` of a name unless it is remembered, and remember its result."""
        around, claim = self._around, self.claim
        if remembered := around.table.step_result(claim.run, name, n):
            return remembered[0]
        context = StepContext(services, claim.run, self._report, f"{claim.run}/{name}/{n}")
        self._doing += 1
        within = CURRENT_STEP.set(f"{name}/{n}")
        try:
            async with self._holding(await around.registry.need(name, services, arguments)):
                acts = around.registry.acts(name)
                self._begin(name, n, durable=self._is_precious or (acts and self._is_unsynced))
                begun = time.monotonic()
                result = as_json(await around.registry.call_step(name, context, arguments), what=f"the step {name}")
                took = time.monotonic() - begun
            self._keep(name, n, result)
            self._is_precious |= acts or took >= _PRECIOUS_SECONDS
        finally:
            CURRENT_STEP.reset(within)
            self._doing -= 1
            self.stirred.set()
        return result

    async def wait(self, name: str, n: int) -> Json:
        """Wait for a signal, and remember its value as a step's result; where nothing else goes on, park the run."""
        around, claim = self._around, self.claim
        if remembered := around.table.step_result(claim.run, f"wait:{name}", n):
            return remembered[0]
        await asyncio.sleep(0)  # what else the body starts shall begin before the run is found to be waiting
        while True:
            self.stirred.clear()
            park = not self._doing
            found = self._written(partial(around.leases.take_signal, claim, name, n, park=park))
            if found is not None:
                self._tell(Event(kind="step", data={"name": f"wait:{name}", "n": n}))
                return found[0]
            if park:
                self._tell(Event(kind="waiting", data={"name": name}))
                self.stop("parked")
                raise asyncio.CancelledError
            await self.stirred.wait()

    def keep_once(self, name: str, n: int, value: Json) -> Json:
        """Give the remembered value of that name, or remember this one."""
        if remembered := self._around.table.step_result(self.claim.run, name, n):
            return remembered[0]
        self._keep(name, n, value)
        return value

    def _begin(self, name: str, n: int, *, durable: bool) -> None:
        """Note that a step begins; `durable` brings all results so far to the disk, where no power cut takes them."""
        is_cancelled = self._written(partial(self._around.leases.begin_step, self.claim, name, n, durable=durable))
        if durable:
            self._is_unsynced = self._is_precious = False
        self._heed_wish(is_cancelled=is_cancelled)
        self._tell(Event(kind="begin", data={"name": name, "n": n}))

    def _keep(self, name: str, n: int, result: Json) -> None:
        is_cancelled = self._written(partial(self._around.leases.keep_step, self.claim, name, n, result))
        self._is_unsynced = True
        self._tell(Event(kind="step", data={"name": name, "n": n}))
        self._heed_wish(is_cancelled=is_cancelled)

    def _written(self, write: Callable[[], T]) -> T:
        """Write with the claim. Whoever lost it, or was stopped, goes no further, whatever the body catches."""
        if self._stopped is None:
            try:
                return write()
            except LeaseLostError:
                self.stop("lost")
            except LedgerError as error:
                self._unwritten = error
                raise
        raise asyncio.CancelledError

    def _heed_wish(self, *, is_cancelled: bool) -> None:
        if is_cancelled:
            self.stop("cancelled")
            raise asyncio.CancelledError

    @asynccontextmanager
    async def _holding(self, need: Need | None) -> AsyncIterator[None]:
        """Hold what a step needs of a resource, as soon as those who asked before leave enough of it.

        Who needs more than there is at all has it alone.
        """
        if need is None:
            yield
            return
        holds = HoldsTable(self._around.leases)
        place = holds.enter(self.claim, need.resource, count=need.count)
        try:
            told: list[str] = []
            while (ahead := holds.ahead(place, need.resource)) and len(ahead) + need.count > need.limit:
                behind = list(dict.fromkeys(ahead))
                if behind != told:
                    told = behind
                    self._around.heart.tell(self.claim.run, waiting_for=f"{need.resource}, after {', '.join(behind)}")
                    self._tell(Event(kind="queueing", data={"for": need.resource, "behind": behind}))
                await asyncio.sleep(_POLL_SECONDS)
            self._around.heart.tell(self.claim.run)
            yield
        finally:
            holds.leave(self.claim, place, count=need.count)

    def _report(self, data: Json) -> None:
        self._around.heart.tell(self.claim.run, progress=data)
        self._tell(Event(kind="progress", data=data))

    def _tell(self, event: Event) -> None:
        self._around.tell(self.claim.run, event)


class _Step(Generic[S]):
    """The `Step` of one run: counts how often each name was used, so that repeated steps keep apart."""

    def __init__(self, carried: Carried[S], services: S) -> None:
        self._carried = carried
        self._services = services
        self._used: Counter[str] = Counter()

    async def do(self, name: str, /, **arguments: Json) -> Json:
        return await self._carried.do(self._services, name, self._next(name), arguments)

    async def wait(self, signal: str) -> Json:
        return await self._carried.wait(signal, self._next(f"wait:{signal}"))

    async def now(self) -> float:
        return float(self._carried.keep_once("now", self._next("now"), time.time()))

    async def new_id(self) -> str:
        return str(self._carried.keep_once("new_id", self._next("new_id"), uuid.uuid4().hex))

    def _next(self, name: str) -> int:
        self._used[name] += 1
        return self._used[name]
