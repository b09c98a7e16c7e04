"""What to ask before work starts: at most three concrete questions, those that only a person can answer first."""

from dataclasses import dataclass
from typing import Final

from prentice.skills.analysis import vocabulary
from prentice.skills.analysis.facts import Facts
from prentice.skills.analysis.reading import Reading

MAX_QUESTIONS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, and whether only a person can answer it; others an assistant can settle by looking."""

    text: str
    for_person: bool
    evidence: str


def questions(reading: Reading, facts: Facts) -> tuple[Question, ...]:
    """Ask for what the text marks as open, leaves vague, or names without there being such a thing."""
    asked = [
        Question(text=f"The task leaves this open: “{_short(point)}” What is decided?", for_person=True, evidence=point)
        for point in facts.values["open_points"].evidence
    ]
    if facts["vague"]:
        asked.append(
            Question(
                text=f"What exactly should be different when “{_short(reading.name)}” is done, and where does it show?",
                for_person=True, evidence=reading.name,
            )
        )  # fmt: skip
    asked += [
        Question(text=f"`{path}` is not in the repository: which file is meant, or is it to be created?",
                 for_person=False, evidence=path)
        for path in facts.missing[:2]
    ]  # fmt: skip
    asked += [
        Question(
            text=f"`{name}` can mean more than one place in the repository: which?", for_person=False, evidence=name
        )
        for name in facts.values["ambiguous"].evidence[:1]
    ]
    if not asked and not facts["items"] and not facts["criteria"] and not facts["found"] and not facts["unread"]:
        asked += _about_a_bare_line(reading)
    return tuple(asked[:MAX_QUESTIONS])


def _about_a_bare_line(reading: Reading) -> list[Question]:
    """Ask where and until when, of a task that is one line and names no place."""
    if len(reading.lead) > 200:
        return []
    words = " ".join(reading.object_words)
    start = reading.goal.lower().find(words)
    thing = reading.goal[start : start + len(words)] if words and start >= 0 else words or reading.goal
    where = f"Which files or part of the program does “{_short(thing)}” concern?"
    until = f"How will you see that “{_short(reading.goal)}” is done?"
    asked = (where, until) if vocabulary.intent(reading.verb) else (until,)
    return [Question(text=text, for_person=False, evidence=reading.name) for text in asked]


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 120 else text[:119].rsplit(" ", 1)[0] + "…"
