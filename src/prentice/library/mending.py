"""Mending the Todo2 file, and bringing back what it was set back behind."""

from typing import TYPE_CHECKING

from prentice.library.directory import Directory

if TYPE_CHECKING:
    from prentice.store.repaired import Repaired


class Mending(Directory):
    """What `doctor` can do about what it finds."""

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
