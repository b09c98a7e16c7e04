"""Bodies and step functions by name: what a ledger's rows refer to."""

from collections.abc import Awaitable, Callable
from typing import Generic

from prentice.errors import RunError
from prentice.runs.protocol import Body, Json, S, StepContext

StepFunction = Callable[..., Awaitable[Json]]


class Registry(Generic[S]):
    """Names of bodies and steps. `S` is the type of the services that step functions need."""

    def __init__(self) -> None:
        self._bodies: dict[str, Body] = {}
        self._steps: dict[str, StepFunction] = {}

    def add_body(self, name: str, body: Body) -> None:
        """Register a body; a name stands for one body for ever."""
        self._bodies[name] = body

    def add_step(self, name: str, function: StepFunction) -> None:
        """Register a step function: `async def f(context: StepContext[S], *, ...) -> JSON`."""
        self._steps[name] = function

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

    async def call_step(self, name: str, context: StepContext[S], arguments: dict[str, Json]) -> Json:
        """Call a step function.

        Raises:
            RunError: this version of Prentice has none of that name.
        """
        if name not in self._steps:
            raise RunError(f"This version has no step {name!r}.", next_step="Use the version that started the run.")
        return await self._steps[name](context, **arguments)
