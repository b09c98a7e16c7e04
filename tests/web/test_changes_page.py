"""A change on the page: what is shown, and that each decision does what the command line's does, once."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import prentice
from prentice.ledger.runs_table import RunsTable
from skills.execute.proposed import AFTER, CHANGE, FILES, TASK, Proposed, project
from web.completed import complete
from web.visitors import ORIGIN, Visitor, hidden, visiting, words
from workspace.trees import change_of

FINDING = {
    "file": "a.py", "line": 3, "severity": "high", "quote": "line 2", "says": "Lines are not shouted",
    "suggestion": "Shout.", "source": "a model",
}  # fmt: skip


@pytest.fixture
def proposed(tmp_path: Path) -> Proposed:
    return project(tmp_path / "project")


@pytest.fixture
def visitor(proposed: Proposed) -> Iterator[Visitor]:
    with visiting(proposed.root) as found:
        yield found


def decisions(proposed: Proposed, run: str) -> list[tuple[str, str]]:
    return [(one.kind, one.actor) for one in proposed.executions.decisions(run)]


def marked(page: str) -> list[str]:
    """Give the hunks that are marked."""
    return [tag for tag in re.findall(r'<input type="checkbox" name="hunk"[^>]*>', page) if " checked" in tag]


def test_all_that_a_decision_needs_is_there(visitor: Visitor, proposed: Proposed) -> None:
    run = complete(proposed)
    page = visitor.get(f"/changes/{run}")
    said = words(page)
    for sentence in (
        "It shouts.", "No check decides it.", "0.76: of 30 like this, 23 were right", "agreement 5 of 5 samples",
        "raises", "test decides it failed (1) passed (2)", "Hunk 1 of 2", "Hunk 2 of 2", "deleted file mode 100644",
        "new file mode 100644", "made by coder on ollama", "waits for you",
    ):  # fmt: skip
        assert sentence in said
    assert re.search(r'<td class="no">3</td><td class="no"></td><td class="sign">-</td>', page)
    assert re.search(r'<td class="no"></td><td class="no">3</td><td class="sign">\+</td>', page)
    assert len(marked(page)) == len(CHANGE.hunks())


def test_in_a_line_that_stays_alike_the_words_that_differ_are_marked(visitor: Visitor, proposed: Proposed) -> None:
    before, after = b"x = size(paths, deep=False)\n", b"x = size(paths, deep=True)\n"
    page = visitor.get(f"/changes/{complete(proposed, change_of({'a.py': (before, after)}))}")
    assert "x = size(paths, deep=<del>False</del>)" in page
    assert "x = size(paths, deep=<ins>True</ins>)" in page


def test_applying_puts_the_change_into_the_files_as_a_person(visitor: Visitor, proposed: Proposed) -> None:
    run = complete(proposed)
    seen = hidden(visitor.get(f"/changes/{run}"), "seen")
    every = list(range(len(CHANGE.hunks())))
    page = visitor.send(f"/changes/{run}/apply", do="apply", seen=seen, hunk=every)
    assert f"{run} is in your files now" in words(page)
    assert proposed.read("a.py") == AFTER
    assert proposed.read("old.txt") is None
    assert decisions(proposed, run) == [("approve", "person"), ("apply", "person")]
    assert proposed.executions.reviewed()[0][1] is True


def test_only_what_is_marked_is_applied(visitor: Visitor, proposed: Proposed) -> None:
    run = complete(proposed)
    visitor.send(f"/changes/{run}/apply", do="apply", seen="0", hunk=["1"])
    assert proposed.read("a.py") == FILES["a.py"].replace(b"line 30\n", b"LINE 30\n")
    assert proposed.read("old.txt") == FILES["old.txt"]
    assert proposed.read("new/deep/c.py") is None


def test_the_same_form_twice_gives_the_same_answer_and_does_nothing_more(visitor: Visitor, proposed: Proposed) -> None:
    run = complete(proposed)
    for _ in range(2):
        page = visitor.send(f"/changes/{run}/apply", do="apply", seen="0", hunk=["0", "1"])
        assert f"2 of 4 hunks of {run} are in your files now" in words(page)
    assert decisions(proposed, run) == [("approve", "person"), ("apply", "person")]
    for _ in range(2):
        assert f"{run} is taken out again" in words(visitor.send(f"/changes/{run}/undo", seen="2"))
    visitor.send(f"/changes/{run}/apply", do="apply", seen="3", hunk=["0"])
    visitor.send(f"/changes/{run}/apply", do="apply", seen="5", hunk=["1"], code=409)  # another part is there
    visitor.send(f"/changes/{run}/undo", seen="5")
    assert [kind for kind, _ in decisions(proposed, run)[2:]] == ["undo", "approve", "apply", "undo"]
    assert proposed.read("a.py") == FILES["a.py"]


def test_approving_leaves_the_files_as_they_are_and_the_marks_as_approved(visitor: Visitor, proposed: Proposed) -> None:
    run = complete(proposed)
    page = visitor.send(f"/changes/{run}/apply", do="approve", seen="0", hunk=["1"])
    assert "1 of 4 hunks of R-1 is approved, and not applied yet" in words(page)
    assert proposed.read("a.py") == FILES["a.py"]
    assert [tag.split('value="')[1][0] for tag in marked(page)] == ["1"]
    assert "1 hunk approved" in words(page)


@pytest.mark.parametrize("hunks", [[], ["4"], ["0", "99"], ["x"], ["-1"], ["1" * 400], ["٣"]])
def test_hunks_that_are_not_there_apply_nothing(visitor: Visitor, proposed: Proposed, hunks: list[str]) -> None:
    run = complete(proposed)
    page = visitor.send(f"/changes/{run}/apply", do="apply", seen="0", hunk=hunks, code=400)
    assert 'role="alert"' in page
    assert decisions(proposed, run) == []


def test_requesting_changes_begins_the_next_attempt_once(visitor: Visitor, proposed: Proposed) -> None:
    run = complete(proposed)
    for _ in range(2):
        page = visitor.send(f"/changes/{run}/request", seen="0", comment="Keep\r\nthe name")
        assert f"{run} is sent back" in words(page)
        assert "another attempt after R-1" in words(page)
    table = RunsTable(proposed.executions.database)
    assert [row.id for row in table.latest(most=10)] == ["R-1", "R-2"]
    assert table.get("R-2").arguments | {"samples": 1} == {
        "task": TASK, "text": "", "apply": False, "format": "", "samples": 1, "anyway": True, "uncommitted": True,
        "attempt_of": run, "comment": "Keep\nthe name",
    }  # fmt: skip
    assert decisions(proposed, run) == [("request_changes", "person")]
    assert proposed.task.status == "In Progress"


def test_an_open_page_is_told_that_somebody_else_decided(visitor: Visitor, proposed: Proposed) -> None:
    run = complete(proposed)
    [where] = re.findall(r'data-live="([^"]+)"', visitor.get(f"/changes/{run}"))
    assert words(visitor.get(where)) == ""
    prentice.open(proposed.root, actor="person").reject_change(run)
    said = words(visitor.get(where))
    assert said == f"{run} was rejected meanwhile, by: person. Look at it as it is now"
    [where] = re.findall(r'data-live="([^"]+)"', visitor.get(f"/changes/{run}"))
    assert words(visitor.get(where)) == ""


def test_a_request_without_a_comment_says_what_is_missing(visitor: Visitor, proposed: Proposed) -> None:
    run = complete(proposed)
    page = visitor.send(f"/changes/{run}/request", seen="0", comment=" \n", code=409)
    assert "The comment is empty. Say what has to be different." in words(page)
    assert decisions(proposed, run) == []


def test_rejecting_keeps_the_reason(visitor: Visitor, proposed: Proposed) -> None:
    run = complete(proposed)
    page = visitor.send(f"/changes/{run}/reject", seen="0", comment="Not <b>wanted</b>")
    assert "Not <b>wanted</b>" in words(page)
    assert "<b>wanted" not in page
    assert decisions(proposed, run) == [("reject", "person")]
    assert "Your decision" not in page


@pytest.mark.parametrize("way", ["apply", "undo"])
def test_what_was_decided_elsewhere_meanwhile_is_shown_and_not_overridden(
    visitor: Visitor, proposed: Proposed, way: str
) -> None:
    run = complete(proposed)
    visitor.get(f"/changes/{run}")
    proposed.reviewing("script").reject(run, reason="Too late")
    page = visitor.send(f"/changes/{run}/{way}", do="apply", seen="0", hunk=["0"], code=409)
    assert f"{run} was rejected meanwhile, by: script. Yours was not carried out." in words(page)
    assert "Too late" in page
    assert proposed.read("a.py") == FILES["a.py"]
    assert decisions(proposed, run) == [("reject", "script")]


@pytest.mark.parametrize("seen", ["", "7", "x"])
def test_a_form_that_saw_something_else_decides_nothing(visitor: Visitor, proposed: Proposed, seen: str) -> None:
    run = complete(proposed)
    answer = visitor.client.post(
        f"/changes/{run}/apply", data={"form": visitor.place.keys.form, "do": "apply", "seen": seen, "hunk": "0"},
        headers={"origin": ORIGIN},
    )  # fmt: skip
    assert answer.status_code in {400, 409}
    assert decisions(proposed, run) == []


def test_a_conflict_with_own_edits_names_the_file_and_keeps_what_was_written(
    visitor: Visitor, proposed: Proposed
) -> None:
    run = complete(proposed)
    (proposed.root / "a.py").write_bytes(FILES["a.py"].replace(b"line 2\n", b"mine\n"))
    page = visitor.send(f"/changes/{run}/apply", do="apply", seen="0", hunk=["0"], code=409)
    assert 'role="alert"' in page
    assert "a.py" in words(page)
    assert len(marked(page)) == 1
    assert b"mine" in (proposed.read("a.py") or b"")


def test_a_finding_becomes_a_task(visitor: Visitor, proposed: Proposed) -> None:
    run = complete(proposed, None, findings=[FINDING], probability=None, evidence=[], checks=[])
    page = visitor.get(f"/changes/{run}")
    assert "Lines are not shouted" in page
    assert "Apply" not in words(page)
    for _ in range(2):
        assert "T-2 stands for finding 1." in words(visitor.send(f"/changes/{run}/findings/1"))
    assert sorted(proposed.todo2.read().tasks) == ["T-1", "T-2"]
    assert "has no finding 2" in visitor.send(f"/changes/{run}/findings/2", code=400)


def test_the_decision_and_the_way_back_are_offered_where_they_are_possible(
    visitor: Visitor, proposed: Proposed
) -> None:
    run = complete(proposed)
    visitor.send(f"/changes/{run}/apply", do="apply", seen="0", hunk=["0"])
    page = words(visitor.get(f"/changes/{run}"))
    assert "Take it out again" in page
    assert "Reject" not in page
    visitor.send(f"/changes/{run}/undo", seen="2")
    assert "Apply what is marked" in words(visitor.get(f"/changes/{run}"))


def test_a_binary_file_a_very_long_line_and_a_long_file_are_shown(visitor: Visitor, proposed: Proposed) -> None:
    many = b"".join(b"%d\n" % number for number in range(1000))
    change = change_of(
        {"a.png": (None, b"\x89PNG\x00\x01"), "b.txt": (b"b\r\n", b"x" * 9000), "long.txt": (None, many)}
    )
    page = visitor.get(f"/changes/{complete(proposed, change)}")
    assert "The contents are binary." in page
    assert "No newline at end of file" in page
    assert '<details class="file">' in page  # the long one, folded


def test_a_run_that_is_no_execution_says_so(visitor: Visitor) -> None:
    assert "There is no execution R-7 here." in visitor.get("/changes/R-7", code=404)
