"""Answers to open questions: by what they are known, and which are refused."""

import pytest

from prentice.errors import TextError
from prentice.skills.optimize.answers import MOST_ANSWER, answer_keys, checked_answers

PLACE = {"about": "place", "question": "where?", "choices": []}
ONE = {"about": "open", "question": "which list?", "choices": []}
OTHER = {"about": "open", "question": "by what?", "choices": []}


def test_an_answer_is_known_by_what_it_is_about_or_by_words_where_several_are() -> None:
    assert answer_keys([PLACE, ONE]) == ["place", "open"]
    assert answer_keys([PLACE, ONE, OTHER]) == ["place", "which list?", "by what?"]
    assert answer_keys([]) == []


def test_answers_are_taken_by_either_name_and_empty_ones_left_out() -> None:
    given = {"place": "here", "which list?": " ", "by what?": "date"}
    assert checked_answers(given, open_ones=[PLACE, ONE, OTHER], before={}) == {"place": "here", "by what?": "date"}
    assert checked_answers({"limits": "none"}, open_ones=[PLACE], before={"limits": "one"}) == {"limits": "none"}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"plase": "here"}, "No question is about plase."),
        ({"place": "x" * (MOST_ANSWER + 1)}, "4,001 characters"),
        ({"place": " "}, "Every answer is empty."),
        ({}, "Every answer is empty."),
    ],
)
def test_what_answers_nothing_is_refused(given: dict[str, str], says: str) -> None:
    with pytest.raises(TextError) as caught:
        checked_answers(given, open_ones=[PLACE], before={})
    assert says in caught.value.message
