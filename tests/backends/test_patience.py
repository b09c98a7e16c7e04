import asyncio
from collections.abc import Awaitable, Callable

import pytest

from prentice.backends.patience import Patience
from prentice.errors import TimedOutError


def run(
    story: Callable[[Patience], Awaitable[None]], *, load: float, idle: float = 60.0, deadline: float = 60.0
) -> None:
    async def whole() -> None:
        async with asyncio.timeout(20.0):
            await story(Patience(load=load, idle=idle, deadline=deadline, model="tiny"))

    asyncio.run(whole())


def limit_of(story: Callable[[Patience], Awaitable[None]], **limits: float) -> object:
    with pytest.raises(TimedOutError) as caught:
        run(story, **limits)
    return caught.value.details["limit"]


async def wait_for_ever(patience: Patience) -> None:
    await patience.wait(asyncio.Event().wait())


async def after_a_piece(patience: Patience) -> None:
    patience.piece_came()
    await wait_for_ever(patience)


def test_the_limit_that_ran_out_is_named() -> None:
    assert limit_of(wait_for_ever, load=0.05) == "load"
    assert limit_of(wait_for_ever, load=5.0, deadline=0.05) == "deadline"
    assert limit_of(after_a_piece, load=0.0, idle=0.05) == "idle"
    assert limit_of(after_a_piece, load=0.0, idle=0.2, deadline=0.3) == "idle"  # though less is left of the deadline


def test_the_time_for_loading_counts_anew_when_it_begins_anew_also_in_the_middle_of_a_wait() -> None:
    async def story(patience: Patience) -> None:
        async def others() -> None:
            for _ in range(10):
                await asyncio.sleep(0.1)
                patience.load_begins()

        async with asyncio.TaskGroup() as group:
            done = group.create_task(others())
            await patience.wait(asyncio.shield(done))

    run(story, load=0.6)


def test_a_load_that_began_late_still_ends() -> None:
    async def story(patience: Patience) -> None:
        patience.load_begins()
        await wait_for_ever(patience)

    assert limit_of(story, load=0.1) == "load"


def test_beginning_to_load_after_the_first_piece_changes_nothing() -> None:
    async def story(patience: Patience) -> None:
        patience.piece_came()
        waiting = asyncio.create_task(wait_for_ever(patience))
        await asyncio.sleep(0)
        patience.load_begins()
        await waiting

    assert limit_of(story, load=60.0, idle=0.1) == "idle"


def test_the_wait_for_a_turn_has_the_deadline_alone() -> None:
    async def story(patience: Patience) -> None:
        await patience.wait_for_turn(asyncio.Event().wait())

    assert limit_of(story, load=0.0, idle=0.0, deadline=0.1) == "deadline"
