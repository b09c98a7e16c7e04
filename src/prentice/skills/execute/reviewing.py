"""Review: looking at what executions propose, and deciding on it; every decision once, recorded, and safe to repeat.

A decision that touches more than the ledger is noted there first, then carried out in the tree and in the Todo2 file,
then kept. Whoever comes after a killed process finds the note, lets the tree settle, and keeps what the tree says.
"""

import contextlib
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from prentice.changes.change import Change
from prentice.config import Settings
from prentice.errors import LockedError, PrenticeError, ReviewError, StoreError, WriteFailedError
from prentice.ledger.executions_table import DecisionKind, ExecutionRow, ExecutionsTable, ExecutionState
from prentice.review.approval import Actor, Approval
from prentice.skills.execute.review_effects import ReviewEffects
from prentice.skills.execute.rights import is_decided, objection_to
from prentice.skills.execute.standing import Shown, Standing, chosen_part, stored_change
from prentice.skills.track_record import MeasuredRecord
from prentice.store.lock import locked
from prentice.store.own_directory import OWN_DIRECTORY
from prentice.store.todo2_file import Todo2File
from prentice.tasks.rules import Workflow
from prentice.workspace.applying import journal as journals
from prentice.workspace.applying.apply import Settled, apply, settle_tree, undo

LOCK_SECONDS: Final = 60.0
"""How long a decision waits for another one that is being carried out: longer than applying waits for its own lock."""

_LEADS_TO: Final[Mapping[DecisionKind, ExecutionState]] = {
    "apply": "applied", "undo": "undone", "reject": "rejected", "request_changes": "rejected",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewing:
    """The reviews of one directory, on behalf of one actor. `by` names who that is, where it is known.

    `todo2` is None outside a project. `record` is told what a person thinks of a model's work. `worker` is the name
    under which tasks are claimed.
    """

    root: Path
    executions: ExecutionsTable
    settings: Settings
    actor: Actor
    by: str = ""
    todo2: Todo2File | None = None
    record: MeasuredRecord | None = None
    worker: str = ""

    def all(self, *, waiting: bool = False) -> list[ExecutionRow]:
        """Give the executions made here, oldest first; `waiting` gives those that wait for a decision."""
        self._settle_unless_busy()
        return self.executions.all(state="proposed" if waiting else None)

    def show(self, run: str) -> Shown:
        """Give an execution with its change and every decision on it.

        Raises:
            RunError: no execution has the id.
        """
        self._settle_unless_busy()
        row = self.executions.get(run)
        return Shown(
            row=row, change=stored_change(self.executions, row.run), decisions=self.executions.decisions(row.run)
        )

    def check_approvable(self, run: str, *, hunks: Collection[tuple[str, int]] | None = None) -> None:
        """Make sure that this actor may approve a change, or some of its hunks, before anything is made for that.

        Raises:
            RunError, ReviewError, UsageError: as for `approve`.
        """
        row = self.executions.get(run)
        change = self._approvable(row)
        is_part = hunks is not None and chosen_part(change, hunks).digest != change.digest
        self._check_rights(row, change, part=is_part)

    def approve(self, run: str, *, hunks: Collection[tuple[str, int]] | None = None) -> Standing:
        """Say yes to a change, or to some of its hunks, named by path and number; nothing is applied yet.

        Of a change that the policy applied by itself, it is a person's word that this was right.

        Raises:
            RunError: no execution has the id.
            ReviewError: it cannot be approved, or not by this actor.
            UsageError: a hunk does not exist.
        """
        with self._turn():
            return self._standing(self._approved(self.executions.get(run), hunks))

    def request_changes(self, run: str, comment: str) -> Standing:
        """Send a change back with a comment. The answer's `attempt` are the arguments of the run that tries again.

        Raises:
            RunError: no execution has the id.
            ReviewError: it is applied, or the comment is empty.
        """
        if not comment.strip():
            raise ReviewError("The comment is empty.", next_step="Say what has to be different.")
        with self._turn():
            sent_back = self._dismissed(run, "request_changes", {"comment": comment})
            attempt = {"task": sent_back.task, "attempt_of": sent_back.run, "comment": comment}
            return replace(sent_back, attempt=attempt)

    def reject(self, run: str, *, reason: str = "") -> Standing:
        """Say no to a change.

        Raises:
            RunError: no execution has the id.
            ReviewError: it is applied, or an assistant may not.
        """
        if self.actor == "assistant" and self.settings.approve_assistant != "apply":
            raise self._refused(run, "An assistant may look at a change and request changes, but not reject one.")
        with self._turn():
            return self._dismissed(run, "reject", {"reason": reason})

    def apply(self, run: str) -> Standing:
        """Put an approved change into the tree; one that nobody decided on is approved by this, as a whole.

        Raises:
            RunError: no execution has the id.
            ReviewError: it cannot be applied, or not by this actor.
            ApplyConflictError: files are not what the change starts from; nothing was changed.
            WriteFailedError: the disk refused; nothing was changed.
        """
        with self._turn():
            row = self.executions.get(run)
            if row.state == "applied":
                return self._standing(row)
            if row.approval is None:
                row = self._approved(row, None)
            change = self._change(row)
            self._check_rights(row, change, part=bool(row.approval["hunks"]))
            part = chosen_part(change, _hunks(row.approval)) if row.approval["hunks"] else change
            pending = self._noted(row, "apply")
            with self._unnoted_on_failure(row):
                done = apply(part, self.root, approval=Approval.from_document(row.approval), name=row.run)
            return self._kept(row, pending, files=done.files)

    def undo(self, run: str) -> Standing:
        """Take an applied change out of the tree again: every file as it was, but for edits of other lines since.

        Raises:
            RunError: no execution has the id.
            ReviewError: it was not applied, or an assistant may not.
            UndoRefusedError: files were edited since; all of them are named, and nothing was changed.
            WriteFailedError: the disk refused; what is left follows at the next start.
        """
        if self.actor == "assistant" and self.settings.approve_assistant != "apply":
            raise self._refused(run, "An assistant may look at a change and request changes, but not undo one.")
        with self._turn():
            row = self.executions.get(run)
            if row.state == "undone":
                return self._standing(row)
            if row.state != "applied":
                raise ReviewError(
                    f"{row.run} is not applied, it is {row.state.replace('_', ' ')}.",
                    next_step="`prentice review` shows what is.",
                )
            pending = self._noted(row, "undo")
            with self._unnoted_on_failure(row):
                done = undo(self.root, name=row.run)
            return self._kept(row, pending, files=done.files)

    def settle(self, *, wait: float = LOCK_SECONDS) -> list[Settled]:
        """Finish, or take back, what killed processes left half done; to be called at every start.

        Raises:
            LockedError: another process is carrying out a decision.
            StoreError: the disk refused.
        """
        if not self.executions.pending():
            return settle_tree(self.root)
        with self._alone(wait=wait):
            return self._settled()

    # -- deciding ------------------------------------------------------------------------------------------------

    def _approved(self, row: ExecutionRow, hunks: Collection[tuple[str, int]] | None) -> ExecutionRow:
        change = self._approvable(row)
        part = change if hunks is None else chosen_part(change, hunks)
        is_part = part.digest != change.digest
        self._check_rights(row, change, part=is_part)
        chosen = sorted({(path, number) for path, number in hunks or ()}) if is_part else []
        now = time.time()
        approval = Approval(digest=part.digest, actor=self.actor, at=now, by=self.by).document()
        approval["hunks"] = [list(hunk) for hunk in chosen]
        if row.approval is not None and row.approval["digest"] == part.digest:
            approval = row.approval  # who was first stays recorded in it
        elif row.state == "applied":
            raise ReviewError(
                f"Another part of {row.run} is applied already.", next_step=f"Undo it first: `prentice undo {row.run}`."
            )
        self.executions.decide(
            row.run, "approve", actor=self.actor, state=row.state, right=not is_part, at=now, approval=approval,
            data={"digest": part.digest, "hunks": approval["hunks"], "by": self.by},
        )  # fmt: skip
        self._tell_record(row, right=not is_part, actor=self.actor)
        return self.executions.get(row.run)

    def _dismissed(self, run: str, kind: DecisionKind, data: Mapping[str, str]) -> Standing:
        row = self.executions.get(run)
        if row.state == "applied":
            raise ReviewError(f"{row.run} is applied.", next_step=f"Take it out first: `prentice undo {row.run}`.")
        last = next(reversed(self.executions.decisions(row.run)), None)
        if row.state == "rejected" and last and (last.kind, _said(last.data)) == (kind, _said(data)):
            return self._standing(row)
        if row.state == "rejected" and kind == "reject":
            raise ReviewError(f"{row.run} was decided on already.", next_step=f"See `prentice review {row.run}`.")
        return self._kept(row, self._noted(row, kind, data), files={})

    def _check_rights(self, row: ExecutionRow, change: Change, *, part: bool) -> None:
        if why := objection_to(self.actor, row, change, part=part, settings=self.settings):
            raise self._refused(row.run, why)

    def _refused(self, run: str, why: str) -> ReviewError:
        return ReviewError(why, next_step=f"Ask the user to decide: `prentice review {run}`.")

    def _approvable(self, row: ExecutionRow) -> Change:
        if row.state not in {"proposed", "applied", "undone"}:
            raise ReviewError(
                f"{row.run} was {row.state.replace('_', ' ')}; it cannot be approved.",
                next_step="Request changes, or carry the task out again.",
            )
        return self._change(row)

    def _change(self, row: ExecutionRow) -> Change:
        change = stored_change(self.executions, row.run)
        if change is None:
            raise ReviewError(f"{row.run} came to no change.", next_step=f"See why: `prentice review {row.run}`.")
        return change

    # -- carrying out --------------------------------------------------------------------------------------------

    def _noted(self, row: ExecutionRow, kind: DecisionKind, data: Mapping[str, str] | None = None) -> dict[str, Any]:
        pending = {"kind": kind, "actor": self.actor, "by": self.by, "at": time.time(), "data": dict(data or {})}
        self.executions.intend(row.run, pending)
        return pending

    @contextlib.contextmanager
    def _unnoted_on_failure(self, row: ExecutionRow) -> Iterator[None]:
        """Take the note away where the tree is as it was; where it is half done, it stays for who settles that."""
        try:
            yield
        except PrenticeError:
            found = journals.find(self.root, row.run)
            if found is None or found.stage not in {"applying", "undoing"}:
                self.executions.intend(row.run, None)
            raise

    def _kept(self, row: ExecutionRow, pending: Mapping[str, Any], *, files: Mapping[str, str]) -> Standing:
        """Do what follows from a decision that was carried out, and keep it."""
        kind: DecisionKind = pending["kind"]
        actor: Actor = pending["actor"]
        notes = self._effects(row, pending)
        is_whole = not (row.approval or {}).get("hunks")
        right = {"apply": is_whole, "undo": False}.get(kind, False if row.has_change else None)
        state = _LEADS_TO[kind]
        self.executions.decide(
            row.run, kind, actor=actor, state=state, right=right, at=pending["at"],
            data={**pending["data"], "files": dict(files), "by": pending["by"]},
            approval=row.approval if state != "rejected" else None,
        )  # fmt: skip
        if right is not None:
            self._tell_record(row, right=right, actor=actor)
        return self._standing(self.executions.get(row.run), notes=notes)

    def _effects(self, row: ExecutionRow, pending: Mapping[str, Any]) -> list[str]:
        effects = ReviewEffects(
            todo2=self.todo2, run=row.run, task=row.task, actor=pending["actor"], by=pending["by"],
            uid=f"{row.uid}/{pending['kind']}/{pending['at']}", worker=self.worker,
            workflow=Workflow(research=self.settings.workflow_research, finish=self.settings.workflow_finish),
        )  # fmt: skip
        match pending["kind"]:
            case "apply":
                return effects.applied(decisive=not row.approval["hunks"] and is_decided(row))
            case "undo":
                return effects.undone()
            case "request_changes":
                return effects.sent_back(pending["data"]["comment"])
            case _:
                return effects.rejected(pending["data"]["reason"])

    def _tell_record(self, row: ExecutionRow, *, right: bool, actor: Actor) -> None:
        if self.record is not None and actor == "person":
            self.record.judged(row.uid, right=right)

    def _standing(self, row: ExecutionRow, *, notes: Collection[str] = ()) -> Standing:
        decisions = self.executions.decisions(row.run)
        carried = [one for one in decisions if one.kind in {"apply", "undo"}]
        files = carried[-1].data["files"] if carried else dict.fromkeys(row.document.get("files", ()), "proposed")
        return Standing(
            run=row.run, task=row.task, state=row.state, files=files, notes=tuple(notes),
            actor=decisions[-1].actor if decisions else self.actor,
        )  # fmt: skip

    # -- one at a time -------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """Decide while nobody else does, on what is settled. Where nothing of ours is, nothing is made."""
        if not (self.root / OWN_DIRECTORY).is_dir() and self.todo2 is None:
            yield
            return
        with self._alone(wait=LOCK_SECONDS):
            self._settled()
            yield

    @contextlib.contextmanager
    def _alone(self, *, wait: float) -> Iterator[None]:
        try:
            place = journals.home(self.root) / "review"
        except OSError as error:
            raise WriteFailedError(
                f"{error.filename or self.root} cannot be written: {error.strerror or error}.",
                next_step="Mend the permissions or free disk space, then run the command again.",
            ) from error
        try:
            with locked(place, wait=wait):
                yield
        except LockedError as error:
            raise LockedError(
                "Another process is deciding on a change of this project.",
                next_step="Wait until it is done, then run the command again.",
            ) from error

    def _settled(self) -> list[Settled]:
        settled = settle_tree(self.root)
        for row in self.executions.pending():
            self._follow_up(row)
        return settled

    def _follow_up(self, row: ExecutionRow) -> None:
        """Keep a decision that a killed process had carried out; forget one that it had not."""
        found = journals.find(self.root, row.run)
        if row.pending["kind"] not in {"apply", "undo"}:
            self._kept(row, row.pending, files={})
        elif (
            found is not None
            and found.stage == _LEADS_TO[row.pending["kind"]]
            and found.approval.covers(row.approval["digest"])
        ):
            self._kept(row, row.pending, files={move.path: move.kind for move in found.moves})
        else:
            self.executions.intend(row.run, None)

    def _settle_unless_busy(self) -> None:
        """Settle before something is looked at, where that waits for nobody."""
        if self.executions.pending():
            with contextlib.suppress(StoreError):  # a project that cannot be written can be looked at all the same
                self.settle(wait=0)


def _hunks(approval: Mapping[str, Any]) -> list[tuple[str, int]]:
    return [(str(path), int(number)) for path, number in approval["hunks"]]


def _said(data: Mapping[str, Any]) -> str:
    return str(data.get("comment") or data.get("reason") or "")
