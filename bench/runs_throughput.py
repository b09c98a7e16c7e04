"""Ten thousand queued trivial runs over two workers, killed once: Prentice beside DBOS and huey.

    uv run python bench/runs_throughput.py [--runs N] [--seconds S] [--peers PYTHON]

Each engine gets the same work: runs of one step, which adds its number to a file. When a fifth is done, both workers
are killed with `kill -9` and started again, under the same names. Counted are the numbers in the file: lost ones never
came, doubled ones came twice (a step that was cut may). An engine has S seconds; what it did by then is its throughput.

The peers run in an environment of their own (`bench/runs_peers.py`): `python -m venv V; V/bin/pip install dbos
pysqlite3-binary huey`, then `--peers V/bin/python`. The first figures are those of a claim with 100 and with N queued.
"""

import argparse
import asyncio
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

from prentice.ledger.database import Database
from prentice.ledger.leases import Leases
from prentice.ledger.migrations import LEDGER
from prentice.ledger.runs_table import RunsTable, Submission
from prentice.runs.protocol import Json, Step, StepContext
from prentice.runs.registry import Registry
from prentice.runs.worker import work
from runs_peers import AT_ONCE, touch

PEERS = Path(__file__).resolve().with_name("runs_peers.py")
WORKERS = 2
QUIET_SECONDS = 20.0
"""After this long without a new number, what has not come is lost."""


async def add_number(context: StepContext[Path], *, number: int) -> int:
    """Do the one step."""
    touch(context.services, number)
    return number


async def trivial(step: Step, arguments: Mapping[str, Json]) -> Json:
    """Carry one run."""
    return await step.do("touch", number=arguments["number"])


def prentice_parts(directory: Path) -> tuple[RunsTable, Registry[Path]]:
    """Give the table and the registry."""
    registry: Registry[Path] = Registry()
    registry.add_body("trivial", trivial)
    registry.add_step("touch", add_number)
    return RunsTable(Database(directory / "ledger.db", LEDGER)), registry


def submit(directory: Path, count: int) -> None:
    """Queue the runs."""
    table, _ = prentice_parts(directory)
    for number in range(count):
        table.submit(Submission(kind="trivial", arguments={"number": number}))


def worker(directory: Path) -> None:
    """Carry runs until killed."""
    table, registry = prentice_parts(directory)
    asyncio.run(work(table, registry, lambda _run, _options: nullcontext(directory), slots=AT_ONCE, lease=5.0))


def count_done(directory: Path) -> int:
    """Count the lines of the file."""
    path = directory / "done"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def play(engine: str, python: str, *, runs: int, seconds: float) -> None:
    """Let one engine do the work, with the accident in the middle, and print what came of it."""
    program = [python, str(PEERS if python != sys.executable else Path(__file__).resolve())]
    with tempfile.TemporaryDirectory(prefix="bench-runs-") as name:
        directory = Path(name)
        begun = time.monotonic()
        subprocess.run([*program, "submit", engine, name, str(runs)], check=True)
        submitted = time.monotonic() - begun

        def start() -> list["subprocess.Popen[bytes]"]:
            names = [f"worker-{number}" for number in range(WORKERS)]
            return [
                subprocess.Popen([*program, "work", engine, name, each], stderr=subprocess.DEVNULL) for each in names
            ]

        begun = time.monotonic()
        workers, is_killed, done, changed = start(), False, 0, begun
        while (now := time.monotonic()) - begun < seconds:
            seen = count_done(directory)
            if seen != done:
                done, changed = seen, now
            if not is_killed and done >= runs // 5:
                for worker in workers:
                    worker.send_signal(signal.SIGKILL)
                for worker in workers:
                    worker.wait()
                workers, is_killed = start(), True
            if is_killed and now - changed > QUIET_SECONDS:
                break
            time.sleep(0.05)
        for worker in workers:
            worker.kill()
            worker.wait()
        times = Counter((directory / "done").read_text().split())
        came, took = len(times), changed - begun
        end = "" if took < seconds - 1 else f" (stopped after {seconds:.0f} s)"
        lost = str(runs - came) if not end else "-"
        doubled = sum(number > 1 for number in times.values())
        print(
            f"{engine:<10}{came:>8} of {runs} finished, {lost:>5} lost, {doubled:>3} doubled, {took:7.1f} s,"
            f" {came / took:7.1f} runs/s, submitted in {submitted:.1f} s{end}",
            flush=True,
        )


def claim_cost(runs: int) -> float:
    """Give the median seconds of a claim with so many runs queued."""
    with tempfile.TemporaryDirectory(prefix="bench-claims-") as name:
        submit(Path(name), runs)
        table, _ = prentice_parts(Path(name))
        leases = Leases(database=table.database)
        costs = []
        for _ in range(60):
            begun = time.perf_counter()
            claim = leases.claim("bench", kinds=["trivial"])
            costs.append(time.perf_counter() - begun)
            assert claim is not None
        return statistics.median(costs)


def main() -> None:
    """Do a part, or measure all."""
    if sys.argv[1:2] == ["submit"]:
        submit(Path(sys.argv[3]), int(sys.argv[4]))
        return
    if sys.argv[1:2] == ["work"]:
        worker(Path(sys.argv[3]))
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--peers", default="")
    asked = parser.parse_args()
    few, many = claim_cost(100), claim_cost(asked.runs)
    print(
        f"claim: {few * 1e6:.0f} us with 100 queued, {many * 1e6:.0f} us with {asked.runs}: {many / few:.2f}x"
        f" (goal: at most 2x), {'met' if many <= 2 * few else 'MISSED'}",
        flush=True,
    )
    play("prentice", sys.executable, runs=asked.runs, seconds=asked.seconds)
    for peer in ("dbos", "huey") if asked.peers else ():
        play(peer, asked.peers, runs=asked.runs, seconds=asked.seconds)


if __name__ == "__main__":
    main()
