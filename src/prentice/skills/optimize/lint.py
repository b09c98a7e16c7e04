"""The linter: what is missing or unclear in a prompt, where, and how to say it. Instant, and without a model."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from prentice.skills.analysis import vocabulary
from prentice.skills.optimize.grounds import Grounds
from prentice.skills.optimize.language import reads_as_english
from prentice.skills.optimize.prose import PromptText, Span
from prentice.skills.optimize.rules import MendedBy, Rule, Severity, rules
from prentice.skills.optimize.slots import Slots

LONGEST_SENTENCE: Final = 40
"""Words."""
MOST_OF_A_RULE: Final = 5
"""Findings of one rule that are shown; a text full of them has one problem, not fifty."""

_JOINT: Final = r";|,|\b(?:and|then|also|as well as)\b"
_MEASURE: Final = r"\d|\b(?:than|as \w+ as)\b"
_PRONOUN: Final = (
    r"(?:(?:this|that|these|those)\s+(?:is|are|was|were|does|do|should|must|can|fails?|breaks?|happens?|causes?|makes?|needs?)"
    r"|(?:it|they)\s+(?!shall\b|(?:is|are|was|should|would|must|may|will)\s+(?:also\s+|not\s+)*(?:be\s+)?"
    r"\w+(?:ed|ible|able|ary|ful|ent|ood|ice)\b)\w+)\b"
)
"""A pronoun that stands for something; `it` in “it is possible that” does not."""
_COUNT: Final = r"(?<![\w.])(\d+)\s+([a-z]{3,}s)\b"
_IS_NEW: Final = (
    r"(?i)\b(?:create[ds]?|creating|new|add(?:ed|ing)?|write|writing|generated?|introduced?|called|named)\W{1,6}"
    r"(?:(?:an?|the|new|empty|file|module|script|page|document|directory|class|function|called|named)\W{1,6}){0,4}$"
)
"""How the words before a name say that it is to be made."""
_LANGUAGE_FREE: Final = frozenset({"no-reproduction", "no-place", "placeholder-left"})
"""Rules that read no English; those whose `check` looks something up do not either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is missing or unclear, with its place in the text."""

    rule: str
    span: Span
    quote: str
    says: str
    hint: str
    severity: Severity
    mended_by: MendedBy

    def document(self) -> dict[str, object]:
        """Give the finding as JSON values."""
        return {
            "rule": self.rule, "span": [self.span.start, self.span.end], "quote": self.quote, "says": self.says,
            "hint": self.hint, "severity": self.severity,
        }  # fmt: skip


def lint(text: str, grounds: Grounds) -> tuple[Finding, ...]:
    """Give all findings in a text, warnings first, else in the order of the text."""
    prompt = PromptText(text)
    slots = Slots(prompt)
    english = reads_as_english(text)
    found = [
        finding
        for rule in rules()
        if english or rule.id in _LANGUAGE_FREE or rule.check.startswith("missing-")
        for finding in _findings(rule, slots, grounds)[:MOST_OF_A_RULE]
    ]
    return tuple(sorted(found, key=lambda finding: (finding.severity != "warning", finding.span)))


def matches(rule: Rule, prompt: PromptText) -> Iterator[Span]:
    """Give where a rule's pattern fires in the prose, but for sentences that its `unless` excuses."""
    if rule.pattern is None:
        return
    for sentence in prompt.sentences:
        if rule.unless is not None and rule.unless.search(prompt.words_only, sentence.start, sentence.end):
            continue
        for match in rule.pattern.finditer(prompt.words_only, sentence.start, sentence.end):
            yield Span(*match.span())


def _findings(rule: Rule, slots: Slots, grounds: Grounds) -> list[Finding]:
    prompt = slots.prompt
    if rule.slot is not None:
        is_open = grounds.kind in rule.kinds and slots[rule.slot] is None
        return [_finding(rule, prompt, slots["goal"] or Span(0, len(prompt.text)))] if is_open else []
    spans = _CHECKS[rule.check](slots, grounds) if rule.check else matches(rule, prompt)
    return [
        _finding(rule, prompt, span) for span in spans if rule.id != "comparative" or not _is_measured(prompt, span)
    ]


def _finding(rule: Rule, prompt: PromptText, span: Span) -> Finding:
    return Finding(
        rule=rule.id, span=span, quote=span.of(prompt.text), says=rule.says, hint=rule.hint, severity=rule.severity,
        mended_by=rule.mended_by,
    )  # fmt: skip


def _is_measured(prompt: PromptText, span: Span) -> bool:
    """Whether a number or a thing to compare with stands after a comparison, in its sentence."""
    sentence = next((part for part in prompt.sentences if part.start <= span.start < part.end), span)
    return re.search(_MEASURE, prompt.text[span.end : sentence.end]) is not None


def _no_goal(slots: Slots, _: Grounds) -> Iterator[Span]:
    if slots["goal"] is None:
        yield Span(0, len(slots.prompt.text))


def separate_goals(slots: Slots) -> tuple[Span, ...]:
    """Give the clauses of the goal's sentence that begin with a verb of their own, where there are several."""
    goal = slots["goal"]
    if goal is None:
        return ()
    text = slots.prompt.words_only
    joints = list(re.compile(_JOINT).finditer(text, goal.start, goal.end))
    starts, ends = [goal.start, *(joint.end() for joint in joints)], [*(joint.start() for joint in joints), goal.end]
    clauses = [Span(start, end) for start, end in zip(starts, ends, strict=True)]
    found = tuple(_trimmed(span, text) for span in clauses if _is_clause(span.of(text)))
    return found if len(found) > 1 and found[0].start == goal.start else ()


def _trimmed(span: Span, text: str) -> Span:
    words = span.of(text)
    return Span(span.start + len(words) - len(words.lstrip()), span.start + len(words.rstrip()))


def _is_clause(text: str) -> bool:
    parts = re.findall(r"[A-Za-z]+", text)
    return len(parts) > 1 and parts[0].lower() in _IMPERATIVES and parts[1].lower() not in {"of", "is", "are", "should"}


_IMPERATIVES: Final = frozenset().union(*vocabulary.VERBS.values()) - {
    "test",
    "set",
    "put",
    "cut",
    "program",
    "code",
    "use",
}


def _several_goals(slots: Slots, _: Grounds) -> Iterator[Span]:
    yield from separate_goals(slots)[1:2]


def _unclear_pronoun(slots: Slots, _: Grounds) -> Iterator[Span]:
    first = next(iter(slots.prompt.sentences), None)
    if first and (match := re.match(_PRONOUN, first.of(slots.prompt.body), re.IGNORECASE)):
        yield Span(first.start, first.start + match.end())


def _long_sentence(slots: Slots, _: Grounds) -> Iterator[Span]:
    return (span for span in slots.prompt.sentences if len(span.of(slots.prompt.body).split()) > LONGEST_SENTENCE)


def _contradicting_numbers(slots: Slots, _: Grounds) -> Iterator[Span]:
    seen: dict[str, str] = {}
    for match in re.finditer(_COUNT, slots.prompt.words_only):
        number, noun = match.groups()
        if noun not in vocabulary.UNITS - {"retries", "attempts"} and seen.setdefault(noun, number) != number:
            yield Span(*match.span())


def _placeholder_left(slots: Slots, _: Grounds) -> Iterable[Span]:
    return slots.prompt.placeholders


def _missing_file(slots: Slots, grounds: Grounds) -> Iterator[Span]:
    lost = (name.written for name in grounds.repository.named_paths if not name.found)
    return _lookups(slots.prompt, lost if grounds.repository.files else ())


def _missing_symbol(slots: Slots, grounds: Grounds) -> Iterator[Span]:
    told = slots.prompt.told
    lost = (name.written for name in grounds.repository.named_symbols if not name.found)
    ours = (name for name in lost if f"`{name}`" in told or f"`{name}()`" in told)
    return _lookups(slots.prompt, ours if grounds.repository.languages else ())


def _missing_command(slots: Slots, grounds: Grounds) -> Iterator[Span]:
    return _lookups(slots.prompt, grounds.missing_commands)


def _lookups(prompt: PromptText, names: Iterable[str]) -> Iterator[Span]:
    """Give where names stand that were looked up in vain; code may name anything, and what is to be made is new."""
    for name in names:
        start = prompt.prose.find(name)
        if start >= 0 and not re.search(_IS_NEW, prompt.prose[max(0, start - 60) : start].rsplit("\n", 1)[-1]):
            yield Span(start, start + len(name))


_CHECKS: Final[Mapping[str, Callable[[Slots, Grounds], Iterable[Span]]]] = {
    "no-goal": _no_goal, "several-goals": _several_goals, "unclear-pronoun": _unclear_pronoun,
    "long-sentence": _long_sentence, "contradicting-numbers": _contradicting_numbers,
    "placeholder-left": _placeholder_left, "missing-file": _missing_file, "missing-symbol": _missing_symbol,
    "missing-command": _missing_command,
}  # fmt: skip
