"""What a task wants of a tool, if it wants nothing else: by its category, its verb, its object, and every other word.

A single keyword decides nothing. "Fix the formatting of dates in the invoice" has the verb and the object of a
formatting task, and two words that no formatter knows of, so it is none.
"""

import keyword
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from prentice.context import mentions
from prentice.skills.analysis import vocabulary
from prentice.skills.analysis.reading import Reading, read
from prentice.skills.execute.tools import words
from prentice.skills.execute.tools.task import ToolTask
from prentice.skills.execute.tools.ways import PATH, RULE, SYMBOL, WAYS, Kind, Way
from prentice.tasks.record import Task

_CODE: Final = re.compile(r"(?<![\w.-])[A-Z]{1,4}\d{3,4}(?![\w.-])")
"""A rule as flake8, ruff and pylint number them: `F401`, `UP006`, `E501`."""
_WORD: Final = re.compile(r"\0\w+|--?[a-z][\w-]*|[^\W_][\w'’+#-]*")  # noqa: RUF001 - a typographic apostrophe occurs in titles
_SENTENCE: Final = re.compile(r"(?<=[.!?;])\s+|\n+")
_QUOTE: Final = "[`'\"]?"
_NAME: Final = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_SORT: Final = r"(?:function|method|class|variable|constant|symbol|helper)"
_RENAME: Final = re.compile(
    rf"^rename\s+(?:the\s+)?(?:(?P<sort>{_SORT})\s+)?{_QUOTE}(?P<old>{_NAME})(?:\(\))?{_QUOTE}"
    rf"(?:\s+(?P<sort2>{_SORT}))?(?:\s+(?:in|from|of)\s+(?P<where>\S+))?\s+(?:to|into|as|->|=>|→)\s+"
    rf"{_QUOTE}(?P<new>{_NAME})(?:\(\))?{_QUOTE}(?P<rest>(?:[\s,.].*)?)$",
    re.IGNORECASE,
)
_RENAME_WORDS: Final = frozenset(
    "all its every reference references usage usages use uses caller callers call calls site sites occurrence"
    " occurrences update adjust change everywhere across project tests test well too name definition".split()
)


_BOUNDS: Final = frozenset("only untouched other else except".split())
"""Words by which a rename is kept to a part of the project; references would be left behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One kind of work. `tool` is the program that the task names, `rules` the linter's rules, or empty.

    `old` and `new` are the names of a rename.
    """

    kind: Kind
    tool: str = ""
    rules: tuple[str, ...] = ()
    old: str = ""
    new: str = ""


_TOOLS: Final = words.FORMATTERS | words.LINTERS | words.SORTERS | {"pytest", "hypothesis"}
_ABOUT_LOOKS: Final = frozenset({"format", "imports", "lint"})


def wish_of(task: ToolTask) -> Wish | None:
    """Give what a task wants of a tool; None where it is no such task, or wants anything more."""
    reading = read(Task(id="", name=task.name, description=task.description))
    renamed = _renaming(reading, task)
    if renamed is not None:
        known = _RENAME_WORDS | {part.lower() for part in (renamed.old, renamed.new)}
        return renamed if not _wants_more(reading, task, known=known, kind="rename") else None
    verb = _verb(reading.goal)
    found = _words(_without_verb(reading.goal), task)
    for way in WAYS:
        if task.category in way.categories and verb in way.verbs and _fits(found, way):
            if _wants_more(reading, task, known=way.may | way.verbs, kind=way.kind):
                return None
            return Wish(kind=way.kind, tool=_tool(found, way), rules=tuple(_CODE.findall(reading.goal)) or way.rules)
    return None


def subjects(task: ToolTask) -> tuple[str, ...]:
    """Give the files that a task's name is about; all that it names, where its name has none of them.

    What the description mentions beside them (a style guide, a test) is not to be worked on.
    """
    tokens = [token.strip("/").removeprefix("./") for token in mentions.possible_paths(task.name)]
    meant = [
        path
        for path in task.files
        if any(path == token or path.endswith(f"/{token}") or path.startswith(f"{token}/") for token in tokens)
    ]
    return tuple(meant or task.files)


def _fits(found: frozenset[str], way: Way) -> bool:
    known = way.may | words.FILLER | {PATH}
    return found <= known and all(found & needed for needed in way.needs)


def _tool(found: frozenset[str], way: Way) -> str:
    tools = {"format": words.FORMATTERS, "lint": words.LINTERS, "imports": words.SORTERS}.get(way.kind, frozenset())
    return next(iter(sorted(found & tools)), "")


def _renaming(reading: Reading, task: ToolTask) -> Wish | None:
    """Read `rename OLD to NEW`, where both are identifiers of a program and nothing else is asked for."""
    match = _RENAME.match(reading.goal)
    if match is None or task.category != "refactoring" or any(map(mentions.is_path, (match["old"], match["new"]))):
        return None
    old, new = match["old"], match["new"]
    owner, _, last = new.rpartition(".")
    if owner and owner != old.rpartition(".")[0]:
        return None
    is_marked = (
        any(_is_code(name, reading.goal) for name in (old, new)) or match["sort"] or match["sort2"] or task.files
    )
    around = _words(f"{match['where'] or ''} {match['rest']}", task)
    rest = around - words.FILLER - _RENAME_WORDS - {PATH, old.lower(), new.lower()}
    if (
        rest
        or around & _BOUNDS
        or not is_marked
        or not last.isidentifier()
        or keyword.iskeyword(last)
        or last == old.rpartition(".")[2]
    ):
        return None
    return Wish(kind="rename", old=old, new=last)


def _is_code(name: str, text: str) -> bool:
    return f"`{name}" in text or "_" in name or "." in name or name not in {name.lower(), name.capitalize()}


def _wants_more(reading: Reading, task: ToolTask, *, known: frozenset[str], kind: Kind) -> bool:
    """Whether the description asks for something that is not of this kind.

    List entries, conditions, and sentences with an imperative or a modal have to consist of known words. Any other
    sentence is background. No sentence may say what the program does when it runs, where work is on how a source looks,
    nor keep a rename to a part of the project.
    """
    if reading.open_points or reading.unread or (kind == "rename" and reading.excluded):
        return True
    listed = [_words(demand, task) for demand in (*reading.criteria, *reading.items)]
    sentences = list(_sentences(reading.body, but=(*reading.criteria, *reading.items)))
    asking = [found for text in sentences if (found := _words(text, task)) & words.MODALS or _is_imperative(text)]
    foreign = _BOUNDS if kind == "rename" else words.RUNTIME if kind in _ABOUT_LOOKS else frozenset()
    if any(found & foreign for found in (*listed, *(_words(text, task) for text in sentences))):
        return True
    everything = known | words.FILLER | words.HARMLESS | words.MODALS | words.FORMATTERS | words.LINTERS
    everything |= {PATH, RULE, SYMBOL, "--check", "--fix", "--diff", "format", "lint", "linter", "formatter", "pytest"}
    everything |= {symbol.lower() for symbol in task.symbols}
    return any(found - everything for found in (*listed, *asking))


def _is_imperative(text: str) -> bool:
    return bool(vocabulary.intent(_verb(text)))


def _sentences(body: str, *, but: Iterable[str]) -> Iterator[str]:
    listed = {" ".join(text.split()) for text in but}
    for sentence in _SENTENCE.split(body):
        text = re.sub(r"^\s*(?:[-*+•]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s*)?", "", sentence).strip()
        if text and " ".join(text.split()) not in listed:
            yield text


def _verb(text: str) -> str:
    return text.strip().split(" ", 1)[0].lower().strip(".,:;`*")


def _without_verb(text: str) -> str:
    return text.strip().partition(" ")[2]


def _words(text: str, task: ToolTask) -> frozenset[str]:
    """Give a text's words in lower case; paths, symbols and rules of linters are one word for each sort."""
    names = {*task.files, *(path.rsplit("/", 1)[-1] for path in task.files), *mentions.paths(text)}
    names |= {token for token in mentions.possible_paths(text) if _is_directory(token, task.files)}
    for name in sorted(names, key=len, reverse=True):
        text = re.sub(rf"`?(?<![\w./-]){re.escape(name)}(?:::\w+|:\d+)?(?![\w/-])`?", f" {PATH} ", text)
    text = re.sub(r"`([A-Za-z_]\w*(?:\.\w+)*)(?:\(\))?`", lambda match: _span(match[1]), text)
    for symbol in sorted({*task.symbols} - _TOOLS, key=len, reverse=True):
        text = re.sub(rf"(?<![\w.]){re.escape(symbol)}(?:\(\))?(?![\w])", f" {SYMBOL} ", text)
    text = _CODE.sub(f" {RULE} ", text)
    return frozenset(word.strip("'’") for word in _WORD.findall(text.lower()))  # noqa: RUF001 - as above


def _is_directory(token: str, files: Iterable[str]) -> bool:
    """Whether a word with a slash in it is a directory above one of the files."""
    above = f"{token.strip('/').removeprefix('./')}/"
    return "/" in token and any(path.startswith(above) for path in files)


def _span(content: str) -> str:
    return f" {content} " if content.lower() in _TOOLS or _CODE.fullmatch(content) else f" {SYMBOL} "
