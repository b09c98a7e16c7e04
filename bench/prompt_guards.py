"""The optimizer's guards: a model that lies in every reply on all issues, dropped sentences, and false alarms.

    uv run python bench/prompt_guards.py [DATA]

DATA holds `ambig_swe`; else PRENTICE_DATA names it. Exits with 1 where a promise is not kept: no fact without a source,
99 % of dropped sentences caught, at most 2 % of honest paraphrases refused.
"""

import json
import os
import random
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests"
sys.path.insert(0, str(TESTS))

from prentice.skills.optimize.guards.guard import objections  # noqa: E402 - after the path to what tests share
from prentice.skills.optimize.prose import PromptText  # noqa: E402 - after the path, too
from skills.optimize.issue_pairs import Pair, alone, pairs  # noqa: E402 - after the path, too
from skills.optimize.lying_model import lied_to  # noqa: E402 - after the path, too


def dropped(issues: list[Pair]) -> tuple[int, int]:
    """Drop one sentence of each text, drawn by lot, and count those that are noticed, and all."""
    chance = random.Random(5)
    noticed = every = 0
    for text in (text for pair in issues for text in (pair.full, pair.summary)):
        sentences = [span for span in PromptText(text).sentences if len(span.of(text).split()) > 2]
        for span in chance.sample(sentences, min(1, len(sentences))):
            every += 1
            noticed += bool(objections(text[: span.start] + text[span.end :], alone(text, "bug")))
    return noticed, every


def refused_paraphrases() -> tuple[int, int]:
    """Count the honest paraphrases that are refused, and all."""
    path = TESTS / "skills" / "optimize" / "paraphrases.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return sum(bool(objections(row["paraphrase"], alone(row["prompt"]))) for row in rows), len(rows)


def main(data: Path) -> int:
    """Print all figures; give 1 where a promise is not kept."""
    issues = pairs(data)
    os.environ["PRENTICE_HOME"] = tempfile.mkdtemp()
    lied = lied_to(issues, Path(tempfile.mkdtemp()))
    print(f"A lying model on {len(issues)} issues: {lied.told} facts without a source in {lied.asked} answered calls")
    print(f"  that reached a prompt: {len(lied.reached)} {lied.reached[:5] or ''}")
    noticed, every = dropped(issues)
    print(f"Dropped sentences that were noticed: {noticed} of {every}")
    refused, paraphrases = refused_paraphrases()
    print(f"Honest paraphrases that were refused: {refused} of {paraphrases}")
    return int(bool(lied.reached) or noticed < 0.99 * every or refused > 0.02 * paraphrases)


if __name__ == "__main__":
    default = os.environ.get("PRENTICE_DATA") or str(Path(__file__).parents[2] / "shared" / "data")
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else default)))
