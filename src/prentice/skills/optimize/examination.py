"""All that can be said of one text: its findings, open questions, answers to the checklist, and scores."""

from collections.abc import Iterable
from dataclasses import dataclass

from prentice.skills.optimize.checklist import Answer, Claim, check
from prentice.skills.optimize.grounds import Grounds
from prentice.skills.optimize.lint import Finding, lint
from prentice.skills.optimize.prose import PromptText
from prentice.skills.optimize.questions import Question, questions
from prentice.skills.optimize.rules import Dimension
from prentice.skills.optimize.score import Score, is_strict_gain, scores
from prentice.skills.optimize.slots import Slots


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """One text, examined. The same text on the same grounds gives the same examination."""

    text: str
    slots: Slots
    findings: tuple[Finding, ...]
    questions: tuple[Question, ...]
    answers: tuple[Answer, ...]

    @property
    def scores(self) -> dict[Dimension, Score]:
        """The counts by dimension."""
        return scores(self.answers)

    @property
    def rewordable(self) -> tuple[Finding, ...]:
        """The findings that other words for the same facts can mend."""
        return tuple(finding for finding in self.findings if finding.mended_by == "rewrite")

    def is_better_than(self, other: "Examination") -> bool:
        """Whether this text is a strict gain over another."""
        return is_strict_gain(
            other.answers, self.answers, found_before=other.findings, found_after=self.findings
        )  # fmt: skip


def examine(text: str, grounds: Grounds, *, claims: Iterable[Claim] = ()) -> Examination:
    """Examine a text; `claims` are a model's answers to what the rules cannot tell."""
    slots = Slots(PromptText(text))
    found = lint(text, grounds)
    asked = questions(slots, grounds, found)
    return Examination(
        text=text, slots=slots, findings=found, questions=asked,
        answers=check(slots, grounds, found, asked, claims=claims),
    )  # fmt: skip
