"""What applying a change means for the tree as it is now, found before anything is touched."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from prentice.changes.change import Change, FileChange
from prentice.changes.files import EXECUTABLE
from prentice.changes.paths import directories_of, path_problem
from prentice.errors import ApplyConflictError
from prentice.workspace.applying.journal import Kind, Move
from prentice.workspace.applying.merging import merged
from prentice.workspace.applying.state import State
from prentice.workspace.tree import way_problem

_READABLE: Final = 0o444


class _ConflictError(Exception):
    """Why one file cannot be made what the change makes of it."""


def planned(change: Change, *, root: Path) -> tuple[Move, ...]:
    """Give what has to be done: files that go first, then those that come; nothing for what already reads so.

    A file that was edited since the change was made keeps these edits where they concern other lines.

    Raises:
        ApplyConflictError: files are not what the change starts from; all of them are named.
    """
    moves: list[Move] = []
    conflicts: dict[str, str] = {}
    for file in change.files:
        try:
            moves += _moves(file, root)
        except _ConflictError as error:
            conflicts[file.path] = str(error)
        except OSError as error:
            conflicts[file.path] = error.strerror or str(error)
    if conflicts:
        named = "; ".join(f"{path}: {why}" for path, why in conflicts.items())
        raise ApplyConflictError(
            f"The change does not fit your files ({named}). Nothing was changed.",
            next_step="Stash your edits of these files, then apply it again; or commit them and request changes, which "
            "starts from the last commit.",
            details={"files": conflicts},
        )
    return tuple(sorted(moves, key=lambda move: (move.after is not None, move.path)))


def missing_directories(moves: Sequence[Move], *, root: Path) -> list[str]:
    """List the directories that have to be made, outermost first."""
    wanted = directories_of(move.path for move in moves if move.after is not None)
    return sorted(path for path in wanted if not (root / path).exists())


def _moves(file: FileChange, root: Path) -> Iterator[Move]:
    for path in {file.old_path, file.path}:
        if problem := path_problem(path) or way_problem(root, path):
            raise _ConflictError(problem)
    if any(side is not None and not side.is_regular for side in (file.before, file.after)):
        raise _ConflictError("links and submodules are not changed")
    if file.before is None or file.old_path != file.path:
        yield from _new(file, root)
    if file.before is not None:
        yield from _old(file, root)


def _new(file: FileChange, root: Path) -> Iterator[Move]:
    """Make the file of a new path; a rename brings the old file's permissions and the user's edits of it."""
    path, old = root / file.path, root / file.old_path
    there = None if file.before and _is_same(path, old) else State.of(path)
    after = _after(file, State.of(old) if file.before else None)
    if there is not None and there.content == after.content:
        return
    if there is not None:
        raise _ConflictError("there is a file of this name already")
    yield Move(path=file.path, kind="created", before=None, after=after)


def _old(file: FileChange, root: Path) -> Iterator[Move]:
    now = State.of(root / file.old_path)
    if file.after is None or file.old_path != file.path:
        if now is None and (file.after is None or (root / file.path).exists()):
            return  # it is gone already
        if now is None or (file.after is None and now.content != file.old):
            raise _ConflictError("it was deleted since" if now is None else "it was edited since")
        yield Move(path=file.old_path, kind="deleted", before=now, after=None)
        return
    after = _after(file, now)
    if after != now:
        is_merged = now is not None and now.content != file.old
        kind: Kind = "merged" if is_merged else "modified"
        yield Move(path=file.path, kind=kind, before=now, after=after)


def _after(file: FileChange, now: State | None) -> State:
    """Compute the file as it will be, from what the user has now."""
    if file.before is None:
        mask = _mask()
        return State(file.new, (0o777 if file.after and file.after.mode == EXECUTABLE else 0o666) & ~mask)
    if now is None:
        raise _ConflictError("it was deleted since")
    permissions = now.permissions
    if file.after and file.after.mode != file.before.mode:
        runs = (permissions & _READABLE) >> 2
        permissions = permissions | runs if file.after.mode == EXECUTABLE else permissions & ~0o111
    if now.content == file.old:
        return State(file.new, permissions)
    if now.content == file.new:
        return State(now.content, permissions)
    content = merged(file.old, ours=now.content, theirs=file.new)
    if content is None:
        raise _ConflictError("it was edited since, in the same lines")
    return State(content, permissions)


def _is_same(path: Path, other: Path) -> bool:
    """Whether two names are one file's, where the file system ignores case."""
    try:
        return path.name != other.name and path.samefile(other) and path.lstat().st_nlink == 1
    except OSError:
        return False


def _mask() -> int:
    """Read the mask that new files' permissions are made with; to read it, it has to be set."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
