from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from prentice.review.evidence import CheckFact, Evidence
from prentice.review.probability import CAP, ENOUGH, PRIOR, Probability, Reviewed, band_of, fitted, in_order
from review.some_evidence import DECISIVE, EVIDENCE, GOOD

REVIEWS = st.lists(st.builds(Reviewed, evidence=EVIDENCE, right=st.booleans()), max_size=60)
LEVELS = ("partial_line", "punctuation", "reindented", "trailing_space", "exact")

ALONE = replace(GOOD, agreement=1, checks=(), lines_changed=30)


def better(evidence: Evidence) -> list[Evidence]:
    """Give every evidence that is better in one fact and the same in the others."""
    found: list[dict[str, Any]] = []
    if evidence.agreement < evidence.samples:
        found.append({"agreement": evidence.agreement + 1})
    if evidence.retries:
        found.append({"retries": evidence.retries - 1})
    if evidence.lines_changed:
        found.append({"lines_changed": evidence.lines_changed - 1})
    if evidence.claimed is not None:
        found.append({"claimed": (evidence.claimed + 1) / 2})
    found.append({"level": LEVELS[min(LEVELS.index(evidence.level) + 1, len(LEVELS) - 1)]})
    for number, check in enumerate(evidence.checks):
        others = (*evidence.checks[:number], *evidence.checks[number + 1 :])
        if check.new_failures:
            found.append({"checks": (*others, replace(check, new_failures=check.new_failures - 1))})
        else:
            improved = (
                replace(check, decisive=True), replace(check, trusted=True), replace(check, mended=check.mended + 1),
            )  # fmt: skip
            found += [{"checks": (*others, one)} for one in improved]
    return [replace(evidence, **change) for change in found]


@given(EVIDENCE, REVIEWS)
def test_better_evidence_never_lowers_it_whatever_was_reviewed(evidence: Evidence, reviews: list[Reviewed]) -> None:
    assume(evidence.agreement <= evidence.samples)
    model = fitted(reviews)
    value = model.probability(evidence).value
    for improved in better(evidence):
        assert model.probability(improved).value >= value - 1e-12, improved


@given(EVIDENCE, REVIEWS, st.integers(1, 3))
def test_a_further_check_with_new_failures_never_raises_it(
    evidence: Evidence, reviews: list[Reviewed], failures: int
) -> None:
    model = fitted(reviews)
    failing = CheckFact(name="types", trusted=True, decisive=True, mended=1, new_failures=failures)
    worse = replace(evidence, checks=(*evidence.checks, failing))
    assert model.probability(worse).value <= model.probability(evidence).value + 1e-12


@given(EVIDENCE, REVIEWS, EVIDENCE)
def test_a_right_change_more_never_lowers_it_and_a_wrong_one_never_raises_it(
    evidence: Evidence, reviews: list[Reviewed], another: Evidence
) -> None:
    value = fitted(reviews).probability(evidence).value
    with_right = fitted([*reviews, Reviewed(evidence=another, right=True)]).probability(evidence).value
    with_wrong = fitted([*reviews, Reviewed(evidence=another, right=False)]).probability(evidence).value
    own = fitted(reviews).probability(evidence).reviews
    assert with_right >= value - 1e-12
    if own != ENOUGH - 1:  # the cap is lifted by the tenth review, whichever way it goes
        assert with_wrong <= value + 1e-12


@given(EVIDENCE, st.lists(st.builds(Reviewed, evidence=EVIDENCE, right=st.just(value=True)), max_size=ENOUGH - 1))
def test_before_ten_reviews_it_never_exceeds_the_priors_cap(evidence: Evidence, reviews: list[Reviewed]) -> None:
    assert fitted(reviews).probability(evidence).value <= CAP


def test_reviews_of_another_model_or_kind_do_not_lift_the_cap() -> None:
    others = [replace(GOOD, model="chat"), replace(GOOD, category="documentation")]
    model = fitted(Reviewed(evidence=other, right=True) for other in others for _ in range(200))
    assert model.probability(GOOD).value == CAP
    assert model.probability(others[0]).value > 0.9


@given(EVIDENCE)
def test_without_reviews_it_is_the_prior_of_its_band_with_no_counts(evidence: Evidence) -> None:
    found = fitted(()).probability(evidence)
    assert (found.value, found.of, found.right) == (PRIOR[band_of(evidence)], 0, 0)
    assert "published" in found.counts


def test_the_prior_says_what_its_sources_found() -> None:
    """One of five alone was right in 9 % of all tasks, five of five in all twelve, a simple task's only one in 35 %."""
    plain = replace(GOOD, checks=(), lines_changed=6)
    assert fitted(()).probability(replace(plain, agreement=1)).value == pytest.approx(0.17)
    assert fitted(()).probability(replace(plain, samples=1, agreement=1)).value == pytest.approx(0.35)
    assert fitted(()).probability(plain).value == pytest.approx(CAP)


def test_it_follows_the_reviews_and_shows_their_counts() -> None:
    reviews = [Reviewed(evidence=GOOD, right=number < 23) for number in range(30)]
    found = fitted(reviews).probability(GOOD)
    assert (found.of, found.right) == (30, 23)
    assert found.value == pytest.approx(23 / 30, abs=0.03)
    assert found.counts == "of 30 like this, 23 were right"
    assert found.document()["says"] == f"{found.value:.2f}: of 30 like this, 23 were right"


def test_the_counts_are_those_of_the_same_model_and_kind_once_there_are_some() -> None:
    other = replace(GOOD, model="chat")
    reviews = [Reviewed(evidence=other, right=True)] * 20
    assert fitted(reviews).probability(GOOD).like == "very strong evidence"
    assert fitted([*reviews, *[Reviewed(evidence=GOOD, right=False)] * 4]).probability(GOOD).of == 24
    found = fitted([*reviews, *[Reviewed(evidence=GOOD, right=False)] * 5]).probability(GOOD)
    assert (found.of, found.right, found.like) == (5, 0, "coder, bug fix, very strong evidence")


def test_a_model_that_is_often_wrong_is_believed_less_in_other_kinds_of_task_too() -> None:
    reviews = [Reviewed(evidence=replace(GOOD, model=name), right=name == "chat") for name in ("chat", "coder") * 40]
    model = fitted(reviews)
    elsewhere = replace(GOOD, category="documentation")
    assert model.probability(elsewhere).value < model.probability(replace(elsewhere, model="chat")).value - 0.2


@pytest.mark.parametrize("claimed", [0.5, 0.81, 0.99, 1.0])
@given(evidence=EVIDENCE, reviews=REVIEWS)
def test_a_models_own_confidence_raises_nothing(evidence: Evidence, reviews: list[Reviewed], claimed: float) -> None:
    model = fitted(reviews)
    silent = model.probability(replace(evidence, claimed=None)).value
    assert model.probability(replace(evidence, claimed=claimed)).value == silent


def test_a_low_confidence_of_the_model_itself_lowers_the_points() -> None:
    assert replace(GOOD, claimed=0.2).points < GOOD.points


def test_agreement_is_judged_by_its_share_of_the_samples() -> None:
    def points(agreement: int, samples: int) -> float:
        return replace(GOOD, agreement=agreement, samples=samples).points

    assert points(5, 5) > points(4, 5) > points(3, 5) > points(2, 5) > points(1, 1) > points(1, 5)
    assert points(3, 3) == points(3, 5)
    assert points(5, 10) == points(2, 5)
    assert points(1, 20) == points(1, 5)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.5, 50)), min_size=1, max_size=8))
def test_values_put_in_order_rise_keep_their_mean_and_change_only_where_they_fell(
    pairs: list[tuple[float, float]],
) -> None:
    values, weights = [value for value, _ in pairs], [weight for _, weight in pairs]
    found = in_order(values, weights=weights)
    assert found == sorted(found)
    assert sum(value * weight for value, weight in zip(found, weights, strict=True)) == pytest.approx(
        sum(value * weight for value, weight in pairs)
    )
    if values == sorted(values):
        assert found == values


def test_a_recorded_probability_reads_back() -> None:
    found = Probability(value=0.812, of=30, right=23, like="coder", reviews=40)
    assert Probability.from_document(found.document()) == found


def test_a_decisive_check_and_a_small_change_put_a_change_above_one_without() -> None:
    assert band_of(GOOD) > band_of(ALONE)
    assert band_of(replace(ALONE, checks=(DECISIVE,))) >= band_of(ALONE)
