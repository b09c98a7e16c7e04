"""Looking the project over, mending the Todo2 file, and bringing back what it was set back behind."""

from typing import TYPE_CHECKING

from prentice.library.directory import Directory

if TYPE_CHECKING:
    from prentice.skills.doctor import Finding
    from prentice.store.repaired import Repaired


class Mending(Directory):
    """What `doctor` finds, and can do about it."""

    def doctor(self) -> "list[Finding]":
        """Look over the machine and the project."""
        from prentice.skills.doctor import examine

        return examine(
            self.settings,
            root=self._root,
            file=self._file() if self.project else None,
            open_ledger=lambda: self._ledgers.current()[0].path,
        )

    def repair(self) -> "Repaired":
        """Mend what other tools left broken in the file, as far as nothing has to be guessed; a backup is kept.

        A file that is no JSON (cut off, with conflict markers) is first put together from what is whole in it, the
        backups and the journal. Where nothing is to be mended, nothing is written.

        Raises:
            NoProjectError: there is no project here.
            StoreError: the file cannot be written, or nothing can be saved of it; it is as it was.
        """
        from prentice.store.todo2_file import timestamp
        from prentice.tasks.repair import repair

        return self._file().repair(lambda value: repair(value, now=timestamp()))

    def restore(self) -> tuple[str, ...]:
        """Bring back the changes that the file was set back behind, by git or from a backup, and say which.

        Raises:
            NoProjectError: there is no project here.
            StoreError: the file cannot be read or written; it is as it was.
        """
        return self._file().restore()
