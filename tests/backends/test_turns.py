import asyncio
from collections.abc import Awaitable, Callable

import pytest

from prentice.backends.turns import MOST_PASSES, Turn, Turns, current_caller


class Workers:
    """Requests that note when they begin, and work until they are told to end."""

    def __init__(self, limit: int) -> None:
        self.turns = Turns(limit)
        self.began: list[str] = []
        self.tasks: dict[str, asyncio.Task[Turn]] = {}
        self._ends: dict[str, asyncio.Event] = {}

    async def come(self, name: str, *, kind: str = "", caller: object = None) -> None:
        token = current_caller.set(caller)
        self._ends[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._work(name, kind))
        current_caller.reset(token)
        await settle()

    async def end(self, name: str) -> Turn:
        self._ends[name].set()
        turn = await self.tasks[name]
        await settle()
        return turn

    async def end_all(self) -> None:
        for event in self._ends.values():
            event.set()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)

    async def _work(self, name: str, kind: str) -> Turn:
        async with self.turns.turn(kind) as turn:
            self.began.append(name)
            await self._ends[name].wait()
        return turn


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def run(limit: int, story: Callable[[Workers], Awaitable[None]]) -> Workers:
    async def whole() -> Workers:
        workers = Workers(limit)
        async with asyncio.timeout(10.0):
            await story(workers)
            await workers.end_all()
        assert (workers.turns.working, workers.turns.waiting) == (0, 0)
        return workers

    return asyncio.run(whole())


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_no_more_than_the_limit_work_at_a_time_in_the_order_in_which_they_came(limit: int) -> None:
    async def story(workers: Workers) -> None:
        for number in range(8):
            await workers.come(f"{number}")
        assert workers.began == [f"{number}" for number in range(limit)]
        assert workers.turns.waiting == 8 - limit
        await workers.end("0")
        assert workers.began[-1] == f"{limit}"

    assert run(limit, story).began == [f"{number}" for number in range(8)]


def test_a_higher_limit_lets_those_that_wait_begin_and_a_lower_one_holds_for_the_next() -> None:
    async def story(workers: Workers) -> None:
        for name in "abcdef":
            await workers.come(name)
        workers.turns.set_limit(3)
        await settle()
        assert workers.began == ["a", "b", "c"]
        workers.turns.set_limit(1)
        await workers.end("a")
        await workers.end("b")
        assert workers.began == ["a", "b", "c"]
        await workers.end("c")
        assert workers.began == ["a", "b", "c", "d"]

    run(1, story)


def test_a_caller_with_many_requests_does_not_hold_up_one_with_few() -> None:
    async def story(workers: Workers) -> None:
        for number in range(6):
            await workers.come(f"many{number}", caller="many")
        for number in range(2):
            await workers.come(f"few{number}", caller="few")
        for name in ("many0", "few0", "many1", "few1", "many2"):
            assert workers.began[-1] == name
            await workers.end(name)

    run(1, story)


def test_calls_without_a_caller_share_one_turn_with_the_others() -> None:
    async def story(workers: Workers) -> None:
        await workers.come("first")
        for number in range(3):
            await workers.come(f"group{number}", caller="group")
        for number in range(3):
            await workers.come(f"alone{number}")
        for _ in range(7):
            await workers.end(workers.began[-1])

    began = run(1, story).began
    assert began == ["first", "group0", "group1", "alone0", "group2", "alone1", "alone2"]


def test_requests_for_one_kind_go_together_and_the_next_kind_begins_when_they_are_done() -> None:
    async def story(workers: Workers) -> None:
        for number, kind in enumerate("abab"):
            await workers.come(f"{kind}{number}", kind=kind)
        assert workers.began == ["a0", "a2"]
        await workers.end("a0")
        assert workers.began == ["a0", "a2"]  # the other kind would push out what is still at work
        await workers.end("a2")
        assert workers.began == ["a0", "a2", "b1", "b3"]

    run(2, story)


def test_a_kind_is_not_passed_over_for_ever() -> None:
    async def story(workers: Workers) -> None:
        await workers.come("a0", kind="a")
        await workers.come("b", kind="b")
        for number in range(1, MOST_PASSES + 5):
            await workers.come(f"a{number}", kind="a")
        while workers.began[-1] != "b":
            await workers.end(workers.began[-1])
        assert len(workers.began) == MOST_PASSES + 2

    run(1, story)


def test_one_that_is_cancelled_while_it_waits_leaves_the_line() -> None:
    async def story(workers: Workers) -> None:
        for name in "abc":
            await workers.come(name)
        workers.tasks["b"].cancel()
        await settle()
        await workers.end("a")
        assert workers.began == ["a", "c"]

    run(1, story)


def test_one_that_is_cancelled_at_the_moment_of_its_turn_hands_it_on() -> None:
    async def story(workers: Workers) -> None:
        for name in "abc":
            await workers.come(name)
        workers.turns.set_limit(2)  # b has its turn, and has not run since
        workers.tasks["b"].cancel()
        await settle()
        assert workers.began == ["a", "c"]

    run(1, story)


def test_one_that_is_cancelled_at_work_hands_its_turn_on() -> None:
    async def story(workers: Workers) -> None:
        for name in "ab":
            await workers.come(name)
        workers.tasks["a"].cancel()
        await settle()
        assert workers.began == ["a", "b"]

    run(1, story)


def test_a_turn_knows_how_many_were_at_work_when_it_began() -> None:
    async def story(workers: Workers) -> None:
        await workers.come("a")
        await workers.come("b")
        await workers.come("c")
        assert (await workers.end("c")).place == 3
        assert (await workers.end("a")).place == 1
        await workers.come("d")
        await workers.end("b")
        assert (await workers.end("d")).place == 2

    run(3, story)
