"""The command that serves the review page: web."""

import sys
from importlib import import_module

import click

from prentice.cli.options import global_options, selection
from prentice.cli.output import print_json


@click.command("web")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="The port to serve at; else a free one."
)
@click.option("--no-open", is_flag=True, help="Open no browser, only print the address.")
@global_options
def web_command(*, port: int, no_open: bool) -> int:
    """Serve the review page on this machine and print its address with the token. Ctrl-C ends it."""
    from prentice.cli.app import INTERRUPTED

    chosen = selection()

    def listening(url: str) -> None:
        if chosen.json:
            print_json({"url": url})
        else:
            click.echo(f"The review page is at {url}")
            click.echo("The address is a key to this project: keep it to yourself. Ctrl-C ends.", err=True)
        sys.stdout.flush()

    # Surfaces do not import each other: this one starts the other by its name.
    serving = import_module("prentice.web.serving")
    try:
        serving.serve(
            chosen.directory, port=port, backend=chosen.backend, model=chosen.model,
            opens=not no_open and not chosen.json, verbose=chosen.verbose, listening=listening,
        )  # fmt: skip
    except KeyboardInterrupt:
        click.echo("\nThe page is closed.", err=True)
        return INTERRUPTED
    return 0
