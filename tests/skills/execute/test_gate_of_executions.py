"""What `--apply` does: nothing without a record of reviews, and with one only what a decisive check passed."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from prentice.changes.formats import Format
from prentice.ledger.executions_table import ExecutionsTable
from prentice.ledger.runs_table import Submission
from prentice.library import Prentice
from prentice.skills.execute import reviewing
from prentice.store.lock import locked
from prentice.workspace.applying.journal import home
from prentice.workspace.sandbox import choosing
from skills.execute.calculator import CALC, MENDED, TASK, TESTING, WORSE, Bench, answer
from workspace.trees import git, write


def reviewed(opened: Prentice, *, times: int = 40) -> None:
    """Let a person have found many changes like the last one right."""
    last = opened.reviews()[-1]
    table = ExecutionsTable(*opened._ledgers.current())  # noqa: SLF001 - no user makes forty reviews in a test
    evidence = table.get(last["run_id"]).evidence
    for number in range(times):
        run = opened._ledgers.runs().submit(Submission(kind="execute", arguments={})).id  # noqa: SLF001 - as above
        table.create(run=run, uid=f"u{number}", task="", state="proposed", document=last, evidence=evidence)
        table.decide(run, "approve", actor="person", state="proposed", right=True, at=1.0)


def test_a_change_is_applied_by_itself_only_after_a_record_of_reviews(project: Bench) -> None:
    task = project.task()
    [first] = project.opened(answer(Format.SYMBOL)).execute(TASK, apply=True)
    assert (first["state"], first["decision"]) == ("proposed", "review")
    assert "for a person" in first["why"]
    opened = project.opened(answer(Format.SYMBOL))
    reviewed(opened)
    [document] = opened.execute(task, apply=True)
    assert (document["state"], document["decision"]) == ("applied", "apply")
    assert document["probability"]["of"] == 40
    assert (project.root / "calc.py").read_text(encoding="utf-8") == MENDED
    assert git(project.root, "diff", "--cached") == ""
    assert opened.task(task).status == "Review"
    assert opened.review(document["run_id"])["decisions"][-1]["actor"] == "policy"
    assert opened.undo(document["run_id"])["state"] == "undone"
    assert (project.root / "calc.py").read_text(encoding="utf-8") == CALC


def test_without_the_option_it_waits_however_good_the_record(project: Bench) -> None:
    project.opened(answer(Format.SYMBOL)).execute(TASK)
    opened = project.opened(answer(Format.SYMBOL))
    reviewed(opened)
    [document] = opened.execute(TASK)
    assert (document["state"], document["decision"]) == ("proposed", "apply")
    assert (project.root / "calc.py").read_text(encoding="utf-8") == CALC


def test_a_task_is_done_by_itself_only_where_the_workflow_says_so(project: Bench) -> None:
    task = project.task()
    project.opened(answer(Format.SYMBOL)).execute(TASK)
    opened = project.opened(answer(Format.SYMBOL), options={"workflow_finish": "done"})
    reviewed(opened)
    [document] = opened.execute(task, apply=True)
    assert document["state"] == "applied"
    assert opened.task(task).status == "Done"


def test_a_change_that_meets_others_work_stays_proposed_and_says_so(project: Bench) -> None:
    project.opened(answer(Format.SYMBOL)).execute(TASK)
    opened = project.opened(answer(Format.SYMBOL))
    reviewed(opened)
    mine = CALC.replace("a - b", "a * b")
    write(project.root, {"calc.py": mine})
    [document] = opened.execute(TASK, apply=True)
    assert (document["state"], document["decision"]) == ("proposed", "apply")
    assert any("not applied" in note for note in document["notes"])
    assert (project.root / "calc.py").read_text(encoding="utf-8") == mine


def test_a_change_stays_proposed_where_somebody_else_decides_all_the_while(
    project: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = project.task()
    project.opened(answer(Format.SYMBOL)).execute(TASK)
    opened = project.opened(answer(Format.SYMBOL))
    reviewed(opened)
    monkeypatch.setattr(reviewing, "LOCK_SECONDS", 0.1)  # a minute, for users
    with locked(home(project.root) / "review", wait=0):
        [document] = opened.execute(task, apply=True)
    assert (document["state"], document["decision"]) == ("proposed", "apply")
    assert any("Another process is deciding" in note for note in document["notes"])
    assert opened.task(task).status == "Review"
    assert opened.apply(document["run_id"])["state"] == "applied"


def test_a_check_that_tests_another_tree_decides_nothing(project: Bench) -> None:
    elsewhere = project.beside / "installed"
    shutil.copytree(project.root, elsewhere)
    testing = f"{sys.executable} -m unittest discover -s {elsewhere} -t {elsewhere}"
    opened = project.opened(
        answer(Format.SYMBOL),
        options={"checks_commands": (testing,), "checks_readable": (str(elsewhere), sys.prefix, sys.base_prefix)},
    )
    [document] = opened.execute(TASK, apply=True)
    assert (document["state"], document["decision"]) == ("proposed", "review")
    [check] = document["checks"]
    assert (check["decisive"], check["trusted"], check["canary"]) == (False, False, "unnoticed")
    assert "No check can be trusted" in document["why"]


def test_a_project_without_checks_has_its_changes_looked_at_by_a_person(project: Bench) -> None:
    git(project.root, "rm", "--quiet", "test_calc.py")
    git(project.root, "commit", "--quiet", "--message=none")
    [document] = project.opened(answer(Format.SYMBOL, new=WORSE), options={"checks_commands": ()}).execute(TASK)
    assert (document["state"], document["decision"], document["checks"]) == ("proposed", "review", [])
    assert document["notes"] == ["The project names no command that checks it."]


@pytest.fixture
def no_sandbox(project: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that has git, and no sandbox any more."""
    assert project
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("git", "sh"):
        found = shutil.which(name)
        assert found is not None
        (programs / name).symlink_to(found)
    choosing.working.cache_clear()
    monkeypatch.setenv("PATH", str(programs))
    yield
    monkeypatch.undo()
    choosing.working.cache_clear()


@pytest.mark.usefixtures("no_sandbox")
@pytest.mark.skipif(sys.platform == "darwin", reason="macOS always has its sandbox")
def test_without_a_sandbox_no_check_is_run_and_nothing_is_applied(project: Bench) -> None:
    opened = project.opened(answer(Format.SYMBOL))
    [document] = opened.execute(TASK, apply=True)
    assert (document["state"], document["decision"], document["checks"]) == ("proposed", "review", [])
    assert any("Bubblewrap is not installed" in note for note in document["notes"])


@pytest.mark.usefixtures("no_sandbox")
@pytest.mark.skipif(sys.platform == "darwin", reason="macOS always has its sandbox")
def test_without_a_sandbox_checks_run_where_the_user_allows_it(project: Bench) -> None:
    opened = project.opened(
        answer(Format.SYMBOL), options={"checks_sandbox": "optional", "checks_commands": (TESTING,)}
    )
    [document] = opened.execute(TASK)
    assert document["checks"][0]["decisive"]


def test_the_record_keeps_no_outcome_of_a_script(project: Bench) -> None:
    import sqlite3  # noqa: PLC0415 - to look at the file itself

    project.opened(answer(Format.SYMBOL)).execute(TASK)
    with sqlite3.connect(Path(os.environ["PRENTICE_HOME"]) / "record.db") as record:
        rows = record.execute("SELECT * FROM outcomes").fetchall()
        calls = record.execute("SELECT purpose, prompt_version FROM calls").fetchall()
    record.close()
    assert rows == []
    assert calls == [("execute", "execute.system/1 execute.user/1")]
    assert json.dumps(calls)
