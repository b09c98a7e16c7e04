"""The command that takes a task the whole way: its text, its judgement, and what its lane asks for."""

from typing import TYPE_CHECKING, Any, Final

import click

from prentice.cli.options import global_options, selection
from prentice.cli.output import print_json
from prentice.cli.visible import one_line, visible

if TYPE_CHECKING:
    from prentice.library import Prentice
    from prentice.skills.breakdown.proposal import Proposal

_SAID: Final = 3  # findings; more is for `optimize`


@click.command("flow")
@click.argument("task")
@click.option("--optimize", "optimizes", is_flag=True, help="Sharpen the text first; a task keeps the old one.")
@global_options
def flow_command(task: str, *, optimizes: bool) -> int:
    """Take a task down its lane: to a change that waits for review, a plan to approve, or a handoff.

    Ends with 1 when it was to be carried out and no change came of it.
    """
    from prentice.cli.executing import exit_code
    from prentice.cli.judging import print_assessment
    from prentice.skills.flow import handoff, linted

    project = selection().open()
    subject = project.subject(task)
    root = project.project.root if project.project else project.directory
    document: dict[str, Any] = {"task": "", "lane": "", "lint": linted(root, subject)}
    if optimizes:
        task, document["optimize"] = _optimized(project, task)
        subject = project.subject(task)
    assessment = project.analyze(task)
    document |= {"task": assessment.task, "lane": assessment.lane, "analyze": assessment.document()}
    if not selection().json:
        _print_text(document)
        print_assessment(assessment)
        click.echo()
    match assessment.lane:
        case "execute":
            document["execute"] = _execute(project, task)
        case "breakdown":
            document["breakdown"] = _break_down(project, task).document()
        case _:
            document["handoff"] = handoff(subject, assessment).document()
            if not selection().json:
                click.echo(visible(str(document["handoff"]["prompt"])))
    if selection().json:
        print_json(document)
    return exit_code([document["execute"]]) if "execute" in document else 0


def _optimized(project: "Prentice", task: str) -> tuple[str, dict[str, Any]]:
    """Optimize a text, write it to its task where it is one, and give what the flow goes on with."""
    from prentice.cli.progress import Progress

    with Progress(verbose=selection().verbose) as progress:
        optimized = project.optimize(task, on_event=progress)
    if task_id := project.task_id(task):
        project.apply_optimized(task_id, optimized)
        return task_id, optimized.document()
    return optimized.optimized, optimized.document()


def _execute(project: "Prentice", task: str) -> dict[str, Any]:
    from prentice.cli.execution_progress import ExecutionProgress

    with ExecutionProgress(verbose=selection().verbose) as progress:
        [document] = project.execute(task, on_event=progress)
    if not selection().json:
        from prentice.cli.execution_view import print_executions

        print_executions([document])
    return document


def _break_down(project: "Prentice", task: str) -> "Proposal":
    from prentice.cli.planning import plan

    proposal = plan(project, task, context="", low=None, high=None)
    if not selection().json:
        from prentice.cli.plan_view import print_plan

        print_plan(proposal)
    return proposal


def _print_text(document: dict[str, Any]) -> None:
    """Say what the text leaves open, and what the optimizer made of it."""
    warnings = list(dict.fromkeys(item["says"] for item in document["lint"] if item["severity"] == "warning"))
    for says in warnings[:_SAID]:
        click.echo(one_line(f"! {says}"), err=True)
    if "optimize" in document:
        click.echo(one_line(document["optimize"]["says"]), err=True)
