"""The checklist: every yes quotes the prompt, a model's claims are looked up, and fuller prompts score higher."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.skills.optimize.checklist import Claim, left_to_readers
from prentice.skills.optimize.examination import examine
from prentice.skills.optimize.rules import criteria
from prentice.skills.optimize.score import overall, scores
from skills.optimize.issue_pairs import alone, pairs

SPARSE = "Fix the bug in the server"
FULL = """Fix the timeout in `fetch_rates()`

`fetch_rates()` in src/rates.py waits 300 seconds and should give up after 30, because users see a blank page.

```
>>> fetch_rates("EUR")
TimeoutError: 300 s
```

The cache must stay as it is. A test that covers the new limit passes: `pytest tests/test_rates.py`.
"""


def answers(text: str, *claims: Claim) -> dict[str, tuple[str, str]]:
    examined = examine(text, alone(text, "bug"), claims=claims)
    return {answer.criterion: (answer.verdict, answer.quote) for answer in examined.answers}


@given(st.text(max_size=400))
def test_every_yes_quotes_words_of_the_prompt_for_any_text(text: str) -> None:
    folded = " ".join(text.split())
    for verdict, quote in answers(text).values():
        if verdict == "yes":
            assert quote
            assert quote in folded


def test_a_full_prompt_is_answered_yes_throughout_and_a_bare_one_is_not() -> None:
    assert {verdict for verdict, _ in answers(FULL).values()} <= {"yes", "n/a"}
    sparse = [verdict for verdict, _ in answers(SPARSE).values()]
    assert sparse.count("no") > sparse.count("yes")


def test_what_the_rules_cannot_tell_is_not_judged_and_counts_for_nothing() -> None:
    examined = examine(SPARSE, alone(SPARSE, "bug"))
    asked = left_to_readers(examined.answers)
    assert {criterion.absence for criterion in asked} == {"not judged"}
    completeness = scores(examined.answers)["completeness"]
    assert (completeness.yes, completeness.no, completeness.not_judged) == (0, 1, 3)
    assert completeness.value == 0


@pytest.mark.parametrize(
    ("below", "verdict"),
    [
        ("[NEEDS: which steps show it?]", "no"), ("1. Start `npm run dev`", "yes"),
        ("Call `importRows([])`", "yes"), ("", "no"),
    ],
)  # fmt: skip
def test_what_stands_below_another_heading_shows_no_steps(below: str, verdict: str) -> None:
    text = f"Fix the importer\n\n## How to reproduce\n\n{below}\n\n## Check\n\n`npm test`"
    found = answers(text)["completeness.example"]
    assert found[0] == verdict
    assert "npm test" not in found[1]


def test_a_models_yes_needs_a_quote_that_stands_in_the_prompt() -> None:
    text = "Fix the bug in the server for the people of the night shift"
    true = Claim(criterion="clarity.reason", verdict="yes", quote="the people of\nthe night shift")
    assert answers(text, true)["clarity.reason"] == ("yes", "the people of the night shift")
    for quote in ("since customers complain", "", "the", "NEEDS"):
        false = Claim(criterion="clarity.reason", verdict="yes", quote=quote)
        assert answers(text, false)["clarity.reason"] == ("no", "")


def test_a_model_cannot_overrule_what_the_rules_answered() -> None:
    claim = Claim(criterion="specificity.place", verdict="yes", quote="Fix the bug")
    assert answers(SPARSE, claim)["specificity.place"][0] == "no"


def test_a_placeholder_proves_nothing() -> None:
    text = "Fix the bug in [NEEDS: which file, for example src/app.py?] of the server"
    claim = Claim(criterion="clarity.reason", verdict="yes", quote="which file, for example")
    found = answers(text, claim)
    assert found["specificity.place"][0] == "no"
    assert found["clarity.reason"][0] == "no"


def test_another_language_is_judged_by_its_form_alone() -> None:
    text = "Der Server soll nicht abstürzen, wenn die Datei src/app.py leer ist und der Nutzer sie öffnet."
    found = answers(text)
    assert found["specificity.place"] == ("yes", "src/app.py")
    assert found["completeness.expected"][0] == "not judged"


@pytest.mark.parametrize("criterion", criteria(), ids=lambda criterion: criterion.id)
def test_every_question_is_a_question_and_belongs_to_a_dimension(criterion: object) -> None:
    assert str(getattr(criterion, "asks", "")).endswith("?")
    assert getattr(criterion, "dimension", "") in str(getattr(criterion, "id", ""))


def test_issues_score_above_their_summaries_also_at_the_length_of_the_summary(data: Path) -> None:
    every = pairs(data)
    above = 0
    for pair in every:
        cut = pair.full[: len(pair.summary)]
        full, summary = (overall(examine(text, alone(text, "bug")).scores) for text in (cut, pair.summary))
        above += full > summary
    assert len(every) == 246
    assert above >= 0.95 * len(every)
