import math

import pytest

from prentice.backends.json_values import count, mapping, measured, size, text, texts, whole_characters

ODD = [None, True, "7", [7], {"n": 7}, -1, 0, 2**63, math.nan, math.inf]


@pytest.mark.parametrize("value", ODD)
def test_what_is_no_number_above_nothing_is_no_count_and_no_size(value: object) -> None:
    assert (count(value), size(value), measured(value)) == (None, None, None)


def test_a_count_is_whole_and_in_reason_a_size_may_be_that_of_a_disk() -> None:
    assert (count(7), count(7.5), count(2**41)) == (7, None, None)
    assert (size(2**41), size(7.5)) == (2**41, None)
    assert (measured(7.9), measured(2**41)) == (7, 2**41)


def test_what_has_another_kind_is_read_as_empty() -> None:
    assert (text("a"), text(1), text(None)) == ("a", "", "")
    assert (texts(["a", 1, "b"]), texts("ab"), texts(None)) == (("a", "b"), (), ())
    assert (mapping({"a": 1}), mapping([1]), mapping(None)) == ({"a": 1}, {}, {})


def test_torn_halves_of_a_character_are_joined_and_one_alone_is_replaced() -> None:
    assert whole_characters("a\ud83d\ude80") == "a\U0001f680"
    assert whole_characters("a\ud83d!") == "a\ufffd!"
    assert whole_characters("naïve") == "naïve"
