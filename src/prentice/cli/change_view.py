"""A change on the terminal: file by file and hunk by hunk, numbered, with the words marked that differ in a line."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rich.text import Text

from prentice.changes.shown import Kind, ShownHunk, ShownLine, shown_files
from prentice.cli.output import console
from prentice.cli.visible import path_shown, visible

_COLOURS: Final[Mapping[Kind, str]] = {"added": "green", "removed": "red", "remark": "dim"}


def print_change(document: Mapping[str, Any]) -> None:
    """Print the change of an execution, as `review` gives it."""
    out = console()
    for line in change_lines(document):
        out.print(line, soft_wrap=True)


def change_lines(document: Mapping[str, Any]) -> Iterator[Text]:
    """Give the lines in which a change is shown."""
    for file in shown_files(document):
        yield Text(path_shown(file.path), style="bold")
        yield from (Text(f"  {visible(note)}", style="dim") for note in file.notes)
        for hunk in file.hunks:
            yield from hunk_lines(hunk, of=len(file.hunks))
        yield Text()


def hunk_lines(hunk: ShownHunk, *, of: int) -> Iterator[Text]:
    """Give the lines in which one of a file's hunks is shown, its heading with its number first."""
    yield Text.assemble((f"hunk {hunk.number} of {of}", "bold cyan"), "  ", (visible(hunk.heading), "cyan"))
    yield from map(_line, hunk.lines)


def _line(line: ShownLine) -> Text:
    colour = _COLOURS.get(line.kind, "")
    text = Text(line.sign, style=colour)
    for span in line.spans:
        text.append(visible(span.text), style=colour if span.kind == "same" else f"reverse {colour}")
    return text
