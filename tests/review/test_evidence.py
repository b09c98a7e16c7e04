import json
from dataclasses import replace

import pytest
from hypothesis import given

from prentice.review.evidence import CheckFact, Evidence
from review.some_evidence import DECISIVE, EVIDENCE, GOOD


@given(EVIDENCE)
def test_recorded_evidence_reads_back_as_it_was(evidence: Evidence) -> None:
    assert Evidence.from_document(json.loads(json.dumps(evidence.document()))) == evidence


def test_what_a_newer_version_added_is_left_out() -> None:
    document = GOOD.document() | {"moon": "full"}
    document["checks"][0] |= {"phase": 3}
    assert Evidence.from_document(document) == GOOD


def test_what_an_older_version_did_not_know_has_its_usual_value() -> None:
    assert Evidence.from_document({"rung": "tool", "category": "formatting"}).samples == 1


@pytest.mark.parametrize(
    "change",
    [{"rung": "oracle"}, {"level": "telepathy"}, {"lines_changed": "many"}, {"checks": [3]}, {"checks": None},
     {"claimed": "very"}],
)  # fmt: skip
def test_what_is_no_evidence_is_not_read_as_it(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no evidence"):
        Evidence.from_document(GOOD.document() | change)
    with pytest.raises(ValueError, match="no evidence"):
        Evidence.from_document(None)  # type: ignore[arg-type]  # as a damaged ledger may hold it


def test_every_fact_is_shown_with_its_value_and_its_effect() -> None:
    shown = {
        fact["fact"]: (fact["value"], fact["effect"])
        for fact in replace(GOOD, retries=1, claimed=0.4, level="reindented", tests_edited=True).facts()
    }
    assert shown == {
        "made by": ("coder", "none"),
        "kind of task": ("bug fix", "none"),
        "agreement": ("5 of 5 samples", "raises"),
        "match": ("reindented", "lowers"),
        "checks": ("test executes the changed lines and passes", "raises"),
        "new failures": ("none", "none"),
        "changed lines": ("3", "raises"),
        "changed files": ("1", "none"),
        "went back": ("once", "lowers"),
        "format": ("symbol", "none"),
        "tests edited": ("yes", "needs a person"),
        "its own claim": ("0.40", "lowers"),
    }


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        ((), "none were run"),
        ((CheckFact(name="test", decisive=True),), "none can be trusted here"),
        ((CheckFact(name="test", trusted=True, new_failures=1),), "none passes"),
        ((CheckFact(name="test", trusted=True),), "test passes, but decides nothing"),
        ((CheckFact(name="lint", trusted=True), DECISIVE), "test executes the changed lines and passes"),
        ((DECISIVE, CheckFact(name="lint", trusted=True, mended=2)), "lint failed before and passes now"),
        ((CheckFact(name="test", trusted=True, mended=2, still_fails=True),), "test fails less than before"),
        ((CheckFact(name="test", trusted=True, still_fails=True),), "test finds nothing new, and decides nothing"),
        (
            (CheckFact(name="test", trusted=True, still_fails=True), CheckFact(name="lint", trusted=True)),
            "lint passes, but decides nothing",
        ),
        ((replace(DECISIVE, still_fails=True),), "test executes the changed lines and finds nothing new"),
    ],
)
def test_the_best_that_a_trusted_check_says_is_what_counts(checks: tuple[CheckFact, ...], said: str) -> None:
    [fact] = [fact for fact in replace(GOOD, checks=checks).weighed() if fact.fact == "checks"]
    assert fact.value == said


def test_new_failures_are_counted_by_check() -> None:
    checks = (CheckFact(name="test", new_failures=2), DECISIVE, CheckFact(name="lint", new_failures=1))
    [fact] = [fact for fact in replace(GOOD, checks=checks).weighed() if fact.fact == "new failures"]
    assert (fact.value, fact.effect) == ("2 in test, 1 in lint", "lowers")


def test_a_trusted_check_without_new_failures_decides() -> None:
    assert replace(GOOD, checks=(CheckFact(name="lint"), DECISIVE)).is_decided


@pytest.mark.parametrize(
    "check",
    [replace(DECISIVE, trusted=False), replace(DECISIVE, decisive=False), replace(DECISIVE, new_failures=1)],
)
def test_no_other_check_decides(check: CheckFact) -> None:
    assert not replace(GOOD, checks=(check,)).is_decided


def test_the_size_of_a_tools_change_says_nothing_and_a_models_does() -> None:
    large = replace(GOOD, lines_changed=500)
    assert large.points < GOOD.points
    assert replace(large, rung="tool").points == replace(GOOD, rung="tool").points


@pytest.mark.parametrize(
    ("name", "maker"),
    [("ruff 0.12.1", "ruff"), ("ruff format 0.12.1", "ruff format"), ("prettier@3.1.0", "prettier"),
     ("rope v1.13", "rope"), ("gofmt", "gofmt"), ("black", "black"), ("clang-format-17", "clang-format-17")],
)  # fmt: skip
def test_a_tools_reviews_are_counted_whatever_its_version(name: str, maker: str) -> None:
    assert replace(GOOD, rung="tool", model=name).maker == maker


def test_the_version_in_a_models_name_makes_it_another_model() -> None:
    assert replace(GOOD, model="qwen2.5-coder:7b 2").maker == "qwen2.5-coder:7b 2"
