"""A change on the terminal: file by file and hunk by hunk, numbered, with the words marked that differ in a line."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from rich.text import Text

from prentice.changes.words import Span, word_diff
from prentice.cli.output import console
from prentice.cli.visible import path_shown, visible

_COLOURS: Final = {"+": "green", "-": "red", "\\": "dim"}
_ALIKE: Final = 0.35
"""The share of a line that has to stay for its other words to be marked; below it everything would be."""


def print_change(document: Mapping[str, Any]) -> None:
    """Print the change of an execution, as `review` gives it."""
    out = console()
    for line in change_lines(document):
        out.print(line, soft_wrap=True)


def change_lines(document: Mapping[str, Any]) -> Iterator[Text]:
    """Give the lines in which a change is shown."""
    files = [list(hunks) for _, hunks in groupby(document["hunks"], key=lambda hunk: hunk["path"])]
    sections = _sections(document["diff"])
    for place, hunks in enumerate(files):
        heading = sections[place] if len(sections) == len(files) else []
        yield Text(path_shown(hunks[0]["path"]), style="bold")
        yield from (Text(f"  {visible(line)}", style="dim") for line in heading)
        is_binary = any(line.startswith("Binary files ") for line in heading)
        for hunk in hunks:
            yield from hunk_lines(hunk, of=len(hunks), is_binary=is_binary)
        yield Text()


def hunk_lines(hunk: Mapping[str, Any], *, of: int, is_binary: bool = False) -> Iterator[Text]:
    """Give the lines in which one of a file's hunks is shown, its heading with its number first."""
    heading, *lines = hunk["text"].removesuffix("\n").split("\n")
    yield Text.assemble(
        (f"hunk {hunk['number']} of {of}", "bold cyan"), "  ", ("" if is_binary else visible(heading), "cyan")
    )
    if not is_binary:
        yield from _coloured(_without_ends(lines))


def _sections(diff: str) -> list[list[str]]:
    """Give what a diff says of each file before its hunks: a new mode, a rename, that it is binary."""
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


def _coloured(lines: Sequence[str]) -> Iterator[Text]:
    runs = [(sign, [line[1:] for line in group]) for sign, group in groupby(lines, key=lambda line: line[:1])]
    marked: list[list[Span]] = []
    for place, (sign, content) in enumerate(runs):
        follows = runs[place + 1] if place + 1 < len(runs) else ("", [])
        if sign == "-":
            is_paired = follows[0] == "+" and len(follows[1]) == len(content)
            marked = [_compared(*pair) for pair in zip(content, follows[1], strict=True)] if is_paired else []
        yield from (
            _line(sign, line, marked[number] if sign in {"+", "-"} and marked else ())
            for number, line in enumerate(content)
        )
        if sign != "-":
            marked = []


def _compared(old: str, new: str) -> list[Span]:
    """Give the differing words of two lines; nothing where too little of them is the same."""
    spans = word_diff(old, new)
    same = sum(len(span.text) for span in spans if span.kind == "same" and span.text.strip())
    return spans if same >= _ALIKE * max(len(old), len(new)) else []


def _line(sign: str, line: str, spans: Sequence[Span]) -> Text:
    colour = _COLOURS.get(sign, "")
    text = Text(sign, style=colour)
    own = "added" if sign == "+" else "removed"
    if not spans:
        return text.append(visible(line), style=colour)
    for span in spans:
        if span.kind == "same":
            text.append(visible(span.text), style=colour)
        elif span.kind == own:
            text.append(visible(span.text), style=f"reverse {colour}")
    return text
