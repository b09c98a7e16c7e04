"""Texts that would be more than text, in every place where the page shows one: they stay text, and can be seen."""

import html.parser
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

import prentice
from prentice.changes.shown import shown_hunk
from prentice.ledger.database import Database
from prentice.ledger.executions_table import ExecutionsTable
from prentice.ledger.migrations import LEDGER
from prentice.ledger.proposals_table import ProposalsTable
from prentice.ledger.runs_table import RunsTable, Submission
from prentice.web.diff import line_html
from prentice.web.rendering import prose
from prentice.web.visible import marked
from skills.execute.proposed import Proposed
from web.completed import complete
from web.visitors import hidden, visiting
from workspace.trees import change_of, write

EVIL = (
    '</title></script><script>alert(1)</script><img src=x onerror=alert(1)>"\'><a href="javascript:alert(1)">'
    "{{ 7777 * 7777 }}{% raw %}&lt;\u202ednilb\u202c\x1b]0;x\x07\x00\u2066\u200b\U000e0041"
)
BAD = set("\x00\x07\x1b\u202e\u202c\u2066\u200b")


class Reader(html.parser.HTMLParser):
    """Reads a page as a browser does, and notes what no text may make."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.text: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.inside = tag
        if tag == "script":
            self.scripts.append(str(given.get("src")))
        assert tag not in {"img", "iframe", "object", "embed", "base", "style"}
        for name, value in given.items():
            assert not name.startswith("on")
            assert name != "style"
            assert name in {"value", "title"} or not set(value or "") & BAD, (tag, name)
            if name in {"href", "action", "formaction", "src"}:
                assert (value or "").startswith(("/", "#")), value
                assert not (value or "").startswith("//")

    def handle_endtag(self, tag: str) -> None:
        if tag == self.inside:
            self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside != "textarea":  # what is edited has to come back as it is
            self.text.append(data)


def check(page: str) -> None:
    reader = Reader()
    reader.feed(page)
    assert reader.scripts == ["/assets/page.js"]
    assert not set("".join(reader.text)) & BAD
    assert "60481729" not in "".join(reader.text)
    assert "alert(1)" in "".join(reader.text)  # it is shown


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a project in which everything that can be named has a hostile name."""
    ids = {"id": 'T-1"><script>', "name": EVIL, "status": "Review", "priority": EVIL, "tags": [EVIL], "created": EVIL,
           "long_description": f"{EVIL}\n\n📋 **Acceptance Criteria:**\n- {EVIL}", "dependencies": ["T-2", EVIL],
           "lastModified": EVIL}  # fmt: skip
    other = {"id": "T-2", "name": EVIL, "status": EVIL, "dependencies": ['T-1"><script>'], "parent_id": ids["id"]}
    comment = {"id": "C", "todoId": ids["id"], "type": EVIL, "content": EVIL, "created": EVIL}
    state = {"todos": [ids, other], "comments": [comment]}
    return write(tmp_path / "<script>alert(1)", {".todo2/state.todo2.json": json.dumps(state)})


@pytest.fixture
def proposed(root: Path) -> Proposed:
    return Proposed(root=root, executions=ExecutionsTable(Database(root / ".prentice" / "ledger.db", LEDGER)))


def test_tasks_stay_text(root: Path) -> None:
    with visiting(root) as visitor:
        for path in ("/tasks?status=all", "/tasks/T-1%22%3E%3Cscript%3E", "/tasks/T-2", "/"):
            check(visitor.get(path))
        found = visitor.client.get("/tasks", params={"text": EVIL, "status": EVIL})
        check(found.text)


def test_changes_stay_text(proposed: Proposed) -> None:
    name = EVIL.replace("\x00", "").replace("/", "|").replace("\n", "")
    change = change_of({name: (f"x = '{EVIL}'\n".encode(), f"y = '{EVIL}'\n{EVIL}\n".encode())})
    finding = {
        "file": EVIL,
        "line": 3,
        "severity": EVIL,
        "quote": EVIL,
        "says": EVIL,
        "suggestion": EVIL,
        "source": EVIL,
    }
    hostile: dict[str, Any] = {
        "task": EVIL, "name": EVIL, "explanation": EVIL, "why": EVIL, "notes": [EVIL], "model": EVIL, "backend": EVIL,
        "probability": {"value": 0.5, "of": 1, "right": 1, "says": EVIL, "like": EVIL},
        "evidence": [{"fact": EVIL, "value": EVIL, "effect": EVIL}],
        "checks": [{"name": EVIL, "before": EVIL, "after": EVIL, "new_failures": [EVIL], "decisive": False,
                    "trusted": False}],
        "handoff": {"prompt": EVIL}, "manifest": [{"path": EVIL, "shown": EVIL, "tokens": 9, "cut": EVIL, "why": EVIL}],
    }  # fmt: skip
    run = complete(proposed, change, **hostile)
    findings = complete(proposed, None, **hostile, findings=[finding])
    with visiting(proposed.root) as visitor:
        for path in (f"/changes/{run}", f"/changes/{findings}", "/", "/runs", f"/runs/{run}"):
            check(visitor.get(path))
        page = visitor.send(f"/changes/{run}/reject", seen="0", comment=EVIL)
        check(page)
        check(visitor.send(f"/changes/{findings}/request", seen="0", comment=EVIL, code=404))  # its task is gone
        check(visitor.client.get(f"/changes/{quote(EVIL.replace('/', '|'), safe='')}").text)


def test_plans_and_imports_stay_text(proposed: Proposed) -> None:
    table = ProposalsTable(proposed.executions.database)
    subtask = {
        "key": EVIL.replace(" ", "").replace(",", ""), "name": EVIL, "description": EVIL, "acceptance_criteria": [EVIL],
        "complexity": "simple", "category": "other", "dependencies": [], "covers": [],
    }  # fmt: skip
    plan = {"name": EVIL, "description": EVIL, "backend": EVIL, "model": EVIL, "subtasks": [subtask], "notes": [EVIL]}
    table.create(uid="a", task="", run="R-1", plan=plan)
    entry = {"key": EVIL, "source": EVIL, "name": EVIL, "priority": EVIL, "status": EVIL}
    found = {"kind": "import", "source": EVIL, "format": EVIL, "tasks": [entry], "duplicates": {EVIL: EVIL},
             "known": {}, "left_out": [{"key": EVIL, "name": EVIL, "why": EVIL}], "warnings": [EVIL]}  # fmt: skip
    table.create(uid="b", task="", run="R-2", plan=found)
    with visiting(proposed.root) as visitor:
        page = visitor.get("/plans/P-1")
        check(page)
        check(visitor.get("/imports/P-2"))
        check(visitor.get("/"))
        check(visitor.send("/imports/P-2/reject", reason=EVIL))
        edit = f"/plans/P-1/subtasks/{quote(str(subtask['key']), safe='')}"
        check(visitor.get(edit))
        check(visitor.send("/plans/P-1/reject", reason=EVIL))


def test_runs_stay_text(proposed: Proposed) -> None:
    runs = RunsTable(proposed.executions.database)
    run = runs.submit(
        Submission(kind=EVIL, arguments={"task": "", "text": EVIL * 3, "comment": EVIL, "attempt_of": EVIL})
    ).id
    data = {"name": EVIL, "n": 1, "message": EVIL}
    call = {"purpose": EVIL, "model": EVIL, "backend": EVIL, "prompt_tokens": 1, "reply_tokens": 2, "seconds": 1.0,
            "finish": EVIL, "reply": EVIL, "prompt_digest": "x"}  # fmt: skip
    for kind, said in (
        ("begin", data),
        ("failed", data),
        (EVIL, EVIL),
        ("call", call),
        ("waiting", {}),
        ("queueing", {}),
    ):
        runs.note(run, kind, said)
    with visiting(proposed.root) as visitor:
        for path in (f"/runs/{run}", f"/runs/{run}/live", "/runs", "/"):
            page = visitor.get(path)
            if not path.endswith("live"):
                check(page)
            assert "<script>alert" not in page


def test_a_form_brings_back_just_what_stands_in_the_plan(proposed: Proposed) -> None:
    """What is spelled out for the eye must not be written into the plan by an edit that does not touch it."""
    name = 'Mend \u202ethis\u202c 👩‍💻 ⚠️ & "that" <b>'
    subtask = {
        "key": "a", "name": name, "description": "One", "acceptance_criteria": [name], "complexity": "simple",
        "category": "other", "dependencies": [], "covers": [],
    }  # fmt: skip
    plan = {"name": "x", "description": "", "backend": "b", "model": "m", "subtasks": [subtask], "notes": []}
    ProposalsTable(proposed.executions.database).create(uid="a", task="", run="R-1", plan=plan)
    with visiting(proposed.root) as visitor:
        page = visitor.get("/plans/P-1/subtasks/a")
        assert hidden(page.replace('name="name"', 'type="hidden" name="name"'), "name") == name
        visitor.send("/plans/P-1/subtasks/a", seen=hidden(page, "seen"), name=name, description="Two", criteria=name,
                     complexity="simple", category="other")  # fmt: skip
        shown = visitor.get("/plans/P-1")
    [kept] = prentice.open(proposed.root).proposal("P-1").subtasks
    assert (kept.name, kept.acceptance_criteria, kept.description) == (name, (name,), "Two")
    assert "Mend &lt;U+202E&gt;this&lt;U+202C&gt;" in shown


@pytest.mark.parametrize(
    "letter",
    ["\u202e", "\u2066", "\u200b", "\u200d", "\x1b", "\x00", "\ufeff", "\u00ad", "\U000e0041", "\u3164", "\f", "\r"],
)
def test_in_a_diff_every_letter_that_is_not_seen_is_spelled_out(letter: str) -> None:
    code = f"&lt;U+{ord(letter):04X}&gt;"
    assert code in marked(f"a{letter}b")
    text = f"@@ -1 +1 @@\n-a{letter}b\n+a{letter}b c\n"
    old, new = shown_hunk({"number": 1, "text": text}).lines
    assert code in line_html(old)
    assert code in line_html(new)
    assert "<ins> c</ins>" in line_html(new)


def test_what_people_set_off_is_set_off_and_nothing_else() -> None:
    assert prose("**Bold** and `a <b>` & **<i>**") == "<b>Bold</b> and <code>a &lt;b&gt;</code> &amp; <b>&lt;i&gt;</b>"
    assert prose("a ** b ** c` d\n`e` 2**3**4") == "a ** b ** c` d\n<code>e</code> 2**3**4"
    assert prose("`\u202e`") == "<code>&lt;U+202E&gt;</code>"
    assert prose("`" * 10_000) == "`" * 10_000
