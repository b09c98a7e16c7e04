from typing import Any

from prentice.tasks.todolist import TodoList, task_records


def todolist(*tasks: dict[str, Any], **more: object) -> TodoList:
    return TodoList({"todos": list(tasks), **more})


def ids(found: object) -> list[str]:
    return [task.id for task in found]  # type: ignore[attr-defined] # any iterable of tasks


def test_tasks_stand_in_the_files_order_and_of_a_repeated_id_the_first_counts() -> None:
    found = todolist({"id": "T-2", "name": "a"}, {"id": "AUTO-1"}, {"id": "T-2", "name": "b"}).tasks
    assert list(found) == ["T-2", "AUTO-1"]
    assert found["T-2"].name == "a"


def test_rows_that_are_no_records_and_records_without_an_id_are_left_out() -> None:
    odd: list[Any] = ["T-1", None, 5, [], {}, {"id": None}, {"id": ""}, {"id": "T-1"}]
    assert list(TodoList({"todos": odd}).tasks) == ["T-1"]


def test_a_file_that_calls_its_list_tasks_is_read_and_todos_counts_where_both_are_there() -> None:
    assert [record["id"] for record in task_records({"tasks": [{"id": "A"}]})] == ["A"]
    assert [record["id"] for record in task_records({"todos": [{"id": "B"}], "tasks": [{"id": "A"}]})] == ["B"]
    assert task_records({"todos": None}) == task_records({}) == []


def test_a_tasks_comments_are_those_of_the_list_and_then_those_inside_its_record() -> None:
    found = todolist(
        {"id": "T-1", "comments": [{"content": "inside"}, "no record"]},
        comments=[{"id": "C-1", "todoId": "T-1", "content": "top"}, {"todoId": "T-GONE"}, {"content": "nobody's"}],
    )
    assert [comment.content for comment in found.comments("T-1")] == ["top", "inside"]
    assert [comment.task for comment in found.comments("T-1")] == ["T-1", "T-1"]
    assert len(found.comments("T-GONE")) == 1
    assert found.comments("None") == [], "a comment of no task belongs to none"


def test_ready_is_what_is_todo_with_every_dependency_done() -> None:
    found = todolist(
        {"id": "done", "status": "completed"},
        {"id": "gone", "status": "cancelled"},
        {"id": "a", "status": "pending", "dependencies": ["done"]},
        {"id": "b", "dependencies": ["a"]},
        {"id": "c", "dependencies": ["missing"]},
        {"id": "d", "dependencies": ["d"]},
        {"id": "e", "dependencies": ["gone"]},
        {"id": "f", "status": "In Progress"},
        {"id": "g", "status": "Blocked"},
    )
    assert ids(found.ready()) == ["a"]


def test_the_next_task_continues_a_begun_parent_then_is_the_most_urgent_then_unblocks_most() -> None:
    found = todolist(
        {"id": "low", "priority": "low"},
        {"id": "plain"},
        {"id": "wanted"},
        {"id": "urgent", "priority": "critical"},
        {"id": "parent", "status": "In Progress"},
        {"id": "child", "priority": "low", "parent_id": "parent"},
        {"id": "waits", "dependencies": ["wanted"]},
    )
    assert ids(found.ready()) == ["child", "urgent", "wanted", "plain", "low"]


def test_a_parent_has_begun_when_one_of_its_steps_has() -> None:
    found = todolist(
        {"id": "other"}, {"id": "second", "parent_id": "p"}, {"id": "first", "parent_id": "p", "status": "Review"}
    )
    assert ids(found.ready()) == ["second", "other"]


def test_blockers_are_dependencies_that_are_not_done_or_not_there() -> None:
    found = todolist({"id": "a", "dependencies": ["b", "c", "d"]}, {"id": "b", "status": "Done"}, {"id": "c"})
    assert found.blockers(found.tasks["a"]) == ("c", "d")


def test_children_are_the_tasks_that_name_the_parent() -> None:
    found = todolist({"id": "p"}, {"id": "a", "parent_id": "p"}, {"id": "b", "parentId": "p"}, {"id": "c"})
    assert ids(found.children("p")) == ["a", "b"]


def test_the_graph_shows_cycles_and_ids_that_do_not_exist() -> None:
    graph = todolist({"id": "a", "dependencies": ["b"]}, {"id": "b", "dependsOn": ["a", "x"]}).graph
    assert [set(cycle) for cycle in graph.cycles()] == [{"a", "b"}]
    assert graph.unknown == {"b": ("x",)}
