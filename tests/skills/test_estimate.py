import csv
import json
import math
import os
import random
import statistics
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.skills import estimate as module
from prentice.skills.estimate import BUCKETS, Estimate, Finished, estimate
from prentice.tasks.plan import COMPLEXITIES, Complexity, Subtask
from prentice.tasks.record import Task

TASK = Task(id="T-1", name="Fix the parser", description="It fails on empty input.", tags=("parser",))
PRIORS = tomllib.loads(Path(module.__file__).with_name("priors.toml").read_text("utf-8"))
DATA = Path(os.environ.get("PRENTICE_DATA", Path(__file__).parents[3] / "shared" / "data"))
needs_data = pytest.mark.usefixtures("data")  # which skips, or fails in CI, where the folders are missing


def step(**more: object) -> Subtask:
    values = {"key": "a", "name": "Fix", "description": "", "acceptance_criteria": ("it works",),
              "complexity": "simple", "category": "bug_fix"}  # fmt: skip
    return Subtask(**(values | more))  # type: ignore[arg-type]  # fields by name


def finished(*hours: float, complexity: Complexity = "simple") -> list[Finished]:
    return [
        Finished(text="Fix the parser", hours=value, complexity=complexity, category="bug_fix", tags=("parser",))
        for value in hours
    ]


def test_the_document_has_the_keys_of_the_contract() -> None:
    document = estimate(TASK, complexity="simple").document()
    assert json.loads(json.dumps(document)) == document
    assert list(document) == ["bucket", "hours", "basis"]
    assert document["basis"] == {"kind": "prior", "count": 223}


def test_a_step_and_a_task_of_the_same_complexity_get_the_same_hours() -> None:
    assert estimate(step()).document() == estimate(TASK, complexity="simple", category="bug_fix").document()
    assert estimate(TASK).document() == estimate(TASK, complexity="medium").document()


def test_harder_and_larger_work_takes_longer() -> None:
    medians = [estimate(TASK, complexity=level).median for level in COMPLEXITIES]
    assert medians == sorted(set(medians))
    assert estimate(TASK, parts=12).median == pytest.approx(2 * estimate(TASK, parts=3).median, rel=0.05)
    criteria = tuple(f"criterion {number}" for number in range(12))
    assert estimate(step(acceptance_criteria=criteria)).median > estimate(step()).median


@given(
    level=st.sampled_from(COMPLEXITIES), parts=st.integers(0, 200), hours=st.lists(st.floats(0.01, 500), max_size=40)
)
def test_the_interval_always_holds_the_median(level: Complexity, parts: int, hours: list[float]) -> None:
    found = estimate(
        TASK, complexity=level, category="bug_fix", parts=parts, history=finished(*hours, complexity=level)
    )
    assert 0 < found.low <= found.median <= found.high < math.inf
    assert found.bucket in BUCKETS


@pytest.mark.parametrize(
    ("median", "bucket"), [(0.1, "<15 min"), (0.25, "15-60 min"), (3.9, "1-4 h"), (4.0, "4-16 h"), (40.0, ">16 h")]
)
def test_a_bucket_holds_its_lower_bound(median: float, bucket: str) -> None:
    found = Estimate(low=0.01, median=median, high=99.0, basis="prior", count=1, reasons=())
    assert found.bucket == bucket


def test_history_draws_the_estimate_towards_itself_as_it_grows() -> None:
    prior = estimate(TASK, complexity="simple", category="bug_fix").median
    medians = [
        estimate(TASK, complexity="simple", category="bug_fix", history=finished(*[6.0] * count)).median
        for count in (1, 5, 50)
    ]
    assert prior < medians[0] < medians[1] < medians[2] < 6.0
    found = estimate(TASK, complexity="simple", category="bug_fix", history=finished(*[6.0] * 50))
    assert (found.basis, found.count) == ("history", 50)
    assert found.high / found.low < 6


def test_only_similar_tasks_with_real_hours_count() -> None:
    other = Finished(text="Paint the garden fence", hours=90.0, complexity="complex", category="feature")
    odd = finished(0.0, -1.0, math.inf, math.nan)
    found = estimate(TASK, complexity="simple", category="bug_fix", history=[other, *odd])
    assert found == estimate(TASK, complexity="simple", category="bug_fix")


def test_an_explanation_says_how_many_records_stand_behind_it() -> None:
    said = estimate(TASK, complexity="simple", category="bug_fix", parts=9, history=finished(1.0, 2.0)).explain()
    assert "223 records" in said[0]
    assert "9 parts" in said[1]
    assert said[-1].startswith("2 finished tasks")
    assert all(sentence.endswith(".") for sentence in said)


@needs_data
def test_the_priors_are_the_counts_of_their_source() -> None:
    with (DATA / "swebench_verified_passrates" / "merged_df_with_difficulties.csv").open(newline="") as file:
        classes = [row["difficulty"] for row in csv.DictReader(file)]
    prior = PRIORS["classes"]
    assert [classes.count(name) for name in ("<15 min fix", "15 min - 1 hour", "1-4 hours", ">4 hours")] == [
        prior["under_15_minutes"], prior["from_15_minutes_to_1_hour"],
        prior["from_1_to_4_hours"], prior["over_4_hours"],
    ]  # fmt: skip
    counts = [PRIORS["complexity"][level]["count"] for level in COMPLEXITIES]
    assert counts == [classes.count("<15 min fix") + classes.count("15 min - 1 hour"), prior["from_1_to_4_hours"], 2]
    assert sum(counts) == len(classes) == 246


@needs_data
def test_the_medians_are_those_of_the_fitted_distribution() -> None:
    normal = statistics.NormalDist(PRIORS["fit"]["log_median"], PRIORS["fit"]["log_deviation"])
    one, four = normal.cdf(math.log(1)), normal.cdf(math.log(4))
    for level, low, high in (("simple", 0.0, one), ("medium", one, four), ("complex", four, 1.0)):
        expected = math.exp(normal.inv_cdf((low + high) / 2))
        assert PRIORS["complexity"][level]["median"] == pytest.approx(expected, rel=0.02)


def story_points() -> dict[str, list[tuple[str, float, str]]]:
    csv.field_size_limit(10**8)
    found = {}
    for path in sorted((DATA / "storypoints_gpt2sp" / "projects").glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        found[path.stem] = [(row["title"], float(row["storypoint"]), row["split_mark"]) for row in rows]
    return found


@needs_data
def test_the_spread_of_story_points_is_as_noted() -> None:
    relative = sorted(
        points / statistics.median(value for _, value, _ in issues)
        for issues in story_points().values() for _, points, _ in issues
    )  # fmt: skip
    assert len(relative) == PRIORS["spread"]["count"] == 8177
    assert relative[len(relative) // 10] == pytest.approx(PRIORS["spread"]["low"], abs=0.01)
    assert relative[len(relative) * 9 // 10] == pytest.approx(PRIORS["spread"]["high"], abs=0.01)


@needs_data
def test_the_interval_from_a_projects_own_history_holds_about_8_of_10_later_tasks() -> None:
    shuffled = random.Random(7)
    inside = total = 0
    for issues in story_points().values():
        past = [Finished(text=title, hours=points, complexity="medium", category="feature")
                for title, points, split in issues if split == "train"][-60:]  # fmt: skip
        later = [issue for issue in issues if issue[2] == "test"]
        for title, points, _ in shuffled.sample(later, min(60, len(later))):
            found = estimate(Task(id="", name=title), complexity="medium", category="feature", history=past)
            inside += found.low <= points <= found.high
            total += 1
    assert total > 300
    assert 0.70 <= inside / total <= 0.95, inside / total
