import difflib
import json
from pathlib import Path

import pytest

from prentice.errors import DamagedFileError
from prentice.tasks import todo2
from prentice.tasks.edits import Draft
from prentice.tasks.todo2 import parse, serialize
from tasks.editing import NOW, edited
from tasks.writers import extension_style, sample

FILES = (
    "ericktheredd5875__sorcererdb-python/state.todo2.json",
    "davidl71__project-management-automation/state.todo2.json",
    "davidl71__project-management-automation/state.todo2.backup.json",
)


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


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\n\n  "])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_the_byte_order_mark_and_the_end_of_the_file_stay(bom: bytes, ending: str) -> None:
    before = bom + b"\n " + extension_style(sample()).encode() + ending.encode()
    after = edited(before, lambda e: e.update("T-1", {"priority": "high"}))
    assert after.startswith(bom + b"\n {")
    assert after.endswith(b'"\n}' + ending.encode())
    assert json.loads(after.decode("utf-8-sig"))["todos"][0]["priority"] == "high"


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


def test_a_list_that_go_wrote_as_null_is_an_empty_list() -> None:
    after = edited(b'{\n  "todos": null\n}', lambda e: e.create(Draft(name="first")))
    assert [task["id"] for task in json.loads(after)["todos"]] == ["T-1"]


def test_a_new_project_gets_the_file_that_the_extension_would_make() -> None:
    assert todo2.new_state(NOW) == (
        b'{\n  "todos": [],\n  "comments": [],\n  "activities": [],\n  "nextTaskNumber": 1,\n'
        b'  "lastModified": "2026-01-02T03:04:05.678Z"\n}'
    )
