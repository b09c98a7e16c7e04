import asyncio
import json
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from prentice.errors import BackendBusyError, LedgerError, TextError
from prentice.ledger.database import Database
from prentice.ledger.leases import Leases
from prentice.ledger.migrations import LEDGER
from prentice.ledger.runs_table import RunsTable, Submission
from prentice.ledger.workers_table import WorkersTable
from prentice.runs.engine import DurableRuns
from prentice.runs.protocol import Step, StepContext
from prentice.runs.registry import Need, Registry
from prentice.runs.worker import work

PATIENCE = 30
LEASE = 0.6


@dataclass
class World:
    """What the steps of these tests touch."""

    done: list[Any] = field(default_factory=list)
    options: list[Any] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    rival: Leases | None = None
    at_once: int = 0
    most_at_once: int = 0


Context = StepContext[World]


async def note(context: Context, *, what: object) -> object:
    context.services.done.append(what)
    return what


async def busy_twice(context: Context) -> str:
    context.services.done.append("tried")
    if len(context.services.done) < 3:
        raise BackendBusyError("The queue is full.", next_step="Wait.")
    return "answered"


async def use_backend(context: Context, *, number: int) -> int:
    world = context.services
    world.at_once += 1
    world.most_at_once = max(world.most_at_once, world.at_once)
    world.done.append(number)
    for _ in range(5):
        await asyncio.sleep(0)
    world.at_once -= 1
    return number


async def block(context: Context) -> str:
    context.services.done.append("blocks")
    context.report({"doing": "blocking"})
    await context.services.gate.wait()
    return "went on"


async def compute_for_long(context: Context) -> str:
    end = time.monotonic() + 3 * LEASE
    while time.monotonic() < end:
        pass  # the event loop stands still
    assert context.services.rival is not None
    context.services.done.append(context.services.rival.claim("rival", kinds=["computes"]))
    return context.key


async def notes(step: Step, arguments: Mapping[str, Any]) -> object:
    return await step.do("note", what=arguments["what"])


async def asks(step: Step, _arguments: Mapping[str, Any]) -> object:
    return await step.do("busy_twice")


async def uses(step: Step, arguments: Mapping[str, Any]) -> object:
    return await step.do("use_backend", number=arguments["number"])


async def blocks(step: Step, _arguments: Mapping[str, Any]) -> object:
    return await step.do("block")


async def computes(step: Step, _arguments: Mapping[str, Any]) -> object:
    return await step.do("compute_for_long")


async def asks_two_at_once(step: Step, _arguments: Mapping[str, Any]) -> object:
    return await asyncio.gather(step.wait("one"), step.do("note", what="beside"), step.wait("two"))


async def a_server(_world: World, arguments: Mapping[str, Any]) -> Need:
    return Need(resource="a server", limit=4, count=4 if arguments["number"] == 3 else 2)


def registry() -> Registry[World]:
    made: Registry[World] = Registry()
    for body in (notes, asks, uses, blocks, computes, asks_two_at_once):
        made.add_body(body.__name__, body)
    for step in (note, busy_twice, block, compute_for_long):
        made.add_step(step.__name__, step)
    made.add_step("use_backend", use_backend, needs=a_server)
    return made


def of(world: World) -> Any:
    @asynccontextmanager
    async def services(_run: str, options: object) -> AsyncIterator[World]:
        world.options.append(options)
        yield world

    return services


@pytest.fixture
def table(tmp_path: Path) -> Iterator[RunsTable]:
    database = Database(tmp_path / "ledger.db", LEDGER)
    yield RunsTable(database)
    database.close()


def submitted(table: RunsTable, kind: str, arguments: object = None, **more: Any) -> str:
    return table.submit(Submission(kind=kind, arguments=arguments, **more)).id


def worked(table: RunsTable, world: World, **options: Any) -> int:
    """Let a worker do what there is."""

    async def main() -> int:
        async with asyncio.timeout(PATIENCE):
            return await work(table, registry(), of(world), **{"idle_seconds": 0.2, "lease": LEASE, **options})

    return asyncio.run(main())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - the conditions are of other processes and threads
            await asyncio.sleep(0.01)


def test_a_worker_carries_what_is_there_with_its_options_and_ends_when_idle(table: RunsTable) -> None:
    world = World()
    for number in range(3):
        submitted(table, "notes", {"what": number}, options={"model": f"m{number}"})
    assert worked(table, world, slots=1) == 3
    assert world.done == [0, 1, 2]
    assert world.options == [{"model": "m0"}, {"model": "m1"}, {"model": "m2"}]
    assert [table.get(run).result for run in ("R-1", "R-2", "R-3")] == [0, 1, 2]
    assert WorkersTable(table.database).living() == []


def test_a_worker_that_was_started_for_a_while_leaves_the_work_to_one_that_lives(table: RunsTable) -> None:
    run = submitted(table, "notes", {"what": 1})
    WorkersTable(table.database).arrive("another", seconds=60)
    assert worked(table, World()) == 0
    assert table.get(run).state == "queued"


def test_what_a_worker_carries_when_it_is_ended_is_free_at_once(table: RunsTable) -> None:
    run = submitted(table, "blocks")
    world = World()

    async def main() -> None:
        working = asyncio.create_task(work(table, registry(), of(world), lease=60))
        await until(lambda: bool(world.done))
        assert WorkersTable(table.database).living() != []
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working

    asyncio.run(main())
    assert table.get(run).state == "queued"
    world.gate.set()
    assert worked(table, world) == 1
    assert table.get(run).result == "went on"


def test_an_error_that_passes_is_tried_again_as_often_as_was_asked_for(table: RunsTable) -> None:
    patient = submitted(table, "asks", retries={"backend_busy": (2, 0.05)})
    world = World()
    worked(table, world)
    assert (table.get(patient).state, table.get(patient).result) == ("finished", "answered")
    assert [event.data["error"]["code"] for event in table.events(patient) if event.kind == "retry"] == [
        "backend_busy", "backend_busy",
    ]  # fmt: skip
    hasty = submitted(table, "asks", retries={"timed_out": (9, 0.05)})
    worked(table, World())
    assert table.get(hasty).error["code"] == "backend_busy"


def test_a_worker_tries_again_what_was_submitted_without_a_word_on_it_and_a_command_does_not(table: RunsTable) -> None:
    run = submitted(table, "asks")
    worked(table, World(), retries={"backend_busy": (2, 0.05)})
    assert table.get(run).result == "answered"

    async def main() -> None:
        async with DurableRuns(table, registry(), of(World())) as runs:
            with pytest.raises(BackendBusyError):
                await runs.outcome(await runs.submit("asks", {}))

    asyncio.run(main())


def test_a_resource_is_used_up_to_its_limit_in_the_order_of_asking(table: RunsTable) -> None:
    world = World()

    async def main() -> None:
        async with DurableRuns(table, registry(), of(world), slots=6) as runs:
            made = [await runs.submit("uses", {"number": number}) for number in range(6)]
            async with asyncio.timeout(PATIENCE):
                for run in made:
                    await runs.outcome(run)

    asyncio.run(main())
    assert world.most_at_once == 2
    assert sorted(world.done) == list(range(6))
    assert table.database.rows("SELECT * FROM holds") == []


def test_a_step_that_holds_up_the_event_loop_does_not_lose_its_run(table: RunsTable) -> None:
    run = submitted(table, "computes")
    elsewhere = Database(table.database.path, LEDGER)
    world = World(rival=Leases(database=elsewhere, seconds=LEASE))
    assert worked(table, world) == 1
    assert world.done == [None], "nobody else can claim it"
    elsewhere.close()
    assert [event.kind for event in table.events(run)] == ["begin", "step", "finished"]
    assert table.get(run).result == "R-1/compute_for_long/1"


def test_another_process_sees_progress_cancels_and_is_heard_at_once(table: RunsTable) -> None:
    run = submitted(table, "blocks")
    elsewhere = RunsTable(Database(table.database.path, LEDGER))
    world = World()

    async def main() -> None:
        async with DurableRuns(table, registry(), of(world), carries="all", lease=60) as runs:
            await until(lambda: elsewhere.get(run).progress == {"doing": "blocking"})
            begun = time.monotonic()
            assert elsewhere.cancel(run) == "running"
            await until(lambda: elsewhere.get(run).state == "cancelled")
            assert time.monotonic() - begun < 5, "long before the lease is renewed"
            assert runs.ended == 1

    asyncio.run(main())
    elsewhere.database.close()


def test_a_signal_of_another_process_wakes_a_parked_run_and_two_at_once_are_one(table: RunsTable) -> None:
    run = submitted(table, "asks_two_at_once")
    elsewhere = [RunsTable(Database(table.database.path, LEDGER)) for _ in range(2)]
    world = World()

    async def main() -> None:
        async with DurableRuns(table, registry(), of(world), carries="all") as runs:
            await until(lambda: table.get(run).state == "waiting")
            await until(lambda: not runs.carried)
            assert world.done == ["beside"]
            first = await asyncio.gather(
                *(asyncio.to_thread(other.signal, run, "two", n) for n, other in enumerate(elsewhere))
            )
            assert sorted(first) == [False, True]
            elsewhere[0].signal(run, "one", "yes")
            await until(lambda: table.get(run).state == "finished")
            assert table.get(run).result == ["yes", "beside", first.index(True)]

    asyncio.run(main())
    assert world.done == ["beside"], "replayed, not done again"
    for other in elsewhere:
        other.database.close()


def test_a_step_that_this_version_lacks_ends_the_run_and_retrying_goes_on(table: RunsTable) -> None:
    run = submitted(table, "notes", {"what": 1})
    old: Registry[World] = Registry()
    old.add_body("notes", notes)

    async def main() -> None:
        await work(table, old, of(World()), idle_seconds=0.2)

    asyncio.run(main())
    assert table.get(run).error["message"] == "This version has no step 'note'."
    table.retry(run)
    assert worked(table, World()) == 1
    assert table.get(run).result == 1


def test_a_ledger_that_is_locked_for_a_while_delays_a_worker_and_loses_nothing(table: RunsTable) -> None:
    run = submitted(table, "notes", {"what": 1})
    other = sqlite3.connect(table.database.path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    freeing = threading.Timer(0.5, other.rollback)
    freeing.start()
    worked(table, World())
    freeing.join()
    other.close()
    assert table.get(run).result == 1


def test_a_ledger_that_stays_unusable_ends_a_worker_with_its_error(
    table: RunsTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prentice.runs.engine._POLL_SECONDS", 0.001)
    submitted(table, "notes", {"what": 1})
    table.database.close()
    with pytest.raises(LedgerError):
        worked(table, World(), idle_seconds=None)


def test_ten_thousand_queued_runs_do_not_slow_a_claim_down(table: RunsTable) -> None:
    with table.database.transaction() as connection:
        connection.executemany(
            "INSERT INTO runs (scope, number, kind, state, arguments, created, updated)"
            " VALUES ('', ?, 'notes', 'queued', '{\"what\":1}', 1, 1)",
            [(number,) for number in range(1, 10_001)],
        )
    plan = table.database.rows(
        "EXPLAIN QUERY PLAN SELECT number FROM runs WHERE scope = '' AND state = 'queued' AND blocked = 0"
        " AND not_before <= 1 AND kind IN ('notes') ORDER BY priority DESC, number LIMIT 1"
    )
    assert [row["detail"] for row in plan] == ["SEARCH runs USING INDEX runs_ready (scope=?)"], "no sorting, no scan"
    assert submitted(table, "notes", {"what": 1}) == "R-10001"
    world = World()

    async def main() -> None:
        async with DurableRuns(table, registry(), of(world), carries="all", slots=4) as runs:
            await until(lambda: runs.ended >= 40)

    asyncio.run(main())


def test_typed_errors_come_back_in_their_class_from_another_process(table: RunsTable) -> None:
    run = submitted(table, "notes", {"what": 1})
    with table.database.transaction() as connection:
        document = TextError("The text is empty.", next_step="Write one.", details={"at": 3}).document()["error"]
        connection.execute("UPDATE runs SET state = 'failed', error = ?", (json.dumps(document),))

    async def main() -> None:
        async with DurableRuns(table, registry(), of(World())) as runs:
            with pytest.raises(TextError) as caught:
                await runs.outcome(run)
            assert (caught.value.next_step, caught.value.details) == ("Write one.", {"at": 3})

    asyncio.run(main())
