"""A real project in which an execution proposes a change, with its task in Review."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prentice.changes.change import Change
from prentice.changes.stored import to_document
from prentice.config import Settings
from prentice.ledger.database import Database
from prentice.ledger.executions_table import ExecutionsTable, ExecutionState
from prentice.ledger.migrations import LEDGER
from prentice.ledger.runs_table import RunsTable, Submission
from prentice.review.approval import Actor
from prentice.review.evidence import CheckFact, Evidence
from prentice.skills.execute.reviewing import Reviewing
from prentice.store.todo2_file import Todo2File
from prentice.tasks.record import Task
from workspace.trees import change_of, write

FILES = {"a.py": b"".join(b"line %d\n" % number for number in range(40)), "b.txt": b"b\r\n", "old.txt": b"going\n"}
AFTER = FILES["a.py"].replace(b"line 2\n", b"LINE 2\n").replace(b"line 30\n", b"LINE 30\n")
CHANGE = change_of({
    "a.py": (FILES["a.py"], AFTER), "old.txt": (FILES["old.txt"], None), "new/deep/c.py": (None, b"new\n"),
})  # fmt: skip
EVIDENCE = Evidence(
    rung="model", category="bug_fix", model="coder", samples=5, agreement=5, lines_changed=6, files=3,
    checks=(CheckFact(name="test", trusted=True, decisive=True),),
)  # fmt: skip
TASK = "T-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """The project's root, and its tables."""

    root: Path
    executions: ExecutionsTable

    @property
    def todo2(self) -> Todo2File:
        return Todo2File(self.root / ".todo2" / "state.todo2.json")

    @property
    def task(self) -> Task:
        return self.todo2.read().tasks[TASK]

    def comments(self, kind: str = "note") -> list[str]:
        return [comment.content for comment in self.todo2.read().comments(TASK) if comment.type == kind]

    def read(self, path: str) -> bytes | None:
        return (self.root / path).read_bytes() if (self.root / path).exists() else None

    def reviewing(self, actor: Actor = "person", **options: Any) -> Reviewing:
        settings = Settings(**{name: options.pop(name) for name in list(options) if name in Settings.__slots__})
        return Reviewing(
            root=self.root, executions=self.executions, settings=settings, actor=actor, todo2=self.todo2, **options
        )

    def propose(
        self, change: Change | None = CHANGE, *, evidence: Evidence = EVIDENCE, state: ExecutionState = "proposed",
        decision: str = "review", task: str = TASK,
    ) -> str:  # fmt: skip
        run = RunsTable(self.executions.database).submit(Submission(kind="execute", arguments={"task": task})).id
        document: dict[str, Any] = {
            "task": task, "files": [file.path for file in change.files] if change else [], "decision": decision,
            "diff": change.diff().decode() if change else "", "why": "Because.",
        }  # fmt: skip
        self.executions.create(
            run=run, uid=f"uid-{run}", task=task, state=state, document=document, evidence=evidence.document(),
            change=to_document(change) if change else None,
        )  # fmt: skip
        return run


def project(root: Path) -> Proposed:
    """Make the project: files, one task in Review with a result, and an empty ledger."""
    write(root, FILES)
    (root / "a.py").chmod(0o755)
    task = {"id": TASK, "name": "Shout", "status": "Review", "created": "", "lastModified": ""}
    result = {"id": "T-1-C-1", "todoId": TASK, "type": "result", "content": "Done.", "created": "", "lastModified": ""}
    state = {"todos": [task], "comments": [result], "activities": [], "nextTaskNumber": 2}
    write(root, {".todo2/state.todo2.json": json.dumps(state, indent=2)})
    return Proposed(root=root, executions=ExecutionsTable(Database(root / ".prentice" / "ledger.db", LEDGER)))
