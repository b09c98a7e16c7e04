"""The cases as data: told apart, of our own parts, and none of them trivial."""

import tomllib
from collections import Counter
from importlib import resources
from pathlib import Path

import pytest

from evals.edit_answers import edit_answers
from evals.players import key_of
from prentice.context.repository import survey
from prentice.errors import UsageError
from prentice.evals.case import OF_MODELS, PARTS, Case, Part, all_cases, cases_of, digest, parts_named
from prentice.evals.stage import repository
from prentice.skills.analyze import analyze
from prentice.skills.execute.run import EXECUTE
from prentice.tasks.record import Task

LEAST: dict[Part, int] = {"breakdown": 12, "edit": 20, "optimize": 10, "review": 10, "summary": 5, "tools": 4}


def named(case: Case) -> str:
    return case.name


def test_every_part_has_its_number_of_cases() -> None:
    counts = Counter(case.part for case in all_cases())
    assert set(counts) == set(PARTS)
    assert all(counts[part] >= least for part, least in LEAST.items())


def test_every_case_has_a_name_and_a_digest_of_its_own_and_says_why_it_is_asked() -> None:
    cases = all_cases()
    assert len({case.name for case in cases}) == len({case.digest for case in cases}) == len(cases)
    assert len({case.why for case in cases}) == len(cases)
    assert all(len(case.why) > 20 for case in cases)


def test_edits_are_of_all_categories_that_prentice_carries_out() -> None:
    counts = Counter(case.given["category"] for case in cases_of({"edit"}))
    assert set(counts) == {"bug_fix", "refactoring", "documentation", "test_generation", "formatting"}
    assert min(counts.values()) >= 4


def test_no_file_of_cases_has_keys_that_nothing_reads() -> None:
    known = {
        "breakdown": {"id", "why", "task", "parts", "order", "files"},
        "edit": {"id", "why", "task", "category", "files", "hidden", "broken"},
        "optimize": {"id", "why", "prompt", "mends", "keep", "never", "files"},
        "review": {"id", "why", "task", "files", "defects"},
        "summary": {"id", "why", "kind", "names", "text"},
        "tools": {"id", "why", "task", "category", "files", "hidden"},
    }
    for place in resources.files("prentice.evals").joinpath("cases").iterdir():
        document = tomllib.loads(place.read_text(encoding="utf-8"))
        for row in document["case"]:
            assert set(row) <= known[document["part"]], row["id"]


@pytest.mark.parametrize("case", cases_of({"edit"}), ids=named)
def test_an_edit_is_work_that_the_analyzer_gives_to_models(case: Case, tmp_path: Path) -> None:
    seen = survey(repository(tmp_path / "repository", case.files), case.given["task"])
    assert analyze(Task(id="", name=case.given["task"]), repository=seen).lane == EXECUTE


def test_hidden_tests_are_in_no_repository_and_there_is_an_answer_to_every_edit() -> None:
    edits = cases_of({"edit"})
    assert {case.id for case in edits} == set(edit_answers())
    for case in edits:
        assert not set(case.given.get("hidden", {})) & set(case.files)
        assert ("hidden" in case.given) != ("broken" in case.given)


def test_no_prompt_of_one_case_can_be_taken_for_that_of_another() -> None:
    keys = [key_of(case) for case in cases_of(OF_MODELS)]
    assert len(set(keys)) == len(keys)


def test_fewer_cases_are_the_same_ones_for_the_same_seed_and_others_for_another() -> None:
    five = cases_of({"edit", "breakdown"}, most=5, seed=1)
    assert [case.part for case in five] == ["breakdown"] * 5 + ["edit"] * 5
    assert five == cases_of({"edit", "breakdown"}, most=5, seed=1)
    assert digest(five) != digest(cases_of({"edit", "breakdown"}, most=5, seed=2))
    assert set(map(named, cases_of({"edit"}, most=3))) <= set(map(named, cases_of({"edit"}, most=9)))


def test_a_part_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(UsageError) as caught:
        parts_named(["edit", "poetry"])
    assert "edit" in caught.value.next_step
    assert parts_named(["review", " breakdown"]) == ("breakdown", "review")
