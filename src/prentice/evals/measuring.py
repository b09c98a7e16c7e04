"""Carrying out many cases at once: each result kept as it comes, and an end where the backend is gone."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from prentice.errors import (
    BackendError,
    ModelUnsupportedError,
    PrenticeError,
    PromptTooLongError,
    ReplyCutError,
    ReplyError,
    StreamError,
    TimedOutError,
)
from prentice.evals.case import Case, Part
from prentice.evals.parts import breakdown, edit, optimize, review, summary
from prentice.evals.results import Results
from prentice.evals.stage import Calls, Stage
from prentice.evals.verdict import Result, Verdict

Measure: TypeAlias = Callable[[Case, Stage, Calls], Awaitable[Verdict]]

MEASURES: Final[Mapping[Part, Measure]] = {
    "breakdown": breakdown.measure, "edit": edit.measure, "optimize": optimize.measure, "review": review.measure,
    "summary": summary.measure, "tools": edit.measure,
}  # fmt: skip
OF_THE_MODEL: Final = (ReplyError, ReplyCutError, PromptTooLongError, StreamError, TimedOutError)
"""Failures that are the model's own on this case, and make it wrong; any other ends the evaluation."""
MAX_FAILURES: Final = 3
"""Calls in a row that came to no reply at all before an evaluation ends: the backend is not well, whatever it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an evaluation is: `done` of `of` cases, `kept` of them from before; `last` is the one that came now."""

    done: int
    of: int
    right: int
    kept: int
    last: Result | None = None


@dataclass(slots=True, kw_only=True)
class Measuring:
    """Does cases on one stage, `at_once` at a time, and keeps each result when it is there."""

    stage: Stage
    results: Results
    at_once: int
    on_progress: Callable[[Progress], None] = lambda _progress: None
    _silent: int = 0

    async def all(self, cases: Sequence[Case]) -> list[Result]:
        """Give the results of cases in their order; those that are kept already are not done again.

        Raises:
            BackendError: the backend is gone, or comes to no reply again and again.
            PrenticeError: something else is missing; what was measured is kept.
        """
        found = {
            case.name: result for case in cases if (result := self.results.get(case.name, case.digest)) is not None
        }
        kept = len(found)
        self._tell(found, cases, kept=kept)
        turns = asyncio.Semaphore(self.at_once)

        async def one(case: Case) -> None:
            async with turns:
                result = await self._done(case)
            self.results.keep(result)
            found[case.name] = result
            self._tell(found, cases, kept=kept, last=result)

        try:
            async with asyncio.TaskGroup() as group:
                for case in cases:
                    if case.name not in found:
                        group.create_task(one(case))
        except BaseExceptionGroup as failures:
            raise _first(failures) from None
        return [found[case.name] for case in cases]

    async def _done(self, case: Case) -> Result:
        begun, at = time.monotonic(), time.time()
        calls = Calls(self.stage.recorder)
        try:
            verdict = await MEASURES[case.part](case, self.stage, calls)
        except OF_THE_MODEL as error:
            await self._still_there(error)
            verdict = Verdict(right=False, why=error.message, first_valid=False, details={"error": error.code})
        else:
            self._silent = 0
        return Result.of(case, verdict, at=at, seconds=time.monotonic() - begun, calls=calls.made)

    async def _still_there(self, error: PrenticeError) -> None:
        """Tell a model that fails from a backend that is gone.

        Raises:
            BackendError: it is gone, or came to no reply several times in a row.
        """
        if not isinstance(error, StreamError | TimedOutError):
            self._silent = 0
            return
        self._silent += 1
        if self._silent >= MAX_FAILURES:
            raise error
        await self.stage.choice.backend.models()

    def _tell(
        self, found: Mapping[str, Result], cases: Sequence[Case], *, kept: int, last: Result | None = None
    ) -> None:
        right = sum(result.right for result in found.values())
        self.on_progress(Progress(done=len(found), of=len(cases), right=right, kept=kept, last=last))


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """Give the failure to tell of: of several at the same moment that of the backend."""
    plain = [error for error in failures.exceptions if not isinstance(error, BaseExceptionGroup)]
    backend = [
        error for error in plain if isinstance(error, BackendError) and not isinstance(error, ModelUnsupportedError)
    ]
    return (backend or plain or list(failures.exceptions))[0]
