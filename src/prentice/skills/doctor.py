"""Looking over the machine and the project: what is there, what is wrong, and the command that mends it."""

import asyncio
import platform
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from prentice.backends.router import choose
from prentice.config import Settings
from prentice.errors import PrenticeError
from prentice.ledger.database import SQLITE_FLOOR
from prentice.tasks.duplicates import duplicates
from prentice.tasks.todolist import TodoList, task_records

_PYTHON_FLOOR = (3, 11)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. `next_step` is empty where nothing is to be done."""

    check: str
    ok: bool
    found: str
    next_step: str = ""

    def document(self) -> dict[str, object]:
        """Give the finding as the JSON document of the contract."""
        document: dict[str, object] = {"check": self.check, "ok": self.ok, "found": self.found}
        return document | ({"next_step": self.next_step} if self.next_step else {})


def examine(
    settings: Settings, *, root: Path, read_tasks: Callable[[], TodoList] | None, open_ledger: Callable[[], Path]
) -> list[Finding]:
    """Run every check. `read_tasks` is None where there is no project."""
    return [
        Finding(check="python", ok=sys.version_info >= _PYTHON_FLOOR, found=platform.python_version()),
        Finding(check="sqlite", ok=sqlite3.sqlite_version_info >= SQLITE_FLOOR, found=sqlite3.sqlite_version),
        _git(root),
        *_tasks(read_tasks),
        _guarded("ledger", lambda: str(open_ledger())),
        *_backends(settings),
    ]


def _git(root: Path) -> Finding:
    try:
        version = subprocess.run(["git", "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
        inside = subprocess.run(
            ["git", "rev-parse", "--is-inside-work-tree"], cwd=root, capture_output=True, timeout=10, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Finding(check="git", ok=False, found=f"{error}", next_step="Install git 2.39 or newer.")
    where = "in a repository" if inside.returncode == 0 else "not in a repository: executed tasks will need one"
    return Finding(check="git", ok=True, found=f"{version.strip()}, {where}")


def _tasks(read_tasks: Callable[[], TodoList] | None) -> Iterator[Finding]:
    if read_tasks is None:
        yield Finding(
            check="project",
            ok=True,
            found="no Todo2 project here; free text can be planned all the same",
            next_step="`prentice init` makes one.",
        )
        return
    try:
        todolist = read_tasks()
    except PrenticeError as error:
        yield Finding(check="project", ok=False, found=error.message, next_step=error.next_step)
        return
    yield Finding(check="project", ok=True, found=f"{len(todolist.tasks)} tasks")
    repeated = len(task_records(todolist.value)) - len(todolist.tasks)
    yield Finding(
        check="ids",
        ok=not repeated,
        found=f"{repeated} records repeat an id or have none" if repeated else "every task has an id of its own",
        next_step="Give each of them an id of its own in the file." if repeated else "",
    )
    graph = todolist.graph
    cycles, unknown = graph.cycles(), graph.unknown
    trouble = [f"{' -> '.join([*ring, ring[0]])} form a cycle" for ring in cycles[:3]]
    trouble += [
        f"{task} needs {', '.join(missing)}, which does not exist" for task, missing in list(unknown.items())[:3]
    ]
    yield Finding(
        check="dependencies",
        ok=not trouble,
        found="; ".join(trouble) or "acyclic, all known",
        next_step="Mend them with `prentice edit TASK --depends ...`." if trouble else "",
    )
    yield _duplicates(todolist)


def _duplicates(todolist: TodoList) -> Finding:
    """Show open tasks that look alike; that is for a person to judge, so nothing is wrong with it."""
    pairs = duplicates(todolist)
    listed = [f"{pair.first.id} and {pair.second.id} ({pair.similarity:.0%})" for pair in pairs[:5]]
    more = [f"and {len(pairs) - 5} more"] if len(pairs) > 5 else []
    return Finding(
        check="duplicates",
        ok=True,
        found=f"alike: {', '.join(listed + more)}" if pairs else "no two open tasks look alike",
        next_step=f"Compare them: `prentice show {pairs[0].first.id}`." if pairs else "",
    )


def _backends(settings: Settings) -> Iterator[Finding]:
    def probe() -> str:
        choice = asyncio.run(choose(settings, purpose="breakdown"))
        return f"{choice.backend.name} ({choice.model}): {choice.reason}"

    finding = _guarded("backend", probe)
    yield finding
    if finding.found.startswith("builtin"):
        yield Finding(
            check="models",
            ok=True,
            found="plans are made by the built-in rules",
            next_step="For plans by a model: install Ollama, then `ollama serve` and `ollama pull llama3.2`.",
        )


def _guarded(check: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(check=check, ok=True, found=look())
    except PrenticeError as error:
        return Finding(check=check, ok=False, found=error.message, next_step=error.next_step)
