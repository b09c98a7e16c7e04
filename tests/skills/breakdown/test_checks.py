"""What a plan has to fulfil, at the borders of each rule."""

import pytest

from prentice.skills.breakdown.checks import problems
from prentice.tasks.plan import PlanningFacts, Subtask


def step(key: str, name: str, *, criteria: tuple[str, ...] = ("It is seen",), covers: tuple[int, ...] = ()) -> Subtask:
    return Subtask(
        key=key, name=name, description="", acceptance_criteria=criteria, complexity="simple", category="other",
        covers=covers,
    )  # fmt: skip


PLAN = (step("one", "Measure upload failures"), step("two", "Retry failed uploads"), step("three", "Describe limits"))


def found(*plan: Subtask, **facts: object) -> tuple[str, ...]:
    return problems(plan or PLAN, PlanningFacts(name="Add resilience", **facts))  # type: ignore[arg-type]  # by name


def test_a_plan_within_all_bounds_has_no_problems() -> None:
    assert found() == ()


@pytest.mark.parametrize(
    ("criterion", "covered"),
    [
        ("Measure upload latency daily everywhere", False),  # two of five words
        ("Measure upload latency daily", True),  # two of four
        ("Nothing alike", False),
    ],
)
def test_a_criterion_is_covered_when_one_subtask_takes_up_half_of_its_words(criterion: str, covered: bool) -> None:  # noqa: FBT001 - a table of cases
    assert (found(criteria=(criterion,)) == ()) is covered


def test_a_claim_covers_a_criterion_only_with_a_word_in_common() -> None:
    claiming = (step("one", "Measure upload failures", covers=(1,)), *PLAN[1:])
    assert found(*claiming, criteria=("Latency of every upload stays below a second on average",)) == ()
    assert found(*claiming, criteria=("Nothing alike",)) != ()


@pytest.mark.parametrize(
    ("existing", "repeats"),
    [
        ("Measure the upload failures", True),
        ("Measure upload failures weekly", False),  # three of four words: 0.75
        ("Plot failures", False),
    ],
)
def test_a_subtask_repeats_a_task_from_85_percent_of_the_words(existing: str, repeats: bool) -> None:  # noqa: FBT001 - a table of cases
    assert any("repeats the open task" in problem for problem in found(existing=(existing,))) is repeats


def test_a_subtask_that_claims_every_criterion_is_the_task_itself() -> None:
    claiming = (step("one", "Measure upload failures", covers=(1, 2)), *PLAN[1:])
    assert any("claims every" in problem for problem in found(*claiming, criteria=("Measure it", "Retry it")))
