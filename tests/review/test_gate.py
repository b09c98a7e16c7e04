from dataclasses import dataclass, replace
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.config import Settings
from prentice.review.evidence import CERTAIN, CheckFact, Evidence
from prentice.review.gate import decide, not_for
from prentice.review.probability import Probability, Reviewed, fitted
from review.some_evidence import DECISIVE, EVIDENCE, GOOD

SETTINGS = Settings()
SURE = Probability(value=0.95, of=40, right=39, reviews=60)


@dataclass(frozen=True)
class Against:
    """An objection of a guard, as far as the gate looks at it."""

    verdict: Literal["refuse", "person"]
    sentence: str


OBJECTIONS = st.lists(st.builds(Against, verdict=st.sampled_from(("refuse", "person")), sentence=st.just("No")))


def test_above_the_threshold_with_a_decisive_check_and_nothing_against_it_is_applied() -> None:
    found = decide(GOOD, SURE, settings=SETTINGS)
    assert found.decision == "apply"
    assert found.why == "Its probability 0.95 is above 0.80 (of 40 like this, 39 were right), and `test` decides it."


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"protected": True}, "It changes a protected file. Only a person may approve that."),
        ({"tests_edited": True}, "It edits tests, so that they say nothing of it. Only a person may approve that."),
        ({"level": "reindented"}, "Its lines were not found as they were quoted (reindented)."),
        ({"level": "partial_line"}, "Its lines were not found as they were quoted (partial line)."),
        ({"checks": ()}, "No check was run on it."),
        (
            {"checks": (CheckFact(name="test", decisive=True),)},
            "No check can be trusted here: none noticed a break that was put in on purpose.",
        ),
        (
            {"checks": (CheckFact(name="test", trusted=True),)},
            "No check decides it: none fails without the change, and none executes its lines.",
        ),
        (
            {"checks": (DECISIVE, CheckFact(name="lint", new_failures=1))},
            "`lint` has a new failure with the change; it is not trusted here.",
        ),
    ],
)
def test_what_stands_against_applying_is_named_and_left_to_a_person(change: dict[str, object], why: str) -> None:
    found = decide(replace(GOOD, **change), SURE, settings=SETTINGS)  # type: ignore[arg-type]  # fields by name
    assert (found.decision, found.why) == ("review", why)


def test_a_probability_that_is_not_above_the_threshold_is_left_to_a_person_with_its_counts() -> None:
    found = decide(GOOD, Probability(value=0.8, of=30, right=23, reviews=30), settings=SETTINGS)
    assert found.decision == "review"
    assert found.why == "Its probability 0.80 is not above 0.80 (of 30 like this, 23 were right)."
    early = decide(GOOD, Probability(value=0.75, of=4, right=4, reviews=4), settings=SETTINGS)
    assert early.why.endswith("The first 10 of a kind are always for a person.")


def test_the_threshold_is_a_setting() -> None:
    found = Probability(value=0.7, of=30, right=21, reviews=30)
    assert decide(GOOD, found, settings=Settings(gate_threshold=0.6)).decision == "apply"
    assert decide(GOOD, SURE, settings=Settings(gate_threshold=1.0)).decision == "review"


@pytest.mark.parametrize(
    ("failures", "why"), [(1, "`test` has a new failure with the change."), (3, "`test` has 3 new failures with")]
)
def test_a_new_failure_in_a_trusted_check_refuses(failures: int, why: str) -> None:
    checks = (replace(DECISIVE, new_failures=failures), replace(DECISIVE, name="lint"))
    found = decide(replace(GOOD, checks=checks), SURE, settings=SETTINGS)
    assert found.decision == "refuse"
    assert found.why.startswith(why)


def test_a_guard_that_refuses_refuses_and_one_that_asks_for_a_person_asks() -> None:
    asking, refusing = Against("person", "`a.py` lost a test"), Against("refuse", "`../x` is outside.")
    found = decide(GOOD, SURE, objections=(asking, refusing), settings=SETTINGS)
    assert (found.decision, found.why) == ("refuse", "`../x` is outside.")
    found = decide(GOOD, SURE, objections=(asking,), settings=SETTINGS)
    assert (found.decision, found.why) == ("review", "`a.py` lost a test. Only a person may approve that.")


@given(EVIDENCE, st.floats(0, 1), OBJECTIONS)
def test_nothing_is_applied_but_what_meets_every_condition(
    evidence: Evidence, value: float, objections: list[Against]
) -> None:
    probability = Probability(value=value, of=20, right=15, reviews=20)
    found = decide(evidence, probability, objections=objections, settings=SETTINGS)
    assert found.why
    assert (found.decision == "apply") == (
        value > 0.8
        and evidence.is_decided
        and evidence.level in CERTAIN
        and not evidence.protected
        and not evidence.tests_edited
        and not evidence.new_failures
        and not objections
    )


@given(EVIDENCE, st.lists(st.builds(Reviewed, evidence=EVIDENCE, right=st.booleans()), max_size=40))
def test_no_claim_of_the_model_gets_it_through_the_gate(evidence: Evidence, reviews: list[Reviewed]) -> None:
    model = fitted(reviews)
    silent, sure = replace(evidence, claimed=None), replace(evidence, claimed=1.0)
    assert (
        decide(silent, model.probability(silent), settings=SETTINGS)
        == decide(sure, model.probability(sure), settings=SETTINGS)
    )  # fmt: skip


def test_an_assistant_may_approve_only_where_the_settings_let_it_and_a_decisive_check_passed() -> None:
    trusting = Settings(approve_assistant="apply")
    assert "not approve" in not_for("assistant", GOOD, settings=SETTINGS)
    assert not_for("assistant", GOOD, settings=trusting) == ""
    assert "No check was run" in not_for("assistant", replace(GOOD, checks=()), settings=trusting)
    assert "protected" in not_for("assistant", replace(GOOD, protected=True), settings=trusting)
    assert "a.py" in not_for("assistant", GOOD, objections=(Against("person", "a.py"),), settings=trusting)
    failing = replace(GOOD, checks=(replace(DECISIVE, new_failures=1),))
    assert "new failure" in not_for("assistant", failing, settings=trusting)


def test_a_person_or_a_script_may_approve_what_the_gate_left_to_them() -> None:
    doubtful = replace(GOOD, checks=(), protected=True)
    assert not_for("person", doubtful, settings=SETTINGS) == ""
    assert not_for("script", doubtful, settings=SETTINGS) == ""
