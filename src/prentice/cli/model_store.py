"""The commands that fetch, describe, remove, recommend and measure models."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal, Self

import click

from prentice.cli.eval_view import evaluation_line
from prentice.cli.options import global_options, selection
from prentice.cli.output import console, print_json, shown
from prentice.errors import StoppedError, UsageError

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from prentice.backends.progress import Progress
    from prentice.evals.results import LastEvaluation
    from prentice.skills.bench import Bench
    from prentice.skills.model_store import Shown
    from prentice.skills.recommend import Recommended

_PLAIN_SECONDS: Final = 5.0
"""How often a line is written where there is no terminal."""


@click.command("pull")
@click.argument("name")
@click.option("--insecure", is_flag=True, help="Allow a registry without encryption (Ollama).")
@global_options
def pull_command(name: str, *, insecure: bool) -> int:
    """Fetch a model: for Ollama, or for MLX where its name or `--backend mlx` says so. Ctrl-C keeps what came."""
    project = selection().open()
    try:
        with PullProgress(name) as progress:
            pulled = project.pull_model(name, insecure=insecure, on_progress=progress)
    except KeyboardInterrupt:
        return _interrupted(name)
    if selection().json:
        print_json(pulled.document())
    else:
        size = f", {pulled.size_bytes / 1e9:.1f} GB" if pulled.size_bytes else ""
        click.echo(shown(f"{name} is here, for {pulled.backend}{size}. `prentice models bench {name}` measures it."))
    return 0


@click.command("show")
@click.argument("name")
@global_options
def show_command(name: str) -> None:
    """Describe an installed model: size, window, what it can do, whether it fits, how fast and how right it is here."""
    from prentice.evals.results import latest

    found = selection().open().show_model(name)
    info = found.listed.candidate.info
    evaluated = latest(info.backend, info.name)
    if selection().json:
        print_json(found.document() | ({"evaluation": evaluated} if evaluated else {}))
    else:
        _print_shown(found, evaluated)


@click.command("rm")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@global_options
def rm_command(name: str, *, yes: bool) -> int:
    """Remove a model from the disk. Asks first at a terminal, and needs --yes elsewhere."""
    if not yes:
        if sys.stdin is None or not sys.stdin.isatty():
            raise UsageError(
                f"Removing {name} has to be confirmed.", next_step=f"`prentice models rm {name} --yes` does not ask."
            )
        if not click.confirm(shown(f"Remove {name} from the disk?"), err=True):
            click.echo("Nothing was removed.", err=True)
            return 1
    removed = selection().open().remove_model(name)
    if selection().json:
        print_json(removed.document())
    else:
        size = f", {removed.size_bytes / 1e9:.1f} GB" if removed.size_bytes else ""
        click.echo(shown(f"{removed.name} is removed from {removed.backend}{size}."))
    return 0


@click.command("recommend")
@click.option("--for", "kind", type=click.Choice(["code", "general"]), help="Only for this kind of work.")
@global_options
def recommend_command(kind: Literal["code", "general"] | None) -> None:
    """Say which models suit this machine, the best first, with the reason and the command that fetches each."""
    found = selection().open().recommend_models(kind or "")
    if selection().json:
        print_json(found.document())
    else:
        _print_recommended(found)


@click.command("bench")
@click.argument("name", required=False, default="")
@global_options
def bench_command(name: str) -> None:
    """Measure a model: how long it loads, how fast it reads and writes. The figures are kept for later choices."""
    click.echo("measuring, with two calls", err=True)
    measured = selection().open().bench_model(name)
    if selection().json:
        print_json(measured.document())
    else:
        _print_bench(measured)


COMMANDS: Final = (pull_command, show_command, rm_command, recommend_command, bench_command)
"""What belongs to the group `models`."""


class PullProgress:
    """Shows how far a download is: a bar at a terminal, a line now and then elsewhere; all of it on stderr."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._phase, self._said_at = "", 0.0

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.progress import BarColumn, TextColumn
            from rich.progress import Progress as Bar

            columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.fields[says]}"))
            self._bar = Bar(*columns, console=console(stderr=True), transient=True)
            self._task = self._bar.add_task(shown(self._name), total=None, says="")
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, progress: "Progress") -> None:
        """Take one moment of the download."""
        says = transfer(progress)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=progress.done, total=progress.total or None, says=says)
            return
        now = time.monotonic()
        if progress.phase != self._phase or now - self._said_at >= _PLAIN_SECONDS:
            self._phase, self._said_at = progress.phase, now
            sys.stderr.write(shown(f"{self._name}: {says}\n"))
            sys.stderr.flush()


def transfer(progress: "Progress") -> str:
    """Say in a few words how far a download is: bytes, speed, and what remains."""
    if progress.phase != "download" or not progress.total:
        return progress.status
    parts = [f"{size(progress.done)} of {size(progress.total)}"]
    if progress.speed:
        parts.append(f"{size(progress.speed)}/s")
    if progress.remaining:
        minutes, seconds = divmod(round(progress.remaining), 60)
        parts.append(f"{minutes}:{seconds:02} left")
    return ", ".join(parts)


def size(count: float) -> str:
    """Write a number of bytes for people, in units of 1000."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def _interrupted(name: str) -> int:
    stopped = StoppedError(
        f"The download of {name} was stopped; what came is kept.",
        next_step=f"`prentice models pull {name}` goes on where it stopped.",
    )
    if selection().json:
        print_json(stopped.document())
    else:
        sys.stderr.write(shown(f"{stopped.message} {stopped.next_step}\n"))
    return 130


def _print_shown(found: "Shown", evaluated: "LastEvaluation | None") -> None:
    info, its = found.listed.candidate.info, found.listed.traits
    fits = {True: "yes", False: "no", None: "not known"}[found.listed.fits]
    speed = found.listed.speed
    rows = {
        "backend": f"{info.backend} {info.host}".strip(),
        "size": f"{info.size_bytes / 1e9:.1f} GB" if info.size_bytes else "",
        "parameters": f"{its.parameters / 1e9:.1f} billion" if its.parameters else "",
        "weights": info.quantization,
        "window": f"{info.context} tokens" if info.context else "",
        "family": its.family or info.family,
        "good for": its.kind if its.kind != "unknown" else "",
        "can": ", ".join(info.capabilities),
        "fits the memory": fits,
        "speed here": f"{speed.reply:.0f} tokens/s (of {speed.calls} calls)" if speed.reply else "not measured",
        "right here": ", ".join(f"{kind} {seen.right} of {seen.of}" for kind, seen in found.listed.record),
        "evaluated": evaluation_line(evaluated) if evaluated else "",
        "not used": found.listed.why_not,
        "license": found.card.license if found.card else "",
    }
    click.echo(click.style(shown(info.name), bold=True))
    for name, value in rows.items():
        if value:
            click.echo(shown(f"  {name}: {value}"))


def _print_recommended(found: "Recommended") -> None:
    machine = found.hardware
    memory = f", {machine.memory / 1e9:.0f} GB of memory" if machine.memory else ""
    card = f", {machine.gpu_memory / 1e9:.0f} GB on the graphics card" if machine.gpu_memory else ""
    click.echo(shown(f"{machine.chip or 'This machine'}{memory}{card}"))
    for kind in dict.fromkeys(item.kind for item in found.models):
        click.echo(click.style(f"\nfor {kind} work", bold=True))
        for item in found.models:
            if item.kind == kind:
                here = " (is here already)" if item.installed else ""
                click.echo(shown(f"  {item.command}{here}\n      {item.reason}"))
    click.echo()
    for note in found.notes:
        click.echo(shown(note))


def _print_bench(measured: "Bench") -> None:
    def said(value: float | None, unit: str) -> str:
        return "not told" if value is None else f"{value:.1f} {unit}"

    about = " (counts are estimates)" if measured.estimated else ""
    click.echo(click.style(shown(f"{measured.model} on {measured.backend}"), bold=True))
    click.echo(f"  loading: {said(measured.load, 's')}")
    click.echo(f"  reading: {said(measured.prompt_speed, 'tokens/s')} of {measured.prompt_tokens}{about}")
    click.echo(f"  writing: {said(measured.reply_speed, 'tokens/s')} of {measured.reply_tokens}{about}")
