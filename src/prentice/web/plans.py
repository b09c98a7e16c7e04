"""A plan: its subtasks and how they hang together, edited one by one, approved as a whole or in part."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any, Final, cast

from starlette.responses import Response

from prentice.changes.visible import one_line
from prentice.errors import PrenticeError, ProposalError, UsageError
from prentice.tasks.plan import CATEGORIES, COMPLEXITIES, Category, Complexity, Subtask
from prentice.web.layout import Layout, Node, layout
from prentice.web.live import live_part
from prentice.web.rendering import hours
from prentice.web.visit import Notice, Visit

if TYPE_CHECKING:
    from prentice.skills.breakdown.proposal import Proposal

_LONGEST: Final = 4_000
"""Letters of a name, a description or a criterion; a model's are far shorter."""
_LONGEST_KEY: Final = 40


def show(visit: Visit) -> Response:
    """Show a plan."""
    return _page(visit)


def live(visit: Visit) -> Response:
    """Give what happened to the plan since it was shown: nothing, or that somebody else edited it or decided on it."""

    def moved() -> str:
        proposal = visit.project.proposal(visit.named("plan"))
        says = f"{proposal.id} was edited meanwhile." if visit.asked("seen") != _digest(proposal) else ""
        if proposal.state != visit.asked("state"):
            says = f"{proposal.id} was {proposal.state} meanwhile."
        return visit.part("moved.html", says=says, href=f"/plans/{proposal.id}")

    return live_part(visit, moved)


def show_subtask(visit: Visit) -> Response:
    """Show the form of one subtask."""
    proposal = visit.project.proposal(visit.named("plan"))
    return _subtask_page(visit, proposal, _subtask(proposal, visit.named("key")))


def edit(visit: Visit) -> Response:
    """Keep an edited subtask, checked as `approve --edit` does; what does not hold together can be mended."""
    proposal = visit.project.proposal(visit.named("plan"))
    before = _subtask(proposal, visit.named("key"))
    edited = before
    try:
        if proposal.state == "open":
            _check_seen(visit, proposal)
        edited = _edited(visit, before)
        subtasks = [edited if subtask.key == before.key else subtask for subtask in proposal.subtasks]
        visit.project.revise(proposal, subtasks=subtasks)
    except PrenticeError as error:
        return _subtask_page(visit, proposal, edited, problem=error)
    return visit.lead(f"/plans/{proposal.id}", Notice(says=f"{before.key} is changed. Nothing is approved yet."))


def show_new(visit: Visit) -> Response:
    """Show the form of a subtask that the plan lacks."""
    proposal = visit.project.proposal(visit.named("plan"))
    return _subtask_page(visit, proposal, _blank(proposal), is_new=True)


def add(visit: Visit) -> Response:
    """Add a subtask to the plan, checked as an edited one."""
    proposal = visit.project.proposal(visit.named("plan"))
    added = _blank(proposal)
    try:
        if proposal.state == "open":
            _check_seen(visit, proposal)
        added = _edited(visit, replace(added, key=_key(visit)))
        visit.project.revise(proposal, subtasks=[*proposal.subtasks, added])
    except PrenticeError as error:
        return _subtask_page(visit, proposal, added, is_new=True, problem=error)
    return visit.lead(f"/plans/{proposal.id}", Notice(says=f"{added.key} is added. Nothing is approved yet."))


def remove(visit: Visit) -> Response:
    """Take a subtask out of the plan; what waited for it waits for what it waited for."""
    proposal = visit.project.proposal(visit.named("plan"))
    gone = _subtask(proposal, visit.form.text("key"))
    try:
        if proposal.state == "open":
            _check_seen(visit, proposal)
        left = [_without(gone, subtask) for subtask in proposal.subtasks if subtask.key != gone.key]
        visit.project.revise(proposal, subtasks=left)
    except PrenticeError as error:
        return _subtask_page(visit, proposal, gone, problem=error)
    return visit.lead(f"/plans/{proposal.id}", Notice(says=f"{gone.key} is taken out. Nothing is approved yet."))


def approve(visit: Visit) -> Response:
    """Make the chosen subtasks into tasks."""
    plan = visit.named("plan")
    try:
        proposal = visit.project.proposal(plan)
        if proposal.state == "open":
            _check_seen(visit, proposal)
        keys = _chosen(visit, [subtask.key for subtask in proposal.subtasks])
        approved = visit.project.approve(plan, only=keys)
    except PrenticeError as error:
        return _page(visit, problem=error)
    says = f"{approved.parent} now waits for {', '.join(approved.created)}."
    return visit.lead(f"/plans/{plan}", Notice(says=says, href=f"/tasks/{approved.parent}", link=approved.parent))


def reject(visit: Visit) -> Response:
    """Set the plan aside."""
    plan = visit.named("plan")
    try:
        visit.project.reject(plan, reason=visit.form.text("reason"))
    except PrenticeError as error:
        return _page(visit, problem=error)
    return visit.lead(f"/plans/{plan}", Notice(says=f"{plan} is rejected."))


def _page(visit: Visit, *, problem: PrenticeError | None = None) -> Response:
    proposal = visit.project.proposal(visit.named("plan"))
    decision = proposal.decision or {}
    keys = {subtask.key for subtask in proposal.subtasks}
    made = dict(zip(decision.get("keys", ()), decision.get("created", ()), strict=False))
    asked = set(visit.form.texts("key")) if problem and "key" in visit.form.fields else keys
    return visit.page(
        "plan.html",
        problem=problem,
        plan=proposal,
        estimates=proposal.estimates,
        waves=proposal.waves,
        critical=proposal.critical_path,
        total=sum(proposal.estimates[key].median for key in proposal.critical_path),
        drawing=_drawing(proposal),
        made=made,
        taken=asked - made.keys(),
        decision=decision,
        seen=_digest(proposal),
        reason=visit.form.text("reason"),
    )


def _subtask_page(
    visit: Visit, proposal: "Proposal", subtask: Subtask, *, is_new: bool = False, problem: PrenticeError | None = None
) -> Response:
    return visit.page(
        "subtask.html",
        problem=problem,
        plan=proposal,
        subtask=subtask,
        is_new=is_new,
        others=[other for other in proposal.subtasks if other.key != subtask.key],
        complexities=COMPLEXITIES,
        categories=CATEGORIES,
        seen=_digest(proposal) if not problem else visit.form.text("seen"),
    )


def _subtask(proposal: "Proposal", key: str) -> Subtask:
    found = next((subtask for subtask in proposal.subtasks if subtask.key == key), None)
    if found is None:
        known = ", ".join(subtask.key for subtask in proposal.subtasks)
        raise ProposalError(f"{proposal.id} has no subtask {key}.", next_step=f"Its keys are: {known}.")
    return found


def _blank(proposal: "Proposal") -> Subtask:
    """Give a subtask to be filled in, under a key that is free."""
    keys = {subtask.key for subtask in proposal.subtasks}
    key = next(key for number in count(len(keys) + 1) if (key := f"step-{number}") not in keys)
    return Subtask(key=key, name="", description="", acceptance_criteria=(), complexity="simple", category="feature")


def _key(visit: Visit) -> str:
    key = _one_line(visit.form.text("key"))
    if len(key) > _LONGEST_KEY:
        raise UsageError(f"The key is longer than {_LONGEST_KEY} letters.", next_step="A word or two is enough.")
    return key


def _without(gone: Subtask, subtask: Subtask) -> Subtask:
    if gone.key not in subtask.dependencies:
        return subtask
    needs = [need for need in (*subtask.dependencies, *gone.dependencies) if need != gone.key]
    return replace(subtask, dependencies=tuple(dict.fromkeys(needs)))


def _edited(visit: Visit, before: Subtask) -> Subtask:
    """Give the subtask as the form has it.

    Raises:
        UsageError: a field is longer than any of a plan, or none of the choices.
    """
    form = visit.form
    name, description = _one_line(form.text("name")), _one_line(form.text("description"))
    criteria = tuple(line.strip() for line in form.text("criteria").splitlines() if line.strip())
    if any(len(text) > _LONGEST for text in (name, description, *criteria)):
        raise UsageError(
            f"A text of {before.key} is longer than {_LONGEST:,} letters.",
            next_step="Shorten it, or split the subtask.",
        )
    for field, allowed in (("complexity", COMPLEXITIES), ("category", CATEGORIES)):
        if form.text(field) not in allowed:
            raise UsageError(f"{form.text(field)!r} is no {field}.", next_step=f"Use one of: {', '.join(allowed)}.")
    return replace(
        before,
        name=name,
        description=description,
        acceptance_criteria=criteria,
        complexity=cast("Complexity", form.text("complexity")),
        category=cast("Category", form.text("category")),
        dependencies=tuple(dict.fromkeys(form.texts("depends"))),
    )


def _one_line(text: str) -> str:
    """Give a text on one line, as those of every plan are."""
    return " ".join(text.split())


def _chosen(visit: Visit, keys: Sequence[str]) -> tuple[str, ...]:
    """Give the chosen keys; nothing where all of them were.

    Raises:
        UsageError: none was chosen.
    """
    chosen = visit.form.texts("key")
    if not chosen:
        raise UsageError("No subtask was chosen.", next_step="Mark those that you want, or reject the plan.")
    return () if set(chosen) >= set(keys) else tuple(chosen)


def _check_seen(visit: Visit, proposal: "Proposal") -> None:
    if visit.form.text("seen") != _digest(proposal):
        raise ProposalError(
            f"{proposal.id} was edited elsewhere since you looked at it; nothing was done.",
            next_step="Look at it as it is now, and decide again.",
        )


def _digest(proposal: "Proposal") -> str:
    """Give a short text that changes with the plan."""
    plan: Any = proposal.stored()
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()[:16]


def _drawing(proposal: "Proposal") -> Layout:
    nodes = [
        Node(
            key=subtask.key,
            name=one_line(subtask.name),
            facts=f"{subtask.complexity}, {hours(proposal.estimates[subtask.key].median)}",
        )
        for subtask in proposal.subtasks
    ]
    needs = {subtask.key: subtask.dependencies for subtask in proposal.subtasks}
    return layout(nodes, needs=needs, waves=proposal.waves, critical=proposal.critical_path)
