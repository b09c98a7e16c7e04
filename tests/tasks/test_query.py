import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.errors import UsageError
from prentice.tasks.query import Query, query_of, select
from prentice.tasks.record import Task
from prentice.tasks.todolist import TodoList
from prentice.tasks.words import content_words

WORDS = st.lists(
    st.sampled_from(
        [
            "caching",
            "caches",
            "loadConfig",
            "load_config",
            "to",
            "don't",
            "don\u2019t",
            "Σίσυφος",
            "ΣΊΣΥΦΟΣ.Ω",
            "缓存",
            "x",
        ]
    ),
    max_size=4,
).map(" ".join)


def found(query: Query, *tasks: dict[str, Any], **more: object) -> list[str]:
    return [task.id for task in select(TodoList({"todos": list(tasks), **more}), query).tasks]


def test_an_empty_query_gives_the_open_tasks_in_the_files_order() -> None:
    tasks = [{"id": "b"}, {"id": "a", "status": "Done"}, {"id": "c", "status": "cancelled"}, {"id": "d"}]
    assert found(Query(), *tasks) == ["b", "d"]
    assert found(Query(closed=True), *tasks) == ["b", "a", "c", "d"]
    assert found(Query(status="Done"), *tasks) == ["a"]


def test_filters_have_to_hold_all_at_once() -> None:
    tasks: list[dict[str, Any]] = [
        {"id": "a", "priority": "high", "tags": ["x", "y"], "parent_id": "p"},
        {"id": "b", "priority": "high", "tags": ["x"], "parent_id": "p"},
        {"id": "c", "priority": "low", "tags": ["x", "y"], "parent_id": "p"},
        {"id": "d", "priority": "high", "tags": ["x", "y"]},
    ]
    assert found(Query(priority="high", tags=("x", "y"), parent="p"), *tasks) == ["a"]
    assert found(Query(tags=("y",)), *tasks) == ["a", "c", "d"]


def test_ready_tasks_come_in_the_order_of_next_and_pass_the_other_filters_too() -> None:
    tasks: list[dict[str, Any]] = [
        {"id": "plain"},
        {"id": "waits", "dependencies": ["plain"]},
        {"id": "urgent", "priority": "critical", "tags": ["x"]},
    ]
    assert found(Query(ready=True), *tasks) == ["urgent", "plain"]
    assert found(Query(ready=True, tags=("x",)), *tasks) == ["urgent"]
    assert found(Query(ready=True, status="Done"), *tasks) == []


def test_a_text_search_finds_other_forms_of_all_its_words_in_any_field_and_ranks_names_first() -> None:
    tasks: list[dict[str, Any]] = [
        {"id": "comment"},
        {"id": "inline", "comments": [{"content": "caches migrated"}]},
        {"id": "description", "description": "Migrating the cache"},
        {"id": "tag", "tags": ["cache-migration"]},
        {"id": "name", "name": "Migrate caches"},
        {"id": "half", "name": "Migrate the logs"},
        {"id": "spread", "name": "Migrate it", "tags": ["cache"]},
        {"id": "inside", "name": "Migrate the cachalot"},
    ]
    comments = [{"todoId": "comment", "content": "cached"}, {"todoId": "comment", "content": "a migration"}]
    ranked = found(Query(text="cache migration"), *tasks, comments=comments)
    assert ranked == ["name", "spread", "tag", "description", "comment", "inline"]


def test_sort_keys_overrule_the_rank_of_a_text_search() -> None:
    tasks = [{"id": "T-2", "name": "cache"}, {"id": "T-1", "description": "cache"}]
    assert found(Query(text="cache"), *tasks) == ["T-2", "T-1"]
    assert found(Query(text="cache", sort=("id",)), *tasks) == ["T-1", "T-2"]


@given(WORDS, st.lists(WORDS, max_size=4))
def test_a_task_is_found_exactly_when_all_words_are_among_its_own(text: str, names: list[str]) -> None:
    wanted = content_words(text)
    if not wanted:
        return
    tasks = [{"id": str(number), "name": name} for number, name in enumerate(names)]
    expected = {task["id"] for task in tasks if wanted <= content_words(task["name"])}
    assert set(found(Query(text=text), *tasks)) == expected


def test_claims_that_last_are_found_by_worker() -> None:
    def claimed(worker: str, until: str) -> dict[str, Any]:
        return {"claim": {"worker": worker, "until": until, "minutes": 60}}

    tasks: list[dict[str, Any]] = [
        {"id": "free"},
        {"id": "ada", "prentice": claimed("ada", "2026-01-01T00:30:00Z")},
        {"id": "ben", "prentice": claimed("ben", "2026-01-01T00:30:00Z")},
        {"id": "over", "prentice": claimed("ada", "2025-12-31T00:00:00Z")},
    ]
    todolist = TodoList({"todos": tasks}, now=datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    assert [task.id for task in select(todolist, Query(claimed=True)).tasks] == ["ada", "ben"]
    assert [task.id for task in select(todolist, Query(worker="ada")).tasks] == ["ada"]


def test_only_tasks_that_pass_all_other_filters_are_judged_for_their_lane() -> None:
    judged: list[str] = []

    def lanes(tasks: Sequence[Task]) -> list[str]:
        judged.extend(task.id for task in tasks)
        return ["execute" if task.name == "easy" else "human" for task in tasks]

    todos: list[dict[str, Any]] = [
        {"id": "a", "name": "easy", "tags": ["x"]},
        {"id": "b", "name": "hard", "tags": ["x"]},
        {"id": "c", "name": "easy"},
        {"id": "d", "name": "easy", "tags": ["x"]},
    ]
    todolist = TodoList({"todos": todos})
    page = select(todolist, Query(lane="execute", tags=("x",), sort=("-id",), limit=1), lanes=lanes)
    assert ([task.id for task in page.tasks], page.total, page.next_offset) == (["d"], 2, 1)
    assert judged == ["a", "b", "d"]
    select(todolist, Query(tags=("x",)), lanes=lanes)
    assert len(judged) == 3, "without a lane nobody judges"
    with pytest.raises(ValueError, match="lane"):
        select(todolist, Query(lane="execute"))


def test_a_user_may_spell_filters_in_any_way() -> None:
    asked = query_of({"status": "in progress", "priority": "P1", "tags": "x", "sort": " -id, name,"})
    assert asked == Query(status="In Progress", priority="high", tags=("x",), sort=("-id", "name"))
    assert query_of({"tags": ["x", "y"], "sort": ["id"]}) == Query(tags=("x", "y"), sort=("id",))
    assert query_of({}) == Query()
    with pytest.raises(UsageError):
        query_of({"status": "someday"})
    with pytest.raises(TypeError):
        query_of({"colour": "red"})  # type: ignore[typeddict-unknown-key]  # as a caller without types would


def test_a_text_without_words_to_search_for_is_refused_and_blank_text_asks_for_nothing() -> None:
    with pytest.raises(UsageError, match="no word"):
        found(Query(text="to do"), {"id": "a"})
    assert found(Query(text="  "), {"id": "a"}) == ["a"]


def test_ids_are_sorted_by_their_numbers_whatever_their_length() -> None:
    long = "T-" + "9" * 5000
    tasks = [{"id": id_} for id_ in ("T-10", long, "AUTO-3", "T-NaN", "T-2", "T-005", "T-1.10", "T-1.9", "7")]
    expected = ["7", "AUTO-3", "T-1.9", "T-1.10", "T-2", "T-005", "T-10", long, "T-NaN"]
    assert found(Query(sort=("id",)), *tasks) == expected
    assert found(Query(sort=("-id",)), *tasks) == expected[::-1]


def test_the_first_sort_key_decides_and_equals_keep_the_files_order() -> None:
    tasks = [
        {"id": "a", "priority": "low", "name": "Zebra"},
        {"id": "b", "priority": "critical", "name": "yak"},
        {"id": "c", "priority": "low", "name": "ant"},
        {"id": "d", "priority": "critical", "name": "Yak"},
    ]
    assert found(Query(sort=("priority", "name")), *tasks) == ["b", "d", "c", "a"]
    assert found(Query(sort=("-priority", "-name")), *tasks) == ["a", "c", "b", "d"]


def test_times_are_compared_as_times_and_tasks_without_one_stand_last_both_ways() -> None:
    tasks = [
        {"id": "none"},
        {"id": "noon", "created": "2025-06-01T12:00:00Z"},
        {"id": "odd", "created": "yesterday"},
        {"id": "eleven", "created": "2025-06-01T13:00:00+02:00"},
        {"id": "ten", "created": "2025-06-01 10:00:00"},
    ]
    assert found(Query(sort=("created",)), *tasks) == ["ten", "eleven", "noon", "none", "odd"]
    assert found(Query(sort=("-created",)), *tasks) == ["noon", "eleven", "ten", "none", "odd"]


@given(st.lists(st.datetimes(timezones=st.sampled_from([UTC, *(timezone(timedelta(hours=h)) for h in (-12, 5, 14))]))))
def test_any_times_of_the_calendar_are_put_in_order(times: list[datetime]) -> None:
    tasks = [{"id": str(number), "lastModified": time.isoformat()} for number, time in enumerate(times)]
    ordered = [times[int(id_)] for id_ in found(Query(sort=("modified",)), *tasks)]
    seconds = [time.timestamp() for time in ordered]
    assert seconds == sorted(seconds)


@given(st.integers(0, 30), st.integers(1, 12))
def test_pages_one_after_the_other_give_every_task_once(count: int, limit: int) -> None:
    todolist = TodoList({"todos": [{"id": str(number)} for number in range(count)]})
    seen: list[str] = []
    offset: int | None = 0
    while offset is not None:
        page = select(todolist, Query(limit=limit, offset=offset))
        assert len(page.tasks) <= limit
        assert page.total == count
        seen += [task.id for task in page.tasks]
        offset = page.next_offset
    assert seen == [str(number) for number in range(count)]


def test_a_page_past_the_end_is_empty_and_the_last() -> None:
    page = select(TodoList({"todos": [{"id": "a"}]}), Query(offset=5))
    assert (page.tasks, page.total, page.next_offset) == ((), 1, None)


@pytest.mark.parametrize(
    "wrong", [{"sort": ("size",)}, {"sort": ("--id",)}, {"limit": 0}, {"offset": -1}, {"lane": "x"}]
)
def test_a_query_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as refused:
        Query(**wrong)
    assert refused.value.next_step


def test_ten_thousand_tasks_with_comments_are_searched_and_sorted_in_linear_time() -> None:
    todos = [
        {"id": f"T-{number}", "name": f"Migrate the cache of service {number}", "description": "It is slow. " * 20}
        for number in range(10_000)
    ]
    comments = [{"todoId": f"T-{number}", "content": "looked at the cache"} for number in range(10_000)]
    began = time.process_time()
    page = select(TodoList({"todos": todos, "comments": comments}), Query(text="cache looked", sort=("-id",), limit=1))
    assert (page.tasks[0].id, page.total) == ("T-9999", 10_000)
    assert time.process_time() - began < 10, "reading the comments once for each task takes minutes"
