"""The guard against made-up facts: every hard fact and every telling word of a rewrite has a source, or it is refused.

A false statement made of the prompt's own words alone is beyond it; that needs a reader.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from prentice.skills.optimize.atoms import Atom, atoms
from prentice.skills.optimize.grounds import Grounds, Source
from prentice.skills.optimize.guards.inflection import roots
from prentice.skills.optimize.guards.objection import Objection
from prentice.skills.optimize.guards.statements import Said
from prentice.skills.optimize.guards.wording import meanings, scaffold
from prentice.skills.optimize.prose import PLACEHOLDER

_SHOWN: Final = 5
_KEPT_TEXTS: Final = 16  # the few texts that a run compares, each many times
_NUMBER_WORDS: Final = dict(
    zip("two three four five six seven eight nine ten eleven twelve".split(), map(str, range(2, 13)), strict=True)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A fact that a rewrite adds, and the source that it was found in."""

    fact: str
    source: str

    def document(self) -> dict[str, str]:
        """Give it as JSON values."""
        return {"fact": self.fact, "source": self.source}


def invented(after: str, grounds: Grounds) -> tuple[Objection, ...]:
    """Object to each hard fact and each telling word that no source has; placeholders ask, and tell nothing."""
    sources = grounds.sources
    without = [atom for atom in atoms(after) if not any(holds(source.text, atom) for source in sources)]
    facts = tuple(dict.fromkeys(atom.written for atom in without))
    told = tuple(_unknown_words(after, sources)) if not facts else ()
    said = _unknown_statements(after, sources) if not facts and not told else ()
    objections = [
        Objection(guard="invention", says="No source says this; use [NEEDS: ...] for what is not known.", evidence=fact)
        for fact in facts[:_SHOWN]
    ]
    if told:
        objections.append(
            Objection(guard="invention", says="These words are in no source.", evidence=", ".join(told[:_SHOWN]))
        )
    objections += [
        Objection(guard="invention", says="No source says this.", evidence=sentence) for sentence in said[:_SHOWN]
    ]
    return tuple(objections)


def additions(after: str, grounds: Grounds) -> tuple[Added, ...]:
    """Give the hard facts that a text has and the prompt has not, each with the source that it is from."""
    prompt, *others = grounds.sources or (Source(name="prompt", text=""),)
    found: dict[str, Added] = {}
    for atom in atoms(after):
        if not holds(prompt.text, atom):
            source = next((source.name for source in others if holds(source.text, atom)), "")
            if source:
                found.setdefault(atom.key, Added(fact=atom.written, source=source))
    return tuple(found.values())


def holds(text: str, atom: Atom) -> bool:
    """Whether a text has a hard fact, whatever stands around it; a number only as a whole."""
    if atom.kind == "number":
        return atom.key in _numbers(text)
    start = r"(?<![a-z0-9_])" if atom.key[0].isalnum() else ""
    end = r"(?![a-z0-9_])" if atom.key[-1].isalnum() else ""
    return re.search(start + re.escape(atom.key) + end, _folded(text)) is not None


@lru_cache(maxsize=_KEPT_TEXTS)
def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


@lru_cache(maxsize=_KEPT_TEXTS)
def _numbers(text: str) -> frozenset[str]:
    written = {atom.key for atom in atoms(text) if atom.kind == "number"}
    parts = set(re.findall(r"\d+(?:\.\d+)*", text))
    spelled = {_NUMBER_WORDS[word] for word in re.findall(r"[a-z]+", text.lower()) if word in _NUMBER_WORDS}
    return frozenset(written | parts | spelled)


def _unknown_words(after: str, sources: Sequence[Source]) -> Iterator[str]:
    """Give the words of a rewrite that no source has, that stand for no word of a source, and that tell something."""
    known = roots("\n".join(source.text for source in sources)).keys() | scaffold()
    text = PLACEHOLDER.sub(" ", after)
    for word in sorted(roots(text).keys() - known):
        if len(word) > 1 and word not in _NUMBER_WORDS and not meanings(word) & known:
            yield _as_written(word, text)
    spelled = {word for word in re.findall(r"[a-z]+", text.lower()) if word in _NUMBER_WORDS}
    numbers = frozenset().union(*(_numbers(source.text) for source in sources)) if sources else frozenset()
    yield from sorted(word for word in spelled if _NUMBER_WORDS[word] not in numbers)


def _unknown_statements(after: str, sources: Sequence[Source]) -> tuple[str, ...]:
    """Give the sentences that put words of the prompt together as it does not; words of other sources may join any."""
    prompt = Said("\n\n".join(source.text for source in sources[:1]))
    others = frozenset(roots("\n".join(source.text for source in sources[1:])))
    made = Said(PLACEHOLDER.sub(" ", after)).statements
    return tuple(statement.sentence for statement in made if not prompt.backs(statement, beside=others))


def _as_written(found: str, text: str) -> str:
    return next((word for word in re.findall(r"[^\W_]+", text) if found in roots(word)), found)
