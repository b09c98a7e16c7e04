"""Carrying what the page begins, where workers in the background are forbidden."""

import asyncio
import logging
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from prentice.errors import PrenticeError
from prentice.library import Prentice

_IDLE_SECONDS: Final = 5.0
_log = logging.getLogger(__name__)


class Carrying:
    """Works in the page's own process where the setting `runs.worker` is `never`; else the library sees to a worker.

    When the page ends, what it carries is given back.
    """

    def __init__(self, *, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._work: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop = None
        if self._work is not None:
            self._work.cancel()
            with suppress(asyncio.CancelledError):
                await self._work

    def see_to_it(self, project: Prentice) -> None:
        """Have what waits in a directory's queue carried; may be called from any thread."""
        if project.settings.runs_worker == "never" and self._loop is not None:
            self._loop.call_soon_threadsafe(self._begin, project)

    def _begin(self, project: Prentice) -> None:
        if self._work is None or self._work.done():
            self._work = asyncio.get_running_loop().create_task(self._carry(project))

    async def _carry(self, project: Prentice) -> None:
        try:
            await project.work_async(idle_seconds=self._idle_seconds)
        except PrenticeError as error:
            _log.warning("%s %s", error.message, error.next_step)
