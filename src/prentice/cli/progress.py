"""Progress on stderr while a model works: a line that moves on a terminal, a line now and then elsewhere."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from prentice.runs.protocol import Event, Json

_PLAIN_SECONDS: Final = 2.0
_TERMINAL_SECONDS: Final = 0.1


class Progress:
    """Shows what a run reports: tokens so far and time elapsed. Leaving it clears the moving line."""

    def __init__(self, *, verbose: bool) -> None:
        self._verbose = verbose
        self._terminal = sys.stderr.isatty()
        self._started = time.monotonic()
        self._shown = 0.0
        self._asked = ""
        self._is_builtin = False

    def __call__(self, event: "Event") -> None:
        """Take one event of a run."""
        if event.kind == "step" and self._verbose:
            self._line(f"step {event.data['name']} done")
        if event.kind != "progress":
            return
        report = event.data
        if report["doing"] == "asking":
            self._ask(report)
            return
        now = time.monotonic()
        if report["doing"] == "done":
            if not self._is_builtin:
                self._line(f"{self._asked} answered: {report['tokens']} tokens, {report['seconds']:.1f} s")
            return
        if self._is_builtin:
            return
        if report["pieces"] > 1 and now - self._shown < (_TERMINAL_SECONDS if self._terminal else _PLAIN_SECONDS):
            return
        self._shown = now
        text = f"{self._asked} is {report['doing']}: {report['pieces']} tokens, {now - self._started:.0f} s"
        if self._terminal:
            sys.stderr.write(f"\r\x1b[2K{text}")
            sys.stderr.flush()
        else:
            self._line(text)

    def _ask(self, report: "Json") -> None:
        if report["because"]:
            self._line(report["because"])
        self._asked, self._is_builtin = report["model"], report["backend"] == "builtin"
        if not self._is_builtin:
            again = ", again with its errors" if report["again"] else ""
            self._line(f"asking {report['model']} on {report['backend']}{again}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._terminal:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()

    def _line(self, text: str) -> None:
        start = "\r\x1b[2K" if self._terminal else ""
        sys.stderr.write(f"{start}{text}\n")
        sys.stderr.flush()
