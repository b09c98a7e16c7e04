"""Start-up: `prentice --version` against importing click in the same environment. Goal: at most 1.3x.

uv run python bench/start_up.py
"""

import sys

from measure import interleaved

GOAL = 1.3
ROUNDS = 21


def main() -> None:
    """Measure and print the ratio."""
    costs = interleaved(
        {
            "python -c 'import click'": [sys.executable, "-c", "import click"],
            "prentice --version": [sys.executable, "-m", "prentice", "--version"],
            "prentice --help": [sys.executable, "-m", "prentice", "--help"],
            "python -c pass": [sys.executable, "-c", "pass"],
        },
        rounds=ROUNDS,
    )
    base = costs["python -c 'import click'"]
    for name, cost in costs.items():
        print(f"{name:<26}{cost.cpu * 1000:7.1f} ms CPU  {cost.memory:6.1f} MiB  {cost.cpu / base.cpu:5.2f}x")
    ratio = costs["prentice --version"].cpu / base.cpu
    print(f"goal: prentice --version <= {GOAL}x of import click: {ratio:.2f}x, {'met' if ratio <= GOAL else 'MISSED'}")


if __name__ == "__main__":
    main()
