import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.backends.ndjson import LineTooLongError
from prentice.backends.openai.events import DONE, Event, EventReader

STREAM = (
    ": keepalive 1/2\n\n"
    'data: {"choices":[{"delta":{"content":"Grüße, 東京 🗼"}}]}\r\n\r\n'
    "event: completion\nid: 7\nretry: 100\n"
    'data:{"a":"x:y"}\n'
    'data: {"b":2}\n\n'
    ":\n\n"
    "data: [DONE]\n\n"
).encode()
EVENTS = [
    Event(data='{"choices":[{"delta":{"content":"Grüße, 東京 🗼"}}]}'.encode()),
    Event(data=b'{"a":"x:y"}'),
    Event(data=b'{"b":2}'),
    Event(data=DONE),
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=40))
def test_events_do_not_depend_on_where_the_stream_is_cut(cuts: list[int]) -> None:
    borders = [0, *sorted(cuts), len(STREAM)]
    reader = EventReader()
    found = [event for begin, end in itertools.pairwise(borders) for event in reader.feed(STREAM[begin:end])]
    assert found + reader.finish() == EVENTS


def test_byte_by_byte_is_the_same() -> None:
    reader = EventReader()
    assert [event for byte in STREAM for event in reader.feed(bytes([byte]))] == EVENTS


def test_carriage_returns_alone_end_lines_too() -> None:
    reader = EventReader()
    assert [
        event for byte in STREAM.replace(b"\r\n", b"\n").replace(b"\n", b"\r") for event in reader.feed(bytes([byte]))
    ] == EVENTS


@pytest.mark.parametrize("line", [b'event: error\ndata: {"message":"x"}\n\n', b'error: {"message":"x"}\n\n'])
def test_an_event_announced_as_an_error_is_one(line: bytes) -> None:
    [event] = EventReader().feed(line)
    assert event == Event(data=b'{"message":"x"}', failed=True)


def test_only_the_next_event_after_an_announced_error_is_one() -> None:
    events = EventReader().feed(b"event: error\ndata: {}\n\ndata: {}\n\n")
    assert [event.failed for event in events] == [True, False]


def test_a_bare_document_between_events_is_read() -> None:
    assert EventReader().feed(b'\xef\xbb\xbf{"error":"out of memory"}\n') == [Event(data=b'{"error":"out of memory"}')]


def test_a_stream_that_ends_within_its_last_line_loses_nothing() -> None:
    reader = EventReader()
    assert reader.feed(b"data: [DO") == []
    assert reader.feed(b"NE]") == []
    assert reader.finish() == [Event(data=DONE)]


def test_a_line_without_an_end_is_given_up() -> None:
    reader = EventReader()
    part = b"x" * 100_000
    with pytest.raises(LineTooLongError):
        all(not reader.feed(part) for _ in range(100))
