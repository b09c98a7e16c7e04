"""Breakdowns that this server carries: each goes on while calls come, wait for it a while, and go."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from prentice.errors import PrenticeError, RunError, StoppedError
from prentice.library import Prentice

if TYPE_CHECKING:
    from prentice.runs.protocol import Event
    from prentice.skills.breakdown.proposal import Proposal

Report: TypeAlias = Callable[[float, float | None, str | None], Awaitable[None]]
"""Tells the client of progress: seconds so far, no total, and what is being done."""

_PROGRESS_SECONDS: Final = 0.5


class RecordedError(PrenticeError):
    """An error that ended a run, read back from the ledger."""

    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__(document["message"], next_step=document["next_step"])
        self.code = document["code"]


@dataclass(slots=True)
class LiveRun:
    """A run of this process. `doing` says what it is at."""

    work: "asyncio.Task[Proposal]"
    begun: float
    id: str = ""
    doing: str = "gathering facts"
    waiting: int = 0

    async def wait(self, *, until: float, report: Report) -> bool:
        """Wait for the end until a time of the loop's clock, telling of progress; give whether it has ended.

        A client that cancels its call, while no other waits, stops the run.
        """
        loop = asyncio.get_running_loop()
        self.waiting += 1
        try:
            while not self.work.done() and (left := until - loop.time()) > 0:
                await asyncio.wait({self.work}, timeout=min(left, _PROGRESS_SECONDS))
                if not self.work.done():
                    await report(round(loop.time() - self.begun, 1), None, f"{self.id}: {self.doing}")
        except asyncio.CancelledError:
            if self.waiting == 1:
                self.work.cancel()
            raise
        finally:
            self.waiting -= 1
        return self.work.done()

    def proposal(self) -> "Proposal":
        """Give the plan of a run that has ended.

        Raises:
            PrenticeError: what ended it without one.
        """
        if self.work.cancelled():
            raise _stopped(self.id)
        return self.work.result()

    def hear(self, event: "Event") -> None:
        """Take an event of the run."""
        if event.kind != "progress":
            return
        said = event.data
        match said["doing"]:
            case "asking":
                again = " again, with its errors" if said["again"] else ""
                self.doing = f"asking {said['model']} on {said['backend']}{again}"
            case "done":
                self.doing = "checking the plan"
            case doing:
                self.doing = f"the model is {doing}, {said['pieces']} tokens"


class LiveRuns:
    """The runs of this process, by project or directory and id."""

    def __init__(self) -> None:
        self._runs: dict[tuple[bool, str], LiveRun] = {}

    async def start(self, project: Prentice, task: str, **options: Any) -> LiveRun:  # noqa: ANN401 - the library's own
        """Start a breakdown; `options` are those of the library's `breakdown_async`.

        Raises:
            PrenticeError: it ended before it had an id.
        """
        loop = asyncio.get_running_loop()
        begun: asyncio.Future[str] = loop.create_future()

        def hear(event: "Event") -> None:
            if event.kind == "started":
                begun.set_result(event.data["run"])
            live.hear(event)

        live = LiveRun(loop.create_task(project.breakdown_async(task, on_event=hear, **options)), loop.time())
        first: list[asyncio.Future[Any]] = [live.work, begun]
        try:
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            live.work.cancel()
            raise
        if not begun.done():
            live.proposal()
        live.id = begun.result()
        key = _key(project, live.id)
        self._runs[key] = live
        live.work.add_done_callback(lambda work: self._ended(key, work))
        return live

    def get(self, project: Prentice, run_id: str) -> LiveRun | None:
        """Give a run that goes on here, also one that began before the directory became a project."""
        return self._runs.get(_key(project, run_id)) or self._runs.get((False, run_id))

    async def close(self) -> None:
        """Stop all runs; the ledger remembers them as cancelled."""
        left = [live.work for live in self._runs.values()]
        for work in left:
            work.cancel()
        for work in left:
            with suppress(asyncio.CancelledError, PrenticeError):
                await work

    def _ended(self, key: tuple[bool, str], work: "asyncio.Task[Proposal]") -> None:
        del self._runs[key]
        if not work.cancelled():
            work.exception()  # looked at here: that nobody waits for a failed run is no defect, the ledger has it


def recorded(project: Prentice, run_id: str) -> "Proposal":
    """Give the plan of a run that ended earlier, from the ledger.

    Raises:
        RunError: there is no such run, or another process carries it.
        PrenticeError: what ended it without a plan.
    """
    run = project.run_state(run_id)
    if run.state == "finished":
        return project.proposal(run.result)
    if run.state == "failed":
        raise RecordedError(run.error)
    if run.state == "running":
        raise RunError(
            f"{run_id} is not carried by this server: another process is at it, or was ended in the middle.",
            next_step="Call again with `task` and without `run_id` to start a new one.",
        )
    raise _stopped(run_id)


def _stopped(run_id: str) -> StoppedError:
    return StoppedError(f"{run_id} was stopped.", next_step="Call again with `task` and without `run_id`.")


def _key(project: Prentice, run_id: str) -> tuple[bool, str]:
    """Tell a project's runs from those that were made in the directory before it became one."""
    return project.project is not None, run_id
