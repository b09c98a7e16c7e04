"""Which edit format a model is asked for, by sizes, window and record."""

import pytest

from prentice.changes.formats import Format
from prentice.errors import UsageError
from prentice.skills.execute.choosing_format import WHOLE_TOKENS, Size, choose_format, format_named

METHOD = Size(path="a.py", file=5_000, symbol=300)
SMALL = Size(path="a.py", file=1_000)
LARGE = Size(path="a.py", file=9_000)
NEW = Size(path="tests/test_a.py", file=0, is_new=True)


@pytest.mark.parametrize(
    ("sizes", "format_"),
    [
        ([METHOD], Format.SYMBOL),
        ([METHOD, METHOD], Format.SYMBOL),
        ([SMALL], Format.WHOLE),
        ([Size(path="a.py", file=200, symbol=50)], Format.WHOLE),
        ([NEW], Format.WHOLE),
        ([SMALL, NEW], Format.WHOLE),
        ([LARGE], Format.SEARCH_REPLACE),
        ([LARGE, METHOD], Format.SEARCH_REPLACE),
        ([], Format.SEARCH_REPLACE),
    ],
)
def test_a_format_fits_what_has_to_be_rewritten(sizes: list[Size], format_: Format) -> None:
    assert choose_format(sizes, window=8_192).format is format_


def test_a_file_whose_text_does_not_go_through_the_window_twice_is_not_rewritten_whole() -> None:
    assert choose_format([Size(path="a.py", file=WHOLE_TOKENS)], window=8_192).format is Format.WHOLE
    assert choose_format([Size(path="a.py", file=WHOLE_TOKENS)], window=2_048).format is Format.SEARCH_REPLACE


def test_the_record_of_a_model_goes_before_the_prior_when_it_holds_enough() -> None:
    few = {Format.SYMBOL: (0, 1), Format.SEARCH_REPLACE: (1, 1)}
    many = {Format.SYMBOL: (2, 30), Format.SEARCH_REPLACE: (28, 30)}
    assert choose_format([METHOD], window=8_192, counts=few).format is Format.SYMBOL
    chosen = choose_format([METHOD], window=8_192, counts=many)
    assert chosen.format is Format.SEARCH_REPLACE
    assert "28 of this model's last 30" in chosen.why


@pytest.mark.parametrize("format_", list(Format))
def test_the_users_own_word_goes_before_everything(format_: Format) -> None:
    counts = {format_: (0, 100)}
    chosen = choose_format([LARGE], window=2_048, counts=counts, asked=format_)
    assert (chosen.format, chosen.why) == (format_, "you asked for it")


def test_the_reply_gets_room_for_what_it_rewrites() -> None:
    assert choose_format([METHOD], window=8_192).reply_tokens < choose_format([SMALL], window=8_192).reply_tokens
    assert choose_format([LARGE], window=32_768, asked=Format.WHOLE).reply_tokens > LARGE.file


@pytest.mark.parametrize("format_", list(Format))
def test_the_reply_gets_room_for_what_fills_a_stub_unless_the_window_is_small(format_: Format) -> None:
    stub = Size(path="a.py", file=20, symbol=15)
    assert choose_format([stub], window=8_192, asked=format_).reply_tokens > 1_800
    assert choose_format([stub], window=2_048, asked=format_).reply_tokens < 1_300


def test_a_format_is_known_by_its_name_however_it_is_spelled() -> None:
    assert format_named("Search_Replace") is Format.SEARCH_REPLACE
    with pytest.raises(UsageError) as raised:
        format_named("json")
    assert "`symbol`" in raised.value.next_step
