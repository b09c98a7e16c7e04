"""Any sequence of operations, by us and by others, on a real file: what must hold after each of them."""

import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from prentice.errors import RuleError, TaskNotFoundError, UsageError
from prentice.store.todo2_file import FILE_NAME, Todo2File
from prentice.tasks import claiming, workflow
from prentice.tasks.claiming import Worker
from prentice.tasks.edits import MAX_ACTIVITIES, Editor
from prentice.tasks.moments import moment
from prentice.tasks.record import COMMENT_TYPES, PRIORITIES, STATUSES
from prentice.tasks.rules import USUAL, Actor
from prentice.tasks.todo2 import parse, serialize
from prentice.tasks.todolist import TodoList
from store.extension import Extension
from tasks.odd_files import UNKNOWN, odd_files

EXAMPLES = int(os.environ.get("PRENTICE_LONG_OPERATIONS", "20"))
ACTORS: tuple[Actor, ...] = ("person", "assistant", "script", "policy")
WORKERS = ("one", "two")
PLACES = st.integers(0, 30)
"""Which of the tasks there are, by its place."""


@pytest.fixture(autouse=True)
def _without_flushing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)


def unknown(row: Any) -> dict[str, Any]:
    return {key: row[key] for key in UNKNOWN if key in row} if isinstance(row, dict) else {}


def ids(value: dict[str, Any], key: str) -> Counter[str]:
    return Counter(str(row["id"]) for row in value.get(key) or () if isinstance(row, dict) and row.get("id"))


class Operations(RuleBasedStateMachine):
    """One project, its users, and an editor without a lock."""

    def __init__(self) -> None:
        super().__init__()
        base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self._directory = tempfile.TemporaryDirectory(dir=base)
        self.path = Path(self._directory.name) / ".todo2" / FILE_NAME
        self.path.parent.mkdir()
        self._number = 0
        self._older: list[bytes] = []
        self._editable: list[str] = []
        self._deletable: list[str] = []
        self._ours: set[str] = set()
        self._theirs: set[str] = set()
        self._copied: dict[str, str] | None = None
        """Names by id in the copy that the editor holds, None where it holds none."""

    def teardown(self) -> None:
        self._directory.cleanup()

    @initialize(data=odd_files())
    def begin(self, data: bytes) -> None:
        self.path.write_bytes(data)
        self._first = json.loads(data.decode("utf-8-sig"))
        self._was_acyclic = not TodoList(self._first).graph.cycles()
        self._editor = Extension(self.path, seed=1, deletable=self._deletable, editable=self._editable)
        for _ in range(2):
            self.add(place=0, needs=False)
            self.comment(place=0, kind="note")
        self._older = [self.path.read_bytes()]

    # -- what we do --------------------------------------------------------------------------------------------------

    def _do(self, edit: Callable[[Editor], Any]) -> Any:
        """Make a change; what the rules refuse may change nothing."""
        before = self.path.read_bytes()
        try:
            return Todo2File(self.path).change(edit)
        except (RuleError, UsageError, TaskNotFoundError):
            after = json.loads(self.path.read_bytes().decode("utf-8-sig"))
            assert self._copied is not None or after == json.loads(before.decode("utf-8-sig"))
            return None

    def _ids(self) -> list[str]:
        return list(Todo2File(self.path).read().tasks)

    def _id(self, place: int) -> str:
        found = self._ids()
        return found[place % len(found)] if found else "T-404"

    def _text(self) -> str:
        self._number += 1
        return f"ours {self._number}"

    @rule(place=PLACES, needs=st.booleans())
    def add(self, place: int, needs: bool) -> None:  # noqa: FBT001 - hypothesis calls it by name
        name, depends = self._text(), [self._id(place)] if needs else []
        if self._do(
            lambda editor: workflow.add(editor, name, description="", priority="high", tags=["a"], depends=depends)
        ):
            self._ours.add(name)

    @rule(place=PLACES, kind=st.sampled_from(COMMENT_TYPES))
    def comment(self, place: int, kind: str) -> None:
        task, text = self._id(place), self._text()
        if self._do(lambda editor: workflow.comment(editor, task, text, kind=kind)):
            value = json.loads(self.path.read_bytes().decode("utf-8-sig"))
            assert any(isinstance(row, dict) and row.get("content") == text for row in value["comments"])

    @rule(place=PLACES, other=PLACES, third=PLACES)
    def need(self, place: int, other: int, third: int) -> None:
        task, needs = self._id(place), [self._id(other), self._id(third)]
        self._do(lambda editor: workflow.edit(editor, task, {"dependencies": needs}))

    @rule(place=PLACES, priority=st.sampled_from(PRIORITIES))
    def edit(self, place: int, priority: str) -> None:
        task, text = self._id(place), self._text()
        self._do(lambda editor: workflow.edit(editor, task, {"description": text, "priority": priority, "tags": ["b"]}))

    @rule(place=PLACES, status=st.sampled_from(STATUSES), actor=st.sampled_from(ACTORS))
    def move(self, place: int, status: str, actor: Actor) -> None:
        task = self._id(place)

        def moved(editor: Editor) -> tuple[str, TodoList]:
            was = editor.task(task).status
            workflow.move(editor, task, status, actor=actor)
            return was, editor.todolist

        if found := self._do(moved):
            was, todolist = found
            self._check_move(todolist, task, was=was, status=status, actor=actor)

    def _check_move(self, todolist: TodoList, task: str, *, was: str, status: str, actor: Actor) -> None:
        if was == status:
            return
        moved = todolist.tasks[task]
        assert moved.status == status
        if status == "In Progress":
            assert todolist.blockers(moved) == ()
        if status in {"Review", "Done"}:
            assert any(comment.type == "result" for comment in todolist.comments(task))
        if status == "Done":
            assert actor in {"person", "script"}
            assert was == "Review" or was not in STATUSES

    @rule(place=PLACES, actor=st.sampled_from(ACTORS))
    def delete(self, place: int, actor: Actor) -> None:
        task = self._id(place)
        if found := self._do(lambda editor: workflow.delete(editor, task, actor=actor)):
            assert actor in {"person", "script"}
            self._forget({found.name})

    @rule(place=PLACES, worker=st.sampled_from(WORKERS))
    def claim(self, place: int, worker: str) -> None:
        task = self._id(place)
        who = Worker(name=worker, actor="assistant")
        if found := self._do(lambda editor: claiming.claim(editor, task, who, workflow=USUAL)):
            assert found.task.claim.worker == worker

    @rule(worker=st.sampled_from(WORKERS))
    def claim_next(self, worker: str) -> None:
        held = {task.id for task in Todo2File(self.path).read().tasks.values() if task.claim and not task.claim.expired}
        who = Worker(name=worker, actor="assistant")
        if found := self._do(lambda editor: claiming.claim_next(editor, who, workflow=USUAL)):
            assert found.task.id not in held

    @rule(place=PLACES, worker=st.sampled_from(WORKERS))
    def release(self, place: int, worker: str) -> None:
        task = self._id(place)
        self._do(lambda editor: claiming.release(editor, task, actor="assistant", worker=worker))

    # -- what others do ----------------------------------------------------------------------------------------------

    @rule()
    def editor_reads(self) -> None:
        value = json.loads(Todo2File(self.path).path.read_bytes().decode("utf-8-sig"))
        if self.path.read_bytes().startswith(b"\xef\xbb\xbf"):
            return  # it would not read it
        made = [row for row in value["todos"] if isinstance(row, dict) and row.get("name") in self._ours]
        self._editable[:] = [row["id"] for row in made[::2]]
        self._deletable[:] = [row["id"] for row in made[1::2]]
        if self._editable:
            self._editor.begin()
            self._copied = {row["id"]: row["name"] for row in made}

    @precondition(lambda self: self._copied is not None)
    @rule()
    def editor_writes(self) -> None:
        deleted = set(self._editor.told.deleted)
        last = moment(json.loads(self.path.read_bytes().decode("utf-8-sig")).get("lastModified")) or 0.0
        self._editor.end(now=max(time.time(), last) + 0.01)
        assert self._copied is not None
        self._forget({self._copied[task] for task in self._editor.told.deleted - deleted})
        self._editor.told.deleted.clear()
        self._theirs |= self._editor.told.tasks
        self._copied = None

    @precondition(lambda self: self._older)
    @rule(place=PLACES)
    def somebody_sets_the_file_back(self, place: int) -> None:
        Todo2File(self.path).read()  # so that what was written before has been seen
        data = self._older[place % len(self._older)]
        self.path.write_bytes(data)
        there = {task.name for task in TodoList(json.loads(data.decode("utf-8-sig"))).tasks.values()}
        self._ours &= there
        self._theirs &= there
        self._editor.told.tasks.clear()
        self._copied = None

    @rule(whole=st.booleans(), ending=st.sampled_from([".tmp", ".swap"]))
    def a_process_dies_and_leaves_a_file(self, whole: bool, ending: str) -> None:  # noqa: FBT001 - as above
        data = self.path.read_bytes()
        left = self.path.with_name(f".{FILE_NAME}.1-1{ending}")
        left.write_bytes(data if whole else data[: len(data) // 2])

    # -- what holds --------------------------------------------------------------------------------------------------

    def _forget(self, gone: set[str]) -> None:
        self._ours -= gone
        self._theirs -= gone

    @invariant()
    def the_list_is_sound(self) -> None:
        if not self.path.exists():
            return
        todolist = Todo2File(self.path).read()
        data = self.path.read_bytes()
        value = json.loads(data.decode("utf-8-sig"))
        state = parse(data)
        assert serialize(state, value) == data
        if self._copied is None:
            self._older = [*self._older[-4:], data]
        assert {**todolist.value, "lastModified": None} == {**value, "lastModified": None}
        self._check_ids(value)
        assert not self._was_acyclic or not todolist.graph.cycles()
        assert len(value["activities"]) <= MAX_ACTIVITIES
        numbers = [row["taskNumber"] for row in value["todos"] if isinstance(row, dict) and "taskNumber" in row]
        counted = [number for number in numbers if isinstance(number, int) and number < 10**9]
        assert value["nextTaskNumber"] > max(counted, default=0)
        assert self._ours | self._theirs <= {task.name for task in todolist.tasks.values()}

    def _check_ids(self, value: dict[str, Any]) -> None:
        for key in ("todos", "comments", "activities"):
            before = ids(self._first, key)
            assert all(count <= max(1, before[name]) for name, count in ids(value, key).items())
            if key != "activities":
                kept = {
                    str(row["id"]): unknown(row) for row in self._first.get(key) or () if unknown(row) and "id" in row
                }
                now = {str(row["id"]): unknown(row) for row in value.get(key) or () if unknown(row) and "id" in row}
                assert all(now[name] == kept[name] for name in now)
                assert all(now[name] == kept[name] for name in kept if ids(value, key)[name] >= before[name])
        top = {name: item for name, item in self._first.items() if name not in value or name in UNKNOWN}
        assert {name: value.get(name) for name in top} == top


TestOperations = Operations.TestCase
TestOperations.settings = settings(max_examples=EXAMPLES, stateful_step_count=20, deadline=None)


@given(odd_files())
def test_a_file_with_any_oddity_keeps_every_byte_when_it_is_read_and_written(data: bytes) -> None:
    state = parse(data)
    assert serialize(state, state.value) == data
    assert serialize(state, json.loads(data.decode("utf-8-sig"))) == data


@given(odd_files(), PLACES)
def test_any_task_of_a_file_with_any_oddity_can_be_changed(data: bytes, place: int) -> None:
    state = parse(data)
    todolist = TodoList(state.value)
    if not todolist.tasks:
        return
    task = list(todolist.tasks)[place % len(todolist.tasks)]
    editor = Editor(state.value, now="2026-01-02T03:04:05.678Z", token=lambda: "0")
    editor.update(task, {"description": "new"})
    editor.comment(task, "said", kind="note")
    after = parse(serialize(state, editor.value))
    assert after.value == editor.value
    assert TodoList(after.value).tasks[task].description == "new"
