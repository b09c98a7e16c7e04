"""Ledgers and clocks in trouble: full, read-only, damaged, of another version; time that jumps."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from prentice.errors import LedgerError
from prentice.ledger.database import Database
from prentice.ledger.migrations import LEDGER
from prentice.ledger.runs_table import RunsTable, Submission
from prentice.runs.engine import DurableRuns
from prentice.runs.protocol import Step, StepContext
from prentice.runs.registry import Registry
from prentice.runs.worker import work

PATIENCE = 30
LARGE = "x" * 3_000_000


async def grow(context: StepContext[list[str]]) -> str:
    context.services.append("grown")
    return LARGE


async def hold(context: StepContext[list[str]]) -> str:
    context.services.append("holds")
    while "go" not in context.services:  # noqa: ASYNC110 - the test sets it from outside
        await asyncio.sleep(0.01)
    return "held"


async def grows(step: Step, _arguments: Mapping[str, Any]) -> object:
    return len(await step.do("grow"))


async def holds(step: Step, _arguments: Mapping[str, Any]) -> object:
    return await step.do("hold")


def registry() -> Registry[list[str]]:
    made: Registry[list[str]] = Registry()
    for body in (grows, holds):
        made.add_body(body.__name__, body)
    for step in (grow, hold):
        made.add_step(step.__name__, step)
    return made


def of(done: list[str]) -> Any:
    @asynccontextmanager
    async def services(_run: str, _options: object) -> AsyncIterator[list[str]]:
        yield done

    return services


@pytest.fixture
def table(tmp_path: Path) -> Iterator[RunsTable]:
    database = Database(tmp_path / "ledger.db", LEDGER)
    yield RunsTable(database)
    database.close()


TROUBLES: dict[str, tuple[str, str, str]] = {
    "a disk that is full": ("PRAGMA max_page_count = 60", "PRAGMA max_page_count = 1000000", "full"),
    "a file that cannot be written": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF", "readonly"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_what_cannot_be_kept_is_an_error_for_who_waits_and_the_run_goes_on_when_it_can(
    table: RunsTable, trouble: str
) -> None:
    begins, ends, says = TROUBLES[trouble]
    done: list[str] = []

    async def fails() -> None:
        async with DurableRuns(table, registry(), of(done)) as runs:
            run = await runs.submit("grows", {})
            table.database.rows(begins)
            events = runs.watch(run)
            with pytest.raises(LedgerError, match=says) as caught:
                await runs.outcome(run)
            assert "Free disk space" in caught.value.next_step
            assert [event.kind async for event in events][-1] == "failed", "who watches is not left waiting"
            with pytest.raises(LedgerError, match=says):
                await runs.submit("grows", {"more": LARGE})

    asyncio.run(fails())
    table.database.rows(ends)
    assert table.get("R-1").state == "running", "nothing could be written of it"
    with table.database.transaction() as connection:
        connection.execute("UPDATE runs SET lease_until = 1 WHERE number = 1")
    asyncio.run(work(table, registry(), of(done), idle_seconds=0.2))
    assert (table.get("R-1").state, table.get("R-1").result) == ("finished", len(LARGE))


def test_a_damaged_file_ends_a_worker_with_an_error_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    database = Database(path, LEDGER)
    table = RunsTable(database)
    for _ in range(200):
        table.submit(Submission(kind="holds", arguments={"x": "y" * 1000}))
    database.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xab" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(LedgerError, match=r"malformed|corrupt"):
        asyncio.run(work(RunsTable(Database(path, LEDGER)), registry(), of([]), idle_seconds=0.2))


def test_a_value_that_was_damaged_is_an_error_that_names_the_file(table: RunsTable) -> None:
    run = table.submit(Submission(kind="holds", arguments=[LARGE])).id
    with table.database.transaction() as connection:
        connection.execute("DELETE FROM blobs")
    with pytest.raises(LedgerError, match=r"ledger\.db is damaged"):
        table.get(run)


def test_a_clock_that_jumps_takes_no_run_from_a_carrier_that_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, jump = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + jump[0])
    databases = [Database(tmp_path / "ledger.db", LEDGER) for _ in range(2)]
    one, two = (RunsTable(database, clock=time.time) for database in databases)
    done: list[str] = []

    async def main() -> None:
        async with (
            DurableRuns(one, registry(), of(done), lease=1.5) as carrier,
            DurableRuns(two, registry(), of(done), lease=1.5, carries="all") as other,
        ):
            run = await carrier.submit("holds", {})
            await until(lambda: bool(done))
            for seconds in (86_400.0, -86_400.0):
                jump[0] += seconds
                seen = real()
                await until(lambda seen=seen: real() - seen > 1.2)  # type: ignore[misc]  # the default binds it
                assert (other.carried, two.get(run).owner) == ([], carrier.name)
            done.append("go")
            assert await carrier.outcome(run) == "held"

    async def until(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110 - the clock is no event
                await asyncio.sleep(0.01)

    asyncio.run(main())
    assert done.count("holds") == 1
    for database in databases:
        database.close()
