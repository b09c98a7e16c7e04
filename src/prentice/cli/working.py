"""Commands on the work itself: next, claim, release, status, delete."""

import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from prentice.cli.options import global_options, selection
from prentice.cli.output import answer_task, print_json, shown
from prentice.errors import UsageError

if TYPE_CHECKING:
    from prentice.library import Prentice
    from prentice.tasks.claiming import Claimed
    from prentice.tasks.record import Task
    from prentice.tasks.refinement import Refinement

_F = TypeVar("_F", bound=Callable[..., Any])

_NOTHING_READY: Final = "No task is ready. `prentice list` shows what is open, `prentice doctor` what may block it."


def _worker_option(function: _F) -> _F:
    return click.option(
        "--worker", metavar="NAME", help="Who works: a name for claims, instead of PRENTICE_WORKER or user@host."
    )(function)


def _lease_option(function: _F) -> _F:
    return click.option(
        "--lease", type=int, metavar="MINUTES", help="How long the claim lasts unless it is renewed; 10080 at most."
    )(function)


@click.command("next")
@click.option("--claim", "take", is_flag=True, help="Take the task and start it, so that no other worker gets it.")
@_worker_option
@_lease_option
@global_options
def next_command(take: bool, worker: str | None, lease: int | None) -> None:
    """Give the task to do next: ready, claimed by nobody, most urgent, unblocking most."""
    project = selection().open()
    if take:
        claimed = project.claim_next(worker=worker, lease=lease)
        if claimed is not None:
            _answer_claimed(claimed, worker=worker)
        elif selection().json:
            print_json(None)
        else:
            click.echo(_NOTHING_READY)
        return
    if worker is not None or lease is not None:
        raise UsageError("`--worker` and `--lease` belong to a claim.", next_step="Add `--claim` to take the task.")
    ready = project.tasks().ready()
    if selection().json:
        print_json(ready[0].document() if ready else None)
    elif ready:
        click.echo(shown(f"{ready[0].id}  {ready[0].name}  ({ready[0].priority})"))
        click.echo(
            f"Start it with `prentice status {ready[0].id} 'In Progress'`, or take it with `prentice next --claim`."
        )
    else:
        click.echo(_NOTHING_READY)


@click.command("claim")
@click.argument("task")
@_worker_option
@_lease_option
@global_options
def claim_command(task: str, worker: str | None, lease: int | None) -> None:
    """Take a task and start it; for the worker who has it already, the lease begins again."""
    _answer_claimed(selection().open().claim(task, worker=worker, lease=lease), worker=worker)


@click.command("release")
@click.argument("task")
@_worker_option
@global_options
def release_command(task: str, worker: str | None) -> None:
    """Give a claimed task back: it is Todo again, unless it has a `result` comment."""
    released = selection().open().release(task, worker=worker)
    answer_task(released, f"{released.id} is {released.status}, and claimed by nobody.", as_json=selection().json)


@click.command("status")
@click.argument("task")
@click.argument("status")
@_worker_option
@global_options
def status_command(task: str, status: str, worker: str | None) -> None:
    """Move a task to Todo, "In Progress", Review or Done, as the workflow rules allow."""
    project = selection().open()
    moved = project.set_status(task, status, worker=worker)
    if moved.status == "Done":
        _answer_done(project, moved)
    else:
        answer_task(moved, f"{moved.id} is {moved.status}.", as_json=selection().json)


@click.command("delete")
@click.argument("task")
@_worker_option
@global_options
def delete_command(task: str, worker: str | None) -> None:
    """Delete a task with its comments, unless open tasks need it."""
    deleted = selection().open().delete(task, worker=worker)
    answer_task(deleted, f"Deleted {deleted.id}: {deleted.name}", as_json=selection().json)


def _answer_claimed(claimed: "Claimed", *, worker: str | None) -> None:
    if selection().json:
        print_json(claimed.document())
        return
    task = claimed.task
    click.echo(shown(f"{task.id}  {task.name}  ({task.priority})"))
    if task.claim is not None:
        named = f" --worker {shlex.quote(worker)}" if worker is not None else ""
        again = f"Renew in time with `prentice claim {task.id}{named}`."
        click.echo(shown(f"It is {task.status}, {task.claim.sentence()}. {again}"))
    if claimed.needs is not None:
        click.echo(shown(f"Before it can be started: {claimed.needs.message} {claimed.needs.next_step}"))


def _answer_done(project: "Prentice", task: "Task") -> None:
    """Say that a task is Done, and which open tasks to look at now."""
    refinement = project.refinement(task.id)
    if selection().json:
        print_json(task.document() | {"refinement": refinement.document()})
        return
    click.echo(shown(f"{task.id} is Done."))
    _print_refinement(refinement)


def _print_refinement(refinement: "Refinement") -> None:
    if not refinement.touched:
        return
    click.echo("It may touch these open tasks. Edit, delete or leave each, add what is missing, and note why:")
    width = max(len(touched.task.id) for touched in refinement.touched)
    for touched in refinement.touched:
        click.echo(shown(f"  {touched.task.id:<{width}}  {touched.task.name}: {'; '.join(touched.why)}"))
