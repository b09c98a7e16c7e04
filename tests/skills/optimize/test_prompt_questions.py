"""Questions: at most three, what the prompt and the repository cannot answer, and never an answer made up."""

import json
from pathlib import Path
from typing import cast

import pytest

from prentice.skills.optimize.examination import examine
from prentice.skills.optimize.grounds import gather
from prentice.skills.optimize.prose import PromptText
from prentice.skills.optimize.questions import ASKS, MAX_QUESTIONS
from prentice.skills.optimize.slots import Slot, Slots
from skills.optimize.issue_pairs import alone, by_rules, pairs

EXAMPLE = "Fix the bug in the server"
JUDGED = json.loads(Path(__file__).with_name("judged_questions.json").read_text(encoding="utf-8"))
AGAIN = json.loads((Path(__file__).parents[3] / "bench" / "judged_questions.json").read_text(encoding="utf-8"))


def asked(text: str, directory: Path) -> dict[str, tuple[str, ...]]:
    examined = examine(text, gather(directory, text))
    return {question.about: question.choices for question in examined.questions}


def test_the_example_of_the_field_gets_questions_and_never_a_bug(tmp_path: Path) -> None:
    assert list(asked(EXAMPLE, tmp_path)) == ["symptom", "reproduction", "place"]
    rewritten, examined = by_rules(EXAMPLE)
    told = PromptText(rewritten).body.split()
    assert " ".join(told) == EXAMPLE
    assert [question.placeholder in rewritten for question in examined.questions] == [True, True, True]


def test_choices_are_paths_of_the_repository_that_the_goal_could_mean(tmp_path: Path) -> None:
    for name in ("app/server.py", "app/client.py", "tests/test_server.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    assert asked(EXAMPLE, tmp_path)["place"] == ("app/server.py", "tests/test_server.py")


def test_a_path_that_is_misspelled_is_asked_about_with_the_ones_spelled_like_it(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text("", encoding="utf-8")
    found = examine("Fix the crash in sever.py", gather(tmp_path, "Fix the crash in sever.py"))
    question = next(question for question in found.questions if question.about == "file")
    assert question.choices == ("server.py",)
    assert "sever.py" in question.text


def test_what_was_answered_is_not_asked_again(tmp_path: Path) -> None:
    grounds = gather(tmp_path, EXAMPLE, answers={"place": "`app.py`", "symptom": " "})
    assert [question.about for question in examine(EXAMPLE, grounds).questions] == [
        "symptom", "reproduction", "expected",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("Make the parser faster", "measure"),
        ("x = 1\ny = 2", "goal"),
        ("Add a cache to the client", "place"),
        ("Tidy up app.py", "limits"),
    ],
)
def test_each_kind_of_gap_has_its_question(text: str, about: str, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("", encoding="utf-8")
    assert about in asked(text, tmp_path)


def test_placeholders_of_the_text_are_open_questions_too(tmp_path: Path) -> None:
    found = examine("Fix app.py [NEEDS: for whom?]", gather(tmp_path, "Fix app.py [NEEDS: for whom?]"))
    assert found.questions[0].text == "for whom?"


def answerable(summary: str, full: str) -> list[str]:
    """What a summary is asked about, and words of its full issue tell."""
    found = examine(summary, alone(summary, "bug")).questions
    slots = Slots(PromptText(full))
    return [question.about for question in found if question.about in ASKS and slots[cast("Slot", question.about)]]


def test_most_questions_on_summaries_are_answered_by_the_full_issues(data: Path) -> None:
    """The rules find the span; how often it truly answers was read off for 50, twice, and the harder reader counts."""
    every = pairs(data)
    by_name = {pair.id: pair for pair in every}
    hits = sum(bool(answerable(pair.summary, pair.full)) for pair in every)
    for name, row in JUDGED.items():
        assert row["about"] in answerable(by_name[name].summary, by_name[name].full)
    agreed = min(sum(row["agrees"] for row in reading.values()) for reading in (JUDGED, AGAIN))
    assert JUDGED.keys() == AGAIN.keys()
    assert (len(every), len(JUDGED)) == (246, 50)
    assert hits / len(every) * agreed / len(JUDGED) >= 0.6


def test_no_summary_gets_more_than_three_questions(data: Path) -> None:
    counts = [len(examine(pair.summary, alone(pair.summary)).questions) for pair in pairs(data)]
    assert max(counts) == MAX_QUESTIONS
