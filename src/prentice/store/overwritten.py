"""Finding out what became of our changes when somebody else wrote the Todo2 file.

Three things can have happened: the writer had seen all of them; it wrote from an older copy, and some are lost; or the
whole file was set back on purpose, by git or from a backup, and bringing changes back would undo that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from prentice.store.content import Content
from prentice.store.git_version import is_gits_version
from prentice.store.journal import Entry
from prentice.tasks.moments import moment
from prentice.tasks.todo2 import State
from prentice.tasks.traces import seen

FRESH_SECONDS: Final = 60.0
"""How young lost changes have to be when the overwriting file does not say itself that it is newer than they are."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Nothing is lost."""


@dataclass(frozen=True, slots=True)
class Overwritten:
    """Changes that a writer with an older copy did not know of, oldest first."""

    lost: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class SetBack:
    """Changes that the file was set back behind, on purpose."""

    lost: tuple[Entry, ...]


Fate: TypeAlias = Seen | Overwritten | SetBack


def fate(path: Path, content: Content, state: State, *, standing: Sequence[Entry], known: Sequence[Entry]) -> Fate:
    """Judge a file that we did not write. `standing` are the changes that it should show, `known` all ever made."""
    lost = tuple(standing[seen(state.value, [entry.change for entry in standing]) :])
    if not lost:
        return Seen()
    begun = moment(lost[0].at) or 0.0
    age = content.signature.modified / 1e9 - begun
    was_there = any(content.digest in {entry.before, entry.after} for entry in known)  # as a restored backup was
    is_older = (moment(state.value.get("lastModified")) or 0.0) < begun
    if was_there and not 0.0 <= age < FRESH_SECONDS:
        return SetBack(lost)
    if (is_older and age >= FRESH_SECONDS) or is_gits_version(content, path):
        return SetBack(lost)
    return Overwritten(lost)
