"""The deterministic rewrite: what the prompt, the repository and the answers say, put where a reader looks for it.

Every sentence of the prompt is kept word for word. What is missing becomes a placeholder. It is what a prompt becomes
without a model, and the baseline that a model's rewrite has to beat.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from prentice.skills.optimize.examination import Examination
from prentice.skills.optimize.grounds import Grounds
from prentice.skills.optimize.language import reads_as_english
from prentice.skills.optimize.prose import PromptText
from prentice.skills.optimize.questions import about_of, answered, placeholder_for, unmarked
from prentice.skills.optimize.slots import Slot, Slots

TITLES: Final[Mapping[str, str]] = {
    "goal": "Goal", "symptom": "What happens now", "reproduction": "How to reproduce", "expected": "What should happen",
    "place": "Where", "file": "Where", "limits": "What stays as it is", "measure": "Measure", "details": "Details",
    "acceptance": "Done when", "command": "Check", "open": "Further",
}  # fmt: skip
"""Headings by what a question is about, in the order in which the parts stand."""

_LEAST_SENTENCES: Final = 4
"""From so many sentences on, a single paragraph is set in parts."""
_HANGS_ON: Final = (
    r"(?i)(?:it|its|this|that|these|those|they|them|he|she|here|there|then|so|but|and|or|also|however|instead|"
    r"otherwise|therefore|thus|hence|moreover|furthermore|additionally|for example|e\.g\.|in (?:this|that|these|such)|"
    r"such|because|which|the (?:former|latter|same|above))\b"
)
"""How a sentence begins that is understood by the one before it, and so stays with it."""
_SIGNED: Final[tuple[Slot, ...]] = ("limits", "expected", "symptom", "acceptance")
_CHECKED: Final = frozenset({"bug", "feature", "refactoring", "tests"})
"""Kinds of work that the project's test command can check."""


def assemble(examined: Examination, grounds: Grounds) -> str:
    """Give the prompt with its gaps filled from the repository and the answers, or marked; else the prompt itself."""
    text = _with_answers(examined.text, grounds)
    parts: dict[str, list[str]] = defaultdict(list)
    for about, line in (*_answers(examined, grounds), *_known(examined.slots, grounds)):
        if line not in text:
            parts[TITLES[about]].append(line)
    for question in unmarked(PromptText(text), examined.questions):
        if not answered(question, grounds):
            parts[TITLES.get(question.about, "Further")].append(question.placeholder)
    body = in_parts(text)
    if not parts and body == text:
        return text
    titles = dict.fromkeys(TITLES.values())
    return "\n\n".join((body.rstrip(), *(_part(title, parts[title]) for title in titles if title in parts))).strip()


def in_parts(text: str) -> str:
    """Give one long paragraph as parts with headings, each sentence word for word; any other text as it is."""
    prompt = PromptText(text)
    sentences = [span.of(text) for span in prompt.sentences]
    if "\n" in text.strip() or len(sentences) < _LEAST_SENTENCES or not reads_as_english(text):
        return text
    if " ".join(sentences) != " ".join(text.split()):
        return text  # something stands between the sentences that would be lost
    goal, *groups = _groups(sentences)
    parts: dict[str, list[str]] = defaultdict(list)
    for group in groups:
        parts[_belongs_to(group)].append(group)
    if not groups:
        return text
    order = [about for about in TITLES if about in parts]
    if order == ["details"]:
        return "\n\n".join((goal, " ".join(parts["details"])))
    return "\n\n".join((goal, *(f"## {TITLES[about]}\n\n{' '.join(parts[about])}" for about in order)))


def _groups(sentences: list[str]) -> list[str]:
    """Join each sentence that hangs on the one before it to that one."""
    groups: list[str] = []
    for sentence in sentences:
        if groups and re.match(_HANGS_ON, sentence):
            groups[-1] += f" {sentence}"
        else:
            groups.append(sentence)
    return groups


def _belongs_to(group: str) -> str:
    slots = Slots(PromptText(group))
    return next((slot for slot in _SIGNED if slots[slot]), "details")


def _with_answers(text: str, grounds: Grounds) -> str:
    """Put answers where placeholders ask for them."""
    for about, answer in grounds.answers.items():
        if placeholder := placeholder_for(about, PromptText(text)):
            text = text.replace(placeholder, answer)
    return text


def _answers(examined: Examination, grounds: Grounds) -> Iterator[tuple[str, str]]:
    """Give the answers for which the prompt has no placeholder yet."""
    for about, answer in grounds.answers.items():
        if not placeholder_for(about, PromptText(examined.text)):
            yield about if about in TITLES else about_of(about), answer


def _known(slots: Slots, grounds: Grounds) -> Iterator[tuple[str, str]]:
    """Give what the repository knows and the prompt does not say: whole paths, places of symbols, the test command."""
    text = slots.prompt.text
    for path in grounds.repository.named_paths:
        if len(path.found) == 1 and path.found[0] not in text:
            yield "place", f"`{path.written}` is `{path.found[0]}`"
    for symbol in grounds.repository.named_symbols:
        if len(symbol.found) == 1 and symbol.found[0].partition(":")[0] not in text:
            yield "place", f"`{symbol.written}` is defined in `{symbol.found[0]}`"
    test = grounds.repository.checks.get("test")
    if test and grounds.kind in _CHECKED and slots["command"] is None:
        yield "command", f"`{test}`"


def _part(title: str, lines: list[str]) -> str:
    listed = lines if len(lines) == 1 else [f"- {line}" for line in lines]
    return "\n".join((f"## {title}", "", *listed))
