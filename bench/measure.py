"""Measuring whole commands: CPU time and peak memory of a process and its children, several times, interleaved.

CPU time is compared rather than wall time: on a small, shared machine it is the steadier of the two.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The cost of one run of a command: seconds of wall and CPU time, and peak memory in MiB."""

    wall: float
    cpu: float
    memory: float


def run(command: Sequence[str], *, directory: Path | None = None, environment: Mapping[str, str] | None = None) -> Cost:
    """Run a command once and give its cost; ends the benchmark when the command fails."""
    started = time.perf_counter()
    process = subprocess.Popen(
        list(command),
        cwd=directory,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed ({process.returncode})")
    return Cost(
        wall=time.perf_counter() - started,
        cpu=usage.ru_utime + usage.ru_stime,
        memory=usage.ru_maxrss / 1024,
    )


def median(costs: Sequence[Cost]) -> Cost:
    """Give the median of each figure."""
    return Cost(
        wall=statistics.median(cost.wall for cost in costs),
        cpu=statistics.median(cost.cpu for cost in costs),
        memory=statistics.median(cost.memory for cost in costs),
    )


def interleaved(
    commands: Mapping[str, Sequence[str]],
    *,
    rounds: int,
    directory: Path | None = None,
    environments: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, Cost]:
    """Run commands in turn for some rounds after one warm-up, and give each one's medians."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            cost = run(command, directory=directory, environment=(environments or {}).get(name))
            if number:
                costs[name].append(cost)
    return {name: median(found) for name, found in costs.items()}
