"""The command that carries tasks out."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from prentice.cli.options import global_options, selection
from prentice.cli.output import print_json


@click.command("execute")
@click.argument("tasks", nargs=-1, metavar="[TASK]...")
@click.option("--ready", is_flag=True, help="Take every task that can be started now and is simple enough.")
@click.option("--apply", "applies", is_flag=True, help="Let the gate apply a change where nothing stands against it.")
@click.option(
    "--format",
    "format_name",
    default="",
    metavar="F",
    help="Ask for symbol, whole, search-replace, udiff or v4a edits.",
)
@click.option("--samples", type=int, metavar="K", help="Ask the model for K answers; how many agree is evidence.")
@click.option("--anyway", is_flag=True, help="Try it also where the analyzer would not.")
@click.option("--uncommitted", is_flag=True, help="Start from your files as they are, not from the last commit.")
@global_options
def execute_command(
    *, tasks: tuple[str, ...], ready: bool, applies: bool, format_name: str, samples: int | None, anyway: bool,
    uncommitted: bool,
) -> int:  # fmt: skip
    """Carry out simple tasks, each up to a change that waits for your review. TASK is an id or free text.

    Ends with 0 when every task came to a change, with 1 when one did not.
    """
    from prentice.cli.app import INTERRUPTED
    from prentice.cli.execution_progress import ExecutionProgress

    project = selection().open()
    try:
        with ExecutionProgress(verbose=selection().verbose) as progress:
            documents = project.execute(
                tasks, ready=ready, apply=applies, format=format_name, samples=samples, anyway=anyway,
                uncommitted=uncommitted, on_event=progress,
            )  # fmt: skip
    except KeyboardInterrupt:
        click.echo(
            "Stopped. What was under way is given up; `prentice review` shows what was finished before.", err=True
        )
        return INTERRUPTED
    if selection().json:
        print_json(documents)
    elif documents:
        from prentice.cli.execution_view import print_executions

        print_executions(documents)
    else:
        click.echo("No task is ready and simple enough. `prentice next` says what is ready.")
    return exit_code(documents)


def exit_code(documents: Sequence[Mapping[str, Any]]) -> int:
    """Give 0 when every execution came to a change or to findings, applied or waiting, else 1."""
    return 0 if all(document["state"] in {"proposed", "applied"} for document in documents) else 1
