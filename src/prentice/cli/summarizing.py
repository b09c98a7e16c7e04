"""The command that says a task, a diff or a file in a few sentences."""

import sys

import click

from prentice.cli.options import global_options, selection
from prentice.cli.output import print_json, shown
from prentice.errors import UsageError


@click.command("summarize")
@click.argument("task", required=False, default="")
@click.option("-f", "--file", "path", metavar="PATH", default="", help="Summarize this file or diff; `-` reads stdin.")
@global_options
def summarize_command(task: str, path: str) -> None:
    """Say a task, a diff or a file in a few sentences. TASK is an id or free text; `-` reads stdin."""
    from_stdin = "-" in {task, path}
    if bool(task) == bool(path):
        raise UsageError(
            "One thing is summarized: a task, or a file.",
            next_step="`prentice summarize T-12`, `prentice summarize -f FILE` or `git diff | prentice summarize -`.",
        )
    project = selection().open()
    if from_stdin:
        from prentice.skills.summarize import MAX_BYTES

        content = sys.stdin.buffer.read(MAX_BYTES + 1)
        found = project.summarize(text=content.decode("utf-8", "replace"))
    else:
        found = project.summarize(task, path=path)
    if selection().json:
        print_json(found.document())
        return
    click.echo(shown(found.summary))
    for note in found.notes:
        click.echo(shown(note), err=True)
