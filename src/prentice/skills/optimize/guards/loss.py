"""The guard against dropped facts: facts, lines of code, statements and their telling words survive."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from prentice.skills.optimize.atoms import atoms
from prentice.skills.optimize.guards.inflection import roots
from prentice.skills.optimize.guards.invention import holds
from prentice.skills.optimize.guards.objection import Objection
from prentice.skills.optimize.guards.statements import Said, Statement
from prentice.skills.optimize.guards.turning import without_operators
from prentice.skills.optimize.guards.wording import meanings
from prentice.skills.optimize.prose import PromptText

_SHOWN: Final = 5
_SMALL: Final = frozenset(
    "a an the of and to in on at by for from with is are was be it its that this when if as or".split()
)
"""Words that come with any other order of a sentence, and stand for no other word."""


def lost(before: str, after: str) -> tuple[Objection, ...]:
    """Object to what the prompt says and the rewrite does not."""
    return (*_facts(before, after), *_code(before, after), *_statements(before, after))


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
        if statement.words
        and (now.lacks(statement, of=was) or not now.makes(statement) or _thinned(statement, was, now))
    ]  # fmt: skip
    for sentence in gone[:_SHOWN]:
        yield Objection(guard="loss", says="The prompt says this, and the rewrite does not.", evidence=sentence)


def _thinned(statement: Statement, was: Said, now: Said) -> bool:
    """Whether telling words of a statement are gone and nothing came in their place: a condition, a property.

    In other words a statement keeps its length, so each word that is gone leaves a new one behind.
    """
    telling = statement.telling & roots(without_operators(statement.sentence)).keys()
    gone = sum(not any(now.words[meant] for meant in meanings(word)) for word in telling)
    return gone > len(now.words.keys() - was.words.keys() - _SMALL)
