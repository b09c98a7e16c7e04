"""An import: another tool's tasks, to be taken over as a whole or in part."""

from starlette.responses import Response

from prentice.errors import PrenticeError, ProposalError, UsageError
from prentice.skills.importing.proposal import ImportProposal
from prentice.web.rendering import counted
from prentice.web.visit import Notice, Visit


def show(visit: Visit) -> Response:
    """Show an import."""
    return _page(visit)


def approve(visit: Visit) -> Response:
    """Make the chosen entries into tasks."""
    plan = visit.named("plan")
    try:
        found = _import(visit)
        chosen = visit.form.texts("key")
        if not chosen:
            raise UsageError("No entry was chosen.", next_step="Mark those that you want, or reject the import.")
        usual = {task.key for task in found.tasks if task.key not in found.duplicates}
        # Entries that are like another task are made by name alone, as on the command line.
        approved = visit.project.approve(plan, only=() if set(chosen) == usual else chosen)
    except PrenticeError as error:
        return _page(visit, problem=error)
    count = len(approved.created)
    return visit.lead(
        f"/imports/{plan}",
        Notice(
            says=f"{counted(count, 'task')} {'stands' if count == 1 else 'stand'} for the import.",
            href="/tasks",
            link="All tasks",
        ),
    )


def reject(visit: Visit) -> Response:
    """Set the import aside."""
    plan = visit.named("plan")
    try:
        visit.project.reject(plan, reason=visit.form.text("reason"))
    except PrenticeError as error:
        return _page(visit, problem=error)
    return visit.lead(f"/imports/{plan}", Notice(says=f"{plan} is rejected."))


def _page(visit: Visit, *, problem: PrenticeError | None = None) -> Response:
    found = _import(visit)
    decision = found.decision or {}
    made = dict(zip(decision.get("keys", ()), decision.get("created", ()), strict=False))
    usual = {task.key for task in found.tasks} - found.duplicates.keys()
    asked = set(visit.form.texts("key")) if problem and "key" in visit.form.fields else usual
    return visit.page(
        "import.html",
        problem=problem,
        found=found,
        made=made,
        taken=asked - made.keys(),
        decision=decision,
        reason=visit.form.text("reason"),
    )


def _import(visit: Visit) -> ImportProposal:
    """Give the import of the address.

    Raises:
        ProposalError: there is none of that id.
    """
    wanted = visit.named("plan")
    for found in visit.project.imports():
        if found.id == wanted:
            return found
    raise ProposalError(f"There is no import {wanted} here.", next_step="The first page lists what waits.")
