from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.tasks.three_way import ABSENT, CONFLICT, insert_by_time, three_way, time_of

VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.lists(st.integers(0, 3), max_size=3)
FIELDS = st.sampled_from(["status", "tags", "dependencies", "changes", "metadata", "x"])


@given(FIELDS, VALUES, VALUES)
def test_what_one_side_alone_changed_has_that_sides_value(name: str, old: Any, new: Any) -> None:
    assert three_way(name, old, old=old, new=new) == new


@given(FIELDS, VALUES, VALUES)
def test_where_we_changed_nothing_theirs_stands(name: str, present: Any, old: Any) -> None:
    assert three_way(name, present, old=old, new=old) == present


@pytest.mark.parametrize(
    ("name", "present", "old", "new", "merged"),
    [
        ("status", "Done", "Todo", "Review", CONFLICT),
        ("tags", ["a", "c"], ["a", "b"], ["b", "d"], ["c", "d"]),
        ("dependencies", ["T-1", "T-2"], ["T-1"], ["T-1", "T-3"], ["T-1", "T-2", "T-3"]),
        ("tags", "a,b", ["a"], ["a", "c"], CONFLICT),
        ("metadata", {"a": 1, "b": 2}, {"a": 1}, {"a": 3}, {"a": 3, "b": 2}),
        ("metadata", {"a": 2}, {"a": 1}, {"a": 3}, {"a": 2}),
        ("metadata", {"a": 1, "b": 1}, {"a": 1, "b": 1}, {"a": 1}, {"a": 1}),
        ("metadata", {"a": 1, "b": 1, "c": 1}, {"a": 1, "b": 1}, {"a": 1}, {"a": 1, "c": 1}),
        ("cursorInsight", ABSENT, ABSENT, "x", "x"),
        ("cursorInsight", "theirs", ABSENT, "x", CONFLICT),
        ("cursorInsight", ABSENT, "was", "x", CONFLICT),
        ("changes", None, [], [{"n": 1}], [{"n": 1}]),
        ("changes", ABSENT, [], [{"n": 1}], [{"n": 1}]),
        ("changes", "none", [], [{"n": 1}], CONFLICT),
    ],
)
def test_a_field_that_both_changed_is_merged_where_that_means_something(
    name: str, present: Any, old: Any, new: Any, merged: Any
) -> None:
    assert three_way(name, present, old=old, new=new) == merged


@pytest.mark.parametrize("name", ["lastModified", "updated_at", "updatedAt"])
def test_of_two_times_the_later_counts_in_whatever_spelling(name: str) -> None:
    early, late = "2026-01-02 03:04:05", "2026-01-02T04:04:05.001+00:00"
    assert three_way(name, early, old="x", new=late) == late
    assert three_way(name, late, old="x", new=early) == late
    assert three_way(name, ABSENT, old="x", new=early) == early
    assert three_way(name, early, old="x", new=ABSENT) == early
    assert three_way(name, ABSENT, old="x", new=ABSENT) is ABSENT


def entry(second: int) -> dict[str, str]:
    return {"field": "status", "timestamp": f"2026-01-02T03:04:{second:02}.000Z"}


@given(st.sets(st.integers(0, 30)), st.sets(st.integers(31, 59)), st.sets(st.integers(0, 59)))
def test_histories_become_one_in_the_order_of_time(base: set[int], mine: set[int], theirs: set[int]) -> None:
    old = [entry(second) for second in sorted(base)]
    new = [entry(second) for second in sorted(base | mine)]
    present = [entry(second) for second in sorted(base | theirs)]
    merged = three_way("changes", present, old=old, new=new)
    assert merged == [entry(second) for second in sorted(base | mine | theirs)]
    assert three_way("changes", merged, old=old, new=new) == merged


def test_entries_of_one_moment_that_are_alike_stay_as_many_as_they_were() -> None:
    assert three_way("changes", [entry(1)], old=[], new=[entry(2), entry(2)]) == [entry(1), entry(2), entry(2)]


def test_a_record_without_a_time_comes_first_and_strange_rows_are_left_in_place() -> None:
    rows: list[Any] = [None, entry(1), entry(3)]
    insert_by_time(rows, entry(2))
    insert_by_time(rows, {"timestamp": 5})
    assert rows == [None, {"timestamp": 5}, entry(1), entry(2), entry(3)]
    assert time_of({"a": 1}) == 0.0
