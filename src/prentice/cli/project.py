"""The command that makes a directory a project."""

import click

from prentice.cli.options import global_options, selection
from prentice.cli.output import print_json


@click.command("init")
@global_options
def init_command() -> None:
    """Make what is missing: the Todo2 file, and settings with comments. Nothing that exists is changed."""
    project = selection().open()
    made = project.init()
    if selection().json:
        print_json({"project": str(project.project.root if project.project else project.directory), "made": made})
    elif made:
        click.echo(f"Made {', '.join(made)}.")
    else:
        click.echo("Everything is there already.")
