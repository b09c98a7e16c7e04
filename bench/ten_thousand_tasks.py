"""`next`, `list`, `show` and `comment` on 10,000 tasks beside Task Master and Backlog.md, and the cycle check.

    uv run python bench/ten_thousand_tasks.py [DIRECTORY WITH node_modules]

The peers run where they are installed: `npm install task-master-ai backlog.md` in a directory of your choice. All three
get the same tasks: half of them done, each depending on two of the fifty before it. Task Master has no comments; a new
dependency is its nearest change that needs no model. CPU times are held against its `next` and against Backlog.md's own
counterparts.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from measure import Cost, interleaved
from prentice.store.project import init_project
from prentice.tasks.graph import Graph

TASKS = 10_000
ROUNDS = 3
STAMP = "2026-01-02T03:04:05.006Z"
DETAILS = "Keep the behaviour of the component as it is described, and cover the change by tests of its own. " * 5
TASK_MASTER_GOAL, BACKLOG_GOAL, MEMORY_GOAL = 1 / 10, 1 / 20, 1 / 4

_TASK_MASTER = {
    "next": ["next"],
    "list": ["list", "--format", "json"],
    "show": ["show", "7000"],
    "comment": ["add-dependency", "--id=7000", "--depends-on=1"],
}
_BACKLOG = {
    "next": ["task", "list", "--ready", "--plain"],
    "list": ["task", "list", "--plain"],
    "show": ["task", "view", "7000", "--plain"],
    "comment": ["task", "edit", "7000", "--append-notes", "Checked."],
}


def corpus(count: int) -> list[tuple[int, str, bool, list[int]]]:
    """Make tasks: number, name, whether done, numbers of the tasks it depends on."""
    chance = random.Random(7)
    return [
        (
            number,
            f"Change component {number}",
            number <= count // 2,
            sorted({chance.randint(max(1, number - 50), number - 1) for _ in range(2)}) if number > 1 else [],
        )
        for number in range(1, count + 1)
    ]


def write_todo2(directory: Path, tasks: list[tuple[int, str, bool, list[int]]]) -> None:
    """Write the corpus as a Todo2 file, the way the extension does."""
    todos = [
        {
            "id": f"T-{number}", "name": name, "long_description": DETAILS, "status": "Done" if done else "Todo",
            "created": STAMP, "lastModified": STAMP, "taskNumber": number, "priority": "medium", "tags": ["core"],
            "dependencies": [f"T-{need}" for need in needs],
        }
        for number, name, done, needs in tasks
    ]  # fmt: skip
    state: dict[str, Any] = {
        "todos": todos, "comments": [], "activities": [], "nextTaskNumber": len(tasks) + 1, "lastModified": STAMP,
    }  # fmt: skip
    project, _ = init_project(directory, now=STAMP)
    project.todo2_path.write_text(json.dumps(state, indent=2), encoding="utf-8")


def write_task_master(directory: Path, tasks: list[tuple[int, str, bool, list[int]]]) -> None:
    """Write the corpus as Task Master's file."""
    listed = [
        {
            "id": number, "title": name, "description": name, "details": DETAILS, "testStrategy": "", "subtasks": [],
            "status": "done" if done else "pending", "priority": "medium", "dependencies": needs,
        }
        for number, name, done, needs in tasks
    ]  # fmt: skip
    folder = directory / ".taskmaster" / "tasks"
    folder.mkdir(parents=True)
    (folder / "tasks.json").write_text(json.dumps({"master": {"tasks": listed, "metadata": {}}}), encoding="utf-8")
    (directory / ".taskmaster" / "config.json").write_text('{"models": {}, "global": {"anonymousTelemetry": false}}')


def write_backlog(directory: Path, tasks: list[tuple[int, str, bool, list[int]]], program: Path) -> None:
    """Write the corpus as Backlog.md's files."""
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    subprocess.run([*git, "init", "-q"], cwd=directory, check=True)
    subprocess.run([str(program), "init", "bench", "--defaults"], cwd=directory, check=True, capture_output=True)
    for number, name, done, needs in tasks:
        wanted = ", ".join(f"task-{need}" for need in needs)
        text = (
            f"---\nid: task-{number}\ntitle: {name}\nstatus: {'Done' if done else 'To Do'}\nassignee: []\n"
            f"created_date: '2026-01-02'\nlabels: [core]\ndependencies: [{wanted}]\npriority: medium\n---\n\n"
            f"## Description\n\n{DETAILS}\n"
        )
        path = directory / "backlog" / "tasks" / f"task-{number} - {name.replace(' ', '-')}.md"
        path.write_text(text, encoding="utf-8")


def compare(peers: Path | None) -> None:
    """Measure each tool that is there."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        tasks = corpus(TASKS)
        write_todo2(directory, tasks)
        size = (directory / ".todo2" / "state.todo2.json").stat().st_size / 1e6
        own = [sys.executable, "-m", "prentice"]
        commands = {
            "prentice next": [*own, "next", "--json"],
            "prentice list": [*own, "list", "--json"],
            "prentice show": [*own, "show", "T-7000", "--json"],
            "prentice comment": [*own, "comment", "T-7000", "Checked.", "--json"],
        }
        task_master, backlog = (program(peers, tool) for tool in ("task-master", "backlog"))
        if task_master:
            write_task_master(directory, tasks)
            for verb, words in _TASK_MASTER.items():
                commands[f"task-master {verb}"] = [str(task_master), *words]
        if backlog:
            write_backlog(directory, tasks, backlog)
            for verb, words in _BACKLOG.items():
                commands[f"backlog {verb}"] = [str(backlog), *words]
        environments = {f"task-master {verb}": {"TASKMASTER_SKIP_AUTO_UPDATE": "1"} for verb in _TASK_MASTER}
        costs = interleaved(commands, rounds=ROUNDS, directory=directory, environments=environments)
    print(f"{TASKS:,} tasks, {size:.1f} MB of Todo2 file, medians of {ROUNDS}")
    for tool, cost in costs.items():
        print(f"{tool:<20}{cost.wall:7.2f} s wall {cost.cpu:7.2f} s CPU {cost.memory:6.0f} MiB")
    for verb in ("next", "list", "show", "comment"):
        _judge(costs, f"prentice {verb}", "task-master next", TASK_MASTER_GOAL)
        _judge(costs, f"prentice {verb}", f"backlog {verb}", BACKLOG_GOAL)


def ladder() -> None:
    """Time the cycle check on a ladder: each task depends on the two before it."""
    edges = [(str(n), [str(m) for m in (n - 1, n - 2) if m >= 0]) for n in range(TASKS)]
    started = time.perf_counter()
    cycles = Graph.of(edges).cycles()
    spent = time.perf_counter() - started
    print(f"cycle check of a ladder of {TASKS:,}: {spent:.3f} s, {len(cycles)} cycles, goal < 1 s")


def _judge(costs: dict[str, Cost], ours: str, peer: str, goal: float) -> None:
    if peer not in costs:
        print(f"{peer}: not installed, not compared")
        return
    time_ratio, memory = costs[ours].cpu / costs[peer].cpu, costs[ours].memory / costs[peer].memory
    verdict = "met" if time_ratio <= goal and memory <= MEMORY_GOAL else "MISSED"
    print(
        f"{ours} / {peer}: time {time_ratio:.3f} (goal {goal:.3f}), memory {memory:.3f} (goal {MEMORY_GOAL}): {verdict}"
    )


def program(peers: Path | None, name: str) -> Path | None:
    """Give a peer's program where it is installed."""
    path = peers / "node_modules" / ".bin" / name if peers else None
    return path if path and path.exists() else None


if __name__ == "__main__":
    compare(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None)
    ladder()
