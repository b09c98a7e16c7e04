"""The sections of a task's description: Todo2's eight emoji headings, Markdown headings, and plain lists.

Reading tolerates the damage seen in the wild (line breaks that became a bare letter n, headings in mid-line);
`compose` writes the eight sections as Todo2's rule file asks for them.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

OBJECTIVE: Final = "objective"
CRITERIA: Final = "criteria"
SCOPE: Final = "scope"
REQUIREMENTS: Final = "requirements"
FILES: Final = "files"
TESTING: Final = "testing"
EDGE_CASES: Final = "edge_cases"
DEPENDENCIES: Final = "dependencies"

_TITLES: Final[Mapping[str, tuple[str, str]]] = {
    OBJECTIVE: ("🎯", "Objective"),
    CRITERIA: ("📋", "Acceptance Criteria"),
    SCOPE: ("🚫", "Scope Boundaries (CRITICAL)"),
    REQUIREMENTS: ("🔧", "Technical Requirements"),
    FILES: ("📁", "Files/Components"),
    TESTING: ("🧪", "Testing Requirements"),
    EDGE_CASES: ("⚠️", "Edge Cases"),
    DEPENDENCIES: ("📚", "Dependencies"),
}
_BY_EMOJI: Final = {emoji.rstrip("\ufe0f"): kind for kind, (emoji, _) in _TITLES.items()}
_BY_WORDS: Final = {
    "objective": OBJECTIVE, "goal": OBJECTIVE, "summary": OBJECTIVE,
    "acceptance criteria": CRITERIA, "acceptance": CRITERIA, "success criteria": CRITERIA,
    "definition of done": CRITERIA, "done when": CRITERIA,
    "scope boundaries": SCOPE, "scope": SCOPE,
    "technical requirements": REQUIREMENTS, "requirements": REQUIREMENTS,
    "files/components": FILES, "files": FILES, "components": FILES,
    "testing requirements": TESTING, "testing": TESTING, "tests": TESTING,
    "edge cases": EDGE_CASES,
    "dependencies": DEPENDENCIES,
}  # fmt: skip

_EMOJI: Final = "".join(_BY_EMOJI)
_LOST_BREAK_SIGN: Final = re.compile(rf"nn?(?=[{_EMOJI}])")
_LOST_BREAK_ITEM: Final = re.compile(r"(?<=\S)n(?=- |\* |\d+\. )")
_EMOJI_HEADING: Final = re.compile(
    rf"(?:^[ \t]{{0,3}}#{{1,6}}[ \t]+)?\*{{0,2}}(?P<emoji>[{_EMOJI}])\ufe0f?[ \t]{{0,4}}\*{{0,2}}"
    rf"(?P<title>[^:*\n{_EMOJI}]{{0,60}}?)[ \t]{{0,4}}(?::\*{{0,2}}|\*\*:?)",
    re.MULTILINE,
)
"""A heading that begins with one of Todo2's emoji, alone in its line or not. All repetition is bounded."""
_HASH_HEADING: Final = re.compile(r"#{1,6}[ \t]+(\S.*)")
_BOLD_HEADING: Final = re.compile(r"\*\*([^*]{1,80}?):?\*\*:?")
_PLAIN_HEADING: Final = re.compile(r"([A-Z][\w /-]{2,40}):")
_OPENING_FENCE: Final = re.compile(r"(`{3,})[^`]*$|(~{3,})")
_ITEM: Final = re.compile(r"^(?P<indent>[ \t]*)(?:[-*+•]|\d{1,3}[.)])[ \t]+(?:\[[ xX]\][ \t]*)?(?P<text>\S.*)$")
_QUESTION: Final = re.compile(r"\[NEEDS: ([^\[\]\n]{1,300})\]")
"""What prompt optimization writes where a text lacks something that only its author knows."""
_SCOPE_PART: Final = re.compile(
    r"^\*{0,2}(included|excluded|clarification required)\*{0,2}[ \t]*(?::\*{0,2}[ \t]*|$)", re.IGNORECASE
)
_NOTHING: Final = frozenset({"none", "n/a", "na", "-", "none.", "nothing", "none identified"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of a description: its kind where known, the heading as written, and the text below it."""

    kind: str
    title: str
    text: str

    @property
    def items(self) -> tuple[str, ...]:
        """The list entries of the section at their outermost level, or its paragraphs where it has no list."""
        return list_items(self.text) or tuple(
            " ".join(part.split()) for part in re.split(r"\n\s*\n", self.text) if part.strip()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A description taken apart. `preamble` is what stands before the first heading."""

    preamble: str
    sections: tuple[Section, ...]

    def text(self, kind: str) -> str:
        """Give the text of all sections of a kind, without headings."""
        return "\n".join(section.text for section in self.sections if section.kind == kind).strip()

    def items(self, kind: str) -> tuple[str, ...]:
        """Give the entries of all sections of a kind; entries that only say `None` are left out."""
        entries = (item for section in self.sections if section.kind == kind for item in section.items)
        return tuple(item for item in entries if item.strip("*_ ").lower() not in _NOTHING)

    @property
    def objective(self) -> str:
        """The objective's text, else what stands before the first heading."""
        return self.text(OBJECTIVE) or self.preamble

    @property
    def criteria(self) -> tuple[str, ...]:
        """The acceptance criteria, in order; an entry that is an open question is none."""
        return tuple(item for item in self.items(CRITERIA) if not is_question(item))

    def scope(self, part: str) -> tuple[str, ...]:
        """Give the entries of the scope section under `included`, `excluded` or `clarification required`."""
        found: list[str] = []
        current = ""
        for line in self.text(SCOPE).splitlines():
            item = _ITEM.match(line.rstrip())
            entry = item["text"] if item else line.strip()
            if label := _SCOPE_PART.match(entry):
                current = label[1].lower()
                entry = entry[label.end() :].strip()
            if current == part and entry and entry.strip("*_ ").lower() not in _NOTHING:
                found.append(entry)
        return tuple(found)

    @property
    def words(self) -> str:
        """All text without headings and scope labels: the template's own words are no evidence of anything."""
        parts = [self.preamble, *(section.text for section in self.sections)]
        return "\n".join(
            _SCOPE_PART.sub("", re.sub(r"^\s*[-*]\s+", "", line)) for line in "\n".join(parts).splitlines()
        )


def parse(text: str) -> Description:
    """Take a description apart; text without any heading becomes the preamble."""
    text = restore_breaks(text)
    marks = _headings(text)
    if not marks:
        return Description(preamble=text.strip(), sections=())
    ends = [start for start, *_ in marks[1:]] + [len(text)]
    sections = tuple(
        Section(kind=kind, title=title, text=text[body:end].strip())
        for (_, body, kind, title), end in zip(marks, ends, strict=True)
    )
    return Description(preamble=text[: marks[0][0]].strip(), sections=sections)


def restore_breaks(text: str) -> str:
    """Put back line breaks that some tool wrote as a bare letter n, where the signs of it are plain."""
    text = text.replace("\r\n", "\n")
    if "\n" not in text and "\\n" in text:
        return text.replace("\\n", "\n")
    if _LOST_BREAK_SIGN.search(text):
        text = _LOST_BREAK_SIGN.sub("\n\n", text)
        text = re.sub(r"(?<=:\*\*)n(?=[-*\d]|[A-Z])", "\n", text)
        text = _LOST_BREAK_ITEM.sub("\n", text)
    return text


def list_items(text: str) -> tuple[str, ...]:
    """Give the entries of the lists in a text at their outermost level; nested lines join their entry."""
    entries: list[list[str]] = []
    outer: int | None = None
    for line in text.splitlines():
        match = _ITEM.match(line.rstrip())
        if match is None:
            if entries and line.startswith((" ", "\t")) and line.strip():
                entries[-1].append(" " + line.strip())
            continue
        indent = len(match["indent"].expandtabs(4))
        if outer is None or indent <= outer:
            outer = indent
            entries.append([match["text"]])
        else:
            entries[-1].append("; " + match["text"])
    return tuple("".join(entry) for entry in entries)


def is_question(entry: str) -> bool:
    """Whether an entry of a list is nothing but an open question: `[NEEDS: ...]`."""
    return _QUESTION.fullmatch(entry.strip().rstrip(".")) is not None


def open_questions(text: str) -> tuple[str, ...]:
    """Give the questions that a text leaves open as `[NEEDS: ...]`, each once, in order."""
    return tuple(dict.fromkeys(found.strip() for found in _QUESTION.findall(text)))


def compose(
    *,
    objective: str,
    criteria: Iterable[str],
    included: str,
    excluded: str,
    requirements: Iterable[str] = (),
    files: Iterable[str] = (),
    testing: Iterable[str] = (),
    edge_cases: Iterable[str] = (),
    dependencies: Iterable[str] = (),
) -> str:
    """Write a description with the eight sections of Todo2's rule file; an empty one says `None`."""

    def bullets(entries: Iterable[str]) -> str:
        return "\n".join(f"- {' '.join(entry.split())}" for entry in entries) or "- None"

    bodies = {
        OBJECTIVE: " ".join(objective.split()),
        CRITERIA: bullets(criteria),
        SCOPE: (
            f"- **Included:** {' '.join(included.split())}\n- **Excluded:** {' '.join(excluded.split())}\n"
            "- **Clarification Required:** None"
        ),
        REQUIREMENTS: bullets(requirements),
        FILES: bullets(files),
        TESTING: bullets(testing),
        EDGE_CASES: bullets(edge_cases),
        DEPENDENCIES: ", ".join(dependencies) or "None",
    }
    parts: list[str] = []
    for kind, (emoji, title) in _TITLES.items():
        gap = " " if kind in {OBJECTIVE, DEPENDENCIES} else "\n"
        parts.append(f"{emoji} **{title}:**{gap}{bodies[kind]}")
    return "\n\n".join(parts)


def _headings(text: str) -> list[tuple[int, int, str, str]]:
    """Find headings as (start, start of the body, kind, title), in order; fenced code has none."""
    lines = _without_code(text).split("\n")
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    found: dict[int, tuple[int, int, str, str]] = {}
    taken: set[int] = set()
    for match in _EMOJI_HEADING.finditer("\n".join(lines)):
        number = bisect_right(starts, match.start()) - 1
        title = match["title"].strip()
        if _is_heading(match, before=lines[number][: match.start() - starts[number]]):
            kind = _BY_EMOJI[match["emoji"]]
            found[match.start()] = (match.start(), match.end(), kind, title or _TITLES[kind][1])
            taken.add(number)
    for number, line in enumerate(lines):
        if number not in taken and (heading := _line_heading(line.strip())):
            found[starts[number]] = (starts[number], starts[number] + len(line), *heading)
    return [found[start] for start in sorted(found)]


def _is_heading(match: re.Match[str], *, before: str) -> bool:
    """Whether an emoji with a colon is a heading: in the middle of a line it has to be bold or say a known word."""
    return not before.strip(" \t-*>") or "**" in match[0] or bool(_kind(match["title"]))


def _line_heading(line: str) -> tuple[str, str] | None:
    """Give kind and title of a line that is a heading of its own."""
    if _SCOPE_PART.fullmatch(line):
        return None
    if match := _HASH_HEADING.match(line):
        title = match[1]
        rest, _, tail = title.rpartition(" ")
        if tail and not tail.strip("#"):
            title = rest
    elif match := _BOLD_HEADING.fullmatch(line) or _PLAIN_HEADING.fullmatch(line):
        title = match[1]
    elif line[:1] in _BY_EMOJI and _kind(line):
        title = line
    else:
        return None
    title = title.strip(" *:")
    kind = _kind(title)
    if match is not None and match.re is _PLAIN_HEADING and not kind:
        return None  # a line that merely ends in a colon introduces a list; it is no heading
    return kind, title.lstrip(_EMOJI + "\ufe0f ") or title


def _kind(title: str) -> str:
    """Give the kind of section that a heading's words name, empty for none."""
    words = title[:80].lstrip(_EMOJI + "\ufe0f *").strip(" *:").lower()
    return _BY_WORDS.get(re.sub(r"\s*\([^()]*\)$", "", words), "")


def _without_code(text: str) -> str:
    """Blank the lines of fenced code, as long as they were."""
    fence = ""
    kept: list[str] = []
    for line in text.split("\n"):
        stripped = line.strip()
        opening = None if fence else _OPENING_FENCE.match(stripped)
        kept.append(" " * len(line) if fence or opening else line)
        if opening:
            fence = opening[1] or opening[2]
        elif fence and stripped.startswith(fence) and not stripped.strip(fence[0]):
            fence = ""
    return "\n".join(kept)
