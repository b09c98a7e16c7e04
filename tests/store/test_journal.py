import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.errors import WriteFailedError
from prentice.store.content import Signature
from prentice.store.journal import Entry, Journal, described, set_back, standing
from prentice.tasks.difference import Difference, Edit, Records

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CHANGE = Difference(tasks=Records(added=({"id": "T-1", "name": "ä"},)), fields={"nextTaskNumber": (1, 2)})


def entry(number: int, *, age: timedelta = timedelta(), change: Difference = CHANGE, **more: object) -> Entry:
    fields = {"actor": "script", "before": f"{number - 1}", "after": f"{number}", "document": change.document()}
    return Entry(number=number, at=(NOW - age).isoformat(), **(fields | more))  # type: ignore[arg-type]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path)


def test_entries_come_back_as_they_were_written(journal: Journal) -> None:
    written = [
        entry(1),
        entry(2, kind="restored", voids=(1,), did=("T-1 added",), file=Signature(1, 2**62, 3), was=Signature(4, 5, 6)),
        entry(3, kind="seen", change=Difference()),
    ]
    for each in written:
        journal.append(each)
    assert [each.line() for each in journal.entries()] == [each.line() for each in written]
    tail = journal.tail()
    assert tail is not None
    assert tail.line() == written[-1].line()
    assert (tail.kind, journal.entries()[1].was) == ("seen", Signature(4, 5, 6))
    assert journal.entries()[0].change == CHANGE


def test_there_is_none_before_the_first_and_git_is_told_to_leave_it(journal: Journal, tmp_path: Path) -> None:
    assert journal.tail() is None
    assert journal.entries() == []
    journal.append(entry(1))
    assert "journal.jsonl*" in (tmp_path / ".prentice" / ".gitignore").read_text().splitlines()


def test_a_line_is_taken_back_at_its_place(journal: Journal) -> None:
    journal.append(entry(1))
    before = journal.path.read_bytes()
    journal.cut(journal.append(entry(2)))
    assert journal.path.read_bytes() == before


@given(st.data())
def test_whatever_happened_to_the_journal_the_rest_of_it_is_read(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    journal = Journal(tmp_path_factory.mktemp("project"))
    lines = [entry(number).line() for number in range(1, 4)]
    strange = data.draw(
        st.binary(max_size=40)
        | st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        ).map(lambda value: json.dumps(value).encode())
    )
    at = data.draw(st.integers(0, 3))
    journal.path.parent.mkdir()
    journal.path.write_bytes(b"".join([*lines[:at], strange.replace(b"\n", b" ") + b"\n", *lines[at:]]))
    assert [each.number for each in journal.entries()] == [1, 2, 3]
    assert standing(journal.entries()) == journal.entries()
    tail = journal.tail()
    assert tail is not None
    assert tail.number == 3


FIELDS = json.loads(entry(1).line())
ODD: list[object] = [
    None,
    True,
    7,
    -1.5,
    "x",
    [],
    [1],
    [[]],
    {},
    {"a": 1},
    {"tasks": [1]},
    {"tasks": {"added": [1]}},
    float("inf"),
]


@pytest.mark.parametrize("name", [*FIELDS, "voids", "was"])
def test_an_entry_with_a_strange_field_is_left_out_or_tells_of_nothing(journal: Journal, name: str) -> None:
    journal.append(entry(1))
    for odd in ODD:
        with journal.path.open("ab") as file:
            file.write(json.dumps(FIELDS | {"n": 2, name: odd}).encode() + b"\n")
    journal.append(entry(9))
    for each in standing(journal.entries()):
        described(each.change)
        each.line()
    set_back(journal.entries())
    assert journal.entries()[0].number == 1
    assert journal.entries()[-1].number == 9


@pytest.mark.parametrize("cut", [1, 10, 50])
def test_a_torn_line_is_passed_over_and_the_next_begins_anew(journal: Journal, cut: int) -> None:
    journal.append(entry(1))
    journal.append(entry(2))
    os.truncate(journal.path, journal.path.stat().st_size - cut)
    tail = journal.tail()
    assert tail is not None
    assert tail.number == (2 if cut == 1 else 1)
    place = journal.append(entry(3))
    assert [each.number for each in journal.entries()] == ([1, 2, 3] if cut == 1 else [1, 3])
    journal.cut(place)
    assert journal.path.stat().st_size == place


def test_the_last_entry_is_found_however_long_the_lines_are(journal: Journal) -> None:
    long = Difference(tasks=Records(added=({"id": "T-1", "text": "ä" * 400_000},)))
    for number in range(1, 4):
        journal.append(entry(number, change=long))
        tail = journal.tail()
        assert tail is not None
        assert tail.number == number


def test_a_link_in_the_journals_place_is_not_followed(journal: Journal, tmp_path: Path) -> None:
    journal.path.parent.mkdir()
    (tmp_path / "treasure").write_text("mine")
    journal.path.symlink_to(tmp_path / "treasure")
    with pytest.raises(WriteFailedError):
        journal.append(entry(1))
    assert (tmp_path / "treasure").read_text() == "mine"


# -- how long it gets -------------------------------------------------------------------------------------------------


def test_a_long_journal_keeps_all_changes_of_a_day_and_of_older_ones_who_did_what(journal: Journal) -> None:
    long = Difference(tasks=Records(added=({"id": "T-1", "text": "x" * 600_000},)))
    ages = [timedelta(hours=hours) for hours in (50, 40, 30, 29, 25, 23, 1, 0, 0)]
    for number, age in enumerate(ages):
        journal.append(entry(number, age=age, change=long, did=("T-1 added",)))
    found = journal.entries()
    assert [each.number for each in found] == list(range(len(ages)))
    assert [bool(each.document) for each in found[:5]] == [False] * 5
    assert [bool(each.document) for each in found[5:]] == [True] * 4
    assert all(each.did == ("T-1 added",) for each in found)


def test_a_journal_of_one_busy_day_is_bounded_and_keeps_the_newest(journal: Journal) -> None:
    long = Difference(tasks=Records(added=({"id": "T-1", "text": "x" * 900_000},)))
    for number in range(40):
        journal.append(entry(number, change=long))
        assert journal.path.stat().st_size < 19_000_000
    found = [each.number for each in journal.entries()]
    assert len(found) >= 10
    assert found == list(range(40 - len(found), 40))


# -- what has to be there ---------------------------------------------------------------------------------------------


def test_what_was_voided_set_back_or_is_older_than_a_day_need_not_be_there() -> None:
    entries = [
        entry(1, age=timedelta(hours=25)), entry(2, age=timedelta(hours=3)), entry(3, kind="seen", change=Difference()),
        entry(4), entry(5, kind="restored", voids=(2,)),
    ]  # fmt: skip
    assert [each.number for each in standing(entries)] == [4, 5]
    back = [*entries, entry(6, kind="set_back", change=Difference()), entry(7)]
    assert [each.number for each in standing(back)] == [7]
    assert [each.number for each in set_back(back)] == [4, 5]
    assert standing([]) == set_back([]) == []


def test_a_change_is_described_by_what_it_did_to_whom() -> None:
    change = Difference(
        tasks=Records(
            added=({"id": "T-3"},),
            removed=({"id": "T-2"},),
            edited=(
                Edit(id="T-1", before={"status": "Todo"}, after={"status": "Done", "lastModified": "", "changes": []}),
                Edit(id="T-4", after={"name": "x", "tags": []}),
            ),
        ),
        comments=Records(added=({"id": "T-1-C-1", "todoId": "T-1", "type": "note"},)),
    )
    assert described(change) == (
        "T-3 added", "T-2 deleted", "T-1 status Todo -> Done", "T-4 name, tags", "T-1 comment T-1-C-1 (note)",
    )  # fmt: skip
