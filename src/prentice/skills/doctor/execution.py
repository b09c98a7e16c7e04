"""What carrying out tasks stands on: the sandbox, the project's checks, and what earlier runs left."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from prentice.config import Settings
from prentice.context.files import files
from prentice.errors import LedgerError, LockedError, PrenticeError, SandboxError, WriteFailedError
from prentice.ledger.database import Database
from prentice.ledger.executions_table import ExecutionsTable
from prentice.ledger.migrations import LEDGER
from prentice.skills.doctor.finding import Finding
from prentice.skills.execute.project_checks import project_checks
from prentice.store.lock import locked
from prentice.workspace.applying import journal
from prentice.workspace.place import places
from prentice.workspace.sandbox.choosing import working

_NAMED: Final = 6


def execution_findings(settings: Settings, *, root: Path) -> Iterator[Finding]:
    """Look at what a run needs that carries a task out, and at what killed runs left behind."""
    yield _sandbox(settings)
    yield _checks(settings, root)
    yield from _leftovers(places())


def review_findings(*, root: Path, open_ledger: Callable[[], Path]) -> Iterator[Finding]:
    """Look whether a decision was begun and not finished, and say how many changes wait for one."""
    half = [item.name for item in journal.journals(root) if item.stage in {"applying", "undoing"}]
    try:
        database = Database(open_ledger(), LEDGER)
        try:
            executions = ExecutionsTable(database)
            half += [row.run for row in executions.pending() if row.run not in half]
            waiting = [row.run for row in executions.all(state="proposed")]
        finally:
            database.close()
    except LedgerError:
        return  # what is wrong with the ledger is said already
    if half:
        yield Finding(
            check="reviews",
            ok=False,
            found=f"a decision on {', '.join(half)} was begun by a process that ended before it was done",
            next_step=f"`prentice review {half[0]}` finishes it or takes it back, and shows how the change stands.",
        )
    elif waiting:
        count = f"{len(waiting)} wait" if len(waiting) > 1 else f"{waiting[0]} waits"
        yield Finding(
            check="reviews", ok=True, found=f"{count} for a decision", next_step="`prentice review` lists them."
        )
    else:
        yield Finding(check="reviews", ok=True, found="nothing waits for a decision")


def _sandbox(settings: Settings) -> Finding:
    try:
        return Finding(check="sandbox", ok=True, found=f"{working().name} works")
    except SandboxError as error:
        if settings.checks_sandbox == "optional":
            found = f"{error.message} Checks run without one, as `checks.sandbox` allows."
            return Finding(check="sandbox", ok=True, found=found)
        can_be_mended = sys.platform in {"linux", "darwin"}
        return Finding(check="sandbox", ok=not can_be_mended, found=error.message, next_step=error.next_step)


def _checks(settings: Settings, root: Path) -> Finding:
    try:
        found = project_checks(root, files(root), settings=settings)
    except PrenticeError as error:
        return Finding(check="checks", ok=False, found=error.message, next_step=error.next_step)
    if found:
        named = "; ".join(f"{check.name}: {check.line}" for check in found[:_NAMED])
        return Finding(check="checks", ok=True, found=named)
    return Finding(
        check="checks",
        ok=True,
        found="no command was found that checks this project, so every change waits for a person",
        next_step='Name one in .prentice/config.toml: `[checks]` and `commands = ["pytest -q"]`.',
    )


def _leftovers(directory: Path) -> Iterator[Finding]:
    """Count the worktrees whose processes are gone; nothing is said where there are none."""
    left = []
    for lock in sorted(directory.glob("*.lock")):
        place = lock.with_name(lock.name.removesuffix(".lock"))
        if not place.is_dir():
            continue
        try:
            with locked(place, wait=0):
                left.append(place.name)
        except (LockedError, WriteFailedError):
            continue  # a run is under way in it
    if left:
        yield Finding(
            check="leftovers",
            ok=True,
            found=f"killed runs left {', '.join(left[:_NAMED])} in {directory}",
            next_step="The next `prentice execute` removes what they left.",
        )
