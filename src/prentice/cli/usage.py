"""The command that adds up what models were used for."""

from typing import TYPE_CHECKING, Final

import click

from prentice.cli.options import global_options, selection
from prentice.cli.output import console, print_json, shown

if TYPE_CHECKING:
    from prentice.skills.usage import Usage

_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"


@click.command("usage")
@click.option("--days", type=int, default=30, show_default=True, metavar="N", help="The last N days.")
@global_options
def usage_command(days: int) -> None:
    """Add up tokens and time of model calls by day, model and kind of work, and what they would cost elsewhere."""
    found = selection().open().usage(days=days)
    if selection().json:
        print_json(found.document())
    elif not found.rows:
        click.echo("No model was asked in that time.")
    else:
        _print(found)


def _print(found: "Usage") -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("day", "model", "for", "calls", "failed", "read", "cached", "written", "seconds", "elsewhere"):
        table.add_column(column, justify="left" if column in {"day", "model", "for"} else "right", overflow="fold")
    for row in found.rows:
        about = "~" if row.estimated else ""
        table.add_row(
            row.day, shown(f"{row.model} ({row.backend})"), shown(row.purpose), str(row.calls), str(row.failed or ""),
            f"{about}{row.prompt_tokens}", str(row.cached_tokens or ""), f"{about}{row.reply_tokens}",
            f"{row.seconds:.1f}", f"{found.cost([row]):.4f}",
        )  # fmt: skip
    console().print(table)
    days = found.by_day
    most = max(days.values()) or 1
    plot = "".join(_EIGHTHS[round(tokens / most * (len(_EIGHTHS) - 1))] for tokens in days.values())
    total = sum(days.values())
    first, last = next(iter(days)), next(reversed(days))
    click.echo(f"tokens by day, {first} to {last} (days with calls): {plot}  most {most}, together {total}")
    click.echo(
        f"The same tokens would cost {found.cost(found.rows):.2f} elsewhere, at {found.prompt_price:g} (read) and "
        f"{found.reply_price:g} (written) a million; `usage.prompt_price` and `usage.reply_price` set that."
    )
