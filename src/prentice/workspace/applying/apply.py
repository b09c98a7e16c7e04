"""Applying an approved change to the user's tree, undoing it, and settling what a killed process left half done."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prentice.changes.change import Change
from prentice.errors import ApplyConflictError, LockedError, NotApprovedError, UndoRefusedError, WriteFailedError
from prentice.review.approval import Approval
from prentice.store.lock import locked
from prentice.workspace.applying import journal as journals
from prentice.workspace.applying.journal import Journal, Kind, Move
from prentice.workspace.applying.merging import merged
from prentice.workspace.applying.plan import missing_directories, planned
from prentice.workspace.applying.state import ForeignError, State, put, settle
from prentice.workspace.tree import way_problem

LOCK_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A change that is in the user's tree, or was taken out again. `files` says what became of each path."""

    name: str
    approval: Approval
    files: dict[str, Kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What was found half done and put back. `left` are files that were edited since and stay as they are."""

    name: str
    files: tuple[str, ...]
    left: tuple[str, ...]


def apply(change: Change, root: Path, *, approval: Approval, name: str) -> Applied:
    """Put a change into the tree of a project, if the approval is of this change; all of it or nothing.

    `name` is the run's: the same change applied again under the same name gives the same answer and does nothing. The
    index is not touched. What an earlier process left half done is settled first.

    Raises:
        NotApprovedError: the approval is of another change.
        ApplyConflictError: the user's files are not what the change starts from, or changed meanwhile.
        WriteFailedError: the disk refused, or another process is applying; the tree is as it was.
    """
    if not approval.covers(change.digest):
        raise NotApprovedError(
            "The approval is of another change than this one. Nothing was changed.",
            next_step="Look at the change as it is now with `prentice review`, and approve that.",
        )
    journals.checked_name(name)
    with _alone(root):
        _settle_all(root)
        earlier = journals.find(root, name)
        if earlier is not None and earlier.stage == "applied":
            if earlier.approval.covers(change.digest):
                return _applied(earlier)
            raise ApplyConflictError(
                f"Another change of {name} is applied already.", next_step=f"Undo it first: `prentice undo {name}`."
            )
        moves = planned(change, root=root)
        if earlier is not None:
            earlier.forget()
        made = missing_directories(moves, root=root)
        try:
            prepared = journals.prepared(root, name=name, approval=approval, moves=moves, made=made)
            applying = prepared.to("applying")
        except OSError as error:
            raise _unwritten(error, root) from error
        return _applied(_carry_out(applying, root))


def undo(root: Path, *, name: str) -> Applied:
    """Put the files that a change concerned back to the bytes and permissions they had before; all or none.

    Edits that the user made since stay where they concern other lines, and so does a file that was put back by hand.
    Undoing again gives the same answer.

    Raises:
        UndoRefusedError: no such change is applied, or the same lines were edited since; all files are named.
        WriteFailedError: the disk refused; what was put back stays so, and the rest follows at the next start.
    """
    journals.checked_name(name)
    with _alone(root):
        _settle_all(root)
        found = journals.find(root, name)
        if found is None:
            raise UndoRefusedError(
                f"No change of {name} is applied here.", next_step="`prentice runs` lists what was applied."
            )
        if found.stage == "undone":
            return _applied(found)
        undoing = _backwards(found, root)
        settled = _put_back(undoing, root)
        if settled.left:
            raise UndoRefusedError(
                f"Edited while the change was undone: {', '.join(settled.left)}. The other files were put back.",
                next_step="Mend these files by hand.",
                details={"files": dict.fromkeys(settled.left, "it was edited meanwhile")},
            )
        return _applied(undoing.to("undone"))


def _backwards(found: Journal, root: Path) -> Journal:
    """Begin to undo an applied change; where files were edited since, by a record that keeps these edits."""
    moves = [_without(move, root) for move in found.moves]
    if edited := {move.path: why for move, why in zip(found.moves, moves, strict=True) if isinstance(why, str)}:
        raise UndoRefusedError(
            f"Edited since the change was applied: {', '.join(edited)}. Nothing was changed.",
            next_step="Take your edits of the same lines out and undo again, or mend the files by hand.",
            details={"files": edited},
        )
    back = [move for move in moves if isinstance(move, Move)]
    if back == [*found.moves]:
        return found.to("undoing")
    return journals.prepared(root, name=found.name, approval=found.approval, moves=back, made=found.made).to("undoing")


def settle_tree(root: Path) -> list[Settled]:
    """Put back what a killed process left half done; to be called at every start. Without any, nothing is written.

    Raises:
        WriteFailedError: the disk refused, or another process is applying.
    """
    if not any(journal.stage in {"applying", "undoing"} for journal in journals.journals(root)):
        return []
    with _alone(root):
        return _settle_all(root)


def applied(root: Path) -> list[Applied]:
    """List the changes that are in the tree and can be undone, the last first."""
    return [_applied(journal) for journal in journals.journals(root) if journal.stage == "applied"]


def _carry_out(applying: Journal, root: Path) -> Journal:
    try:
        for directory in applying.made:
            (root / directory).mkdir(exist_ok=True)
        for move in applying.moves:
            _check_way(root, move)
            put(root / move.path, expected=move.before, wanted=move.after, aside=applying.aside(root, move))
    except (OSError, ForeignError) as error:
        settled = _put_back(applying, root)
        if not settled.left:
            applying.forget()
        if isinstance(error, ForeignError):
            raise ApplyConflictError(
                f"{error} was changed by another program just now. Nothing of the change was applied.",
                next_step="Apply it again when that program is done.",
                details={"files": {str(error): "it was changed meanwhile"}},
            ) from error
        raise _unwritten(error, root) from error
    done = applying.to("applied")
    for old in [journal for journal in journals.journals(root) if journal.stage != "applying"][journals.KEPT :]:
        old.forget()
    return done


def _put_back(journal: Journal, root: Path) -> Settled:
    """Make every path as it was before, the last first; what is neither before nor after is somebody's and stays."""
    left: list[str] = []
    for move in reversed(journal.moves):
        path, aside = root / move.path, journal.aside(root, move)
        try:
            _check_way(root, move)
            settle(path, aside=aside, known=(move.before, move.after))
            now = State.of(path)
            if now == move.before:
                continue
            if now != move.after:
                left.append(move.path)
                continue
            put(path, expected=now, wanted=move.before, aside=aside)
        except ForeignError:
            left.append(move.path)
        except OSError as error:
            raise WriteFailedError(
                f"{move.path} could not be put back: {error.strerror or error}.",
                next_step="Free disk space or mend the permissions, then run it again: that is tried first.",
            ) from error
    for directory in reversed(journal.made):
        with contextlib.suppress(OSError):  # somebody put a file there
            (root / directory).rmdir()
    return Settled(name=journal.name, files=tuple(move.path for move in journal.moves), left=tuple(left))


def _settle_all(root: Path) -> list[Settled]:
    settled: list[Settled] = []
    for journal in list(journals.journals(root)):
        if journal.stage in {"applying", "undoing"}:
            settled.append(_put_back(journal, root))
            if journal.stage == "undoing":
                journal.to("undone")
            else:
                journal.forget()
    return settled


def _check_way(root: Path, move: Move) -> None:
    """Look once more, right before writing, whether the path still leads where it led."""
    if way_problem(root, move.path):
        raise ForeignError(move.path)


def _without(move: Move, root: Path) -> Move | str:
    """Give what takes a change of one file out of it, with the edits made since; else say what is in the way."""
    try:
        if problem := way_problem(root, move.path):
            return problem
        now = State.of(root / move.path)
    except OSError as error:
        return error.strerror or str(error)
    if now in (move.after, move.before):
        return move
    return "it was deleted since" if now is None else _with_edits(move, now)


def _with_edits(move: Move, now: State) -> Move | str:
    if move.before is None or move.after is None:
        return "it was edited since"
    content = merged(move.after.content, ours=now.content, theirs=move.before.content)
    if content is None:
        return "it was edited since, in the same lines"
    own = now.permissions != move.after.permissions
    before = State(content, now.permissions if own else move.before.permissions)
    return Move(path=move.path, kind="merged", before=before, after=now)


def _unwritten(error: OSError, root: Path) -> WriteFailedError:
    return WriteFailedError(
        f"{error.filename or root} could not be written: {error.strerror or error}. Your files are as they were.",
        next_step="Free disk space or mend the permissions, then apply it again.",
    )


def _applied(journal: Journal) -> Applied:
    return Applied(name=journal.name, approval=journal.approval, files={move.path: move.kind for move in journal.moves})


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Let one process at a time write into a project's tree."""
    try:
        with locked(journals.home(root) / "apply", wait=LOCK_SECONDS):
            yield
    except LockedError as error:
        raise WriteFailedError(
            "Another process is applying or undoing a change in this project.",
            next_step="Wait until it is done, then run it again.",
        ) from error
    except OSError as error:
        raise WriteFailedError(
            f"{error.filename or root} could not be written: {error.strerror or error}.",
            next_step="Free disk space or mend the permissions, then run it again: what was begun is settled first.",
        ) from error
