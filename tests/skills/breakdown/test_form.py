"""The text form in which a person edits a plan."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans import good_plan
from prentice.errors import ProposalError
from prentice.skills.breakdown import form
from prentice.skills.breakdown.proposal import Proposal
from prentice.skills.breakdown.reply import SubtaskReply
from prentice.tasks.plan import Subtask

PLAN = tuple(SubtaskReply.model_validate(item).subtask() for item in good_plan())


def proposal(plan: tuple[Subtask, ...]) -> Proposal:
    return Proposal(
        id="P-1", uid="u", task="T-1", name="Parent", description="", backend="builtin", model="rules", subtasks=plan
    )


def test_what_was_written_reads_back_the_same() -> None:
    assert form.read(form.write(proposal(PLAN)), before=PLAN) == PLAN


words = st.lists(st.text("abcdefghijXYZ.,;()`'", min_size=1, max_size=9), min_size=1, max_size=8).map(" ".join)


@given(st.lists(st.tuples(words, words, st.lists(words, min_size=1, max_size=4)), min_size=1, max_size=6))
def test_any_plan_of_words_survives_writing_and_reading(entries: list[tuple[str, str, list[str]]]) -> None:
    plan = tuple(
        Subtask(
            key=f"k{number}",
            name=name,
            description=description,
            acceptance_criteria=tuple(criteria),
            complexity="medium",
            category="other",
            dependencies=(f"k{number - 1}",) if number else (),
        )
        for number, (name, description, criteria) in enumerate(entries)
    )
    assert form.read(form.write(proposal(plan))) == plan


def test_an_emptied_file_reads_as_no_plan() -> None:
    assert form.read("# only a comment\n\n") == ()


@pytest.mark.parametrize(
    ("old", "new", "at", "says"),
    [
        ("complexity: medium", "complexity: easy", "complexity: easy", "gives retry the complexity 'easy'"),
        ("depends: measure", "depends: ghost", "depends: ghost", "lets retry depend on ghost"),
        ("depends: measure", "depends: proof", "depends: proof", "closes a cycle: retry -> proof -> retry"),
        ("== docs ==", "== measure ==", None, "uses the key 'measure' a second time"),
        ("name: Describe the retry settings", "", "== docs ==", "leaves docs without a name"),
        ("== measure ==", "", "name: Measure the upload client's failures", "stands before the first subtask"),
    ],
)
def test_a_mistake_is_reported_with_its_line(old: str, new: str, at: str | None, says: str) -> None:
    text = form.write(proposal(PLAN))
    assert old in text
    edited = text.replace(old, new, 1)
    with pytest.raises(ProposalError) as raised:
        form.read(edited)
    lines = edited.splitlines()
    line = lines.index(at) + 1 if at else len(lines) - lines[::-1].index(new)
    assert f"Line {line} {says}" in raised.value.message
    assert raised.value.next_step
