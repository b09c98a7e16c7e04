"""A model of the editor extension as a writer: it takes no lock, and writes whole copies that it read some time before.

What it does to a copy follows docs/todo2-file.md: records, counters, histories and activities as the extension keeps
them. `Ledger` notes what it acknowledged, so that a test can ask for it afterwards.
"""

import json
import os
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prentice.tasks.moments import spelled


@dataclass(slots=True)
class Told:
    """What a writer told its user that it had done: names of tasks, contents of comments, values, deletions."""

    tasks: set[str] = field(default_factory=set)
    comments: dict[str, str] = field(default_factory=dict)
    values: dict[tuple[str, str], str] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)


class Extension:
    """One window of the editor. `begin` reads a copy, `end` writes it with one to three edits in it."""

    def __init__(self, path: Path, *, seed: int, deletable: list[str], editable: list[str]) -> None:
        self.told = Told()
        self._path = path
        self._chance = random.Random(seed)
        self._deletable = deletable
        self._editable = editable
        self._number = 0
        self._copy: dict[str, Any] = {}

    def begin(self) -> None:
        """Read a copy."""
        self._copy = json.loads(self._path.read_text(encoding="utf-8"))

    def end(self, *, now: float) -> None:
        """Write the copy back, changed; `now` is the time in seconds."""
        told = Told()
        stamp = spelled(now)
        for _ in range(self._chance.randint(1, 3)):
            self._chance.choice([self._add, self._comment, self._describe, self._delete])(told, stamp)
        self._copy["lastModified"] = stamp
        text = json.dumps(self._copy, indent=2, ensure_ascii=False)
        if self._chance.random() < 0.5:
            self._path.write_text(text, encoding="utf-8")
        else:
            other = self._path.with_name("written-by-the-editor")
            other.write_text(text, encoding="utf-8")
            other.replace(self._path)
        self.told.tasks |= told.tasks
        self.told.comments |= told.comments
        self.told.values |= told.values
        self.told.deleted |= told.deleted

    def _add(self, told: Told, stamp: str) -> None:
        number = self._copy["nextTaskNumber"]
        name = f"by the editor {self._next()}"
        self._copy["todos"].append(
            {
                "id": f"T-{number}", "name": name, "long_description": "", "status": "Todo", "created": stamp,
                "lastModified": stamp, "taskNumber": number, "priority": "medium", "tags": [], "dependencies": [],
            }
        )  # fmt: skip
        self._copy["nextTaskNumber"] = number + 1
        self._activity("todo_created", f"T-{number}", {"priority": "medium", "tags": [], "dependencies": []}, stamp)
        told.tasks.add(name)

    def _comment(self, told: Told, stamp: str) -> None:
        task = self._chance.choice(self._editable)
        count = sum(comment["todoId"] == task for comment in self._copy["comments"])
        content = f"from the editor {self._next()}"
        name = f"{task}-C-{count + 1}"
        self._copy["comments"].append(
            {"id": name, "todoId": task, "type": "note", "content": content, "created": stamp, "lastModified": stamp}
        )
        details = {"commentType": "note", "commentPreview": content, "commentId": name}
        self._activity("comment_added", task, details, stamp)
        told.comments[content] = task

    def _describe(self, told: Told, stamp: str) -> None:
        task = self._chance.choice(self._editable)
        record = next(record for record in self._copy["todos"] if record["id"] == task)
        change = {"field": "long_description", "oldValue": record["long_description"]}
        record["long_description"] = f"described by the editor {self._next()}"
        change |= {"newValue": record["long_description"], "timestamp": stamp}
        record.setdefault("changes", []).append(change)
        record["lastModified"] = stamp
        self._activity("description_changed", task, change, stamp)
        told.values[task, "long_description"] = record["long_description"]

    def _delete(self, told: Told, stamp: str) -> None:
        present = [record["id"] for record in self._copy["todos"] if record["id"] in self._deletable]
        if not present:
            return
        task = self._chance.choice(present)
        self._copy["todos"] = [record for record in self._copy["todos"] if record["id"] != task]
        comments = [comment for comment in self._copy["comments"] if comment["todoId"] != task]
        details = {"deletedTodoName": task, "associatedCommentsCount": len(self._copy["comments"]) - len(comments)}
        self._copy["comments"] = comments
        self._activity("todo_deleted", task, details, stamp)
        told.deleted.add(task)

    def _activity(self, kind: str, task: str, details: dict[str, Any], stamp: str) -> None:
        entry = {
            "id": f"activity-{self._next()}-{os.getpid()}", "type": kind, "todoId": task, "todoName": task,
            "timestamp": stamp, "details": details,
        }  # fmt: skip
        self._copy["activities"] = [*self._copy["activities"], entry][-100:]

    def _next(self) -> int:
        self._number += 1
        return self._number
