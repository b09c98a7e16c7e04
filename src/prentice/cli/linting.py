"""What is said of a task's text when it is added: briefly, on stderr, and never in the way."""

from typing import TYPE_CHECKING, Final

import click

from prentice.cli.options import selection
from prentice.cli.output import report_error, shown
from prentice.errors import PrenticeError

if TYPE_CHECKING:
    from prentice.library import Prentice
    from prentice.tasks.record import Task

_READ: Final = 8_000  # characters; the linter takes 0.06 s for them, and long texts repeat their faults
_SAID: Final = 3  # findings; more is for `optimize`


def say_findings(task: "Task") -> None:
    """Say what the linter warns of in a task's text, in a line; nothing where it has no warning."""
    from prentice.skills.optimize.grounds import Grounds
    from prentice.skills.optimize.lint import lint
    from prentice.skills.optimize.prose import PromptText
    from prentice.skills.optimize.slots import Slots
    from prentice.tasks.sections import restore_breaks

    text = f"{task.name}\n\n{restore_breaks(task.description)}".strip()[:_READ]
    found = lint(text, Grounds(text=text, kind=Slots(PromptText(text)).kind))
    warnings = list(dict.fromkeys(finding.says for finding in found if finding.severity == "warning"))
    if warnings:
        more = f" And {len(warnings) - _SAID} more." if len(warnings) > _SAID else ""
        said = " ".join(warnings[:_SAID])
        click.echo(shown(f"{task.id}: {said}{more} `prentice optimize {task.id} --ask` helps with that."), err=True)


def optimize_new(project: "Prentice", task: "Task") -> "Task":
    """Optimize the text of a task that was just added, and give the task as it is then.

    Whatever goes wrong here, the task is there: the error is said, and the text stays.
    """
    from prentice.cli.progress import Progress

    try:
        with Progress(verbose=selection().verbose) as progress:
            optimized = project.optimize(task.id, on_event=progress)
        changed = project.apply_optimized(task.id, optimized)
    except PrenticeError as error:
        report_error(error, as_json=False)
        click.echo(shown(f"{task.id} was added with the text as it was."), err=True)
        return task
    click.echo(shown(f"{task.id}: {optimized.document()['says']}"), err=True)
    for question in optimized.questions:
        click.echo(shown(f"open: {question['question']}"), err=True)
    return changed
