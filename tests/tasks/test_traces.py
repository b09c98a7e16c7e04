from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from hypothesis import given

from prentice.tasks.difference import difference
from prentice.tasks.traces import seen
from tasks.sides import Side, two_sides

Sides = tuple[Mapping[str, Any], Side, Side]


@given(two_sides())
def test_a_copy_shows_how_far_its_writer_had_seen_our_changes(sides: Sides) -> None:
    _, ours, _ = sides
    states = [ours.values[0]]
    for state in ours.values[1:]:
        if difference(states[-1], state):
            states.append(state)
    changes = [difference(old, new) for old, new in pairwise(states)]
    for number, state in enumerate(states):
        assert seen(state, changes) == number


@given(two_sides())
def test_what_a_writer_adds_of_its_own_does_not_count_as_ours(sides: Sides) -> None:
    base, ours, theirs = sides
    changes = [difference(old, new) for old, new in pairwise(ours.values)]
    assert seen(theirs.value, changes) == seen(base, changes) == 0


def test_the_last_trace_counts_though_those_before_it_were_wiped_out() -> None:
    comment = {"id": "T-1-C-1", "todoId": "T-1", "content": "a", "created": "1"}
    states: list[dict[str, Any]] = [
        {"todos": []},
        {"todos": [{"id": "T-1", "created": "1"}]},
        {"todos": [{"id": "T-1", "created": "1"}], "comments": [comment]},
        {"todos": [{"id": "T-1", "created": "1", "priority": "high", "lastModified": "3"}], "comments": [comment]},
    ]
    changes = [difference(old, new) for old, new in pairwise(states)]
    assert [seen(state, changes) for state in states] == [0, 1, 2, 3]
    assert seen({"todos": states[3]["todos"]}, changes) == 3, "comments were lost, the priority was not"
    assert seen({"todos": [], "comments": [comment]}, changes) == 2
    assert seen({"todos": [], "comments": None, "activities": [None]}, changes) == 0


def test_a_task_of_the_same_id_that_was_born_at_another_time_is_not_ours() -> None:
    change = difference({"todos": []}, {"todos": [{"id": "T-1", "created": "1"}]})
    assert seen({"todos": [{"id": "T-1", "created": "2"}]}, [change]) == 0
    assert seen({"todos": [{"id": "T-1"}]}, [change]) == 0
