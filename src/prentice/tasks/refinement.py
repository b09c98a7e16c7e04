"""What a finished task may touch: the open tasks to look at again, each with the reasons why.

Todo2's workflow asks for it after Done: other tasks are created, changed or deleted, and a note says why.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from prentice.tasks.record import Task
from prentice.tasks.todolist import TodoList
from prentice.tasks.words import content_words

MOST: Final = 10
"""How many tasks are named at most: more are not looked at by anybody."""

SHARED_WORDS: Final = 0.6
"""From which share of the content words of the shorter of two names the two are about the same thing."""

_WAITS, _STEP, _PARENT, _NAMES, _ABOUT, _SIBLING = 8.0, 6.0, 5.0, 4.0, 3.0, 1.0
"""How much each reason weighs against the others; a task with several is worth their sum. That its work can begin now
says most, that it has the same parent says least."""

_URL: Final = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]{1,15}://\S+")
_QUOTED: Final = re.compile(r"`([^`\s]{2,200})`")
_WORD: Final = re.compile(r"(?a)(?<![\w@-])[\w@-]*+[./][\w@./-]*")
_EXTENSION: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,7}")
_NO_FILE: Final = re.compile(
    r"(?i)[^/]*\.(?:com|org|net|io|dev|js)|[a-z]\.[a-z]|and/or|input/output|read/write|client/server|on/off"
    r"|true/false|yes/no|ci/cd|i/o|n/a|he/she|tcp/ip|before/after|pass/fail"
)
"""Hosts, abbreviations and pairs of words, which look like files. A `.js` without a directory is more often the name of
a library; in backticks it counts."""

_CHOICE: Final = re.compile(r"[A-Z][\w-]*(?:/[\w-]+)+")
"""`Create/Update/Delete`, as Todo2's template writes it in every description: words to choose from, no directory."""


@dataclass(frozen=True, slots=True)
class Touched:
    """An open task that the finished one may touch, and why, strongest reason first."""

    task: Task
    why: tuple[str, ...]

    def document(self) -> dict[str, object]:
        """Give it as JSON values."""
        return {"task": self.task.id, "name": self.task.name, "why": list(self.why)}


@dataclass(frozen=True, slots=True)
class Refinement:
    """A finished task and the open tasks that it may touch, best first."""

    task: Task
    touched: tuple[Touched, ...]

    def document(self) -> list[dict[str, object]]:
        """Give the touched tasks as JSON values."""
        return [touched.document() for touched in self.touched]

    def prompt(self) -> str:
        """Ask an assistant to bring the touched tasks up to date; empty where there are none."""
        if not self.touched:
            return ""
        listed = "\n".join(f"- {t.task.id} ({t.task.name}): {'; '.join(t.why)}" for t in self.touched)
        return (
            f"{self.task.id} ({self.task.name}) is Done. It may touch these open tasks:\n\n{listed}\n\n"
            "Look at each and decide: leave it, bring it up to date (`prentice edit TASK`), or ask the user to delete "
            "it where nothing is left to do (`prentice delete TASK`). Create what turned out to be missing "
            "(`prentice add NAME`). On each task that you change, leave a note that says what changed and why "
            f"(`prentice comment TASK TEXT`), naming {self.task.id}. Do not widen what a task is for."
        )


@dataclass(slots=True)
class _Reasons:
    """The reasons found for one task, each with its weight."""

    found: list[tuple[float, str]] = field(default_factory=list)

    def add(self, weight: float, says: str) -> None:
        self.found.append((weight, says))

    @property
    def weight(self) -> float:
        return sum(weight for weight, _ in self.found)


def refinement(todolist: TodoList, task: Task) -> Refinement:
    """Give the open tasks that a finished task may touch, at most MOST.

    They wait for it, are its steps, its parent or steps of the same parent, mention it, name a file or symbol that it
    or its `result` names, or have a name that shares most words with its own.
    """
    said = [comment.content for comment in todolist.comments(task.id) if comment.type == "result"]
    named = names("\n".join((task.text, *said)))
    words = content_words(task.name)
    others = [other for other in todolist.tasks.values() if other.is_open and other.id != task.id]
    shared = {other.id: _shared_names(named, other) for other in others}
    holders = Counter(name for found in shared.values() for name in found)
    found: list[tuple[float, Touched]] = []
    for other in others:
        reasons = _Reasons()
        _by_links(todolist, task, other, reasons)
        _by_names(shared[other.id], holders, reasons)
        _by_words(words, other, reasons)
        if reasons.found:
            why = tuple(says for _, says in sorted(reasons.found, key=lambda reason: -reason[0]))
            found.append((reasons.weight, Touched(other, why)))
    best = sorted(found, key=lambda entry: -entry[0])[:MOST]
    return Refinement(task, tuple(touched for _, touched in best))


def names(text: str) -> frozenset[str]:
    """Give the files and symbols that a text names: what stands in backticks, has an extension or holds a slash."""
    text = _URL.sub(" ", text)
    found = {match[1].removesuffix("()") for match in _QUOTED.finditer(text)}
    words = (match[0].rstrip("/.-") for match in _WORD.finditer(_QUOTED.sub(" ", text)))
    found |= {word for word in words if _is_file(word)}
    return frozenset(name.removeprefix("./").rstrip("/.,:;") for name in found if re.search(r"[^\W\d_]{2}", name))


def _is_file(word: str) -> bool:
    stem, dot, extension = word.rsplit("/", 1)[-1].rpartition(".")
    named = bool(stem and dot and _EXTENSION.fullmatch(extension)) or "/" in word
    return named and not _NO_FILE.fullmatch(word) and not _CHOICE.fullmatch(word)


def _by_links(todolist: TodoList, task: Task, other: Task, reasons: _Reasons) -> None:
    if task.id in other.dependencies:
        still = [need for need in todolist.blockers(other) if need != task.id]
        state = f"still waits for {', '.join(still[:3])}" if still else "is ready now"
        reasons.add(_WAITS + (0.0 if still else 1.0), f"waits for {task.id} and {state}")
    if other.parent == task.id:
        reasons.add(_STEP, f"is a step of {task.id}")
    elif task.parent and other.id == task.parent:
        states = Counter(child.is_open for child in todolist.children(other.id) if child.id != task.id)
        left = f"{states[True]} of its steps are open" if states[True] else "all its steps are closed now"
        reasons.add(_PARENT, f"is the parent of {task.id}, and {left}")
    elif task.parent and other.parent == task.parent:
        reasons.add(_SIBLING, f"is a step of {task.parent} too")
    text = other.text
    if task.id in text and re.search(rf"(?<![\w-]){re.escape(task.id)}(?![\w-])", text):
        reasons.add(_NAMES, f"mentions {task.id}")


def _shared_names(named: AbstractSet[str], other: Task) -> list[str]:
    text = other.text
    if not any(_last(name) in text for name in named):  # quick, and passes every task that names one
        return []
    theirs = names(text)
    return sorted(name for name in named if any(_same(name, their) for their in theirs))


def _by_names(shared: Sequence[str], holders: Mapping[str, int], reasons: _Reasons) -> None:
    """Count a name that many tasks share for less: it tells little about one of them."""
    if shared:
        weight = sum(_NAMES * min(1.0, 3 / holders[name]) for name in shared)
        reasons.add(min(weight, 2 * _NAMES), f"names {', '.join(shared[:3])} too")


def _by_words(words: AbstractSet[str], other: Task, reasons: _Reasons) -> None:
    theirs = content_words(other.name)
    shared = words & theirs
    smaller = min(len(words), len(theirs))
    if len(shared) >= 2 and len(shared) >= SHARED_WORDS * smaller:
        said = (word for word in re.findall(r"[\w'\u2019-]+", other.name) if content_words(word) & shared)
        reasons.add(_ABOUT * len(shared) / smaller, f"its name says {', '.join(dict.fromkeys(said))} too")


def _same(left: str, right: str) -> bool:
    """Whether two names mean one file: equal, or one ends with the other from a slash on."""
    return left == right or left.endswith("/" + right) or right.endswith("/" + left)


def _last(name: str) -> str:
    return name.rsplit("/", 1)[-1]
