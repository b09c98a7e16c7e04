"""Wilson's interval against values that others have published."""

import pytest

from prentice.evals.interval import wilson


@pytest.mark.parametrize(
    ("right", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_that_of_newcombe_1998_table_1(right: int, of: int, low: float, high: float) -> None:
    assert wilson(right, of) == pytest.approx((low, high), abs=5e-5)


def test_all_right_mirrors_all_wrong_and_ends_at_one() -> None:
    low, high = wilson(20, 20)
    assert high == 1.0
    assert low == pytest.approx(1 - wilson(0, 20)[1])


def test_nothing_counted_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_more_cases_of_the_same_share_say_more() -> None:
    few, many = wilson(7, 10), wilson(700, 1000)
    assert many[1] - many[0] < few[1] - few[0]
    assert few[0] < many[0] < 0.7 < many[1] < few[1]
