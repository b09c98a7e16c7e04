"""The command that measures a model, or Prentice without one: `eval run`, or `eval` alone."""

import sys
from typing import TYPE_CHECKING, Final

import click

from prentice.cli.eval_view import EvalProgress, print_compared, print_evaluation
from prentice.cli.options import global_options, selection
from prentice.cli.output import print_json, shown
from prentice.errors import StoppedError

if TYPE_CHECKING:
    from prentice.evals.evaluation import Evaluation

_INTERRUPTED: Final = 130


@click.command("run")
@click.argument("name", metavar="[MODEL]", required=False, default="")
@click.option(
    "--only",
    metavar="PART,..",
    default="",
    help="Only these parts: breakdown, edit, optimize, review, summary; tools, without a model.",
)
@click.option("--cases", "most", type=click.IntRange(min=1), metavar="N", help="At most N cases of each part.")
@click.option("--samples", type=int, metavar="K", help="How many answers to an edit; `execute.samples` if not given.")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    metavar="S",
    help="Draw the answers, and the cases of --cases, anew; 0 if not given.",
)
@click.option(
    "--resume", is_flag=True, help="Go on with the last evaluation of this model; what is kept is not redone."
)
@click.option(
    "--against", metavar="OTHER", help="Measure this model too, and compare the two; `builtin` for the rules."
)
@global_options
def run_command(
    name: str, *, only: str, most: int | None, samples: int | None, seed: int, resume: bool, against: str | None
) -> int:
    """Measure MODEL on the work that Prentice gives to models; without MODEL, Prentice itself. `run` can be left out.

    The cases are small tasks of our own whose truth is checked: by tests that the model is not shown, in the sandbox,
    in a directory that is thrown away. Nothing of your project is read or changed.
    """
    from prentice.evals.case import parts_named
    from prentice.evals.evaluating import Wanted, evaluate
    from prentice.evals.evaluation import Compared

    wanted = Wanted(parts=parts_named(only.split(",")), most=most, samples=samples, seed=seed, resume=resume)
    options = selection()
    options.model = name or options.model
    project = options.open()
    progress = EvalProgress(quiet=options.json and not options.verbose, verbose=options.verbose)

    def measured(name: str) -> "Evaluation":
        with progress:
            return evaluate(project, name, wanted, on_begin=progress.begin, on_progress=progress)

    try:
        # What the settings name is no wish to measure it: without a word of this call it is Prentice itself.
        first = measured(options.model or ("" if options.backend else "builtin"))
        second = measured(against) if against else None
    except KeyboardInterrupt:
        return _interrupted(progress)
    compared = Compared(first=first, second=second) if second else None
    if options.json:
        document = first.document()
        if second and compared:
            document |= {"against": second.document(), "comparison": compared.document()}
        print_json(document)
        return 0
    print_evaluation(first, verbose=options.verbose)
    if second and compared:
        print_evaluation(second, verbose=options.verbose)
        print_compared(compared)
    return 0


def _interrupted(progress: EvalProgress) -> int:
    from prentice.evals.evaluating import way_on

    done, of = (progress.progress.done, progress.progress.of) if progress.progress else (0, 0)
    stopped = StoppedError("The evaluation was stopped.", next_step=way_on(done, of, progress.measured))
    if selection().json:
        print_json(stopped.document())
    else:
        sys.stderr.write(shown(f"{stopped.message} {stopped.next_step}\n"))
    return _INTERRUPTED
