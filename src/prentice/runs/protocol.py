"""What a run is written against: two protocols, behind which any engine may stand.

A run's body is a module-level async function, registered by name. Between its steps it does no I/O and reads no clock
and no randomness: a step is a named function with JSON arguments and a JSON result. So the body can be run again from
the start at any time, with finished steps answered from memory, and comes to the same point.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

Json: TypeAlias = Any
S = TypeVar("S")


class Step(Protocol):
    """What a body is given: the only way to do something."""

    async def do(self, name: str, /, **arguments: Json) -> Json:
        """Run the step function of that name once, and give its result; a finished step's result is remembered.

        A step that was cut short by the end of its process runs again: what it does outside must bear that.
        """
        ...

    async def wait(self, signal: str) -> Json:
        """Wait until someone sends the run a signal of that name, and give the signal's value.

        The first value for a name stays. A body that asks several times asks under several names.
        """
        ...

    async def now(self) -> float:
        """Give the time of the first asking, in seconds since the epoch; the same when the body runs again."""
        ...

    async def new_id(self) -> str:
        """Give a fresh unique id; the same when the body runs again."""
        ...


Body: TypeAlias = Callable[[Step, Mapping[str, Json]], Coroutine[Json, Json, Json]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened in a run: a state, a step that begins or has finished, or passing progress (not kept)."""

    kind: str
    data: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """A run as it stands. `error` is an error document of a failed run."""

    id: str
    kind: str
    state: str
    arguments: Json
    result: Json
    error: Json


@dataclass(frozen=True, slots=True)
class StepContext(Generic[S]):
    """What a step function is given beside its arguments: the program's services, and a way to report progress.

    `key` names this step of this run, the same when it runs again: what is done twice under it can be done once.
    """

    services: S
    run: str
    report: Callable[[Json], None]
    key: str = ""


class Runs(Protocol):
    """An engine that carries runs."""

    async def submit(self, kind: str, arguments: Mapping[str, Json]) -> str:
        """Start a run of a registered body and give its id."""
        ...

    async def get(self, run: str) -> RunState:
        """Give a run as it stands.

        Raises:
            RunError: there is none of that id.
        """
        ...

    def watch(self, run: str) -> AsyncIterator[Event]:
        """Give the events of a run from its beginning, until it has ended."""
        ...

    async def signal(self, run: str, name: str, value: Json) -> None:
        """Send a waiting run a signal."""
        ...

    async def cancel(self, run: str) -> None:
        """End a run at its next step."""
        ...
