"""The prompt linter and checklist on labelled texts: precision and recall per rule, and how texts are ranked.

    uv run python bench/prompt_lint.py [DATA]

DATA holds `arta_requirement_smells`, `ambig_swe` and `agentless_swebench_lite_quality`; else PRENTICE_DATA names it.
Exits with 1 where a rule that warns was measured below the precision that warnings need.
"""

import csv
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from prentice.skills.optimize.examination import examine
from prentice.skills.optimize.grounds import Grounds
from prentice.skills.optimize.lint import lint
from prentice.skills.optimize.prose import PromptText
from prentice.skills.optimize.questions import ASKS
from prentice.skills.optimize.rules import MEASURED_PRECISION, rules
from prentice.skills.optimize.score import overall
from prentice.skills.optimize.slots import Slot, Slots

LABELS: Mapping[str, tuple[str, ...]] = {
    "comparative": ("comparative",),
    "superlative": ("superlative",),
    "hedge": ("uncertain_verb",),
    "weak-word": ("nonverifiable", "ambiguous", "subjective"),
    "open-ended": ("loophole", "nonverifiable", "ambiguous"),
    "vague-reference": ("ambiguous", "vague_pronoun", "nonverifiable"),
    "unclear-pronoun": ("vague_pronoun",),
}
"""Which labels of ARTA's a rule is compared with. No rule of ours is meant for the others: negation, polysemy."""
ON_PAIRS = ("no-reproduction", "no-symptom", "no-place", "no-expected", "no-current")
"""Rules that say that something is missing, measured on issues and their summaries, which leave it out."""

JUDGED = (
    Path(__file__).parents[1] / "tests" / "skills" / "optimize" / "judged_questions.json",
    Path(__file__).with_name("judged_questions.json"),
)
"""Two readings by hand of the same 50 summaries: does the span answer the question, and does the summary lack it?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Counts of one rule: findings that are right, findings that are not, and what it did not find."""

    rule: str
    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """The share of its findings that are right; 0 where it found nothing."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """The share of what is there that it found."""
        return self.right / max(1, self.right + self.missed)


def smells(data: Path) -> list[Measure]:
    """Compare the rules on single words with the hand-labelled words of requirements, in the sets that label them."""
    rows = [
        json.loads(line)
        for path in sorted((data / "arta_requirement_smells").glob("DS*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    found = {row["text"]: Counter(_found(row["text"])) for row in rows}
    return [_compared(rule, kinds, rows, found) for rule, kinds in LABELS.items()]


def _found(text: str) -> Iterator[tuple[str, str]]:
    for finding in lint(text, Grounds(text=text)):
        yield finding.rule, finding.quote.lower().strip()


def _compared(
    rule: str, kinds: Sequence[str], rows: Sequence[Mapping[str, Any]], found: Mapping[str, Counter[tuple[str, str]]]
) -> Measure:
    right = wrong = missed = 0
    for row in rows:
        labels = [word.lower() for kind in kinds for word in row["smells"].get(kind, [])]
        if not any(kind in row["smells"] for kind in kinds):
            continue
        for name, quote in found[row["text"]].elements():
            if name != rule:
                continue
            label = next((word for word in labels if word in quote.split() or quote in word or word in quote), None)
            if label is None:
                wrong += 1
            else:
                labels.remove(label)
                right += 1
        missed += len(labels)
    return Measure(rule=rule, right=right, wrong=wrong, missed=missed)


def pairs(data: Path) -> list[dict[str, str]]:
    """Give issues and their summaries, without the marks that a spreadsheet left in the issues."""
    rows = [json.loads(line) for line in (data / "ambig_swe" / "pairs.jsonl").read_text(encoding="utf-8").splitlines()]
    return [
        {
            "id": row["instance_id"],
            "full": row["full_issue"].replace("_x000D_", "").strip(),
            "summary": row["summary"].strip(),
        }
        for row in rows
    ]


def missing(data: Path) -> list[Measure]:
    """Count a finding on a summary as right where the issue holds what it asks for, one on an issue as wrong."""
    counts: dict[str, Counter[str]] = {rule: Counter() for rule in ON_PAIRS}
    for pair in pairs(data):
        on_full, on_summary = (
            {finding.rule for finding in lint(pair[kind], Grounds(text=pair[kind], kind="bug"))}
            for kind in ("full", "summary")
        )
        for rule, count in counts.items():
            count["right"] += rule in on_summary - on_full
            count["wrong"] += rule in on_full
    return [Measure(rule=rule, right=c["right"], wrong=c["wrong"], missed=0) for rule, c in counts.items()]


def quality(data: Path) -> list[tuple[str, Counter[str], Counter[str]]]:
    """Count the findings on issues by the quality that people gave their descriptions: rule, findings, issues."""
    path = data / "agentless_swebench_lite_quality" / "swebench_lite_classifications.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    every = Counter(row["description quality"] for row in rows)
    counts = {rule: Counter[str]() for rule in ON_PAIRS}
    for row in rows:
        text = row["problem_statement"].strip()
        fired = {finding.rule for finding in lint(text, Grounds(text=text, kind="bug"))}
        for rule in fired & counts.keys():
            counts[rule][row["description quality"]] += 1
    return [(rule, count, every) for rule, count in counts.items()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """How many issues scored above their summaries, after the issue was cut to the summary's length."""

    pairs: int
    above: int
    above_without_structure: int


def ranked(data: Path) -> Ranking:
    """Compare each issue, cut to the length of its summary, with the summary; both are judged as bugs."""
    above = plain = 0
    all_pairs = pairs(data)
    for pair in all_pairs:
        counted = [
            examine(text, Grounds(text=text, kind="bug")).scores
            for text in (pair["full"][: len(pair["summary"])], pair["summary"])
        ]
        full, summary = (overall(scores) for scores in counted)
        above += full > summary
        for scores in counted:
            del scores["structure"]
        full, summary = (overall(scores) for scores in counted)
        plain += full > summary
    return Ranking(pairs=len(all_pairs), above=above, above_without_structure=plain)


def asked(data: Path) -> tuple[int, int]:
    """Count the summaries with a question whose answer has a span in the full issue, and all summaries."""
    hits = 0
    all_pairs = pairs(data)
    for pair in all_pairs:
        found = examine(pair["summary"], Grounds(text=pair["summary"], kind="bug")).questions
        slots = Slots(PromptText(pair["full"]))
        hits += any(question.about in ASKS and slots[cast("Slot", question.about)] for question in found)
    return hits, len(all_pairs)


def main(data: Path) -> int:
    """Print all measures; give 1 where a warning falls short."""
    warns = {rule.id for rule in rules() if rule.severity == "warning"}
    print(f"ARTA, words of requirements; a rule that warns needs a precision of {MEASURED_PRECISION:.2f}")
    short = _table(smells(data), warns)
    print("\nAmbig-SWE, what summaries leave out of issues")
    short += _table(missing(data), warns, recall=False)
    print("\nAgentless, findings by the quality of the description")
    for rule, count, every in quality(data):
        print(f"  {rule:<18}" + "  ".join(f"{kind}: {count[kind]} of {every[kind]}" for kind in every))
    begun = time.perf_counter()
    ranking = ranked(data)
    spent = time.perf_counter() - begun
    print(f"\nFull issue above its summary at the summary's length: {ranking.above} of {ranking.pairs}")
    print(f"  without the dimension of structure: {ranking.above_without_structure} of {ranking.pairs}")
    print(f"  {spent / ranking.pairs / 2 * 1000:.1f} ms a text for linter, questions and checklist")
    hits, summaries = asked(data)
    print(f"Summaries with a question that the full issue has a span for: {hits} of {summaries}")
    return int(short + _read_by_hand(hits / summaries) > 0)


def _read_by_hand(share: float) -> int:
    """Print how often two readers found that a span answers its question; give 1 where that is too seldom."""
    first, second = (json.loads(path.read_text(encoding="utf-8")) for path in JUDGED)
    verdicts = [(row["agrees"], second[name]["agrees"]) for name, row in first.items()]
    counts = [sum(pair[reader] for pair in verdicts) for reader in (0, 1)]
    total = len(verdicts)
    same = sum(one == other for one, other in verdicts)
    chance = (counts[0] * counts[1] + (total - counts[0]) * (total - counts[1])) / total**2
    print(f"  read by hand, the span answers it and the summary lacks it: {counts[0]} and {counts[1]} of {total}")
    print(f"  the two readers agree on {same} of {total} (kappa {(same / total - chance) / (1 - chance):.2f})")
    print(
        f"  so of all summaries: {share * counts[0] / total:.0%} and {share * counts[1] / total:.0%}; the goal is 60 %"
    )
    return int(share * min(counts) / total < 0.6)


def _table(measures: Sequence[Measure], warns: set[str], *, recall: bool = True) -> int:
    """Print measures, and count the warnings that fall short."""
    short = 0
    for item in measures:
        is_short = item.rule in warns and item.precision < MEASURED_PRECISION
        short += is_short
        severity = "warning" if item.rule in warns else "advice"
        found = f"  recall {item.recall:.2f}" if recall else ""
        counts = f"{item.right} right, {item.wrong} not" + (f", {item.missed} missed" if recall else "")
        print(f"  {item.rule:<18}{severity:<9}precision {item.precision:.2f}{found}  ({counts}){'  SHORT' * is_short}")
    return short


if __name__ == "__main__":
    default = os.environ.get("PRENTICE_DATA") or str(Path(__file__).parents[2] / "shared" / "data")
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else default)))
