"""Commands that serve AI assistants: the server itself, and putting it into an assistant's settings."""

import sys
from importlib import import_module

import click

from prentice.cli.options import global_options, selection
from prentice.cli.output import print_json, shown
from prentice.errors import UsageError

_CLIENTS = ("claude-code", "cursor", "vscode", "codex", "zed")
_PORT = 8741


@click.group("mcp", invoke_without_command=True)
@click.option("--http", is_flag=True, help="Serve over HTTP on this machine's loopback address, behind a token.")
@click.option("--port", type=click.IntRange(0, 65535), metavar="N", help=f"The port for `--http`; {_PORT} if left out.")
@global_options
@click.pass_context
def mcp_command(context: click.Context, *, http: bool, port: int | None) -> int:
    """Serve MCP on stdin and stdout, for an AI assistant that starts this command. Ends when they close."""
    from prentice.cli.app import INTERRUPTED

    if context.invoked_subcommand is not None:
        return 0
    if port is not None and not http:
        raise UsageError("`--port` belongs to `--http`.", next_step="Add `--http`, or leave it out.")
    chosen = selection()
    directory = chosen.directory
    if not directory.is_dir():
        raise UsageError(f"{directory} is not a directory.", next_step="Give the project's: `--project DIR`.")
    if not http and sys.stdin.isatty():
        click.echo(
            "Serving MCP on stdin and stdout; an AI assistant starts this command itself. Ctrl-C ends.", err=True
        )
    # Surfaces do not import each other: this one starts the other by its name.
    serve = import_module("prentice.mcp.server").serve
    try:
        serve(
            directory, backend=chosen.backend, model=chosen.model, verbose=chosen.verbose,
            is_named=chosen.project is not None, port=(_PORT if port is None else port) if http else None,
        )  # fmt: skip
    except KeyboardInterrupt:
        click.echo("\nEnded. What was under way goes on with a worker, or with the next server.", err=True)
        return INTERRUPTED
    return 0


@mcp_command.command("install")
@click.option("--client", type=click.Choice(_CLIENTS), required=True, help="The assistant.")
@click.option("--write", is_flag=True, help="Merge it into the assistant's settings file; a backup is kept.")
@global_options
def install_command(*, client: str, write: bool) -> None:
    """Print what belongs into an assistant's settings, or write it there."""
    installing = import_module("prentice.mcp.install")
    assistant = installing.assistant_named(client)
    root = selection().directory
    if warning := installing.warning(assistant):
        click.echo(shown(warning), err=True)
    if write:
        done = installing.install(assistant, root)
        if selection().json:
            print_json(done.document())
            return
        kept = f" The file as it was: {done.backup}." if done.backup else ""
        said = f"Wrote {done.path}.{kept}" if done.changed else f"{done.path} has it already."
        click.echo(shown(f"{said} `prentice doctor` tries it as {assistant.title} would."))
        return
    text, path = installing.snippet(assistant), assistant.file(root)
    if selection().json:
        print_json({"path": str(path), "snippet": text})
    else:
        click.echo(shown(f"Into {path} (or run this with `--write`):"), err=True)
        click.echo(text, nl=False)
