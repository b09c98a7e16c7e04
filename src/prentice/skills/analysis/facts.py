"""The facts of a task: named numbers, each with the words, paths or values that it was read from."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prentice.context import mentions
from prentice.skills.analysis import technology, vocabulary
from prentice.skills.analysis.reading import Reading
from prentice.skills.analysis.risk import Risk, only_describes, risks
from prentice.tasks.plan import NamedPath, NamedSymbol, RepositoryFacts
from prentice.tasks.record import Task

FACTS: Final[Mapping[str, str]] = {
    "goals": "separate goals in the task's name",
    "steps": "entries of the longest list of work in the description",
    "items": "entries of all lists of work in the description",
    "criteria": "acceptance criteria",
    "words": "words of name and description",
    "targets": "files and directories that the task names; symbols with a known place, where it names no file",
    "found": "of these, those that exist in the repository",
    "missing": "of these, those that do not exist and are not said to be new",
    "ambiguous": "of these, those that several files (or, for a symbol, several places) can mean",
    "areas": "directories that the existing targets lie in",
    "small_object": "1 where the goal's object is a small thing: a typo, a comment, a label, a constant",
    "feature_object": "1 where the goal's object is a part that people use or that other parts are built on",
    "system_object": "1 where the goal's object is a whole system or service",
    "whole_object": "1 where the goal's object is the program as a whole: its architecture, its code base",
    "spread": "1 where the goal speaks of all, every, or a number of places that no file bounds, or of a directory",
    "moves": "1 where something goes from one technology to another of its kind",
    "outside": "1 where the act itself happens outside the repository, in production or with people",
    "risks": "costly matters that several signs agree on",
    "open_points": "what the text itself leaves open",
    "asking_lines": "lines of the description that end in a question mark",
    "asks": "1 where the task's name is itself a question",
    "vague": "1 where the text names nothing that one could look for",
    "unread": "1 where a large part of the text is in a script that the rules cannot read",
    "waiting": "dependencies that are not finished",
    "dependents": "tasks that wait for this one",
    "has_tests": "1 where the repository has a command that runs its tests",
}
"""Every fact's name, as `policy.toml` uses it, and what it counts."""

_NUMBER_OF: Final = r"(?i)\b(?:all\s+)?(\d{1,4})\+?\s+(?:[\w-]+\s+){0,2}?([a-z]+s)\b"
_AND_AFTER: Final = r"\b([A-Za-z]+)\b(?=((?:\s+[\w-]+){0,3}))"
_MANY: Final = 5
_HEDGE: Final = (
    r"(?i)\b(?:maybe|perhaps|possibly|somehow|tbd|tbc|to be (?:decided|determined|defined|discussed)|not sure|unsure|"
    r"undecided|unclear|something like|some kind of|some sort of|not yet known|figure out (?:whether|if))\b|\?\?+"
)
_QUESTION: Final = r"[^.!?\n]{8,200}\?(?=\s|$)"
_WHEREABOUTS: Final = r"(?i)\b(?:production|prod|live (?:system|site|environment|server))\b"
_WORLDLY: Final = (
    r"(?i)\b(?:api[ -]?keys?|(?:access|signing|private) keys?|credentials?|secrets?|passwords?|certificates?|dns|"
    r"domains?|databases?|db|tables?|data|records|accounts?|customers?|users|billing|servers?|hosts?|clusters?|backups?)\b"
)
_REFERENCE_LINE: Final = (
    r"(?im)^[ \t*_#>+-]*(?:references?|see(?: also)?|related|sources?|inspired by|based on|background|examples?|"
    r"usage)\b[^:\n]{0,20}:.*$"
)
"""A line that says where to read on: its paths are not what the work is about."""
_ASKING_LINE: Final = r"(?m)\?[ \t*_]*$"
_NEW_FILE: Final = r"(?i)\b(?:create[ds]?|creating|new|add(?:ed)?|generated?|introduced?|files? created)\W{1,6}\S*$"
_NEW_AFTER: Final = r"(?i)^\W{0,4}\((?:new|to be (?:created|added))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A number, and the parts of the text, paths or values that show it."""

    value: int
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the policy may look at: one `Fact` for each name of FACTS, and the risks by name."""

    values: Mapping[str, Fact]
    risks: tuple[Risk, ...]
    targets: tuple[str, ...]
    """Files and directories that the task names, or whose symbols it names, and that exist."""
    missing: tuple[str, ...]
    describes: bool
    """Whether the task is to write about or test something, and touches nothing else."""
    waiting: tuple[str, ...]

    def __getitem__(self, name: str) -> int:
        """Give a fact's number."""
        return self.values[name].value


def gather(
    task: Task, reading: Reading, *, repository: RepositoryFacts, dependencies: Mapping[str, str], dependents: int
) -> Facts:
    """Read all facts of a task. `dependencies` maps the ids it depends on to their status; an unknown id is open."""
    named = _named_paths(task, reading, repository)
    symbols = _named_symbols(task, reading, repository)
    describes = _describes(reading, named)
    goal = f"{reading.name}\n{reading.lead}"
    sure_paths = [path for name in named for path in (name.found or ((name.written,) if name.written in goal else ()))]
    found_risks = risks(
        f"{reading.aim}\n{reading.lead}", paths=sure_paths, tags=task.tags, priority=task.priority,
        dependents=dependents, describes=describes,
    )  # fmt: skip
    targets = [path for name in named for path in name.found[:1]]
    missing = tuple(name.written for name in named if not name.found and not _is_new(name.written, task.text))
    places = () if named else tuple(place.partition(":")[0] for symbol in symbols for place in symbol.found[:1])
    waiting = tuple(name for name in task.dependencies if not _is_finished(dependencies.get(name, "")))
    values = {
        "goals": Fact(value=len(reading.clauses), evidence=reading.clauses),
        "steps": _longest(reading.lists),
        "items": Fact(value=len(reading.items), evidence=reading.items[:3]),
        "criteria": Fact(value=len(reading.criteria), evidence=reading.criteria[:3]),
        "words": Fact(value=len(task.text.split()), evidence=(reading.name,)),
        "targets": _count((*(name.written for name in named), *(symbol.written for symbol in symbols if places))),
        "found": _count((*targets, *places)),
        "missing": _count(missing),
        "ambiguous": _count((*_ambiguous(named), *(_ambiguous(symbols) if places else ()))),
        "areas": _count(dict.fromkeys(path.rsplit("/", 1)[0] if "/" in path else path for path in targets)),
        **_object_facts(reading),
        "spread": _spread(goal, named),
        "moves": _count(filter(None, (technology.move(reading.goal),))),
        "outside": _outside(goal, named),
        "risks": _count(quote for risk in found_risks for quote in risk.evidence[:1]),
        "open_points": _count((*reading.open_points, *_open_words(goal))),
        "asking_lines": Fact(value=len(re.findall(_ASKING_LINE, reading.body))),
        "asks": _count((reading.name,) if reading.name.endswith(("?", "\uff1f")) else ()),
        "vague": _vague(reading, places=bool(named or symbols)),
        "unread": Fact(value=int(bool(reading.unread)), evidence=reading.unread),
        "waiting": _count(waiting),
        "dependents": Fact(value=dependents),
        "has_tests": _count((repository.checks["test"],) if "test" in repository.checks else ()),
    }
    return Facts(
        values=values, risks=found_risks, targets=(*targets, *places), missing=missing, describes=describes,
        waiting=waiting,
    )  # fmt: skip


def _count(evidence: Iterable[str]) -> Fact:
    shown = tuple(evidence)
    return Fact(value=len(shown), evidence=shown)


def _longest(lists: Iterable[tuple[str, ...]]) -> Fact:
    entries = max(lists, key=len, default=())
    return Fact(value=len(entries), evidence=entries[:3])


def _is_finished(status: str) -> bool:
    return status.lower() in {"done", "completed", "cancelled", "canceled"}


def _named_paths(task: Task, reading: Reading, repository: RepositoryFacts) -> tuple[NamedPath, ...]:
    """Give the paths that the work is about: those of the name and of what the description does not exclude."""
    text = f"{task.name}\n{re.sub(_REFERENCE_LINE, '', reading.body)}"
    surveyed = {name.written: name for name in repository.named_paths}
    written = dict.fromkeys((*mentions.paths(text), *(name for name in surveyed if name in text)))
    whole = [name for name in written if not any(other.endswith("/" + name) for other in written)]
    named = [surveyed.get(name, NamedPath(written=name)) for name in whole]
    seen: set[tuple[str, ...]] = set()
    kept = []
    for name in named:
        key = name.found or (name.written,)
        if key not in seen:
            kept.append(name)
        seen.add(key)
    return tuple(kept)


def _named_symbols(task: Task, reading: Reading, repository: RepositoryFacts) -> tuple[NamedSymbol, ...]:
    text = f"{task.name}\n{reading.body}"
    return tuple(
        symbol for symbol in repository.named_symbols
        if symbol.found and symbol.written in text and not technology.kind(symbol.written)
    )  # fmt: skip


def _is_new(path: str, text: str) -> bool:
    """Tell whether the text says of a path that it comes into being: `Create: path`, `path (new)`."""
    index = text.find(path)
    before = text[:index].rsplit("\n", 1)[-1][-40:]
    return re.search(_NEW_FILE, before) is not None or re.match(_NEW_AFTER, text[index + len(path) :]) is not None


def _ambiguous(named: Iterable[NamedPath | NamedSymbol]) -> Iterator[str]:
    """Give what more than one file can mean; a pattern means all that it matches."""
    for name in named:
        files = {place.partition(":")[0] for place in name.found}
        if len(files) > 1 and "*" not in name.written:
            yield name.written


def _describes(reading: Reading, named: Iterable[NamedPath]) -> bool:
    paths = [path for name in named for path in (name.found or (name.written,))]
    if paths:
        return all(only_describes(path) for path in paths)
    words = reading.object_words
    head = words[-1] if words else ""
    return head in vocabulary.DOCS | vocabulary.TESTS or vocabulary.intent(reading.verb) == "document"


def _object_facts(reading: Reading) -> dict[str, Fact]:
    """Judge the size of the goal's object by its last word, which is the thing itself: `settings page` is a page."""
    words = reading.object_words
    head = words[-1] if words else ""
    sets = {
        "small_object": vocabulary.SMALL | vocabulary.DEFECTS, "feature_object": vocabulary.FEATURES,
        "system_object": vocabulary.SYSTEMS, "whole_object": vocabulary.WHOLE,
    }  # fmt: skip
    quote = next((word for word in re.findall(r"[\w-]+", reading.goal) if word.lower() == head), reading.goal)
    return {name: Fact(value=int(head in words), evidence=(quote,) * (head in words)) for name, words in sets.items()}


def _spread(goal: str, named: Sequence[NamedPath]) -> Fact:
    wide = tuple(name.written for name in named if "*" in name.written or not all(map(mentions.is_path, name.found)))
    if wide or 0 < len(named) <= 2:
        return Fact(value=int(bool(wide)), evidence=wide)
    for match in re.finditer(_NUMBER_OF, goal):
        if int(match[1]) >= _MANY and match[2].lower() not in vocabulary.UNITS:
            return Fact(value=1, evidence=(match[0],))
    name = goal.split("\n", 1)[0]
    for match in re.finditer(_AND_AFTER, name):
        if match[1].lower() in vocabulary.QUANTIFIERS:
            return Fact(value=1, evidence=(match[1] + match[2],))
    return Fact(value=0)


def _outside(goal: str, named: Iterable[NamedPath]) -> Fact:
    where = re.search(_WHEREABOUTS, goal)
    what = re.search(_WORLDLY, goal)
    if where is None or what is None or any(named):
        return Fact(value=0)
    return Fact(value=1, evidence=(where[0], what[0]))


def _open_words(goal: str) -> Iterator[str]:
    for match in re.finditer(_HEDGE, goal):
        yield _sentence(goal, match.start())
    for match in re.finditer(_QUESTION, goal):
        if not re.search(_HEDGE, match[0]):
            yield match[0].strip()


def _sentence(text: str, position: int) -> str:
    """Give the sentence or line around a position."""
    start = max(text.rfind(mark, 0, position) for mark in ("\n", ". ", "? ", "! ")) + 1
    ends = [end for mark in ("\n", ". ", "? ", "! ") if (end := text.find(mark, position)) >= 0]
    return text[start : min(ends, default=len(text))].strip()


def _vague(reading: Reading, *, places: bool) -> Fact:
    if places or reading.lists or reading.unread:
        return Fact(value=0)
    words = re.findall(r"[\w'’-]+", f"{reading.goal} {reading.lead}")  # noqa: RUF001 - a typographic apostrophe
    useful = [word for word in words[1:] if word.lower() not in vocabulary.PLAIN]
    return Fact(value=int(not useful), evidence=(reading.name,) * (not useful))
