"""`prentice runs` and `prentice worker` on the command line, and runs that outlive the command that started them."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import prentice
from cli.calling import Call, calling, document
from plans import good_plan, reply, script
from prentice.cli.app import run
from prentice.ledger.database import Database
from prentice.ledger.migrations import LEDGER
from prentice.ledger.runs_table import RunsTable, Submission

TASK = "Add retries to the upload client"
PATIENCE = 60


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command in a project, by rules, and give what it wrote to stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRENTICE_BACKEND", "builtin")
    assert run(["init"]) == 0
    return calling(capsys)


def ledger(directory: Path) -> RunsTable:
    return RunsTable(Database(directory / ".prentice" / "ledger.db", LEDGER))


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


def test_without_runs_the_list_says_how_to_start_one_and_makes_no_file(call: Call, tmp_path: Path) -> None:
    assert "prentice breakdown TASK" in call("runs")[0]
    assert document(call("runs", "list", "--json")) == []
    _, err = call("runs", "show", "R-1", code=1)
    assert "There is no run R-1 here." in err
    assert not (tmp_path / ".prentice" / "ledger.db").exists()


def test_a_run_is_listed_with_its_task_and_shown_with_all_that_happened(call: Call) -> None:
    call("breakdown", TASK)
    [listed] = document(call("runs", "--json"))
    assert (listed["run_id"], listed["kind"], listed["task"], listed["state"]) == ("R-1", "breakdown", TASK, "finished")
    assert re.search(r"R-1 +breakdown +Add retries to the upload client +finished", call("runs", "list")[0])
    assert document(call("runs", "list", "--state", "failed", "--json")) == []
    out, _ = call("runs", "show", "R-1")
    assert "begins breakdown.gather" in out
    assert "breakdown.ask is done" in out
    assert "asked rules on builtin" in out
    assert 'result: "P-1"' in out


def test_what_stands_in_brackets_or_between_colons_is_text(call: Call) -> None:
    call("breakdown", "Look at the [/api/users] route and the [bold]name[/bold] with :bug: in the upload client")
    assert "[/api/users] route and the [bold]name[/bold] with :bug:" in " ".join(call("runs", "list")[0].split())


def test_following_a_run_tells_its_events_and_ends_with_it(call: Call) -> None:
    call("breakdown", TASK)
    lines = call("runs", "watch", "R-1")[0].splitlines()
    assert lines[0].endswith("begins breakdown.gather")
    assert lines[-1].endswith("finished")
    out, err = call("runs", "watch", "R-1", "--json")
    assert json.loads(out)["state"] == "finished"
    assert "breakdown.ask is done" in err


def test_following_shows_what_another_process_does_meanwhile(call: Call, tmp_path: Path) -> None:
    call("breakdown", TASK)
    table = ledger(tmp_path)
    table.submit(Submission(kind="breakdown", arguments={"task": "", "text": "Later"}, touches=["a"]))
    behind = table.submit(Submission(kind="breakdown", arguments={"task": "", "text": "Behind"}, touches=["a"])).id
    assert "after R-2, which touch the same" in " ".join(call("runs", "list")[0].split())
    ending = threading.Timer(0.3, lambda: table.cancel(behind))
    ending.start()
    assert call("runs", "watch", behind)[0].splitlines()[-1].endswith("cancelled")
    ending.join()
    table.database.close()


def test_a_run_is_cancelled_and_goes_on_when_it_is_tried_again(call: Call, tmp_path: Path) -> None:
    table = ledger(tmp_path)
    arguments = {"task": "", "text": TASK, "context_text": "", "min_subtasks": 3, "max_subtasks": 8}
    made = table.submit(Submission(kind="breakdown", arguments=arguments, options={"backend": "builtin"})).id
    assert document(call("runs", "cancel", made, "--json")) == {"run_id": made, "state": "cancelled"}
    assert "is cancelled" in call("runs", "cancel", made)[0]
    assert "prentice worker" in call("runs", "retry", made)[0]
    _, err = call("runs", "retry", made, code=1)
    assert "R-1 is queued" in err
    assert prentice.open(tmp_path).work(idle_seconds=0.3) == 1
    assert table.get(made).result == "P-1"
    table.database.close()


def test_a_whole_run_replays_to_the_same_plan_with_the_scripted_backend(call: Call, tmp_path: Path) -> None:
    backend = script(tmp_path / "first.jsonl", "no plan at all", reply(good_plan()))
    first = document(call("breakdown", TASK, "--backend", backend, "--json"))
    whole = document(call("runs", "show", "R-1", "--json"))
    assert whole["options"]["backend"] == f"scripted:{(tmp_path / 'first.jsonl').resolve()}"
    assert [item["reply"] for item in whole["calls"]] == ["no plan at all", reply(good_plan())]
    assert [item["prompt"] for item in whole["calls"]] == [None, None]
    assert {"arguments", "steps", "events", "signals", "result", "error"} <= whole.keys()
    (tmp_path / "again.jsonl").write_text("".join(json.dumps(line) + "\n" for line in whole["replay"]))
    again = document(call("breakdown", TASK, "--backend", f"scripted:{tmp_path / 'again.jsonl'}", "--json"))
    assert again["subtasks"] == first["subtasks"]


def test_prompts_are_shown_where_they_are_kept(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRENTICE_RECORD_TEXTS_MB", "1")
    call("breakdown", TASK)
    whole = document(call("runs", "show", "R-1", "--json"))
    assert [(item["backend"], TASK in item["prompt"]) for item in whole["calls"]] == [("builtin", True)]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the command is killed")
def test_a_breakdown_whose_command_is_killed_is_finished_by_a_worker_and_no_call_is_lost_or_repeated(
    call: Call, tmp_path: Path
) -> None:
    del call
    (tmp_path / "slow.jsonl").write_text(json.dumps({"text": reply(good_plan()), "delay": 30}) + "\n")
    command = [sys.executable, "-m", "prentice", "breakdown", TASK, "--backend", "scripted:slow.jsonl"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    table = ledger(tmp_path)

    def asks() -> bool:
        runs = table.latest(most=1)
        return bool(runs) and {"kind": "begin", "name": "breakdown.ask"} in [
            {"kind": event.kind, "name": (event.data or {}).get("name")} for event in table.events("R-1")
        ]

    wait_for(asks)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    (tmp_path / "slow.jsonl").write_text(json.dumps({"text": reply(good_plan())}) + "\n")
    with table.database.transaction() as connection:
        connection.execute("UPDATE runs SET lease_until = 1")  # fifteen seconds later
    assert prentice.open(tmp_path).work(idle_seconds=0.3) == 1
    assert table.get("R-1").state == "finished"
    happened = [(event.kind, (event.data or {}).get("name")) for event in table.events("R-1")]
    assert happened.count(("begin", "breakdown.gather")) == 1, "what had finished is not done again"
    assert happened.count(("begin", "breakdown.ask")) == 2, "what was cut is done once more, and both are there"
    assert happened.count(("step", "breakdown.ask")) == 1
    assert len(prentice.open(tmp_path).proposals()) == 1
    table.database.close()


def test_a_worker_that_is_told_to_end_gives_back_what_it_carries_at_once(call: Call, tmp_path: Path) -> None:
    del call
    backend = script(tmp_path / "slow.jsonl", {"text": reply(good_plan()), "delay": 60})
    table = ledger(tmp_path)
    arguments = {"task": "", "text": TASK, "context_text": "", "min_subtasks": 3, "max_subtasks": 8}
    made = table.submit(Submission(kind="breakdown", arguments=arguments, options={"backend": backend})).id
    command = [sys.executable, "-m", "prentice", "worker"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: any(event.kind == "begin" and "ask" in event.data["name"] for event in table.events(made)))
    process.terminate()
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "goes on with the next worker" in err
    assert "Traceback" not in err
    assert (table.get(made).state, table.get(made).owner) == ("queued", "")
    table.database.close()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the command is killed")
def test_a_long_run_gets_a_worker_in_the_background_that_finishes_it(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del call
    monkeypatch.setenv("PRENTICE_RUNS_WORKER", "auto")
    (tmp_path / "slow.jsonl").write_text(json.dumps({"text": reply(good_plan()), "delay": 60}) + "\n")
    command = [sys.executable, "-m", "prentice", "breakdown", TASK, "--backend", "scripted:slow.jsonl"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    table = ledger(tmp_path)

    def workers() -> list[str]:
        return [row["name"] for row in table.database.rows("SELECT name FROM workers")]

    wait_for(lambda: bool(workers()))
    [worker] = workers()
    number = int(worker.split(":")[1])
    try:
        assert number != process.pid
        process.kill()
        process.wait()
        (tmp_path / "slow.jsonl").write_text(json.dumps({"text": reply(good_plan())}) + "\n")
        with table.database.transaction() as connection:
            connection.execute("UPDATE runs SET lease_until = 1")  # fifteen seconds later
        wait_for(lambda: table.get("R-1").state == "finished")
    finally:
        os.kill(number, signal.SIGTERM)
    table.database.close()


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="a terminal is closed")
def test_a_breakdown_whose_terminal_is_closed_is_finished_at_once_by_a_worker_in_the_background(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del call
    monkeypatch.setenv("PRENTICE_RUNS_WORKER", "auto")
    (tmp_path / "slow.jsonl").write_text(json.dumps({"text": reply(good_plan()), "delay": 60}) + "\n")
    command = [sys.executable, "-m", "prentice", "breakdown", TASK, "--backend", "scripted:slow.jsonl"]
    terminal, inside = os.openpty()
    take_terminal = (
        "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", take_terminal, *command], cwd=tmp_path, stdin=inside, stdout=inside, stderr=inside,
        start_new_session=True,
    )  # fmt: skip
    os.close(inside)
    table = ledger(tmp_path)

    def happened(kind: str, name: str) -> int:
        runs = table.latest(most=1)
        events = table.events("R-1") if runs else []
        return [(event.kind, (event.data or {}).get("name")) for event in events].count((kind, name))

    wait_for(lambda: happened("begin", "breakdown.ask") == 1)
    (tmp_path / "slow.jsonl").write_text(json.dumps({"text": reply(good_plan())}) + "\n")
    os.close(terminal)
    assert process.wait(PATIENCE) == -signal.SIGHUP
    try:
        wait_for(lambda: table.get("R-1").state == "finished")
    finally:
        [worker] = [row["name"] for row in table.database.rows("SELECT name FROM workers")]
        os.kill(int(worker.split(":")[1]), signal.SIGTERM)
    assert happened("taken over", "") == 0, "it was given back, and not found after its lease"
    assert happened("begin", "breakdown.gather") == 1, "what had finished is not done again"
    assert happened("step", "breakdown.ask") == 1
    calls = [event.data["finish"] for event in table.events("R-1") if event.kind == "call"]
    assert calls == ["stopped", "stop"], "the cut call was made once more, and both are recorded"
    table.database.close()
