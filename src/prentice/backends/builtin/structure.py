"""The work that a description lists itself: steps, phases, check lists, goals; and the rules that it states."""

import re
from dataclasses import dataclass
from typing import Final

from prentice.backends.builtin.kinds import AMBIGUOUS
from prentice.backends.builtin.title import Intent, parse
from prentice.backends.builtin.words import clip, content, is_name, mostly_foreign, stem
from prentice.tasks import sections

MAX_TEXT: Final = 65_536
"""Characters of a description that are read, 64 kB."""

_ASIDE: Final = re.compile(
    r"\b(?:reproduc|expected|actual|environment|background|context|reference|link|research|note|example|screenshot|"
    r"out of scope|non[- ]goal|not included|exclud|alternativ|motivation|related|see also|resources?|current (?:state|behaviou?r|format|situation)|"  # noqa: E501 - a pattern or a list of words reads best in one piece
    r"why|versions?|logs?|stack ?trace|benefits?|impact|effort|estimate|timeline|success metrics|risks?|problem|dependencies|history)",  # noqa: E501 - a pattern or a list of words reads best in one piece
    re.IGNORECASE,
)
_WORK: Final = re.compile(
    r"\b(?:steps?|tasks?|todo|to do|plan|phases?|implementation|work|checklist|deliverables?|milestones?|scope|included|changes|actions?|next|subtasks?|stages?)\b",  # noqa: E501 - a pattern or a list of words reads best in one piece
    re.IGNORECASE,
)
_PHASE: Final = re.compile(
    r"^(?:(?:phase|step|part|stage|milestone|week|task)\s*\d+|\d{1,2})\s*[:.)\-\u2013\u2014]*\s+(?=\S)", re.IGNORECASE
)
_NUMBERED: Final = re.compile(r"^[ \t]{0,3}\d{1,3}[.)][ \t]+\S", re.MULTILINE)
_LISTED: Final = re.compile(r"^[ \t]*(?:[-*+\u2022]|\d{1,3}[.)])[ \t]+")
_DONE: Final = re.compile(r"^[ \t]*(?:[-*+\u2022]|\d{1,3}[.)])[ \t]+\[[xX]\][ \t].*$", re.MULTILINE)
_FENCED: Final = re.compile(r"^[ \t]*(```+|~~~+).*?(?:^[ \t]*\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_RULE: Final = re.compile(
    r"\b(?:must|should|shall|has to|have to|needs? to|required|never|always|only|at least|at most|no more than|cannot|may not|keep)\b",  # noqa: E501 - a pattern or a list of words reads best in one piece
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"`])|\n+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One piece of work that the text itself names, with what stands below it."""

    text: str
    intent: Intent
    details: tuple[str, ...] = ()
    follows: tuple[int, ...] = ()
    """Numbers (from 1) of the items on the same list that it says it comes after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What a description holds: its own list of work (`ordered` where it is numbered), rules, edge cases, tests."""

    items: tuple[Item, ...] = ()
    ordered: bool = False
    rules: tuple[str, ...] = ()
    edge_cases: tuple[str, ...] = ()
    testing: tuple[str, ...] = ()


def read(description: str, *, criteria: tuple[str, ...] = ()) -> Matter:
    """Read a description; `criteria` are the task's own, which are never taken for rules a second time."""
    text = _FENCED.sub("", _DONE.sub("", sections.restore_breaks(description[:MAX_TEXT])))
    parsed = sections.parse(text)
    items, ordered = _work(parsed)
    if not items:
        items = _from_criteria(criteria)
    known = {clip(entry, 400) for entry in criteria}
    taken = {item.text for item in items}
    rules = tuple(
        rule
        for rule in _rules(parsed)
        if rule not in known and rule not in taken and _plain(rule) not in {_plain(entry) for entry in known}
    )
    return Matter(
        items=items,
        ordered=ordered,
        rules=tuple(dict.fromkeys(rules))[:30],
        edge_cases=tuple(_tidy(entry) for entry in parsed.items(sections.EDGE_CASES))[:10],
        testing=tuple(_tidy(entry) for entry in parsed.items(sections.TESTING))[:10],
    )


def goals(title: str) -> tuple[Item, ...]:
    """Split a title at `and`, `;` or `then` where another imperative with its own object follows; else one item."""
    pieces = re.split(
        r"(?:,?\s+and(?:\s+then)?|;|,\s*then|,|\s+then|\.)\s+(?=[A-Za-z])(?!\w+ (?:them|it|those|these)\b)",
        " ".join(title.split())[:2_000],
    )
    joined: list[str] = []
    for piece in pieces:
        at = title.find(piece)
        intent = parse(piece)
        words = piece.split()
        starts = bool(intent.verb and (intent.object or intent.parts)) and len(words) >= 2
        if starts and stem(words[0].lower()) in AMBIGUOUS:  # `drag and drop reordering`, `import and export of orders`
            starts = words[1].lower() in {"the", "a", "an", "our", "its", "all", "each"} or is_name(words[1])
        if joined and not starts:
            before = joined[-1]
            between = title[title.find(before) + len(before) : at] if at >= 0 else " and "
            joined[-1] = before + (between or " and ") + piece
        else:
            joined.append(piece)
    if len(joined) < 2:
        return ()
    first = parse(joined[0])
    if not first.verb or not first.object or len(joined) > 12:
        return ()
    return tuple(Item(text=piece, intent=parse(piece)) for piece in joined)


def _work(parsed: sections.Description) -> tuple[tuple[Item, ...], bool]:
    """Find the list of work: phase headings, else the best list of imperatives, else sentences that are goals."""
    phases = [
        section for section in parsed.sections if _PHASE.match(section.title) and not _ASIDE.search(section.title)
    ]
    if len(phases) >= 2:
        entries = tuple((_PHASE.sub("", section.title), sections.list_items(section.text)) for section in phases)
        return tuple(_item(title, details=details) for title, details in entries), True
    best: tuple[tuple[Item, ...], bool] = ((), False)
    best_score = 0.0
    for title, text, weight in _lists(parsed):
        found = tuple(_item(entry) for entry in sections.list_items(text)[:60])
        commands = sum(bool(item.intent.verb) or mostly_foreign(item.text) for item in found)
        if (len(found) < 2 or commands * 2 < len(found) + (0 if _WORK.search(title) else 1)) and not (
            len(found) >= 2
            and re.search(
                r"\b(?:steps|tasks|todo|plan|phases|checklist|deliverables|implementation)\b", title, re.IGNORECASE
            )
        ):
            continue
        score = weight + commands
        if score > best_score:
            best, best_score = (found, bool(_NUMBERED.search(text))), score
    if best[0]:
        return best
    commands_found = _imperative_sentences(parsed)
    return (commands_found if len(commands_found) >= 2 else ()), False


def _lists(parsed: sections.Description) -> list[tuple[str, str, float]]:
    """List the places where a list of work may stand, with how likely each is."""
    places = [("", parsed.preamble, 1.0)]
    for section in parsed.sections:
        if section.kind in {
            sections.CRITERIA,
            sections.SCOPE,
            sections.FILES,
            sections.TESTING,
            sections.EDGE_CASES,
            sections.DEPENDENCIES,
        }:
            continue
        if _ASIDE.search(section.title) and not _WORK.search(section.title):
            continue
        places.append((section.title, section.text, 3.0 if _WORK.search(section.title) else 1.0))
    return places


def _from_criteria(criteria: tuple[str, ...]) -> tuple[Item, ...]:
    """Take acceptance criteria for the list of work where most of them are orders (`Add ...`, `Expand ...`)."""
    found = tuple(_item(entry) for entry in criteria[:60])
    orders = tuple(
        item
        for item in found
        if item.intent.verb
        and item.intent.verb not in {"test", "support", "verify", "make sure", "ensure", "handle"}
        and len(item.text.split()) > 1
    )
    return orders if len(orders) >= 2 and len(orders) * 2 >= len(found) else ()


def _imperative_sentences(parsed: sections.Description) -> tuple[Item, ...]:
    text = "\n".join([parsed.preamble, parsed.text(sections.OBJECTIVE), parsed.text(sections.REQUIREMENTS)])
    found: list[Item] = []
    for sentence in _SENTENCE.split(text)[:200]:
        if _LISTED.match(sentence) or not 3 <= len(sentence.split()) <= 40:
            continue
        item = _item(sentence)
        if (
            item.intent.verb
            and item.intent.object
            and item.intent.verb not in {"make", "show", "find", "check", "see", "note"}
        ):
            found.append(item)
    return tuple(found)


def _item(text: str, *, details: tuple[str, ...] = ()) -> Item:
    """Make an item of a list entry; what follows a colon, a dash or a nested list are its details."""
    text, follows = without_order(_tidy(text))
    head, *below = [part.strip() for part in text.split("; ")] if not details else [text]
    if match := re.match(r"^(.{4,90}?)(?:\s+[-\u2013\u2014]+\s+|:\s+)(\S.{6,})$", head):
        first, rest = match[1], match[2]
        if parse(first).verb or not parse(rest).verb:
            head, below = first, [rest, *below]
        elif len(first.split()) <= 4:
            head = rest
    sentences = re.split(r"(?<=[.!?])\s+(?=[A-Z`])", head)
    if len(sentences) > 1 and len(sentences[0]) > 8:
        head, below = sentences[0], [*sentences[1:], *below]
    below = [_tidy(part) for part in below if len(part) > 3]
    return Item(text=head, intent=parse(head), details=details or tuple(below), follows=follows)


_NUMBERS: Final = r"(?:(?:steps?|items?|tasks?|numbers?|no\.?|points?|#)?\s*#?\d{1,2}(?!\d|\s?%|\s*(?!and\b|is\b|are\b|has\b|have\b)[a-z]{3}))"  # noqa: E501 - a pattern or a list of words reads best in one piece
_ORDER: Final = re.compile(
    rf"\s*(?:\((?:(?:only |comes |runs |starts )?(?:after|once|when)|depends on|dependent on|needs|requires|blocked by|following|waits for)\s+"  # noqa: E501 - a pattern or a list of words reads best in one piece
    rf"(?P<boxed>{_NUMBERS}(?:\s*(?:,|and|&|\+)+\s*{_NUMBERS})*)(?:\s+(?:is|are|has been|have been)\s+\w+)?\)"
    rf"|,?\s+(?:after|once|when)\s+(?P<done>{_NUMBERS}(?:\s*(?:,|and|&|\+)+\s*{_NUMBERS})*)\s+(?:is|are|has been|have been)\s+\w+"  # noqa: E501 - a pattern or a list of words reads best in one piece
    rf"|,?\s+(?:after|depends on|once) (?:steps?|items?|tasks?) (?P<plain>\d{{1,2}}(?:\s*(?:,|and|&|\+)+\s*\d{{1,2}})*)(?=[.;]|$)"  # noqa: E501 - a pattern or a list of words reads best in one piece
    rf"|,?\s+after (?P<bare>\d{{1,2}}(?:\s*(?:,|and|&|\+)+\s*\d{{1,2}})*)(?=[.;]|$))",
    re.IGNORECASE,
)


def without_order(text: str) -> tuple[str, tuple[int, ...]]:
    """Take `(after 1 and 2)`, `once 3 is done` and the like off an entry, and give the numbers."""
    found: list[int] = []

    def note(match: re.Match[str]) -> str:
        numbers = next(group for group in match.groups() if group)
        found.extend(int(number) for number in re.findall(r"\d+", numbers))
        return ""

    rest = _ORDER.sub(note, text)
    if not re.search(r"\w", rest):
        return text, ()
    return rest.strip(" ,;"), tuple(dict.fromkeys(found))


def _rules(parsed: sections.Description) -> list[str]:
    """Find what the text demands: list entries of requirements, and sentences with `must`, `never`, `at least`."""
    found: list[str] = []
    for section in (None, *parsed.sections):
        title = section.title if section else ""
        kind = section.kind if section else ""
        if kind in {
            sections.CRITERIA,
            sections.SCOPE,
            sections.FILES,
            sections.EDGE_CASES,
            sections.TESTING,
            sections.DEPENDENCIES,
        } or (title and _ASIDE.search(title)):
            continue
        text = section.text if section else parsed.preamble
        entries = [entry for entry in sections.list_items(text)[:60] if not sections.is_question(entry)]
        found.extend(
            _tidy(entry)
            for entry in entries
            if kind == sections.REQUIREMENTS or _RULE.search(entry) or not parse(entry).verb
        )
        found.extend(
            _tidy(sentence)
            for sentence in _SENTENCE.split(text)[:200]
            if not _LISTED.match(sentence) and _RULE.search(sentence) and 4 <= len(sentence.split()) <= 30
        )
    return [rule for rule in found if 12 <= len(rule) <= 300 and len(content(rule)) >= 2]


def _tidy(text: str) -> str:
    """Take Markdown's marks, emoji, check boxes and the final stop off a line."""
    text = re.sub(r"\*\*|__|^\s*\[[ xX]\]\s*", "", text)
    text = re.sub(r"\[([^\]\n]{1,120})\]\([^)\n]{1,300}\)", r"\1", text)
    text = re.sub(r"^[^\w`\"'(\[/<.-]+", "", " ".join(text.split()))
    return text.rstrip(" .;:,")


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()
