"""Commands that measure and tune: the group `eval`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from prentice.cli.measuring import run_command
from prentice.cli.options import global_options, selection
from prentice.cli.output import print_json, shown

if TYPE_CHECKING:
    from prentice.evals.tuning import Tuning


class _EvalGroup(click.Group):
    """A group whose first word may be a model's name: `eval NAME` is `eval run NAME`, and `eval` alone `eval run`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        first = _first_word(args)
        if first not in self.commands and (first or not set(args) & set(ctx.help_option_names)):
            args = [run_command.name or "", *args]
        return super().parse_args(ctx, args)


@click.group("eval", cls=_EvalGroup)
@global_options
def eval_command() -> None:
    """Measure models, and improve Prentice's own parts for them. `eval MODEL` is short for `eval run MODEL`."""


eval_command.add_command(run_command)


def _first_word(args: list[str]) -> str:
    """Give the first argument that is neither an option nor the value of one; empty where there is none."""
    options = [item for item in run_command.params if isinstance(item, click.Option) and not item.is_flag]
    with_value = {name for item in options for name in item.opts}
    before = ""
    for word in args:
        if not word.startswith("-") and before not in with_value:
            return word
        before = word
    return ""


@eval_command.command("templates")
@global_options
def templates_command() -> None:
    """List the prompt templates, with version and origin; with --json also their texts."""
    from prentice.prompts import template

    found = [template.default(name) for name in template.names()]
    if selection().json:
        print_json([
            {"name": item.name, "version": item.version, "origin": item.origin, "places": sorted(item.places),
             "path": str(template.own_path(item.name)), "text": item.body}
            for item in found
        ])  # fmt: skip
        return
    width = max(len(item.name) for item in found)
    for item in found:
        where = f"  {template.own_path(item.name)}" if item.origin == "yours" else ""
        click.echo(shown(f"{item.name:<{width}}  {item.version}{where}"))
    click.echo(f"A file of the same name in {template.own_path('any').parent} takes the place of one.", err=True)


@eval_command.command("tune")
@click.argument("template")
@click.option("--examples", "path", metavar="FILE", help="Labelled examples, a JSON Lines file, in place of ours.")
@click.option(
    "--calls", type=click.IntRange(min=1), metavar="N", help="At most N replies of the model; 200 if not given."
)
@global_options
def tune_command(template: str, path: str | None, calls: int | None) -> None:
    """Tune a prompt template for a model. The default stays unless examples that were held out get better answers."""
    from prentice.evals import examples
    from prentice.evals.opening import tune_in
    from prentice.prompts.template import default

    default(template)
    given = examples.load(Path(path)) if path is not None else examples.shipped(template)
    ended = tune_in(selection().open(), template, given, calls=calls, on_candidate=_say_candidate)
    if selection().json:
        print_json(ended.document())
    else:
        _print(ended)


def _say_candidate(number: int, score: float) -> None:
    """Say on stderr how a candidate did on the validation part; the default is the first of them."""
    if selection().json and not selection().verbose:
        return
    name = f"candidate {number}" if number else "the default"
    click.echo(f"{name}: {score:.3f}", err=True)


def _print(ended: "Tuning") -> None:
    """Print what was decided and why."""
    document = ended.document()
    click.echo(shown(str(document["says"])))
    scores = {"validation": ended.validation, "held out": ended.held_out}
    for part, pair in scores.items():
        if pair is not None:
            size = ended.examples[part.replace(" ", "_")]
            click.echo(f"{part:<10}  default {pair[0]:.3f}, tuned {pair[1]:.3f}, on {size} examples")
    click.echo(
        f"{ended.calls} replies ({ended.calls_now} new), {ended.proposals} proposals, {ended.unusable} of them unusable"
        f", {ended.failures} calls failed, {ended.seconds:.0f} s"
    )
    if ended.path is not None:
        click.echo(shown(str(document["diff"])))
        click.echo(f"Kept in {ended.path}; remove the file to return to the default.")
    if selection().verbose:
        for line in ended.tried:
            click.echo(shown(f"tried: {line}"), err=True)
