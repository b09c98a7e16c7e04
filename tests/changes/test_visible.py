"""What is not seen is spelled out; what people need to read their own languages and signs is not."""

import pytest

from prentice.changes.visible import one_line, path_shown, readable, visible

HIDDEN = ["\u202e", "\u2066", "\u200b", "\x1b", "\x00", "\x9b", "\ufeff", "\u00ad", "\U000e0041", "\u3164", "\f", "\r"]


@pytest.mark.parametrize("letter", [*HIDDEN, "\u200d", "\ufe0f"])
def test_between_ascii_every_letter_that_is_not_seen_is_spelled_out(letter: str) -> None:
    for shown in (visible, readable, one_line, path_shown):
        if letter not in "\f\r" or shown is not one_line:
            assert shown(f"a{letter}b") == f"a<U+{ord(letter):04X}>b"


@pytest.mark.parametrize("letter", HIDDEN)
def test_behind_other_scripts_too_but_for_joiners(letter: str) -> None:
    if letter not in "\f\r":
        assert readable(f"é{letter}b") == f"é<U+{ord(letter):04X}>b"


def test_what_people_write_stays_and_code_is_shown_to_the_letter() -> None:
    text = "⚠️ 👩‍💻 naïve\tשר می‌خواهم 进度\n"
    assert readable(text) == text
    assert visible(text).count("<U+") == 3
    assert visible("Grüße, 東京\n\tdone") == "Grüße, 東京\n\tdone"
    assert readable("é\u200b\u200dx") == "é<U+200B><U+200D>x"


def test_line_ends_are_one_character_for_readers_and_shown_in_code() -> None:
    assert readable("a\r\nb\rc") == "a\nb<U+000D>c"
    assert visible("a\r\nb") == "a<U+000D>\nb"
    assert one_line(" two\r\n lines ") == "two lines"
    assert path_shown("a\nb\tc") == "a<U+000A>b<U+0009>c"
