"""The import command: what it answers, and approving what it proposed."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from prentice.cli.app import run

SAMPLES = Path(__file__).parents[1] / "samples" / "imports"
TASK_MASTER = str(SAMPLES / "task_master" / "project")
TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
DOCUMENT = {
    "type": "object",
    "required": ["proposal_id", "source", "format", "tasks", "left_out", "warnings"],
    "properties": {
        "proposal_id": {"type": ["string", "null"]},
        "source": TEXT,
        "format": {"enum": ["task-master", "backlog", "checklist", "github"]},
        "tasks": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["key", "name", "description", "priority", "tags", "status", "dependencies"],
                "properties": {
                    "key": TEXT, "name": {"type": "string", "maxLength": 200}, "description": TEXT,
                    "priority": {"enum": ["low", "medium", "high", "critical"]}, "tags": TEXTS,
                    "status": {"enum": ["Todo", "Done"]}, "dependencies": TEXTS, "parent": TEXT, "duplicate_of": TEXT,
                },
                "additionalProperties": False,
            },
        },
        "left_out": {"type": "array", "items": {"type": "object", "required": ["key", "name", "why"]}},
        "warnings": TEXTS,
    },
}  # fmt: skip


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    monkeypatch.chdir(tmp_path)
    assert run(["init"]) == 0
    capsys.readouterr()
    return tmp_path


def document(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    assert run([*arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("path", "kind", "count"),
    [
        ("task_master/project", "task-master", 7),
        ("task_master/untagged.json", "task-master", 7),
        ("backlog/project", "backlog", 6),
        ("checklist/TODO.md", "checklist", 8),
        ("github/gh.json", "github", 2),
        ("github/rest.json", "github", 1),
    ],
)
def test_every_sample_gives_the_document_of_the_contract(
    capsys: pytest.CaptureFixture[str], path: str, kind: str, count: int
) -> None:
    answer = document(capsys, "import", str(SAMPLES / path))
    jsonschema.validate(answer, DOCUMENT)
    assert (answer["proposal_id"], answer["format"], len(answer["tasks"])) == ("P-1", kind, count)
    keys = {task["key"] for task in answer["tasks"]}
    assert len(keys) == count
    for task in answer["tasks"]:
        assert keys >= set(task["dependencies"])
        assert task.get("parent", task["key"]) in keys
    approved = document(capsys, "approve", "P-1")
    assert approved["parent"] is None
    assert len(approved["created"]) == count - sum("duplicate_of" in task for task in answer["tasks"])
    assert {task["id"] for task in document(capsys, "list")} == set(approved["created"])


def test_people_see_a_table_with_what_is_left_out_and_the_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", TASK_MASTER]) == 0
    shown = capsys.readouterr().out
    assert "P-1  7 tasks from" in shown
    assert "2.2  Mark the present moment        medium    2.1    2" in shown
    assert "4 Choose a licence is left out: it is done; `--closed` takes it too." in shown
    assert "! Begun in Task Master, and Todo here: 1." in shown
    assert "prentice approve P-1" in shown
    assert run(["approve", "P-1"]) == 0
    assert "These tasks stand for the import:\n  T-1  Read harbour files" in capsys.readouterr().out
    assert run(["import", TASK_MASTER]) == 0
    again = capsys.readouterr().out
    assert again.startswith("Nothing to import from")
    assert "1 Read harbour files is left out: it was imported before: T-1" in again
    assert "prentice approve" not in again


def test_tags_closed_entries_and_formats_can_be_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(document(capsys, "import", TASK_MASTER, "--tag", "ideas")["tasks"]) == 1
    assert len(document(capsys, "import", TASK_MASTER, "--closed")["tasks"]) == 9
    assert len(document(capsys, "import", TASK_MASTER, "--closed", "--limit", "3")["tasks"]) == 3
    error = document(capsys, "import", TASK_MASTER, "--from", "backlog", code=1)["error"]
    assert error["code"] == "import_source"


def test_a_proposal_can_be_rejected_and_the_ledger_keeps_why(capsys: pytest.CaptureFixture[str]) -> None:
    document(capsys, "import", TASK_MASTER)
    assert document(capsys, "reject", "P-1", "--reason", "later") == {
        "proposal_id": "P-1", "state": "rejected", "reason": "later",
    }  # fmt: skip
    assert document(capsys, "approve", "P-1", code=1)["error"]["code"] == "proposal"


def test_an_import_is_not_edited(capsys: pytest.CaptureFixture[str]) -> None:
    document(capsys, "import", TASK_MASTER)
    assert "--only" in document(capsys, "approve", "P-1", "--edit", code=1)["error"]["next_step"]


def test_a_plan_beside_an_import_is_shown_and_approved_as_ever(capsys: pytest.CaptureFixture[str]) -> None:
    document(capsys, "import", TASK_MASTER)
    document(capsys, "approve", "P-1")
    plan = document(capsys, "breakdown", "T-7", "--backend", "builtin")
    assert plan["proposal_id"] == "P-2"
    assert [found["proposal_id"] for found in document(capsys, "show", "T-7")["proposals"]] == ["P-2"]
    assert document(capsys, "approve", "P-2")["parent"] == "T-7"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no known format"),
        (b'{"master": {"tasks": [', "cut off"),
        (b"\xff\xfe\xff", "not UTF-8"),
        ("- [ ] M\u00f6hre".encode("latin-1"), "not UTF-8"),
        (b'{"a": 1}', "neither"),
        (b"[" * 100_000, "nested too deep"),
        (b'[{"number": 1, "title": ' + b"9" * 5000 + b"}]", "cannot be read"),
    ],
)
def test_bad_input_is_a_typed_error_with_the_files_name(
    capsys: pytest.CaptureFixture[str], directory: Path, content: bytes, says: str
) -> None:
    (directory / "tasks").write_bytes(content)
    before = (directory / ".todo2" / "state.todo2.json").read_bytes()
    error = document(capsys, "import", "tasks", code=1)["error"]
    assert error["code"] == "import_source"
    assert says in error["message"]
    assert "tasks" in error["message"]
    assert error["next_step"]
    assert (directory / ".todo2" / "state.todo2.json").read_bytes() == before


def test_a_terminal_is_given_no_control_characters(capsys: pytest.CaptureFixture[str], directory: Path) -> None:
    issue = {"number": "1\x1b[2J", "title": "Ring \x1b]0;x\x07 the bell", "labels": ["\x1b[31m"]}
    (directory / "issues.json").write_text(json.dumps([issue]), encoding="utf-8")
    assert run(["import", "issues.json"]) == 0
    shown = capsys.readouterr().out
    assert "Ring ]0;x the bell" in shown
    assert "\x1b" not in shown
