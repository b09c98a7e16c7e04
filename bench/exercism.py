"""Exercism's Python exercises carried out whole, with the reference solutions as the model's answers.

    uv run python bench/exercism.py [--data DIRECTORY] [--format F] [--only NAME,..]

Each exercise becomes a git repository with its stub and its tests. The tests have to be red; then the task is executed
with a script that answers the reference solution in the format, the change is approved and applied, and the tests have
to be green, by a check that was decisive. What a format cannot say is counted apart: a symbol rewrite changes no
constants of a module and adds no base class from an import; imports and helpers that a solution has are written inside
and beside the definitions for it, as its instructions want them. DIRECTORY is `PRENTICE_DATA`, ../shared/data where
that is not set. Exits with 1 where anything else that could be said did not arrive.

One solution is refused by the matcher in every format, and counted so: it has lines of the stub at another depth of
indentation, which cannot be told from a slip. One exercise asks for better code, and its tests pass from the start.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from prentice.changes.formats import Format
from skills.execute.exercism import Exercise, exercises, play

KNOWN = frozenset({"right", "unsaid", "green", "doubtful"})
DOUBTFUL = "sgf-parsing"
GREEN = "markdown"
DATA = Path(os.environ.get("PRENTICE_DATA") or Path(__file__).parents[2] / "shared" / "data")


def one(exercise: Exercise, format_: Format) -> str:
    """Give what came of an exercise: `right`, `unsaid`, `green` from the start, `doubtful`, or what went wrong."""
    reply = exercise.reply(format_)
    if reply is None:
        return "unsaid"
    with tempfile.TemporaryDirectory() as directory:
        os.environ["PRENTICE_HOME"] = str(Path(directory) / "home")
        played = play(exercise, reply, format_=format_, directory=Path(directory))
    if played.was_right:
        return "right"
    if played.green_before:
        return "green" if exercise.name == GREEN and played.green_after else "the tests pass with the stub"
    if exercise.name == DOUBTFUL and any(word in played.document["why"] for word in ("indentation", "columns")):
        return "doubtful"
    return f"{played.document['state']}: {played.document['why']}"


def main() -> None:
    """Carry out every exercise in every format."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--format", choices=[format_.value for format_ in Format])
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    only = set(filter(None, options.only.split(",")))
    known = [exercise for exercise in exercises(options.data) if not only or exercise.name in only]
    failed = False
    for format_ in [Format(options.format)] if options.format else list(Format):
        began = time.perf_counter()
        found = {exercise.name: one(exercise, format_) for exercise in known}
        counts = Counter(found.values())
        wrong = {name: said for name, said in found.items() if said not in KNOWN}
        seconds = (time.perf_counter() - began) / max(len(known) - counts["unsaid"], 1)
        print(
            f"{format_:<16}{len(known)} exercises: {counts['right']} red before and green after, {counts['unsaid']} "
            f"cannot be said, {counts['doubtful']} refused as doubtful, {counts['green']} green from the start, "
            f"{len(wrong)} wrong ({seconds:.1f} s each)",
            flush=True,
        )
        for name, said in wrong.items():
            print(f"  {name}: {said}", flush=True)
        failed = failed or bool(wrong)
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
