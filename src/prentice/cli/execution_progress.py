"""Progress of executions on stderr: on a terminal a line for each task, which moves; elsewhere a line now and then."""

import sys
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from prentice.cli.output import console
from prentice.cli.visible import one_line

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

    from prentice.runs.protocol import Event, Json

_PLAIN_SECONDS: Final = 5.0
"""Between two lines on how far a reply is, where they stay on the page."""
_NAME: Final = 44
_STEPS: Final = {
    "execute.gather": "reading the task",
    "execute.take": "claiming the task",
    "execute.tools": "trying tools",
    "execute.choose": "choosing what to show",
    "execute.match": "placing the edits",
    "execute.verify": "checking",
    "execute.judge": "weighing the evidence",
    "execute.keep": "keeping the result",
    "execute.settle": "keeping the result",
    "execute.apply": "applying",
}
"""What a step is called for people; what asks a model reports by itself."""
_ENDS: Final = {"failed": "failed", "cancelled": "stopped"}


@dataclass(slots=True)
class _Row:
    """One task as it stands."""

    name: str
    run: str = ""
    state: str = "waiting"
    step: str = ""
    model: str = ""
    tokens: int = 0
    began: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    told: float = 0.0

    @property
    def seconds(self) -> float:
        return (self.ended or time.monotonic()) - self.began


class ExecutionProgress:
    """Shows what executions report, by task. Leaving it clears the moving lines."""

    def __init__(self, *, verbose: bool) -> None:
        self._verbose = verbose
        self._rows: dict[str, _Row] = {}
        self._live: Live | None = None

    def __call__(self, given: str, event: "Event") -> None:
        """Take one event of a task's run."""
        row = self._rows.setdefault(given, _Row(name=_short(given)))
        match event.kind:
            case "started":
                row.run, row.state, row.began = event.data["run"], "running", time.monotonic()
            case "begin" | "waiting" | "queueing":
                row.step = self._begun(event)
            case "step" if self._verbose and self._live is None:
                self._line(row, f"step {event.data['name']} done")
            case "progress":
                self._report(row, event.data)
            case "finished" | "failed" | "cancelled":
                row.state, row.step, row.ended = _ENDS.get(event.kind, "done"), "", time.monotonic()
                self._line(row, f"{row.state} after {row.seconds:.1f} s" + (_tokens(row) if row.tokens else ""))

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.live import Live

            self._live = Live(
                console=console(stderr=True), get_renderable=self._table, transient=True, refresh_per_second=8,
                redirect_stdout=False, redirect_stderr=False,
            )  # fmt: skip
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _begun(self, event: "Event") -> str:
        if event.kind != "begin":
            return "waiting for another run"
        return _STEPS.get(event.data["name"], "asking a model" if event.data["name"].endswith(".ask") else "working")

    def _report(self, row: _Row, report: "Json") -> None:
        doing = report["doing"]
        if doing == "asking":
            row.model, row.step = report["model"], f"asking {report['model']} on {report['backend']}"
            count = f", {report['samples']} answers" if report.get("samples", 1) > 1 else ""
            again = ", again with what was wrong" if report.get("again") else ""
            self._line(row, f"{row.step}{count}{again}")
        elif doing in {"thinking", "writing"}:
            row.tokens, row.step = report["pieces"], f"{row.model} is {doing}"
            if time.monotonic() - row.told >= _PLAIN_SECONDS:
                self._line(row, f"{row.step}{_tokens(row)}")
        elif doing == "checking":
            row.step = f"checking: {', '.join(report['checks'])}" if report["checks"] else "checking"
            self._line(row, row.step)
        elif doing == "done":
            row.step = f"{row.model} answered" if row.model else ""
        else:
            row.step = doing

    def _line(self, row: _Row, text: str) -> None:
        """Say something that stays, where no line moves."""
        row.told = time.monotonic()
        if self._live is None:
            sys.stderr.write(f"{row.run or '-'} {row.name}: {one_line(text)}\n")
            sys.stderr.flush()

    def _table(self) -> "Table":
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2), expand=True)
        for width in (5, None, 7, None, 16):
            ratio = 1 if width is None else None
            table.add_column(no_wrap=True, overflow="ellipsis", min_width=width, ratio=ratio)
        for row in list(self._rows.values()):
            table.add_row(
                Text(row.run or "-", style="bold"), Text(row.name), Text(row.state, style="dim"),
                Text(one_line(row.step)), Text(f"{row.seconds:.0f} s{_tokens(row)}", style="dim"),
            )  # fmt: skip
        return table


def _tokens(row: _Row) -> str:
    return f", {row.tokens} token{'' if row.tokens == 1 else 's'}"


def _short(given: str) -> str:
    text = one_line(given)
    return text if len(text) <= _NAME else f"{text[: _NAME - 1]}…"
