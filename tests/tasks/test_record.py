import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.tasks.record import (
    PRIORITIES,
    STATUSES,
    Comment,
    Task,
    canonical_priority,
    canonical_status,
    priority_rank,
    record_id,
)

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
KEYS = (
    "id name title content long_description description details status priority tags dependencies dependsOn created"
    " created_at createdAt lastModified last_modified updated_at parent_id parentId estimatedHours"
).split()


@pytest.mark.parametrize(
    ("spelling", "status"),
    [
        ("Todo", "Todo"), ("todo", "Todo"), ("pending", "Todo"), ("", "Todo"),
        ("In Progress", "In Progress"), ("in_progress", "In Progress"), ("in-progress", "In Progress"),
        ("Review", "Review"), (" review ", "Review"),
        ("Done", "Done"), ("done", "Done"), ("completed", "Done"),
        ("cancelled", "cancelled"), ("Blocked", "Blocked"), ("Cancelled", "Cancelled"),
    ],
)  # fmt: skip
def test_statuses_of_the_wild_have_one_meaning_and_unknown_ones_stay(spelling: str, status: str) -> None:
    assert canonical_status(spelling) == status


@pytest.mark.parametrize(
    ("spelling", "priority"),
    [("High", "high"), ("P1", "high"), ("", "medium"), ("Critical", "critical"), ("P0", "critical"), ("Soon", "soon")],
)
def test_priorities_of_the_wild_have_one_meaning_and_unknown_ones_stay(spelling: str, priority: str) -> None:
    assert canonical_priority(spelling) == priority


def test_priorities_are_ordered_and_an_unknown_one_counts_as_medium() -> None:
    assert sorted(PRIORITIES, key=priority_rank) == ["critical", "high", "medium", "low"]
    assert priority_rank("soon") == priority_rank("medium")


@pytest.mark.parametrize(
    ("status", "is_open"),
    [("Todo", True), ("Review", True), ("Blocked", True), ("done", False), ("Cancelled", False), ("canceled", False)],
)
def test_a_task_is_open_until_it_is_done_or_cancelled(status: str, is_open: bool) -> None:  # noqa: FBT001 - a table's column
    assert Task.from_record({"id": "T-1", "status": status}).is_open is is_open


@pytest.mark.parametrize(
    ("tags", "read"),
    [
        (["a", "#b"], ("a", "#b")), (None, ()), ([], ()), ("a, b", ("a", "b")), ('["a", "b"]', ("a", "b")),
        ("2024", ("2024",)), ("null", ("null",)), ("true, x", ("true", "x")), ("", ()), ([1, None, "", {}], ("1",)),
        ({"a": 1}, ()), ("[" * 100_000, ("[" * 100_000,)), ("9" * 5000, ("9" * 5000,)),
    ],
)  # fmt: skip
def test_tags_are_read_from_a_list_a_json_text_or_words_between_commas(tags: object, read: tuple[str, ...]) -> None:
    assert Task.from_record({"id": "T-1", "tags": tags}).tags == read


def test_dependencies_are_read_from_both_keys_each_once() -> None:
    record = {"id": "T-1", "dependencies": ["T-2", "T-3"], "dependsOn": '["T-3", "T-4"]'}
    assert Task.from_record(record).dependencies == ("T-2", "T-3", "T-4")


def test_of_several_spellings_of_a_field_the_extensions_own_counts_unless_it_is_empty() -> None:
    both = {"name": "a", "content": "b", "long_description": "c", "description": "d", "created": "1", "created_at": "2"}
    task = Task.from_record(both)
    assert (task.name, task.description, task.created) == ("a", "c", "1")
    task = Task.from_record({**both, "name": "", "long_description": None, "created": None})
    assert (task.name, task.description, task.created) == ("b", "d", "2")


@pytest.mark.parametrize(
    "task_id",
    ["T-1", "T-1735790400118", "T-1735790400118123456", "T-20250102030405-7", "AUTO-20250102030405-000001", "AFM-x",
     "RESEARCH-0123abcd", "PERF-001", "T-METRICS-NaN", "T-NaN"],
)  # fmt: skip
def test_ids_of_every_family_stay_the_texts_they_are(task_id: str) -> None:
    assert Task.from_record({"id": task_id}).id == task_id


def test_an_id_written_as_a_number_is_read_digit_for_digit() -> None:
    assert record_id({"id": 1735790400118123457}) == "1735790400118123457"
    assert record_id({"id": None}) == record_id({}) == ""


@pytest.mark.parametrize(
    ("hours", "read"), [(2, 2.0), (0.5, 0.5), (0, None), (-1, None), (True, None), ("3", None), (10**400, None)]
)
def test_an_estimate_is_read_where_it_is_a_sensible_number(hours: object, read: float | None) -> None:
    assert Task.from_record({"id": "T-1", "estimatedHours": hours}).estimated_hours == read


def test_a_comment_inside_a_record_may_lack_id_type_and_times() -> None:
    comment = Comment.from_record({"content": "c", "created_at": "2025-01-02 03:04:05"}, task="T-1")
    assert comment == Comment(id="", task="T-1", type="note", content="c", created="2025-01-02 03:04:05")


def test_the_document_of_a_task_has_the_keys_of_the_contract_and_the_parent_where_there_is_one() -> None:
    keys = [
        "id", "name", "status", "priority", "tags", "dependencies", "description", "created", "lastModified",
    ]  # fmt: skip
    assert list(Task.from_record({"id": "T-1"}).document()) == keys
    assert Task.from_record({"id": "T-1", "parentId": "T-2"}).document()["parent"] == "T-2"


def test_the_text_of_a_task_is_its_name_and_description() -> None:
    assert Task(id="T-1", name="n", description="d").text == "n\n\nd"
    assert Task(id="T-1", name="n").text == "n"


@given(st.dictionaries(st.sampled_from(KEYS), ANYTHING))
def test_no_record_however_odd_stops_the_reader(record: dict[str, object]) -> None:
    task = Task.from_record(record)
    assert all(isinstance(text, str) for text in (task.id, task.name, *task.tags, *task.dependencies))
    assert task.status in STATUSES or task.status.strip()
    Comment.from_record(record)
