"""Two writers of ours and a third that takes no lock: who is overwritten, and what is there in the end."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from prentice.errors import TaskNotFoundError
from prentice.store.todo2_file import FILE_NAME, Todo2File
from prentice.tasks.edits import Draft
from prentice.tasks.todo2 import new_state
from prentice.tasks.todolist import TodoList
from store.extension import Extension, Told

SEEDS = 50
EDITABLE = [f"T-{number}" for number in range(1, 9)]
DELETABLE = [f"T-{number}" for number in range(9, 21)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / ".todo2" / FILE_NAME
    found.parent.mkdir()
    found.write_bytes(new_state("2026-01-02T03:04:05.678Z"))
    Todo2File(found).change(lambda editor: [editor.create(Draft(name=f"task {n}")) for n in range(1, 21)] and None)
    return found


class Ours:
    """A writer of ours, doing one acknowledged change after the other."""

    def __init__(self, path: Path, *, seed: int, name: str) -> None:
        self.told = Told()
        self._file = Todo2File(path)
        self._chance = random.Random(seed)
        self._name = name
        self._number = 0

    def step(self) -> None:
        self._number += 1
        task = self._chance.choice(EDITABLE + DELETABLE)
        text = f"{self._name} {self._number}"
        match self._chance.choice(["add", "comment", "edit"]):
            case "add":
                self._file.change(lambda editor: editor.create(Draft(name=text)))
                self.told.tasks.add(text)
            case "comment":
                if self._on(task, lambda editor: editor.comment(task, text, kind="note")):
                    self.told.comments[text] = task
            case _:
                if self._on(task, lambda editor: editor.update(task, {self._name: text})):
                    self.told.values[task, self._name] = text

    def _on(self, task: str, edit: Any) -> bool:
        try:
            self._file.change(edit)
        except TaskNotFoundError:
            assert task in DELETABLE
            return False
        return True


def missing(value: dict[str, Any], told: Told, *, deleted: set[str]) -> list[str]:
    """Say what a writer told its user and the state does not show; what was on deleted tasks may be gone with them."""
    names = [record["name"] for record in value["todos"]]
    records = {record["id"]: record for record in value["todos"]}
    comments = {comment["content"]: comment["todoId"] for comment in value["comments"]}
    wrong = [f"task {name!r} is there {names.count(name)} times" for name in told.tasks if names.count(name) != 1]
    wrong += [
        f"comment {content!r} on {task}"
        for content, task in told.comments.items()
        if comments.get(content) != task and task not in deleted
    ]
    wrong += [
        f"{task} {key}: {records.get(task, {}).get(key)!r}, not {text!r}"
        for (task, key), text in told.values.items()
        if task not in deleted and records.get(task, {}).get(key) != text
    ]
    return wrong + [f"{task} is back" for task in told.deleted if task in records]


def sound(value: dict[str, Any]) -> None:
    ids = [record["id"] for record in value["todos"]]
    comments = [comment["id"] for comment in value["comments"]]
    assert len(set(ids)) == len(ids)
    assert len(set(comments)) == len(comments)
    assert value["nextTaskNumber"] > max(record["taskNumber"] for record in value["todos"])
    assert {comment["todoId"] for comment in value["comments"]} <= set(ids)
    assert len(value["activities"]) <= 100
    assert not TodoList(value).graph.cycles()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_two_writers_and_an_editor_without_a_lock_were_told_is_all_there(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    ours = [Ours(path, seed=seed * 2 + n, name=f"writer{n}") for n in range(2)]
    editor = Extension(path, seed=seed, deletable=DELETABLE, editable=EDITABLE)
    for _ in range(12):
        editor.begin()
        for _ in range(chance.randint(0, 8)):
            chance.choice(ours).step()
        editor.end(now=time.time())
    Todo2File(path).read()
    value = json.loads(path.read_text(encoding="utf-8"))
    told = [*(writer.told for writer in ours), editor.told]
    wrong = [line for each in told for line in missing(value, each, deleted=editor.told.deleted)]
    assert wrong == []
    sound(value)


WRITING = """
import sys
from pathlib import Path
from store.test_third_writer import Ours
import json, time, signal
told = Ours(Path(sys.argv[1]), seed=int(sys.argv[2]), name=sys.argv[3])
on = True
def end(*_):
    global on
    on = False
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
while on or told._number < 12:
    told.step()
print(json.dumps([sorted(told.told.tasks), told.told.comments, [[*k, v] for k, v in told.told.values.items()]]))
"""


@pytest.mark.parametrize("seed", range(int(os.environ.get("PRENTICE_LONG_SEEDS", "3"))))
def test_the_same_holds_for_real_processes_that_write_at_once(path: Path, seed: int) -> None:
    command = [sys.executable, "-c", WRITING, str(path)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    writers = [
        subprocess.Popen(
            [*command, str(seed * 2 + n), f"writer{n}"], stdout=subprocess.PIPE, text=True, env=environment
        )
        for n in range(2)
    ]
    for writer in writers:
        assert writer.stdout
        assert writer.stdout.readline() == "ready\n"
    editor = Extension(path, seed=seed, deletable=DELETABLE, editable=EDITABLE)
    chance = random.Random(seed)
    for _ in range(8):
        editor.begin()
        time.sleep(chance.random() * 0.4)  # the age of its copy is what the test is about
        editor.end(now=time.time())
    for writer in writers:
        writer.send_signal(signal.SIGTERM)
    told = []
    for writer in writers:
        tasks, comments, values = json.loads(writer.communicate(timeout=60)[0])
        told.append(Told(set(tasks), comments, {(task, key): text for task, key, text in values}))
        assert writer.returncode == 0
    subprocess.run(
        [sys.executable, "-m", "prentice", "--project", str(path.parent.parent), "list"],
        capture_output=True,
        check=True,
    )
    value = json.loads(path.read_text(encoding="utf-8"))
    wrong = [line for each in (*told, editor.told) for line in missing(value, each, deleted=editor.told.deleted)]
    assert wrong == []
    assert all(each.tasks or each.comments or each.values for each in told)
    sound(value)
