"""The run that carries out a task: gather, take, climb the ladder, keep, apply where allowed, tell in the task.

The change is tried in a worktree of the run's own; the user's files stay as they are until an approval applies it.
"""

from collections.abc import Mapping
from typing import Any, Final

from prentice.errors import PrenticeError
from prentice.runs.protocol import Json, Step
from prentice.runs.registry import Registry
from prentice.skills.code_review import run as code_review
from prentice.skills.code_review.run import review_code
from prentice.skills.execute import outcome
from prentice.skills.execute.asking import ask, server
from prentice.skills.execute.climbing import Climb
from prentice.skills.execute.gathering import gather
from prentice.skills.execute.judging import judge
from prentice.skills.execute.keeping import KIND, SETTLE, TAKE, apply, give_back, keep, settle, take
from prentice.skills.execute.matching import match
from prentice.skills.execute.prompting import choose
from prentice.skills.execute.services import ExecutionServices
from prentice.skills.execute.verifying import use_tools, verify

EXECUTE: Final = KIND
CATEGORY: Final = "code_review"
"""The category of tasks that ask for findings instead of a change."""


def register(registry: Registry[ExecutionServices]) -> None:
    """Register the body and its steps."""
    code_review.register(registry)
    registry.add_body(EXECUTE, execute)
    registry.add_step("execute.gather", gather, acts=False)
    registry.add_step(TAKE, take)
    registry.add_step("execute.tools", use_tools, acts=False)
    registry.add_step("execute.choose", choose, acts=False)
    registry.add_step("execute.ask", ask, needs=server, acts=False)
    registry.add_step("execute.match", match, acts=False)
    registry.add_step("execute.verify", verify, acts=False)
    registry.add_step("execute.judge", judge, acts=False)
    registry.add_step("execute.keep", keep)
    registry.add_step(SETTLE, settle)
    registry.add_step("execute.apply", apply)
    registry.add_step("execute.give_back", give_back)


async def execute(step: Step, arguments: Mapping[str, Json]) -> Json:
    """Carry out one task and give its document.

    Arguments: `task` (an id, or empty), `text`, `apply`, `format` (a format's name, or empty), `samples`,
    `attempt_of` (a run whose attempt this repeats, or empty), `comment` (what was said of it), `anyway`,
    `uncommitted`.

    Raises:
        TaskNotFoundError, TextError, RuleError: the task cannot be started.
        BackendError, WorkspaceError: nothing could be tried; the task is as it was.
    """
    uid = await step.new_id()
    facts = await step.do(
        "execute.gather",
        **{name: arguments[name] for name in ("task", "text", "attempt_of", "comment", "anyway", "uncommitted")},
    )
    if facts["refusal"]:
        return await _kept(step, uid, facts, outcome.refused(facts))
    taken = await step.do(TAKE, task=facts["task"], again=bool(arguments["attempt_of"]))
    try:
        if facts["category"] == CATEGORY:
            return await _reviewed(step, uid, facts, arguments, taken)
        climb = Climb(step=step, facts=facts, samples=arguments["samples"], format_name=arguments["format"], uid=uid)
        found = await climb.up()
        document = outcome.document(facts=facts, climb=climb, found=found, attempt_of=arguments["attempt_of"])
        shown = found or climb.last
        document = await _kept(
            step, uid, facts, document,
            evidence=dict(shown.evidence) if shown else None, change=shown.item["change"] if shown else None,
        )  # fmt: skip
    except PrenticeError:
        await step.do("execute.give_back", task=facts["task"], taken=taken)
        raise
    await step.do(SETTLE, uid=uid, document=document, taken=taken)
    if arguments["apply"] and document["decision"] == "apply":
        document = await step.do("execute.apply", document=document)
    return document


async def _reviewed(step: Step, uid: str, facts: Json, arguments: Mapping[str, Json], taken: Json) -> Json:
    """Carry out a task that asks for a review of code: findings, and no change."""
    found = await review_code(step, {"task": arguments["task"], "text": arguments["text"], "files": []})
    document = await _kept(step, uid, facts, outcome.reviewed(facts, found, attempt_of=arguments["attempt_of"]))
    await step.do(SETTLE, uid=uid, document=document, taken=taken)
    return document


async def _kept(
    step: Step, uid: str, facts: Json, document: dict[str, Any], *, evidence: Json = None, change: Json = None
) -> Json:
    return await step.do(
        "execute.keep", uid=uid, need=facts["need"], document=document, evidence=evidence, change=change
    )
