"""Asking a model within a budget of replies: from the journal where it answered before, and no call that failed counts.

The search that asks is not ours and swallows what goes wrong in it (gepa 0.1.4 goes on after a failed reflection until
its budget is gone); so what ends a tuning is no `Exception`, and passes through it.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from prentice.backends.parallel import gather
from prentice.backends.protocol import Backend, Recorder, Reply, Request
from prentice.errors import (
    BackendBusyError,
    BackendError,
    BackendUnreachableError,
    PrenticeError,
    StreamError,
    TimedOutError,
)
from prentice.evals.journal import Journal, key_of

MAX_FAILURES: Final = 5
"""Calls in a row that may fail before a tuning stops; what was answered by then is kept."""
_PASSING: Final = (BackendBusyError, BackendUnreachableError, StreamError, TimedOutError)
"""Failures after which the same call may succeed."""


class Ended(BaseException):
    """The search must end here. No `Exception`, so that nothing on the way takes it for a failure to go on after."""


class BudgetSpent(Ended):
    """The replies that may be asked for would be exceeded."""


class ModelFailed(Ended):
    """The model fails again and again, or in a way that will not pass."""

    def __init__(self, error: PrenticeError) -> None:
        super().__init__(error.message)
        self.error = error


class Answering:
    """Asks one model. `limit` is how many different replies may be used; `failures` counts the calls that failed.

    Replies from the journal count as any other: a tuning that was killed and begun anew ends where it would have ended.
    """

    def __init__(
        self, backend: Backend, *, runner: asyncio.Runner, journal: Journal, limit: int, recorder: Recorder | None
    ) -> None:
        self._backend = backend
        self._runner = runner
        self._recorder = recorder
        self.journal = journal
        self.limit = limit
        self.failures = 0
        self._in_a_row = 0
        self._used: set[str] = set()

    @property
    def used(self) -> int:
        """How many different replies were used."""
        return len(self._used)

    def ask(self, requests: Sequence[Request], *, version: str) -> list[Reply]:
        """Give the replies in the order of the requests; `version` is the template's, for the record of calls.

        Raises:
            BudgetSpent: they would exceed the budget; none of them was asked for.
            ModelFailed: too many calls in a row failed.
        """
        keys = [key_of(request) for request in requests]
        if len(self._used.union(keys)) > self.limit:
            raise BudgetSpent
        self._used.update(keys)
        missing = {key: request for key, request in zip(keys, requests, strict=True) if key not in self.journal}
        while missing:
            self._runner.run(self._all(missing, version))
            missing = {key: request for key, request in missing.items() if key not in self.journal}
        return [self.journal[key] for key in keys]

    async def _all(self, missing: dict[str, Request], version: str) -> None:
        tasks = [asyncio.create_task(self._one(key, request, version)) for key, request in missing.items()]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(self, key: str, request: Request, version: str) -> None:
        """Ask once and keep the reply at once: what was answered stays answered, whatever happens to the others."""
        try:
            [reply] = await gather(self._backend, [request], recorder=self._recorder, prompt_version=version)
        except BackendError as error:
            self.failures += 1
            self._in_a_row += 1
            if self._in_a_row >= MAX_FAILURES or not isinstance(error, _PASSING):
                raise ModelFailed(error) from error
        else:
            self._in_a_row = 0
            self.journal.keep(key, reply)
