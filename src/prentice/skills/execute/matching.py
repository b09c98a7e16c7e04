"""The step that makes replies into changes: read, placed in the files of the run's worktree, guarded."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast

from prentice.changes import stored
from prentice.changes.change import Change
from prentice.changes.guards.objection import Objection, Verdict
from prentice.runs.protocol import Json, StepContext
from prentice.skills.execute.attempt import Attempt, Candidate, Rejected, attempt
from prentice.skills.execute.prompting import ask_of, format_kind
from prentice.skills.execute.services import PURPOSE, ExecutionServices, in_thread
from prentice.skills.execute.targets import Aim

_REPAIRABLE_NOT: Final = frozenset({"cut", "failed"})


async def match(context: StepContext[ExecutionServices], *, facts: Json, prompt: Json, asked: Json, uid: str) -> Json:
    """Give what each reply leads to: `{sample, change, objections, explanation, claimed}` or `{sample, code, why, ..}`.

    Whether a reply could be used is kept in the user's record, for the choice of the format.

    Raises:
        WorktreeError: the worktree cannot be made.
    """
    services = context.services
    worktree = await services.worktree(context.run, base=facts["base"], with_uncommitted=facts["uncommitted"])
    ask, policy = ask_of(prompt), Aim.from_document(prompt["aim"]).policy

    def work(_stopped: Callable[[], bool]) -> list[dict[str, Any]]:
        tree = worktree.snapshot()
        return [
            document(
                unanswered(reply) if reply["error"] else attempt(reply["text"], ask=ask, snapshot=tree, policy=policy),
                sample=reply["sample"],
                reply=reply["text"],
            )
            for reply in asked["replies"]
        ]

    found = await in_thread(work)
    for item in found:
        _keep(services, item, uid=uid, prompt=prompt, asked=asked)
    return found


def unanswered(reply: Mapping[str, Any]) -> Rejected:
    """Make the rejection of a reply that did not come, or not to its end."""
    return Rejected(code="cut" if reply["cut"] else "failed", why=reply["error"], feedback="")


def document(found: Attempt, *, sample: int, reply: str) -> dict[str, Any]:
    """Give what a reply leads to as JSON."""
    if isinstance(found, Rejected):
        return {
            "sample": sample, "reply": reply, "code": found.code, "why": found.why, "problem": found.feedback,
            "repairable": found.code not in _REPAIRABLE_NOT,
        }  # fmt: skip
    return {"sample": sample, "reply": reply, **candidate_document(found)}


def candidate_document(found: Candidate) -> dict[str, Any]:
    """Give a change with what speaks against it as JSON."""
    return {
        "change": stored.to_document(found.change),
        "objections": [
            {
                "code": objection.code, "verdict": objection.verdict, "path": objection.path,
                "sentence": objection.sentence, "line": objection.line,
            }
            for objection in found.objections
        ],
        "explanation": found.explanation,
        "claimed": found.claimed,
    }  # fmt: skip


def change_of(item: Mapping[str, Any]) -> Change:
    """Give the change of a candidate's document."""
    return stored.from_document(item["change"])


def objections_of(items: Iterable[Mapping[str, Any]]) -> list[Objection]:
    """Give objections from their documents."""
    return [
        Objection(
            code=item["code"], verdict=cast("Verdict", item["verdict"]), path=item["path"],
            sentence=item["sentence"], line=item["line"],
        )
        for item in items
    ]  # fmt: skip


def _keep(
    services: ExecutionServices, item: Mapping[str, Any], *, uid: str, prompt: Mapping[str, Any],
    asked: Mapping[str, Any],
) -> None:  # fmt: skip
    """Keep whether a reply could be used; the replies of a script say nothing of a model."""
    if services.record is None or asked["backend"] in {"builtin", "scripted"} or item.get("code") == "failed":
        return
    services.record.keep(
        f"{uid}:{item['sample']}", purpose=f"{PURPOSE}.format", kind=format_kind(prompt["format"]),
        backend=asked["backend"], model=asked["model"], right="change" in item,
    )  # fmt: skip
