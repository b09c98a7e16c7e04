"""Finding tasks on the command line: list with its options, graph, and the doctor's duplicates."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.calling import Call, calling
from prentice.cli.app import run

TODOS: list[dict[str, Any]] = [
    {"id": "T-1", "name": "Write the parser", "status": "In Progress", "priority": "high", "tags": ["core"]},
    {"id": "T-2", "name": "Document the format", "dependencies": ["T-1"], "tags": ["core", "docs"]},
    {"id": "T-10", "name": "Speed up the cache", "priority": "critical", "long_description": "The parser waits."},
    {"id": "T-3", "name": 'Say "hi"; rm\n\x1b[31m]--> x', "status": "Done"},
]  # fmt: skip


@pytest.fixture
def prentice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command in a project with TODOS and give what it wrote to stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    assert run(["init"]) == 0
    write(TODOS)
    return calling(capsys)


def write(todos: list[dict[str, Any]]) -> None:
    path = Path(".todo2/state.todo2.json")
    numbered = [todo | {"taskNumber": int(todo["id"].removeprefix("T-"))} for todo in todos]
    state = json.loads(path.read_text(encoding="utf-8")) | {"todos": numbered, "nextTaskNumber": 100}
    path.write_text(json.dumps(state), encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], ["T-1", "T-2", "T-10"]),
        (["--all"], ["T-1", "T-2", "T-10", "T-3"]),
        (["--status", "done"], ["T-3"]),
        (["--tag", "core"], ["T-1", "T-2"]),
        (["--tag", "core", "--tag", "docs"], ["T-2"]),
        (["--priority", "P1"], ["T-1"]),
        (["--ready"], ["T-10"]),
        (["--text", "parsers"], ["T-1", "T-10"]),
        (["--text", "parser cached"], ["T-10"]),
        (["--sort", "-id"], ["T-10", "T-2", "T-1"]),
        (["--sort", "priority, name"], ["T-10", "T-1", "T-2"]),
        (["--limit", "2"], ["T-1", "T-2"]),
        (["--limit", "2", "--offset", "2"], ["T-10"]),
        (["--offset", "9"], []),
    ],
)
def test_list_answers_a_plain_list_of_the_tasks_asked_for(
    prentice: Call, options: list[str], expected: list[str]
) -> None:
    out, _ = prentice("list", *options, "--json")
    assert [task["id"] for task in json.loads(out)] == expected


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_list_says_on_stderr_when_there_is_more_than_it_shows(prentice: Call, form: list[str]) -> None:
    assert prentice("list", "--limit", "2", *form)[1] == "2 of 3 tasks shown. `--offset 2` shows the next.\n"
    assert prentice("list", "--limit", "2", "--offset", "2", *form)[1] == "1 of 3 tasks shown.\n"
    assert prentice("list", "--limit", "3", *form)[1] == ""
    assert prentice("list", *form)[1] == ""


def test_list_for_people_is_one_line_a_task(prentice: Call) -> None:
    assert prentice("list", "--priority", "high")[0] == "T-1  In Progress  high      Write the parser\n"
    assert "No such tasks" in prentice("list", "--text", "zeppelin")[0]
    assert prentice("list", "--offset", "9")[0] == ""


@pytest.mark.parametrize(
    "options",
    [
        ["--sort", "size"],
        ["--limit", "0"],
        ["--limit", "x"],
        ["--offset", "-1"],
        ["--priority", "p9"],
        ["--text", "to"],
    ],
)
def test_a_list_that_makes_no_sense_is_a_usage_error_with_a_next_step(prentice: Call, options: list[str]) -> None:
    error = json.loads(prentice("list", *options, "--json", code=2)[0])["error"]
    assert error["code"] == "usage"
    assert error["next_step"]


def test_graph_draws_open_tasks_as_a_tree_or_one_task_with_what_it_waits_for(prentice: Call) -> None:
    tree = "T-2 Document the format (Todo)\n└── T-1 Write the parser (In Progress)\n"
    assert prentice("graph")[0] == f"{tree}T-10 Speed up the cache (Todo)\n"
    assert prentice("graph", "T-2")[0] == tree
    assert prentice("graph", "T-1")[0] == "T-1 Write the parser (In Progress)\n"


def test_graph_answers_nodes_and_edges(prentice: Call) -> None:
    assert json.loads(prentice("graph", "T-2", "--json")[0]) == {
        "nodes": [
            {"id": "T-2", "name": "Document the format", "status": "Todo"},
            {"id": "T-1", "name": "Write the parser", "status": "In Progress"},
        ],
        "edges": [["T-2", "T-1"]],
    }
    assert len(json.loads(prentice("graph", "--all", "--json")[0])["nodes"]) == 4


def test_a_name_made_to_break_out_of_the_drawing_stays_a_label(prentice: Call) -> None:
    out, _ = prentice("graph", "T-3", "--format", "dot")
    assert '  n0 [label="T-3 Say \\"hi\\"; rm \ufffd[31m]--> x (Done)"];\n' in out
    out, _ = prentice("graph", "T-3", "--format", "mermaid")
    assert out == (
        'flowchart LR\n  n0["T-3 Say #34;hi#34;#59; rm #65533;#91;31m#93;--#62; x (Done)"]\n'
    )  # fmt: skip
    assert prentice("graph", "--all")[0].count("\n") == 4


def test_graph_of_an_unknown_task_and_of_none_say_so(prentice: Call) -> None:
    assert "T-99" in prentice("graph", "T-99", code=1)[1]
    write([])
    assert "No such tasks" in prentice("graph")[0]
    assert json.loads(prentice("graph", "--json")[0]) == {"nodes": [], "edges": []}
    assert prentice("graph", "--format", "dot")[0].endswith("}\n")


def test_a_graph_that_mermaid_would_refuse_to_draw_says_so(prentice: Call) -> None:
    names = [f"T-{number}" for number in range(1, 35)]
    todos = [{"id": name, "name": "do", "dependencies": names[:place]} for place, name in enumerate(names)]
    write(todos)
    _, err = prentice("graph", "--format", "mermaid")
    assert "at most 500 edges" in err
    assert prentice("graph", "--format", "dot")[1] == ""
    write(todos[:30])
    assert prentice("graph", "--format", "mermaid")[1] == ""


def duplicates_finding(prentice: Call) -> dict[str, Any]:
    findings: list[dict[str, Any]] = json.loads(prentice("doctor", "--json")[0])
    [finding] = [finding for finding in findings if finding["check"] == "duplicates"]
    return finding


def test_doctor_names_five_pairs_that_look_alike_and_finds_nothing_wrong_with_them(prentice: Call) -> None:
    clean = duplicates_finding(prentice)
    assert clean == {"check": "duplicates", "ok": True, "found": "no two open tasks look alike"}
    write([{"id": f"T-{number}", "name": "Water the plants"} for number in range(1, 9)])
    found = duplicates_finding(prentice)
    assert found["ok"] is True
    assert found["found"].startswith("alike: T-1 and T-2 (100%), T-1 and T-3 (100%)")
    assert found["found"].endswith("T-1 and T-6 (100%), and 2 more")
    assert found["next_step"] == "Compare them: `prentice show T-1`."


def test_list_gives_only_tasks_of_a_lane_a_parent_or_a_worker(prentice: Call) -> None:
    write([{"id": "T-1", "name": "Fix the typo in README.md", "parent_id": "T-2"}, {"id": "T-2", "name": "Redo auth"}])
    Path("README.md").write_text("teh", encoding="utf-8")
    lanes = {task["task"]: task["lane"] for task in json.loads(prentice("analyze", "T-1", "T-2", "--json")[0])}
    assert lanes["T-1"] != lanes["T-2"]
    for task, lane in lanes.items():
        assert prentice("list", "--lane", lane)[0].split()[0] == task
    assert prentice("list", "--parent", "T-2")[0].split()[0] == "T-1"
    assert "No such tasks" in prentice("list", "--parent", "T-1")[0]
    assert "T-9" in prentice("list", "--parent", "T-9", code=1)[1]
    prentice("next", "--claim", "--worker", "ada")
    [claimed] = json.loads(prentice("list", "--claimed", "--json")[0])
    assert json.loads(prentice("list", "--worker", "ada", "--json")[0]) == [claimed]
    assert json.loads(prentice("list", "--worker", "ben", "--json")[0]) == []


def test_list_within_tokens_gives_page_after_page(prentice: Call) -> None:
    write([{"id": f"T-{number}", "name": "Water the plants", "long_description": "x " * 99} for number in range(1, 21)])
    for form in ([], ["--json"]):
        seen: list[str] = []
        while len(seen) < 20:
            out, err = prentice("list", "--tokens", "90", "--offset", str(len(seen)), *form)
            assert len(out.encode()) <= 90 * 3.5
            page = (
                [task["id"] for task in json.loads(out)]
                if form
                else [line.split()[0] for line in out.splitlines()[:-1]]
            )
            assert page
            seen += page
            if form and len(seen) < 20:
                assert f"`--offset {len(seen)}` shows the next." in err
            if not form:
                assert out.splitlines()[-1].startswith("(")
                assert not err
        assert seen == [f"T-{number}" for number in range(1, 21)]


def test_show_within_tokens_gives_criteria_and_the_newest_comments(prentice: Call) -> None:
    description = "📋 **Acceptance Criteria:**\n- It is quick\n\n🎯 **Objective:** " + "Why it matters. " * 50
    write([{"id": "T-1", "name": "Speed it up", "long_description": description}])
    for number in range(9):
        prentice("comment", "T-1", f"remark {number} " + "of many words " * 5)
    out, err = prentice("show", "T-1", "--tokens", "100")
    assert len(out.encode()) <= 350
    assert out.startswith("T-1 Todo medium Speed it up\n- It is quick\n[note ")
    assert "remark 8" in out
    assert "remark 0" not in out
    assert err == ""
    out, err = prentice("show", "T-1", "--tokens", "200", "--json")
    assert len(out.encode()) <= 700
    document = json.loads(out)
    assert "remark 8" in document["comments"][-1]["content"]
    assert err == "Shortened to 200 tokens. Without `--tokens` it is whole.\n"
    whole = json.loads(prentice("show", "T-1", "--json")[0])
    assert [act["did"] for act in whole.pop("history")] == [[f"T-1 comment T-1-C-{n} (note)"] for n in range(1, 10)]
    assert json.loads(prentice("show", "T-1", "--json", "--tokens", "4000")[0]) == whole


def test_terms_that_make_no_sense_are_refused(prentice: Call) -> None:
    for arguments in (
        ["list", "--tokens", "49"], ["show", "T-1", "--tokens", "9"], ["list", "--lane", "fast"],
        ["show", "T-1", "--json", "--tokens", "79"],
    ):  # fmt: skip
        assert prentice(*arguments, code=2)
    assert "T-99" in prentice("show", "T-99", "--tokens", "60", code=1)[1]
