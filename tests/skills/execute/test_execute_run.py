"""Whole executions: a real repository, a real sandbox, real checks, and a script in the place of the model."""

import json
from pathlib import Path

import pytest

from prentice.changes.formats import Format
from prentice.errors import BackendError, ReviewError, RuleError, RunError, TaskNotFoundError, TextError, UsageError
from skills.execute.calculator import CALC, MENDED, TASK, TESTING, WORSE, Bench, answer
from workspace.trees import counted_git, git, write


@pytest.mark.parametrize("format_", list(Format))
def test_a_right_answer_in_each_format_is_proposed_with_a_decisive_check(project: Bench, format_: Format) -> None:
    task = project.task()
    before = project.picture()
    opened = project.opened(answer(format_))
    [document] = opened.execute(task, format=format_.value)
    assert (document["state"], document["decision"], document["format"]) == ("proposed", "review", format_.value)
    assert document["files"] == ["calc.py"]
    assert "+    return a + b" in document["diff"]
    assert document["explanation"] == "It adds now."
    [check] = document["checks"]
    assert (check["before"], check["after"], check["new_failures"]) == ("failed (1)", "passed (2)", [])
    assert check["decisive"]
    assert project.picture() == before
    assert project.left_behind() == []
    assert opened.task(task).status == "Review"
    [comment] = opened.tasks().comments(task)
    assert comment.type == "result"
    assert document["run_id"] in comment.content


def test_the_document_has_every_key_of_the_contract(project: Bench) -> None:
    [document] = project.opened(answer(Format.SYMBOL)).execute(TASK)
    assert {
        "run_id", "task", "state", "files", "diff", "explanation", "format", "checks", "probability", "evidence",
        "decision", "why",
    } <= document.keys()  # fmt: skip
    assert {"value", "of", "right"} <= document["probability"].keys()
    assert all({"fact", "value", "effect"} <= fact.keys() for fact in document["evidence"])
    assert {"name", "before", "after", "new_failures", "decisive"} <= document["checks"][0].keys()
    assert json.loads(json.dumps(document)) == document


def test_an_execution_starts_git_about_a_dozen_times_beside_its_checks(
    project: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = counted_git(tmp_path, monkeypatch)
    [document] = project.opened(answer(Format.SYMBOL)).execute(TASK)
    assert document["state"] == "proposed"
    putting_back = [call for call in calls() if call.endswith("clean -ffdxq")]
    assert len(putting_back) <= 7, putting_back
    assert len(calls()) - 2 * len(putting_back) <= 13, calls()


def test_an_approved_change_is_applied_and_undone_again(project: Bench) -> None:
    task = project.task()
    before = project.picture()
    [document] = project.opened(answer(Format.SYMBOL)).execute(task)
    opened = project.opened(actor="person")
    assert opened.apply(document["run_id"])["state"] == "applied"
    assert (project.root / "calc.py").read_text(encoding="utf-8") == MENDED
    assert opened.undo(document["run_id"])["state"] == "undone"
    assert project.picture() == before


def test_a_wrong_answer_is_refused_with_the_failing_test_and_a_handoff_that_stands_by_itself(project: Bench) -> None:
    task = project.task()
    before = project.picture()
    opened = project.opened(answer(Format.SYMBOL, new=WORSE), answer(Format.SYMBOL, new=WORSE))
    [document] = opened.execute(task)
    assert (document["state"], document["decision"]) == ("refused", "refuse")
    assert "test_neg" in document["why"]
    assert document["checks"][0]["new_failures"] == ["test_calc.Test.test_neg"]
    prompt = document["handoff"]["prompt"]
    for part in (TASK, "calc.py", "test_neg", "`add(1, 2)` must be 3.", f"prentice comment {task}", "-    return -a"):
        assert part in prompt
    assert [item["who"] for item in document["tried"]] == [
        "scripted on scripted", "scripted on scripted, corrected after the checks",
    ]  # fmt: skip
    assert project.picture() == before
    assert opened.task(task).status == "Todo"
    assert opened.task(task).claim is None
    [comment] = opened.tasks().comments(task)
    assert (comment.type, document["run_id"] in comment.content) == ("note", True)


def test_a_fix_after_which_the_test_fails_as_before_is_decided_by_nothing(project: Bench) -> None:
    in_vain = CALC.replace("a - b", "b - a")
    [document] = project.opened(answer(Format.SYMBOL, new=in_vain)).execute(TASK)
    [check] = document["checks"]
    assert (check["before"], check["after"], check["new_failures"]) == ("failed (1)", "failed (1)", [])
    assert (document["category"], check["trusted"], check["decisive"]) == ("bug_fix", True, False)
    assert (document["state"], document["decision"]) == ("proposed", "review")
    assert "No check decides it" in document["why"]


def test_what_the_checks_say_goes_back_to_the_model_once_and_its_correction_counts_as_a_retry(project: Bench) -> None:
    opened = project.opened(
        answer(Format.SYMBOL, new=WORSE), {"text": answer(Format.SYMBOL), "match": "checks of the project failed"}
    )
    [document] = opened.execute(TASK)
    assert document["state"] == "proposed"
    assert ("went back", "once") in [(fact["fact"], fact["value"]) for fact in document["evidence"]]


def test_a_refused_edit_goes_back_to_the_model_with_the_reason(project: Bench) -> None:
    missed = answer(Format.SEARCH_REPLACE).replace("return a - b", "return a minus b")
    opened = project.opened(missed, {"text": answer(Format.SEARCH_REPLACE), "match": "cannot be used"})
    [document] = opened.execute(TASK, format="search-replace")
    assert document["state"] == "proposed"


def test_prose_without_an_edit_is_refused_with_that_reason(project: Bench) -> None:
    [document] = project.opened("You should add instead.", "I cannot do that.").execute(TASK)
    assert (document["state"], document["files"], document["diff"]) == ("refused", [], "")
    assert "no edit" in document["why"]
    assert document["handoff"]["files"] == ["calc.py"]


def test_samples_that_agree_are_evidence_and_the_largest_group_is_taken(project: Bench) -> None:
    again = answer(Format.SYMBOL, says="In other words.").replace("return a + b", "return a + b  # the sum")
    other = answer(Format.SYMBOL, new=CALC.replace("a - b", "b + a"))
    opened = project.opened(other, answer(Format.SYMBOL), again)
    [document] = opened.execute(TASK, samples=3)
    assert (document["samples"], document["agreement"]) == (3, 2)
    assert "+    return a + b" in document["diff"]
    assert "2 of 3 samples" in [fact["value"] for fact in document["evidence"]]


def test_a_group_that_breaks_a_test_gives_way_to_the_next(project: Bench) -> None:
    worse = answer(Format.SYMBOL, new=WORSE)
    [document] = project.opened(worse, worse, answer(Format.SYMBOL)).execute(TASK, samples=3)
    assert (document["state"], document["agreement"]) == ("proposed", 1)
    assert any("test_neg" in item["why"] for item in document["tried"])


def test_answers_that_do_not_come_count_for_nothing_as_long_as_one_comes(project: Bench) -> None:
    opened = project.opened(answer(Format.SYMBOL), {"error": "stream_failed"}, {"error": "timed_out"})
    [document] = opened.execute(TASK, samples=3)
    assert (document["state"], document["samples"]) == ("proposed", 1)


@pytest.mark.parametrize("code", ["backend_unreachable", "stream_failed", "timed_out", "model_not_found"])
def test_a_backend_that_fails_is_an_error_and_leaves_the_task_as_it_was(project: Bench, code: str) -> None:
    task = project.task()
    todo2 = project.root / ".todo2" / "state.todo2.json"
    before = json.loads(todo2.read_bytes())
    opened = project.opened({"error": code})
    with pytest.raises(BackendError) as raised:
        opened.execute(task)
    assert raised.value.code == code
    after = json.loads(todo2.read_bytes())
    assert (opened.task(task).status, opened.task(task).claim) == ("Todo", None)
    assert after["comments"] == before["comments"]
    assert project.left_behind() == []


def test_an_answer_without_end_is_refused_as_cut(project: Bench) -> None:
    [document] = project.opened({"endless": True}).execute(TASK)
    assert document["state"] == "refused"
    assert "length limit" in document["why"]


def test_without_a_model_the_task_is_handed_to_the_assistant(project: Bench) -> None:
    task = project.task()
    [document] = project.with_backend("builtin").execute(task)
    assert document["state"] == "handed_off"
    assert "no model" in document["why"]
    assert TASK in document["handoff"]["prompt"]
    assert f"<<<checks\ntest: {TESTING}\nchecks>>>" in document["handoff"]["prompt"]
    assert project.with_backend("builtin").task(task).status == "Todo"


def test_a_handoff_after_a_change_was_sent_back_holds_the_change_and_what_the_person_said(project: Bench) -> None:
    task = project.task()
    [first] = project.opened(answer(Format.SYMBOL)).execute(task)
    again = project.with_backend("builtin", actor="person").request_changes(first["run_id"], "Use a constant.")
    assert again["state"] == "handed_off"
    for part in ("Use a constant.", "+    return a + b"):
        assert part in again["handoff"]["prompt"]


def test_the_lane_of_a_task_is_respected_unless_the_user_insists(project: Bench) -> None:
    wish = "Migrate all services from REST to gRPC and rework the authentication of every client"
    [document] = project.opened().execute(wish)
    assert (document["state"], document["tried"]) == ("refused", [])
    assert "--anyway" in document["next_step"]
    [insisted] = project.opened("No.", "No.").execute(wish, anyway=True)
    assert insisted["tried"]


def test_a_task_that_waits_for_another_is_not_started(project: Bench) -> None:
    first = project.task("Fix `neg` in calc.py: it should return the absolute value")
    opened = project.opened(answer(Format.SYMBOL))
    second = opened.add(TASK, depends=[first]).id
    with pytest.raises(RuleError):
        opened.execute(second)
    assert opened.task(second).status == "Todo"


def test_uncommitted_changes_are_left_alone_and_taken_in_where_that_is_asked(project: Bench) -> None:
    write(project.root, {"calc.py": CALC + "\n\ndef twice(a):\n    return 2 * a\n"})
    [without] = project.opened(answer(Format.SYMBOL)).execute(TASK)
    assert any("uncommitted" in note for note in without["notes"])
    assert "twice" not in without["diff"]
    [with_them] = project.opened(answer(Format.SYMBOL)).execute(TASK, uncommitted=True)
    assert with_them["notes"] == []
    person = project.opened(actor="person")
    assert person.apply(without["run_id"])["state"] == "applied"
    assert (project.root / "calc.py").read_text(encoding="utf-8") == MENDED + "\n\ndef twice(a):\n    return 2 * a\n"


def test_requested_changes_lead_to_another_attempt_that_knows_the_comment(project: Bench) -> None:
    task = project.task()
    [first] = project.opened(answer(Format.SYMBOL)).execute(task)
    again = {"text": answer(Format.SYMBOL, new=CALC.replace("a - b", "b + a")), "match": "the other way round"}
    opened = project.opened(again, actor="person")
    second = opened.request_changes(first["run_id"], "Write the sum the other way round.")
    assert (second["state"], second["attempt_of"]) == ("proposed", first["run_id"])
    assert "+    return b + a" in second["diff"]
    assert opened.review(first["run_id"])["state"] == "rejected"
    assert opened.task(task).status == "Review"


def test_the_next_attempt_is_made_by_who_made_the_one_before(project: Bench) -> None:
    task = project.task()
    [first] = project.opened(answer(Format.SYMBOL)).execute(task)
    unnamed = project.with_backend(None, actor="person")
    again = unnamed.request_changes(first["run_id"], "Once more.")
    assert again["tried"][0]["who"] == "scripted on scripted"
    assert unnamed.settings.backend == "auto"


def test_without_git_a_copy_is_tried_and_nothing_else_changes(project: Bench) -> None:
    git_directory = project.root / ".git"
    git_directory.rename(project.beside / "git")
    before = project.picture()
    [document] = project.opened(answer(Format.SYMBOL)).execute(TASK)
    assert document["state"] == "proposed"
    assert document["base"] == ""
    assert project.picture() == before


def test_a_free_text_outside_a_project_writes_nothing_into_the_directory(project: Bench) -> None:
    before = set(project.root.iterdir())
    [document] = project.opened(answer(Format.SYMBOL)).execute(TASK)
    assert document["state"] == "proposed"
    assert set(project.root.iterdir()) == before
    assert git(project.root, "status", "--short") == ""


def test_approving_outside_a_project_makes_one_that_takes_the_run_over(project: Bench) -> None:
    opened = project.opened(answer(Format.SYMBOL), actor="person")
    [document] = opened.execute(TASK)
    run = document["run_id"]
    assert opened.apply(run)["state"] == "applied"
    assert opened.project is not None
    assert (project.root / ".todo2").is_dir()
    assert (project.root / "calc.py").read_text(encoding="utf-8") == MENDED
    later = project.opened(actor="person")
    assert [(row["run_id"], row["state"]) for row in later.reviews()] == [(run, "applied")]
    assert [one["kind"] for one in later.review(run)["decisions"]] == ["approve", "apply"]
    assert later.undo(run)["state"] == "undone"
    assert (project.root / "calc.py").read_text(encoding="utf-8") == CALC


@pytest.mark.parametrize("call", ["unknown", "refused", "hunk", "assistant"])
def test_what_cannot_be_approved_outside_a_project_makes_none(project: Bench, call: str) -> None:
    before = project.picture()
    new = "def add(a, b):\n    return (\n" if call == "refused" else MENDED
    [document] = project.opened(answer(Format.WHOLE, new=new)).execute(TASK, format="whole")
    opened = project.opened(actor="assistant" if call == "assistant" else "person")
    run = "R-9" if call == "unknown" else document["run_id"]
    with pytest.raises((RunError, ReviewError, UsageError)):
        opened.approve_change(run, hunks=[("calc.py", 7)]) if call == "hunk" else opened.apply(run)
    assert not (project.root / ".todo2").exists()
    assert project.picture() == before


def test_the_user_hears_what_is_wrong_with_a_call(project: Bench) -> None:
    opened = project.opened()
    with pytest.raises(UsageError):
        opened.execute(TASK, format="xml")
    with pytest.raises(UsageError):
        opened.execute(TASK, samples=0)
    with pytest.raises(UsageError):
        opened.execute([])
    with pytest.raises(TextError):
        opened.execute("")


def test_a_change_whose_task_is_gone_is_not_sent_back(project: Bench) -> None:
    task = project.task()
    [first] = project.opened(answer(Format.SYMBOL)).execute(task)
    opened = project.opened(actor="person")
    opened.delete(task)
    for send_back in (opened.request_changes, opened.send_back):
        with pytest.raises(TaskNotFoundError):
            send_back(first["run_id"], "Write the sum the other way round.")
    assert opened.review(first["run_id"])["state"] == "proposed"
    assert [run["run_id"] for run in opened.latest_runs()] == [first["run_id"]]
