"""Several tasks at once, and runs that are stopped: who waits for whom, and what is left behind."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from prentice.changes.formats import Format
from prentice.errors import StoppedError
from prentice.ledger.database import Database
from prentice.ledger.migrations import LEDGER
from prentice.runs.protocol import Event
from skills.execute.calculator import CALC, TASK, TESTING, Bench, answer, script
from workspace.trees import git, write

NEG = "Fix `neg` in calc.py: it should return the absolute value"
TWICE = "Fix `twice` in twice.py: it should return the double"
TWICE_OLD = "def twice(a):\n    return a\n"
TWICE_NEW = "def twice(a):\n    return 2 * a\n"


def twice() -> str:
    return answer(Format.SYMBOL, path="twice.py", old=TWICE_OLD, new=TWICE_NEW)


def with_twice(project: Bench) -> Bench:
    write(project.root, {"twice.py": TWICE_OLD})
    git(project.root, "add", "--all")
    git(project.root, "commit", "--quiet", "--message=more")
    return project


def test_each_task_has_its_own_document_and_one_failure_stops_no_other(project: Bench) -> None:
    with_twice(project)
    opened = project.opened(
        {"text": answer(Format.SYMBOL), "match": TASK},
        {"error": "stream_failed", "match": TWICE},
    )
    documents = opened.execute([TASK, TWICE])
    assert [document["state"] for document in documents] == ["proposed", "failed"]
    assert documents[1]["error"]["code"] == "stream_failed"
    assert documents[1]["next_step"]
    assert project.left_behind() == []


def test_tasks_of_the_same_file_run_one_after_the_other_and_others_beside_them(project: Bench) -> None:
    with_twice(project)
    absolute = answer(Format.SYMBOL, new=CALC.replace("return -a", "return abs(a)"))
    opened = project.opened(
        {"text": answer(Format.SYMBOL), "match": TASK, "delay": 1.0},
        {"text": absolute, "match": NEG, "delay": 0.1},
        {"text": twice(), "match": TWICE, "delay": 0.1},
    )
    seen: list[tuple[str, str]] = []

    def hear(given: str, event: Event) -> None:
        if event.kind in {"started", "finished"}:
            seen.append((given, event.kind))

    documents = opened.execute([TASK, NEG, TWICE], on_event=hear)
    assert [document["task"] for document in documents] == [TASK, NEG, TWICE]
    assert seen.index((TASK, "finished")) < seen.index((NEG, "started"))
    assert seen.index((TWICE, "started")) < seen.index((TASK, "finished"))


def test_what_is_ready_and_simple_is_carried_out(project: Bench) -> None:
    with_twice(project)
    first, other = project.task(), project.task(TWICE, "")
    project.task("Migrate all services from REST to gRPC and rework the authentication of every client", "")
    opened = project.opened({"text": answer(Format.SYMBOL), "match": TASK}, {"text": twice(), "match": TWICE})
    documents = opened.execute(ready=True)
    assert {document["task"]: document["state"] for document in documents} == {first: "proposed", other: "proposed"}
    assert opened.execute(ready=True) == []


@pytest.mark.parametrize("moment", ["asking", "checking"])
def test_a_cancelled_run_leaves_no_worktree_no_process_and_the_task_as_it_was(project: Bench, moment: str) -> None:
    task = project.task()
    before = project.picture()
    slow = {"text": answer(Format.SYMBOL), "delay": 30.0 if moment == "asking" else 0.0}
    marker = f"sleeps-{os.getpid()}-{moment}"
    sleeping = f"test: {sys.executable} -c 'import time; time.sleep(600)' {marker}"
    opened = project.opened(slow, options={"checks_commands": (sleeping,)})

    async def cancelled() -> None:
        reached = asyncio.Event()

        def hear(_given: str, event: Event) -> None:
            if event.kind == "progress" and event.data.get("doing") == moment:
                reached.set()

        running = asyncio.create_task(opened.execute_async(task, on_event=hear))
        async with asyncio.timeout(60):
            await reached.wait()
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running

    asyncio.run(cancelled())
    assert project.left_behind() == []
    assert not alive(marker)
    assert project.picture() == before
    assert (opened.task(task).status, opened.task(task).claim) == ("Todo", None)
    assert [run.state for run in opened.runs(task)] == ["cancelled"]


def test_a_run_that_is_cancelled_from_elsewhere_gives_its_task_back_whoever_carries_it(project: Bench) -> None:
    task = project.task()
    opened = project.opened({"text": answer(Format.SYMBOL), "delay": 60.0})

    def hear(_given: str, event: Event) -> None:
        if event.kind == "progress" and event.data.get("doing") == "asking":
            elsewhere = project.opened()
            elsewhere.cancel_run(elsewhere.runs(task)[-1].id)

    with pytest.raises(StoppedError):
        opened.execute(task, on_event=hear)
    assert (opened.task(task).status, opened.task(task).claim) == ("Todo", None)
    assert project.left_behind() == []


def test_what_a_killed_process_left_is_removed_by_the_next_run(project: Bench) -> None:
    before = with_twice(project).picture()
    backend = script(project.beside, {"text": answer(Format.SYMBOL), "delay": 300.0})
    program = (
        "import prentice, sys\n"
        f"opened = prentice.open({str(project.root)!r}, backend={backend!r}, options={{'execute_samples': 1}})\n"
        "opened.execute(sys.argv[1], on_event=lambda task, event: print(event.data, flush=True))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, TASK], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as killed:
        assert killed.stdout is not None
        for line in killed.stdout:
            if "'asking'" in line:
                break
        assert project.left_behind() != []
        killed.send_signal(signal.SIGKILL)
    assert project.picture() == before
    [document] = project.opened(twice()).execute(TWICE)
    assert document["state"] == "proposed"
    assert project.left_behind() == []


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)


def alive(marker: str) -> bool:
    """Whether a process with this word on its command line lives; one that was ended may take a moment to be gone."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        listed = subprocess.run(["ps", "-A", "-o", "args="], capture_output=True, text=True, check=True).stdout
        if marker not in listed:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the other process is killed")
def test_tasks_of_the_same_file_wait_for_each_other_across_processes_and_outlive_the_first(project: Bench) -> None:
    slow = script(project.beside, {"text": answer(Format.SYMBOL), "delay": 120.0})
    environment = {**os.environ, "PRENTICE_CHECKS_COMMANDS": TESTING, "PRENTICE_EXECUTE_SAMPLES": "1"}
    first = project.opened()
    first.init()
    other = subprocess.Popen(
        [sys.executable, "-m", "prentice", "execute", TASK, "--backend", slow],
        cwd=project.root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until(lambda: any((run["progress"] or {}).get("doing") == "asking" for run in first.latest_runs()))
    absolute = answer(Format.SYMBOL, new=CALC.replace("return -a", "return abs(a)"))
    seen: list[str] = []

    def hear(_given: str, event: Event) -> None:
        if event.kind != "started":
            seen.append(event.kind)
            return
        [waits] = [run for run in first.latest_runs() if run["run_id"] == event.data["run"]]
        assert (waits["state"], waits["behind"]) == ("queued", ["R-1"])
        other.kill()
        other.wait()
        Path(slow.removeprefix("scripted:")).write_text(json.dumps({"text": answer(Format.SYMBOL)}) + "\n")
        with Database(project.root / ".prentice" / "ledger.db", LEDGER).transaction() as connection:
            connection.execute("UPDATE runs SET lease_until = 1 WHERE number = 1")  # fifteen seconds later

    [document] = project.opened(absolute).execute(NEG, on_event=hear)
    assert document["files"] == ["calc.py"]
    assert [run["state"] for run in first.latest_runs()] == ["finished", "finished"], "the first was taken over"
    assert first.review("R-1")["state"] == "proposed"
    assert seen[-1] == "finished"
