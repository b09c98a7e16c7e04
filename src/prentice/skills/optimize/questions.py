"""What to ask before anything is rewritten: at most three questions, that neither prompt nor repository can answer."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prentice.skills.optimize.grounds import Grounds
from prentice.skills.optimize.language import reads_as_english
from prentice.skills.optimize.lint import Finding
from prentice.skills.optimize.prose import PromptText
from prentice.skills.optimize.slots import Kind, Slot, Slots

MAX_QUESTIONS: Final = 3
_LONGEST_QUOTE: Final = 80

NEEDS: Final[Mapping[Kind, tuple[Slot, ...]]] = {
    "bug": ("symptom", "reproduction", "place", "expected"),
    "feature": ("place", "expected", "acceptance"),
    "refactoring": ("place", "limits", "acceptance"),
    "documentation": ("place", "acceptance"),
    "tests": ("place", "acceptance"),
    "other": ("place", "acceptance"),
}
"""What a reader needs to be told, by kind of work, the most telling first.

For bugs the order is that of the reference figures (code, then identifiers, then expected behaviour); for features
stated results come from PartialOrderEval (arXiv 2508.03678).
"""
ASKS: Final[Mapping[Slot, str]] = {
    "symptom": "what happens now: the message or the wrong output, word for word?",
    "reproduction": "which input, call or steps show it?",
    "place": "which file, function or part of the program does this concern?",
    "expected": "what should happen instead, or afterwards?",
    "acceptance": "how does one see that it is done?",
    "limits": "what must stay as it is?",
    "goal": "what is to be done with this?",
}
"""The words of each question, always the same: by them a placeholder is known again."""
_MEASURE: Final = "how much is “{}”, measured how?"
_FILE: Final = "which file is meant by “{}”?"
_ABOUT: Final[Mapping[str, str]] = {
    **{re.escape(text): slot for slot, text in ASKS.items()},
    **{re.escape(words).replace(r"\{\}", ".*"): about for words, about in ((_MEASURE, "measure"), (_FILE, "file"))},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question. `about` is a slot, `measure`, `file`, or `open` for a placeholder of the text's own."""

    about: str
    text: str
    choices: tuple[str, ...] = ()

    @property
    def placeholder(self) -> str:
        """What stands in the prompt as long as there is no answer."""
        return f"[NEEDS: {self.text}]"

    def document(self) -> dict[str, object]:
        """Give the question as JSON values."""
        return {"about": self.about, "question": self.text, "choices": list(self.choices)}


def questions(slots: Slots, grounds: Grounds, findings: Sequence[Finding]) -> tuple[Question, ...]:
    """Give the open questions of a text: those that it marks already, then what is missing, up to three."""
    marked = tuple(_marked(slots.prompt, grounds))
    asked = {question.text for question in marked}
    missing = _missing(slots, grounds, findings)
    new = (question for question in missing if question.text not in asked and not answered(question, grounds))
    left = max(0, MAX_QUESTIONS - len(marked))
    return (*marked, *(question for question, _ in zip(new, range(left), strict=False)))


def about_of(words: str) -> str:
    """Give what a question is about, known by its words: `open` where it is none of ours."""
    return next((about for pattern, about in _ABOUT.items() if re.fullmatch(pattern, words)), "open")


def placeholder_for(about: str, prompt: PromptText) -> str:
    """Give the placeholder of a text that an answer belongs to, known by its question's words or by what that is about.

    It is empty where there is none, or where there are several about the same.
    """
    asked = [span.of(prompt.text) for span in prompt.placeholders]
    named = [found for found in asked if _words(found) == about] or [
        found for found in asked if about_of(_words(found)) == about
    ]
    return named[0] if len(set(named)) == 1 else ""


def answered(question: Question, grounds: Grounds) -> bool:
    """Whether the user answered a question, named by what it is about or by its words."""
    return question.about in grounds.answers or question.text in grounds.answers


def unmarked(prompt: PromptText, asked: Sequence[Question]) -> tuple[Question, ...]:
    """Give the questions that no placeholder of the text stands for."""
    return tuple(question for question in asked if question.placeholder not in prompt.text)


def _marked(prompt: PromptText, grounds: Grounds) -> Iterator[Question]:
    for span in prompt.placeholders:
        text = _words(span.of(prompt.text))
        about = about_of(text)
        yield Question(about=about, text=text, choices=grounds.places if about == "place" else ())


def _missing(slots: Slots, grounds: Grounds, findings: Sequence[Finding]) -> Iterator[Question]:
    if slots["goal"] is None and reads_as_english(slots.prompt.text):
        yield Question(about="goal", text=ASKS["goal"])
    for finding in findings:
        if finding.rule == "missing-file":
            similar = grounds.similar.get(finding.quote, ())
            yield Question(about="file", text=_FILE.format(_short(finding.quote)), choices=similar)
    if not reads_as_english(slots.prompt.text):
        return  # what the rules cannot read, they cannot miss
    for finding in findings:
        if finding.rule == "comparative":
            yield Question(about="measure", text=_MEASURE.format(_short(finding.quote)))
    for slot in NEEDS[grounds.kind]:
        if slots[slot] is None:
            yield Question(about=slot, text=ASKS[slot], choices=grounds.places if slot == "place" else ())


def _words(placeholder: str) -> str:
    return placeholder.removeprefix("[NEEDS: ").removesuffix("]")


def _short(text: str) -> str:
    text = " ".join(text.replace("[", "(").replace("]", ")").split())
    return text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…"
