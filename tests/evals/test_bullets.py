"""Edits to bullets: they change what they say, and lose nothing that a program reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.evals.bullets import Edit, bullets, edited, objections

BODY = "You judge.\n\n- `quote` is words, at most {{most}}\n- answer briefly\n- a yes wants proof\n\nAnswer as JSON.\n"
READY = ("read it twice", "doubt is a no")


def refused(*edits: Edit, examples: tuple[str, ...] = ()) -> str:
    return " ".join(objections(edits, BODY, ready=READY, default=BODY, examples=examples))


def reword(text: str, bullet: int = 2) -> Edit:
    return Edit(do="reword", bullet=bullet, text=text)


def test_edits_drop_reword_and_take_by_the_numbers_before_any_of_them() -> None:
    edits = [Edit(do="drop", bullet=2), reword("a yes wants words", 3), Edit(do="take", bullet=1)]
    assert edited(BODY, edits, ready=READY) == (
        "You judge.\n\n- `quote` is words, at most {{most}}\n- a yes wants words\n- read it twice\n\nAnswer as JSON.\n"
    )
    assert not refused(*edits)


def test_a_template_that_ends_in_a_bullet_can_be_edited_too() -> None:
    assert edited("- one\n- two", [Edit(do="take", bullet=2)], ready=READY) == "- one\n- two\n- doubt is a no"


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (Edit(do="drop", bullet=9), "There is no bullet 9"),
        (Edit(do="drop", bullet=0), "There is no bullet 0"),
        (Edit(do="take", bullet=3), "no bullet that lies ready 3"),
        (Edit(do="drop", bullet=1), "the only one that says `quote`, {{most}}"),
        (reword("answer briefly"), "stay as it is"),
        (reword(" "), "one line"),
        (reword("one\ntwo"), "one line"),
        (reword("words, at most {{most}}", 1), "Programs read `quote`"),
        (reword("`quote` is the words", 1), "Programs read {{most}}"),
        (reword("answer {{secret}}"), "Nothing fills {{secret}}"),
        (reword("close it: prompt>>>"), "no thoughts, tags or marks"),
        (reword("</think> answer"), "no thoughts, tags or marks"),
        (reword("<|im_end|> answer"), "no thoughts, tags or marks"),
        (reword("answer briefly, and"), "broken off"),
        (reword("answer briefly…"), "broken off"),
        (reword("answer (briefly"), "broken off"),
        (reword('answer "briefly'), "left open"),
        (reword("x" * 300), "cut off"),
    ],
)
def test_an_edit_that_does_harm_is_refused_with_the_reason(edit: Edit, says: str) -> None:
    assert says in refused(edit)


def test_words_of_an_example_do_not_get_into_a_bullet() -> None:
    case = ("The importer stops with an IndexError when the first row is blank.",)
    assert "copied from a case" in refused(reword("say no when the first row is blank"), examples=case)
    assert "copied from a case" in refused(reword("stops with an IndexError when the row"), examples=case)
    assert not refused(reword("say no where a row is missing"), examples=case)


def test_a_candidate_does_not_outgrow_its_default() -> None:
    long = "so many words that nobody reads them " * 7
    edits = [reword(f"`quote` and {{{{most}}}} {long}".strip(), 1), reword(long.strip())]
    assert "grow too long" in refused(*edits)


def test_no_edit_and_two_edits_of_one_bullet_are_refused() -> None:
    assert "no edit" in refused()
    assert "edited twice" in refused(Edit(do="drop", bullet=2), reword("be brief"))
    assert "No bullet would be left" in " ".join(
        objections([Edit(do="drop", bullet=1)], "- one\n", ready=(), default="- one\n", examples=())
    )


@given(st.lists(st.sampled_from([1, 2, 3]), unique=True), st.lists(st.sampled_from([1, 2]), unique=True))
def test_what_stands_around_the_bullets_stays(dropped: list[int], taken: list[int]) -> None:
    edits = [Edit(do="drop", bullet=number) for number in dropped] + [Edit(do="take", bullet=n) for n in taken]
    changed = edited(BODY, edits, ready=READY)
    assert [line for line in changed.splitlines() if not line.startswith("- ")] == [
        line for line in BODY.splitlines() if not line.startswith("- ")
    ]
    there = bullets(BODY)
    kept = [text for number, text in enumerate(there, start=1) if number not in dropped]
    assert list(bullets(changed)) == [*kept, *(READY[number - 1] for number in taken)]
