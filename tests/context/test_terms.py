import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.context.terms import Terms, split


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("parseHTTPResponse", ["pars", "http", "respons", "parsehttpresponse"]),
        ("max_retry_count", ["max", "retry", "count", "max_retry_count"]),
        ("_hidden", ["hidden"]),
        ("sha256", ["sha", "sha256"]),
        ("the", []),
        ("Retries", ["retry"]),
        ("x" * 200, []),
    ],
)
def test_words_split_by_case_and_underscore(word: str, expected: list[str]) -> None:
    assert split(word) == expected


@pytest.mark.parametrize(
    "forms", [("parse", "parsed", "parsing", "parses"), ("stop", "stopped", "stopping", "stops"), ("file", "files")]
)
def test_forms_of_a_word_meet(forms: tuple[str, ...]) -> None:
    assert len({tuple(split(form)) for form in forms}) == 1


@given(st.text())
def test_terms_of_any_text_are_small_words_without_spaces(text: str) -> None:
    terms = Terms()
    assert terms.of(text) == terms.joined(text).split()
    assert terms.of(text) == Terms().of(text)
