"""Commands that plan: breakdown, approve, reject."""

import sys
from typing import TYPE_CHECKING

import click

from prentice.cli.options import global_options, selection
from prentice.cli.output import print_json, shown
from prentice.errors import ProposalError, UsageError

if TYPE_CHECKING:
    from prentice.library import Prentice
    from prentice.skills.breakdown.proposal import Proposal


@click.command("breakdown")
@click.argument("task")
@click.option("--context", default="", metavar="TEXT", help="What the planner should know besides the task.")
@click.option("--min", "low", type=int, metavar="N", help="The fewest subtasks.")
@click.option("--max", "high", type=int, metavar="N", help="The most subtasks.")
@global_options
def breakdown_command(task: str, context: str, low: int | None, high: int | None) -> None:
    """Split a task into a plan to approve. TASK is an id or free text; nothing is made until you approve."""
    proposal = plan(selection().open(), task, context=context, low=low, high=high)
    if selection().json:
        print_json(proposal.document())
    else:
        from prentice.cli.plan_view import print_plan

        print_plan(proposal)


@click.command("approve")
@click.argument("proposal")
@click.option("--only", default="", metavar="K,..", help="Only these keys of the proposal.")
@click.option("--edit", is_flag=True, help="Edit the plan in `$EDITOR` first; what is saved is approved.")
@global_options
def approve_command(proposal: str, only: str, edit: bool) -> None:
    """Make the entries of a plan or an import into tasks. Repeating it answers the same and makes nothing."""
    project = selection().open()
    edited = _edited(project.proposal(proposal)) if edit else None
    keys = tuple(key.strip() for key in only.split(",") if key.strip())
    approved = project.approve(proposal, only=keys, edited=edited)
    if selection().json:
        print_json(approved.document())
        return
    tasks = project.tasks().tasks
    click.echo(shown(f"{approved.parent} now waits for:" if approved.parent else "These tasks stand for the import:"))
    for task_id in approved.created:
        click.echo(shown(f"  {task_id}  {tasks[task_id].name if task_id in tasks else '(deleted since)'}"))
    click.echo("`prentice next` says where to begin.")


@click.command("reject")
@click.argument("proposal")
@click.option("--reason", default="", metavar="TEXT", help="Why; kept with the proposal.")
@global_options
def reject_command(proposal: str, reason: str) -> None:
    """Set a plan or an import aside."""
    rejected = selection().open().reject(proposal, reason=reason)
    if selection().json:
        print_json({"proposal_id": rejected.id, "state": rejected.state, "reason": reason})
    else:
        click.echo(f"{rejected.id} is rejected.")


def plan(project: "Prentice", task: str, *, context: str, low: int | None, high: int | None) -> "Proposal":
    """Let a task be planned, with progress on stderr."""
    from prentice.cli.progress import Progress

    with Progress(verbose=selection().verbose) as progress:
        return project.breakdown(task, context=context, min_subtasks=low, max_subtasks=high, on_event=progress)


def _edited(proposal: "Proposal") -> "Proposal":
    """Let a person edit the plan; at a terminal, mistakes can be mended in a further round.

    Raises:
        ProposalError: the text does not hold together; names the line.
        UsageError: the person emptied the file.
    """
    from prentice.cli.editor import edit_text
    from prentice.skills.breakdown import form

    text = form.write(proposal)
    while True:
        text = edit_text(text, name=proposal.id)
        try:
            subtasks = form.read(text, before=proposal.subtasks)
        except ProposalError as error:
            click.echo(f"{error.message} {error.next_step}", err=True)
            if sys.stdin.isatty() and click.confirm("Edit again?", default=True, err=True):
                continue
            raise
        if not subtasks:
            raise UsageError(
                "The edited plan is empty; nothing was approved.", next_step="`prentice reject` sets it aside."
            )
        return proposal.with_subtasks(subtasks)
