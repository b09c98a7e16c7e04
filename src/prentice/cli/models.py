"""The group of commands on models: the list, and which one would do a task."""

from typing import TYPE_CHECKING

import click

from prentice.cli.model_store import COMMANDS
from prentice.cli.options import global_options, selection
from prentice.cli.output import console, print_json, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from prentice.backends.router import Explained
    from prentice.backends.routing.decision import Ranked
    from prentice.backends.routing.listing import Listed


@click.group("models", invoke_without_command=True)
@global_options
@click.pass_context
def models_command(context: click.Context) -> None:
    """List the models of this machine: where, how large, whether they fit, how fast and how often right here."""
    if context.invoked_subcommand is not None:
        return
    import asyncio

    found = asyncio.run(selection().open().inventory_async())
    if selection().json:
        print_json([model.document() for model in found.models])
    elif found.models:
        print_models(found.models)
    else:
        click.echo(
            "No model is here. `prentice models recommend` names some for this machine, "
            "`prentice models pull llama3.2` gets one; `prentice doctor` says what is there."
        )
    for absent in found.absent:
        click.echo(shown(f"{absent.backend}: {absent.why}"), err=True)


@models_command.command("explain")
@click.argument("task")
@click.option(
    "--for",
    "purpose",
    metavar="CALL",
    default="",
    help="Explain for this kind of call: breakdown, execute, code_review, optimize, estimate or summarize.",
)
@global_options
def explain_command(task: str, purpose: str) -> None:
    """Say which model would do a task, how long it would take, and why not the others. TASK is an id or free text."""
    explained = selection().open().explain_model(task, purpose=purpose)
    if selection().json:
        print_json({"task": task, **explained.document()})
        return
    print_explained(explained)


for command in COMMANDS:
    models_command.add_command(command)


def print_models(models: "Sequence[Listed]") -> None:
    """Print the list as a table."""
    table = _table("model", "backend", "size", "weights", "window", "fits", "speed here", "right here")
    hosts = {model.candidate.place for model in models}
    several = {backend for backend, host in hosts if any(backend == other and host != at for other, at in hosts)}
    for model in models:
        info = model.candidate.info
        where = f"{info.backend} at {info.host}" if info.backend in several else info.backend
        size = f"{info.size_bytes / 1e9:.1f} GB" if info.size_bytes else "?"
        fits = model.why_not or {True: "yes", False: "no", None: "?"}[model.fits]
        speed = f"{model.speed.reply:.0f} tokens/s" if model.speed.reply else "-"
        record = ", ".join(f"{kind} {seen.right}/{seen.of}" for kind, seen in model.record) or "-"
        state = " (in memory)" if model.candidate.resident else ""
        cells = [info.name + state, where, size, info.quantization or "?", str(info.context or "?"), fits]
        table.add_row(*(shown(cell) for cell in (*cells, speed, record)))
    console().print(table)


def print_explained(explained: "Explained") -> None:
    """Print a decision: the choice, then the others in their order, then those that cannot."""
    out = console()
    decision = explained.decision
    need = decision.need
    out.print(
        f"{need.purpose}: {need.kind} work, as {need.kind_says}; about {need.prompt_tokens} tokens to read and "
        f"{need.reply_tokens} to write, for {need.prefer}\n",
        markup=False,
    )
    table = _table("", "model", "backend", "expected", "why")
    for place, item in enumerate(decision.order):
        name = item.candidate.name
        time = str(item.expected) if item.expected else "not known"
        table.add_row("*" if place == 0 else str(place + 1), shown(name), item.candidate.backend, time, _why(item))
    for refused in decision.refused:
        table.add_row("-", shown(refused.candidate.name), refused.candidate.backend, "", shown(refused.why))
    for absent in explained.survey.absent:
        table.add_row("-", "", absent.backend, "", shown(absent.why))
    builtin = "the rules, where no model can answer" if decision.order else "no model can do it, so the rules answer"
    table.add_row("" if decision.order else "*", "rules", "builtin", "", builtin)
    out.print(table)
    for note in (*explained.notes, *decision.notes):
        out.print(shown(note), markup=False)


def _why(item: "Ranked") -> str:
    return shown(item.against or "; ".join(item.reasons))


def _table(*columns: str) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
