"""Promise 6, over seeds: `PRENTICE_LONG_SEEDS=200` plays 200 of them instead of the few that CI plays."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).parent / "chaos_driver.py"
SEEDS = int(os.environ.get("PRENTICE_LONG_SEEDS", "10"))
SECONDS_PER_SEED = 30

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the workers are forked")


@pytest.mark.timeout(60 + SECONDS_PER_SEED * SEEDS)
def test_whoever_dies_or_sleeps_each_run_finishes_once_and_nothing_is_done_twice(
    capsys: pytest.CaptureFixture[str],
) -> None:
    played = subprocess.run([sys.executable, str(DRIVER), "0", str(SEEDS)], capture_output=True, text=True, check=False)
    assert played.returncode == 0, played.stderr
    found = json.loads(played.stdout)
    counts, accidents = found["counts"], found["accidents"]
    with capsys.disabled():
        sys.stdout.write(f"\n{SEEDS} seeds: {counts}\naccidents: {accidents}\n")
    assert found["failures"] == []
    assert counts["finished"] == counts["runs"] == counts["applied"]
    assert counts["steps finished"] == 4 * counts["runs"]
    assert counts["finished more than once"] == counts["applied twice"] == 0
    assert counts["finished steps begun again"] == 0
    assert counts["woken and fenced off"] == counts["woken inside a step"] > 0
    assert counts["accidents"] >= SEEDS
    assert counts["taken over"] >= SEEDS, "whoever dies leaves runs to the other"
    assert set(accidents) == {"before the step", "in the step", "after the effect", "after the step"}
