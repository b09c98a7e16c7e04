import pytest

from prentice.backends.builtin.phrase import definite, gerund, plural, with_article, without_article


@pytest.mark.parametrize(
    ("phrase", "again"),
    [
        ("a dark theme", "the dark theme"),
        ("upload page", "the upload page"),
        ("our parser", "our parser"),
        ("`parse()`", "`parse()`"),
        ("Redis", "Redis"),
        ("Redis cluster", "the Redis cluster"),
        ("authentication", "authentication"),
        ("renovate", "renovate"),
        ("", ""),
    ],
)
def test_what_was_mentioned_before_takes_the_article_that_its_noun_wants(phrase: str, again: str) -> None:
    assert definite(phrase) == again


def test_a_product_name_of_one_word_takes_no_article() -> None:
    assert with_article("date-fns") == "date-fns"
    assert with_article("old scheduler") == "the old scheduler"


def test_the_article_goes_and_the_rest_stays() -> None:
    assert without_article("the new theme") == "new theme"
    assert without_article("theatre seats") == "theatre seats"


@pytest.mark.parametrize(
    ("phrase", "many"),
    [("exports of the order", True), ("the export of orders", False), ("logs and traces", True), ("the status", False)],
)
def test_the_number_of_a_phrase_is_that_of_its_head(phrase: str, many: bool) -> None:  # noqa: FBT001 - a column of the table
    assert plural(phrase) is many


@pytest.mark.parametrize(
    ("verb", "doing"),
    [("cache", "caching"), ("set", "setting"), ("limit", "limiting"), ("see", "seeing"), ("add", "adding")],
)
def test_the_ing_form_is_spelt_as_english_spells_it(verb: str, doing: str) -> None:
    assert gerund(verb) == doing
