"""Who goes next where many want to work at a time: no more than a limit, callers in turn, work of one kind together.

Callers share by start-time fair queueing (Goyal, Vin and Cheng, 1996): each has a clock that a turn moves on by one,
and the one whose clock is furthest behind goes next.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import count
from typing import Final

MOST_PASSES: Final = 16
"""How many later requests of the kind under way may go before one that waits for another kind."""

current_caller: ContextVar[object | None] = ContextVar("current_caller", default=None)
"""Who asks, to share fairly among several; calls without a caller count as one together."""


@dataclass(slots=True, eq=False)
class Turn:
    """One request at work. `place` is how many were at work when it began, itself included."""

    kind: str
    place: int = 1


@dataclass(slots=True, eq=False)
class _Waiting:
    kind: str
    caller: object | None
    place: int
    ready: asyncio.Future[Turn]
    passed: int = 0


@dataclass(slots=True, eq=False)
class Turns:
    """Gives out turns within one event loop. `limit` may be changed at any time.

    Requests of one `kind` (a loaded model, say) go together; another kind begins when the last of them is done, and
    when it has been passed over `MOST_PASSES` times at the latest.
    """

    limit: int
    _working: list[Turn] = field(default_factory=list)
    _waiting: list[_Waiting] = field(default_factory=list)
    _clocks: dict[object | None, float] = field(default_factory=dict)
    _now: float = 0.0
    _kind: str = ""
    _places: "count[int]" = field(default_factory=count)

    @property
    def working(self) -> int:
        """How many are at work."""
        return len(self._working)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def set_limit(self, limit: int) -> None:
        """Change the limit; those at work go on."""
        self.limit = max(1, limit)
        self._give()

    @asynccontextmanager
    async def turn(self, kind: str = "") -> AsyncGenerator[Turn]:
        """Wait for a turn and have it for the length of the block."""
        turn = await self.take(kind)
        try:
            yield turn
        finally:
            self.give_back(turn)

    async def take(self, kind: str = "") -> Turn:
        """Wait for a turn; whoever takes one gives it back."""
        loop = asyncio.get_running_loop()
        waiting = _Waiting(kind, current_caller.get(), next(self._places), loop.create_future())
        self._waiting.append(waiting)
        self._give()
        try:
            return await waiting.ready
        except asyncio.CancelledError:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
                self._give()  # those behind it may not have to wait for its kind any more
            elif not waiting.ready.cancelled():
                self.give_back(waiting.ready.result())
            raise

    def give_back(self, turn: Turn) -> None:
        """End a turn, and let the next begin."""
        self._working.remove(turn)
        self._give()

    def _give(self) -> None:
        while len(self._working) < self.limit and (chosen := self._next()) is not None:
            self._waiting.remove(chosen)
            for other in self._waiting:
                other.passed += other.place < chosen.place and other.kind != chosen.kind
            self._now = self._clock(chosen.caller)
            self._clocks[chosen.caller] = self._now + 1
            self._clocks = {caller: at for caller, at in self._clocks.items() if at > self._now}
            self._kind = chosen.kind
            turn = Turn(chosen.kind, len(self._working) + 1)
            self._working.append(turn)
            chosen.ready.set_result(turn)

    def _next(self) -> _Waiting | None:
        live = [item for item in self._waiting if not item.ready.done()]
        if not live:
            return None
        oldest = min(live, key=lambda item: item.place)
        overdue = oldest.kind != self._kind and oldest.passed >= MOST_PASSES
        same = [] if overdue else [item for item in live if item.kind == self._kind]
        if self._working and not same:
            return None
        if not same:
            same = [item for item in live if item.kind == oldest.kind]
        return min(same, key=lambda item: (self._clock(item.caller), item.place))

    def _clock(self, caller: object | None) -> float:
        return max(self._clocks.get(caller, 0.0), self._now)
