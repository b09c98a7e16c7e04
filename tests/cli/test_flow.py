"""`prentice flow`: simple, medium and complex tasks each end in the state of their lane, with nothing else done."""

from pathlib import Path

import pytest

from cli.executions import Shell, shell
from plans import good_plan, reply
from prentice.changes.formats import Format
from skills.execute.calculator import CALC, TASK, answer, bench

MEDIUM = (
    "Add a command line, a help text and tests to calc.py",
    "1. Parse the arguments\n2. Print the result of add and neg\n3. Write tests for both\n4. Describe it in the README",
)
COMPLEX = "Migrate all services from REST to gRPC and rework the authentication of every client"


pytestmark = pytest.mark.usefixtures("sandbox")


@pytest.fixture
def prentice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return shell(bench(tmp_path), monkeypatch, capsys)


def test_a_simple_task_ends_in_review_with_a_change(prentice: Shell) -> None:
    task = prentice.bench.task()
    before = prentice.bench.picture()
    document = prentice.json("flow", task, *prentice.answers(answer(Format.SYMBOL)))
    assert (document["task"], document["lane"], document["analyze"]["complexity"]) == (task, "execute", "simple")
    assert document["execute"]["state"] == "proposed"
    assert not {"breakdown", "handoff"} & document.keys()
    assert prentice.bench.picture() == before
    shown = prentice.json("show", task)
    assert (shown["status"], [comment["type"] for comment in shown["comments"]]) == ("Review", ["result"])
    assert [run["came_to"] for run in shown["runs"]] == ["proposed"]
    prentice("apply", document["execute"]["run_id"])
    assert prentice.read() == CALC.replace("a - b", "a + b")


def test_a_medium_task_ends_in_a_plan(prentice: Shell) -> None:
    task = prentice.bench.task(*MEDIUM)
    document = prentice.json("flow", task, *prentice.answers(reply(good_plan())))
    assert (document["lane"], document["analyze"]["complexity"]) == ("breakdown", "medium")
    assert not {"execute", "handoff"} & document.keys()
    assert [plan["state"] for plan in prentice.json("show", task)["proposals"]] == ["open"]


def test_a_complex_task_ends_in_a_plan_whose_parts_a_person_approves(prentice: Shell) -> None:
    task = prentice.bench.task(COMPLEX, "")
    document = prentice.json("flow", task, *prentice.answers(reply(good_plan())))
    assert (document["lane"], document["analyze"]["complexity"]) == ("breakdown", "complex")
    assert not {"execute", "handoff"} & document.keys()
    shown = prentice.json("show", task)
    assert (shown["status"], [plan["state"] for plan in shown["proposals"]]) == ("Todo", ["open"])


def test_a_task_for_the_assistant_ends_in_a_handoff(prentice: Shell) -> None:
    document = prentice.json("flow", "Fix the typo in the heading of the settings dialog")
    assert document["lane"] == "assistant"
    assert "settings dialog" in document["handoff"]["prompt"]
    out = prentice("flow", "Fix the typo in the heading of the settings dialog")[0]
    assert document["handoff"]["prompt"].strip() in out


def test_the_text_is_always_linted_and_the_warnings_are_said(prentice: Shell) -> None:
    document = prentice.json("flow", "Fix the bug in the server")
    assert document["lint"][0].keys() >= {"rule", "span", "says", "severity"}
    warning = next(item["says"] for item in document["lint"] if item["severity"] == "warning")
    assert f"! {warning}" in prentice("flow", "Fix the bug in the server")[1]


def test_on_request_the_text_is_optimized_first_and_the_lane_goes_on_with_it(prentice: Shell) -> None:
    task = prentice.bench.task("Fix the bug in the server", "It hangs.")
    document = prentice.json("flow", task, "--optimize", "--backend", "builtin")
    assert document["optimize"]["accepted"]
    shown = prentice.json("show", task)
    assert shown["description"] != "It hangs."
    assert "It hangs." in shown["description"]
    assert "[NEEDS: " in document["handoff"]["prompt"]
    text = prentice.json("flow", "Fix the bug in the server", "--optimize", "--backend", "builtin")
    assert "[NEEDS: " in text["handoff"]["prompt"]


def test_a_simple_task_without_a_change_ends_with_one(prentice: Shell) -> None:
    out = prentice("flow", TASK, *prentice.answers("No.", "No."), code=1)[0]
    assert "next: execute" in out
    assert "refused" in out
    assert prentice.json("flow", TASK, *prentice.answers("No.", "No."), code=1)["execute"]["handoff"]["prompt"]
