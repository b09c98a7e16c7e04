"""A change as people read it: files, hunks, and lines with their numbers and the words that differ in them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Final, Literal, TypeAlias

from prentice.changes.words import Span, word_diff

Kind: TypeAlias = Literal["same", "removed", "added", "remark"]

_KINDS: Final[Mapping[str, Kind]] = {" ": "same", "-": "removed", "+": "added", "\\": "remark"}
_HEAD: Final = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
_ALIKE: Final = 0.35
"""The share of a line that has to stay for its other words to be marked; below it everything would be."""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of a hunk, with its number before and after where it is there.

    `spans` together are its text; those that are not `same` are the words that the line it is compared with has not.
    """

    kind: Kind
    spans: Sequence[Span]
    old: int | None = None
    new: int | None = None

    @property
    def sign(self) -> str:
        """What stands before the line in a diff."""
        return next((sign for sign, kind in _KINDS.items() if kind == self.kind), " ")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownHunk:
    """A hunk. `index` is its place in the whole change, `number` its place in the file, from 1."""

    index: int
    number: int
    heading: str
    lines: Sequence[ShownLine]
    is_binary: bool = False

    def count(self, kind: Kind) -> int:
        """Give how many lines are of a kind."""
        return sum(line.kind == kind for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFile:
    """A file of a change; `notes` are what the diff says of it beside its lines: a new mode, a rename."""

    path: str
    notes: Sequence[str]
    hunks: Sequence[ShownHunk]

    def count(self, kind: Kind) -> int:
        """Give how many lines are of a kind."""
        return sum(hunk.count(kind) for hunk in self.hunks)


def shown_files(document: Mapping[str, Any]) -> list[ShownFile]:
    """Give the files of an execution's change, in its order; `document` has `diff` and `hunks`, as a review does."""
    numbered = list(enumerate(document["hunks"]))
    files = [list(hunks) for _, hunks in groupby(numbered, key=lambda item: item[1]["path"])]
    notes = _notes(document["diff"])
    return [_file(hunks, notes[place] if len(notes) == len(files) else []) for place, hunks in enumerate(files)]


def shown_hunk(hunk: Mapping[str, Any], *, index: int = 0, is_binary: bool = False) -> ShownHunk:
    """Give one hunk with its `number` and its `text`, a heading and lines of a unified diff."""
    heading, *lines = hunk["text"].removesuffix("\n").split("\n")
    found = _HEAD.match(heading)
    if is_binary or found is None:
        return ShownHunk(index=index, number=hunk["number"], heading="", lines=(), is_binary=is_binary)
    numbered = _numbered(_lines(_without_ends(lines)), old=int(found[1]), new=int(found[2]))
    return ShownHunk(index=index, number=hunk["number"], heading=heading, lines=tuple(numbered))


def _file(hunks: Sequence[tuple[int, Mapping[str, Any]]], notes: Sequence[str]) -> ShownFile:
    is_binary = any(note.startswith("Binary files ") for note in notes)
    return ShownFile(
        path=hunks[0][1]["path"],
        notes=[note for note in notes if not note.startswith("index ")],
        hunks=[shown_hunk(hunk, index=index, is_binary=is_binary) for index, hunk in hunks],
    )


def _notes(diff: str) -> list[list[str]]:
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


def _numbered(lines: Iterator[ShownLine], *, old: int, new: int) -> Iterator[ShownLine]:
    for line in lines:
        is_old, is_new = line.kind in {"same", "removed"}, line.kind in {"same", "added"}
        yield replace(line, old=old if is_old else None, new=new if is_new else None)
        old, new = old + is_old, new + is_new


def _lines(lines: Sequence[str]) -> Iterator[ShownLine]:
    """Give each line; removed lines that as many added ones follow are compared with them."""
    runs = [
        (_KINDS.get(sign, "same"), [line[1:] for line in group])
        for sign, group in groupby(lines, key=lambda line: line[:1])
    ]
    compared: list[list[Span]] = []
    for place, (kind, content) in enumerate(runs):
        following = runs[place + 1] if place + 1 < len(runs) else ("same", [])
        if kind == "removed":
            is_paired = following[0] == "added" and len(following[1]) == len(content)
            compared = [_compared(*pair) for pair in zip(content, following[1], strict=True)] if is_paired else []
        for number, line in enumerate(content):
            spans = compared[number] if compared and kind in {"removed", "added"} else []
            own = [span for span in spans if span.kind in {"same", kind}]
            yield ShownLine(kind, own or [Span("same", line)])
        if kind != "removed":
            compared = []


def _compared(old: str, new: str) -> list[Span]:
    """Give the differing words of two lines; nothing where too little of them is the same."""
    spans = word_diff(old, new)
    same = sum(len(span.text) for span in spans if span.kind == "same" and span.text.strip())
    return spans if same >= _ALIKE * max(len(old), len(new)) else []
