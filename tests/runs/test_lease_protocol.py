"""A model check of the lease protocol: every order of what two processes can do, to a bound, on the real SQL.

The processes claim, renew, begin and keep steps and end a run through the real functions on a real file; between any
two of these the clock may pass a lease, be set back, a process may crash, and someone may cancel. That a process is
suspended needs no move of its own: it is what happens in all the orders in which it does nothing for long.
"""

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from sqlite3 import Connection
from typing import TypeAlias

import pytest

from prentice.errors import LeaseLostError
from prentice.ledger.database import Database
from prentice.ledger.leases import Claim, Leases
from prentice.ledger.migrations import LEDGER
from prentice.ledger.runs_table import RunsTable, Submission

STEPS = ("first", "second")
LEASE = 10.0
TABLES = ("steps", "runs")
Rows: TypeAlias = tuple[tuple[tuple[object, ...], ...], ...]


class BrokenRuleError(Exception):
    """A rule of the protocol does not hold."""


@dataclass(frozen=True)
class Process:
    """What one process believes: its claim, and the step that it is in."""

    claim: Claim | None = None
    step: str = ""


@dataclass(frozen=True)
class Moment:
    """Everything at one moment: the database, the clock, the processes, and how much may still go wrong."""

    rows: Rows
    now: float
    processes: tuple[Process, ...]
    expiries: int
    crashes: int
    setbacks: int
    cancels: int
    kept: tuple[str, ...] = ()
    ends: int = 0


class World:
    """The real tables on one database, which is put into any moment."""

    def __init__(self, database: Database, kind: type[Leases]) -> None:
        self.database = database
        self.now = 1000.0
        self.table = RunsTable(database, clock=lambda: self.now)
        self.leases = kind(database=database, seconds=LEASE, clock=lambda: self.now)

    def restore(self, moment: Moment) -> None:
        with self.database.transaction(durable=False) as connection:
            for table in ("events", *TABLES):
                connection.execute(f"DELETE FROM {table}")
            for table, rows in zip(reversed(TABLES), reversed(moment.rows), strict=True):
                for row in rows:
                    connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
        self.now = moment.now

    def rows(self) -> Rows:
        return tuple(tuple(tuple(row) for row in self.database.rows(f"SELECT * FROM {table}")) for table in TABLES)


def held(world: World, process: Process) -> bool:
    """Say whether the ledger agrees that a process holds the run."""
    row = world.table.get("R-1")
    return process.claim is not None and row.state == "running" and row.token == process.claim.token


def moves(moment: Moment) -> Iterator[tuple[str, int]]:
    for number, process in enumerate(moment.processes):
        if process.claim is None:
            yield "claim", number
        else:
            yield "go on", number
            yield "renew", number
            if moment.crashes:
                yield "crash", number
    if moment.expiries:
        yield "expire", 0
    if moment.setbacks:
        yield "set back", 0
    if moment.cancels:
        yield "cancel", 0


def after(world: World, moment: Moment, move: str, number: int) -> Moment:
    """Make one move and give the moment that follows, having checked what a process was let do."""
    world.restore(moment)
    process = moment.processes[number]
    match move:
        case "expire":
            moment = replace(moment, now=moment.now + LEASE + 1, expiries=moment.expiries - 1)
        case "set back":
            moment = replace(moment, now=moment.now - 100 * LEASE, setbacks=moment.setbacks - 1)
        case "cancel":
            world.table.cancel("R-1")
            moment = replace(moment, cancels=moment.cancels - 1)
        case "crash":
            process, moment = Process(), replace(moment, crashes=moment.crashes - 1)
        case "claim":
            process = Process(world.leases.claim(f"process {number}", kinds=["k"]))
        case _:
            process, moment = carried_on(world, moment, process, move)
    processes = (*moment.processes[:number], process, *moment.processes[number + 1 :])
    if sum(held(world, each) for each in processes) > 1:
        raise BrokenRuleError("two processes hold the run")
    return replace(moment, rows=world.rows(), processes=processes)


def carried_on(world: World, moment: Moment, process: Process, move: str) -> tuple[Process, Moment]:
    """Let a process that believes in its claim renew it, or do what comes next; it learns when it has lost the run."""
    claim = process.claim
    assert claim is not None
    was_held, is_final = held(world, process), world.table.get("R-1").state in {"finished", "cancelled"}
    left = [step for step in STEPS if world.table.step_result("R-1", step, 1) is None]
    try:
        if move == "renew":
            world.leases.renew(claim)
        elif process.step:
            world.leases.keep_step(claim, process.step, 1, claim.token)
            moment, process = replace(moment, kept=(*moment.kept, process.step)), replace(process, step="")
        elif left:
            world.leases.begin_step(claim, left[0], 1)
            process = replace(process, step=left[0])
        else:
            world.leases.finish(claim, "finished")
            moment, process = replace(moment, ends=moment.ends + 1), Process()
    except LeaseLostError:
        if was_held:
            raise BrokenRuleError("a holder was refused") from None
        return Process(), moment
    if not was_held or is_final:
        raise BrokenRuleError("a process that had lost the run was let write")
    if len(set(moment.kept)) < len(moment.kept):
        raise BrokenRuleError("a step was kept twice")
    if moment.ends > 1:
        raise BrokenRuleError("a run ended twice")
    return process, moment


def key(moment: Moment) -> tuple[object, ...]:
    """Give what makes a moment different from others: times only as far as leases are over or lie too far ahead."""
    run = moment.rows[1][0]
    beliefs = tuple((process.claim and process.claim.token, process.step) for process in moment.processes)
    columns = dict(zip(COLUMNS, run, strict=True))
    left = float(str(columns["lease_until"])) - moment.now
    lease = "over" if left <= 0 else "odd" if left > 2 * LEASE else "good"
    known = tuple(columns[name] for name in ("state", "token", "deaths", "cancel_wanted"))
    budget = (moment.expiries, moment.crashes, moment.setbacks, moment.cancels)
    return known, lease, beliefs, moment.kept, moment.ends, budget


COLUMNS: list[str] = []


def explore(database: Database, kind: type[Leases], *, budget: tuple[int, int, int, int], most: int) -> tuple[int, int]:
    """Visit every moment that can be reached and give how many there are, and in how many the run has finished."""
    COLUMNS[:] = [row["name"] for row in database.rows("SELECT name FROM pragma_table_info('runs')")]
    world = World(database, kind)
    world.table.submit(Submission(kind="k", arguments=None))
    first = Moment(world.rows(), world.now, (Process(), Process()), *budget)
    seen, front, ends = {key(first)}, [first], 0
    while front:
        moment = front.pop()
        for move, number in moves(moment):
            following = after(world, moment, move, number)
            if (found := key(following)) not in seen:
                assert len(seen) < most, "the bounds are too wide for a test"
                seen.add(found)
                front.append(following)
                ends += following.ends
    return len(seen), ends


@pytest.fixture
def database() -> Iterator[Database]:
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as directory:
        database = Database(Path(directory) / "ledger.db", LEDGER)
        yield database
        database.close()


def test_in_no_order_do_two_holders_keep_the_same_step(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    moments, ends = explore(database, Leases, budget=(2, 1, 1, 1), most=100_000)
    with capsys.disabled():
        sys.stdout.write(f"\n{moments} moments of the lease protocol, {ends} with the run finished\n")
    assert moments > 1000
    assert ends > 100


class Unfenced(Leases):
    """Trusts the lease's owner instead of the token's number, as a queue without fencing does."""

    def _held(self, connection: Connection, claim: Claim, changes: str = "", *values: object) -> bool:
        rows = connection.execute("SELECT token FROM runs WHERE state = 'running'").fetchall()
        token = rows[0]["token"] if rows else claim.token
        return super()._held(connection, replace(claim, token=token), changes, *values)


def test_the_search_finds_what_goes_wrong_without_the_token(database: Database) -> None:
    with pytest.raises(BrokenRuleError, match="had lost the run was let write"):
        explore(database, Unfenced, budget=(1, 0, 0, 0), most=100_000)
