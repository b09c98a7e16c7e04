"""The guard against dropped facts: facts, code, statements, negations and bounds of the prompt survive."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from prentice.skills.optimize.atoms import atoms
from prentice.skills.optimize.grounds import Grounds
from prentice.skills.optimize.guards.invention import holds
from prentice.skills.optimize.guards.objection import Objection
from prentice.skills.optimize.guards.statements import Said
from prentice.skills.optimize.prose import PLACEHOLDER, PromptText, blanked

_SHOWN: Final = 5
_OPERATORS: Final[Mapping[str, str]] = {
    "a lower bound": r"\b(?:at least|no (?:less|fewer) than|or more|minimum)\b",
    "an upper bound": r"\b(?:at most|up to|no (?:more|longer) than|or (?:less|fewer)|maximum|not more than)\b",
    "a negation": (
        r"\b(?:not|no|never|none|neither|nor|without|cannot|unless|except)\b|n['\u2019]t\b|"
        r"\b(?:avoid|prevent|refrain|forbid|prohibit)(?:s|ed|ing|den)?\b|\b(?:unchanged|untouched|unaffected|intact)\b"
    ),
    "a word for all": r"\b(?:all|every|each|per|always|everything|everywhere|everyone)\b",
    "a reserve": (
        r"\b(?:maybe|perhaps|possibly|probably|presumably|apparently|supposedly|might|somehow|unsure|"
        r"i (?:think|guess|believe|suppose|assume))\b"
    ),
    "a restriction": r"\b(?:only|solely|exactly|just)\b",
}
"""Words that turn a statement round, bound it or leave it open, in the order in which they are read off."""
_RESERVE: Final = "a reserve"


def lost(before: str, after: str) -> tuple[Objection, ...]:
    """Object to what the prompt says and the rewrite does not."""
    return (*_facts(before, after), *_code(before, after), *_statements(before, after))


def turned(before: str, after: str, grounds: Grounds) -> tuple[Objection, ...]:
    """Object to negations, quantifiers, bounds and reserves that are gone or new; the user's answers may bring some.

    A reserve may become a placeholder that asks; dropped, it would make a fact of a guess.
    """
    were, now, told = (_operators(text) for text in (before, after, " ".join(grounds.answers.values())))
    found = []
    asked = max(0, len(PLACEHOLDER.findall(after)) - len(PLACEHOLDER.findall(before)))
    for name in _OPERATORS:
        if now[name] < were[name] - (asked if name == _RESERVE else 0):
            found.append(Objection(guard="loss", says=f"The prompt has {name} that is gone.", evidence=""))
        elif now[name] > were[name] + told[name]:
            found.append(Objection(guard="invention", says=f"There is {name} that no source has.", evidence=""))
    return tuple(found)


def _facts(before: str, after: str) -> Iterator[Objection]:
    gone = dict.fromkeys(atom.written for atom in atoms(before) if not holds(after, atom))
    for fact in list(gone)[:_SHOWN]:
        yield Objection(guard="loss", says="The prompt says this, and the rewrite does not.", evidence=fact)


def _code(before: str, after: str) -> Iterator[Objection]:
    kept = Counter(line.strip() for line in after.split("\n"))
    prompt = PromptText(before)
    were = Counter(
        line.strip() for span in prompt.code for line in span.of(before).split("\n") if re.search(r"\w", line)
    )
    for line in [line for line, count in were.items() if kept[line] < count][:_SHOWN]:
        yield Objection(guard="loss", says="A line of code is gone or changed.", evidence=line)


def _statements(before: str, after: str) -> Iterator[Objection]:
    was, now = Said(before), Said(after)
    gone = [
        statement.sentence for statement in was.statements
        if statement.words and (now.lacks(statement, of=was) or not now.makes(statement))
    ]  # fmt: skip
    for sentence in gone[:_SHOWN]:
        yield Objection(guard="loss", says="The prompt says this, and the rewrite does not.", evidence=sentence)


def _operators(text: str) -> Counter[str]:
    prompt = PromptText(PLACEHOLDER.sub(lambda match: " " * len(match[0]), text))
    prose = blanked(prompt.prose, prompt.inline)
    counts: Counter[str] = Counter()
    for name, pattern in _OPERATORS.items():
        counts[name] = len(re.findall(pattern, prose, re.IGNORECASE))
        prose = re.sub(pattern, " ", prose, flags=re.IGNORECASE)
    return counts
