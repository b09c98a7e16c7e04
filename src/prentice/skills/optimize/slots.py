"""What a reader of a prompt needs to be told, and the words of the prompt that tell it.

A slot is filled where its signs stand in the text; the signs are read in English and in code.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from prentice.context import mentions
from prentice.skills.analysis import vocabulary
from prentice.skills.analysis.category import category
from prentice.skills.analysis.reading import read
from prentice.skills.optimize.atoms import atoms
from prentice.skills.optimize.prose import PromptText, Span
from prentice.tasks.plan import Category
from prentice.tasks.record import Task
from prentice.tasks.sections import Section, parse

Slot = Literal[
    "goal", "place", "current", "expected", "symptom", "reproduction", "version", "limits", "acceptance", "command",
    "reason",
]  # fmt: skip
Kind = Literal["bug", "feature", "refactoring", "documentation", "tests", "other"]

_CURRENT: Final = (
    r"\b(?:currently|at the moment|right now|at present|actual(?:ly)?|nowadays|"
    r"raises?d?|throws?|thrown|fail(?:s|ed|ing|ure)?|crash(?:es|ed|ing)?|hangs?|freezes?|breaks?|broke|broken|"
    r"results? in|leads? to|causes?|returns?|gives?|gets?|shows?|prints?|produces?|outputs?|ignores?|"
    r"does(?:n't| not)|do(?:n't| not)|is(?:n't| not)|are(?:n't| not)|can(?:'t|not| not)|was(?:n't| not)|no longer|"
    r"incorrect(?:ly)?|wrong(?:ly)?|unexpected(?:ly)?|invalid|missing|instead|but)\b"
)
_EXPECTED: Final = (
    r"\b(?:should|shall|expect(?:s|ed|ing|ation)?|must|ought to|needs? to|has to|have to|would like|desired|"
    r"instead of|rather than|so that|it would be (?:nice|good|great|useful|helpful|better)|supposed to|want(?:s|ed)?)\b"
)
_REASON: Final = (
    r"\b(?:because|since|so that|in order to|otherwise|which (?:means|causes|makes|leads)|as a result|due to)\b"
)
_LIMITS: Final = (
    r"\b(?:must not|do not|don't|never|without (?:chang|break|add|touch|remov)\w+|out of scope|leave\b.{1,40}\bas\b|"
    r"unchanged|backwards?[ -]compatib\w+|keep(?:s|ing)?|except|only|at most|at least|no new|stays?)\b"
)
_ACCEPTANCE: Final = (
    r"\b(?:done when|acceptance|accepted when|passes|pass|succeeds|exits? with|verif(?:y|ied)|"
    r"(?:a|the|this|new|regression|unit) tests?\b.{0,40}\b(?:that|which|for|should|covers?|pass(?:es)?|fails?)|"
    r"add (?:a |some )?tests?)\b"
)
_TITLES: Final[Mapping[Slot, str]] = {
    "symptom": r"(?i)\b(?:what happens|current|actual|observed|symptom)",
    "current": r"(?i)\b(?:what happens|current|actual|observed|symptom)",
    "expected": r"(?i)\b(?:expected|what should happen|desired)",
    "reproduction": r"(?i)\b(?:reproduc\w*|steps|examples?)\b",
    "place": r"(?i)\b(?:where|files|components?|location)\b",
    "limits": r"(?i)\b(?:scope|what stays|limits|constraints)\b",
    "acceptance": r"(?i)\b(?:accept\w*|done when|definition of done|criteria)\b",
}
"""How the headings of a prompt say which slot the text below them fills."""
_NOTHING: Final = r"(?i)\W*(?:none|n/?a|nothing)\W*"
_COMMAND: Final = (
    r"(?:(?<=`)|(?<=\$ )|(?<=\brun )|(?<=\bRun )|(?:^|(?<=\n)))(?:uv run |poetry run |python3? -m |npx )?"
    r"(?:pytest|tox|nox|npm (?:run|test)|pnpm|yarn|"
    r"go (?:test|build|vet|run)|cargo (?:test|build|clippy|run|fmt)|make|just|mvn|gradle|ruff|mypy|pyright|flake8|"
    r"black|unittest|curl|docker|git|pip|python3?|node)\b[^`\n]*"
)
_MESSAGE: Final = (
    r"\b(?:[A-Z]\w*)?(?:Error|Exception|Warning|Interrupt)\b(?::\s*\S[^\n]*)?|"
    r"\bTraceback\b|\b(?:exit|status|error) code \d+|\bHTTP \d{3}\b|"
    r"\bE\d{3,5}\b"
)
_VERSION: Final = r"\b(?:v?\d+\.\d+(?:\.\d+)*(?:[ab]\d+|rc\d+|\.dev\d+)?)\b"
_VERSION_WORD: Final = (
    r"(?i)\b(?:version|release|python|django|node|go|rust|ubuntu|windows|linux|macos|mac os|since|in|on)\b"
)
_STEPS: Final = (
    r"(?i)\b(?:steps to reproduce|to reproduce|how to reproduce|reproduc\w+|minimal example|for example|e\.g\.|"
    r"example:|given)\b"
)
_DEFECT: Final = (
    r"(?i)\b(?:bugs?|errors?|fail(?:s|ed|ing|ure|ures)?|crash\w*|exceptions?|broken|wrong(?:ly)?|incorrect\w*|"
    r"regression|unexpected\w*|traceback|raises?|hangs?|does(?:n't| not) (?:work|handle|support)|not working|"
    r"inconsisten\w+|issue)\b"
)
_KIND_OF: Final[Mapping[Category, Kind]] = {
    "bug_fix": "bug", "feature": "feature", "refactoring": "refactoring", "formatting": "refactoring",
    "documentation": "documentation", "test_generation": "tests",
}  # fmt: skip


@dataclass(frozen=True)
class Slots:
    """The slots of one text."""

    prompt: PromptText

    @cached_property
    def kind(self) -> Kind:
        """What kind of work is asked for: by the goal, as the analyzer reads it, else by whether something is wrong."""
        goal = self["goal"]
        reading = read(Task(id="", name="" if goal is None else goal.of(self.prompt.text)))
        kind = _KIND_OF.get(category(reading, paths=mentions.paths(reading.name), tags=()))
        if vocabulary.intent(reading.verb) and kind:
            return kind
        if re.search(_DEFECT, self.prompt.body) or self["symptom"]:
            return "bug"
        return kind or ("feature" if re.search(_EXPECTED, self.prompt.words_only) else "other")

    def __getitem__(self, slot: Slot) -> Span | None:
        """Give the words that fill a slot, or None."""
        if slot not in self._found:
            self._found[slot] = _FINDERS[slot](self.prompt) or self._under_heading(slot)
        return self._found[slot]

    def _under_heading(self, slot: Slot) -> Span | None:
        """Give the first line below a heading that names the slot; whoever put it there says that it tells this."""
        for section in self._sections:
            if slot in _TITLES and re.search(_TITLES[slot], section.title):
                line = next((line.strip() for line in section.text.splitlines() if re.search(r"\w", line)), "")
                start = self.prompt.told.find(line) if line and not re.fullmatch(_NOTHING, line) else -1
                if start >= 0:
                    return Span(start, start + len(line))
        return None

    @cached_property
    def _sections(self) -> tuple[Section, ...]:
        return parse(self.prompt.told).sections

    @cached_property
    def _found(self) -> dict[Slot, Span | None]:
        return {}


def places(text: str) -> Iterator[Span]:
    """Give what of a text names a place of a program: paths first, then identifiers."""
    for name in (*mentions.paths(text), *mentions.symbols(text)):
        start = text.find(name)
        if start >= 0:
            yield Span(start, start + len(name))


def _goal(prompt: PromptText) -> Span | None:
    """Give the first sentence that begins with what to do, else the first one that says something."""
    for span in prompt.sentences:
        words = re.findall(r"[A-Za-z]+", span.of(prompt.prose))
        while words and words[0].lower() in {
            "please",
            "we",
            "i",
            "you",
            "need",
            "want",
            "should",
            "must",
            "to",
            "can",
            "could",
            "let",
            "us",
            "lets",
        }:
            words = words[1:]
        if len(words) > 1 and vocabulary.intent(words[0]) and words[0].lower() not in {"test", "program", "code"}:
            return span
    return next((span for span in prompt.sentences if len(span.of(prompt.text).split()) > 1), None)


def _sign(pattern: str) -> Callable[[PromptText], Span | None]:
    """Make a finder of the first sentence that holds a sign."""
    compiled = re.compile(pattern, re.IGNORECASE)

    def find(prompt: PromptText) -> Span | None:
        text = prompt.words_only
        return next((span for span in prompt.sentences if compiled.search(text, span.start, span.end)), None)

    return find


def _first(pattern: str) -> Callable[[PromptText], Span | None]:
    compiled = re.compile(pattern)

    def find(prompt: PromptText) -> Span | None:
        match = compiled.search(prompt.told)
        return Span(*match.span()) if match else None

    return find


def _place(prompt: PromptText) -> Span | None:
    return next(places(prompt.told), None)


def _reproduction(prompt: PromptText) -> Span | None:
    if prompt.code:
        return prompt.code[0]
    ends = [*(heading.start for heading in prompt.headings), len(prompt.text)]
    for match in re.finditer(_STEPS, prompt.prose):
        end = next(end for end in ends if end > match.start())  # what stands below another heading shows something else
        for span in (*prompt.items, *prompt.inline):
            if match.start() < span.start < end:
                return Span(match.start(), span.end)
    return None


def _symptom(prompt: PromptText) -> Span | None:
    """Give what shows that something is wrong: a message, a quoted output, code, a sentence with an exact value."""
    if message := _MESSAGE_FINDER(prompt):
        return message
    if prompt.code:
        return prompt.code[0]
    for span in prompt.sentences:
        shown = [atom for atom in atoms(span.of(prompt.told)) if atom.kind in {"quote", "code", "number"}]
        if shown and re.search(_CURRENT, span.of(prompt.body), re.IGNORECASE):
            return span
    return None


def _version(prompt: PromptText) -> Span | None:
    for match in re.finditer(_VERSION, prompt.prose):
        before = prompt.prose[max(0, match.start() - 24) : match.start()]
        if re.search(_VERSION_WORD, before) or match[0].count(".") > 1:
            return Span(*match.span())
    return None


_MESSAGE_FINDER: Final = _first(_MESSAGE)
_FINDERS: Final[Mapping[Slot, Callable[[PromptText], Span | None]]] = {
    "goal": _goal, "place": _place, "current": _sign(_CURRENT), "expected": _sign(_EXPECTED), "symptom": _symptom,
    "reproduction": _reproduction, "version": _version, "limits": _sign(_LIMITS), "acceptance": _sign(_ACCEPTANCE),
    "command": _first(_COMMAND), "reason": _sign(_REASON),
}  # fmt: skip
