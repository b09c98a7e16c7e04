"""The first page, tasks, imports and runs: what they show, and what their forms do."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import prentice
from prentice.ledger.database import Database
from prentice.ledger.leases import Leases
from prentice.ledger.migrations import LEDGER
from prentice.ledger.runs_table import RunsTable, Submission
from prentice.library import Prentice
from web.visitors import Visitor, visiting, words

SECONDS = 30


@pytest.fixture
def project(tmp_path: Path) -> Prentice:
    opened = prentice.open(tmp_path, backend="builtin", actor="person")
    opened.init()
    opened.add("Add a cache", description="🎯 **Objective:** Faster lists\n\n📋 **Acceptance Criteria:**\n- 10 ms")
    opened.add("Measure the cache", depends=["T-1"], priority="critical", tags=["speed"])
    return opened


@pytest.fixture
def visitor(project: Prentice) -> Iterator[Visitor]:
    with visiting(project.directory, backend="builtin") as found:
        yield found


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


def submitted(project: Prentice, **arguments: object) -> str:
    assert project.project
    table = RunsTable(Database(project.project.ledger_path, LEDGER))
    given = {"task": "T-1", "text": "", "context_text": "", "min_subtasks": 3, "max_subtasks": 8, **arguments}
    return table.submit(Submission(kind="breakdown", arguments=given, options={"backend": "builtin"})).id


def test_the_first_page_shows_what_waits_runs_and_was_done(visitor: Visitor, project: Prentice) -> None:
    project.breakdown("T-1")
    submitted(project)
    project.set_status("T-1", "In Progress")
    project.comment("T-1", "Done", kind="result")
    project.set_status("T-1", "Review")
    page = visitor.get("/")
    said = words(page)
    assert "Plan P-1 T-1: Add a cache" in said
    assert "Running R-2 Plan T-1: Add a cache waits for its turn queued" in said
    assert "In review, to be finished by you T-1 Add a cache" in said
    assert "Done last R-1 Plan T-1: Add a cache" in said
    assert "Nothing waits" not in said


def test_of_many_tasks_in_review_some_stand_on_the_first_page(visitor: Visitor, project: Prentice) -> None:
    for number in range(3, 13):
        project.add(f"Task number {number}")
        project.set_status(f"T-{number}", "In Progress")
        project.comment(f"T-{number}", "Done.", kind="result")
        project.set_status(f"T-{number}", "Review")
    page = visitor.get("/")
    assert page.count('href="/tasks/T-') == 8
    assert "2 more" in words(page)


def test_what_is_empty_says_what_to_do_first(visitor: Visitor, tmp_path: Path) -> None:
    assert "Nothing waits for a decision. prentice breakdown TASK makes a plan" in words(visitor.get("/"))
    assert "There are no such runs here." in words(visitor.get("/runs"))
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / ".git").mkdir()
    with visiting(empty) as stranger:
        page = words(stranger.get("/"))
        assert "There is no task list in this directory yet. Run prentice init in it." in page
        assert "Run `prentice init`" in words(stranger.get("/tasks", code=404))
    assert [path.name for path in empty.iterdir()] == [".git"]


def test_what_an_optimization_leaves_open_waits_until_a_later_one_answers_it(
    visitor: Visitor, project: Prentice
) -> None:
    first = project.optimize("Improve the performance of the cache")
    assert first.document()["questions"]
    assert "Question R-1 Improve the performance of the cache" in words(visitor.get("/"))
    said = words(visitor.get("/runs/R-1"))
    for question in first.document()["questions"]:
        assert question["question"] in said
    assert "Go on with these answers" in said
    project.optimize(
        "Improve the performance of the cache",
        answers={one["about"]: "10 ms in src/cache.py" for one in first.document()["questions"]},
    )
    assert "Question R-1" not in words(visitor.get("/"))


def test_questions_are_answered_on_the_page_and_the_text_is_written_to_the_task(
    visitor: Visitor, project: Prentice
) -> None:
    asked = project.optimize("T-1").document()["questions"]
    assert asked
    before = project.task("T-1").description
    answers: dict[str, Any] = {
        f"answer-{number}": "`get()` in src/cache.py takes 90 ms" for number in range(len(asked))
    }
    said = words(visitor.send("/runs/R-1/answers", **answers))
    assert "R-2 goes on with your answers to R-1." in said
    assert visitor.send("/runs/R-1/answers", **answers).count("R-2 goes on") == 1  # the same answers, the same run
    wait_until(lambda: project.run_state("R-2").state == "finished")  # the page's own process carries it
    page = visitor.get("/runs/R-2")
    assert "90 ms" in words(page)
    assert "Write it to T-1" in words(page)
    assert "T-1 has the text of R-2 now." in words(visitor.send("/runs/R-2/write"))
    assert "90 ms" in project.task("T-1").description
    assert project.task("T-1").description != before
    assert "has changed since it was optimized" in words(visitor.send("/runs/R-2/write", code=400))


def test_answers_that_say_nothing_or_belong_to_nothing_are_refused(visitor: Visitor, project: Prentice) -> None:
    project.optimize("Improve the performance of the cache")
    assert "Every answer is empty." in words(visitor.send("/runs/R-1/answers", code=400))
    assert "more than the 4,000 that are taken" in words(
        visitor.send("/runs/R-1/answers", code=400, **{"answer-0": "x" * 4_001})
    )
    assert "R-1 has no text for a task." in words(visitor.send("/runs/R-1/write", code=404))
    run = submitted(project)
    assert f"{run} has asked nothing: it is queued." in words(
        visitor.send(f"/runs/{run}/answers", code=404, **{"answer-0": "x"})
    )
    assert "There is no run R-9 here." in words(visitor.send("/runs/R-9/answers", code=404))
    assert [row["run_id"] for row in project.latest_runs()] == ["R-1", run]


def test_a_part_that_did_not_change_is_not_sent_again(visitor: Visitor, project: Prentice) -> None:
    first = visitor.client.get("/live")
    tag = first.headers["etag"]
    again = visitor.client.get("/live", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    project.breakdown("T-1")
    changed = visitor.client.get("/live", headers={"if-none-match": tag})
    assert changed.status_code == 200
    wait_until(lambda: not visitor.client.get("/live").headers["etag"].startswith('"-'))
    tag = visitor.client.get("/live").headers["etag"]
    project.comment("T-1", "Nothing that the first page shows.")
    other = visitor.client.get("/live", headers={"if-none-match": tag})
    assert other.status_code == 304
    assert other.headers["etag"] != tag  # it was made once more, and is the same
    wait_until(lambda: not visitor.client.get("/live").headers["etag"].startswith('"-'))
    settled = visitor.client.get("/live").headers["etag"]
    assert "etag" not in visitor.client.get("/live", headers={"if-none-match": settled}).headers
    project.add("Answer at once")
    project.set_status("T-3", "In Progress")
    project.comment("T-3", "Done.", kind="result")
    project.set_status("T-3", "Review")
    changed = visitor.client.get("/live", headers={"if-none-match": settled})
    assert "Answer at once" in changed.text
    changed = visitor.client.get("/live")
    assert "P-1" in changed.text
    assert "<html" not in changed.text


def test_tasks_are_found_by_status_and_words(visitor: Visitor, project: Prentice) -> None:
    assert "2 tasks T-1 Add a cache Todo T-2 Measure the cache critical Todo" in words(visitor.get("/tasks"))
    assert "1 task T-2 Measure the cache" in words(visitor.get("/tasks?text=measuring+cache"))
    assert "No such tasks." in words(visitor.get("/tasks?status=Done"))
    project.set_status("T-1", "In Progress")
    assert "1 task T-1" in words(visitor.get("/tasks?status=In+Progress"))
    assert "2 tasks" in words(visitor.get("/tasks?status=nonsense&offset=-1"))
    assert 'role="alert"' in visitor.get("/tasks?text=%21%21", code=400)


def test_a_long_list_comes_in_pages(visitor: Visitor, project: Prentice) -> None:
    for number in range(110):
        project.add(f"Task number {number}")
    page = visitor.get("/tasks")
    assert "112 tasks, 1 to 100 shown" in words(page)
    assert "offset=100" in page
    assert "112 tasks, 101 to 112 shown" in words(visitor.get("/tasks?status=open&text=&offset=100"))


def test_a_task_shows_what_belongs_to_it(visitor: Visitor, project: Prentice) -> None:
    project.comment("T-1", "Redis is not allowed here.")
    project.breakdown("T-1")
    said = words(visitor.get("/tasks/T-1"))
    for part in ("T-1 Todo medium priority Add a cache", "Objective Faster lists", "Acceptance Criteria - 10 ms",
                 "Redis is not allowed here.", "It is needed by T-2 Measure the cache", "Plan P-1",
                 "Run R-1"):  # fmt: skip
        assert part in said
    assert "It needs T-1 Add a cache Todo" in words(visitor.get("/tasks/T-2"))
    assert 'role="alert"' in visitor.get("/tasks/T-9", code=404)


def test_a_task_moves_under_the_workflows_rules(visitor: Visitor, project: Prentice) -> None:
    page = visitor.send("/tasks/T-2/status", status="In Progress", code=409)
    assert "T-1" in words(page)
    assert project.task("T-2").status == "Todo"
    assert "T-1 is In Progress." in words(visitor.send("/tasks/T-1/status", status="In Progress"))
    assert "is not a status" in visitor.send("/tasks/T-1/status", status="Nowhere", code=400)
    project.comment("T-1", "It is fast now.", kind="result")
    visitor.send("/tasks/T-1/status", status="Review")
    visitor.send("/tasks/T-1/status", status="Done")
    assert project.task("T-1").status == "Done"


def test_an_import_is_taken_over_in_part(visitor: Visitor, project: Prentice) -> None:
    listed = project.directory / "todo.md"
    listed.write_text("- [ ] Write the changelog\n- [ ] Add a cache\n- [ ] <b>Bold</b> move\n- [x] Over\n")
    found = project.import_tasks(listed)
    page = visitor.get(f"/imports/{found.id}")
    assert "like T-1" in words(page)
    assert "<b>Bold" not in page
    key = next(task.key for task in found.tasks if "changelog" in task.name)
    for _ in range(2):
        page = visitor.send(f"/imports/{found.id}/approve", key=[key])
        assert "1 task stands for the import." in words(page)
    assert [task.name for task in project.tasks().tasks.values()][2:] == ["Write the changelog"]
    assert "No entry was chosen." in visitor.send(f"/imports/{found.id}/approve", code=400)
    assert "was approved already" in visitor.send(f"/imports/{found.id}/reject", code=409)


def test_an_import_is_rejected(visitor: Visitor, project: Prentice) -> None:
    listed = project.directory / "todo.md"
    listed.write_text("- [ ] Write the changelog\n")
    found = project.import_tasks(listed)
    assert "Rejected: Old" in words(visitor.send(f"/imports/{found.id}/reject", reason="Old"))
    assert "was rejected" in visitor.send(f"/imports/{found.id}/approve", key=["1"], code=409)


def test_a_run_shows_its_steps_calls_and_where_it_led(visitor: Visitor, project: Prentice) -> None:
    project.breakdown("T-1")
    said = words(visitor.get("/runs/R-1"))
    for part in ("finished", "The plan P-1", "breakdown.gather", "breakdown.propose", "rules on builtin"):
        assert part in said
    assert "R-1 Plan T-1: Add a cache" in words(visitor.get("/runs"))
    assert "no such runs" in words(visitor.get("/runs?state=failed"))
    assert "There is no run R-7 here." in words(visitor.get("/runs/R-7", code=404))


def test_a_run_is_cancelled_and_goes_on_in_the_pages_own_process(visitor: Visitor, project: Prentice) -> None:
    """The setting `runs.worker` forbids others in these tests."""
    run = submitted(project)
    page = visitor.get(f"/runs/{run}")
    assert '<meta http-equiv="refresh"' in page  # within noscript
    assert f"{run} is cancelled." in words(visitor.send(f"/runs/{run}/cancel"))
    assert f"{run} goes on" in words(visitor.send(f"/runs/{run}/retry"))
    wait_until(lambda: project.run_state(run).state == "finished")
    assert "The plan P-1" in words(visitor.get(f"/runs/{run}/live"))
    assert "data-over" in visitor.get(f"/runs/{run}/live")
    assert 'role="alert"' in visitor.send(f"/runs/{run}/retry", code=404)


def test_a_run_that_failed_says_why_and_what_helps(visitor: Visitor, project: Prentice) -> None:
    assert project.project
    run = submitted(project, task="T-9")
    visitor.send(f"/runs/{run}/cancel")
    visitor.send(f"/runs/{run}/retry")
    wait_until(lambda: project.run_state(run).state == "failed")
    page = visitor.get(f"/runs/{run}")
    error = project.run_state(run).error
    assert f"{error['message']} {error['next_step']}" in words(page)
    assert "Go on after the finished steps" in page


def test_what_a_running_step_reports_is_shown(visitor: Visitor, project: Prentice) -> None:
    assert project.project
    run = submitted(project)
    leases = Leases(database=Database(project.project.ledger_path, LEDGER), seconds=300.0)
    claim = leases.claim("somebody", kinds=["breakdown"])
    assert claim is not None
    leases.begin_step(claim, "breakdown.ask", 1)
    leases.renew(claim, progress={"doing": "writing", "pieces": 41})
    page = visitor.get(f"/runs/{run}/live")
    assert "running the model is writing, 41 tokens" in words(page)
    assert "breakdown.ask under way" in words(page)
    assert f"{run} ends at its next step." in words(visitor.send(f"/runs/{run}/cancel"))
    assert "is to end; the model is writing" in words(visitor.get(f"/runs/{run}/live"))


def test_a_damaged_list_is_told_and_the_other_pages_stay(
    visitor: Visitor, project: Prentice, caplog: pytest.LogCaptureFixture
) -> None:
    assert project.project
    project.breakdown("T-1")
    project.project.todo2_path.write_text("{ not json")
    page = words(visitor.get("/tasks", code=503))
    assert "prentice doctor" in page
    for path in ("/", "/runs", "/runs/R-1", "/plans/P-1"):
        assert "P-1" in visitor.get(path) or "R-1" in visitor.get(path)
    assert "prentice doctor" in words(visitor.get("/"))
    assert not caplog.records
