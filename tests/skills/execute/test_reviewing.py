"""Deciding on changes: every decision, by every actor, once and again."""

import dataclasses
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from prentice.errors import (
    ApplyConflictError,
    LedgerError,
    PrenticeError,
    ReviewError,
    RunError,
    UndoRefusedError,
    UsageError,
    WriteFailedError,
)
from prentice.ledger.call_history import CallHistory
from prentice.ledger.database import Database
from prentice.ledger.executions_table import ExecutionState
from prentice.ledger.migrations import RECORD
from prentice.ledger.outcomes_table import OutcomesTable
from prentice.review.approval import Actor
from prentice.skills.execute.reviewing import Reviewing
from prentice.skills.track_record import MeasuredRecord
from prentice.tasks import workflow
from skills.execute.proposed import AFTER, CHANGE, EVIDENCE, FILES, TASK, Proposed, project
from workspace.trees import pictured, write

UNTOUCHED = (".prentice", ".todo2")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Proposed]:
    made = project(tmp_path / "project")
    yield made
    made.executions.database.close()


def decided(here: Proposed, run: str) -> list[tuple[str, str, bool | None]]:
    return [(one.kind, one.actor, one.right) for one in here.executions.decisions(run)]


def test_what_waits_for_review_is_listed_and_shown_with_its_hunks(here: Proposed) -> None:
    run, failed = here.propose(), here.propose(None, state="failed")
    assert [row.run for row in here.reviewing().all(waiting=True)] == [run]
    assert [row.run for row in here.reviewing().all()] == [run, failed]
    shown = here.reviewing().show(run)
    assert shown.change == CHANGE
    document = shown.document()
    assert (document["run_id"], document["state"], document["why"]) == (run, "proposed", "Because.")
    assert [(hunk["path"], hunk["number"]) for hunk in document["hunks"]] == [
        ("a.py", 1), ("a.py", 2), ("old.txt", 1), ("new/deep/c.py", 1),
    ]  # fmt: skip
    assert "+LINE 30" in document["hunks"][1]["text"]
    assert here.reviewing().show(failed).document()["hunks"] == []
    with pytest.raises(RunError):
        here.reviewing().show("R-99")


def test_looking_touches_nothing(here: Proposed) -> None:
    run = here.propose()
    before = pictured(here.root, without=())
    here.reviewing().show(run)
    here.reviewing().all()
    assert here.reviewing().settle() == []
    assert {path: state for path, state in pictured(here.root, without=()).items() if "ledger.db" not in path} == {
        path: state for path, state in before.items() if "ledger.db" not in path
    }


def test_a_project_that_cannot_be_written_can_be_looked_at_and_not_decided_in(here: Proposed) -> None:
    run = here.propose()
    here.executions.intend(run, {"kind": "apply", "actor": "person", "by": "", "at": 1.0, "data": {}})
    (here.root / ".prentice" / "applied").write_bytes(b"no directory")
    assert [row.run for row in here.reviewing().all()] == [run]
    assert here.reviewing().show(run).row.state == "proposed"
    with pytest.raises(WriteFailedError):
        here.reviewing().approve(run)


def test_approving_records_who_and_applies_nothing(here: Proposed) -> None:
    run, before = here.propose(), pictured(here.root, without=UNTOUCHED)
    answer = here.reviewing(by="ada").approve(run)
    assert answer.document()["state"] == "proposed"
    approval = here.executions.get(run).approval
    assert (approval["digest"], approval["actor"], approval["by"], approval["hunks"]) == (
        CHANGE.digest, "person", "ada", [],
    )  # fmt: skip
    assert pictured(here.root, without=UNTOUCHED) == before
    assert here.executions.reviewed() == [(EVIDENCE.document() | {"checks": [_check()]}, True)]


def _check() -> dict[str, Any]:
    return dataclasses.asdict(EVIDENCE.checks[0])


def test_an_approved_change_is_applied_and_the_task_stays_in_review(here: Proposed) -> None:
    run = here.propose()
    here.reviewing().approve(run)
    answer = here.reviewing("script").apply(run)
    assert answer.document() == {
        "run_id": run, "task": TASK, "state": "applied", "actor": "script", "notes": [],
        "files": ["old.txt", "a.py", "new/deep/c.py"],
        "became": {"old.txt": "deleted", "a.py": "modified", "new/deep/c.py": "created"},
    }  # fmt: skip
    assert (here.read("a.py"), here.read("old.txt"), here.read("new/deep/c.py")) == (AFTER, None, b"new\n")
    assert (here.root / "a.py").stat().st_mode & 0o777 == 0o755
    assert here.task.status == "Review"
    assert decided(here, run) == [("approve", "person", True), ("apply", "script", True)]


def test_applying_what_nobody_decided_on_approves_it_first(here: Proposed) -> None:
    run = here.propose()
    here.reviewing().apply(run)
    assert decided(here, run) == [("approve", "person", True), ("apply", "person", True)]


def test_undoing_restores_exactly_says_so_and_reopens_the_task(here: Proposed) -> None:
    run, before = here.propose(), pictured(here.root, without=UNTOUCHED)
    here.reviewing().apply(run)
    answer = here.reviewing(by="ada").undo(run)
    assert (answer.state, set(answer.files)) == ("undone", {"a.py", "old.txt", "new/deep/c.py"})
    assert pictured(here.root, without=UNTOUCHED) == before
    assert here.comments() == [f"{run} was undone by: ada (person)."]
    assert here.task.status == "In Progress"
    assert [right for _, right in here.executions.reviewed()] == [False]


def test_what_was_undone_can_be_applied_again(here: Proposed) -> None:
    run = here.propose()
    here.reviewing().apply(run)
    here.reviewing().undo(run)
    assert here.reviewing().apply(run).state == "applied"
    assert here.read("a.py") == AFTER
    assert [right for _, right in here.executions.reviewed()] == [True]


def test_every_decision_repeated_gives_the_same_answer_and_does_nothing_more(here: Proposed) -> None:
    run, sent_back, refused = here.propose(), here.propose(), here.propose()
    reviewing = here.reviewing()
    acts: tuple[Callable[[], Any], ...] = (
        lambda: reviewing.approve(run),
        lambda: reviewing.apply(run),
        lambda: reviewing.undo(run),
        lambda: reviewing.request_changes(sent_back, "Shout louder."),
        lambda: reviewing.reject(refused, reason="No."),
    )
    for act in acts:
        first = act()
        state = (pictured(here.root, without=(".prentice",)), len(here.executions.decisions(first.run)))
        assert act() == first
        assert (pictured(here.root, without=(".prentice",)), len(here.executions.decisions(first.run))) == state


def test_some_hunks_are_approved_under_a_digest_of_their_own_and_applied_alone(here: Proposed) -> None:
    run = here.propose()
    here.reviewing().approve(run, hunks=[("a.py", 2)])
    approval = here.executions.get(run).approval
    assert approval["hunks"] == [["a.py", 2]]
    assert approval["digest"] == CHANGE.only([("a.py", 2)]).digest != CHANGE.digest
    here.reviewing().apply(run)
    assert here.read("a.py") == FILES["a.py"].replace(b"line 30\n", b"LINE 30\n")
    assert here.read("old.txt") == FILES["old.txt"]
    assert [right for _, right in here.executions.reviewed()] == [False]  # not as it was proposed


def test_all_hunks_are_the_whole(here: Proposed) -> None:
    run = here.propose()
    here.reviewing().approve(run, hunks=[(hunk.path, hunk.number) for hunk in CHANGE.hunks()])
    assert here.executions.get(run).approval["hunks"] == []
    assert [right for _, right in here.executions.reviewed()] == [True]


def test_a_later_choice_of_hunks_replaces_an_earlier_one_until_it_is_applied(here: Proposed) -> None:
    run = here.propose()
    here.reviewing().approve(run, hunks=[("a.py", 1)])
    here.reviewing().approve(run, hunks=[("a.py", 2)])
    here.reviewing().apply(run)
    assert here.read("a.py") == FILES["a.py"].replace(b"line 30\n", b"LINE 30\n")
    with pytest.raises(ReviewError, match="Another part"):
        here.reviewing().approve(run)


@pytest.mark.parametrize("hunks", [[("a.py", 3)], [("a.py", 1), ("nowhere", 1)], []])
def test_hunks_that_do_not_exist_are_refused_with_those_that_do(here: Proposed, hunks: list[tuple[str, int]]) -> None:
    run = here.propose()
    with pytest.raises(UsageError) as caught:
        here.reviewing().approve(run, hunks=hunks)
    assert "a.py:1, a.py:2, old.txt:1, new/deep/c.py:1" in caught.value.next_step
    assert here.executions.get(run).approval is None


def test_requested_changes_are_kept_and_handed_to_the_next_attempt(here: Proposed) -> None:
    run = here.propose()
    answer = here.reviewing().request_changes(run, "Shout louder.")
    assert answer.document()["attempt"] == {"task": TASK, "attempt_of": run, "comment": "Shout louder."}
    assert here.executions.get(run).state == "rejected"
    assert here.executions.decisions(run)[-1].data["comment"] == "Shout louder."
    assert here.task.status == "In Progress"
    assert here.comments() == [f"Changes to {run} were requested by: person.\n\nShout louder."]
    with pytest.raises(ReviewError, match="empty"):
        here.reviewing().request_changes(run, " ")


def test_a_rejected_change_leaves_a_note_and_cannot_be_applied(here: Proposed) -> None:
    run = here.propose()
    here.reviewing().approve(run)
    here.reviewing().reject(run, reason="Too loud.")
    assert here.comments() == [f"{run} was rejected by: person.\n\nToo loud."]
    assert here.task.status == "Review"
    for act in (here.reviewing().apply, here.reviewing().approve):
        with pytest.raises(ReviewError, match="was rejected"):
            act(run)
    with pytest.raises(ReviewError, match="already"):
        here.reviewing().reject(run, reason="Another.")
    assert [right for _, right in here.executions.reviewed()] == [False]


def test_what_is_applied_is_undone_before_it_is_rejected(here: Proposed) -> None:
    run = here.propose()
    here.reviewing().apply(run)
    acts: tuple[Callable[[], Any], ...] = (
        lambda: here.reviewing().reject(run), lambda: here.reviewing().request_changes(run, "More."),
    )  # fmt: skip
    for act in acts:
        with pytest.raises(ReviewError) as caught:
            act()
        assert caught.value.next_step == f"Take it out first: `prentice undo {run}`."
    here.reviewing().undo(run)
    assert here.reviewing().reject(run).state == "rejected"


@pytest.mark.parametrize("state", ["refused", "failed", "handed_off", "rejected"])
def test_what_was_refused_cannot_be_approved_or_applied_by_anyone(here: Proposed, state: ExecutionState) -> None:
    run, before = here.propose(state=state), pictured(here.root, without=UNTOUCHED)
    for act in (here.reviewing().approve, here.reviewing().apply):
        with pytest.raises(ReviewError, match="cannot be approved"):
            act(run)
    with pytest.raises(ReviewError, match="not applied"):
        here.reviewing().undo(run)
    assert pictured(here.root, without=UNTOUCHED) == before
    assert here.reviewing().request_changes(run, "Again, please.").attempt["attempt_of"] == run


def test_an_execution_without_a_change_cannot_be_applied(here: Proposed) -> None:
    with pytest.raises(ReviewError, match="came to no change"):
        here.reviewing().apply(here.propose(None))


def test_a_stored_change_that_was_tampered_with_is_never_applied(here: Proposed) -> None:
    run = here.propose()
    here.reviewing().approve(run)
    with here.executions.database.transaction() as connection:
        connection.execute("UPDATE executions SET change = replace(change, 'new/deep/c.py', '../outside.py')")
    with pytest.raises(LedgerError, match="cannot be read"):
        here.reviewing().apply(run)
    assert not (here.root.parent / "outside.py").exists()


def test_a_conflict_is_shown_changes_nothing_and_leaves_the_approval(here: Proposed) -> None:
    run = here.propose()
    write(here.root, {"a.py": FILES["a.py"].replace(b"line 2\n", b"mine\n")})
    before = pictured(here.root, without=UNTOUCHED)
    with pytest.raises(ApplyConflictError) as caught:
        here.reviewing().apply(run)
    assert set(caught.value.details["files"]) == {"a.py"}  # type: ignore[call-overload]  # a mapping
    assert pictured(here.root, without=UNTOUCHED) == before
    row = here.executions.get(run)
    assert (row.state, row.pending, row.approval["digest"]) == ("proposed", None, CHANGE.digest)


def test_the_users_own_edits_of_other_lines_and_files_stay(here: Proposed) -> None:
    run = here.propose()
    write(here.root, {"a.py": FILES["a.py"].replace(b"line 15\n", b"mine\n"), "b.txt": b"mine too"})
    answer = here.reviewing().apply(run)
    assert answer.files["a.py"] == "merged"
    assert (here.read("a.py"), here.read("b.txt")) == (AFTER.replace(b"line 15\n", b"mine\n"), b"mine too")
    here.reviewing().undo(run)
    assert here.read("a.py") == FILES["a.py"].replace(b"line 15\n", b"mine\n")


def test_a_file_edited_since_is_not_undone_over(here: Proposed) -> None:
    run = here.propose()
    here.reviewing().apply(run)
    write(here.root, {"a.py": b"edited since\n"})
    with pytest.raises(UndoRefusedError):
        here.reviewing().undo(run)
    row = here.executions.get(run)
    assert (row.state, row.pending, here.read("a.py")) == ("applied", None, b"edited since\n")


def test_an_undo_that_the_disk_stopped_halfway_is_finished_at_the_next_start(
    here: Proposed, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, before = here.propose(), pictured(here.root, without=UNTOUCHED)
    here.reviewing().apply(run)
    true_open = os.open

    def full(path: Any, *arguments: Any, **options: Any) -> int:
        if Path(path).name.startswith(f".prentice-{run}-"):
            raise OSError(28, "No space left on device", str(path))
        return true_open(path, *arguments, **options)

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(WriteFailedError, match="could not be put back"):
        here.reviewing(by="ada").undo(run)
    monkeypatch.setattr(os, "open", true_open)
    assert (here.read("new/deep/c.py"), here.read("a.py")) == (None, AFTER)  # halfway
    [settled] = here.reviewing("script").settle()
    assert (settled.name, settled.left) == (run, ())
    assert pictured(here.root, without=UNTOUCHED) == before
    row = here.executions.get(run)
    assert (row.state, row.pending, here.executions.decisions(run)[-1].actor) == ("undone", None, "person")
    assert here.comments() == [f"{run} was undone by: ada (person)."]


# -- who may what


@pytest.mark.parametrize("act", ["approve", "apply", "reject", "undo"])
def test_an_assistant_looks_and_requests_changes_and_nothing_else(here: Proposed, act: str) -> None:
    run, before = here.propose(), pictured(here.root, without=UNTOUCHED)
    assistant = here.reviewing("assistant")
    with pytest.raises(ReviewError, match="An assistant may look") as caught:
        getattr(assistant, act)(run)
    assert caught.value.next_step == f"Ask the user to decide: `prentice review {run}`."
    assert pictured(here.root, without=UNTOUCHED) == before
    assert decided(here, run) == []
    assert assistant.request_changes(run, "Shout louder.").actor == "assistant"


def test_an_assistant_may_not_even_apply_what_a_person_approved(here: Proposed) -> None:
    run = here.propose()
    here.reviewing().approve(run)
    with pytest.raises(ReviewError, match="An assistant"):
        here.reviewing("assistant").apply(run)
    assert here.read("a.py") == FILES["a.py"]


def test_a_trusted_assistant_applies_what_a_decisive_check_passed(here: Proposed) -> None:
    run = here.propose(evidence=EVIDENCE)
    assert here.reviewing("assistant", approve_assistant="apply").apply(run).state == "applied"
    assert here.executions.get(run).approval["actor"] == "assistant"
    assert here.executions.reviewed() == []


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"checks": ()}, "No check was run"),
        ({"tests_edited": True}, "edits tests"),
        ({"protected": True}, "protected"),
        ({"level": "punctuation"}, "not found as they were quoted"),
    ],
)
def test_a_trusted_assistant_applies_nothing_else(here: Proposed, changed: dict[str, Any], why: str) -> None:
    run = here.propose(evidence=dataclasses.replace(EVIDENCE, **changed))
    with pytest.raises(ReviewError, match=why):
        here.reviewing("assistant", approve_assistant="apply").apply(run)
    assert here.read("a.py") == FILES["a.py"]


def test_a_trusted_assistant_may_not_choose_a_part_that_was_not_checked(here: Proposed) -> None:
    run = here.propose()
    assistant = here.reviewing("assistant", approve_assistant="apply")
    with pytest.raises(ReviewError, match="not checked by itself"):
        assistant.approve(run, hunks=[("a.py", 1)])
    here.reviewing().approve(run, hunks=[("a.py", 1)])
    with pytest.raises(ReviewError, match="not checked by itself"):
        assistant.apply(run)


def test_the_policy_applies_only_what_the_gate_decided_to_apply(here: Proposed) -> None:
    left, decided_on = here.propose(), here.propose(decision="apply")
    with pytest.raises(ReviewError, match="gate did not decide"):
        here.reviewing("policy").apply(left)
    assert here.reviewing("policy").apply(decided_on).actor == "policy"
    assert here.executions.reviewed() == []


def test_a_persons_approval_of_what_the_policy_applied_is_a_verdict(here: Proposed) -> None:
    run = here.propose(decision="apply")
    here.reviewing("policy").apply(run)
    answer = here.reviewing().approve(run)
    assert (answer.state, here.executions.get(run).approval["actor"]) == ("applied", "policy")
    assert [right for _, right in here.executions.reviewed()] == [True]


@pytest.mark.parametrize("actor", ["assistant", "policy"])
def test_what_a_person_undid_does_not_come_back_by_itself(here: Proposed, actor: Actor) -> None:
    run = here.propose(decision="apply")
    here.reviewing("policy").apply(run)
    here.reviewing().undo(run)
    with pytest.raises(ReviewError, match="It was undone"):
        here.reviewing(actor, approve_assistant="apply").apply(run)
    assert here.read("a.py") == FILES["a.py"]


@pytest.mark.parametrize("actor", ["script", "assistant", "policy"])
def test_what_others_decide_never_raises_the_probability(here: Proposed, actor: Actor) -> None:
    here.reviewing(actor, approve_assistant="apply").apply(here.propose(decision="apply"))
    assert here.executions.reviewed() == []


def test_the_users_record_learns_what_a_person_thinks_of_a_models_work(here: Proposed, tmp_path: Path) -> None:
    database = Database(tmp_path / "record.db", RECORD)
    record = MeasuredRecord(calls=CallHistory(database), results=OutcomesTable(database))
    run, other = here.propose(), here.propose()
    for uid in (f"uid-{run}", f"uid-{other}"):
        record.keep(uid, purpose="execute", kind="code", backend="ollama", model="coder", right=True)
    for act, right in (("apply", 2), ("undo", 1), ("apply", 2), ("undo", 1)):
        getattr(here.reviewing(record=record), act)(run)
        found = record.outcomes("ollama", "coder", kind="code")
        assert (found.right, found.of) == (right, 2)
    here.reviewing("script", record=record).reject(other)
    assert record.outcomes("ollama", "coder", kind="code").right == 1
    database.close()


# -- the task


def test_with_finish_done_a_decisive_check_and_the_whole_change_the_task_is_done(here: Proposed) -> None:
    here.reviewing(workflow_finish="done").apply(here.propose())
    assert here.task.status == "Done"


def test_without_a_decisive_check_or_with_a_part_only_it_stays_in_review(here: Proposed) -> None:
    here.reviewing(workflow_finish="done").apply(here.propose(evidence=dataclasses.replace(EVIDENCE, checks=())))
    assert here.task.status == "Review"


def test_a_part_alone_does_not_finish_the_task(here: Proposed) -> None:
    run = here.propose()
    here.reviewing(workflow_finish="done").approve(run, hunks=[("a.py", 1)])
    here.reviewing(workflow_finish="done").apply(run)
    assert here.task.status == "Review"


def test_what_the_workflow_forbids_is_said_and_the_decision_holds(here: Proposed) -> None:
    run = here.propose()
    here.todo2.change(lambda editor: workflow.add(editor, "first", description="", priority="low", tags=(), depends=()))
    here.todo2.change(lambda editor: workflow.edit(editor, TASK, {"dependencies": ("T-2",)}))
    answer = here.reviewing().request_changes(run, "Shout louder.")
    assert answer.state == "rejected"
    assert "waits for T-2" in answer.notes[0]
    assert here.task.status == "Review"


def test_a_task_that_was_deleted_meanwhile_stops_nothing(here: Proposed) -> None:
    run, before = here.propose(), pictured(here.root, without=UNTOUCHED)
    here.todo2.change(lambda editor: editor.delete(TASK))
    here.reviewing().apply(run)
    assert here.reviewing().undo(run).notes == ()
    assert pictured(here.root, without=UNTOUCHED) == before


def test_outside_a_project_deciding_against_a_change_leaves_no_file(here: Proposed, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    reviewing = Reviewing(
        root=tmp_path / "elsewhere", executions=here.executions, settings=here.reviewing().settings, actor="person"
    )
    reviewing.reject(here.propose(task=""))
    reviewing.request_changes(here.propose(task=""), "More.")
    assert list((tmp_path / "elsewhere").iterdir()) == []


# -- many at once


def test_many_who_decide_at_once_apply_it_once_and_undo_it_once(here: Proposed) -> None:
    run, before = here.propose(), pictured(here.root, without=UNTOUCHED)
    for act, path in (("apply", AFTER), ("undo", FILES["a.py"])):
        answers = at_once(here, [(act, run)] * 6)
        assert {answer.state for answer in answers} == {"applied" if act == "apply" else "undone"}
        assert here.read("a.py") == path
        assert [str(one.kind) for one in here.executions.decisions(run)].count(act) == 1
    assert pictured(here.root, without=UNTOUCHED) == before
    assert len(here.comments()) == 1


def test_whatever_wins_when_all_decide_at_once_ledger_and_tree_agree(here: Proposed) -> None:
    for _ in range(4):
        run = here.propose()
        at_once(here, [("apply", run), ("undo", run), ("reject", run), ("apply", run), ("undo", run)])
        row = here.executions.get(run)
        assert row.pending is None
        assert (here.read("a.py") == AFTER) == (row.state == "applied")
        if row.state == "applied":
            here.reviewing().undo(run)


def at_once(here: Proposed, acts: list[tuple[str, str]]) -> list[Any]:
    """Let threads decide at the same time; a refusal is no answer."""
    answers: list[Any] = []
    barrier = threading.Barrier(len(acts))

    def act(name: str, run: str) -> None:
        barrier.wait(10)
        try:
            answers.append(getattr(here.reviewing(), name)(run))
        except PrenticeError as error:
            refusals.append(error)

    refusals: list[PrenticeError] = []
    threads = [threading.Thread(target=act, args=one) for one in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) + len(refusals) == len(acts)
    assert all(isinstance(error, ReviewError) for error in refusals)
    return answers
