"""The first rung of the ladder: what a program does better than any model is done by the program.

Tried when a task is of such a kind as a whole. The result is a change like any other; guards, checks and review follow.
"""

from collections.abc import Callable

from prentice.skills.execute.tools.docstrings import with_docstrings
from prentice.skills.execute.tools.formatters import formatted
from prentice.skills.execute.tools.ghostwriting import ghostwritten
from prentice.skills.execute.tools.hints import with_hints
from prentice.skills.execute.tools.linters import mended, sorted_imports
from prentice.skills.execute.tools.renaming import renamed
from prentice.skills.execute.tools.task import Declined, ToolOutcome, ToolTask
from prentice.skills.execute.tools.wish import Wish, subjects, wish_of
from prentice.skills.execute.tools.workbench import Workbench, named
from prentice.workspace.sandbox.choosing import Sandbox
from prentice.workspace.sandbox.limits import Limits
from prentice.workspace.worktree import Worktree

__all__ = ["ToolOutcome", "ToolTask", "deterministic"]


def deterministic(
    task: ToolTask, *, worktree: Worktree, sandbox: Sandbox, limits: Limits,
    on_decline: Callable[[str], object] = lambda _: None, stopped: Callable[[], bool] = lambda: False,
) -> ToolOutcome | None:  # fmt: skip
    """Let a tool do a task, if it is one for tools; None where it is not, or where the tool declined.

    `on_decline` is told why a tool did not do it. Programs run in the sandbox, on the worktree, which afterwards is as
    at its start.

    Raises:
        WorktreeError: the worktree cannot be written.
    """
    wish = wish_of(task)
    if wish is None:
        return None
    bench = Workbench(worktree=worktree, sandbox=sandbox, limits=limits, stopped=stopped)
    try:
        return _done(wish, task, bench)
    except Declined as declined:
        on_decline(declined.why)
        return None


def _done(wish: Wish, task: ToolTask, bench: Workbench) -> ToolOutcome:  # noqa: PLR0911 - one return for each kind
    match wish.kind:
        case "format":
            return formatted(bench, _files(task, bench), wanted=wish.tool)
        case "lint":
            return mended(bench, _files(task, bench), tool=wish.tool, rules=wish.rules)
        case "imports":
            return sorted_imports(bench, _files(task, bench), tool=wish.tool)
        case "rename":
            return renamed(bench, old=wish.old, new=wish.new, files=task.files)
        case "docstrings":
            return with_docstrings(bench, _files(task, bench), symbols=task.symbols)
        case "hints":
            return with_hints(bench, _files(task, bench))
        case "tests":
            return ghostwritten(bench, task.files, symbols=task.symbols)


def _files(task: ToolTask, bench: Workbench) -> tuple[str, ...]:
    """Give the files that the task names.

    Raises:
        Declined: it names none, or one that is no regular file of the project.
    """
    wanted = subjects(task)
    found = bench.files(wanted)
    if not found:
        raise Declined("The task names no file that is there.")
    if missing := [path for path in wanted if path not in found]:
        raise Declined(f"{named(missing)} is no file that a tool could work on.")
    return tuple(found)
