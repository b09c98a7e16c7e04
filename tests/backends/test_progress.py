import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.backends.progress import Meter


def test_speed_and_remaining_time_are_measured_over_the_last_seconds() -> None:
    meter = Meter()
    for second in range(11):
        meter.note("a", done=100 * second if second < 5 else 500 + 10 * (second - 5), total=1000, now=float(second))
    progress = meter.progress("download", "")
    assert progress.speed == 10.0
    assert progress.remaining == pytest.approx((1000 - 550) / 10)


def test_bytes_of_an_earlier_run_are_no_speed() -> None:
    meter = Meter()
    meter.note("a", done=900, total=1000, now=0.0)
    assert meter.progress("download", "").speed is None
    meter.note("a", done=910, total=1000, now=1.0)
    progress = meter.progress("download", "")
    assert (progress.done, progress.speed, progress.remaining) == (910, 10.0, 9.0)
    meter.note("b", done=500, total=500, now=2.0)
    assert meter.progress("download", "").speed == 5.0


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 100), st.integers(0, 100), st.floats(0, 9))))
def test_a_meter_takes_any_numbers(notes: list[tuple[str, int, int, float]]) -> None:
    meter, now = Meter(), 0.0
    for name, done, total, pause in notes:
        now += pause
        meter.note(name, done=done, total=total, now=now)
        progress = meter.progress("download", "")
        assert progress.speed is None or progress.speed >= 0
        assert progress.remaining is None or progress.remaining >= 0
        assert progress.fraction is None or 0 <= progress.fraction <= 1
