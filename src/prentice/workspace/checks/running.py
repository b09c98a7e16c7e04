"""One run of a check in a worktree, and what it said."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from prentice.workspace.checks.check import Check
from prentice.workspace.checks.go_builds import GoBuilds
from prentice.workspace.checks.outcome import Outcome
from prentice.workspace.checks.reading import Reading
from prentice.workspace.checks.tools import Invocation, invocation
from prentice.workspace.sandbox.choosing import Sandbox
from prentice.workspace.sandbox.limits import MEGABYTE, Limits
from prentice.workspace.sandbox.running import Ended, run
from prentice.workspace.sandbox.view import View
from prentice.workspace.tree import content_of
from prentice.workspace.worktree import Worktree

_TAIL: Final = 4_000
_REPORT: Final = 32 * MEGABYTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Runs checks in one worktree."""

    worktree: Worktree
    sandbox: Sandbox
    view: View
    limits: Limits = field(default_factory=Limits)
    stopped: Callable[[], bool] = lambda: False
    builds: GoBuilds | None = None
    """What of Go is lent to every check."""

    def run(self, check: Check, *, only: Sequence[str] = ()) -> Outcome:
        """Run a check on the worktree as it is, with only some test files where the tool takes such."""
        asked = invocation(check, tree=self.worktree.root, scratch=self.view.scratch, only=only)
        report = self.view.scratch / asked.report if asked.report else None
        if report is not None:
            with contextlib.suppress(OSError):
                report.unlink()
        limits = replace(self.limits, seconds=check.seconds)
        if self.builds is not None:
            self.builds.lend(self.view.home)
        ended = run(
            asked.command, sandbox=self.sandbox, view=self.view, limits=limits, variables=asked.variables,
            stopped=self.stopped,
        )  # fmt: skip
        return outcome_of(ended, asked, report=_report(report))


def outcome_of(ended: Ended, asked: Invocation, *, report: bytes | None = None) -> Outcome:
    """Make out what a run said, from its report, what it printed, and its exit code."""
    printed = ended.stdout + (b"\n" if ended.stdout and ended.stderr else b"") + ended.stderr
    tail = printed[-_TAIL:].decode(errors="replace")
    found = _read(asked, printed, report)
    outcome = Outcome(
        state="failed", failures=found.failures, passes=found.passes, skips=found.skips, counted=not found.is_empty,
        seconds=ended.seconds, why=ended.why, tail=tail,
    )  # fmt: skip
    if why := _no_answer(ended, asked, found, report=report):
        return Outcome(state="broken", exited=ended.ending == "exited", seconds=ended.seconds, why=why, tail=tail)
    if report is None and asked.must_report:  # the code under test ended the process
        return replace(outcome, failures=("it ended without its report",))
    if ended.status == 0 and not (found.failures and asked.fails_by_words):
        return replace(outcome, state="passed", failures=(), why="")
    return replace(outcome, failures=found.failures or (f"exit code {ended.status}",))


def _no_answer(ended: Ended, asked: Invocation, found: Reading, *, report: bytes | None) -> str:
    """Say why a run gave no answer, empty where it gave one."""
    if ended.ending != "exited" or ended.status is None:
        return ended.why
    if why := _unstarted(ended, asked):
        return why
    is_empty = ended.status == 0 and asked.must_report and report is not None and found.is_empty
    if ended.status in asked.nothing or is_empty:
        return "there is nothing to check"
    return f"the tool could not work (exit code {ended.status})" if ended.status in asked.broken else ""


def _read(asked: Invocation, printed: bytes, report: bytes | None) -> Reading:
    if report is not None and asked.report_reader:
        return asked.report_reader(report) or Reading()
    return (asked.reader(printed) if asked.reader else None) or Reading()


def _report(path: Path | None) -> bytes | None:
    """Read a report, no link and no pipe: what stands there was written in the sandbox."""
    if path is None:
        return None
    try:
        return content_of(path, most=_REPORT)
    except OSError:
        return None


def _unstarted(ended: Ended, asked: Invocation) -> str:
    """Say why a command did not come to check anything: its program or its module is missing."""
    lines = ended.stderr.decode(errors="replace").strip().splitlines()
    last = lines[-1] if lines else ""
    name = asked.command[0]
    if ended.status in {126, 127} or (len(lines) == 1 and last.startswith("bwrap: ")):
        return f"{name} cannot be started: {last}"
    if "-m" in asked.command and ended.status == 1:
        module = asked.command[asked.command.index("-m") + 1]
        if last.endswith(f"No module named {module}"):
            return f"{module} is not installed for this Python"
    return ""
