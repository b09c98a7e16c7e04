"""How an evaluation is shown: its progress while it goes on, its figures with their counts, and a comparison."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

import click

from prentice.cli.output import console, shown

if TYPE_CHECKING:
    from rich.table import Table

    from prentice.evals.evaluation import Compared, Evaluation, Measured, Share
    from prentice.evals.measuring import Progress
    from prentice.evals.results import LastEvaluation

_PLAIN_SECONDS: Final = 10.0
"""How often a line is written where there is no terminal."""


class EvalProgress:
    """Tells on stderr how far an evaluation is. Leaving it clears the moving line; `quiet` says nothing at all."""

    def __init__(self, *, quiet: bool, verbose: bool) -> None:
        self._quiet = quiet
        self._verbose = verbose
        self._terminal = sys.stderr.isatty()
        self._begun = self._said_at = time.monotonic()
        self._name = ""
        self.measured: Measured | None = None
        self.progress: Progress | None = None

    def begin(self, measured: "Measured") -> None:
        """Take who is measured."""
        self.measured, self.progress = measured, None
        self._name = measured.name
        self._begun = time.monotonic()

    def __call__(self, progress: "Progress") -> None:
        """Take one moment of the evaluation."""
        is_first, self.progress = self.progress is None, progress
        if self._quiet:
            return
        if is_first and progress.kept:
            self._line(f"{progress.kept} of {progress.of} cases are kept from before")
        if progress.last is not None and self._verbose:
            last = progress.last
            self._line(f"{'right' if last.right else 'wrong'}  {last.name}{f': {last.why}' if last.why else ''}")
        self._show(self._says(progress), is_last=progress.done == progress.of)

    def _says(self, progress: "Progress") -> str:
        says = f"{self._name}: {progress.done} of {progress.of} cases, {progress.right} right"
        done = progress.done - progress.kept
        if done and progress.done < progress.of:
            left = (time.monotonic() - self._begun) / done * (progress.of - progress.done)
            says += f", about {_span(left)} left"
        return says

    def _show(self, text: str, *, is_last: bool) -> None:
        now = time.monotonic()
        if self._terminal:
            sys.stderr.write(f"\r\x1b[2K{shown(text)}")
            sys.stderr.flush()
        elif is_last or now - self._said_at >= _PLAIN_SECONDS:
            self._said_at = now
            self._line(text)

    def _line(self, text: str) -> None:
        start = "\r\x1b[2K" if self._terminal else ""
        sys.stderr.write(f"{start}{shown(text)}\n")
        sys.stderr.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._terminal and not self._quiet:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()


def print_evaluation(found: "Evaluation", *, verbose: bool) -> None:
    """Print the figures of each part, each with the counts that it is made of."""
    from prentice.evals.case import SAYS

    click.echo(click.style(shown(_title(found)), bold=True))
    table = _table("part", "right", "share", "95 % interval", "valid at first", "seconds", "tokens/s", "")
    for share in found.shares:
        low, high = share.interval
        valid, speed = share.first_valid, share.tokens_per_second
        table.add_row(
            f"{share.part}: {SAYS[share.part]}", f"{share.right} of {len(share.results)}",
            f"{100 * share.right / len(share.results):.0f} %", f"{100 * low:.0f} to {100 * high:.0f} %",
            f"{valid[0]} of {valid[1]}" if valid else "-", f"{share.seconds:.1f}",
            f"{speed:.0f}" if speed is not None else "-", _beside(share),
        )  # fmt: skip
    console().print(table)
    for part, why in found.not_measured:
        click.echo(shown(f"{part}: not measured, {why}"))
    wrong = [result for result in found.results if not result.right]
    if verbose:
        for result in wrong:
            click.echo(shown(f"wrong  {result.name}: {result.why}"))
    elif wrong:
        click.echo("`-v` names the cases that were wrong, with the reason; docs/evaluating.md says what is asked.")


def print_compared(found: "Compared") -> None:
    """Print what can be told of two models from the same cases."""
    click.echo(click.style("compared, case by case", bold=True))
    for part, pair in found.pairs:
        click.echo(shown(f"{part}: {pair.says(*found.names)}"))


def evaluation_line(last: "LastEvaluation") -> str:
    """Say what the last evaluation of a model came to, in one line."""
    counts = ", ".join(f"{part['part']} {part['right']} of {part['cases']}" for part in last["parts"])
    return f"{counts} (on {last['at'][:10]}, by `prentice eval`)"


def _title(found: "Evaluation") -> str:
    who = found.measured
    if who.backend == "builtin":
        return "Prentice without a model: rules and tools"
    weights = f", {who.quantization}" if who.quantization else ""
    return f"{who.model} on {who.backend}{weights}; {found.samples} answers to an edit, seed {found.seed}"


def _beside(share: "Share") -> str:
    counts = share.counts()
    match share.part:
        case "review":
            alarms = counts.get("false_alarms", 0)
            return f"{counts.get('found', 0)} of {counts.get('defects', 0)} defects found, {alarms} false alarms"
        case "edit":
            kinds = share.groups().get("category", {})
            return ", ".join(f"{kind} {right} of {of}" for kind, (right, of) in kinds.items())
        case "optimize" if counts.get("refused"):
            return f"{counts['refused']} rewordings refused by the guards"
        case _:
            return ""


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes else f"{seconds:.0f} s"


def _table(*columns: str) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
