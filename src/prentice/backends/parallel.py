"""Many requests at once: within what the backend takes, fair among callers, ended together, answered in order."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Literal, Protocol, overload, runtime_checkable
from weakref import WeakKeyDictionary

from prentice.backends.call import complete
from prentice.backends.patience import Patience
from prentice.backends.protocol import Backend, Piece, Recorder, Reply, Request
from prentice.backends.turns import Turns, current_caller
from prentice.errors import PrenticeError

MOST_AT_ONCE: Final = 16
"""Requests at a time for a backend that does not share out turns by itself."""

_loops: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Turns]]" = WeakKeyDictionary()


@runtime_checkable
class SharesTurns(Protocol):
    """A backend that lets each request wait for its turn by itself, because it learns how many it can take."""

    @property
    def turns(self) -> Turns:
        """The turns of all its requests in this event loop."""
        ...


@overload
async def gather(
    backend: Backend,
    requests: Sequence[Request],
    *,
    on_error: Literal["stop"] = "stop",
    recorder: Recorder | None = None,
    on_piece: Callable[[int, Piece], None] | None = None,
    prompt_version: str = "",
) -> list[Reply]: ...


@overload
async def gather(
    backend: Backend,
    requests: Sequence[Request],
    *,
    on_error: Literal["collect"],
    recorder: Recorder | None = None,
    on_piece: Callable[[int, Piece], None] | None = None,
    prompt_version: str = "",
) -> list[Reply | PrenticeError]: ...


async def gather(
    backend: Backend,
    requests: Sequence[Request],
    *,
    on_error: Literal["stop", "collect"] = "stop",
    recorder: Recorder | None = None,
    on_piece: Callable[[int, Piece], None] | None = None,
    prompt_version: str = "",
) -> list[Reply] | list[Reply | PrenticeError]:
    """Run requests at the same time, as many as the backend takes, and give their replies in the order of the requests.

    With `stop` the first failure ends all the others and is raised. With `collect` the others go on, and the error
    stands in the place of its reply. Cancelling the task that waits ends all of them. The wait for a turn counts into
    each request's deadline; several gatherings share a backend in turn, one request each. `on_piece` gets the place of
    the request with each piece.

    Raises:
        BackendError: a request failed, with `stop`.
    """
    outcomes: list[Reply | PrenticeError | None] = [None] * len(requests)

    async def run(place: int, request: Request) -> None:
        hand_on = None if on_piece is None else lambda piece: on_piece(place, piece)
        try:
            outcomes[place] = await _bounded(
                backend, request, recorder=recorder, on_piece=hand_on, prompt_version=prompt_version
            )
        except PrenticeError as error:
            outcomes[place] = error
            if on_error == "stop":
                raise

    caller = current_caller.set(object())
    try:
        async with asyncio.TaskGroup() as group:
            for place, request in enumerate(requests):
                group.create_task(run(place, request))
    except BaseExceptionGroup as failures:
        # Of failures at the same moment the first is raised: what a caller of one request would see.
        raise failures.exceptions[0] from None
    finally:
        current_caller.reset(caller)
    return [outcome for outcome in outcomes if outcome is not None]


def turns_of(backend: Backend) -> Turns:
    """Give the turns of a backend's requests in this event loop."""
    if isinstance(backend, SharesTurns):
        return backend.turns
    of_loop = _loops.setdefault(asyncio.get_running_loop(), {})
    return of_loop.setdefault(backend.name, Turns(MOST_AT_ONCE))


async def _bounded(
    backend: Backend,
    request: Request,
    *,
    recorder: Recorder | None,
    on_piece: Callable[[Piece], None] | None,
    prompt_version: str,
) -> Reply:
    """Run one request when its turn comes."""
    if isinstance(backend, SharesTurns):
        return await complete(backend, request, recorder=recorder, on_piece=on_piece, prompt_version=prompt_version)
    patience = Patience(
        load=request.deadline, idle=request.idle, deadline=request.deadline, model=request.model or backend.name
    )
    turns = turns_of(backend)
    turn = await patience.wait_for_turn(turns.take())
    try:
        bounded = replace(request, deadline=patience.left_in_all())
        return await complete(backend, bounded, recorder=recorder, on_piece=on_piece, prompt_version=prompt_version)
    finally:
        turns.give_back(turn)
