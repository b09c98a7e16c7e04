"""The command that takes over other tools' tasks: import."""

from typing import TYPE_CHECKING, Final

import click

from prentice.cli.options import global_options, selection
from prentice.cli.output import console, print_json, shown

if TYPE_CHECKING:
    from prentice.skills.importing.proposal import ImportProposal
    from prentice.tasks.imports.item import Format, LeftOut

_SHOWN: Final = 40
"""Entries that are left out and named one by one; the JSON document names all."""


@click.command("import")
@click.argument("path", metavar="FILE_OR_DIRECTORY")
@click.option(
    "--from",
    "kind",
    type=click.Choice(("task-master", "backlog", "checklist", "github")),
    metavar="FORMAT",
    help="task-master, backlog, checklist or github; without it the content says which.",
)
@click.option("--limit", type=int, metavar="N", help="At most N tasks; without it, more than 200 are refused.")
@click.option("--closed", is_flag=True, help="Closed entries too, as Done; cancelled ones never.")
@click.option("--tag", default="", metavar="TAG", help="The tag of Task Master's file to read, instead of master.")
@global_options
def import_command(path: str, kind: "Format | None", limit: int | None, closed: bool, tag: str) -> None:
    """Propose the tasks of Task Master, Backlog.md, a check list or GitHub; nothing is made until you approve."""
    proposal = selection().open().import_tasks(path, format=kind, tag=tag, closed=closed, limit=limit)
    if selection().json:
        print_json(proposal.document())
    else:
        _print(proposal)


def _print(proposal: "ImportProposal") -> None:
    from rich.table import Table
    from rich.text import Text

    out = console()
    if proposal.tasks:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in ("key", "name", "priority", "after", "part of", ""):
            table.add_column(heading, overflow="fold")
        known = proposal.keys
        for task in proposal.tasks:
            repeated = proposal.duplicates.get(task.key)
            cells = (
                task.key,
                task.name,
                task.priority,
                ", ".join(need for need in task.dependencies if need in known),
                task.parent if task.parent in known else proposal.known.get(task.parent, ""),
                f"like {repeated}" if repeated else "Done" if task.status == "Done" else "",
            )
            table.add_row(*(Text(shown(cell)) for cell in cells), style="dim" if repeated else "")
        out.print(Text(shown(f"{proposal.id}  {_count(len(proposal.tasks))} from {proposal.source}"), style="bold"))
        out.print()
        out.print(table)
    else:
        out.print(Text(shown(f"Nothing to import from {proposal.source}."), style="bold"))
    _print_left_out(proposal.left_out)
    for warning in proposal.warnings:
        out.print(Text(shown(f"! {warning}"), style="yellow"))
    if not proposal.tasks:
        return
    out.print()
    if proposal.duplicates:
        out.print("What is like another task is made only by name, with --only.")
    out.print(
        f"prentice approve {proposal.id}            make these tasks (--only KEY,KEY)\n"
        f"prentice reject {proposal.id}             set the import aside"
    )


def _print_left_out(entries: "tuple[LeftOut, ...]") -> None:
    from rich.text import Text

    out = console()
    for entry in entries[:_SHOWN]:
        named = f"{entry.key} {entry.name}".rstrip()
        out.print(Text(shown(f"- {named} is left out: {entry.why}."), style="dim"))
    if len(entries) > _SHOWN:
        out.print(Text(f"- {len(entries) - _SHOWN} more are left out; `--json` names them.", style="dim"))


def _count(number: int) -> str:
    return f"{number} task" if number == 1 else f"{number} tasks"
