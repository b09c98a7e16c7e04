"""Commands on the work itself: next, status."""

from typing import TYPE_CHECKING

import click

from prentice.cli.options import global_options, selection
from prentice.cli.output import print_json, shown

if TYPE_CHECKING:
    from prentice.tasks.record import Task


@click.command("next")
@global_options
def next_command() -> None:
    """Give the task to do next: ready, most urgent, unblocking most."""
    ready = selection().open().tasks().ready()
    if selection().json:
        print_json(ready[0].document() if ready else None)
    elif ready:
        click.echo(shown(f"{ready[0].id}  {ready[0].name}  ({ready[0].priority})"))
        click.echo(f"Start it with `prentice status {ready[0].id} 'In Progress'`.")
    else:
        click.echo("No task is ready. `prentice list` shows what is open, `prentice doctor` what may block it.")


@click.command("status")
@click.argument("task")
@click.argument("status")
@global_options
def status_command(task: str, status: str) -> None:
    """Move a task to Todo, "In Progress", Review or Done, as the workflow rules allow."""
    moved = selection().open().set_status(task, status)
    _answer(moved, f"{moved.id} is {moved.status}.")


def _answer(task: "Task", sentence: str) -> None:
    if selection().json:
        print_json(task.document())
    else:
        click.echo(shown(sentence))
