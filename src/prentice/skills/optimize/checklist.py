"""The checklist: yes/no questions about a prompt, where every yes quotes the words that prove it.

What the rules can tell they tell; what only a reader can tell is put to a model where there is one, and its quotes are
looked up in the text. A quote that does not stand there proves nothing.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast

from prentice.skills.optimize.atoms import Atom, atoms
from prentice.skills.optimize.grounds import Grounds
from prentice.skills.optimize.language import reads_as_english
from prentice.skills.optimize.lint import LONGEST_SENTENCE, Finding, separate_goals
from prentice.skills.optimize.prose import TITLE_LENGTH, PromptText, Span
from prentice.skills.optimize.questions import Question, unmarked
from prentice.skills.optimize.rules import Criterion, Dimension, criteria
from prentice.skills.optimize.slots import Slot, Slots

Verdict = Literal["yes", "no", "n/a", "not judged"]

_HARD: Final = frozenset({"url", "path", "quote", "code", "identifier", "number"})
_EXACT: Final = frozenset({"url", "quote", "code", "number"})
_READS_NO_ENGLISH: Final = frozenset({
    "slot:place", "slot:reproduction", "slot:command", "open-points", "value", "three-facts", "six-facts", "title",
    "parts", "start",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to one question of the checklist. `quote` proves a yes, or shows what makes it a no."""

    criterion: str
    verdict: Verdict
    quote: str = ""
    by: Literal["rules", "model"] = "rules"

    @property
    def dimension(self) -> Dimension:
        """The dimension that it counts for."""
        return cast("Dimension", self.criterion.partition(".")[0])

    def document(self) -> dict[str, object]:
        """Give the answer as JSON values."""
        return {"criterion": self.criterion, "answer": self.verdict, "quote": self.quote, "by": self.by}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a model answers to one question, before its quote was looked up."""

    criterion: str
    verdict: Literal["yes", "no"]
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matter:
    """What a judge may look at."""

    slots: Slots
    findings: Sequence[Finding]
    questions: Sequence[Question]
    facts: Sequence[Atom]

    @property
    def prompt(self) -> PromptText:
        return self.slots.prompt


_Judgement = tuple[Verdict, Span | None]


def check(
    slots: Slots,
    grounds: Grounds,
    findings: Sequence[Finding],
    asked: Sequence[Question],
    *,
    claims: Iterable[Claim] = (),
) -> tuple[Answer, ...]:
    """Answer the whole checklist: by rules, and where they cannot tell, by a model's claims with quotes that hold."""
    matter = _Matter(slots=slots, findings=findings, questions=asked, facts=atoms(slots.prompt.text))
    english = reads_as_english(slots.prompt.text)
    claimed = {claim.criterion: claim for claim in claims}
    answers = []
    for criterion in criteria():
        answer = _by_rules(criterion, matter, grounds, english=english)
        if answer.verdict == "not judged" and criterion.id in claimed:
            answer = supported(claimed[criterion.id], slots.prompt)
        answers.append(answer)
    return tuple(answers)


def left_to_readers(answers: Iterable[Answer]) -> tuple[Criterion, ...]:
    """Give the questions that the rules could not answer."""
    wanted = {answer.criterion for answer in answers if answer.verdict == "not judged"}
    return tuple(criterion for criterion in criteria() if criterion.id in wanted)


def supported(claim: Claim, prompt: PromptText) -> Answer:
    """Give a model's answer; a yes whose quote does not stand in the text, or is a placeholder, is a no."""
    quote = find_quote(claim.quote, prompt.told)
    if claim.verdict == "yes" and quote is None:
        return Answer(criterion=claim.criterion, verdict="no", by="model")
    return Answer(
        criterion=claim.criterion, verdict=claim.verdict, by="model",
        quote=quote.of(prompt.text) if quote and claim.verdict == "yes" else "",
    )  # fmt: skip


def find_quote(quote: str, text: str) -> Span | None:
    """Give where a quote stands in a text, white space aside; a quote needs two words, or one that is long."""
    parts = [re.escape(part) for part in quote.split()]
    if len(parts) < 2 and len(quote.strip()) < 5:
        return None
    match = re.search(r"\s+".join(parts), text)
    return Span(*match.span()) if match else None


def _by_rules(criterion: Criterion, matter: _Matter, grounds: Grounds, *, english: bool) -> Answer:
    if not criterion.applies_to(grounds.kind):
        return Answer(criterion=criterion.id, verdict="n/a")
    if not english and criterion.judge not in _READS_NO_ENGLISH:
        return Answer(criterion=criterion.id, verdict="not judged")
    name, _, slot = criterion.judge.partition(":")
    if name == "slot":
        span = matter.slots[cast("Slot", slot)]
        verdict: Verdict = "yes" if span else criterion.absence
    else:
        verdict, span = _JUDGES[name](matter)
    quote = " ".join(span.of(matter.prompt.text).split()) if span and verdict in {"yes", "no"} else ""
    return Answer(criterion=criterion.id, verdict=verdict, quote=_cut(quote))


def _cut(quote: str) -> str:
    return quote if len(quote) <= 160 else quote[:160].rsplit(" ", 1)[0]


def _one_goal(matter: _Matter) -> _Judgement:
    goals = separate_goals(matter.slots)
    if goals:
        return "no", goals[1]
    goal = matter.slots["goal"]
    return ("yes", goal) if goal else ("no", None)


def _named(matter: _Matter) -> _Judgement:
    vague = next((finding for finding in matter.findings if finding.rule in {"vague-reference", "vague-symptom"}), None)
    if vague:
        return "no", vague.span
    goal = matter.slots["goal"]
    return ("yes", goal) if goal else ("no", None)


def _open_points(matter: _Matter) -> _Judgement:
    if not matter.questions:
        return "n/a", None
    if unmarked(matter.prompt, matter.questions):
        return "no", None
    return "yes", matter.prompt.placeholders[0]


def _value(matter: _Matter) -> _Judgement:
    exact = next((fact for fact in matter.facts if fact.kind in _EXACT), None)
    return ("yes", exact.span) if exact else ("no", None)


def _facts(least: int) -> Callable[[_Matter], _Judgement]:
    """Make a judge of the number of different hard facts."""

    def judge(matter: _Matter) -> _Judgement:
        different = {fact.key: fact for fact in reversed(matter.facts) if fact.kind in _HARD}
        if len(different) < least:
            return "no", None
        last = sorted(fact.span for fact in different.values())[least - 1]
        return "yes", last

    return judge


def _density(matter: _Matter) -> _Judgement:
    sentences = matter.prompt.sentences
    starts = sorted(fact.span.start for fact in matter.facts if fact.kind in _HARD)
    telling = [span for span in sentences if bisect_left(starts, span.start) < bisect_left(starts, span.end)]
    return ("yes", telling[0]) if telling and len(telling) * 2 >= len(sentences) else ("no", None)


def _title(matter: _Matter) -> _Judgement:
    text = matter.prompt.text
    start = len(text) - len(text.lstrip())
    end = text.find("\n", start)
    line = Span(start, len(text) if end < 0 else end)
    fits = 0 < len(line.of(text).strip()) <= TITLE_LENGTH and bool(line.of(matter.prompt.prose).strip())
    return ("yes", line) if fits else ("no", None)


def _parts(matter: _Matter) -> _Judgement:
    prompt = matter.prompt
    if len(prompt.sentences) < 2 and not prompt.code:
        return "n/a", None
    for part in (*prompt.headings, *prompt.items, *prompt.code):
        return "yes", part
    paragraph = re.search(r"\n\s*\n", prompt.text.strip())
    title = prompt.sentences[0] if prompt.text.lstrip().find("\n") in range(TITLE_LENGTH) else None
    return ("yes", prompt.sentences[0]) if paragraph or title else ("no", None)


def _short_sentences(matter: _Matter) -> _Judgement:
    spans = matter.prompt.sentences
    if not spans:
        return "n/a", None
    longest = max(spans, key=lambda span: len(span.of(matter.prompt.body).split()))
    fits = len(longest.of(matter.prompt.body).split()) <= LONGEST_SENTENCE
    return ("yes" if fits else "no"), longest


def _start(matter: _Matter) -> _Judgement:
    found = matter.slots["place"] or matter.slots["reproduction"]
    return ("yes", found) if found else ("no", None)


_JUDGES: Final[Mapping[str, Callable[[_Matter], _Judgement]]] = {
    "one-goal": _one_goal, "named": _named, "open-points": _open_points, "value": _value, "three-facts": _facts(3),
    "six-facts": _facts(6), "density": _density, "title": _title, "parts": _parts,
    "short-sentences": _short_sentences, "start": _start,
}  # fmt: skip
