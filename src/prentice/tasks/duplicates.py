"""Open tasks that may say the same thing twice."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil
from typing import Final

from prentice.tasks.record import Task
from prentice.tasks.todolist import TodoList
from prentice.tasks.words import content_words, jaccard

SIMILAR: Final = 0.7
"""From which share of common words (Jaccard, of names or of whole texts) on two tasks are shown as a pair. Two names of
five words that differ in one share 4/6 and are not; of seven words, 6/8, they are. On the real Todo2 file that we
measured (124 tasks, many repeated) 0.5 to 0.8 give 79 to 69 pairs, so the exact bar matters little."""

LOOKED_AT: Final = 200
"""How many earlier tasks one task is compared with at most, those that share its rarest words first. It keeps the
time linear where thousands of tasks repeat one phrase; below that, every pair is found."""

_FEWEST: Final = 2
"""One shared word says nothing: shorter names are compared only by their whole text."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two tasks that look alike, in the file's order, and the share of common words, SIMILAR to 1."""

    first: Task
    second: Task
    similarity: float


def duplicates(todolist: TodoList) -> list[Pair]:
    """Give the pairs of open tasks with similar names or texts, most similar first.

    Left out are tasks of which one is the other's parent or dependency, tasks with different numbers in their words
    (steps of a series), and, by name alone, steps of different parents. Of many tasks with the same words each is
    paired with the first only.
    """
    tasks = [task for task in todolist.tasks.values() if task.is_open]
    names = [content_words(task.name) for task in tasks]
    texts = [content_words(task.text) for task in tasks]
    found: dict[tuple[int, int], float] = {}
    for first, second, similarity in _alike(names):
        if tasks[first].parent == tasks[second].parent:
            found[first, second] = similarity
    for first, second, similarity in _alike(texts):
        found[first, second] = max(similarity, found.get((first, second), 0.0))
    pairs = [
        Pair(tasks[first], tasks[second], similarity)
        for (first, second), similarity in sorted(found.items())
        if not _linked(tasks[first], tasks[second])
    ]
    return sorted(pairs, key=lambda pair: -pair.similarity)


def _alike(sets: Sequence[frozenset[str]]) -> Iterator[tuple[int, int, float]]:
    """Give (earlier, later, similarity) of the sets that are alike.

    Two sets with a Jaccard of t or more share one of the rarest |s| - ceil(t |s|) + 1 words of each (prefix filtering:
    Chaudhuri, Ganti, Kaushik 2006), so only those words are looked up.
    """
    frequency = Counter(word for words in sets for word in words)
    first_of: dict[frozenset[str], int] = {}
    holders: Mapping[str, list[int]] = defaultdict(list)
    for index, words in enumerate(sets):
        if len(words) < _FEWEST:
            continue
        if words in first_of:
            yield first_of[words], index, 1.0
            continue
        first_of[words] = index
        rarest = sorted(words, key=lambda word: (frequency[word], word))
        prefix = rarest[: len(words) - ceil(SIMILAR * len(words)) + 1]
        near = (other for word in prefix for other in reversed(holders[word]))
        for other in dict.fromkeys(islice(near, LOOKED_AT)):
            if len(sets[other]) < SIMILAR * len(words) or len(words) < SIMILAR * len(sets[other]):
                continue
            similarity = jaccard(words, sets[other])
            if similarity >= SIMILAR and _numbers(words) == _numbers(sets[other]):
                yield other, index, similarity
        for word in prefix:
            holders[word].append(index)


def _numbers(words: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in words if word[0].isdigit())


def _linked(first: Task, second: Task) -> bool:
    """Tell whether the list itself says that the two are different work."""
    return (
        first.id == second.parent
        or second.id == first.parent
        or first.id in second.dependencies
        or second.id in first.dependencies
    )
