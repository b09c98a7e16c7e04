"""Workers that are killed and suspended, by seed: at every boundary of a step, inside it, and after its effect.

    python tests/chaos/chaos_driver.py FIRST LAST

carries some runs per seed with two workers, each with one accident planned, and prints the counts as one JSON document.
The workers are forked from this process, which has everything imported, so that a seed takes as long as its leases.
"""

import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prentice.ledger.database import Database
from prentice.ledger.migrations import LEDGER
from prentice.ledger.runs_table import RunsTable, Submission
from prentice.runs.protocol import Step, StepContext
from prentice.runs.registry import Registry
from prentice.runs.worker import work

LEASE = 0.5
RUNS = 3
STEPS = 3
PATIENCE = 60.0
LOCKED_SECONDS = 5.0
"""A worker that was suspended in the middle of a write keeps all others out, and is woken after this long."""
POINTS = ("before the step", "in the step", "after the effect", "after the step")
POINTS_OF_A_RUN = len(POINTS) * (STEPS + 1)


@dataclass
class World:
    """Where a worker leaves traces, and the accident that is planned for it: at which point, and a signal."""

    directory: Path
    at: int = 0
    signal: int = 0
    passed: int = 0

    def trace(self, *words: object) -> None:
        """Add a line to the file of traces, in one write."""
        line = json.dumps([time.time(), os.getpid(), *words]) + "\n"
        descriptor = os.open(self.directory / "traces", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, line.encode())
        os.close(descriptor)

    def point(self, place: str, run: str, name: str, n: int) -> None:
        """Pass a point, or have the accident there."""
        self.passed += 1
        if self.passed == self.at:
            self.trace("accident", place, run, name, n, self.signal)
            os.kill(os.getpid(), self.signal)
            self.trace("woke", place, run, name, n)


WORLD = World(Path())


async def count(context: StepContext[World], *, n: int) -> int:
    world = context.services
    world.trace("begins", context.run, "count", n)
    await asyncio.sleep(0.002)
    world.point("in the step", context.run, "count", n)
    world.trace("effect", context.run, "count", n)
    world.point("after the effect", context.run, "count", n)
    return os.getpid()


async def apply(context: StepContext[World]) -> int:
    """Apply once: what was done under a step's key is not done again."""
    world = context.services
    world.trace("begins", context.run, "apply", 1)
    world.point("in the step", context.run, "apply", 1)
    try:
        mark = world.directory / context.key.replace("/", "_")
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
        world.trace("applied", context.run)
    except FileExistsError:
        world.trace("applied before", context.run)
    world.point("after the effect", context.run, "apply", 1)
    return os.getpid()


async def counts_and_applies(step: Step, arguments: Mapping[str, Any]) -> object:
    run, done = arguments["run"], []
    for n in range(1, STEPS + 1):
        WORLD.point("before the step", run, "count", n)
        done.append(await step.do("count", n=n))
        WORLD.point("after the step", run, "count", n)
    WORLD.point("before the step", run, "apply", 1)
    done.append(await step.do("apply"))
    WORLD.point("after the step", run, "apply", 1)
    return done


@asynccontextmanager
async def services(_run: str, _options: object) -> AsyncIterator[World]:
    yield WORLD


def registry() -> Registry[World]:
    made: Registry[World] = Registry()
    made.add_body("counts", counts_and_applies)
    made.add_step("count", count)
    made.add_step("apply", apply)
    return made


def start_worker(directory: Path, *, at: int = 0, accident: int = 0) -> int:
    """Fork a worker and give its process id."""
    if child := os.fork():
        return child
    try:
        WORLD.directory, WORLD.at, WORLD.signal, WORLD.passed = directory, at, accident, 0
        table = RunsTable(Database(directory / "ledger.db", LEDGER))
        asyncio.run(work(table, registry(), services, lease=LEASE, slots=2))
    except BaseException:  # noqa: BLE001 - a child that fails must not go on as its parent
        (directory / f"failure-{os.getpid()}").write_text(traceback.format_exc())
        os._exit(1)
    os._exit(0)


@dataclass
class Tally:
    """What was counted over all seeds."""

    counts: Counter[str] = field(default_factory=Counter)
    accidents: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def add(self, seed: int, table: RunsTable, directory: Path) -> None:
        """Count what one seed left behind."""
        traces = [json.loads(line) for line in (directory / "traces").read_text().splitlines()]
        committed: dict[tuple[str, str, int], tuple[float, int]] = {}
        for number in range(1, RUNS + 1):
            run = f"R-{number}"
            kinds = Counter(event.kind for event in table.events(run))
            self.counts["runs"] += 1
            self.counts["finished"] += table.get(run).state == "finished"
            self.counts["finished more than once"] += kinds["finished"] > 1
            self.counts["taken over"] += kinds["taken over"]
            for step in table.steps(run):
                committed[run, step.name, step.n] = (step.at, step.result)
        self.counts["steps finished"] += len(committed)
        for at, _, what, run, *rest in traces:
            if what == "begins":
                self.counts["steps begun"] += 1
                self.counts["finished steps begun again"] += at > committed[run, rest[0], rest[1]][0]
        applied = Counter(trace[3] for trace in traces if trace[2] == "applied")
        self.counts["applied"] += sum(applied.values())
        self.counts["applied twice"] += sum(times > 1 for times in applied.values())
        for _, pid, what, place, run, name, n, *_ in (t for t in traces if t[2] in {"accident", "woke"}):
            if what == "woke":
                self.counts["woken"] += 1
                if place in {"in the step", "after the effect"}:
                    self.counts["woken inside a step"] += 1
                    self.counts["woken and fenced off"] += committed[run, name, n][1] != pid
            else:
                self.counts["accidents"] += 1
                self.accidents[place] += 1
        for failure in directory.glob("failure-*"):
            self.failures.append(f"seed {seed}: {failure.read_text()}")


def play(seed: int, tally: Tally) -> None:
    """Carry the runs of one seed to their end, whatever happens to the workers."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "traces").touch()
        table = RunsTable(Database(directory / "ledger.db", LEDGER))
        for number in range(1, RUNS + 1):
            table.submit(Submission(kind="counts", arguments={"run": f"R-{number}"}))
        table.database.close()  # a connection must not be carried over a fork
        # The places are taken in turn over the seeds, the one of the second worker by chance.
        first = start_worker(directory, at=1 + seed % POINTS_OF_A_RUN, accident=signal.SIGKILL)
        stopping = seed % 2 == 0
        second = start_worker(
            directory,
            at=1 + chance.randrange(POINTS_OF_A_RUN),
            accident=signal.SIGSTOP if stopping else signal.SIGKILL,
        )
        left = {first, second}
        table = RunsTable(Database(directory / "ledger.db", LEDGER))
        try:
            carry_to_the_end(table, directory, left, seed=seed)
        finally:
            for worker in left:
                os.kill(worker, signal.SIGKILL)
                os.waitpid(worker, 0)
        tally.add(seed, table, directory)
        table.database.close()


def carry_to_the_end(table: RunsTable, directory: Path, left: set[int], *, seed: int) -> None:
    """Replace the killed, wake the suspended when others have done all their work, and wait for the end of all runs."""
    deadline = time.monotonic() + PATIENCE
    asleep: dict[int, float] = {}
    woken: set[int] = set()
    while not (ended := all(table.get(f"R-{n}").state == "finished" for n in range(1, RUNS + 1))) or asleep:
        if time.monotonic() > deadline:
            states = [table.get(f"R-{n}") for n in range(1, RUNS + 1)]
            sys.exit(f"seed {seed} does not end: {states}")
        for worker in list(left):
            pid, status = os.waitpid(worker, os.WNOHANG | os.WUNTRACED)
            if pid and os.WIFSTOPPED(status):
                asleep[worker] = time.monotonic()
            elif pid:
                left.remove(worker)
                left.add(start_worker(directory))
        for worker, since in list(asleep.items()):
            if ended or time.monotonic() - since > LOCKED_SECONDS:
                del asleep[worker]
                woken.add(worker)
                os.kill(worker, signal.SIGCONT)
        time.sleep(0.01)
    end = time.monotonic() + 5
    while woken and time.monotonic() < end:  # what was woken gets the time to say so
        said = {json.loads(line)[1] for line in (directory / "traces").read_text().splitlines() if '"woke"' in line}
        if woken <= said:
            break
        time.sleep(0.01)


def main() -> None:
    """Play the seeds of the command line and print what was counted."""
    first, last = int(sys.argv[1]), int(sys.argv[2])
    tally = Tally()
    for seed in range(first, last):
        play(seed, tally)
    print(json.dumps({"counts": tally.counts, "accidents": tally.accidents, "failures": tally.failures}))  # noqa: T201 - a program that prints


if __name__ == "__main__":
    main()
