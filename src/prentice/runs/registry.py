"""Bodies and step functions by name: what a ledger's rows refer to."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Generic, TypeAlias

from prentice.errors import RunError
from prentice.runs.protocol import Body, Json, S, StepContext

StepFunction = Callable[..., Awaitable[Json]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a step uses beside the processor, such as a server: `count` parts of a resource that has `limit` parts."""

    resource: str
    limit: int
    count: int = 1


Needs: TypeAlias = Callable[[S, Mapping[str, Json]], Awaitable[Need | None]]
"""Says what a step needs, from the services and the step's arguments; None for nothing."""


class Registry(Generic[S]):
    """Names of bodies and steps. `S` is the type of the services that step functions need."""

    def __init__(self) -> None:
        self._bodies: dict[str, Body] = {}
        self._steps: dict[str, StepFunction] = {}
        self._needs: dict[str, Needs[S]] = {}
        self._quiet: set[str] = set()

    def add_body(self, name: str, body: Body) -> None:
        """Register a body; a name stands for one body for ever."""
        self._bodies[name] = body

    def add_step(self, name: str, function: StepFunction, *, needs: Needs[S] | None = None, acts: bool = True) -> None:
        """Register a step function: `async def f(context: StepContext[S], *, ...) -> JSON`.

        `needs` says which resource a step uses, such as a server of models; the engine bounds how many do at a time.
        A step that does not `act` changes nothing that outlives it, such as one that reads or asks: it may begin before
        what it builds on is on the disk.
        """
        self._steps[name] = function
        if not acts:
            self._quiet.add(name)
        if needs is not None:
            self._needs[name] = needs

    @property
    def kinds(self) -> Collection[str]:
        """The names of the bodies."""
        return self._bodies.keys()

    def body(self, name: str) -> Body:
        """Give a body.

        Raises:
            RunError: this version of Prentice has none of that name.
        """
        if name not in self._bodies:
            raise RunError(
                f"This version has no runs of the kind {name!r}.", next_step="Use the version that started the run."
            )
        return self._bodies[name]

    def acts(self, name: str) -> bool:
        """Say whether a step changes something outside the ledger that outlives it."""
        return name not in self._quiet

    async def need(self, name: str, services: S, arguments: Mapping[str, Json]) -> Need | None:
        """Give what a step needs; None for nothing."""
        needs = self._needs.get(name)
        return await needs(services, arguments) if needs else None

    async def call_step(self, name: str, context: StepContext[S], arguments: dict[str, Json]) -> Json:
        """Call a step function.

        Raises:
            RunError: this version of Prentice has none of that name.
        """
        if name not in self._steps:
            raise RunError(f"This version has no step {name!r}.", next_step="Use the version that started the run.")
        return await self._steps[name](context, **arguments)
