"""Commands that judge tasks: analyze and estimate."""

from typing import TYPE_CHECKING

import click

from prentice.cli.options import global_options, selection
from prentice.cli.output import print_json, shown

if TYPE_CHECKING:
    from prentice.skills.analyze import Assessment
    from prentice.skills.estimate import Estimate


@click.command("analyze")
@click.argument("tasks", nargs=-1, required=True, metavar="TASK...")
@global_options
def analyze_command(tasks: tuple[str, ...]) -> None:
    """Judge tasks: how complex, of what kind, where to next, and why. TASK is an id or free text."""
    project = selection().open()
    assessments = list(project.analyze_each(tasks))
    if selection().json:
        print_json([assessment.document() for assessment in assessments])
        return
    for assessment in assessments:
        print_assessment(assessment)


@click.command("estimate")
@click.argument("tasks", nargs=-1, required=True, metavar="TASK...")
@click.option("--explain", is_flag=True, help="Say where the figures come from.")
@global_options
def estimate_command(tasks: tuple[str, ...], explain: bool) -> None:
    """Estimate tasks: the median, and the interval that holds four of five. TASK is an id or free text."""
    project = selection().open()
    estimates = [(assessment.task, assessment.estimate) for assessment in project.analyze_each(tasks)]
    if selection().json:
        print_json(
            [
                {"task": task} | estimate.document() | ({"explain": estimate.explain()} if explain else {})
                for task, estimate in estimates
            ]
        )
        return
    for task, estimate in estimates:
        click.echo(f"{click.style(shown(task), bold=True)}: {hours(estimate)}")
        for sentence in estimate.explain() if explain else []:
            click.echo(f"  {sentence}")


def print_assessment(assessment: "Assessment") -> None:
    """Print an assessment for people."""
    kind = assessment.category.replace("_", " ")
    click.echo(
        f"{click.style(shown(assessment.task), bold=True)}: {assessment.complexity} {kind}, "
        f"next: {click.style(assessment.lane, bold=True)}, {hours(assessment.estimate)}"
    )
    for reason in assessment.reasons:
        click.echo(f"  {reason.says} {click.style(shown(f'“{reason.evidence}”'), dim=True)}")
    for question in assessment.questions:
        click.echo(shown(f"  ? {question}"))


def hours(estimate: "Estimate") -> str:
    """Say an estimate in a few words."""
    count = f"{estimate.count:,} {'finished tasks here' if estimate.basis == 'history' else 'recorded tasks'}"
    return f"{estimate.bucket} (median {estimate.median:g} h, {estimate.low:g} to {estimate.high:g} h; from {count})"
