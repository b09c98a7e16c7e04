"""A change: what becomes of each file, all of it computed and nothing written."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from prentice.changes.correction import Level
from prentice.changes.files import File
from prentice.changes.unified import DiffHunk, apply_hunks, file_diff, hunks_between

Kind: TypeAlias = Literal["create", "modify", "delete", "rename"]
Means: TypeAlias = Literal["symbol", "whole", "replace", "patch", "create", "delete", "rename"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """How an edit was carried out: by which means, how its lines were found, on which old line (from 1)."""

    means: Means
    level: Level = Level.EXACT
    line: int = 0
    at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One file before and after. `path` is the new path, `before` is None for a new file, `after` for a deleted one."""

    path: str
    before: File | None
    after: File | None
    old_path: str
    applied: tuple[Applied, ...] = ()

    @property
    def kind(self) -> Kind:
        """What happens to the file; a renamed file may be modified too."""
        if self.before is None:
            return "create"
        if self.after is None:
            return "delete"
        return "modify" if self.path == self.old_path else "rename"

    @property
    def old(self) -> bytes:
        """The bytes before, none for a new file."""
        return self.before.content if self.before else b""

    @property
    def new(self) -> bytes:
        """The bytes after, none for a deleted file."""
        return self.after.content if self.after else b""

    @property
    def level(self) -> Level:
        """The least alike that any of the file's edits was found."""
        return max((applied.level for applied in self.applied), default=Level.EXACT)

    def hunks(self) -> list[DiffHunk]:
        """Give the differing stretches with three lines around, in order."""
        return hunks_between(self.old, self.new, path=self.path)

    def diff(self) -> bytes:
        """Give the file's part of the diff, as `git apply` reads it."""
        return file_diff(
            old_path=self.old_path,
            new_path=self.path,
            old=(self.before.content, self.before.mode) if self.before else None,
            new=(self.after.content, self.after.mode) if self.after else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an answer makes of the project, by path. `notes` say what was repaired, ignored or had no effect."""

    files: tuple[FileChange, ...]
    notes: tuple[str, ...] = ()

    @property
    def level(self) -> Level:
        """The least alike that any edit was found."""
        return max((file.level for file in self.files), default=Level.EXACT)

    @property
    def digest(self) -> str:
        """The SHA-256 of what every file is before and after, for approvals: the same change has the same digest."""
        rows = [
            [file.old_path, file.path, *(_fingerprint(side) for side in (file.before, file.after))]
            for file in self.files
        ]
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()

    def diff(self) -> bytes:
        """Give the whole change as a git diff, from bytes."""
        return b"".join(file.diff() for file in self.files)

    def hunks(self) -> list[DiffHunk]:
        """Give all hunks; each is named by its file's path and its number there, from 1."""
        return [hunk for file in self.files for hunk in file.hunks()]

    def only(self, chosen: Collection[tuple[str, int]]) -> "Change":
        """Give the change that consists of some hunks, named by path and number.

        A file that is made or deleted has one hunk; a rename goes with any hunk of its file (its only one, without
        differing lines, has the number 1).
        """
        kept: list[FileChange] = []
        for file in self.files:
            numbers = {number for path, number in chosen if path == file.path}
            hunks = file.hunks()
            if numbers >= {hunk.number for hunk in hunks}:
                kept.append(file)
            elif numbers and file.before and file.after:
                content = apply_hunks(file.old, [hunk for hunk in hunks if hunk.number in numbers])
                kept.append(replace(file, after=replace(file.after, content=content)))
        return replace(self, files=tuple(kept))


def _fingerprint(side: File | None) -> list[str | int] | None:
    return None if side is None else [side.mode, hashlib.sha256(side.content).hexdigest()]
