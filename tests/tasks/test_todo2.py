import difflib
import json
import random
import sys
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from prentice.errors import DamagedFileError
from prentice.tasks import todo2
from prentice.tasks.edits import Draft, Editor
from prentice.tasks.todo2 import Style, parse, serialize

NOW = "2026-01-02T03:04:05.678Z"
FILES = (
    "ericktheredd5875__sorcererdb-python/state.todo2.json",
    "davidl71__project-management-automation/state.todo2.json",
    "davidl71__project-management-automation/state.todo2.backup.json",
)


def editor(value: Mapping[str, Any]) -> Editor:
    numbers = count()
    return Editor(value, now=NOW, token=lambda: f"{next(numbers):09d}")


def edited(before: bytes, edit: Callable[[Editor], object]) -> bytes:
    state = parse(before)
    changing = editor(state.value)
    edit(changing)
    return serialize(state, changing.value)


def changed_lines(before: bytes, after: bytes) -> tuple[list[str], list[str]]:
    """Give the lines that went and those that came; a comma that a neighbour got counts as neither."""
    old, new = (data.decode().splitlines() for data in (before, after))
    moves = difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes()
    gone = [line for kind, a, b, _, _ in moves if kind in {"delete", "replace"} for line in old[a:b]]
    came = [line for kind, _, _, a, b in moves if kind in {"insert", "replace"} for line in new[a:b]]
    commas = [line for line in gone if f"{line}," in came]
    return [line for line in gone if line not in commas], [line for line in came if line[:-1] not in commas]


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_the_wild_that_is_read_and_written_keeps_every_byte(data: Path, name: str) -> None:
    before = (data / "todo2" / name).read_bytes()
    state = parse(before)
    assert serialize(state, state.value) == before
    assert serialize(state, json.loads(before)) == before, "equal values too, not only the same objects"


def test_every_todo2_file_of_the_data_folder_is_among_those_tested(data: Path) -> None:
    there = {path.relative_to(data / "todo2").as_posix() for path in (data / "todo2").glob("**/*.json")}
    assert there == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_adding_a_task_to_a_file_of_the_wild_changes_only_the_lines_it_must(data: Path, name: str) -> None:
    before = (data / "todo2" / name).read_bytes()
    ids: list[str] = []
    after = edited(before, lambda e: ids.append(e.create(Draft(name="Nägel & Köpfe", tags=("a",)))))
    gone, came = changed_lines(before, after)
    assert len(came) <= 14 + 2 + 16 + 2
    assert all("lastModified" in line or "nextTaskNumber" in line for line in gone)
    assert json.loads(after)["todos"][-1]["id"] == ids[0]
    assert json.loads(after)["todos"][:-1] == json.loads(before)["todos"]


@pytest.mark.parametrize("name", FILES)
def test_moving_a_task_of_the_wild_changes_only_its_own_lines_and_adds_one_activity(data: Path, name: str) -> None:
    before = (data / "todo2" / name).read_bytes()
    record = json.loads(before)["todos"][0]
    after = edited(before, lambda e: e.update(record["id"], {"status": "Review"}))
    gone, came = changed_lines(before, after)
    words = ("lastModified", "nextTaskNumber", '"status"', "last_modified")
    assert all(any(word in line for word in words) for line in gone), gone
    assert len(came) <= 3 + 8 + 14 + 3
    assert len(json.loads(after)["activities"]) == min(100, len(json.loads(before).get("activities", [])) + 1)


@pytest.mark.parametrize("name", FILES)
def test_a_comment_in_a_file_of_the_wild_touches_no_task(data: Path, name: str) -> None:
    before = (data / "todo2" / name).read_bytes()
    first = json.loads(before)["todos"][0]["id"]
    after = edited(before, lambda e: e.comment(first, "Checked — by hand", kind="note"))
    gone, came = changed_lines(before, after)
    assert all("lastModified" in line or "nextTaskNumber" in line for line in gone)
    assert len(came) <= 8 + 2 + 13 + 2 + 1
    assert after.split(b'"comments"')[0].startswith(before.split(b'"todos"')[0])
    assert json.loads(after)["todos"] == json.loads(before)["todos"]


def extension_style(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def python_style(value: object) -> str:
    return json.dumps(value, indent=2)


def go_style(value: object) -> str:
    text = extension_style(value)
    for character in "&<>\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


WRITERS: dict[str, Callable[[object], str]] = {
    "extension": extension_style,
    "python": python_style,
    "go": go_style,
    "crlf": lambda value: extension_style(value).replace("\n", "\r\n"),
    "tabs": lambda value: json.dumps(value, indent="\t", ensure_ascii=False),
    "four spaces": lambda value: json.dumps(value, indent=4, ensure_ascii=False),
    "no indent": lambda value: json.dumps(value, indent=0, ensure_ascii=False),
    "minified": lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False),
    "one line": lambda value: json.dumps(value, ensure_ascii=False),
}


def sample() -> dict[str, Any]:
    task = {
        "id": "T-1",
        "name": "Größe & <Gewicht>",
        "long_description": "🎯 **Objective:** 水\n",
        "status": "Todo",
        "taskNumber": 1,
        "tags": ["ä", "b"],
        "dependencies": [],
    }
    return {
        "todos": [task],
        "comments": [],
        "activities": [],
        "nextTaskNumber": 2,
        "lastModified": "2025-08-15T18:10:37.004Z",
    }


@pytest.mark.parametrize("writer", WRITERS)
def test_an_edit_writes_what_the_files_own_writer_would_have_written(writer: str) -> None:
    write = WRITERS[writer]
    before = write(sample())

    def edit(changing: Editor) -> None:
        changing.create(Draft(name="Weiß & <rot> \u2028 🎯", tags=("é",), dependencies=("T-1",)))
        changing.update("T-1", {"status": "In Progress", "name": "Maß & <Zahl>"})
        changing.comment("T-1", "A & B\nç", kind="result")

    after = edited(before.encode(), edit).decode()
    assert after == write(json.loads(after))


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\n\n  "])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_the_byte_order_mark_and_the_end_of_the_file_stay(bom: bytes, ending: str) -> None:
    before = bom + b"\n " + extension_style(sample()).encode() + ending.encode()
    after = edited(before, lambda e: e.update("T-1", {"priority": "high"}))
    assert after.startswith(bom + b"\n {")
    assert after.endswith(b'"\n}' + ending.encode())
    assert json.loads(after.decode("utf-8-sig"))["todos"][0]["priority"] == "high"


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


# -- what is not a Todo2 file -----------------------------------------------------------------------------------------

BAD = {
    "nothing": (b"", "is empty"),
    "blank": (b" \n\t", "is empty"),
    "a mark alone": (b"\xef\xbb\xbf", "is empty"),
    "prose": (b"todos: none yet", "is not JSON: .* line 1, column 1"),
    "a list": (b"[]", "holds a list"),
    "a string": (b'"todos"', "holds a single value"),
    "null": (b"null", "holds a single value"),
    "todos of the wrong kind": (b'{"todos": {"T-1": {}}}', "`todos` that is not a list"),
    "comments of the wrong kind": (b'{"todos": [], "comments": "none"}', "`comments` that is not a list"),
    "Latin-1": ('{"todos": [{"name": "Größe"}]}'.encode("latin-1"), r"is not UTF-8 \(byte 23\)"),
    "UTF-16": ('{"todos": []}'.encode("utf-16"), "is not UTF-8"),
    "a comma too many": (b'{"todos": [],}', "is not JSON"),
    "a real line break in a string": (b'{"todos": [{"name": "a\nb"}]}', "is not JSON: .* line 1"),
    "an LFS pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
        "is a Git LFS pointer",
    ),
    "a conflict": (
        b'{\n  "todos": [\n<<<<<<< HEAD\n    {"id": "T-1"}\n=======\n    {"id": "T-2"}\n>>>>>>> other\n  ]\n}',
        "conflict markers",
    ),
    "a tower of brackets": (b'{"todos": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "deep"),
    "a number without end": (b'{"todos": [' + b"9" * 5000 + b"]}", "cannot be read as JSON"),
}


@pytest.mark.parametrize("name", BAD)
def test_bytes_that_are_no_todo2_file_are_refused_with_what_they_are(name: str) -> None:
    data, sentence = BAD[name]
    with pytest.raises(DamagedFileError, match=sentence) as caught:
        parse(data)
    assert caught.value.next_step.endswith(".")
    assert "Nothing was changed" in caught.value.message


def test_a_pointer_and_a_conflict_have_their_own_next_step() -> None:
    for name, step in [("an LFS pointer", "git lfs pull"), ("a conflict", "conflict"), ("a list", "git checkout")]:
        with pytest.raises(DamagedFileError) as caught:
            parse(BAD[name][0])
        assert step in caught.value.next_step


def test_a_file_cut_off_anywhere_is_refused_and_called_cut_off() -> None:
    whole = extension_style(sample()).encode()
    for length in range(1, len(whole)):
        with pytest.raises(DamagedFileError, match=r"is cut off|is not UTF-8"):
            parse(whole[:length])


def test_conflict_markers_inside_a_text_are_text() -> None:
    before = b'{"todos": [{"id": "T-1", "name": "n", "long_description": "a\\n<<<<<<< HEAD\\nb"}]}'
    assert parse(before).value["todos"][0]["long_description"] == "a\n<<<<<<< HEAD\nb"


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


def test_a_list_that_go_wrote_as_null_is_an_empty_list() -> None:
    after = edited(b'{\n  "todos": null\n}', lambda e: e.create(Draft(name="first")))
    assert [task["id"] for task in json.loads(after)["todos"]] == ["T-1"]


def test_a_new_project_gets_the_file_that_the_extension_would_make() -> None:
    assert todo2.new_state(NOW) == (
        b'{\n  "todos": [],\n  "comments": [],\n  "activities": [],\n  "nextTaskNumber": 1,\n'
        b'  "lastModified": "2026-01-02T03:04:05.678Z"\n}'
    )


def test_a_file_whose_only_escapes_are_control_characters_is_not_taken_for_ascii_style() -> None:
    assert not Style.of('{"a": "\\u0001\\u001b"}').ascii
    assert not Style.of('{"a": "\\\\u00e9"}').ascii, "an escaped backslash followed by a word"
    assert Style.of('{"a": "\\u00e9"}').ascii
