"""How long a call may wait: for its turn, for its first piece, between two pieces, and in all."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from prentice.errors import TimedOutError

T = TypeVar("T")


class Patience:
    """The limits of one call, in seconds; make it inside the event loop when the call begins."""

    def __init__(self, *, load: float, idle: float, deadline: float, model: str) -> None:
        self._limits = {"load": load, "idle": idle, "deadline": deadline}
        self._model = model
        self._clock = asyncio.get_running_loop().time
        self._start = self._load_start = self._clock()
        self._began = False
        self._wait: asyncio.Timeout | None = None
        self._which = "load"

    @property
    def elapsed(self) -> float:
        """Seconds since the call began."""
        return self._clock() - self._start

    @property
    def began(self) -> bool:
        """Whether the first piece is there."""
        return self._began

    def piece_came(self) -> None:
        """Note a piece: from the first one on, the idle limit counts."""
        self._began = True

    def load_begins(self) -> None:
        """Let the limit for the first piece count from now: the server was busy with others until now.

        May be called while the call waits; that wait is then longer.
        """
        self._load_start = self._clock()
        if self._wait is not None and not self._began and not self._wait.expired():
            self._which, seconds = self._tightest()
            self._wait.reschedule(self._clock() + seconds)

    def left(self) -> float:
        """Give the seconds that the next wait may take, at least zero."""
        return max(0.0, self._tightest()[1])

    def left_in_all(self) -> float:
        """Give the seconds until the deadline, at least zero."""
        return max(0.0, self._limits["deadline"] - self.elapsed)

    async def wait(self, work: Awaitable[T]) -> T:
        """Wait for something within the tightest limit.

        Raises:
            TimedOutError: names the limit that ran out.
        """
        self._which, seconds = self._tightest()
        try:
            async with asyncio.timeout(max(0.0, seconds)) as self._wait:
                return await work
        except TimeoutError:
            raise timed_out(self._which, self._limits[self._which], model=self._model) from None
        finally:
            self._wait = None

    async def wait_for_turn(self, work: Awaitable[T]) -> T:
        """Wait for something that others are before, within the deadline alone.

        Raises:
            TimedOutError: the deadline passed.
        """
        try:
            async with asyncio.timeout(self.left_in_all()):
                return await work
        except TimeoutError:
            raise timed_out("deadline", self._limits["deadline"], model=self._model) from None

    def _tightest(self) -> tuple[str, float]:
        loading = self._limits["load"] - (self._clock() - self._load_start)
        first = ("idle", self._limits["idle"]) if self._began else ("load", loading)
        whole = ("deadline", self._limits["deadline"] - self.elapsed)
        return min(first, whole, key=lambda limit: limit[1])


def timed_out(which: str, seconds: float, *, model: str) -> TimedOutError:
    """Make the error that names the limit which ran out: `load`, `idle`, `deadline` or `answer` (of a look-up)."""
    says = {
        "load": f"{model} sent nothing for {seconds:g} s while it loaded and read the prompt",
        "idle": f"{model} fell silent for {seconds:g} s in the middle of its reply",
        "deadline": f"{model} did not finish within the {seconds:g} s that the call may take",
        "answer": f"The server sent no answer for {seconds:g} s",
    }[which]
    step = f"Raise the setting `calls.{which}_seconds`, or choose a smaller model with `--model`."
    if which == "answer":
        step = "See whether Ollama is well with `ollama ps`, and start it again."
    return TimedOutError(f"{says}.", next_step=step, details={"limit": which, "seconds": seconds})
