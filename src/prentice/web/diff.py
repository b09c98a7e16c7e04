"""A change as the page shows it: files, hunks, and lines with their numbers and the words that differ."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, Literal, TypeAlias

from markupsafe import Markup

from prentice.changes.words import Span, word_diff
from prentice.web.visible import marked

Kind: TypeAlias = Literal["same", "removed", "added", "remark"]

_KINDS: Final[Mapping[str, Kind]] = {" ": "same", "-": "removed", "+": "added", "\\": "remark"}
_HEAD: Final = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
_ALIKE: Final = 0.35
"""The share of a line that has to stay for its other words to be marked; below it everything would be."""
LONG_FILE: Final = 400
"""From so many lines on, a file is shown folded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a hunk, with its number before and after, where it is there."""

    kind: Kind
    html: Markup
    old: int | None = None
    new: int | None = None

    @property
    def sign(self) -> str:
        """What stands before the line in a diff."""
        return {"removed": "-", "added": "+"}.get(self.kind, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class HunkView:
    """A hunk. `index` is its place among all hunks of the change, by which forms name it."""

    index: int
    number: int
    heading: str
    rows: Sequence[Row]
    is_binary: bool = False

    def count(self, kind: Kind) -> int:
        """Give how many lines are of a kind."""
        return sum(row.kind == kind for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """A file of a change; `notes` say what the diff says of it beside its lines: a new mode, a rename."""

    path: str
    notes: Sequence[str]
    hunks: Sequence[HunkView]

    @property
    def added(self) -> int:
        """How many lines come."""
        return sum(hunk.count("added") for hunk in self.hunks)

    @property
    def removed(self) -> int:
        """How many lines go."""
        return sum(hunk.count("removed") for hunk in self.hunks)

    @property
    def is_long(self) -> bool:
        """Whether it is better shown folded."""
        return sum(len(hunk.rows) for hunk in self.hunks) > LONG_FILE


def files_of(document: Mapping[str, Any]) -> list[FileView]:
    """Give the files of an execution's change, in its order."""
    numbered = list(enumerate(document["hunks"]))
    files = [list(hunks) for _, hunks in groupby(numbered, key=lambda item: item[1]["path"])]
    sections = _sections(document["diff"])
    return [_file(hunks, sections[place] if len(sections) == len(files) else []) for place, hunks in enumerate(files)]


def _file(hunks: Sequence[tuple[int, Mapping[str, Any]]], notes: Sequence[str]) -> FileView:
    is_binary = any(note.startswith("Binary files ") for note in notes)
    shown = [note for note in notes if not note.startswith("index ")]
    return FileView(
        path=hunks[0][1]["path"],
        notes=shown,
        hunks=[_hunk(index, hunk, is_binary=is_binary) for index, hunk in hunks],
    )


def _hunk(index: int, hunk: Mapping[str, Any], *, is_binary: bool) -> HunkView:
    heading, *lines = hunk["text"].removesuffix("\n").split("\n")
    found = _HEAD.match(heading)
    if is_binary or found is None:
        return HunkView(index=index, number=hunk["number"], heading="", rows=(), is_binary=is_binary)
    rows = _rows(_without_ends(lines), old=int(found[1]), new=int(found[2]))
    return HunkView(index=index, number=hunk["number"], heading=heading, rows=list(rows))


def _sections(diff: str) -> list[list[str]]:
    """Give what a diff says of each file before its hunks."""
    found: list[list[str]] = []
    is_heading = False
    for line in diff.split("\n"):
        if line.startswith("diff --git "):
            found.append([])
            is_heading = True
        elif line.startswith(("--- ", "@@ ")):
            is_heading = False
        elif is_heading and line:
            found[-1].append(line)
    return found


def _without_ends(lines: Sequence[str]) -> Sequence[str]:
    """Take carriage returns away where every line ends with one; where only some do, they show."""
    content = [line for line in lines if not line.startswith("\\")]
    return [line.removesuffix("\r") for line in lines] if all(line.endswith("\r") for line in content) else lines


def _rows(lines: Sequence[str], *, old: int, new: int) -> Iterator[Row]:
    for kind, html in _lines(lines):
        is_old, is_new = kind in {"same", "removed"}, kind in {"same", "added"}
        yield Row(kind=kind, html=html, old=old if is_old else None, new=new if is_new else None)
        old, new = old + is_old, new + is_new


def _lines(lines: Sequence[str]) -> Iterator[tuple[Kind, Markup]]:
    """Give each line's kind and text; removed lines that as many added ones follow are compared with them."""
    runs = [
        (_KINDS.get(sign, "same"), [line[1:] for line in group])
        for sign, group in groupby(lines, key=lambda line: line[:1])
    ]
    compared: list[list[Span]] = []
    for place, (kind, content) in enumerate(runs):
        following = runs[place + 1] if place + 1 < len(runs) else ("same", [])
        if kind == "removed":
            is_paired = following[0] == "added" and len(following[1]) == len(content)
            compared = [_spans(*pair) for pair in zip(content, following[1], strict=True)] if is_paired else []
        for number, line in enumerate(content):
            spans = compared[number] if compared and kind in {"removed", "added"} else []
            yield kind, _html(kind, line, spans)
        if kind != "removed":
            compared = []


def _spans(old: str, new: str) -> list[Span]:
    """Give the differing words of two lines; nothing where too little of them is the same."""
    spans = word_diff(old, new)
    same = sum(len(span.text) for span in spans if span.kind == "same" and span.text.strip())
    return spans if same >= _ALIKE * max(len(old), len(new)) else []


def _html(kind: Kind, line: str, spans: Sequence[Span]) -> Markup:
    if not spans:
        return marked(line)
    tag = Markup("<del>{}</del>") if kind == "removed" else Markup("<ins>{}</ins>")
    parts = (
        tag.format(marked(span.text)) if span.kind == kind else marked(span.text)
        for span in spans
        if span.kind in {"same", kind}
    )
    return Markup("").join(parts)
