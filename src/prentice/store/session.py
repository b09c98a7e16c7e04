"""Work on the Todo2 file under its lock: finding the true state, and writing a change that overwrites nobody's.

Another program may write at any moment without the lock. So the new file and the old one change places in one step of
the operating system, and what comes out is looked at: if it is not what was read, that program wrote in between. Then
they change places again, and the change is made anew on top of what it wrote.
"""

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from prentice.errors import DamagedFileError, LockedError, PrenticeError, StoreError, WriteFailedError
from prentice.store.atomic import Aside
from prentice.store.backups import Backups
from prentice.store.content import Content
from prentice.store.journal import Entry, Journal, Kind, described, set_back, standing
from prentice.store.left_behind import clear_away
from prentice.store.overwritten import Overwritten, SetBack, fate
from prentice.store.reading import read_content, read_state
from prentice.store.repaired import Mend, Repaired, changed_lines
from prentice.store.salvage import salvage
from prentice.tasks import todo2
from prentice.tasks.difference import Difference, difference
from prentice.tasks.merge import Merged, merge
from prentice.tasks.moments import moment, spelled
from prentice.tasks.todo2 import State

_ATTEMPTS: Final = 50
"""How often a change is made again because another program wrote in the same moment."""
_CLOCK_TRUST: Final = 3600.0
"""How far a stamp may lie ahead of the clock (seconds) for the next one to follow it, instead of the clock."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """The state to work on: the text of `state` with the `value` that it has to have.

    The two differ where changes of ours were overwritten and are done again. `voids` are entries whose changes `value`
    does not hold, or holds under other ids.
    """

    content: Content
    state: State
    value: Mapping[str, Any]
    voids: tuple[int, ...] = ()
    kind: Kind | None = None
    """The entry that has to be made even where nothing is changed."""
    is_renumbered: bool = False
    """Whether tasks came back under new ids, so that the entry has to tell of the restoration too."""
    notice: str = ""

    @property
    def is_on_disk(self) -> bool:
        """Whether the file holds the value already."""
        return self.value is self.state.value


class Session:
    """One turn under the lock. `notices` are sentences for the user on what was found.

    Where it `has_written`, the directory has to be flushed before anything is acknowledged.
    """

    def __init__(self, path: Path, *, root: Path, max_bytes: int, actor: str) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._actor = actor
        self._journal = Journal(root)
        self._backups = Backups(root)
        self.notices: list[str] = []
        self.has_written = False

    def current(self) -> Current:
        """Read the file, and find what has to be restored in it.

        Raises:
            StoreError: as for `read_state`.
        """
        clear_away(self._path, journal=self._journal, backups=self._backups)
        found = self._found()
        return replace(found, content=found.content.without_data())

    def peek(self) -> Mapping[str, Any]:
        """Give the state's value with our changes in it, and write nothing; needs no lock.

        Raises:
            StoreError: as for `read_state`.
        """
        found = self._found()
        self._say(found)
        return found.value

    def read(self) -> Mapping[str, Any]:
        """Give the state's value, and write the file where changes of ours had to be restored.

        Raises:
            StoreError: it cannot be read or, where that is needed, written.
        """
        return self.change(lambda value, _now: (value, value))

    def change(self, edit: Callable[[Mapping[str, Any], str], tuple[_T, Mapping[str, Any]]]) -> _T:
        """Write what an edit makes of the state; it gets the value and the time, gives a result and the new value.

        It is called again where another program wrote meanwhile, so it must do nothing but compute. Nothing is written
        where nothing changes.

        Raises:
            StoreError: the file cannot be read or written; it is as it was.
        """
        for _ in range(_ATTEMPTS):
            current = self.current()
            now = self._now(current)
            if current.kind == "set_back":  # on its own, so that what is changed now does not hide it
                self._note(current, now=now)
                current = replace(current, kind=None, notice="")
                now = self._now(current)
            problem: PrenticeError | None = None
            try:
                result, value = edit(current.value, now)
            except PrenticeError as error:
                problem, value = error, current.value
            if not self._is_written(current, value, now=now):
                continue
            if problem:
                raise problem
            return result
        raise LockedError(
            f"Another program rewrites {self._path} all the time.",
            next_step="End that program, or wait until it is done, then run the command again.",
        )

    def restore(self) -> tuple[str, ...]:
        """Do the changes again that the file was last set back behind, and say what came back.

        Raises:
            StoreError: the file cannot be read or written; it is as it was.
        """
        waiting = [entry.change for entry in set_back(self._journal.entries())]

        def restored(value: Mapping[str, Any], now: str) -> tuple[tuple[str, ...], Mapping[str, Any]]:
            merged = merge(value, waiting)
            return merged.restored, {**merged.value, "lastModified": now} if merged.restored else value

        return self.change(restored)

    def repair(self, mend: Mend) -> Repaired:
        """Mend the file; one that cannot be parsed is replaced by what can be salvaged of it. A backup is kept first.

        Raises:
            StoreError: nothing could be salvaged, or the disk refused; the file is as it was.
        """
        content = read_content(self._path, max_bytes=self._max_bytes)
        backup = self._backups.keep_before("repair", content.data, at=spelled(time.time()))

        def mended(value: Mapping[str, Any], now: str) -> tuple[list[str], Mapping[str, Any]]:
            new, done = mend(value)
            return done, {**new, "lastModified": now} if done else value

        try:
            todo2.parse(content.data)
        except DamagedFileError:
            done = self._salvaged(content, mend, backup=backup)
        else:
            done = self.change(mended)
        if not done:
            backup.unlink(missing_ok=True)
            return Repaired()
        return Repaired(backup, changed_lines(backup, self._path), tuple(done))

    def _salvaged(self, content: Content, mend: Mend, *, backup: Path) -> list[str]:
        older = [path for path in self._backups.newest_first() if path != backup]
        found = salvage(self._path, content.data, backups=older)
        later = [] if found.is_whole else standing(self._journal.entries())
        merged = merge(found.value, [entry.change for entry in later])
        value, mended = mend(merged.value)
        data = todo2.new_file(value)
        with Aside.write(self._path, data) as aside:
            after = Content(data, aside.signature)
            if not aside.put(expected=content.signature):
                raise WriteFailedError(
                    f"{self._path} was written by another program meanwhile.", next_step="Run the command again."
                )
        self.has_written = True
        self._journal.append(
            Entry(
                number=self._next_number(), at=spelled(time.time()), actor=self._actor, kind="seen",
                before=content.digest, after=after.digest, file=after.signature,
            )
        )  # fmt: skip
        return [*found.says, *(f"restored: {what}" for what in merged.restored), *mended]

    # -- finding the true state ----------------------------------------------------------------------------------

    def _found(self) -> Current:
        content, state = read_state(self._path, max_bytes=self._max_bytes)
        last = self._journal.tail()
        if last is None or last.shows(content):
            return Current(content=content, state=state, value=state.value)
        known = self._journal.entries()
        if content.signature != last.was:
            return self._examined(content, state, known=known)
        known.pop()  # it was never made: its writer died, or undid it
        if not known or known[-1].shows(content):
            return Current(content=content, state=state, value=state.value, kind="seen", voids=(last.number,))
        found = self._examined(content, state, known=known)
        return replace(found, voids=(*found.voids, last.number))

    def _examined(self, content: Content, state: State, *, known: list[Entry]) -> Current:
        """Judge a state that we did not write, and do again what is lost in it."""
        match fate(self._path, content, state, standing=standing(known), known=known):
            case Overwritten(lost):
                merged = merge(state.value, [entry.change for entry in lost])
                return self._restoring(content, state, merged, lost=lost)
            case SetBack(lost):
                notice = (
                    f"The Todo2 file was set back to a state without {_counted(len(lost), 'change')} made here; "
                    "that is respected. `prentice doctor --restore` brings back what is missing."
                )
                return Current(content=content, state=state, value=state.value, kind="set_back", notice=notice)
            case _:
                return Current(content=content, state=state, value=state.value, kind="seen")

    def _restoring(self, content: Content, state: State, merged: Merged, *, lost: tuple[Entry, ...]) -> Current:
        numbers = tuple(entry.number for entry in lost)
        if not merged.restored:  # the other program decided otherwise about all of it, once and for all
            return Current(content=content, state=state, value=state.value, kind="seen", voids=numbers)
        kept = f"Restored what another program had overwritten in the Todo2 file: {_listed(merged.restored)}."
        moved = "".join(
            f" {old} is now {new}: that program had used the number." for old, new in merged.renamed.items()
        )
        is_renamed = bool(merged.renamed)
        return Current(
            content=content, state=state, value=merged.value, kind="restored", notice=kept + moved,
            voids=numbers if is_renamed else (), is_renumbered=is_renamed,
        )  # fmt: skip

    # -- writing -------------------------------------------------------------------------------------------------

    def _is_written(self, current: Current, value: Mapping[str, Any], *, now: str) -> bool:
        """Write a value; False where another program was quicker, and nothing of ours is in the file."""
        is_changed = value is not current.value and value != current.value
        if not is_changed and current.is_on_disk:
            self._note(current, now=now)
            return True
        if not is_changed and current.value is not current.state.value:
            value = {**value, "lastModified": now}
        self._backups.keep_day(lambda: todo2.serialize(current.state, current.state.value), day=now[:10])
        change = difference(current.state.value if current.is_renumbered else current.value, value)
        data = todo2.serialize(current.state, value)
        with Aside.write(self._path, data) as aside:
            after = Content(data, aside.signature)
            place = self._journal.append(self._entry(current, now=now, change=change, after=after))
            try:
                is_placed = aside.put(expected=current.content.signature)
            except BaseException:
                if not aside.is_in_place:
                    self._journal.cut(place)
                raise
            if is_placed:
                self.has_written = True
                self._say(current)
            else:
                self._journal.cut(place)
            return is_placed

    def _note(self, current: Current, *, now: str) -> None:
        """Remember that a foreign state was looked at, so that the next reader need not do so again."""
        if current.kind is None:
            return
        with contextlib.suppress(StoreError):  # a project that cannot be written can be read all the same
            self._journal.append(self._entry(current, now=now, change=Difference(), after=current.content))
        self._say(current)

    def _entry(self, current: Current, *, now: str, change: Difference, after: Content) -> Entry:
        kind: Kind = "change" if change or current.kind is None else current.kind
        return Entry(
            number=self._next_number(), at=now, actor=self._actor, kind=kind, before=current.content.digest,
            after=after.digest, file=after.signature, was=current.content.signature, document=change.document(),
            voids=current.voids, did=described(change),
        )  # fmt: skip

    def _next_number(self) -> int:
        last = self._journal.tail()
        return last.number + 1 if last else 1

    def _now(self, current: Current) -> str:
        """Give the time for this change: the clock's, but after every stamp before it, so that each is its own."""
        clock = time.time()
        last = self._journal.tail()
        stamps = [moment(current.value.get("lastModified")), moment(last.at) if last else None]
        before = max((stamp for stamp in stamps if stamp is not None and stamp < clock + _CLOCK_TRUST), default=0.0)
        return spelled(max(clock, before + 0.001))

    def _say(self, current: Current) -> None:
        if current.notice:
            self.notices.append(current.notice)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _listed(phrases: tuple[str, ...]) -> str:
    return ", ".join(phrases[:5]) + (f" and {len(phrases) - 5} more" if len(phrases) > 5 else "")
