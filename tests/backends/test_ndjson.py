import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.backends.ndjson import LineSplitter, LineTooLongError, json_object

texts = st.text(alphabet=st.characters(codec="utf-8"), max_size=30)


@given(
    st.lists(texts, max_size=8), st.lists(st.integers(0, 400), max_size=12), st.sampled_from([b"\n", b"\r\n", b"\n\n"])
)
def test_lines_are_the_same_wherever_the_stream_is_cut(said: list[str], cuts: list[int], end: bytes) -> None:
    data = b"".join(json.dumps({"text": text}, ensure_ascii=False).encode() + end for text in said)
    borders = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    splitter = LineSplitter()
    lines = [line for a, b in pairwise(borders) for line in splitter.feed(data[a:b])]
    assert splitter.finish() == []
    assert [json_object(line) for line in lines] == [{"text": text} for text in said]


def test_one_byte_at_a_time_splits_no_character() -> None:
    splitter = LineSplitter()
    data = '{"a":"é😀\u2028"}\n'.encode()
    lines = [line for byte in data for line in splitter.feed(bytes([byte]))]
    assert [json_object(line) for line in lines] == [{"a": "é😀\u2028"}]


def test_a_last_line_without_an_end_is_given_at_the_end() -> None:
    splitter = LineSplitter()
    assert splitter.feed(b'{"a":1}\n{"b"') == [b'{"a":1}']
    assert splitter.feed(b":2}") == []
    assert splitter.finish() == [b'{"b":2}']
    assert splitter.finish() == []


def test_a_line_without_end_is_bounded() -> None:
    splitter = LineSplitter(limit=100)
    splitter.feed(b"x" * 100)
    with pytest.raises(LineTooLongError):
        splitter.feed(b"x")


@pytest.mark.parametrize("data", [b"", b"[]", b"1", b"\xff\xfe", b'{"a":', b"<html>", b"[" * 100_000])
def test_what_is_no_json_object_is_none(data: bytes) -> None:
    assert json_object(data) is None
