"""The commands that decide on changes: review, apply, undo."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from prentice.cli.options import actor, global_options, selection
from prentice.cli.output import print_json, shown
from prentice.errors import PrenticeError, UsageError

if TYPE_CHECKING:
    from prentice.library import Prentice


@click.command("review")
@click.argument("run", required=False)
@click.option("--approve", "approves", is_flag=True, help="Say yes; `prentice apply RUN` then puts it into your files.")
@click.option("--hunk", "hunks", multiple=True, metavar="PATH:N", help="Say yes to this hunk only; repeatable.")
@click.option("-i", "--interactive", is_flag=True, help="Ask for each hunk whether you want it.")
@click.option("--request-changes", "comment", metavar="TEXT", help="Let it be tried again, with this comment.")
@click.option("--reject", "rejects", is_flag=True, help="Say no, and set it aside.")
@click.option("--task", "finding", type=int, metavar="N", help="Make a task of finding N of a review of code.")
@click.option("--reason", metavar="TEXT", help="Why it is rejected; kept with the run and its task.")
@global_options
def review_command(
    *, run: str | None, approves: bool, hunks: tuple[str, ...], interactive: bool, comment: str | None, rejects: bool,
    finding: int | None, reason: str | None,
) -> int:  # fmt: skip
    """Show what an execution proposes and why, or decide on it. Without RUN, list what waits for a decision."""
    chosen = [approves, interactive, comment is not None, rejects, finding is not None]
    _check_options(chosen, approves=approves, hunks=hunks, rejects=rejects, reason=reason)
    project = selection().open()
    if run is None:
        if any(chosen):
            raise UsageError("Which run is meant?", next_step="`prentice review` lists those that wait.")
        _list(project)
        return 0
    if comment is not None:
        return _send_back(project, run, comment)
    if finding is not None:
        _add_finding(project, run, finding)
    elif approves:
        named = [_hunk(hunk) for hunk in hunks] if hunks else None
        _answer(project.approve_change(run, hunks=named), f"{run} is approved. `prentice apply {run}` applies it.")
    elif rejects:
        _answer(project.reject_change(run, reason=reason or ""), f"{run} is rejected.")
    elif interactive:
        _by_hunk(project, run)
    else:
        _show(project, run)
    return 0


def _check_options(
    chosen: list[bool], *, approves: bool, hunks: tuple[str, ...], rejects: bool, reason: str | None
) -> None:
    """Refuse options that do not go together.

    Raises:
        UsageError: they do not.
    """
    if sum(chosen) > 1:
        raise UsageError("These are different decisions.", next_step="Choose one of them.")
    if hunks and not approves:
        raise UsageError("`--hunk` says what is approved.", next_step="Add `--approve`.")
    if reason is not None and not rejects:
        raise UsageError("`--reason` says why something is rejected.", next_step="Add `--reject`.")


@click.command("apply")
@click.argument("run")
@global_options
def apply_command(run: str) -> None:
    """Put a change into your files; this approves it, if nobody has. Your other edits stay, conflicts are refused."""
    applied = selection().open().apply(run)
    _answer(applied, f"{run} is applied: {_became(applied)}. `prentice undo {run}` takes it out again.")


@click.command("undo")
@click.argument("run")
@global_options
def undo_command(run: str) -> None:
    """Take an applied change out of your files again, exactly."""
    undone = selection().open().undo(run)
    _answer(undone, f"{run} is undone: {_became(undone)}.")


def _list(project: "Prentice") -> None:
    waiting = project.reviews(waiting=True)
    if selection().json:
        print_json([_document(document) for document in waiting])
    elif not waiting:
        click.echo("Nothing waits for a decision. `prentice execute TASK` carries a task out.")
    elif len(waiting) == 1 and sys.stdout.isatty():
        _show(project, waiting[0]["run_id"])
    else:
        from prentice.cli.review_view import print_waiting

        print_waiting([project.review(document["run_id"]) for document in waiting])


def _show(project: "Prentice", run: str) -> None:
    document = project.review(run)
    if selection().json:
        print_json(_document(document))
    else:
        from prentice.cli.review_view import print_review

        print_review(document)


def _document(document: Mapping[str, Any]) -> dict[str, Any]:
    """Give a review as the contract has it: `actor` is who decided last, or who looks at it where nobody did."""
    decisions = document.get("decisions") or ()
    return {**document, "actor": decisions[-1]["actor"] if decisions else actor()}


def _send_back(project: "Prentice", run: str, comment: str) -> int:
    """Let a change be tried again, and answer what came of it."""
    from prentice.cli.executing import exit_code
    from prentice.cli.execution_progress import ExecutionProgress

    try:
        with ExecutionProgress(verbose=selection().verbose) as progress:
            attempt = project.request_changes(run, comment, on_event=progress)
    except PrenticeError:
        if _is_sent_back(project, run):
            click.echo(f"Your comment on {run} is kept. The same command tries again.", err=True)
        raise
    standing = project.review(run)
    if selection().json:
        names = ("run_id", "task", "state", "files")
        print_json({name: standing[name] for name in names} | {"actor": actor(), "attempt": attempt})
    else:
        from prentice.cli.execution_view import print_executions

        click.echo(f"{run} is sent back. The new attempt:")
        print_executions([attempt])
    return exit_code([attempt])


def _add_finding(project: "Prentice", run: str, number: int) -> None:
    """Make a task of a finding, and answer the task."""
    task = project.add_finding(run, number)
    if selection().json:
        print_json(task.document())
    else:
        click.echo(shown(f"{task.id} stands for finding {number} of {run}: {task.name}"))


def _is_sent_back(project: "Prentice", run: str) -> bool:
    try:
        decisions = project.review(run)["decisions"]
    except PrenticeError:
        return False
    return bool(decisions) and decisions[-1]["kind"] == "request_changes"


def _by_hunk(project: "Prentice", run: str) -> None:
    """Ask a person for each hunk, and approve what was wanted.

    Raises:
        UsageError: there is no terminal, or nothing to choose from.
    """
    from prentice.cli.hunk_choice import wanted

    if not sys.stdin.isatty():
        raise UsageError(
            "`--interactive` needs a terminal to ask at.",
            next_step="Name hunks instead: `--approve --hunk PATH:N`.",
        )
    document = project.review(run)
    if not document["hunks"]:
        raise UsageError(f"{run} came to no change.", next_step=f"See `prentice review {run}`.")
    taken = wanted(document)
    if not taken:
        _answer(_document(document), f"No hunk was taken; {run} is as it was.")
        return
    approved = project.approve_change(run, hunks=taken)
    count = f"{len(taken)} of {len(document['hunks'])} hunks"
    if click.confirm(f"Put {count} into your files now?", default=False, err=True):
        applied = project.apply(run)
        _answer(applied, f"{run} is applied: {_became(applied)}. `prentice undo {run}` takes it out again.")
    else:
        _answer(approved, f"Approved {count}. `prentice apply {run}` puts them into your files.")


def _hunk(given: str) -> tuple[str, int]:
    """Read PATH:N.

    Raises:
        UsageError: it is written otherwise.
    """
    path, colon, number = given.rpartition(":")
    if not (path and colon and number.isascii() and number.isdecimal()):
        raise UsageError(
            f"{given} names no hunk.", next_step="Write its path and its number, as in `--hunk src/app.py:1`."
        )
    return path, int(number)


def _became(standing: Mapping[str, Any]) -> str:
    from prentice.cli.visible import path_shown

    return ", ".join(f"{path_shown(path)} {became}" for path, became in standing["became"].items()) or "nothing to do"


def _answer(standing: Mapping[str, Any], sentence: str) -> None:
    if selection().json:
        print_json(dict(standing))
        return
    from prentice.cli.visible import visible

    click.echo(sentence)
    for note in standing.get("notes", ()):
        click.echo(visible(note))
