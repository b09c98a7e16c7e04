"""A change: what it does and why, what speaks for and against it, and the decisions on it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.responses import Response

from prentice.changes.shown import shown_files
from prentice.changes.visible import path_shown
from prentice.errors import PrenticeError, ReviewError, UsageError
from prentice.web.live import live_part
from prentice.web.visit import Notice, Visit

_DECIDED = {
    "approve": "approved", "request_changes": "sent back", "reject": "rejected", "apply": "applied", "undo": "undone",
}  # fmt: skip


def show(visit: Visit) -> Response:
    """Show the change of a run."""
    return _page(visit)


def live(visit: Visit) -> Response:
    """Give what happened to the change since it was shown: nothing, or that somebody else decided on it."""

    def moved() -> str:
        run = visit.named("run")
        decisions = visit.project.review(run)["decisions"]
        says = "" if visit.asked("seen") == str(len(decisions)) else f"{run} was {_last(decisions)}."
        return visit.part("moved.html", says=says, href=f"/changes/{run}")

    return live_part(visit, moved)


def apply(visit: Visit) -> Response:
    """Approve the chosen hunks, or the whole change, and put them into the files unless that was to wait."""

    def decided(document: Mapping[str, Any]) -> Response:
        run, hunks = document["run_id"], _chosen(visit, document)
        if not _is_in_the_files(document, hunks):
            visit.project.approve_change(run, hunks=hunks)
        part = f"{len(hunks)} of {len(document['hunks'])} hunks of {run}" if hunks is not None else run
        verb = "are" if hunks is not None and len(hunks) > 1 else "is"
        if visit.form.text("do") == "approve":
            return _lead(visit, run, {}, f"{part} {verb} approved, and not applied yet.")
        applied = visit.project.apply(run)
        return _lead(visit, run, applied, f"{part} {verb} in your files now: {_became(applied)}.")

    return _decision(visit, decided, leads_to="applied")


def request(visit: Visit) -> Response:
    """Send the change back with a comment, and begin the next attempt."""

    def decided(document: Mapping[str, Any]) -> Response:
        run = document["run_id"]
        attempt = visit.project.send_back(run, visit.form.text("comment"))
        visit.place.carrying.see_to_it(visit.project)
        notice = Notice(
            says=f"{run} is sent back. {attempt} tries again with your comment.", href=f"/changes/{run}", link=run
        )
        return visit.lead(f"/runs/{attempt}", notice)

    return _decision(visit, decided, leads_to="rejected")


def reject(visit: Visit) -> Response:
    """Set the change aside."""

    def decided(document: Mapping[str, Any]) -> Response:
        run = document["run_id"]
        rejected = visit.project.reject_change(run, reason=visit.form.text("comment"))
        return _lead(visit, run, rejected, f"{run} is rejected.")

    return _decision(visit, decided, leads_to="rejected")


def undo(visit: Visit) -> Response:
    """Take the change out of the files again."""

    def decided(document: Mapping[str, Any]) -> Response:
        run = document["run_id"]
        undone = visit.project.undo(run)
        return _lead(visit, run, undone, f"{run} is taken out again: {_became(undone)}.")

    return _decision(visit, decided, leads_to="undone")


def take_finding(visit: Visit) -> Response:
    """Make a task of a finding."""
    run, number = visit.named("run"), int(visit.named("number"))
    try:
        task = visit.project.add_finding(run, number)
    except PrenticeError as error:
        return _page(visit, problem=error)
    notice = Notice(says=f"{task.id} stands for finding {number}.", href=f"/tasks/{task.id}", link=task.id)
    return visit.lead(f"/changes/{run}", notice)


def _decision(visit: Visit, decided: Callable[[Mapping[str, Any]], Response], *, leads_to: str) -> Response:
    """Decide, unless somebody else did since the person looked; what went wrong is shown with the change.

    A decision that was made already, in the same way, gives the same answer again.
    """
    run = visit.named("run")
    try:
        document = visit.project.review(run)
        decisions = document["decisions"]
        if visit.form.numbers("seen") != [len(decisions)] and document["state"] != leads_to:
            raise _overtaken(run, decisions)
        return decided(document)
    except PrenticeError as error:
        return _page(visit, problem=error)


def _overtaken(run: str, decisions: Sequence[Mapping[str, Any]]) -> ReviewError:
    """Give the error for a decision on what is not there any more."""
    return ReviewError(
        f"{run} was {_last(decisions)}. Yours was not carried out.",
        next_step="Look at it as it stands now, and decide again.",
    )


def _last(decisions: Sequence[Mapping[str, Any]]) -> str:
    if not decisions:
        return "not decided on"
    return f"{_DECIDED[decisions[-1]['kind']]} meanwhile, by: {decisions[-1]['actor']}"


def _page(visit: Visit, *, problem: PrenticeError | None = None) -> Response:
    """Show the change; what was written into a form whose decision failed stands there again."""
    document = visit.project.review(visit.named("run"))
    refused = problem is not None and "do" in visit.form.fields
    return visit.page(
        "change.html",
        problem=problem,
        run=document,
        files=shown_files(document),
        taken=set(visit.form.numbers("hunk")) if refused else _taken(document),
        seen=len(document["decisions"]),
        decided=_DECIDED,
        comment=visit.form.text("comment"),
        next_attempts=_attempts(visit, document),
    )


def _attempts(visit: Visit, document: Mapping[str, Any]) -> list[str]:
    """Give the executions that tried again after this one."""
    run = document["run_id"]
    return [other["run_id"] for other in visit.project.reviews() if other.get("attempt_of") == run]


def _taken(document: Mapping[str, Any]) -> set[int]:
    """Give the hunks that are marked to begin with: those that were approved before, else all."""
    approved = (document.get("approval") or {}).get("hunks") or ()
    chosen = {(path, number) for path, number in approved}
    return {
        index for index, hunk in enumerate(document["hunks"]) if not chosen or (hunk["path"], hunk["number"]) in chosen
    }


def _chosen(visit: Visit, document: Mapping[str, Any]) -> list[tuple[str, int]] | None:
    """Give the hunks that were chosen, by path and number; None for all of them.

    Raises:
        UsageError: a hunk does not exist, or none was chosen.
    """
    hunks = document["hunks"]
    chosen = sorted(set(visit.form.numbers("hunk")))
    if not chosen or chosen[-1] >= len(hunks):
        raise UsageError("No hunk was chosen.", next_step="Mark the hunks that you want, or reject the change.")
    named = sorted((hunks[index]["path"], hunks[index]["number"]) for index in chosen)
    return None if len(named) == len(hunks) else named


def _is_in_the_files(document: Mapping[str, Any], hunks: list[tuple[str, int]] | None) -> bool:
    """Whether just this part was applied before."""
    approved = [(path, number) for path, number in (document["approval"] or {}).get("hunks") or ()]
    return document["state"] == "applied" and approved == (hunks or [])


def _lead(visit: Visit, run: str, standing: Mapping[str, Any], says: str) -> Response:
    return visit.lead(f"/changes/{run}", Notice(says=says, notes=tuple(standing.get("notes", ()))))


def _became(standing: Mapping[str, Any]) -> str:
    return ", ".join(f"{path_shown(path)} {became}" for path, became in standing["became"].items()) or "nothing to do"
