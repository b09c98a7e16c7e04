import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.tasks.words import content_words, jaccard, stem


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Migrating the loaders", "migration of a loader"),
        ("load_config", "loadConfig"),
        ("Add TESTS for parser", "adds a test for the parsers"),
        ("the user's files", "user files"),
        ("generate, create, validate", "creation and validation by a generator"),
    ],
)
def test_texts_that_say_the_same_share_their_words(one: str, other: str) -> None:
    assert jaccard(content_words(one), content_words(other)) >= 0.5


def test_words_that_say_nothing_by_themselves_are_left_out() -> None:
    assert content_words("it is to be done by the use of these") == content_words("done")


def test_ideographs_count_one_by_one_as_no_spaces_part_words() -> None:
    assert content_words("修复登录") == {"修", "复", "登", "录"}
    assert jaccard(content_words("修复登录错误"), content_words("登录错误的修复")) > 0.7
    assert content_words("修复login错误") >= {"修", "复", "login", "错", "误"}
    assert content_words("API设计") >= {"api", "设", "计"}


def test_a_short_word_is_not_cut_to_nothing() -> None:
    assert [stem(word) for word in ("user", "bed", "sing", "es", "migrations")] == ["user", "bed", "sing", "es", "migr"]


def test_two_empty_sets_share_nothing() -> None:
    assert jaccard(set(), set()) == 0.0
    assert jaccard({"a"}, {"a"}) == 1.0


@given(st.text(), st.text())
def test_likeness_is_between_zero_and_one_and_the_same_from_both_sides(one: str, other: str) -> None:
    left, right = content_words(one), content_words(other)
    assert 0.0 <= jaccard(left, right) == jaccard(right, left) <= 1.0
    assert jaccard(left, left) == (1.0 if left else 0.0)
