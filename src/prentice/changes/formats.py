"""The formats in which a model may be asked to write edits, and the text that tells it how."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from prentice.changes.markers import Markers


class Format(StrEnum):
    """A way to write edits as plain text."""

    SYMBOL = "symbol"
    WHOLE = "whole"
    SEARCH_REPLACE = "search-replace"
    UNIFIED = "udiff"
    V4A = "v4a"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A file that the model was shown to edit, or one symbol in it."""

    path: str
    symbol: str = ""

    @property
    def name(self) -> str:
        """The target as it is written in a reply: `path` or `path::symbol`."""
        return f"{self.path}::{self.symbol}" if self.symbol else self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a model was asked for; a reply is read in its light, and by itself where nothing is known."""

    format: Format | None = None
    targets: tuple[Target, ...] = ()
    markers: Markers = field(default_factory=Markers)

    @property
    def paths(self) -> tuple[str, ...]:
        """The files of the targets, each once."""
        return tuple(dict.fromkeys(target.path for target in self.targets))


def instructions(ask: Ask) -> str:
    """Tell a model how to write its edits: one example of the format with this request's marks, and its rules."""
    format_ = ask.format or Format.SEARCH_REPLACE
    target = ask.targets[0] if ask.targets else Target(path="path/to/file")
    lines = {
        Format.SYMBOL: _symbol,
        Format.WHOLE: _whole,
        Format.SEARCH_REPLACE: _search_replace,
        Format.UNIFIED: _unified,
        Format.V4A: _v4a,
    }[format_](target, ask.markers)
    return "\n".join(lines)


def _symbol(target: Target, marks: Markers) -> Sequence[str]:
    name = target.name if target.symbol else f"{target.path}::Class.method"
    return [
        "For each function, method or class that you change, write its name on a line and its whole text in a fence:",
        "",
        name,
        marks.fence,
        "(the whole definition, with its decorators, from the first line to the last)",
        marks.fence,
        "",
        "Write every line of the definition; leave nothing out and add nothing around it.",
    ]


def _whole(target: Target, marks: Markers) -> Sequence[str]:
    return [
        "For each file that you change or create, write its path on a line and its full new text in a fence:",
        "",
        target.path,
        marks.fence,
        "(the whole file, from the first line to the last)",
        marks.fence,
        "",
        *_others(target),
        "Write every line of the file; leave nothing out.",
    ]


def _search_replace(target: Target, marks: Markers) -> Sequence[str]:
    return [
        "For each place that you change, write the path of the file on a line and a block:",
        "",
        target.path,
        marks.search,
        "(lines as they stand in the file, enough of them to stand in one place only)",
        marks.divider,
        "(the lines that take their place)",
        marks.replace,
        "",
        "Copy the lines to find exactly, with their indentation. To create a file, leave the lines to find empty.",
        *_others(target),
    ]


def _unified(target: Target, marks: Markers) -> Sequence[str]:
    return [
        "Write the change as a unified diff, with three unchanged lines around each place:",
        "",
        f"{marks.fence}diff",
        f"--- a/{target.path}",
        f"+++ b/{target.path}",
        "@@ -1,4 +1,4 @@",
        " (an unchanged line, behind one space)",
        "-(a line to remove)",
        "+(a line to add)",
        marks.fence,
        "",
        "Copy unchanged and removed lines exactly. `/dev/null` stands for the side on which a file does not exist.",
    ]


def _v4a(target: Target, marks: Markers) -> Sequence[str]:
    return [
        "Write the change as a patch in this form:",
        "",
        marks.fence,
        "*** Begin Patch",
        f"*** Update File: {target.path}",
        "@@ (the line of the function or class that the place is in)",
        " (an unchanged line, behind one space)",
        "-(a line to remove)",
        "+(a line to add)",
        "*** End Patch",
        marks.fence,
        "",
        "`*** Add File: PATH` is followed by the new file's lines, each behind a `+`.",
        "`*** Delete File: PATH` stands alone.",
        "`*** Move to: PATH` behind an `*** Update File` line renames. Copy unchanged and removed lines exactly.",
    ]


def _others(target: Target) -> Sequence[str]:
    return [f"To delete a file write the line `DELETE FILE: {target.path}`, to rename it `RENAME FILE: OLD TO NEW`."]
