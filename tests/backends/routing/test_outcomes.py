"""How sure counts make: Wilson's interval."""

from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.backends.routing.track_record import ENOUGH, Outcomes

counts = st.integers(1, 300).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))


@given(counts)
def test_the_ends_solve_the_equation_that_defines_them(pair: tuple[int, int]) -> None:
    """Wilson's ends are the rates from which the seen one is just z standard errors away, at z for 80 %."""
    right, of = pair
    z = NormalDist().inv_cdf(0.9)
    for end in Outcomes(right=right, of=of).interval:
        assert (right / of - end) ** 2 == pytest.approx(z * z * end * (1 - end) / of, abs=1e-9)


@given(counts)
def test_the_rate_lies_inside_and_more_outcomes_make_it_narrower(pair: tuple[int, int]) -> None:
    right, of = pair
    low, high = Outcomes(right=right, of=of).interval
    assert 0 <= low <= right / of + 1e-12
    assert right / of - 1e-12 <= high <= 1
    low_later, high_later = Outcomes(right=right * 4, of=of * 4).interval
    assert high_later - low_later < high - low


def test_without_outcomes_anything_is_possible() -> None:
    assert Outcomes().interval == (0.0, 1.0)


def test_few_are_not_enough() -> None:
    assert not Outcomes(right=ENOUGH - 1, of=ENOUGH - 1).enough
    assert Outcomes(right=0, of=ENOUGH).enough
    assert str(Outcomes(right=3, of=9)) == "3 of 9 right"
