"""Deciding on a proposal: its subtasks become tasks, once, however often the approval is repeated.

Every task that is made carries the proposal's uid and its key under `prentice` in its record. That mark, written in
the same replacement of the file as the task itself, is what makes a repeated or interrupted approval safe.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from prentice.errors import ProposalError, RuleError
from prentice.ledger.proposals_table import ProposalsTable
from prentice.skills.breakdown.checks import structure_problems
from prentice.skills.breakdown.proposal import Proposal
from prentice.store.todo2_file import Todo2File
from prentice.tasks import sections
from prentice.tasks.claims import OWN_KEY
from prentice.tasks.edits import Draft, Editor
from prentice.tasks.plan import Subtask
from prentice.tasks.record import Task
from prentice.tasks.rules import Actor
from prentice.tasks.todolist import task_records
from prentice.tasks.words import content_words

_SHARED: Final = 0.5
"""The share of an entry's words from which it is handed down to a subtask."""
_PARENT_KEY: Final = ""
"""The key that marks the parent itself, where the proposal was for a free text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """The tasks that stand for a proposal's entries, in its order, and their parent; an import's have none."""

    created: tuple[str, ...]
    parent: str

    def document(self) -> dict[str, object]:
        """Give the approval as the JSON document of the contract."""
        return {"created": list(self.created), "parent": self.parent or None}


class Decidable(Protocol):
    """A proposal of any kind, as far as rejecting it goes."""

    @property
    def id(self) -> str:
        """Its id in the ledger."""

    @property
    def state(self) -> str:
        """`open`, or how it was decided."""

    @property
    def decision(self) -> Mapping[str, Any] | None:
        """What was decided; of an approved one, `created` are its tasks."""


def approve(
    proposal: Proposal, *, todo2: Todo2File, proposals: ProposalsTable, actor: Actor, only: Sequence[str] = ()
) -> Approved:
    """Make the proposal's subtasks, or those named in `only`, into tasks.

    On a proposal that was approved before, the same answer comes again and nothing is made; keys in `only` that were
    left out then are made now.

    Raises:
        ProposalError: it was rejected or superseded, or `only` names keys that it does not have.
        RuleError: the parent is Done.
        TaskNotFoundError: the parent is gone.
    """
    keys = chosen_keys(proposal, only)
    plan = [subtask for subtask in _in_order(proposal) if subtask.key in keys]
    made = todo2.change(lambda editor: _make(editor, proposal, plan, actor=actor))
    order = [subtask.key for subtask in proposal.subtasks if subtask.key in made]
    approved = Approved(created=tuple(made[key] for key in order), parent=made[_PARENT_KEY])
    proposals.decide(
        proposal.id,
        "approved",
        {"actor": actor, "keys": order, **approved.document()},
        plan=proposal.stored(),
    )
    _supersede_others(proposal, proposals)
    return approved


def reject(proposal: Decidable, *, proposals: ProposalsTable, actor: Actor, reason: str = "") -> None:
    """Set a proposal aside.

    Raises:
        ProposalError: it was approved before.
    """
    if proposal.state == "approved":
        raise ProposalError(
            f"{proposal.id} was approved already; its tasks are {', '.join((proposal.decision or {})['created'])}.",
            next_step="Change or close those tasks instead.",
        )
    proposals.decide(proposal.id, "rejected", {"actor": actor, "reason": reason})


def refuse_closed(parent: Task) -> None:
    """Refuse a parent whose work is over.

    Raises:
        RuleError: it is Done or cancelled.
    """
    if not parent.is_open:
        raise RuleError(
            f"{parent.id} is {parent.status}; it gets no new subtasks.",
            next_step=f"Open it again first: `prentice status {parent.id} 'In Progress'`.",
            details={"rule": "parent"},
        )


def chosen_keys(proposal: Proposal, only: Sequence[str]) -> frozenset[str]:
    """Give the keys that an approval makes into tasks.

    Raises:
        ProposalError: the proposal cannot be approved, or does not have the keys in `only`.
    """
    if proposal.state in {"rejected", "superseded"}:
        raise ProposalError(
            f"{proposal.id} was {proposal.state}.",
            next_step=f"Plan again: `prentice breakdown {proposal.task or 'TASK'}`.",
        )
    keys = {subtask.key for subtask in proposal.subtasks}
    if unknown := [key for key in only if key not in keys]:
        raise ProposalError(
            f"{proposal.id} has no subtask {', '.join(unknown)}.", next_step=f"Its keys are: {', '.join(sorted(keys))}."
        )
    if found := structure_problems(proposal.subtasks):
        raise ProposalError(f"The plan does not hold together: {'; '.join(found)}.", next_step="Edit it: `--edit`.")
    if proposal.state == "approved":
        before = frozenset((proposal.decision or {})["keys"])
        return before | frozenset(only)
    return frozenset(only) or frozenset(keys)


def _in_order(proposal: Proposal) -> list[Subtask]:
    """Give the subtasks so that each comes after what it needs."""
    by_key = {subtask.key: subtask for subtask in proposal.subtasks}
    return [by_key[key] for wave in proposal.waves for key in wave]


def _make(editor: Editor, proposal: Proposal, plan: Sequence[Subtask], *, actor: Actor) -> dict[str, str]:
    """Make what is missing and give the id of every task of the proposal by key, the parent's under the empty key."""
    made = _existing(editor, proposal.uid)
    if proposal.task:
        made[_PARENT_KEY] = proposal.task
    if _PARENT_KEY not in made:
        made[_PARENT_KEY] = editor.create(_parent_draft(proposal))
    parent = editor.task(made[_PARENT_KEY])
    missing = [subtask for subtask in plan if subtask.key not in made]
    if not missing:
        return made
    refuse_closed(parent)
    for subtask in missing:
        needs = tuple(made[key] for key in subtask.dependencies if key in made)
        made[subtask.key] = editor.create(_child_draft(subtask, proposal, parent, needs))
    _complete_dependencies(editor, proposal, made)
    children = [made[subtask.key] for subtask in missing]
    editor.update(parent.id, {"dependencies": (*parent.dependencies, *children)})
    for subtask in missing:
        editor.comment(made[subtask.key], _child_note(subtask, proposal, parent, actor), kind="note")
    editor.comment(parent.id, _parent_note(missing, made, proposal, actor), kind="note")
    return made


def _complete_dependencies(editor: Editor, proposal: Proposal, made: Mapping[str, str]) -> None:
    """Let tasks of an earlier, partial approval wait for what they need and what is only made now."""
    tasks = editor.todolist.tasks
    for subtask in proposal.subtasks:
        task = tasks.get(made.get(subtask.key, ""))
        if task is None or task.status != "Todo":
            continue  # not made, or begun without it
        needs = tuple(made[key] for key in subtask.dependencies if key in made)
        if added := tuple(need for need in needs if need not in task.dependencies):
            editor.update(task.id, {"dependencies": (*task.dependencies, *added)})


def _existing(editor: Editor, uid: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for record in task_records(editor.value):
        mark: Any = record.get(OWN_KEY)
        if isinstance(mark, Mapping) and mark.get("proposal") == uid:
            found[str(mark.get("key"))] = str(record.get("id"))
    return found


def _parent_draft(proposal: Proposal) -> Draft:
    text = f"{proposal.name}. {proposal.description}" if proposal.description else proposal.name
    description = sections.compose(
        objective=text,
        criteria=(
            "Every step of the plan is Done",
            "The acceptance criteria of each step were checked, and by whom is noted",
            "The steps work together as the objective asks",
        ),
        included=", ".join(subtask.name for subtask in proposal.subtasks),
        excluded="what no step of the plan names",
    )
    return Draft(
        name=proposal.name,
        description=proposal.description if sections.parse(proposal.description).criteria else description,
        extra={OWN_KEY: {"proposal": proposal.uid, "key": _PARENT_KEY}},
    )


def _child_draft(subtask: Subtask, proposal: Proposal, parent: Task, needs: tuple[str, ...]) -> Draft:
    scope = sections.parse(proposal.description)
    description = sections.compose(
        objective=subtask.description or subtask.name,
        criteria=subtask.acceptance_criteria,
        included=f"{subtask.name}, a part of {parent.id}",
        excluded="; ".join(scope.scope("excluded")) or f"the other parts of {parent.id}: {parent.name}",
        requirements=[item for item in scope.items(sections.REQUIREMENTS) if _concerns(item, subtask)],
        files=[item for item in scope.items(sections.FILES) if _mentions(item, subtask)],
        testing=[c for c in subtask.acceptance_criteria if "`" in c or "test" in c.lower()],
        edge_cases=[item for item in scope.items(sections.EDGE_CASES) if _concerns(item, subtask)],
        dependencies=needs,
    )
    return Draft(
        name=subtask.name,
        description=description,
        priority=parent.priority,
        tags=tuple(dict.fromkeys((*parent.tags, subtask.category.replace("_", "-"), f"parent:{parent.id}"))),
        dependencies=needs,
        extra={
            "parent_id": parent.id,
            OWN_KEY: {"proposal": proposal.uid, "key": subtask.key, "complexity": subtask.complexity},
        },
    )


def _concerns(entry: str, subtask: Subtask) -> bool:
    """Whether an entry of the parent's description is a matter of this subtask: it shares most of its words."""
    words = content_words(entry)
    return bool(words) and len(words & content_words(_text(subtask))) >= _SHARED * len(words)


def _text(subtask: Subtask) -> str:
    return " ".join((subtask.name, subtask.description, *subtask.acceptance_criteria))


def _mentions(entry: str, subtask: Subtask) -> bool:
    """Whether a subtask speaks of the file that an entry of the parent's file list names."""
    text = _text(subtask)
    return any(word.strip("`[](),") in text for word in entry.split() if "." in word or "/" in word)


def _child_note(subtask: Subtask, proposal: Proposal, parent: Task, actor: Actor) -> str:
    estimate = proposal.estimates[subtask.key]
    return (
        f"Step `{subtask.key}` of the plan for {parent.id} ({proposal.id}, by {_planner(proposal)}), "
        f"approved by: {actor}. Complexity {subtask.complexity}, estimate {estimate.bucket}."
    )


def _parent_note(missing: Sequence[Subtask], made: Mapping[str, str], proposal: Proposal, actor: Actor) -> str:
    count = f"{len(missing)} tasks" if len(missing) > 1 else "one task"
    lines = [f"Broken down into {count} ({proposal.id}, by {_planner(proposal)}), approved by: {actor}."]
    lines += [f"- {made[subtask.key]}: {subtask.name}" for subtask in missing]
    return "\n".join(lines)


def _planner(proposal: Proposal) -> str:
    return "the built-in planner" if proposal.backend == "builtin" else f"{proposal.model} on {proposal.backend}"


def _supersede_others(proposal: Proposal, proposals: ProposalsTable) -> None:
    if not proposal.task:
        return
    for other in proposals.all(task=proposal.task):
        if other.id != proposal.id and other.state == "open":
            proposals.decide(other.id, "superseded", {"by": proposal.id})
