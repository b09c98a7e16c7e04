"""Whole evaluations with a script in the place of a model: right, wrong and senseless answers to every case."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from components import skip_unless_ci
from evals.players import RUBBISH, by_name, key_of, played, reason, right, script, scripted, wrong
from prentice.errors import (
    BackendUnreachableError,
    ModelNotFoundError,
    SandboxError,
    StreamError,
    UsageError,
    WriteFailedError,
)
from prentice.evals.case import OF_MODELS, Part, cases_of
from prentice.evals.evaluating import Wanted, evaluate
from prentice.evals.evaluation import Compared, Evaluation
from prentice.evals.parts import breakdown, review, summary
from prentice.evals.results import directory, latest
from prentice.evals.stage import repository
from prentice.library import open_project
from prentice.skills.breakdown.reply import SubtaskReply
from prentice.tasks.plan import Subtask
from prentice.workspace.place import places
from prentice.workspace.sandbox.choosing import Sandbox, working

if TYPE_CHECKING:
    from prentice.evals.measuring import Progress

PARTS: tuple[Part, ...] = ("breakdown", "edit", "optimize", "review", "summary")


@pytest.fixture
def _sandboxed(sandbox: Sandbox) -> None:
    if sandbox.name == "none":
        skip_unless_ci("Changes are tried in a sandbox only.")


def counts(found: Evaluation) -> dict[str, tuple[int, int]]:
    return {share.part: (share.right, len(share.results)) for share in found.shares}


@pytest.mark.usefixtures("_sandboxed")
def test_right_answers_are_all_right_at_once_so_that_every_case_can_be_solved(tmp_path: Path) -> None:
    found = played(tmp_path, script(tmp_path / "s.jsonl", right))
    assert [f"{item.name}: {item.why}" for item in found.results if not item.right] == []
    assert len(found.results) == len(cases_of(OF_MODELS))
    assert [share.first_valid for share in found.shares] == [(len(share.results),) * 2 for share in found.shares]
    [edits] = [share for share in found.shares if share.part == "edit"]
    assert edits.groups()["category"]["bug_fix"] == (9, 9)
    assert sum(of for _, of in edits.groups()["format"].values()) == len(edits.results)
    assert set(edits.groups()["format"]) == {
        "whole", "symbol", "search-replace",
    }  # fmt: skip


@pytest.mark.usefixtures("_sandboxed")
def test_wrong_answers_are_all_wrong_each_for_its_own_reason(tmp_path: Path) -> None:
    found = played(tmp_path, script(tmp_path / "s.jsonl", wrong))
    cases = {case.name: case for case in cases_of(OF_MODELS)}
    assert [item.name for item in found.results if item.right] == []
    assert [f"{item.name}: {item.why}" for item in found.results if reason(cases[item.name]) not in item.why] == []
    assert {share.part: share.counts().get("refused", 0) for share in found.shares}["optimize"] >= 10
    assert {share.part: share.counts() for share in found.shares}["review"] == {
        "defects": 7, "found": 0, "false_alarms": 10,
    }  # fmt: skip


@pytest.mark.usefixtures("_sandboxed")
@pytest.mark.parametrize("text", [RUBBISH, "", "{", "```\n```"], ids=["prose", "nothing", "half", "fences"])
def test_senseless_answers_give_zeros_and_no_error(tmp_path: Path, text: str) -> None:
    found = played(tmp_path, script(tmp_path / "s.jsonl", lambda _case: text), most=4)
    assert counts(found) == dict.fromkeys(PARTS, (0, 4))
    assert {share.first_valid for share in found.shares} == {(0, 4)}
    assert all(item.why for item in found.results)
    assert all(share.interval[0] == 0.0 < share.interval[1] for share in found.shares)


@pytest.mark.usefixtures("_sandboxed")
def test_answers_that_never_end_give_zeros_and_no_error(tmp_path: Path) -> None:
    lines = [{"match": key_of(case), "endless": True} for case in cases_of(OF_MODELS) for _ in range(14)]
    found = played(tmp_path, scripted(tmp_path / "s.jsonl", lines), most=1)
    assert counts(found) == dict.fromkeys(PARTS, (0, 1))


@pytest.mark.usefixtures("_sandboxed")
def test_hidden_tests_are_red_before_a_change_and_broken_code_is_noticed_by_nobody_yet(tmp_path: Path) -> None:
    for case in cases_of({"edit"}):
        root = repository(tmp_path / case.id, case.files)
        for path, text in case.given.get("hidden", {}).items():
            (root / path).write_text(text, encoding="utf-8")
        variants = case.given.get("broken", [{"files": {}}])
        for variant in variants:
            for path, text in variant["files"].items():
                (root / path).write_text(text, encoding="utf-8")
            done = subprocess.run([sys.executable, "-B", "-m", "unittest"], cwd=root, capture_output=True, check=False)
            assert (done.returncode == 0) == ("broken" in case.given) or b"NO TESTS RAN" in done.stderr, case.name


def test_what_was_measured_is_told_with_its_counts_and_versions(tmp_path: Path) -> None:
    found = played(tmp_path, script(tmp_path / "s.jsonl", right), "summary", seed=3)
    document = json.loads(json.dumps(found.document()))
    assert {"model", "backend", "host", "at", "versions", "parts", "cases"} <= set(document)
    assert (document["model"], document["backend"], document["seed"], document["samples"]) == (
        "scripted",
        "scripted",
        3,
        1,
    )
    assert {"prentice", "cases", "templates"} == set(document["versions"])
    assert document["versions"]["templates"]["summarize.system"]
    [part] = document["parts"]
    assert {"part", "cases", "right", "share", "interval", "first_valid", "seconds_median", "tokens_per_second"} <= set(
        part
    )
    assert (part["cases"], part["right"], part["share"], part["first_valid"]) == (5, 5, 1.0, 5)
    assert part["interval"] == [pytest.approx(0.5655, abs=1e-3), 1.0]
    assert {item["id"] for item in document["cases"]} == {case.id for case in cases_of({"summary"})}
    assert all(item["right"] and item["why"] == "" and len(item["digest"]) == 16 for item in document["cases"])


def test_nothing_is_left_behind_and_the_directory_is_not_touched(tmp_path: Path) -> None:
    here = tmp_path / "project"
    here.mkdir()
    (here / "app.py").write_text("x = 1\n")
    backend = script(tmp_path / "s.jsonl", right)
    played(here, backend, "breakdown", most=2)
    assert [path.name for path in here.iterdir()] == ["app.py"]
    assert not list(places().glob("*"))


def test_a_second_answer_that_is_right_counts_as_right_but_not_as_valid_at_first(tmp_path: Path) -> None:
    [case] = cases_of({"breakdown"}, most=1)
    lines = [{"match": key_of(case), "text": text} for text in (RUBBISH, right(case))]
    [share] = played(tmp_path, scripted(tmp_path / "s.jsonl", lines), "breakdown", most=1).shares
    assert (share.right, share.first_valid) == (1, (0, 1))


def test_a_backend_that_dies_keeps_what_was_measured_and_says_how_to_go_on(tmp_path: Path) -> None:
    cases = cases_of({"summary"})
    lines = [dict[str, object](match=key_of(case), text=right(case)) for case in cases[:3]]
    lines += [dict[str, object](match=key_of(case), error="backend_unreachable", delay=3) for case in cases[3:]]
    with pytest.raises(BackendUnreachableError) as caught:
        played(tmp_path, scripted(tmp_path / "s.jsonl", lines), "summary")
    assert "3 of 5 cases are measured and kept; `prentice eval scripted --resume`" in caught.value.next_step
    assert (caught.value.details["kept"], caught.value.details["of"]) == (3, 5)
    seen: list[Progress] = []
    rest = script(tmp_path / "s.jsonl", right, cases[3:])
    found = played(tmp_path, rest, "summary", resume=True, on_progress=seen.append)
    assert counts(found) == {"summary": (5, 5)}
    assert (seen[0].done, seen[0].kept, seen[-1].done) == (3, 3, 5)


def test_results_of_other_settings_or_of_a_changed_case_are_measured_anew(tmp_path: Path) -> None:
    played(tmp_path, script(tmp_path / "s.jsonl", right), "summary")
    seen: list[Progress] = []
    backend = script(tmp_path / "s.jsonl", wrong)
    found = played(tmp_path, backend, "summary", resume=True, seed=1, on_progress=seen.append)
    assert seen[0].kept == 0
    assert counts(found) == {"summary": (0, 5)}
    [journal] = directory().glob("*.jsonl")
    text = journal.read_text()
    digest = cases_of({"summary"})[0].digest
    assert digest in text
    journal.write_text(text.replace(digest, "0" * 16) + '{"part": "summ')
    again = script(tmp_path / "s.jsonl", right)
    found = played(tmp_path, again, "summary", resume=True, seed=1, on_progress=seen.append)
    assert counts(found) == {"summary": (1, 5)}
    assert (
        played(tmp_path, script(tmp_path / "s.jsonl", right), "summary", resume=True, seed=1).results == found.results
    )


def test_without_resume_everything_is_measured_again(tmp_path: Path) -> None:
    played(tmp_path, script(tmp_path / "s.jsonl", wrong), "summary")
    found = played(tmp_path, script(tmp_path / "s.jsonl", right), "summary")
    assert counts(found) == {"summary": (5, 5)}


def test_a_model_that_breaks_off_is_wrong_there_and_again_and_again_it_is_the_backend(tmp_path: Path) -> None:
    cases = cases_of({"summary"})
    one = [{"match": key_of(cases[0]), "error": "stream_failed"}]
    one += [{"match": key_of(case), "text": right(case)} for case in cases[1:]]
    found = played(tmp_path, scripted(tmp_path / "s.jsonl", one), "summary")
    assert counts(found) == {"summary": (4, 5)}
    assert by_name(found.results)[cases[0].name].details == {"error": "stream_failed"}
    every = [{"match": key_of(case), "error": "stream_failed"} for case in cases]
    with pytest.raises(StreamError) as caught:
        played(tmp_path, scripted(tmp_path / "s.jsonl", every), "summary")
    assert "--resume" in caught.value.next_step


def test_a_full_disk_is_a_typed_error_that_says_how_to_go_on(tmp_path: Path) -> None:
    backend = script(tmp_path / "s.jsonl", right)
    directory().parent.mkdir(parents=True, exist_ok=True)
    directory().write_text("no directory can be made here")
    with pytest.raises(WriteFailedError) as caught:
        played(tmp_path, backend, "summary")
    assert "--resume" in caught.value.next_step


@pytest.mark.skipif(sys.platform != "linux", reason="Elsewhere the sandbox belongs to the system.")
def test_without_a_sandbox_edits_are_left_out_and_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").symlink_to(str(shutil.which("git")))
    backend = script(tmp_path / "s.jsonl", right)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))  # which has no bubblewrap
    working.cache_clear()
    try:
        with pytest.raises(SandboxError):
            played(tmp_path, backend, "edit", most=1)
        found = played(tmp_path, backend, "edit", "summary", most=1)
    finally:
        working.cache_clear()
    assert counts(found) == {"summary": (1, 1)}
    assert "Bubblewrap is not installed" in dict(found.not_measured)["edit"]


def test_a_model_that_is_not_there_is_a_typed_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:9")
    project = open_project(tmp_path)
    with pytest.raises(BackendUnreachableError):
        evaluate(project, "qwen3:8b", Wanted())
    with pytest.raises(ModelNotFoundError):
        evaluate(open_project(tmp_path, backend="mlx"), "no-such-model", Wanted())


def test_without_a_model_rules_and_tools_are_measured_and_the_rest_needs_one(tmp_path: Path) -> None:
    found = evaluate(open_project(tmp_path), "", Wanted())
    by_part = counts(found)
    assert set(by_part) >= {"breakdown", "optimize", "summary"}
    assert by_part["summary"] == (5, 5)
    assert by_part["breakdown"][0] >= 1
    assert dict(found.not_measured)["edit"] == dict(found.not_measured)["review"] == "needs a model"
    assert (found.measured.backend, found.measured.name) == ("builtin", "the built-in rules")
    assert all(item.calls == 0 and item.first_valid is None for item in found.results)
    assert latest("builtin", found.measured.model) is not None


@pytest.mark.parametrize(("parts", "backend"), [(("edit",), None), (("tools",), "scripted")])
def test_parts_that_cannot_be_measured_are_a_wrong_call(
    tmp_path: Path, parts: tuple[Part, ...], backend: str | None
) -> None:
    name = script(tmp_path / "s.jsonl", right) if backend else None
    with pytest.raises(UsageError):
        evaluate(open_project(tmp_path, backend=name), "", Wanted(parts=parts))


def test_only_a_whole_evaluation_is_kept_as_the_last_one(tmp_path: Path) -> None:
    played(tmp_path, script(tmp_path / "s.jsonl", right), "summary")
    assert latest("scripted", "scripted") is None


def test_two_are_compared_on_the_same_cases(tmp_path: Path) -> None:
    first = played(tmp_path, script(tmp_path / "a.jsonl", right), "summary", "breakdown")
    second = played(tmp_path, script(tmp_path / "b.jsonl", wrong), "summary", "breakdown")
    pairs = dict(Compared(first=first, second=second).pairs)
    assert (pairs["summary"].only_first, pairs["breakdown"].only_first, pairs["all"].only_first) == (5, 12, 17)
    assert not pairs["summary"].differs
    assert pairs["all"].differs
    same = dict(Compared(first=first, second=first).pairs)
    assert "no difference can be told from 17 cases" in same["all"].says("A", "B")


def test_a_plan_that_drops_before_it_fills_is_upside_down() -> None:
    [case] = [case for case in cases_of({"breakdown"}) if case.id == "column-replaced"]

    def plan(*names: str) -> list[Subtask]:
        return [
            SubtaskReply(
                key=f"k{number}",
                name=name,
                acceptance_criteria=("It is done",),
                complexity="simple",
                dependencies=(f"k{number - 1}",) if number else (),
            ).subtask()
            for number, name in enumerate(names)
        ]

    right_way = plan("Add the new columns", "Fill them from the old one", "Drop the old column")
    assert breakdown.upside_down(right_way, case.given) == []
    assert breakdown.upside_down(plan("Drop the old column", "Fill the new columns"), case.given)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("It changes `a_b` of x.py. It is good.", ""),
        ("One. Two. Three. Four about x.py.", "4 sentences"),
        ("- It changes x.py", "not plain sentences"),
        ("Here is a summary: x.py changes.", "not plain sentences"),
        ("It changes something.", "none of the names"),
        ("It changes x.py and y.py.", "names that the text has not: y.py"),
        (" ".join(["x.py"] * 130), "130 words"),
    ],
)
def test_the_form_of_a_summary_is_judged(text: str, says: str) -> None:
    assert says in summary.problem(text, text="x.py has a_b", names=["x.py"])
    assert bool(summary.problem(text, text="x.py has a_b", names=["x.py"])) == bool(says)


def test_who_names_every_line_of_a_file_does_not_count_as_having_found_the_defect() -> None:
    [case] = [case for case in cases_of({"review"}) if case.id == "off-by-one"]
    lines = case.files["totals.py"].splitlines()
    every = [
        {"file": "totals.py", "line": number, "quote": text.strip(), "says": "This may be wrong."}
        for number, text in enumerate(lines, start=1)
        if text.strip()
    ]
    judged = review.judged(case, every, first_valid=True)
    assert not judged.right
    assert "false alarms" in judged.why
    assert judged.details["found"] == 1
    [at] = [item for item in every if "range(" in str(item["quote"])]
    assert review.judged(case, [at, every[0]], first_valid=True).right
    assert "not found" in review.judged(case, [{**at, "file": "other.py"}], first_valid=True).why
