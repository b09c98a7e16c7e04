"""The steps that run something: the deterministic tools, and the project's checks before and after a change."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from prentice.changes import stored
from prentice.changes.guards.guard import guard
from prentice.changes.guards.objection import Policy
from prentice.errors import SandboxError
from prentice.runs.protocol import Json, StepContext
from prentice.skills.execute.attempt import Candidate, objected
from prentice.skills.execute.gathering import expanded
from prentice.skills.execute.matching import candidate_document
from prentice.skills.execute.project_checks import project_checks
from prentice.skills.execute.services import ExecutionServices, in_thread
from prentice.skills.execute.tools.rung import deterministic
from prentice.skills.execute.tools.task import ToolTask
from prentice.workspace.checks.verify import CheckResult, verified
from prentice.workspace.sandbox.limits import Limits

_TAIL: Final = 3_000
"""Letters of a failed check's output that a model is shown."""
_NAMES: Final = 12


async def use_tools(context: StepContext[ExecutionServices], *, facts: Json) -> Json:
    """Try the deterministic tools: `{change, .., tool, explanation, declined}`, or `{declined}` alone.

    Raises:
        WorktreeError: the worktree cannot be made.
    """
    services = context.services
    context.report({"doing": "trying tools"})
    try:
        sandbox = services.sandbox()
    except SandboxError as error:
        return {"declined": [error.message]}
    worktree = await services.worktree(context.run, base=facts["base"], with_uncommitted=facts["uncommitted"])

    def work(stopped: Callable[[], bool]) -> dict[str, Any]:
        files = [*expanded(facts["files"], worktree.snapshot().paths()), *facts["missing"]]
        declined: list[str] = []
        task = ToolTask(
            name=facts["name"],
            description=facts["description"],
            category=facts["category"],
            files=tuple(files),
            symbols=tuple(facts["symbols"]),
        )
        found = deterministic(
            task, worktree=worktree, sandbox=sandbox, limits=Limits.of(services.settings),
            on_decline=declined.append, stopped=stopped,
        )  # fmt: skip
        if found is None:
            return {"declined": declined}
        policy = Policy(named=frozenset(files), removing=frozenset({*facts["symbols"], *found.removing}))
        objections = guard(found.change, policy=policy)
        refusing = [objection for objection in objections if objection.verdict == "refuse"]
        if refusing:
            return {"declined": [*found.declined, f"{found.tool}: {objected(refusing).why}"]}
        candidate = Candidate(change=found.change, objections=tuple(objections), explanation=found.explanation)
        return {**candidate_document(candidate), "sample": 0, "tool": found.tool, "declined": list(found.declined)}

    async with services.verifying:
        return await in_thread(work)


async def verify(context: StepContext[ExecutionServices], *, facts: Json, change: Json) -> Json:
    """Run the project's checks before and after a change: `checks`, and a `note` where none could be run.

    Raises:
        WorktreeError: the worktree cannot be written.
        ConfigError: a check of the settings is no command.
    """
    services = context.services
    try:
        sandbox = services.sandbox()
    except SandboxError as error:
        return {"checks": [], "note": f"No check was run: {error.message} {error.next_step}"}
    worktree = await services.worktree(context.run, base=facts["base"], with_uncommitted=facts["uncommitted"])
    settings = services.settings

    def work(stopped: Callable[[], bool]) -> list[dict[str, Any]]:
        chosen = project_checks(worktree.root, worktree.snapshot().paths(), settings=settings)
        context.report({"doing": "checking", "checks": [check.name for check in chosen]})
        results = verified(
            stored.from_document(change), worktree=worktree, checks=chosen, sandbox=sandbox,
            limits=Limits.of(settings), readable=[Path(path) for path in settings.checks_readable], stopped=stopped,
        )  # fmt: skip
        worktree.reset()  # the next step finds it as it was
        return [_document(result, category=facts["category"]) for result in results]

    async with services.verifying:
        found = await in_thread(work)
    return {"checks": found, "note": "" if found else "The project names no command that checks it."}


def _document(result: CheckResult, *, category: str) -> dict[str, Any]:
    """Give a check's result with the end of what it printed, where something new fails.

    A bug fix after which a check fails as before is not decided by it: the test that still fails may be the one that
    the fix was for.
    """
    fails_as_before = result.before.state == result.after.state == "failed" and not result.mended
    is_decisive = result.is_decisive and not (category == "bug_fix" and fails_as_before)
    tail = result.after.tail[-_TAIL:] if result.new_failures else ""
    return {**result.document(), "decisive": is_decisive, "tail": tail}


def failing(checks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the checks that are trusted and fail in a new way."""
    return [check for check in checks if check["trusted"] and check["new_failures"]]


def message(checks: list[dict[str, Any]]) -> str:
    """Say what failed, with the end of what was printed, for the model that made the change."""
    parts = []
    for check in failing(checks):
        names = "\n".join(f"- {name}" for name in check["new_failures"][:_NAMES])
        parts.append(f"{check['name']} ({check['command']}):\n{names}\n{check['tail']}".strip())
    return "\n\n".join(parts)


def sentence(checks: list[dict[str, Any]]) -> str:
    """Say in a line which checks fail because of the change."""
    said = [f"{check['name']}: {', '.join(check['new_failures'][:3])}" for check in failing(checks)]
    return f"Checks that passed before fail with the change: {'; '.join(said)}."
