"""The guard against statements that are turned round: with the same words, but another sense.

Negations, bounds and the like stay, and stay with what they are said of; opposites, numbers and both sides of a `to` do
not change places. A statement that is turned in other ways is beyond it.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import combinations
from typing import Final

from prentice.skills.optimize.grounds import Grounds
from prentice.skills.optimize.guards.inflection import roots
from prentice.skills.optimize.guards.objection import Objection
from prentice.skills.optimize.guards.wording import meanings, opposites, scaffold
from prentice.skills.optimize.prose import PLACEHOLDER, PromptText, blanked

_OPERATORS: Final[Mapping[str, str]] = {
    "a lower bound": r"\b(?:at least|no (?:less|fewer) than|or more|minimum)\b",
    "an upper bound": (
        r"\b(?:at most|up to|no (?:more|longer) than|or (?:less|fewer)|maximum|not more than|"
        r"limit(?:ed|s)?(?: [\w-]+){0,3}? to)\b"
    ),
    "a negation": (
        r"\b(?:not|no|never|none|neither|nor|without|cannot|unless|except)\b|n['\u2019]t\b|"
        r"\b(?:avoid|prevent|refrain|forbid|prohibit)(?:s|ed|ing|den)?\b|\b(?:unchanged|untouched|unaffected|intact)\b"
    ),
    "a word for all": r"\b(?:all|every|each|per|always|everything|everywhere|everyone)\b",
    "a reserve": (
        r"\b(?:maybe|perhaps|possibly|probably|presumably|apparently|supposedly|might|somehow|unsure|"
        r"i (?:think|guess|believe|suppose|assume))\b"
    ),
    "a restriction": r"\b(?:only|solely|exactly|just)\b(?! once\b)",
    "a quantity": r"(?<!how )\b(?:most|many|few|several|half|some)\b",
    "a choice": r"\boptional(?:ly)?\b",
}
"""Words that turn a statement round, bound it or leave it open, in the order in which they are read off."""
_RESERVE: Final = "a reserve"
_NEGATION: Final = "a negation"
_BOUND_TO_WORDS: Final = (_NEGATION, "a word for all", "a restriction", "a quantity")
_DENYING: Final = r"(?i)\b(?:missing|absent|lack(?:s|ing)?|skip\w*|ignor\w+|omit\w*|exclud\w+|stop\w*)\b"
"""Words that deny without a negation: what `is missing` is what `there is no` of."""
_CLAUSE_END: Final = re.compile(
    r"[,;:!?()\n]|\.(?=\s|$)|"
    r"\b(?:and|but|or|when|if|while|until|so that|because|which|that|then|instead of|rather than)\b",
    re.IGNORECASE,
)
_MOST_NUMBERS: Final = 100  # each is compared with each
_NUMBER: Final = r"(?<![\w.])\d+(?:[.,]\d+)*"
_MEASURED: Final = rf"({_NUMBER})[ -]?([A-Za-z]+)"
_SIDES: Final = (
    r"(?i)(?=(?<![\w.`])(`[^`\n]+`|[\w./-]*\w) "
    r"(to|into|with|by|from|than|rather than|instead of|before|after|over|calls|becomes) "
    r"(?:the |an? )?(`[^`\n]+`|[\w./-]*\w))"
)

_WAY: Final = r"(?i)\bfrom ([\w` ./-]{1,40}?) (?:in)?to ([\w` /-]{1,40})"


def turned(before: str, after: str, grounds: Grounds) -> tuple[Objection, ...]:
    """Object to what turns a statement round; the user's answers may bring negations, quantifiers and bounds."""
    return (*_counted(before, after, grounds), *_moved(before, after), *_exchanged(before, after))


def without_operators(text: str) -> str:
    """Give a text without its negations, quantifiers, bounds and reserves."""
    for pattern in _OPERATORS.values():
        text = re.sub(pattern, " ", text, flags=re.IGNORECASE)
    return text


def _counted(before: str, after: str, grounds: Grounds) -> Iterator[Objection]:
    """Object to negations, quantifiers, bounds and reserves that are gone or new.

    A reserve may become a placeholder that asks; dropped, it would make a fact of a guess.
    """
    were, now, told = (_operators(text) for text in (before, after, " ".join(grounds.answers.values())))
    asked = max(0, len(PLACEHOLDER.findall(after)) - len(PLACEHOLDER.findall(before)))
    for name in _OPERATORS:
        gone = were[name] - now[name] - (asked if name == _RESERVE else 0)
        new = now[name] - were[name] - told[name]
        if name == _NEGATION:
            gone, new = gone - _denied(before, after), new - _denied(after, before)
        if gone > 0:
            yield Objection(guard="loss", says=f"The prompt has {name} that is gone.", evidence="")
        elif new > 0:
            yield Objection(guard="invention", says=f"There is {name} that no source has.", evidence="")


def _denied(negated: str, otherwise: str) -> int:
    """Count the clauses with a negation that another text says with a word that denies, and without a negation."""
    negation = re.compile(_OPERATORS[_NEGATION], re.IGNORECASE)
    denying = [
        words for clause, words in _clauses(otherwise) if re.search(_DENYING, clause) and not negation.search(clause)
    ]
    return sum(
        any(_meet(words, others) for others in denying)
        for clause, words in _clauses(negated)
        if negation.search(clause) and not re.search(_DENYING, clause)
    )


def _moved(before: str, after: str) -> Iterator[Objection]:
    """Object to negations and quantifiers that are said of other words than before."""
    for name in _BOUND_TO_WORDS:
        were = [words for clause, words in _clauses(before) if re.search(_OPERATORS[name], clause, re.IGNORECASE)]
        if not were or not all(were):
            continue
        for clause, words in set(_clauses(after)) - set(_clauses(before)):
            if re.search(_OPERATORS[name], clause, re.IGNORECASE) and words and not any(_meet(words, w) for w in were):
                yield Objection(guard="loss", says=f"The prompt says {name} of something else.", evidence=clause)


def _exchanged(before: str, after: str) -> Iterator[Objection]:
    """Object to opposites, numbers, units and sides that changed places."""
    were, now = (_every(text) for text in (before, after))
    for group in opposites():
        for one, other in ((one, other) for one in group for other in group if one != other):
            if sum(now[w] - were[w] for w in one) < 0 < sum(now[w] - were[w] for w in other):
                yield Objection(
                    guard="loss", says="A word became its opposite.", evidence=", ".join(sorted(now.keys() & other))
                )
    yield from _exchanged_numbers(before, after)
    sides, turned_sides = set(_sides(before)), set(_sides(after))
    for left, word, right in turned_sides - sides:
        if (right, word, left) in sides - turned_sides:
            yield Objection(guard="loss", says="Two sides changed places.", evidence=f"{left} {word} {right}")
    were_ways = frozenset(_ways(before))
    for start, end in frozenset(_ways(after)) - were_ways:
        for was_start, was_end in were_ways:
            if _meet(start, was_end) and _meet(end, was_start) and not _meet(start, was_start):
                yield Objection(guard="loss", says="The way goes back.", evidence=" ".join(sorted(start)))


def _exchanged_numbers(before: str, after: str) -> Iterator[Objection]:
    units, now = (dict(_units(text)) for text in (before, after))
    others = set(units.values())
    for number in now.keys() & units.keys():
        if now[number] != units[number] and (now[number] in others or len(now[number]) == 1):
            yield Objection(guard="loss", says="A number has another unit.", evidence=f"{number} {now[number]}")
    was_with, is_with = (_beside_numbers(text) for text in (before, after))
    changed = sorted(number for number in was_with.keys() & is_with.keys() if was_with[number] != is_with[number])
    for one, other in combinations(changed[:_MOST_NUMBERS], 2):
        straight = len(was_with[one] & is_with[one]) + len(was_with[other] & is_with[other])
        crossed = len(was_with[one] & is_with[other]) + len(was_with[other] & is_with[one])
        if crossed > straight:
            yield Objection(guard="loss", says="Two numbers changed places.", evidence=f"{one}, {other}")


def _operators(text: str) -> Counter[str]:
    prose = _prose(text)
    counts: Counter[str] = Counter()
    for name, pattern in _OPERATORS.items():
        counts[name] = len(re.findall(pattern, prose, re.IGNORECASE))
        prose = re.sub(pattern, " ", prose, flags=re.IGNORECASE)
    return counts


@lru_cache(maxsize=16)
def _prose(text: str) -> str:
    prompt = PromptText(PLACEHOLDER.sub(lambda match: " " * len(match[0]), text))
    return blanked(prompt.prose, prompt.inline)


@lru_cache(maxsize=16)
def _clauses(text: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """Give the clauses with the words that tell something."""
    prompt = PromptText(PLACEHOLDER.sub(lambda match: " " * len(match[0]), text))
    found = []
    for span in prompt.sentences:
        for part in _CLAUSE_END.split(span.of(prompt.prose)):
            words = frozenset(word for word in roots(without_operators(part)) if len(word) > 1) - scaffold()
            found.append((" ".join(part.split()), words))
    return tuple(found)


@lru_cache(maxsize=16)
def _every(text: str) -> Counter[str]:
    return roots(_prose(text))


def _meet(words: frozenset[str], others: frozenset[str]) -> bool:
    return any(not meanings(word).isdisjoint(others) for word in words)


def _sides(text: str) -> Iterator[tuple[str, str, str]]:
    told = PromptText(text).told.casefold()
    return ((match[1].strip("`"), match[2], match[3].strip("`")) for match in re.finditer(_SIDES, told))


def _ways(text: str) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """Give the words of both ends of each `from ... to ...`."""
    for start, end in re.findall(_WAY, PromptText(text).told):
        yield frozenset(roots(start)) - scaffold(), frozenset(roots(end)) - scaffold()


def _units(text: str) -> Iterator[tuple[str, str]]:
    """Give each number that always has the same word after it, with that word's root."""
    found: dict[str, set[str]] = {}
    for number, word in re.findall(_MEASURED, _prose(text)):
        found.setdefault(number, set()).update(roots(word))
    return ((number, next(iter(words))) for number, words in found.items() if len(words) == 1)


def _beside_numbers(text: str) -> dict[str, frozenset[str]]:
    """Give the telling words of the clause of each number that stands in one clause alone."""
    found: dict[str, list[frozenset[str]]] = {}
    for clause, _ in _clauses(text):
        for number in set(re.findall(_NUMBER, clause)):
            found.setdefault(number, []).append(frozenset(roots(clause)) - scaffold())
    return {number: words[0] for number, words in found.items() if len(words) == 1}
