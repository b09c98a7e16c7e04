"""A plan as an answer: whole where it fits the limit, else shortened, with what can be done about it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mcp_types import CallToolResult

from prentice.changes.visible import one_line
from prentice.mcp.answers import MAX_BYTES, Document, compact, cut, size, summarized, whole
from prentice.mcp.approval import Unanswered, waiting
from prentice.mcp.steps import command

if TYPE_CHECKING:
    from prentice.skills.breakdown.proposal import Proposal

_STRUCTURE_BYTES: Final = 10_000
"""What a plan may take of an answer, so that a summary finds room beside it."""
_CUTS: Final = ((400, 5, 160), (200, 4, 120), (140, 3, 90), (90, 2, 70), (60, 1, 50), (0, 0, 0))
"""Rounds of shortening: characters of a description, number of criteria, characters of a criterion."""
_SHORT_NAME: Final = 40
_NAME_LENGTH: Final = 200


def plan_told(
    proposal: "Proposal", *, run: str, directory: str, remark: str = "", unanswered: Unanswered | None = None
) -> CallToolResult:
    """Give a plan and the next step; `remark` says what became of an answer, `unanswered` why there is none."""
    plan: Document = proposal.document()
    names = {key: cut(plan[key], _NAME_LENGTH) for key in ("task", "name")}
    following = _next(proposal, run=run, directory=directory, remark=remark, unanswered=unanswered)
    document = plan | names | {"run_id": run} | following
    result = whole(document)
    if size(result) <= MAX_BYTES:
        return result
    lines = [f"{document['proposal_id']} ({document['state']}, {run}): {document['next_step']}", document["approve"]]
    return summarized(_shortened(document), "\n".join(line for line in lines if line), data=_summary(document))


def _next(proposal: "Proposal", *, run: str, directory: str, remark: str, unanswered: Unanswered | None) -> Document:
    decision = proposal.decision or {}
    approve, reject = (command(f"{word} {proposal.id}", directory=Path(directory)) for word in ("approve", "reject"))
    said = f"{remark} " if remark else ""
    match proposal.state:
        case "open":
            decide = (
                "The person said no to this plan just now: do not ask again, and do not urge the command. If they want "
                f"it different, call `model_task_breakdown` with run_id {run} and `edits` or `only`, or with `task`."
                if unanswered is Unanswered.DECLINED
                else f"{waiting(unanswered, run=run)}No task was created yet: show the plan to the person, who decides."
            )
            return {
                "approve": f"{approve}; `--only KEY,KEY` takes a part, `--edit` opens the plan in an editor, {reject} "
                "sets it aside.",
                "next_step": f"{said}{decide}",
            }
        case "approved":
            return {
                "approve": "",
                "created": list(decision.get("created", [])),
                "parent": decision.get("parent", ""),
                "next_step": f"{said}Approved: the tasks are in the project's list, and the parent waits for them.",
            }
        case state:
            step = f"{said}{proposal.id} was {state}: call `model_task_breakdown` with `task` for another plan."
            return {"approve": "", "next_step": step}


def _shortened(document: Document) -> Document:
    """Give the plan with texts cut, as little as the limit allows."""
    note = f"Shortened to fit this answer; all of it: prentice://proposals/{document['proposal_id']}"
    short = document
    for description, criteria, length in _CUTS:
        last = not criteria
        short = document | {
            "warnings": [note, *(cut(warning, 200) for warning in document["warnings"][:3])],
            "subtasks": [
                subtask
                | {
                    "description": cut(subtask["description"], description),
                    "acceptance_criteria": [cut(item, length) for item in subtask["acceptance_criteria"][:criteria]],
                }
                | ({"name": cut(subtask["name"], _SHORT_NAME)} if last else {})
                for subtask in document["subtasks"]
            ],
        }
        if len(compact(short).encode()) <= _STRUCTURE_BYTES:
            return short
    return short | {"subtasks": [], "waves": [], "critical_path": []}


def _summary(document: dict[str, Any]) -> str:
    lines: list[str] = []
    for subtask in document["subtasks"]:
        after = f", after {', '.join(subtask['dependencies'])}" if subtask["dependencies"] else ""
        bucket = subtask["estimate"]["bucket"]
        lines.append(one_line(f"- {subtask['key']}: {subtask['name']} ({subtask['complexity']}, {bucket}{after})"))
    lines.append(one_line(f"critical path: {', '.join(document['critical_path'])}"))
    return "\n".join(lines)
