"""What leaves on stdout and stderr: one JSON document, or text for people; errors with their next step."""

import json
import re
import sys
from typing import TYPE_CHECKING, Final

import click

from prentice.errors import PrenticeError

if TYPE_CHECKING:
    from rich.console import Console

    from prentice.tasks.record import Task


_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What a terminal may obey, and what turns the direction of other letters; line breaks and tabs are left."""


def print_json(document: object) -> None:
    """Print the one JSON document of a command: indented for a reader, on one line for a program, which is quicker."""
    indent = 2 if sys.stdout.isatty() else None
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=indent).encode("utf-8", "replace").decode() + "\n")


def answer_task(task: "Task", sentence: str, *, as_json: bool) -> None:
    """Answer a command that changed a task: with the task as a document, or with a sentence for people."""
    if as_json:
        print_json(task.document())
    else:
        click.echo(shown(sentence))


def shown(text: str) -> str:
    """Give text from files and models without the control characters that a terminal would obey."""
    return _CONTROL.sub("\ufffd", text)


def report_error(error: PrenticeError, *, as_json: bool) -> None:
    """Print an error: its document on stdout with `--json`, else one line on stderr."""
    if as_json:
        print_json(error.document())
    else:
        line = f"prentice: {error.message} {error.next_step}".replace("\n", " ").rstrip()
        sys.stderr.write(shown(line) + "\n")


def console(*, stderr: bool = False) -> "Console":
    """Give a console that colours on terminals only, and does not wrap what is piped elsewhere.

    Texts are printed as they are: what stands in brackets or between colons is no markup and no emoji of ours.
    """
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else 160
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, width=width, soft_wrap=False)
