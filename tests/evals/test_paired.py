"""The paired test against binomial probabilities worked out by hand, and what it says."""

import pytest

from prentice.evals.paired import Paired


@pytest.mark.parametrize(
    ("first", "second", "p"),
    [(10, 2, 158 / 4096), (5, 0, 2 / 32), (6, 0, 2 / 64), (3, 3, 1.0), (0, 0, 1.0), (1, 0, 1.0), (9, 1, 22 / 1024)],
)
def test_the_probability_is_the_exact_one_of_the_sign_test(first: int, second: int, p: float) -> None:
    assert Paired(both=40, only_first=first, only_second=second, neither=7).p == pytest.approx(p)
    assert Paired(both=0, only_first=second, only_second=first, neither=0).p == pytest.approx(p)


def test_only_cases_that_both_did_are_compared() -> None:
    pair = Paired.of({"a": True, "b": False, "c": True, "d": False}, {"a": True, "b": True, "c": False, "x": True})
    assert (pair.both, pair.only_first, pair.only_second, pair.neither, pair.cases) == (1, 1, 1, 0, 3)


def test_five_to_nothing_is_no_difference_yet_and_six_to_nothing_is_one() -> None:
    five = Paired(both=3, only_first=5, only_second=0, neither=1)
    assert five.says("A", "B") == ("no difference can be told from 9 cases (A alone got 5 right, B alone 0; p = 0.062)")
    six = Paired(both=3, only_first=0, only_second=6, neither=1)
    assert six.says("A", "B").startswith("B does better than A on these 10 cases")
    assert six.document("A", "B")["differs"] is True
