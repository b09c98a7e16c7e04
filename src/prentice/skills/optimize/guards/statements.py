"""Statements: whether what a sentence says stands in another text too, in whatever order and form of its words."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from prentice.skills.optimize.atoms import atoms
from prentice.skills.optimize.guards.inflection import roots
from prentice.skills.optimize.guards.wording import meanings, scaffold
from prentice.skills.optimize.prose import PromptText

KEPT: Final = 0.6
"""The share of a statement's words that a rewrite keeps close together."""
BACKED: Final = 0.9
"""The share of a rewrite's telling words that stand close together in a source."""
LACKING: Final = 0.7
"""From which share of scarcer words on a statement counts as dropped; of one that is dropped, all words are scarcer.

The three shares and the two windows were set on the paraphrases and issues of `tests/skills/optimize`.
"""
KEPT_WINDOW: Final = 3
BACKED_WINDOW: Final = 2
"""Sentences in a row that one statement may be spread over."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence, all its words, and those that tell something."""

    sentence: str
    every: frozenset[str]
    telling: frozenset[str]

    @property
    def names_facts(self) -> bool:
        """Whether it names what nobody can know who was not told."""
        return bool(atoms(self.sentence))

    @property
    def words(self) -> frozenset[str]:
        """The words by which it is known: those that tell something, or all where hardly any does."""
        return self.telling if len(self.telling) > 1 else self.every


@dataclass(frozen=True)
class Said:
    """What a text says, for looking statements up in it."""

    text: str

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """The text's sentences as statements."""
        prompt = PromptText(self.text)
        return tuple(_statement(span.of(prompt.told)) for span in prompt.sentences)

    @cached_property
    def words(self) -> Counter[str]:
        """All words of the text, with how often they stand there."""
        return roots(PromptText(self.text).told)

    @cached_property
    def _sentences(self) -> Sequence[frozenset[str]]:
        prompt = PromptText(self.text)
        spans = sorted((*prompt.sentences, *prompt.headings, *prompt.code))
        return [frozenset(roots(span.of(prompt.told))) for span in spans]

    @cached_property
    def _word_for_word(self) -> frozenset[frozenset[str]]:
        return frozenset(self._sentences)

    @cached_property
    def _rows(self) -> dict[int, list[frozenset[str]]]:
        """The words of so many sentences in a row, from each sentence on."""
        starts = range(len(self._sentences))
        return {
            window: [frozenset().union(*self._sentences[start : start + window]) for start in starts]
            for window in (BACKED_WINDOW, KEPT_WINDOW)
        }

    def share(self, words: frozenset[str], *, window: int) -> float:
        """Give the largest share of words that stand in so many sentences in a row, or others that mean the same."""
        wanted = [meanings(word) for word in words]
        best = 0
        for row in self._rows[window]:
            best = max(best, sum(not meant.isdisjoint(row) for meant in wanted))
            if best == len(wanted):
                break
        return best / max(1, len(wanted))

    def makes(self, statement: Statement) -> bool:
        """Whether a statement of another text is made here too."""
        if statement.every in self._word_for_word:
            return True
        share = self.share(statement.words, window=KEPT_WINDOW)
        return share == 1 if len(statement.words) < KEPT_WINDOW else share >= KEPT

    def backs(self, statement: Statement, *, beside: frozenset[str] = frozenset()) -> bool:
        """Whether what a statement tells stands here, but for words that others vouch for; small words need none."""
        told = statement.telling - beside
        if not statement.names_facts:  # what a word for a small word says, the small word says too
            told = frozenset(word for word in told if meanings(word).isdisjoint(scaffold()))
        return not told or statement.every in self._word_for_word or self.share(told, window=BACKED_WINDOW) >= BACKED

    def lacks(self, statement: Statement, *, of: "Said") -> bool:
        """Whether the words of a statement stand here less often than in the text that it is from.

        So a statement that is dropped is missed although another one has the same words.
        """
        scarcer = sum(_count(self.words, word) < _count(of.words, word) for word in statement.words)
        return scarcer > LACKING * len(statement.words)


def _statement(sentence: str) -> Statement:
    every = frozenset(roots(sentence))
    return Statement(sentence=" ".join(sentence.split()), every=every, telling=every - scaffold())


def _count(words: Counter[str], word: str) -> int:
    return sum(words[meant] for meant in meanings(word))
