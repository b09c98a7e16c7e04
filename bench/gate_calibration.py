"""Whether the stated probability meets the found rate, with simulated projects and reviewers.

    uv run python bench/gate_calibration.py [REVIEWS] [SEEDS]

A project has two models and a tool, five kinds of task, and one reviewer. What is right there follows a rule of its
own: every weight of our prior is scaled by a factor between 0 and 1.6, models and kinds of task differ beyond their
evidence, and the reviewer is strict, lenient, careless (one verdict in ten is a coin's) or of one mind (cares for the
size alone). The model is fitted to the first REVIEWS verdicts (500), then states a probability for 2,000 new changes,
whose verdicts come from the same rule. Exits with 1 where a tenth of the scale is off by more than 0.05 in the mean
over SEEDS (20), or where the cap was exceeded before ten reviews. The last column is the mean absolute difference
within one project, chance in its few new changes of a tenth included.
"""

import math
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from prentice.review import weights
from prentice.review.evidence import CheckFact, Evidence
from prentice.review.probability import CAP, ENOUGH, Reviewed, fitted
from prentice.review.weights import Match

GOAL: Final = 0.05
FRESH: Final = 2_000
CATEGORIES: Final = ("bug_fix", "documentation", "refactoring", "test_generation", "formatting")
MAKERS: Final = ("coder-7b", "chat-8b", "ruff 0.12.1")
LEVELS: Final[tuple[Match, ...]] = ("exact", "exact", "exact", "trailing_space", "reindented", "punctuation")
REVIEWERS: Final = ("fair", "strict", "lenient", "careless", "of one mind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """The changes whose stated probability falls into one tenth: how many, the mean stated and the rate found."""

    count: int
    stated: float
    found: float


class Project:
    """One simulated project: changes with evidence, and verdicts by a rule that the model does not know."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        draw = self.random
        self.reviewer = REVIEWERS[seed % len(REVIEWERS)]
        self.base = draw.gauss(0, 0.5) + {"strict": -0.7, "lenient": 0.7}.get(self.reviewer, 0.0)
        self.scales = {
            name: draw.uniform(0, 1.6) for name in ("agreement", "match", "checks", "changed lines", "went back")
        }
        if self.reviewer == "of one mind":
            self.scales = dict.fromkeys(self.scales, 0.0) | {"changed lines": 2.0}
        self.differences = {name: draw.gauss(0, 0.5) for name in (*CATEGORIES, *MAKERS)}

    def change(self) -> Evidence:
        """Draw the evidence of a change."""
        draw = self.random
        maker = draw.choices(MAKERS, (5, 3, 2))[0]
        is_tool = maker.startswith("ruff")
        samples = 1 if is_tool else draw.choice((1, 3, 5, 5))
        return Evidence(
            rung="tool" if is_tool else "model",
            model=maker,
            category=draw.choices(CATEGORIES, (4, 2, 2, 1, 1))[0],
            samples=samples,
            agreement=min(samples, draw.choice((1, 1, 2, 3, 4, 5))),
            level=draw.choice(LEVELS),
            checks=draw.choice((
                (), (CheckFact(name="test"),), (CheckFact(name="test", trusted=True),),
                (CheckFact(name="test", trusted=True, decisive=True),),
                (CheckFact(name="test", trusted=True, decisive=True, mended=1),),
            )),
            lines_changed=round(draw.lognormvariate(1.8, 0.9)) + 1,
            retries=draw.choice((0, 0, 0, 1)),
            claimed=draw.choice((None, 1.0, 0.9, 0.3)),
        )  # fmt: skip

    def verdict(self, evidence: Evidence) -> bool:
        """Let the reviewer judge a change."""
        points = weights.BASE[evidence.rung] + self.base
        points += sum(self.scales.get(fact.fact, 0.0) * fact.points for fact in evidence.weighed())
        points += self.differences[evidence.category] + self.differences[evidence.model]
        if self.reviewer == "careless" and self.random.random() < 0.1:
            return self.random.random() < 0.5
        return self.random.random() < 1 / (1 + math.exp(-points))

    def reviews(self, count: int) -> list[Reviewed]:
        """Draw reviewed changes."""
        drawn = (self.change() for _ in range(count))
        return [Reviewed(evidence=evidence, right=self.verdict(evidence)) for evidence in drawn]


def stated_and_found(project: Project, *, reviews: int, fresh: int = FRESH) -> list[tuple[float, bool]]:
    """Fit to some reviews, and give what is stated of new changes with their verdicts."""
    model = fitted(project.reviews(reviews))
    return [(model.probability(one.evidence).value, one.right) for one in project.reviews(fresh)]


def bins(pairs: Sequence[tuple[float, bool]]) -> dict[int, Bin]:
    """Sort by tenths of the scale; a tenth with nothing in it is left out."""
    tenths: dict[int, list[tuple[float, bool]]] = {}
    for value, right in pairs:
        tenths.setdefault(min(int(value * 10), 9), []).append((value, right))
    return {
        tenth: Bin(
            count=len(some),
            stated=sum(value for value, _ in some) / len(some),
            found=sum(right for _, right in some) / len(some),
        )
        for tenth, some in sorted(tenths.items())
    }


def mean_over(seeds: Sequence[dict[int, Bin]]) -> dict[int, Bin]:
    """Give each tenth's mean over the seeds, each seed counting by its changes there."""
    joined: dict[int, Bin] = {}
    for tenth in range(10):
        some = [one[tenth] for one in seeds if tenth in one]
        if count := sum(one.count for one in some):
            joined[tenth] = Bin(
                count=count,
                stated=sum(one.stated * one.count for one in some) / count,
                found=sum(one.found * one.count for one in some) / count,
            )
    return joined


def over_the_cap(seeds: Sequence[int]) -> Iterator[float]:
    """Give every value above the cap that is stated before ten reviews, all of them right."""
    for seed in seeds:
        project = Project(seed)
        for count in range(ENOUGH):
            model = fitted([Reviewed(evidence=project.change(), right=True) for _ in range(count)])
            values = (model.probability(project.change()).value for _ in range(50))
            yield from (value for value in values if value > CAP)


def _usual_difference(seeds: Sequence[dict[int, Bin]], tenth: int) -> float:
    """Give the mean of the absolute differences in single projects, each counting by its changes there."""
    some = [one[tenth] for one in seeds if tenth in one]
    return sum(abs(one.found - one.stated) * one.count for one in some) / sum(one.count for one in some)


def main(arguments: Sequence[str], say: Callable[[str], None] = print) -> int:
    """Print the table and give the exit code."""
    reviews, seeds = (int(given) for given in (*arguments, *("500", "20")[len(arguments) :]))
    found = [bins(stated_and_found(Project(seed), reviews=reviews)) for seed in range(seeds)]
    joined = mean_over(found)
    say(f"{reviews} reviews, mean over {seeds} seeds, {FRESH} new changes each")
    say("tenth      changes  stated  found  difference  in one project")
    for tenth, one in joined.items():
        say(
            f"{tenth / 10:.1f}-{(tenth + 1) / 10:.1f}  {one.count:9,d}  {one.stated:.3f}   {one.found:.3f}  "
            f"{one.found - one.stated:+.3f}      {_usual_difference(found, tenth):.3f}"
        )
    worst = max(abs(one.found - one.stated) for one in joined.values())
    exceeded = list(over_the_cap(range(seeds)))
    say(f"largest difference {worst:.3f} (goal {GOAL}); above the cap before {ENOUGH} reviews: {len(exceeded)}")
    return 1 if worst > GOAL or exceeded else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
