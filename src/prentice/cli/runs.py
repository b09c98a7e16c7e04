"""The commands on runs: which there are, one of them whole or live, ending and repeating one; and the worker."""

import datetime as dt
import json
import signal
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import click

from prentice.cli.options import global_options, selection
from prentice.cli.output import console, print_json, shown
from prentice.runs.said import far, happened

if TYPE_CHECKING:
    from prentice.ledger.runs_table import EventRow

_STATES: Final = ("queued", "running", "waiting", "finished", "failed", "cancelled")
_IDLE_SECONDS: Final = 20.0
"""How long a worker that was started for a while waits for more: longer than a lease, so that a run whose carrier
has just died is still taken over."""


@click.group("runs", invoke_without_command=True)
@global_options
@click.pass_context
def runs_command(context: click.Context) -> None:
    """List the newest runs; the commands below show, follow, end and repeat one."""
    if context.invoked_subcommand is None:
        _list(most=20, state="")


@runs_command.command("list")
@click.option("--state", type=click.Choice(_STATES), help="Only runs in this state.")
@click.option("--most", type=int, default=20, show_default=True, metavar="N", help="The newest N.")
@global_options
def list_command(state: str | None, most: int) -> None:
    """List runs: what each is for, how it stands, how far it is, and what it waits for."""
    _list(most=most, state=state or "")


@runs_command.command("show")
@click.argument("run")
@global_options
def show_command(run: str) -> None:
    """Show a run: its steps, events, calls and result. With `--json`, all of it, enough to replay it."""
    document = selection().open().run_document(run)
    if selection().json:
        print_json(document)
        return
    click.echo(shown(_line(document)))
    for event in document["events"]:
        click.echo(shown(f"  {_clock(event['at'])}  {happened(event['kind'], event['data'])}"))
    for name in ("result", "error"):
        if document[name] is not None:
            click.echo(shown(f"{name}: {json.dumps(document[name], ensure_ascii=False)[:2000]}"))


@runs_command.command("watch")
@click.argument("run")
@global_options
def watch_command(run: str) -> None:
    """Follow a run until it has ended: its steps, its progress, and what it waits for. Ctrl-C leaves it as it is."""
    view = _View()
    project = selection().open()
    try:
        for standing, events in project.watch_run(run):
            view.show(standing, events)
    except KeyboardInterrupt:
        click.echo(f"\n{run} goes on.", err=True)
        return
    finally:
        view.close()
    if selection().json:
        print_json(project.run_document(run))


@runs_command.command("cancel")
@click.argument("run")
@global_options
def cancel_command(run: str) -> None:
    """End a run: at once, or at its next step where a process carries it."""
    state = selection().open().cancel_run(run)
    if selection().json:
        print_json({"run_id": run, "state": state})
    elif state == "running":
        click.echo(f"{run} ends at its next step.")
    else:
        click.echo(f"{run} is {state}.")


@runs_command.command("retry")
@click.argument("run")
@global_options
def retry_command(run: str) -> None:
    """Let a run that failed or was cancelled go on. Steps that it finished are not done again."""
    project = selection().open()
    project.retry_run(run)
    if selection().json:
        print_json({"run_id": run, "state": "queued"})
    else:
        click.echo(f"{run} is queued. `prentice runs watch {run}` follows it; `prentice worker` carries it.")


@click.command("worker")
@click.option("--until-idle", is_flag=True, help="End when nothing is left to do, and at once where another works.")
@click.option("--slots", type=click.IntRange(1, 64), default=2, show_default=True, metavar="N", help="Runs at a time.")
@global_options
def worker_command(*, until_idle: bool, slots: int) -> int:
    """Carry the runs of this project that no other process carries, and those of processes that died."""
    from prentice.cli.app import INTERRUPTED

    project = selection().open()
    # As Ctrl-C: what is under way is given back at once, and not found after its lease.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    if not until_idle:
        click.echo(f"Working in {project.directory}, {slots} runs at a time; Ctrl-C ends.", err=True)
    try:
        ended = project.work(idle_seconds=_IDLE_SECONDS if until_idle else None, slots=slots)
    except KeyboardInterrupt:
        click.echo("\nEnded. What was under way goes on with the next worker.", err=True)
        return INTERRUPTED
    if selection().json:
        print_json({"ended": ended})
    return 0


def _list(*, most: int, state: str) -> None:
    runs = selection().open().latest_runs(most=most, state=state)
    if selection().json:
        print_json(runs)
        return
    if not runs:
        click.echo("There are no runs here. `prentice breakdown TASK` starts one.")
        return
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("run", "kind", "task", "state", "since", "how far"):
        table.add_column(column, overflow="fold")
    for run in runs:
        table.add_row(
            run["run_id"], run["kind"], shown(run["task"]), run["state"], _clock(run["updated"]), shown(far(run))
        )
    console().print(table)


def _line(run: dict[str, Any]) -> str:
    so_far = far(run)
    task = f" of {run['task']}" if run["task"] else ""
    return f"{run['run_id']}, {run['kind']}{task}: {run['state']}{', ' + so_far if so_far else ''}"


def _clock(at: float) -> str:
    moment = dt.datetime.fromtimestamp(at, tz=dt.UTC).astimezone()
    return f"{moment:%Y-%m-%d %H:%M:%S}"


class _View:
    """A run as it goes: a line for each event, and on a terminal a line that moves, with tokens and their speed."""

    def __init__(self) -> None:
        self._stream = sys.stderr if selection().json else sys.stdout
        self._moves = self._stream.isatty()
        self._first: tuple[float, int] | None = None

    def show(self, standing: dict[str, Any], events: "list[EventRow]") -> None:
        """Show what is new."""
        for event in events:
            self._write(f"{_clock(event.at)}  {happened(event.kind, event.data)}\n")
        if self._moves or not events:
            self._write(f"{_line(standing)}{self._speed(standing['progress'])}" + ("" if self._moves else "\n"))

    def close(self) -> None:
        """Clear the line that moves."""
        if self._moves:
            self._stream.write("\r\x1b[2K")
            self._stream.flush()

    def _speed(self, progress: Any) -> str:  # noqa: ANN401 - what a step reports
        pieces = progress.get("pieces") if isinstance(progress, dict) else None
        if not isinstance(pieces, int):
            self._first = None
            return ""
        now = time.monotonic()
        if self._first is None or pieces < self._first[1]:
            self._first = now, pieces
        since, before = self._first
        return f", {(pieces - before) / (now - since):.1f} tokens/s" if now > since and pieces > before else ""

    def _write(self, text: str) -> None:
        self._stream.write(("\r\x1b[2K" if self._moves else "") + shown(text))
        self._stream.flush()
