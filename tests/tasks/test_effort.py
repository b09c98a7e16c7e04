import math
from typing import Any

import pytest

from prentice.tasks.effort import hours_worked, left_progress


def moved(*moves: tuple[str, str], **more: object) -> dict[str, Any]:
    """A record whose status changed at these times of July 2026 (day and hour)."""
    changes = [{"field": "status", "newValue": status, "timestamp": f"2026-07-{at}:00.000Z"} for at, status in moves]
    return {"id": "T-1", "changes": [{"field": "long_description", "newValue": "x"}, *changes], **more}


def test_hours_are_those_in_progress_until_whatever_came_next() -> None:
    assert hours_worked(moved(("01T10:00", "In Progress"), ("01T12:30", "Review"), ("03T09:00", "Done"))) == 2.5
    again = moved(
        ("01T10:00", "in_progress"), ("01T11:00", "Review"), ("02T10:00", "In Progress"), ("02T10:30", "Done")
    )
    assert hours_worked(again) == 1.5


@pytest.mark.parametrize(("end", "hours"), [("01T18:00", 8), ("02T09:00", 8), ("02T12:00", 16), ("04T10:00", 24)])
def test_of_a_day_eight_hours_count_at_most(end: str, hours: float) -> None:
    assert hours_worked(moved(("01T10:00", "In Progress"), (end, "Done"))) == hours


def test_changes_count_in_the_order_of_their_times() -> None:
    assert hours_worked(moved(("01T12:00", "Done"), ("01T10:00", "In Progress"))) == 2


def test_an_entered_figure_goes_before_the_clock() -> None:
    record = moved(("01T10:00", "In Progress"), ("01T12:00", "Done"), actualHours=5)
    assert hours_worked(record) == 5.0


@pytest.mark.parametrize("entered", [True, "3", 0, -2, math.inf, math.nan, None, [3]])
def test_an_entered_figure_that_is_none_leaves_it_to_the_clock(entered: object) -> None:
    assert hours_worked(moved(("01T10:00", "In Progress"), ("01T12:00", "Done"), actualHours=entered)) == 2
    assert hours_worked({"actualHours": entered}) is None


@pytest.mark.parametrize(
    "record",
    [
        {}, {"changes": None}, {"changes": "x"}, {"changes": [1, None, {}]}, moved(("01T10:00", "Done")),
        moved(("01T10:00", "In Progress")), moved(("01T10:00", "In Progress"), ("01T10:00", "Done")),
        moved(("bad", "In Progress"), ("01T10:00", "Done")), moved(("01T10:00", "Todo"), ("01T12:00", "Done")),
    ],
)  # fmt: skip
def test_a_record_that_does_not_tell_gives_none(record: dict[str, Any]) -> None:
    assert hours_worked(record) is None


def test_the_last_change_of_status_is_when_a_task_was_left() -> None:
    first, later = (left_progress(moved(("01T10:00", "In Progress"), (at, "Done"))) for at in ("01T11:00", "02T11:00"))
    assert later - first == 86_400
    assert left_progress({"lastModified": "1970-01-01T00:01:00Z"}) == 60
    assert left_progress({}) == 0
