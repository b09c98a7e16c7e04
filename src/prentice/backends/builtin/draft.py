"""A step while the plan is being made: texts that still change, and how steps are compared, merged and named."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from prentice.backends.builtin.kinds import SPELLED, VERBS
from prentice.backends.builtin.phrase import definite
from prentice.backends.builtin.playbook import CRITERION_LENGTH, DESCRIPTION_LENGTH, NAME_LENGTH, Step, fill
from prentice.backends.builtin.title import Intent
from prentice.backends.builtin.words import capitalized, clip, content, lowered, mostly_foreign, overlap, stem, tokens
from prentice.tasks.plan import Category, Complexity
from prentice.tasks.words import content_words, jaccard

MAX_CRITERIA: Final = 5
KEY_LENGTH: Final = 24
SAME_AS_EXISTING: Final = 0.78
"""Similarity from which a step counts as an open task; the caller rejects plans from 0.85."""
SAME_AS_PARENT: Final = 0.74
"""Share of common words from which a step counts as the task itself; the caller rejects plans from 0.8."""

_PARTICIPLES: Final = {
    "write": "written", "build": "built", "make": "made", "find": "found", "split": "split", "run": "run",
    "show": "shown", "send": "sent", "give": "given", "choose": "chosen", "set up": "set up", "rewrite": "rewritten",
    "get": "got", "read": "read", "let": "let", "hide": "hidden", "drop": "dropped", "ship": "shipped", "stop": "stopped",  # noqa: E501 - a pattern or a list of words reads best in one piece
    "freeze": "frozen", "cut": "cut", "put": "put", "set": "set", "bring": "brought", "draw": "drawn", "take": "taken", "do": "done",  # noqa: E501 - a pattern or a list of words reads best in one piece
    "keep": "kept", "tell": "told", "teach": "taught", "spin": "spun", "grant": "granted", "commit": "committed", "plan": "planned",  # noqa: E501 - a pattern or a list of words reads best in one piece
    "trim": "trimmed", "prune": "pruned", "submit": "submitted", "rewire": "rewired", "begin": "begun", "break": "broken",  # noqa: E501 - a pattern or a list of words reads best in one piece
    "buy": "bought", "sell": "sold", "hold": "held", "shut": "shut", "shrink": "shrunk", "seek": "sought", "lay": "laid",  # noqa: E501 - a pattern or a list of words reads best in one piece
    "skip": "skipped", "flip": "flipped", "get rid of": "removed", "scan": "scanned", "plug": "plugged", "debug": "debugged",  # noqa: E501 - a pattern or a list of words reads best in one piece
    "swap": "swapped", "pin": "pinned", "tag": "tagged", "port": "ported", "map": "mapped", "wrap": "wrapped",
}  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Draft:
    """A step in the making. `given` are criteria in the user's own words, which stay when room is short."""

    key: str
    name: str
    description: str
    criteria: list[str]
    complexity: Complexity
    category: Category
    after: list[str] = field(default_factory=list)
    keep: int = 3
    role: str = ""
    fact: str = ""
    """What holds when it is done, in a sentence; stands for the step where it is merged into another."""
    given: list[str] = field(default_factory=list)
    covers: list[int] = field(default_factory=list)

    @property
    def words(self) -> frozenset[str]:
        """The content words of all its texts."""
        return content(" ".join([self.name, self.description, *self.criteria, *self.given]))

    @property
    def all_criteria(self) -> tuple[str, ...]:
        """What the finished step shows: the given criteria, after as many of the playbook's as there is room for."""
        given = self.given[:MAX_CRITERIA]
        own = [
            entry for entry in self.criteria if all(overlap(content(entry), content(other)) < 0.6 for other in given)
        ]
        return tuple(dict.fromkeys(own[: MAX_CRITERIA - len(given)] + given))

    def absorb(self, other: "Draft") -> None:
        """Take over what another step has to fulfil; of its own criteria the first, which matters most."""
        for entry in other.given:
            self.give(entry)
        self.covers += other.covers
        self.criteria = [*self.criteria[:2], *other.criteria[:1], *self.criteria[2:]]
        self.after += [key for key in other.after if key != self.key]
        self.after = [key for key in self.after if key != other.key]
        if {self.complexity, other.complexity} == {"simple"} and self.keep + other.keep > 8:
            self.complexity = "medium"

    def give(self, text: str) -> None:
        """Add a criterion in the user's words; where five stand already, two of them share a line."""
        entry = clip(text, CRITERION_LENGTH)
        if not entry or entry in self.given:
            return
        if len(self.given) < MAX_CRITERIA:
            self.given.append(entry)
            return
        shortest = min(range(len(self.given)), key=lambda at: len(self.given[at]))
        half = (CRITERION_LENGTH - 2) // 2
        self.given[shortest] = f"{clip(self.given[shortest], half)}; {clip(entry, half)}"


def from_step(step: Step, slots: Mapping[str, str]) -> Draft:
    """Fill one step of a playbook."""
    return Draft(
        key=step.key,
        name=fill(step.name, slots, limit=NAME_LENGTH).rstrip("."),
        description=fill(step.description, slots, limit=DESCRIPTION_LENGTH),
        criteria=[text for entry in step.criteria if (text := fill(entry, slots, limit=CRITERION_LENGTH))],
        complexity=step.complexity,
        category=step.category,
        after=list(step.after),
        keep=step.keep,
        role=step.role,
    )


def slug(text: str, *, taken: Iterable[str] = ()) -> str:
    """Make a short key of a text that is not among `taken`."""
    words = [word for word in re.findall(r"[a-z0-9]+", text.lower()) if stem(word) in content(text)][:4]
    while len(words) > 1 and len("-".join(words)) > KEY_LENGTH - 3:
        words.pop()
    base = "-".join(words)[: KEY_LENGTH - 3].strip("-") or "step"
    used, key, number = set(taken), base, 1
    while key in used:
        number += 1
        key = f"{base}-{number}"
    return key


def imperative(intent: Intent, *, limit: int = NAME_LENGTH) -> str:
    """Give an item of a list as a step's name: its own order, or an order made of a bare noun or a statement."""
    text = intent.text.rstrip(".")
    if intent.verb or mostly_foreign(text):
        return clip(capitalized(text), limit)
    first = text.split(" ", 1)
    if first and (key := stem(first[0].lower())) in VERBS and first[0].lower().endswith("ing") and len(first) > 1:
        return clip(capitalized(f"{SPELLED[key]} {first[1]}"), limit)
    if intent.clause:
        return clip(f"Fix: {lowered(text)}", limit)
    if re.search(r"\b(?:must|should|shall|can|will|is|are|has|have|needs?)\b", text):
        return clip(f"Make it so: {lowered(text)}", limit)
    return clip(f"Do the {lowered(text)}" if _is_activity(text) else f"Provide {lowered(definite(text))}", limit)


def _is_activity(text: str) -> bool:
    return bool(
        re.search(
            r"\w(?:tion|ing|ment|sis|review|audit|check|test|tests|cleanup|setup|rollout|work)$",
            text.split(" for ", maxsplit=1)[0].lower(),
        )
    )


def fulfilled(intent: Intent) -> str:
    """Say that an item is done, as a criterion: `Add the login page` becomes `The login page is added`."""
    if not intent.verb or not intent.object or (" " in intent.verb and intent.verb != "set up"):
        return clip(capitalized(intent.text), CRITERION_LENGTH)
    thing = definite(intent.object)
    last = re.split(r"\s+(?:of|for|to|in|with)\s+", thing)[0].split()[-1].lower()
    plural = (last.endswith("s") and not last.endswith(("ss", "us", "is"))) or " and " in thing
    rest = " ".join(
        f"{key} {value}" if key not in {"when", "deadline"} else value for key, value in intent.parts.items()
    )
    return clip(
        capitalized(f"{thing} {'are' if plural else 'is'} {_participle(intent.verb)} {rest}".strip()), CRITERION_LENGTH
    )


def _participle(verb: str) -> str:
    if verb in _PARTICIPLES:
        return _PARTICIPLES[verb]
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2:-1] not in {"a", "e", "o"}:
        return verb[:-1] + "ied"
    return verb + "ed"


def near_parent(name: str, parent: str) -> bool:
    """Tell whether a step's name says nearly what the whole task's does."""
    return _likeness(name, parent) >= SAME_AS_PARENT


def near(name: str, other: str) -> bool:
    """Tell whether two names mean the same step."""
    return name.lower() == other.lower() or _likeness(name, other) >= SAME_AS_EXISTING


def _likeness(one: str, other: str) -> float:
    """Share of common words by the caller's measure, by stems and by plain words: whichever finds them closest."""
    return max(
        jaccard(content_words(one), content_words(other)),
        overlap(content(one), content(other)),
        overlap(tokens(one), tokens(other)),
    )
