from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.backends.mlx.reply_text import StopText, Thinking, opened_thought

if TYPE_CHECKING:
    from prentice.backends.protocol import Piece


def through(stops: list[str], parts: list[str]) -> str:
    text = StopText(stops)
    return "".join([*(text.add(part) for part in parts), text.finish()])


def thought_and_answer(parts: list[str], *, opened: str = "") -> tuple[str, str]:
    thinking = Thinking(opened=opened)
    pieces: list[Piece] = [piece for part in parts for piece in thinking.add(part)] + thinking.finish()
    return "".join(piece.text for piece in pieces if piece.thinking), "".join(
        piece.text for piece in pieces if not piece.thinking
    )


@given(st.text("abc"), st.lists(st.text("abc", min_size=1, max_size=4), max_size=3), st.integers(1, 4))
def test_text_ends_before_the_stop_that_is_complete_first(text: str, stops: list[str], size: int) -> None:
    found = [(at + len(stop), at) for stop in stops if (at := text.find(stop)) >= 0]
    parts = [text[at : at + size] for at in range(0, len(text), size)]
    assert through(stops, parts) == text[: min(found, default=(0, len(text)))[1]]


def test_a_stop_sequence_that_does_not_come_is_no_loss() -> None:
    assert through(["</end>"], ["good </e", "n", " day </en"]) == "good </en day </en"


def test_an_empty_stop_sequence_stops_nothing() -> None:
    assert through([""], ["all of it"]) == "all of it"


def test_nothing_comes_after_a_stop() -> None:
    text = StopText(["x"])
    assert [text.add("ax"), text.add("b"), text.finish()] == ["a", "", ""]
    assert text.stopped


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("mark", ["think", "thinking"])
def test_a_thought_at_the_beginning_is_set_apart(mark: str, size: int) -> None:
    text = f"\n<{mark}>hm < 3</{mark}>\n\nthe answer <{mark}>"
    parts = [text[at : at + size] for at in range(0, len(text), size)]
    assert thought_and_answer(parts) == ("hm < 3", f"the answer <{mark}>")


@pytest.mark.parametrize("text", ["plain", "<b>bold</b>", "  <thin", "", "say <think>not now</think>"])
def test_text_without_a_thought_at_its_beginning_stays_whole(text: str) -> None:
    assert thought_and_answer(list(text)) == ("", text)


def test_a_thought_without_end_is_no_answer() -> None:
    assert thought_and_answer(["<think>on and", " on</thi"]) == ("on and on</thi", "")


def test_a_prompt_can_open_the_thought() -> None:
    opened = opened_thought("<|assistant|>\n<think>\n")
    assert opened == "<think>"
    assert thought_and_answer(["so", "</think>", "yes"], opened=opened) == ("so", "yes")
    assert not opened_thought("<|assistant|>\n")
