"""A task's text, read for its structure: the goal and its object, lists of work, what is left out, what is open.

Words of headings are no evidence. A heading only tells lists of work from lists of conditions: acceptance criteria,
tests to pass, files and edge cases say what the result must be, not what is to be done one by one.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from prentice.skills.analysis import vocabulary
from prentice.tasks.record import Task
from prentice.tasks.sections import (
    CRITERIA,
    DEPENDENCIES,
    EDGE_CASES,
    FILES,
    REQUIREMENTS,
    SCOPE,
    TESTING,
    Section,
    parse,
)

MAX_TEXT: Final = 60_000
"""Characters of a description that are read; a longer one is judged by its beginning."""

_CONDITIONS: Final = frozenset({CRITERIA, SCOPE, FILES, TESTING, EDGE_CASES, DEPENDENCIES})
_FENCE: Final = r"(?ms)^[ \t]*(```+|~~~+).*?(?:^[ \t]*\1[ \t]*$|\Z)"
_LOST_BREAK: Final = r"(?<=\S)(?:(?P<blank>n{3,})|n{1,2})(?=- )"
_ITEM: Final = r"^(?P<indent>[ \t]*)(?P<mark>[-*+•]|\d{1,3}[.)])[ \t]+(?:\[[ xX]\][ \t]*)?(?P<text>.*\S)"
_LABEL: Final = r"^\**(?P<label>[A-Za-z][A-Za-z /-]{2,30}?)\**:\**[ \t]*(?P<rest>.*)$"
_SCOPE: Final = {
    "included": "included", "in scope": "included", "include": "included",
    "excluded": "excluded", "out of scope": "excluded", "exclude": "excluded", "not included": "excluded",
    "clarification required": "open", "clarification needed": "open", "open questions": "open", "open question": "open",
}  # fmt: skip
_NONE: Final = r"(?is)(?:(?:none|no|n/?a|nothing|not needed)\b[ .]*(?:$|\W.*)|-*$)"
_NOTHING: Final = r"(?i)[*_ ]*(?:none(?: identified| known)?|n/?a|nothing)[*_. ]*"
_PREFIX: Final = r"^(?:\[[^\]\n]{1,30}\]\s*)?(?:(?P<label>[A-Za-z][\w /-]{1,24}?)(?:\([^)\n]{1,30}\))?!?:\s+)?"
_CLAUSES: Final = r"\s*(?:;|,\s*and\s+then\b|,\s*and\b|,|\band\s+then\b|\bthen\b|\band\b|\bplus\b|&|\.(?=\s+[A-Z]))\s*"
_BRACKETS: Final = r"\([^()\n]*\)"
_WORD: Final = r"[^\s,;:!?()\[\]\"“”]+"
_NOT_LATIN: Final = r"[^\W\d_a-zA-Z\u00aa-\u024f\u1e00-\u1eff]"
_IDEOGRAPH: Final = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]"
_UNREAD_RUN: Final = r"[^\x00-\x7f\u00a0-\u024f](?:[^\n]*[^\x00-\x7f\u00a0-\u024f])?"
_QUOTED: Final = r"`[^`\n]*`|\"[^\"\n]*\"|“[^”\n]*”|「[^」\n]*」"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The structure of a task's text. Every string is a part of the text as written, or a part of one line of it."""

    name: str
    lead: str
    """The description's first paragraph: what is asked for, in most texts."""
    body: str
    """The description without headings, code blocks, and what it excludes or leaves open."""
    lists: tuple[tuple[str, ...], ...]
    """The lists of work, each at its outermost level; entries that only say what is in or out of scope are left out."""
    criteria: tuple[str, ...]
    """The acceptance criteria."""
    excluded: tuple[str, ...]
    open_points: tuple[str, ...]
    """What the text itself marks as needing clarification."""
    unread: tuple[str, ...]
    """Parts in a script whose words the rules cannot read; empty where they are a small share of the text."""

    @property
    def items(self) -> tuple[str, ...]:
        """All list entries."""
        return tuple(item for entries in self.lists for item in entries)

    @property
    def label(self) -> str:
        """The word before a colon at the beginning of the name (`Research: ...`), in lower case."""
        match = re.match(_PREFIX, self.name)
        return (match["label"] or "").strip().lower() if match else ""

    @property
    def goal(self) -> str:
        """The name without such a word."""
        match = re.match(_PREFIX, self.name)
        return (self.name[match.end() :] if match else self.name).strip() or self.name

    @property
    def verb(self) -> str:
        """The goal's first word, which in a task's name is its verb."""
        words = re.findall(_WORD, self.goal)
        return words[0].lower() if words else ""

    @property
    def object_words(self) -> tuple[str, ...]:
        """The words of what the verb acts on: up to the first preposition or comma, in lower case, without articles."""
        return _object(re.sub(_BRACKETS, " ", self.goal), verb=not self.label or bool(vocabulary.intent(self.verb)))

    @property
    def aim(self) -> str:
        """The goal without its verb, and without conditions and purposes: what the task is about, in all its words."""
        words = _before_subordinate(self.goal.split(" "))
        start = 0 if self.label or words[0].lower() in vocabulary.DETERMINERS else 1
        return " ".join(words[start:])

    @property
    def clauses(self) -> tuple[str, ...]:
        """The separate goals of the name: its clauses of two words and more, before any condition or purpose."""
        text = re.sub(_BRACKETS, " ", self.goal)
        main = " ".join(_before_subordinate(text.split(" ")))
        found = tuple(clause for part in re.split(_CLAUSES, main) if len((clause := part.strip(" .")).split()) > 1)
        return found or (self.goal,)


def read(task: Task) -> Reading:
    """Read a task's text for its structure."""
    description = _restore(task.description[:MAX_TEXT])
    parsed = parse(description)
    kept, scope = _split_scope(_lines(parsed.preamble, *(section.text for section in parsed.sections)))
    work, _ = _split_scope(_lines(parsed.preamble, *(part.text for part in parsed.sections if not _is_condition(part))))
    body = "\n".join(kept)
    name = " ".join(task.name.split()) if "\n" in task.name else task.name.strip()
    return Reading(
        name=name or body[:120].split("\n", 1)[0],
        lead=next((paragraph for paragraph in re.split(r"\n\s*\n", body) if paragraph.strip()), "").strip()[:1000],
        body=body,
        lists=tuple(_lists(work)),
        criteria=parsed.criteria,
        excluded=tuple(scope["excluded"]),
        open_points=tuple(point for point in scope["open"] if not re.match(_NONE, point)),
        unread=_unread(f"{task.name}\n{description}"),
    )


def _lines(*parts: str) -> list[str]:
    """Give the lines of parts that stand apart, without code blocks."""
    return re.sub(_FENCE, "\n", "\n\n".join(part for part in parts if part)).splitlines()


def _is_condition(section: Section) -> bool:
    """Whether a section says what the result must be; requirements that are called technical do."""
    is_technical = section.kind == REQUIREMENTS and section.title.lower().startswith("technical")
    return is_technical or section.kind in _CONDITIONS


def _restore(text: str) -> str:
    """Put back line breaks before list entries that were written as a bare letter n, where no line break survived."""
    if "\n" in text.strip() or len(re.findall(_LOST_BREAK, text)) < 3:
        return text
    return re.sub(_LOST_BREAK, lambda match: "\n\n" if match["blank"] else "\n", text)


def _split_scope(lines: Iterable[str]) -> tuple[list[str], dict[str, list[str]]]:
    """Take the lines that say what is excluded or open out of the text. Lists never run across a line of scope."""
    kept: list[str] = []
    scope: dict[str, list[str]] = {"included": [], "excluded": [], "open": []}
    for line in lines:
        item = re.match(_ITEM, line)
        label = re.match(_LABEL, item["text"] if item else line.strip())
        kind = _SCOPE.get(label["label"].strip().lower(), "") if label else ""
        if label is None or not kind:
            kept.append(line)
            continue
        scope[kind].append(label["rest"].strip())
        kept.append("")
        if kind == "included":
            kept += [label["rest"].strip(), ""]
    return kept, scope


def _lists(lines: Iterable[str]) -> Iterator[tuple[str, ...]]:
    groups: list[list[re.Match[str]]] = []
    outer = -1
    fresh = True
    for line in lines:
        item = re.match(_ITEM, line)
        if item is None:
            fresh = fresh or not line.startswith((" ", "\t"))  # an indented line continues its entry
            continue
        indent = len(item["indent"].expandtabs(4))
        if fresh or outer < 0 or indent < outer:
            groups.append([])
            outer = indent
        if indent <= outer and not re.fullmatch(_NOTHING, item["text"]):
            groups[-1].append(item)
        fresh = False
    yield from (tuple(item["text"] for item in group) for group in _joined(groups) if group)


def _joined(groups: Iterable[list[re.Match[str]]]) -> Iterator[list[re.Match[str]]]:
    """Join the entries of a numbered list that stand apart by blank lines or by paragraphs of their own."""
    run: list[re.Match[str]] = []
    for group in groups:
        if len(group) == 1 and group[0]["mark"][0].isdigit():
            run += group
            continue
        if run:
            yield run
            run = []
        yield group
    if run:
        yield run


def _object(goal: str, *, verb: bool) -> tuple[str, ...]:
    words = re.findall(_WORD, re.split(r"[,;:]\s", goal)[0])
    if not words:
        return ()
    start = 1 if verb and words[0].lower() not in vocabulary.DETERMINERS else 0
    if words[start : start + 1] and words[start].lower() in {"and", "or"}:
        start += 2  # `Review and update the docs`
    elif words[start : start + 1] and words[start].lower() in vocabulary.PARTICLES:
        start += 1  # `Clean up the parser`
    if [word.lower() for word in words[start : start + 2]] in (["support", "for"], ["rid", "of"], ["ability", "to"]):
        start += 2
    found: list[str] = []
    for word in words[start:]:
        lower = word.lower().strip(".'’")  # noqa: RUF001 - a typographic apostrophe occurs in titles
        if lower in vocabulary.PREPOSITIONS and found:
            break
        if lower not in vocabulary.DETERMINERS and lower not in vocabulary.PREPOSITIONS:
            found.append(lower)
    return tuple(found)


def _before_subordinate(words: list[str]) -> list[str]:
    """Cut a goal at its condition, reason or purpose; the first two words never are one."""
    for index, word in enumerate(words):
        if index > 1 and word.lower().strip(",") in vocabulary.SUBORDINATES - {"to"}:
            return words[:index]
    return words


def _unread(text: str) -> tuple[str, ...]:
    """Give the runs of a script that the rules have no words of, where they are a third of the text or more.

    An ideograph counts as three letters: it stands for about half a word.
    """
    prose = re.sub(_QUOTED, " ", text)
    foreign = len(re.findall(_NOT_LATIN, prose)) + 2 * len(re.findall(_IDEOGRAPH, prose))
    latin = sum(character.isalpha() for character in prose) - len(re.findall(_NOT_LATIN, prose))
    if foreign * 2 < latin or not foreign:
        return ()
    return tuple(match[0].strip()[:80] for match in re.finditer(_UNREAD_RUN, text))
