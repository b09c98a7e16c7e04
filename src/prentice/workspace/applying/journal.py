"""The record of one change that is being applied, was applied, or is being undone: on disk before the tree is touched.

It is a directory in `.prentice/applied/`, named after the run, with the bytes of every file before and after; the end
of its name says how far it is. A directory is renamed in one step, so there is no state between two of them:

    NAME.preparing   being written; nothing was touched
    NAME.applying    the tree is being changed: after a crash, every file is put back
    NAME.applied     done, and can be undone
    NAME.undoing     the tree is being put back: after a crash, that is finished
    NAME.undone      put back; kept so that a repeated `undo` gives the same answer
"""

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from prentice.errors import UsageError
from prentice.review.approval import Approval
from prentice.store.atomic import flush_directory, replace_file
from prentice.store.own_directory import own_directory
from prentice.workspace.applying.state import State

Stage: TypeAlias = Literal["preparing", "applying", "applied", "undoing", "undone"]
Kind: TypeAlias = Literal["created", "modified", "merged", "deleted"]

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
KEPT: Final = 200
"""How many changes can be undone; the oldest of more are forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What becomes of one path: the state before and after, None for no file. `kind` says it in a word."""

    path: str
    kind: Kind
    before: State | None
    after: State | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """One change in the user's tree. `made` are the directories that did not exist before, outermost first."""

    directory: Path
    name: str
    approval: Approval
    moves: tuple[Move, ...]
    made: tuple[str, ...]

    @property
    def stage(self) -> str:
        """How far it is."""
        return self.directory.suffix.removeprefix(".")

    def aside(self, root: Path, move: Move) -> Path:
        """Give the temporary name beside a move's path, the same in every process."""
        return (root / move.path).with_name(f".prentice-{self.name[:40]}-{self.moves.index(move)}.tmp")

    def to(self, stage: Stage) -> "Journal":
        """Enter a stage, durably; what there was of this name in another stage is forgotten.

        Raises:
            OSError: the system refused.
        """
        target = self.directory.with_suffix(f".{stage}")
        shutil.rmtree(target, ignore_errors=True)
        self.directory.rename(target)
        flush_directory(target.parent)
        for other in target.parent.glob(f"{self.name}.*"):
            if other != target:
                shutil.rmtree(other, ignore_errors=True)
        return Journal(directory=target, name=self.name, approval=self.approval, moves=self.moves, made=self.made)

    def forget(self) -> None:
        """Remove the record."""
        shutil.rmtree(self.directory, ignore_errors=True)


def checked_name(name: str) -> str:
    """Give a name that a journal can have.

    Raises:
        UsageError: it cannot.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be the name of a change.", next_step="Use letters, digits, `-` and `_`, 80 at most."
        )
    return name


def home(root: Path) -> Path:
    """Give the directory of a project's journals, made where it is missing and kept out of git.

    Raises:
        WriteFailedError: it cannot be made.
    """
    directory = own_directory(root) / "applied"
    if not (directory / ".gitignore").exists():
        directory.mkdir(exist_ok=True)
        replace_file(directory / ".gitignore", b"*\n")
    return directory


def prepared(root: Path, *, name: str, approval: Approval, moves: Sequence[Move], made: Sequence[str]) -> Journal:
    """Write the record of a change that is about to be applied.

    Raises:
        WriteFailedError: the disk refused.
    """
    directory = home(root) / f"{name}.preparing"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    written: list[dict[str, Any]] = []
    for number, move in enumerate(moves):
        sides: dict[str, Any] = {"path": move.path, "kind": move.kind}
        for side, state in (("before", move.before), ("after", move.after)):
            if state is not None:
                replace_file(directory / f"{number}.{side}", state.content)
            sides[side] = None if state is None else state.permissions
        written.append(sides)
    document = {"name": name, "approval": approval.document(), "moves": written, "made": list(made)}
    replace_file(directory / "journal.json", json.dumps(document, indent=1).encode())
    return Journal(directory=directory, name=name, approval=approval, moves=tuple(moves), made=tuple(made))


def journals(root: Path) -> Iterator[Journal]:
    """Read a project's journals, the last first; what was never finished being written is removed."""
    directory = root / ".prentice" / "applied"
    try:
        found = sorted(directory.iterdir(), key=lambda path: (-path.stat().st_mtime_ns, path.name))
    except OSError:
        return
    for path in found:
        if path.suffix == ".preparing":
            shutil.rmtree(path, ignore_errors=True)
        elif path.is_dir() and (journal := _read(path)):
            yield journal


def find(root: Path, name: str) -> Journal | None:
    """Give the journal of a name, None where there is none."""
    return next((journal for journal in journals(root) if journal.name == name), None)


def _read(directory: Path) -> Journal | None:
    try:
        document = json.loads((directory / "journal.json").read_bytes())
        moves = [_move(directory, number, fields) for number, fields in enumerate(document["moves"])]
        return Journal(
            directory=directory, name=document["name"], approval=Approval.from_document(document["approval"]),
            moves=tuple(moves), made=tuple(document["made"]),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _move(directory: Path, number: int, fields: dict[str, Any]) -> Move:
    states = {
        side: None if fields[side] is None else State((directory / f"{number}.{side}").read_bytes(), fields[side])
        for side in ("before", "after")
    }
    return Move(path=fields["path"], kind=fields["kind"], before=states["before"], after=states["after"])
