"""Our own time around a model's call, in `breakdown` and `execute`: what the user waits beyond the model.

    uv run python bench/around_a_call.py [--delay SECONDS] [--rounds N]

A script answers after a delay (10 s). Counted is the time from the request to the document, without the delay and, for
executions, without the project's checks (the step `execute.verify`, of which the user's commands are nearly all).
Goal: at most 3 % of a call of 10 s; 60 ms where that can be. Where the time goes is told by the steps' events: the
first part, "before the run", opens the engine and the ledgers and looks at the repository. Medians of one warm
process. How often git was started in the last round is counted too: most of our own time is that.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import median

sys.path.append(str(Path(__file__).parents[1] / "tests"))

import prentice
from plans import good_plan, reply, script
from prentice.changes.formats import Format
from prentice.runs.protocol import Event
from skills.execute.calculator import TASK, Bench, answer, bench

GIT: list[None] = []
"""An entry for each start of git."""
GOAL_SHARE = 0.03
GOAL_SECONDS = 0.060
CALL_SECONDS = 10.0
THEIRS = "execute.verify"


def on_audit(event: str, arguments: tuple[object, ...]) -> None:
    """Count the starts of git, which Python tells of (`subprocess.Popen` in the table of audit events)."""
    if event == "subprocess.Popen" and str(arguments[0]) == "git":
        GIT.append(None)


def execution(its: Bench, *, delay: float) -> dict[str, float]:
    """Give the seconds of each part of one execution."""
    opened = its.opened({"text": answer(Format.SYMBOL), "delay": delay})
    parts: dict[str, float] = defaultdict(float)
    began = last = time.perf_counter()
    first = True
    GIT.clear()

    def on_event(_task: str, event: Event) -> None:
        nonlocal last, first
        now = time.perf_counter()
        if first:
            parts["before the run"] += now - began
            first, last = False, now
        elif event.kind == "step":
            parts[str(event.data["name"])] += now - last
            last = now

    opened.execute(TASK, on_event=on_event)
    parts["after the run"] = time.perf_counter() - last
    parts["execute.ask"] -= delay
    return parts


def plan(its: Bench, *, delay: float) -> dict[str, float]:
    """Give our seconds of one breakdown."""
    path = its.beside / f"plan-{time.monotonic_ns()}.jsonl"
    opened = prentice.open(its.root, backend=script(path, {"text": reply(good_plan()), "delay": delay}))
    GIT.clear()
    began = time.perf_counter()
    opened.breakdown("Add a calculator page with history, keyboard input and tests to calc.py")
    return {"all": time.perf_counter() - began - delay}


def told(name: str, rounds: list[dict[str, float]]) -> bool:
    """Print the medians of the parts and their sum without the checks; say whether the share is met."""
    names = list(dict.fromkeys(part for found in rounds for part in found))
    ours = median(sum(value for part, value in found.items() if part != THEIRS) for found in rounds)
    limit = f"{GOAL_SECONDS * 1000:.0f} ms {'met' if ours <= GOAL_SECONDS else 'missed'}"
    share = ours / CALL_SECONDS
    print(f"{name}: {ours * 1000:.0f} ms of our own, {share:.1%} of a call of {CALL_SECONDS:g} s ({limit})")
    if GIT:
        print(f"  git was started {len(GIT)} times, the checks included")
    for part in names if len(names) > 1 else []:
        note = "  the project's checks, not counted" if part == THEIRS else ""
        print(f"  {part:<20}{median(found.get(part, 0.0) for found in rounds) * 1000:8.1f} ms{note}")
    return ours <= GOAL_SHARE * CALL_SECONDS


def main() -> None:
    """Measure both, after one warm-up without a delay."""
    sys.addaudithook(on_audit)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--delay", type=float, default=CALL_SECONDS)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    met = True
    with tempfile.TemporaryDirectory() as directory:
        os.environ["PRENTICE_HOME"] = str(Path(directory) / "home")
        os.environ["PRENTICE_RUNS_WORKER"] = "never"
        its = bench(Path(directory))
        its.task()
        for name, measure in (("breakdown", plan), ("execute", execution)):
            measure(its, delay=0.0)
            met = told(name, [measure(its, delay=options.delay) for _ in range(options.rounds)]) and met
    sys.exit(int(not met))


if __name__ == "__main__":
    main()
