"""The steps around a climb: the task taken, what came of it kept, applied where that was allowed, and told in the task.

Each can be repeated without doing anything twice: rows are kept by run, comments by an id that derives from the run.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from prentice.errors import ApplyConflictError, LockedError, ReviewError, WriteFailedError
from prentice.ledger.runs_table import RunsTable
from prentice.runs.protocol import Json, StepContext
from prentice.skills.execute.reviewing import Reviewing
from prentice.skills.execute.services import PURPOSE, ExecutionServices
from prentice.skills.execute.task_state import Taken, TaskState

KIND: Final = "execute"
TAKE: Final = "execute.take"
SETTLE: Final = "execute.settle"


async def take(context: StepContext[ExecutionServices], *, task: str, again: bool) -> Json:
    """Claim the task and set it to In Progress, and say how it was before.

    Raises:
        RuleError, TaskNotFoundError: it cannot be started.
    """
    state = _state(context.services, task)
    if state is None:
        return None
    taken = await asyncio.to_thread(state.take, again=again)
    return taken.document()


async def keep(
    context: StepContext[ExecutionServices], *, uid: str, need: Json, document: Json, evidence: Json, change: Json
) -> Json:
    """Keep what a run came to, and give its document with the run's id. `need` is what the task needs of a model.

    Raises:
        LedgerError: the ledger cannot be written.
    """
    services = context.services
    shown = {"run_id": context.run, **document}
    await asyncio.to_thread(
        services.executions.create,
        run=context.run, uid=uid, task=document["task"] if document["is_task"] else "",
        state=document["state"], document=shown, evidence=evidence, change=change, attempt_of=document["attempt_of"],
    )  # fmt: skip
    if document["backend"] not in {"", "builtin", "scripted"} and services.record is not None:
        services.record.keep(
            uid, purpose=PURPOSE, kind=services.need(**need).kind, backend=document["backend"], model=document["model"],
            right=document["state"] == "proposed",
        )  # fmt: skip
    return shown


async def settle(context: StepContext[ExecutionServices], *, uid: str, document: Json, taken: Json) -> Json:
    """Leave what came of it in the task: Review with a result, or as it was before with a note.

    Raises:
        StoreError: the file cannot be written.
    """
    state = _state(context.services, document["task"] if document["is_task"] else "")
    if state is None or taken is None:
        return None
    if document["state"] == "proposed":
        return await asyncio.to_thread(state.finish, result(document), uid=f"{uid}:result")
    before = Taken(status=taken["status"], was_claimed=taken["was_claimed"])
    await asyncio.to_thread(state.give_back, before, note=note(document), uid=f"{uid}:note")
    return before.status


async def apply(context: StepContext[ExecutionServices], *, document: Json) -> Json:
    """Put a change that the gate lets through into the user's files, in the name of the policy; give the document.

    What cannot be applied, because files are not what it starts from or somebody else is deciding all the while, stays
    proposed, and says why.

    Raises:
        LedgerError, StoreError: nothing more can be kept.
    """
    services = context.services
    reviewing = Reviewing(
        root=services.directory, executions=services.executions, settings=services.settings, actor="policy",
        by="execute --apply", todo2=services.todo2, record=services.record, worker=services.worker,
    )  # fmt: skip
    try:
        standing = await asyncio.to_thread(reviewing.apply, context.run)
    except (ApplyConflictError, LockedError, ReviewError, WriteFailedError) as error:
        notes = [*document["notes"], f"It was not applied: {error.message} {error.next_step}"]
        return {**document, "notes": notes}
    return {**document, "state": standing.state, "notes": [*document["notes"], *standing.notes]}


async def give_back(context: StepContext[ExecutionServices], *, task: str, taken: Json) -> Json:
    """Leave the task as it was before a run that failed through no fault of its own.

    Raises:
        StoreError: the file cannot be written.
    """
    return_to_before(context.services, task=task, taken=taken)


def abandoned(services: ExecutionServices, run: str) -> None:
    """Leave the task of a run that was cancelled as it was before, whoever carried it; of any other run, nothing."""
    table = RunsTable(services.executions.database, services.executions.scope)
    row = table.get(run)
    if row.kind != KIND or row.state == "finished" or not (row.cancel_wanted or row.state == "cancelled"):
        return
    taken = table.step_result(run, TAKE, 1)
    if taken is not None and table.step_result(run, SETTLE, 1) is None:
        return_to_before(services, task=row.arguments["task"], taken=taken[0])


def return_to_before(services: ExecutionServices, *, task: str, taken: Json) -> None:
    """Undo what `take` did."""
    state = _state(services, task)
    if state is not None and taken is not None:
        state.give_back(Taken(status=taken["status"], was_claimed=taken["was_claimed"]))


def result(document: Mapping[str, Any]) -> str:
    """Write the comment of a change that waits for review: what, the evidence, the run's id."""
    run = document["run_id"]
    count = f"{len(document['files'])} files" if len(document["files"]) > 1 else document["files"][0]
    who = document["model"] + (f" on {document['backend']}" if document["backend"] else "")
    if "findings" in document:
        lines = [f"Reviewed {count} with {who} (run {run})."]
        lines += [
            f"- {item['severity']}: {item['file']}:{item['line']}: {item['says']}" for item in document["findings"]
        ]
    else:
        lines = [f"Proposed a change of {count}, made by {who} (run {run})."]
    if document["explanation"]:
        lines.append(document["explanation"])
    lines += [f"- {fact['fact']}: {fact['value']}" for fact in document["evidence"]]
    if document["probability"]:
        lines.append(f"- probability: {document['probability']['says']}")
    lines += [document["why"], f"Look at it with `prentice review {run}`."]
    return "\n".join(lines)


def note(document: Mapping[str, Any]) -> str:
    """Write the note of a run that came to nothing: what was tried, and where the handoff is."""
    lines = [f"Run {document['run_id']} made no change that could be proposed: {document['why']}"]
    lines += [f"- {item['who']}: {item['why']}" for item in document["tried"]]
    lines.append(f"`prentice review {document['run_id']}` shows the handoff for your assistant.")
    return "\n".join(lines)


def _state(services: ExecutionServices, task: str) -> TaskState | None:
    if not task or services.todo2 is None:
        return None
    return TaskState(
        todo2=services.todo2, task=task, worker=services.worker, workflow=services.workflow, lease=services.lease
    )
