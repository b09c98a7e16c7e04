"""Finding tasks by words: every word has to occur, in any form, and the field in which it stands ranks the task.

Words are compared by their stems (`tasks/words.py`), without accents, and identifiers are taken apart: `cache` finds
caching, `TaskCache`, `task_cache` and `HTTPCache`.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from prentice.errors import UsageError
from prentice.tasks.record import Task
from prentice.tasks.todolist import TodoList
from prentice.tasks.words import content_words

NAME_WEIGHT: Final = 8
TAG_WEIGHT: Final = 4
DESCRIPTION_WEIGHT: Final = 2
COMMENT_WEIGHT: Final = 1
"""What a word that was searched for is worth where it stands: each field more than all after it together, so that a
name always beats what only mentions the word. How rare a word is does not matter: all of them have to occur."""

_ALIKE: Final = {
    **dict.fromkeys("\u2018\u2019\u02bc\uff07", "'"),
    "\u03a3": "\u03c3", "\u03c2": "\u03c3",
    "ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D",
    "\u0131": "i",
}  # fmt: skip
"""What Unicode does not take apart. A sigma's form depends on what follows it, also past the word's end."""
_ODD: Final = re.compile(f"[{''.join(_ALIKE)}\u0300-\u036f]")
_ACRONYM: Final = re.compile(r"(?<=[A-Z])(?=[A-Z][a-z])")
_RUN: Final = re.compile(r"[\w']*")


def best_first(todolist: TodoList, tasks: Iterable[Task], text: str) -> list[Task]:
    """Give the tasks in which every word of the text occurs, best first, equals in the order given.

    Raises:
        UsageError: the text has no word that can be searched for.
    """
    wanted = words_of(text)
    if not wanted:
        raise UsageError(
            f"{text!r} has no word that can be searched for.", next_step="Search for words that say what is meant."
        )
    scored = [(score, task) for task in tasks if (score := _score(todolist, task, wanted))]
    return [task for _, task in sorted(scored, key=lambda entry: -entry[0])]


def words_of(text: str) -> frozenset[str]:
    """Give the stems by which a text is found."""
    return content_words(_ACRONYM.sub(" ", plain(text)))


def plain(text: str) -> str:
    """Give text without accents and with plain apostrophes; upper and lower case stay."""
    if text.isascii():
        return text
    if not unicodedata.is_normalized("NFD", text):
        text = unicodedata.normalize("NFD", text)
    if _ODD.search(text):
        text = _ODD.sub(lambda match: _ALIKE.get(match[0], ""), text)
    return unicodedata.normalize("NFC", text)


def _score(todolist: TodoList, task: Task, wanted: frozenset[str]) -> int:
    """Give 0 when a word is missing, else the words' weights added up."""
    fields = (
        (NAME_WEIGHT, task.name),
        (TAG_WEIGHT, " ".join(task.tags)),
        (DESCRIPTION_WEIGHT, task.description),
        (COMMENT_WEIGHT, "\n".join(comment.content for comment in todolist.comments(task.id))),
    )
    texts = [(weight, there, there.lower()) for weight, text in fields if text and (there := plain(text))]
    # Cutting off endings leaves the beginning of a word, so that looking for it passes all that match, and quickly.
    if not all(any(word in lowered for _, _, lowered in texts) for word in wanted):
        return 0
    found = [(weight, _occurring(text, lowered, wanted)) for weight, text, lowered in texts]
    if len(frozenset().union(*(words for _, words in found))) < len(wanted):
        return 0
    return sum(weight * len(words) for weight, words in found)


def _occurring(text: str, lowered: str, wanted: frozenset[str]) -> set[str]:
    """Give the wanted words that occur; only what stands around a match is taken apart. Both texts are equally long."""
    found: set[str] = set()
    for word in wanted:
        at = lowered.find(word)
        while at >= 0 and word not in found:
            start = at
            while start and (lowered[start - 1].isalnum() or lowered[start - 1] in "_'"):
                start -= 1
            run = _RUN.match(lowered, at)
            end = max(run.end() if run else at, at + len(word))
            found |= _stems(text[start:end]) & wanted
            at = lowered.find(word, end)
    return found


@lru_cache(maxsize=8192)
def _stems(run: str) -> frozenset[str]:
    return content_words(_ACRONYM.sub(" ", run))
