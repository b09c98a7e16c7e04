"""The command that git calls to merge two versions of the Todo2 file."""

from pathlib import Path

import click

from prentice.cli.options import global_options, selection
from prentice.cli.output import print_json, shown
from prentice.errors import UsageError


@click.command("git-merge")
@click.argument("base", required=False, type=click.Path(path_type=Path))
@click.argument("ours", required=False, type=click.Path(path_type=Path))
@click.argument("theirs", required=False, type=click.Path(path_type=Path))
@click.option("--install", is_flag=True, help="Let git call this for the Todo2 file of this repository.")
@global_options
def git_merge_command(base: Path | None, ours: Path | None, theirs: Path | None, install: bool) -> None:
    """Merge two versions of the Todo2 file, task by task and field by field; git gives BASE, OURS and THEIRS."""
    from prentice.store.git_merge import merge_files, register

    if install:
        done = register(selection().directory)
        if selection().json:
            print_json({"done": done})
        else:
            click.echo(f"Git merges the Todo2 file by `prentice git-merge` here now ({', '.join(done)}).")
        return
    if base is None or ours is None or theirs is None:
        raise UsageError(
            "Git gives this command three files.",
            next_step="Let git call it: `prentice git-merge --install`, once in each clone.",
        )
    merged = merge_files(base, ours, theirs)
    if selection().json:
        print_json(
            {"merged": list(merged.restored), "conflicts": list(merged.conflicts), "renamed": dict(merged.renamed)}
        )
        return
    for old, new in merged.renamed.items():
        click.echo(shown(f"{old} of the other branch is {new} now: both had made a task of that number."), err=True)
    for what in merged.conflicts:
        click.echo(shown(f"Both branches changed {what}; the later change was kept."), err=True)
