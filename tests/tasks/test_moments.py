import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.tasks.moments import moment, spelled

SECONDS = st.integers(0, 4_102_444_800_000).map(lambda milliseconds: milliseconds / 1000)


@given(SECONDS)
def test_a_time_in_milliseconds_comes_back_from_its_spelling(seconds: float) -> None:
    found = moment(spelled(seconds))
    assert found is not None
    assert abs(found - seconds) < 0.001
    assert spelled(found) == spelled(moment(spelled(found)) or 0.0)


@given(SECONDS)
def test_a_millisecond_later_is_spelled_later(seconds: float) -> None:
    first = spelled(seconds)
    assert spelled((moment(first) or 0.0) + 0.001) > first
    assert len(first) == 24


@pytest.mark.parametrize(
    "spelling",
    [
        "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.678000+00:00", "2026-01-02 03:04:05.678",
        "2026-01-02T04:04:05.678+01:00", "2026-01-02T03:04:05.678",
    ],
)  # fmt: skip
def test_every_spelling_of_a_moment_is_the_same_moment(spelling: str) -> None:
    assert moment(spelling) == pytest.approx(1767323045.678)


@pytest.mark.parametrize("strange", [None, 7, "", "soon", "2026-13-01", {}, [], "T-1"])
def test_what_is_no_time_is_none(strange: object) -> None:
    assert moment(strange) is None
