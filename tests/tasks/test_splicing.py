import json
import random
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from prentice.errors import DamagedFileError
from prentice.tasks.todo2 import parse, serialize
from tasks.editing import edited

HAND_MADE = r"""{ "project" : {"name":"x",
     "cost":1e5, "exact": 1.0, "big": 1765432109876543210, "slash": "a\/b", "lone": "\ud83d" },
  "todos" : [
    {"id":"T-1", "name":"one",   "tags" : [ "x","y\/z" , "z" ], "metadata":{"n":1E+2},
       "status":"todo", "taskNumber": 1, "status" : "Todo"},

    { "id":"T-1765432109876543210", "name":"t\u0077o", "status":"Done","taskNumber":1765432109876543210 }
  ], "nextTaskNumber":  3
}"""


def test_a_file_laid_out_by_hand_keeps_all_that_is_not_changed() -> None:
    after = edited(HAND_MADE.encode(), lambda e: e.update("T-1", {"tags": ("x", "z")})).decode()
    head, tail = HAND_MADE.split('[ "x","y\\/z" , "z" ]')
    assert after.startswith(head + '[ "x", "z" ]' + tail.split(',\n       "status"')[0])
    assert r'"t\u0077o"' in after
    assert '"taskNumber":1765432109876543210 }' in after
    assert json.loads(after)["todos"][0]["tags"] == ["x", "z"]


def test_of_a_repeated_key_the_last_one_is_changed_as_that_is_what_readers_see() -> None:
    after = edited(HAND_MADE.encode(), lambda e: e.update("T-1", {"status": "In Progress"})).decode()
    assert '"status":"todo", "taskNumber": 1, "status" : "In Progress"' in after


def test_an_element_taken_from_a_list_leaves_the_others_as_they_were_written() -> None:
    before = rb'{"todos": [], "list": ["\u0061", "b\/b", 1.0, 1e5, "c"]}'
    state = parse(before)
    after = serialize(state, {"todos": [], "list": ["b/b", 1.0, 1e5, "c"]})
    assert after == rb'{"todos": [], "list": ["b\/b", 1.0, 1e5, "c"]}'


def test_a_value_of_another_type_is_a_change_even_where_python_calls_them_equal() -> None:
    state = parse(b'{"a": 1, "b": true, "c": 1.0}')
    assert serialize(state, {"a": True, "b": 1, "c": 1}) == b'{"a": true, "b": 1, "c": 1}'


# -- generated files: every layout that JSON allows -----------------------------------------------------------------

SPACE = st.sampled_from(["", " ", "  ", "\n", "\n    ", "\r\n\t", "\t"])
TEXT = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["T-1", "T-2", "a/b", "\u2028", "<&>", "naïve", "\x7f\x01", "\ud83d", "x\udc00y", "🎯 水", '"\\']
)
NUMBERS = st.sampled_from(["0", "-0", "1.0", "1e5", "1E-7", "1765432109876543210", "-12", "0.10", "3e+2"])


@st.composite
def spelled_string(draw: st.DrawFn, value: str) -> str:
    """Spell a string in one of the ways that JSON allows."""
    plain = draw(st.sampled_from([json.dumps(value), json.dumps(value, ensure_ascii=False)]))
    if draw(st.booleans()):
        plain = plain.replace("/", "\\/")
    return "".join(f"\\u{ord(c):04x}" if "\ud800" <= c <= "\udfff" else c for c in plain)


@st.composite
def spelled(draw: st.DrawFn, depth: int = 0) -> str:
    """Spell a JSON value of any kind, with any space and with repeated keys."""

    def space() -> str:
        return draw(SPACE)

    kind = draw(st.sampled_from(["string", "number", "word", "object", "array"] if depth < 3 else ["string", "number"]))
    if kind == "string":
        return draw(spelled_string(draw(TEXT)))
    if kind == "number":
        return draw(NUMBERS)
    if kind == "word":
        return draw(st.sampled_from(["true", "false", "null"]))
    if kind == "array":
        items = [space() + draw(spelled(depth + 1)) + space() for _ in range(draw(st.integers(0, 4)))]
        return "[" + (",".join(items) or space()) + "]"
    keys = draw(st.lists(TEXT | st.sampled_from(["id", "name", "twin", "twin"]), max_size=4))
    members = [
        space() + draw(spelled_string(key)) + space() + ":" + space() + draw(spelled(depth + 1)) + space()
        for key in keys
    ]
    return "{" + (",".join(members) or space()) + "}"


@st.composite
def files(draw: st.DrawFn) -> bytes:
    names = draw(st.lists(st.sampled_from(["x", "y", "nextTaskNumber", "lastModified"]), unique=True))
    records = []
    for number in range(draw(st.integers(0, 3))):
        extra = draw(spelled(1))
        records.append(f'{{{draw(SPACE)}"id":"T-{number % 2}",{draw(SPACE)}"extra" :{extra}{draw(SPACE)}}}')
    members = [f'"todos"{draw(SPACE)}:[{",".join(records)}{draw(SPACE)}]']
    members += [f'{draw(SPACE)}"{name}":{draw(SPACE)}{draw(spelled())}' for name in names]
    text = draw(SPACE) + "{" + draw(SPACE) + ",".join(draw(st.permutations(members))) + "}" + draw(SPACE)
    return draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + text.encode()


NEW_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**19), 10**19) | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def mutated(value: Any, random_: random.Random, new: Callable[[], Any]) -> Any:
    """Give a copy of a value with one thing in it set, added, taken away or moved; what is untouched is shared."""
    if isinstance(value, dict) and value and random_.random() < 0.85:
        key = random_.choice(list(value))
        objects: list[Callable[[], Any]] = [
            lambda: {name: item for name, item in value.items() if name != key},
            lambda: {**value, f"new{random_.randrange(3)}": new()},
            lambda: {**value, key: new()},
            *3 * [lambda: {**value, key: mutated(value[key], random_, new)}],
        ]
        return random_.choice(objects)()
    if isinstance(value, list) and value and random_.random() < 0.85:
        at = random_.randrange(len(value))
        lists: list[Callable[[], Any]] = [
            lambda: value[:at] + value[at + 1 :],
            lambda: [*value, new()],
            lambda: [*value[:at], new(), *value[at:]],
            lambda: random_.sample(value, len(value)),
            *3 * [lambda: [*value[:at], mutated(value[at], random_, new), *value[at + 1 :]]],
        ]
        return random_.choice(lists)()
    return new()


@given(files())
def test_reading_and_writing_any_file_gives_its_bytes_again(before: bytes) -> None:
    state = parse(before)
    assert serialize(state, state.value) == before
    assert serialize(state, json.loads(before.decode("utf-8-sig"))) == before


@given(files(), st.data(), st.randoms(use_true_random=False))
def test_any_edit_of_any_file_reads_back_as_exactly_the_new_value(
    before: bytes, drawn: st.DataObject, random_: random.Random
) -> None:
    state = parse(before)
    value: Any = state.value
    for _ in range(drawn.draw(st.integers(1, 3))):
        changed = mutated(value, random_, lambda: drawn.draw(NEW_VALUES))
        value = changed if isinstance(changed, dict) else value
    for key in ("todos", "tasks", "comments", "activities"):
        if not isinstance(value.get(key, []), list):
            value = {**value, key: []}
    after = serialize(state, value)
    again = parse(after)
    assert sorted_exactly(again.value) == sorted_exactly(value)
    assert serialize(again, again.value) == after
    assert after.startswith(b"\xef\xbb\xbf") == before.startswith(b"\xef\xbb\xbf")


def sorted_exactly(value: object) -> str:
    """Spell a value; a key that was taken away and set again may stand in its old place."""
    return json.dumps(value, sort_keys=True)


@given(files(), st.data())
def test_a_changed_record_leaves_the_text_of_every_other_record_as_it_was(before: bytes, drawn: st.DataObject) -> None:
    assume(before.count(b'"todos"') == 1)  # the test finds the list by its name
    state = parse(before)
    records = state.value["todos"]
    if not records:
        return
    at = drawn.draw(st.integers(0, len(records) - 1))
    changed = [*records[:at], {**records[at], "status": "Done"}, *records[at + 1 :]]
    after = serialize(state, {**state.value, "todos": changed}).decode("utf-8-sig")
    text = before.decode("utf-8-sig")
    for number, (start, end) in enumerate(spans(text)):
        assert text[start:end] in after or number == at
    prefix, suffix = text[: spans(text)[at][0]], text[spans(text)[at][1] :]
    assert after.startswith(prefix)
    assert after.endswith(suffix)


def spans(text: str) -> list[tuple[int, int]]:
    """Find the records of the list `todos` in a generated file."""
    decode = json.JSONDecoder().raw_decode
    found = []
    at = text.index("[", text.index('"todos"')) + 1
    while (start := at + len(text[at:]) - len(text[at:].lstrip(" \t\r\n"))) < len(text) and text[start] == "{":
        end = decode(text, start)[1]
        found.append((start, end))
        at = end + len(text[end:]) - len(text[end:].lstrip(" \t\r\n")) + 1
    return found


def test_a_file_nested_as_deep_as_reading_allows_can_also_be_changed() -> None:
    deep = 0
    for depth in (50, 100, 200, 400, 800, 1600):
        data = b'{"todos": [{"id": "T-1", "name": "n", "x": ' + b"[" * depth + b"]" * depth + b"}]}"
        try:
            state = parse(data)
        except DamagedFileError:
            break
        deep = depth
        record = state.value["todos"][0]
        after = serialize(state, {"todos": [{**record, "name": "m"}]})
        assert after == data.replace(b'"n"', b'"m"')
    assert deep >= 100


def test_a_change_too_deep_to_follow_is_refused_by_name() -> None:
    depth = 700 if sys.version_info < (3, 12) else 3_000  # which the reader still reads and Python no longer follows
    state = parse(b'{"todos": [], "x": ' + b"[" * depth + b"1" + b"]" * depth + b"}")
    with pytest.raises(DamagedFileError, match="nested too deep"):
        serialize(state, json.loads(state.text.replace("1", "2")))
