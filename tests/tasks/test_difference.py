import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given

from prentice.tasks.difference import Difference, Edit, difference
from tasks.sides import Side, two_sides

Sides = tuple[Mapping[str, Any], Side, Side]


@given(two_sides())
def test_what_did_not_change_has_no_difference(sides: Sides) -> None:
    _, ours, _ = sides
    assert not difference(ours.value, ours.value)
    assert not difference(ours.value, json.loads(json.dumps(ours.value))), "equal values, not the same objects"
    assert not difference(ours.value, {**ours.value, "lastModified": "later"})
    assert difference(ours.value, ours.value).document() == {}


@given(two_sides())
def test_a_difference_comes_back_from_its_document(sides: Sides) -> None:
    base, ours, _ = sides
    found = difference(base, ours.value)
    again = Difference.from_document(json.loads(json.dumps(found.document())))
    assert again.document() == found.document()
    assert again == found


def test_a_history_is_told_by_what_was_added_to_it() -> None:
    old = {"todos": [{"id": "T-1", "changes": [{"n": number} for number in range(500)]}]}
    new = {"todos": [{"id": "T-1", "changes": [*old["todos"][0]["changes"], {"n": 500}]}]}
    edit = Edit(id="T-1", before={"changes": []}, after={"changes": [{"n": 500}]})
    assert difference(old, new).tasks.edited == (edit,)
    shorter = difference(new, old).tasks.edited[0]
    assert (len(shorter.before["changes"]), len(shorter.after["changes"])) == (501, 500), "taken away, told whole"


def test_records_that_bear_one_id_are_told_apart_by_their_turn() -> None:
    old = {"todos": [{"id": "T-NaN", "name": "a"}, {"id": "T-NaN", "name": "b"}]}
    new = {"todos": [{"id": "T-NaN", "name": "a"}, {"id": "T-NaN", "name": "c"}]}
    assert difference(old, new).tasks.edited == (Edit(id="T-NaN", turn=1, before={"name": "b"}, after={"name": "c"}),)


@pytest.mark.parametrize(
    "document",
    [
        {"tasks": []}, {"tasks": {"added": ["T-1"]}}, {"tasks": {"edited": [{"id": "T-1"}]}}, {"activities": [1]},
        {"tasks": {"edited": [{"id": "T-1", "turn": 0, "before": 3, "after": {}}]}}, {"fields": {"a": 1}},
        {"comments": "x"}, {"fields": ["a"]},
    ],
)  # fmt: skip
def test_a_document_that_is_no_difference_is_refused(document: dict[str, Any]) -> None:
    if document != {"tasks": []}:
        with pytest.raises((AttributeError, KeyError, TypeError, ValueError)):
            Difference.from_document(document)
    else:
        assert not Difference.from_document(document)
