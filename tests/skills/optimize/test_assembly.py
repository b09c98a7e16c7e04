"""The rewrite by rules: sentences are kept, gaps are marked or filled with a source, and twice is as good as once."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.skills.optimize.assembly import TITLES, assemble, in_parts
from prentice.skills.optimize.examination import examine
from prentice.skills.optimize.grounds import Grounds, gather
from prentice.skills.optimize.guards.inflection import roots
from prentice.skills.optimize.guards.invention import additions, invented
from prentice.skills.optimize.guards.wording import scaffold
from prentice.skills.optimize.prose import PromptText
from skills.optimize.issue_pairs import by_rules, pairs

PARAGRAPH = (
    "Fix the retry of the upload client. It gives up after one attempt. "
    "The client should make three attempts with a pause. Do not change its public functions. "
    "The log names the host."
)
WORDS = st.sampled_from(
    "fix add the server crash maybe should not all `load()` app.py 30 seconds faster it. Error: x\n\n- # ``` "
    "[NEEDS: x]".split(" ")
)


def assembled(text: str, directory: Path, **answers: str) -> tuple[str, Grounds]:
    grounds = gather(directory, text, answers=answers)
    return assemble(examine(text, grounds), grounds), grounds


@given(st.lists(WORDS, max_size=40).map(" ".join))
def test_optimizing_twice_is_optimizing_once(text: str) -> None:
    once, _ = by_rules(text)
    assert by_rules(once)[0] == once


@given(st.text(max_size=300))
def test_so_it_is_for_any_text(text: str) -> None:
    once, _ = by_rules(text)
    assert by_rules(once)[0] == once


def test_so_it_is_for_issues_and_summaries(data: Path) -> None:
    for pair in pairs(data)[::3]:
        for text in (pair.full, pair.summary):
            once, _ = by_rules(text)
            assert by_rules(once)[0] == once


def test_a_prompt_that_lacks_nothing_stays_as_it_is(tmp_path: Path) -> None:
    text = "Rename `load` to `read_rows` in app.py\n\nA test that covers it passes: `pytest`. The format must stay."
    (tmp_path / "app.py").write_text("def load():\n    pass\n", encoding="utf-8")
    assert assembled(text, tmp_path)[0] == text


def test_a_paragraph_is_set_in_parts_with_each_sentence_word_for_word() -> None:
    parts = in_parts(PARAGRAPH)
    assert "## What should happen" in parts
    assert "## What stays as it is" in parts
    assert parts.startswith(
        "Fix the retry of the upload client. It gives up after one attempt.\n"
    )  # `It` stays with it
    for span in PromptText(PARAGRAPH).sentences:
        assert span.of(PARAGRAPH) in parts


@pytest.mark.parametrize(
    "text",
    ["One sentence alone.", "First line\nsecond. Third. Fourth. Fifth.", "Eins. Der Zwei ist. Die Drei. Das Vier und."],
)
def test_short_structured_and_foreign_texts_keep_their_form(text: str) -> None:
    assert in_parts(text) == text


def test_what_the_repository_knows_is_filled_in_with_its_source(tmp_path: Path) -> None:
    (tmp_path / "src" / "app").mkdir(parents=True)
    (tmp_path / "src" / "app" / "server.py").write_text("def serve():\n    pass\n", encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    text, grounds = assembled("Fix the crash of `serve` in server.py", tmp_path)
    assert "`server.py` is `src/app/server.py`" in text
    assert "## Check\n\n`pytest`" in text
    assert {(added.fact, added.source) for added in additions(text, grounds)} >= {
        ("pytest", "repository"), ("src/app/server.py", "repository"),
    }  # fmt: skip


def test_answers_stand_where_their_placeholders_would(tmp_path: Path) -> None:
    text, grounds = assembled("Fix the bug in the server", tmp_path, place="`app/server.py`", symptom="It prints `E42`")
    assert "## Where\n\n`app/server.py`" in text
    assert "## What happens now\n\nIt prints `E42`" in text
    assert "## How to reproduce\n\n[NEEDS: " in text
    assert {added.source for added in additions(text, grounds)} == {"answer: place", "answer: symptom"}


def test_a_later_answer_replaces_its_placeholder(tmp_path: Path) -> None:
    marked, _ = assembled("Fix the bug in the server", tmp_path)
    answered, _ = assembled(marked, tmp_path, place="`app/server.py`")
    assert answered.count("## Where") == 1
    assert "## Where\n\n`app/server.py`" in answered
    assert marked.count("[NEEDS: ") == answered.count("[NEEDS: ") + 1 == 3


def test_sections_of_a_task_that_are_there_are_not_asked_for(tmp_path: Path) -> None:
    text = (
        "Add a cache\n\n🎯 **Objective:** Add a cache to `sync`\n\n"
        "📋 **Acceptance Criteria:**\n- Rows are read once\n\n"
        "📁 **Files/Components:**\n- sync.py"
    )
    rewritten, grounds = assembled(text, tmp_path)
    assert rewritten.startswith(text)
    assert "acceptance" not in {question.about for question in examine(text, grounds).questions}


def test_the_headings_of_our_own_tell_nothing() -> None:
    told = "\n".join(TITLES.values())
    assert roots(told).keys() <= scaffold()


@pytest.mark.parametrize(
    ("text", "answers", "part"),
    [
        ("Make the lists faster", {"measure": "90 ms instead of 900"}, "## Measure\n\n90 ms instead of 900"),
        (
            "Make the lists faster", {"how much is “faster”, measured how?": "90 ms instead of 900"},
            "## Measure\n\n90 ms instead of 900",
        ),
        (
            "Make the lists faster",
            {"which file, function or part of the program does this concern?": "`list_all()`"},
            "## Where\n\n`list_all()`",
        ),
        ("Sort the list. [NEEDS: by date or by name?]", {"open": "by date"}, "Sort the list. by date"),
        ("Sort the list. [NEEDS: by date or by name?]", {"by date or by name?": "by date"}, "Sort the list. by date"),
        (
            "Sort [NEEDS: which list?] by [NEEDS: what?]", {"which list?": "the carts", "what?": "date"},
            "Sort the carts by date",
        ),
        ("Sort [NEEDS: which?] by [NEEDS: what?]", {"open": "The carts by date."}, "## Further\n\nThe carts by date."),
    ],
)  # fmt: skip
def test_an_answer_stands_where_its_question_was_or_below_its_heading(
    tmp_path: Path, text: str, answers: dict[str, str], part: str
) -> None:
    once, grounds = assembled(text, tmp_path, **answers)
    assert part in once
    assert invented(once, grounds) == ()
