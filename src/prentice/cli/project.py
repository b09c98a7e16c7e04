"""The command that makes a directory a project."""

from importlib import import_module

import click

from prentice.cli.options import global_options, selection
from prentice.cli.output import print_json


@click.command("init")
@click.option("--rules", is_flag=True, help="Tell AI assistants in `AGENTS.md` how to work with Prentice.")
@global_options
def init_command(*, rules: bool) -> None:
    """Make what is missing: the Todo2 file, and settings with comments. What exists stays as it is.

    `--rules` adds a section to `AGENTS.md`, and to a `CLAUDE.md` that does not import it.
    """
    project = selection().open()
    made = project.init()
    ruled: list[str] = []
    if rules:
        root = project.project.root if project.project else project.directory
        writing = import_module("prentice.mcp.rules")  # surfaces do not import each other
        ruled = writing.write_rules(root)
    if selection().json:
        print_json(
            {"project": str(project.project.root if project.project else project.directory), "made": made + ruled}
        )
        return
    if made:
        click.echo(f"Made {', '.join(made)}.")
    if ruled:
        click.echo(f"Wrote the rule for assistants into {', '.join(ruled)}.")
    if not made and not ruled:
        click.echo("Everything is there already.")
