"""The command that serves AI assistants."""

import sys
from importlib import import_module

import click

from prentice.cli.options import global_options, selection
from prentice.errors import UsageError


@click.command("mcp")
@global_options
def mcp_command() -> None:
    """Serve MCP on stdin and stdout, for an AI assistant that starts this command. Ends when they close."""
    chosen = selection()
    directory = chosen.directory
    if not directory.is_dir():
        raise UsageError(f"{directory} is not a directory.", next_step="Give the project's: `--project DIR`.")
    if sys.stdin.isatty():
        click.echo(
            "Serving MCP on stdin and stdout; an AI assistant starts this command itself. Ctrl-C ends.", err=True
        )
    # Surfaces do not import each other: this one starts the other by its name.
    serve = import_module("prentice.mcp.server").serve
    serve(directory, backend=chosen.backend, model=chosen.model, verbose=chosen.verbose)
