"""The short form of `bench/gate_calibration.py`."""

import pytest

from review.simulation import calibration

SEEDS = 20


def test_after_500_reviews_what_is_stated_meets_what_is_found_in_every_tenth() -> None:
    bench = calibration()
    found = bench.mean_over([
        bench.bins(bench.stated_and_found(bench.Project(seed), reviews=500, fresh=500)) for seed in range(SEEDS)
    ])  # fmt: skip
    assert len(found) == 10
    for tenth in found.values():
        assert tenth.found == pytest.approx(tenth.stated, abs=bench.GOAL)


def test_what_the_reviews_teach_separates_right_from_wrong_better_than_the_mean_does() -> None:
    bench = calibration()
    pairs = [pair for seed in range(5) for pair in bench.stated_and_found(bench.Project(seed), reviews=500, fresh=500)]
    mean = sum(right for _, right in pairs) / len(pairs)
    assert sum((value - right) ** 2 for value, right in pairs) < 0.8 * sum((mean - right) ** 2 for _, right in pairs)


def test_before_ten_reviews_that_are_all_right_nothing_exceeds_the_cap() -> None:
    bench = calibration()
    assert list(bench.over_the_cap(range(SEEDS))) == []
