"""The command that makes a directory a project."""

from importlib import import_module

import click

from prentice.cli.options import global_options, selection
from prentice.cli.output import print_json


@click.command("init")
@click.option("--rules", is_flag=True, help="Tell AI assistants in `AGENTS.md` how to work with Prentice.")
@global_options
def init_command(*, rules: bool) -> None:
    """Make what is missing: the Todo2 file, and settings with comments. Nothing that exists is changed."""
    project = selection().open()
    made = project.init()
    if rules:
        root = project.project.root if project.project else project.directory
        writing = import_module("prentice.mcp.rules")  # surfaces do not import each other
        made += [writing.FILE] if writing.write_rules(root) else []
    if selection().json:
        print_json({"project": str(project.project.root if project.project else project.directory), "made": made})
    elif made:
        click.echo(f"Made {', '.join(made)}.")
    else:
        click.echo("Everything is there already.")
