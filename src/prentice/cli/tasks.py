"""Commands on the task list: add, list, show, edit, comment."""

from typing import TYPE_CHECKING, Unpack

import click

from prentice.cli.options import global_options, selection
from prentice.cli.output import answer_task, print_json, report_error, shown
from prentice.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prentice.library import Prentice
    from prentice.skills.breakdown.proposal import Proposal
    from prentice.tasks.query import Filters
    from prentice.tasks.record import Task
    from prentice.tasks.todolist import TodoList


@click.command("add")
@click.argument("name")
@click.option("--description", default="", metavar="TEXT", help="What is to be done, in any form.")
@click.option("--priority", default="medium", metavar="P", help="low, medium, high or critical.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="A tag; may be given several times.")
@click.option("--depends", multiple=True, metavar="TASK", help="A task that has to be Done before; repeatable.")
@click.option("--optimize", "optimizes", is_flag=True, help="Sharpen its text, and mark what is missing in it.")
@global_options
def add_command(
    name: str, description: str, priority: str, tags: tuple[str, ...], depends: tuple[str, ...], optimizes: bool
) -> None:
    """Add a task. What its text leaves open is said on stderr."""
    from prentice.cli.linting import optimize_new, say_findings

    project = selection().open()
    task = project.add(name, description=description, priority=priority, tags=tags, depends=depends)
    if optimizes:
        task = optimize_new(project, task)
    answer_task(task, f"Added {task.id}: {task.name}", as_json=selection().json)
    if not optimizes:
        say_findings(task)


@click.command("list")
@click.option("--status", default="", metavar="STATUS", help="Only tasks of this status.")
@click.option("--priority", default="", metavar="P", help="Only tasks of this priority.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only tasks with this tag; repeatable.")
@click.option("--ready", is_flag=True, help="Only tasks that can be started, the one to do next first.")
@click.option("--text", default="", metavar="WORDS", help="Only tasks with all these words, best match first.")
@click.option("--lane", default="", metavar="LANE", help="Only tasks for execute, breakdown, assistant or human.")
@click.option("--parent", default="", metavar="TASK", help="Only the subtasks of this task.")
@click.option("--claimed", is_flag=True, help="Only tasks that somebody works on now.")
@click.option("--worker", default="", metavar="NAME", help="Only tasks that this worker has claimed.")
@click.option("--all", "closed", is_flag=True, help="Done and cancelled tasks too.")
@click.option(
    "--sort",
    default="",
    metavar="KEYS",
    help="id, priority, created, modified or name; several with commas, - before one turns it around.",
)
@click.option("--limit", type=int, metavar="N", help="At most N tasks.")
@click.option("--offset", type=int, default=0, metavar="N", help="Leave out the first N tasks found.")
@click.option("--tokens", type=int, metavar="N", help="Answer in at most N tokens, for assistants: 50 or more.")
@global_options
def list_command(*, tokens: int | None, **filters: "Unpack[Filters]") -> None:
    """List the tasks that are open, in the file's order."""
    project = selection().open()
    if tokens is not None:
        _print_brief(project, tokens, filters)
        return
    found = project.find(**filters)
    if selection().json:
        print_json(found.document())
    else:
        _print_lines(found.tasks)
        if not found.total:
            click.echo('No such tasks. `prentice add "..."` adds one.')
    _say_what_is_left(len(found.tasks), found.total, found.next_offset)


def _print_brief(project: "Prentice", tokens: int, filters: "Filters") -> None:
    """Print a page of at most so many tokens; a line on stderr is no part of it."""
    if not selection().json:
        click.echo(project.brief(tokens=tokens, **filters).text)
        return
    page = project.brief_json(tokens=tokens, **filters)
    click.echo(page.text)
    _say_what_is_left(page.shown, page.total, page.next_offset)


def _say_what_is_left(shown_now: int, total: int, next_offset: int | None) -> None:
    if shown_now < total:
        more = f" `--offset {next_offset}` shows the next." if next_offset else ""
        click.echo(f"{shown_now} of {total} tasks shown.{more}", err=True)


def _print_lines(tasks: "Sequence[Task]") -> None:
    width = max((len(task.id) for task in tasks), default=0)
    for task in tasks:
        click.echo(shown(f"{task.id:<{width}}  {task.status:<11}  {task.priority:<8}  {task.name}"))


@click.command("show")
@click.argument("task")
@click.option("--tokens", type=int, metavar="N", help="Answer in at most N tokens, for assistants: 50 or more.")
@global_options
def show_command(task: str, *, tokens: int | None) -> None:
    """Show one task with its description, comments and proposals; with -v, who did what to it here."""
    project = selection().open()
    if tokens is not None and not selection().json:
        click.echo(project.digest(task, tokens=tokens))
        return
    todolist = project.tasks()
    if task not in todolist.tasks:
        from prentice.tasks.edits import not_found

        raise not_found(task, todolist.tasks)
    found = todolist.tasks[task]
    proposals, runs = _kept(project, found.id)
    if not selection().json:
        _print_task(todolist, found, proposals)
        for run in runs:
            _print_run(run)
        if selection().verbose:
            for act in project.history(found.id):
                click.echo(shown(f"\n{act['at']}  {'; '.join(act['did'])}  by: {act['actor']}"))
        return
    document = found.document() | {
        "comments": [comment.document() for comment in todolist.comments(found.id)],
        "proposals": [{"proposal_id": p.id, "state": p.state, "subtasks": len(p.subtasks)} for p in proposals],
        "runs": runs,
    }
    if tokens is None:
        print_json(document | {"history": project.history(found.id)})
    else:
        _print_shortened(document, tokens)


def _print_shortened(document: "dict[str, object]", tokens: int) -> None:
    from prentice.tasks.brief import compact
    from prentice.tasks.digest import digest_json

    text = digest_json(document, tokens=tokens)
    click.echo(text)
    if text != compact(document):
        click.echo(f"Shortened to {tokens} tokens. Without `--tokens` it is whole.", err=True)


def _print_task(todolist: "TodoList", task: "Task", proposals: "Sequence[Proposal]") -> None:
    click.echo(f"{click.style(shown(task.id), bold=True)}  {shown(task.name)}")
    click.echo(shown(", ".join((task.status, task.priority, *task.tags))))
    if task.claim:
        click.echo(shown(task.claim.sentence()))
    for need in task.dependencies:
        state = todolist.tasks[need].status if need in todolist.tasks else "does not exist"
        click.echo(shown(f"needs {need} ({state})"))
    if task.description:
        click.echo(f"\n{shown(task.description)}")
    for comment in todolist.comments(task.id):
        click.echo(
            f"\n{click.style(shown(comment.type), bold=True)} {shown(comment.created)}\n{shown(comment.content)}"
        )
    for proposal in proposals:
        click.echo(f"\nproposal {proposal.id}: {proposal.state}, {len(proposal.subtasks)} subtasks")


def _print_run(run: "dict[str, str]") -> None:
    came_to = f", {run['came_to'].replace('_', ' ')}: `prentice review {run['run_id']}`" if "came_to" in run else ""
    click.echo(shown(f"\nrun {run['run_id']}: {run['kind']} {run['state']}{came_to}"))


def _kept(project: "Prentice", task: str) -> "tuple[list[Proposal], list[dict[str, str]]]":
    """Give the proposals and runs of a task; a ledger that cannot be opened hides only them.

    A run that carried the task out has `came_to`: how its change stands now.
    """
    try:
        proposals = [proposal for proposal in project.proposals() if proposal.task == task]
        rows = project.runs(task)
        is_executed = any(row.kind == "execute" for row in rows)
        states = {document["run_id"]: document["state"] for document in project.reviews()} if is_executed else {}
    except LedgerError as error:
        report_error(error, as_json=False)
        return [], []
    return proposals, [
        {"run_id": row.id, "kind": row.kind, "state": row.state}
        | ({"came_to": states[row.id]} if row.id in states else {})
        for row in rows
    ]


@click.command("edit")
@click.argument("task")
@click.option("--name", metavar="TEXT", help="A new name.")
@click.option("--description", metavar="TEXT", help="A new description.")
@click.option("--priority", metavar="P", help="low, medium, high or critical.")
@click.option(
    "--tag",
    "tags",
    multiple=True,
    metavar="TAG",
    help="The tags it shall have, instead of the present ones; '' for none.",
)
@click.option(
    "--depends",
    multiple=True,
    metavar="TASK",
    help="What it shall depend on, instead of the present tasks; '' for nothing.",
)
@global_options
def edit_command(
    task: str,
    name: str | None,
    description: str | None,
    priority: str | None,
    tags: tuple[str, ...],
    depends: tuple[str, ...],
) -> None:
    """Change a task; without options its description opens in `$EDITOR`."""
    project = selection().open()
    new_tags, new_depends = _given(tags), _given(depends)
    if all(value is None for value in (name, description, priority, new_tags, new_depends)):
        from prentice.cli.editor import edit_text

        description = edit_text(project.task(task).description, name=task).rstrip("\n")
    changed = project.edit(
        task, name=name, description=description, priority=priority, tags=new_tags, dependencies=new_depends
    )
    answer_task(changed, f"Changed {changed.id}: {changed.name}", as_json=selection().json)


@click.command("comment")
@click.argument("task")
@click.argument("text")
@click.option(
    "--type", "kind", default="note", metavar="TYPE", help="note, result, research_with_links or manualsetup."
)
@global_options
def comment_command(task: str, text: str, kind: str) -> None:
    """Add a comment to a task."""
    answer_task(
        selection().open().comment(task, text, kind=kind),
        f"Added a {kind} comment to {task}.",
        as_json=selection().json,
    )


def _given(values: tuple[str, ...]) -> tuple[str, ...] | None:
    """Give the values of a repeatable option: None when it was not used, nothing when it was used with ''."""
    return tuple(value for value in values if value) if values else None
