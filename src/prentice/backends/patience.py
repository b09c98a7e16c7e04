"""How long a call may wait: for its first piece, between two pieces, and in all."""

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
        self._start = self._clock()
        self._began = False

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

    def left(self) -> float:
        """Give the seconds that the next wait may take, at least zero."""
        return max(0.0, self._tightest()[1])

    async def wait(self, work: Awaitable[T]) -> T:
        """Wait for something within the tightest limit.

        Raises:
            TimedOutError: names the limit that ran out.
        """
        which, seconds = self._tightest()
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                return await work
        except TimeoutError:
            raise timed_out(which, self._limits[which], model=self._model) from None

    def _tightest(self) -> tuple[str, float]:
        first = ("idle", self._limits["idle"]) if self._began else ("load", self._limits["load"] - self.elapsed)
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
