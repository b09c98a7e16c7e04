"""Choosing hunks at the terminal, with the letters that `git add --patch` uses."""

from collections.abc import Mapping
from typing import Any, Final

import click

from prentice.changes.shown import shown_files
from prentice.cli.change_view import hunk_lines
from prentice.cli.output import console
from prentice.cli.visible import path_shown

_HELP: Final = """\
y - take this hunk
n - leave this hunk
q - leave this hunk and all that are left
a - take this hunk and all later ones of the file
d - leave this hunk and all later ones of the file
? - say this again"""
_LETTERS: Final = ("y", "n", "q", "a", "d", "?")


def wanted(document: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Show each hunk of a change, ask for it, and give those that were taken, by path and number."""
    taken: list[tuple[str, int]] = []
    out = console(stderr=True)
    for file in shown_files(document):
        out.print(path_shown(file.path), style="bold", markup=False)
        rest = ""
        for hunk in file.hunks:
            answer = rest
            if not answer:
                for line in hunk_lines(hunk, of=len(file.hunks)):
                    out.print(line, soft_wrap=True)
                answer = _asked(hunk.number, of=len(file.hunks))
            if answer == "q":
                return taken
            rest = answer if answer in "ad" else ""
            if answer in "ya":
                taken.append((file.path, hunk.number))
    return taken


def _asked(number: int, *, of: int) -> str:
    while True:
        label = click.style(f"({number}/{of}) Take this hunk [{','.join(_LETTERS)}]?", fg="blue", bold=True)
        answer = str(click.prompt(label, default="", show_default=False, prompt_suffix=" ", err=True)).strip().lower()
        if answer in _LETTERS and answer != "?":
            return answer
        click.echo(_HELP, err=True)
