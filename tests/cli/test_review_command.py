"""`prentice review`, `apply` and `undo`: what a person sees and decides, exactly what it does to the files, no more."""

import io
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.executions import Shell, shell
from prentice.changes.change import Change
from prentice.cli.change_view import change_lines
from prentice.cli.visible import one_line, path_shown, visible
from prentice.ledger.runs_table import RunsTable, Submission
from skills.execute.calculator import Bench
from skills.execute.proposed import AFTER, CHANGE, FILES, TASK, Proposed, project
from web.completed import complete
from workspace.trees import change_of, pictured

CHANGE_FILES = [file.path for file in CHANGE.files]
WHOLE = {"a.py": AFTER, "old.txt": None, "new/deep/c.py": b"new\n"}


class Terminal(io.StringIO):
    """A stdin at which a person sits who types these lines."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def proposed(tmp_path: Path) -> Proposed:
    return project(tmp_path / "project")


@pytest.fixture
def prentice(
    proposed: Proposed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    (tmp_path / "beside").mkdir()
    return shell(Bench(proposed.root, tmp_path / "beside"), monkeypatch, capsys)


def files(proposed: Proposed) -> dict[str, bytes | None]:
    return {path: proposed.read(path) for path in WHOLE}


def test_what_waits_is_listed_and_nothing_is_said_to_wait_where_nothing_does(
    prentice: Shell, proposed: Proposed
) -> None:
    assert prentice.json("review") == []
    assert "Nothing waits for a decision." in prentice("review")[0]
    complete(proposed)
    complete(proposed)
    out = prentice("review")[0]
    assert "R-1" in out
    assert "R-2   T-1    a.py, old.txt, new/deep/c.py   test decides it   0.76" in out
    assert [item["run_id"] for item in prentice.json("review")] == ["R-1", "R-2"]
    prentice("review", "R-1", "--reject")
    assert [item["run_id"] for item in prentice.json("review")] == ["R-2"]


def test_a_review_shows_the_change_by_hunk_and_all_that_a_decision_needs(prentice: Shell, proposed: Proposed) -> None:
    run = complete(proposed)
    out = prentice("review", run)[0]
    for words in (
        "R-1  T-1  Shout  (waits for you)", "It shouts.", "hunk 1 of 2  @@ -1,6 +1,6 @@", "hunk 2 of 2",
        "-line 2\n+LINE 2\n", "deleted file mode 100644", "new file mode 100644",
        "0.76: of 30 like this, 23 were right", "agreement  5 of 5 samples  raises", "failed (1)   passed (2)",
        "decides it", "not applied by itself  No check decides it.", f"prentice apply {run}", "--hunk a.py:1",
    ):  # fmt: skip
        assert words in out
    assert "\x1b[" not in out


def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let stdout be one that shows colours."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)


def test_on_a_terminal_the_only_one_that_waits_is_shown_at_once_in_colours(
    prentice: Shell, proposed: Proposed, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_a_terminal(monkeypatch)
    complete(proposed)
    out = prentice("review")[0]
    assert "hunk 1 of 2" in out
    assert "\x1b[31m-" in out
    assert "\x1b[32m+" in out
    complete(proposed)
    out = prentice("review")[0]
    assert "hunk 1 of 2" not in out
    assert "R-2" in out


def test_nothing_but_our_own_colours_reaches_a_terminal(
    prentice: Shell, proposed: Proposed, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_a_terminal(monkeypatch)
    text = b"\x1b]0;owned\x07 \xe2\x80\xaedne \x9b2J [bold]not ours[/bold] \x1b[31m\n"
    complete(proposed, change_of({"a.py": (FILES["a.py"], text)}), explanation="\x1b[2J[red]x", why="\x1b[1;1H")
    out = prentice("review")[0]
    assert "<U+001B>[31m" in out
    assert "[bold]not ours[/bold]" in out
    assert not set(re.sub(r"\x1b\[[0-9;]*m", "", out)) & {"\x1b", "\x07", "\x9b", "\u202e"}


def test_the_document_of_a_review_has_the_keys_of_the_contract(prentice: Shell, proposed: Proposed) -> None:
    run = complete(proposed)
    document = prentice.json("review", run)
    assert (document["run_id"], document["state"], document["actor"]) == (run, "proposed", "script")
    assert document["files"] == list(CHANGE_FILES)
    assert [(hunk["path"], hunk["number"]) for hunk in document["hunks"]][:2] == [("a.py", 1), ("a.py", 2)]
    for arguments, state in (
        (("review", run, "--approve"), "proposed"), (("apply", run), "applied"), (("apply", run), "applied"),
        (("undo", run), "undone"), (("undo", run), "undone"), (("review", run, "--reject"), "rejected"),
    ):  # fmt: skip
        answer = prentice.json(*arguments)
        assert answer.keys() >= {"run_id", "state", "actor", "files"}
        assert (answer["run_id"], answer["state"], answer["actor"]) == (run, state, "script")
        assert sorted(answer["files"]) == sorted(CHANGE_FILES)


def test_nothing_of_the_tree_changes_before_apply_and_undo_restores_it_exactly(
    prentice: Shell, proposed: Proposed
) -> None:
    run = complete(proposed)
    before = pictured(proposed.root, without=(".prentice", ".todo2"))
    prentice("review")
    prentice("review", run)
    assert "`prentice apply R-1` applies it" in prentice("review", run, "--approve")[0]
    assert pictured(proposed.root, without=(".prentice", ".todo2")) == before
    out = prentice("apply", run)[0]
    assert "R-1 is applied: " in out
    assert "a.py modified" in out
    assert files(proposed) == WHOLE
    assert "R-1 is undone" in prentice("undo", run)[0]
    assert pictured(proposed.root, without=(".prentice", ".todo2")) == before


def test_hunks_are_approved_one_by_one_and_only_they_are_applied(prentice: Shell, proposed: Proposed) -> None:
    run = complete(proposed)
    prentice("review", run, "--approve", "--hunk", "a.py:2", "--hunk", "new/deep/c.py:1")
    assert "2 of its hunks are approved, not applied yet" in prentice("review", run)[0]
    prentice("apply", run)
    only = FILES["a.py"].replace(b"line 30\n", b"LINE 30\n")
    assert files(proposed) == {"a.py": only, "old.txt": FILES["old.txt"], "new/deep/c.py": b"new\n"}


def test_a_conflict_is_refused_and_shown(prentice: Shell, proposed: Proposed) -> None:
    run = complete(proposed)
    (proposed.root / "a.py").write_bytes(FILES["a.py"].replace(b"line 2\n", b"mine\n"))
    error = prentice.json("apply", run, code=1)["error"]
    assert error["code"] == "apply_conflict"
    assert "a.py" in error["message"]
    assert proposed.read("old.txt") == FILES["old.txt"]
    assert prentice.json("review", run)["state"] == "proposed"


def test_a_rejected_change_keeps_its_reason_and_is_not_applied_any_more(prentice: Shell, proposed: Proposed) -> None:
    run = complete(proposed)
    prentice("review", run, "--reject", "--reason", "Too loud.")
    assert "rejected by: script: Too loud." in prentice("review", run)[0]
    assert any("Too loud." in note for note in proposed.comments())
    assert prentice.json("apply", run, code=1)["error"]["code"] == "review"


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("review", "R-9"), 1, "run"),
        (("review", "nonsense"), 1, "run"),
        (("apply", "R-9"), 1, "run"),
        (("undo", "R-9"), 1, "run"),
        (("undo", "R-1"), 1, "review"),
        (("review", "--approve"), 2, "usage"),
        (("review", "R-1", "--approve", "--reject"), 2, "usage"),
        (("review", "R-1", "--hunk", "a.py:1"), 2, "usage"),
        (("review", "R-1", "--reason", "Why not"), 2, "usage"),
        (("review", "R-1", "--approve", "--hunk", "a.py"), 2, "usage"),
        (("review", "R-1", "--approve", "--hunk", "a.py:9"), 2, "usage"),
        (("review", "R-1", "--interactive"), 2, "usage"),
        (("review", "R-1", "--request-changes", " "), 1, "review"),
        (("apply",), 2, "usage"),
    ],
)
def test_a_wrong_call_says_what_is_wanted_and_decides_nothing(
    prentice: Shell, proposed: Proposed, arguments: tuple[str, ...], code: int, error: str
) -> None:
    run = complete(proposed)
    found = prentice.json(*arguments, code=code)["error"]
    assert found["code"] == error
    assert found["next_step"]
    assert prentice.json("review", run)["decisions"] == []


def test_outside_a_project_nothing_waits_and_nothing_is_written(
    prentice: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    assert prentice.json("review") == []
    assert prentice.json("review", "R-1", code=1)["error"]["code"] == "run"
    assert prentice.json("apply", "R-1", code=1)["error"]["code"] == "run"
    assert list(empty.iterdir()) == []


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ("y\nn\ny\nn\nn\n", [("a.py", 1), ("old.txt", 1)]),
        ("?\nn\ny\nq\nn\n", [("a.py", 2)]),
        ("a\nd\ny\nn\n", [("a.py", 1), ("a.py", 2), ("new/deep/c.py", 1)]),
        ("q\n", []),
        ("oops\nd\nn\nn\n", []),
    ],
)
def test_a_person_chooses_hunks_with_the_letters_of_git(
    prentice: Shell, proposed: Proposed, monkeypatch: pytest.MonkeyPatch, typed: str, taken: list[tuple[str, int]]
) -> None:
    run = complete(proposed)
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    out, err = prentice("review", run, "-i")
    assert "Take this hunk" in err
    approval = prentice.json("review", run)["approval"]
    assert [tuple(hunk) for hunk in approval["hunks"]] == sorted(taken) if taken else approval is None
    assert ("R-1 is as it was" in out) == (not taken)
    assert proposed.read("a.py") == FILES["a.py"]


def test_what_a_person_chose_is_applied_on_request(
    prentice: Shell, proposed: Proposed, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = complete(proposed)
    monkeypatch.setattr(sys, "stdin", Terminal("y\ny\ny\ny\ny\n"))
    assert "R-1 is applied" in prentice("review", run, "--interactive")[0]
    assert files(proposed) == WHOLE
    assert [one["actor"] for one in prentice.json("review", run)["decisions"]] == ["person", "person"]


OLD, NEW = "the quick brown fox jumps\n", "the quick red fox jumps\n"


def test_the_words_that_differ_in_a_line_are_marked() -> None:
    change = change_of({"a.txt": (OLD.encode(), NEW.encode())})
    lines = [line for line in change_lines(document(change)) if line.plain.startswith(("+", "-"))]
    marked = [
        [line.plain[span.start : span.end] for span in line.spans if "reverse" in str(span.style)] for line in lines
    ]
    assert marked == [["brown"], ["red"]]


def document(change: Change) -> dict[str, Any]:
    hunks = [
        {"path": hunk.path, "number": hunk.number, "text": hunk.text().decode(errors="replace")}
        for hunk in change.hunks()
    ]
    return {"hunks": hunks, "diff": change.diff().decode(errors="replace")}


def plain(change: Change) -> str:
    return "\n".join(line.plain for line in change_lines(document(change)))


def test_lines_of_windows_show_no_ends_and_mixed_ones_do() -> None:
    assert "<U+000D>" not in plain(change_of({"a.txt": (b"one\r\n", b"two\r\n")}))
    assert "+two<U+000D>" in plain(change_of({"a.txt": (b"one\n", b"two\r\n")}))


def test_a_binary_file_is_named_and_not_printed() -> None:
    shown = plain(change_of({"a.bin": (b"\0one", b"\0\x1b[2Jtwo")}))
    assert "Binary files a/a.bin and b/a.bin differ" in shown
    assert "two" not in shown


def test_what_is_invisible_or_steers_the_terminal_is_spelled_out() -> None:
    hostile = "a\u202eb\u2066\u200b\x1b[31m\x07\x9b1m\r\x0c\ud800"
    assert visible(hostile) == ("a<U+202E>b<U+2066><U+200B><U+001B>[31m<U+0007><U+009B>1m<U+000D><U+000C><U+D800>")
    assert visible("Grüße, 東京\n\tdone") == "Grüße, 東京\n\tdone"
    assert path_shown("odd\nname\t.py") == "odd<U+000A>name<U+0009>.py"
    assert one_line("two\n lines") == "two lines"


def test_a_hostile_change_cannot_steer_the_terminal(prentice: Shell, proposed: Proposed) -> None:
    text = b"\x1b]0;owned\x07 \xe2\x80\xaedne \x9b2J\n"
    run = complete(
        proposed, change_of({"a.py": (FILES["a.py"], text), "x\x1b[2J.py": (None, text)}),
        explanation="\x1b[2J", why="\u202e\x07", name="\x1b[1m", notes=["\x1b"], handoff={"prompt": "\x1b[0m\u2066"},
    )  # fmt: skip
    refused = prentice("apply", run, code=1)  # for its file's name
    written = "".join((*prentice("review", run), *prentice("review"), *refused))
    assert not set(written) & {"\x1b", "\x07", "\u202e", "\u2066", "\x9b"}
    assert "<U+202E>dne" in written


FINDINGS = [
    {"file": "a.py", "line": 1, "severity": "high", "quote": "x", "says": "It is quiet.", "suggestion": "Shout.",
     "source": "ruff X1"},
    {"file": "a.py", "line": 2, "severity": "low", "quote": "y", "says": "It is late.", "suggestion": "",
     "source": "m"},
]  # fmt: skip


def review_of_code(proposed: Proposed) -> str:
    """Keep a review of code that came to two findings and no change."""
    run = RunsTable(proposed.executions.database).submit(Submission(kind="execute", arguments={"task": TASK})).id
    document = {
        "task": TASK, "name": "Look", "is_task": True, "explanation": "2 findings.", "files": ["a.py"], "diff": "",
        "decision": "review", "why": "Findings are for a person.", "probability": None, "evidence": [], "checks": [],
        "findings": FINDINGS,
    }  # fmt: skip
    proposed.executions.create(run=run, uid=run, task=TASK, state="proposed", document=document)
    return run


def test_a_finding_becomes_a_task_once(proposed: Proposed, prentice: Shell) -> None:
    run = review_of_code(proposed)
    assert "2. a.py:2  low  It is late." in prentice("review", run)[0]
    made = prentice.json("review", run, "--task", "1")
    assert made["name"] == "Resolve in a.py:1: It is quiet"
    assert (made["priority"], made["status"]) == ("high", "Todo")
    assert "Suggested: Shout." in made["description"]
    assert prentice.json("review", run, "--task", "1")["id"] == made["id"]
    assert prentice.json("review", run, "--task", "2")["id"] != made["id"]


@pytest.mark.parametrize("number", ["0", "3", "-1"])
def test_a_finding_that_there_is_not_becomes_no_task(proposed: Proposed, prentice: Shell, number: str) -> None:
    run = review_of_code(proposed)
    error = prentice.json("review", run, "--task", number, code=2)["error"]
    assert "it has 2 findings" in error["message"]
