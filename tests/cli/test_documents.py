"""The JSON documents of every command against the schemas of the contract."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from plans import good_plan, reply, script
from prentice.cli.app import run

Run = Callable[..., Any]

TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}


def record(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {"type": "object", "properties": required | optional, "required": list(required)}


def listed(items: dict[str, Any], *, least: int = 1) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least}


def nullable(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


HOURS = record({name: {"type": "number", "exclusiveMinimum": 0} for name in ("low", "median", "high")})
ESTIMATE = record({"bucket": TEXT, "hours": HOURS, "basis": record({"kind": TEXT, "count": {"type": "integer"}})})
COMPLEXITY = {"enum": ["simple", "medium", "complex"]}
CATEGORY = {
    "enum": [
        "code_review", "documentation", "refactoring", "test_generation", "formatting", "bug_fix", "feature", "other",
    ]
}  # fmt: skip
LANE = {"enum": ["execute", "breakdown", "assistant", "human"]}
TASK = record(
    {
        "id": TEXT, "name": TEXT, "status": TEXT, "priority": TEXT, "tags": TEXTS, "dependencies": TEXTS,
        "description": TEXT, "created": TEXT, "lastModified": TEXT,
    }
)  # fmt: skip
SHOW = {"allOf": [TASK, record({"comments": listed({"type": "object"}, least=0), "proposals": {"type": "array"},
                                "runs": {"type": "array"}})]}  # fmt: skip
ANALYZE = listed(
    record(
        {
            "task": TEXT, "complexity": COMPLEXITY, "category": CATEGORY, "lane": LANE,
            "can_auto_execute": {"type": "boolean"}, "needs_breakdown": {"type": "boolean"},
            "needs_human": {"type": "boolean"}, "questions": TEXTS, "estimate": ESTIMATE,
            "reasons": listed(record({"rule": TEXT, "says": TEXT, "evidence": TEXT})),
        }
    )
)  # fmt: skip
SUBTASK = record(
    {
        "key": TEXT, "name": TEXT, "description": TEXT, "acceptance_criteria": listed(TEXT), "complexity": COMPLEXITY,
        "category": CATEGORY, "dependencies": TEXTS, "estimate": ESTIMATE,
    }
)  # fmt: skip
BREAKDOWN = record(
    {
        "proposal_id": TEXT, "task": TEXT, "backend": TEXT, "model": TEXT, "subtasks": listed(SUBTASK, least=3),
        "waves": listed(TEXTS), "critical_path": listed(TEXT), "warnings": TEXTS,
    }
)  # fmt: skip
SCHEMAS: dict[str, dict[str, Any]] = {
    "task": TASK,
    "list": listed(TASK, least=0),
    "next": nullable(TASK),
    "show": SHOW,
    "analyze": ANALYZE,
    "estimate": listed({"allOf": [record({"task": TEXT}), ESTIMATE]}),
    "breakdown": BREAKDOWN,
    "approve": record({"created": TEXTS, "parent": TEXT}),
    "flow": record({"task": TEXT, "lane": LANE, "analyze": ANALYZE["items"]}),
    "doctor": listed(record({"check": TEXT, "ok": {"type": "boolean"}, "found": TEXT}, next_step=TEXT)),
    "error": record({"error": record({"code": TEXT, "message": TEXT, "next_step": TEXT})}),
}


@pytest.fixture
def prentice_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command with --json in a project and check its document."""
    directory = tmp_path / "project"
    directory.mkdir()
    monkeypatch.chdir(directory)

    def call(*arguments: str, schema: str, code: int = 0) -> Any:
        capsys.readouterr()
        assert run([*arguments, "--json"]) == code
        document = json.loads(capsys.readouterr().out)
        jsonschema.validate(document, SCHEMAS[schema])
        return document

    assert run(["init"]) == 0
    return call


def test_task_commands_answer_the_task(prentice_json: Run) -> None:
    first = prentice_json("add", "Add a cache", "--tag", "perf", "--priority", "high", schema="task")
    second = prentice_json("add", "Warm the cache", "--depends", first["id"], schema="task")
    assert second["dependencies"] == [first["id"]]
    assert [task["id"] for task in prentice_json("list", schema="list")] == ["T-1", "T-2"]
    assert prentice_json("next", schema="next")["id"] == "T-1"
    assert prentice_json("edit", "T-1", "--name", "Add an LRU cache", schema="task")["name"] == "Add an LRU cache"
    assert prentice_json("status", "T-1", "in_progress", schema="task")["status"] == "In Progress"
    assert prentice_json("comment", "T-1", "done so", "--type", "result", schema="task")["id"] == "T-1"
    assert prentice_json("status", "T-1", "Review", schema="task")["status"] == "Review"
    shown = prentice_json("show", "T-1", schema="show")
    assert [comment["type"] for comment in shown["comments"]] == ["result"]


def test_tags_and_dependencies_can_be_emptied(prentice_json: Run) -> None:
    prentice_json("add", "Add a cache", schema="task")
    prentice_json("add", "Warm it", "--depends", "T-1", "--tag", "perf", schema="task")
    emptied = prentice_json("edit", "T-2", "--depends", "", "--tag", "", schema="task")
    assert (emptied["dependencies"], emptied["tags"]) == ([], [])


def test_next_is_null_where_nothing_is_ready(prentice_json: Run) -> None:
    assert prentice_json("next", schema="next") is None


def test_commands_on_several_tasks_answer_a_list(prentice_json: Run) -> None:
    prentice_json("add", "Fix the race in the job queue", schema="task")
    assert len(prentice_json("analyze", "T-1", "Add dark mode to the settings page", schema="analyze")) == 2
    assert [item["task"] for item in prentice_json("estimate", "T-1", schema="estimate")] == ["T-1"]


def test_a_plan_is_proposed_approved_and_approved_again(prentice_json: Run, tmp_path: Path) -> None:
    backend = script(tmp_path / "script.jsonl", reply(good_plan()))
    plan = prentice_json("breakdown", "Add retries to the upload client", "--backend", backend, schema="breakdown")
    approved = prentice_json("approve", plan["proposal_id"], schema="approve")
    state = Path(".todo2/state.todo2.json").read_bytes()
    assert prentice_json("approve", plan["proposal_id"], schema="approve") == approved
    assert Path(".todo2/state.todo2.json").read_bytes() == state
    assert len(prentice_json("show", approved["parent"], schema="show")["dependencies"]) == 4


def test_the_built_in_planner_answers_the_same_document(prentice_json: Run) -> None:
    plan = prentice_json("breakdown", "Migrate Python MCP server to Go SDK", "--backend", "builtin", schema="breakdown")
    assert plan["backend"] == "builtin"
    assert plan["task"] == "Migrate Python MCP server to Go SDK"


def test_flow_plans_what_needs_a_plan_and_hands_off_the_rest(prentice_json: Run) -> None:
    planned = prentice_json("flow", "Migrate Python MCP server to Go SDK", "--backend", "builtin", schema="flow")
    assert planned["lane"] == "breakdown"
    jsonschema.validate(planned["breakdown"], BREAKDOWN)
    handed = prentice_json("flow", "Fix the typo in the heading of the settings dialog", schema="flow")
    assert handed["lane"] != "breakdown"
    assert handed["handoff"]["prompt"]


def test_doctor_lists_its_checks(prentice_json: Run) -> None:
    checks = {finding["check"] for finding in prentice_json("doctor", schema="doctor")}
    assert {"python", "sqlite", "git", "project", "ledger", "backend"} <= checks


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["show", "T-99"], 1, "task_not_found"),
        (["breakdown", "T-99"], 1, "task_not_found"),
        (["breakdown", "Refactor"], 1, "task_text"),
        (["approve", "P-9"], 1, "proposal"),
        (["frobnicate"], 2, "usage"),
        (["add"], 2, "usage"),
        (["status", "T-1", "Banana"], 2, "usage"),
        (["list", "--project", "/does/not/exist"], 2, "usage"),
        (["breakdown", "Add a cache here", "--backend", "oracle"], 2, "usage"),
    ],
)
def test_errors_are_documents_with_a_next_step(prentice_json: Run, arguments: list[str], code: int, error: str) -> None:
    document = prentice_json(*arguments, schema="error", code=code)
    assert document["error"]["code"] == error
    assert document["error"]["next_step"]


def test_an_error_without_json_is_one_line_on_stderr(prentice_json: Run, capsys: pytest.CaptureFixture[str]) -> None:
    del prentice_json
    capsys.readouterr()
    assert run(["show", "T-99"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "T-99" in err


def test_global_options_stand_before_or_after_the_command(
    prentice_json: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prentice_json("add", "Add a cache", schema="task")
    for arguments in (
        ["--json", "--project", str(tmp_path / "project"), "list"],
        ["list", "--project", str(tmp_path / "project"), "--json"],
    ):
        capsys.readouterr()
        assert run(arguments) == 0
        assert json.loads(capsys.readouterr().out)[0]["id"] == "T-1"
