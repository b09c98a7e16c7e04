"""What a process that was killed left beside the Todo2 file, and what of it is another program's work."""

from pathlib import Path

from prentice.errors import DamagedFileError
from prentice.store.atomic import SWAP, Aside, asides, refused
from prentice.store.backups import Backups
from prentice.store.content import Content
from prentice.store.journal import Journal
from prentice.tasks import todo2
from prentice.tasks.moments import spelled


def clear_away(path: Path, *, journal: Journal, backups: Backups) -> None:
    """Put back what another program had written to a path, where it was taken out of its place; remove the rest.

    What was left beside the journal goes as well.

    Needs the file's lock: then no such file belongs to a living process.

    Raises:
        WriteFailedError: the operating system refused.
    """
    for left in (*asides(journal.path), *asides(path)):
        try:
            if left.suffix == SWAP:
                _put_back(left, path, journal=journal, backups=backups)
            left.unlink(missing_ok=True)
        except OSError as error:
            raise refused(left, error) from error


def _put_back(left: Path, path: Path, *, journal: Journal, backups: Backups) -> None:
    """Keep what is not ours, and let it change places with our file where that still stands.

    So the state is what it would be if the process had lived on: the other program's file, without the last change.
    """
    content = Content.read(left)
    last = journal.tail()
    if last is not None and content.digest in {last.before, last.after}:
        return
    backups.keep_before("found", content.data, at=spelled(content.signature.modified / 1e9))
    try:
        todo2.parse(content.data)
    except DamagedFileError:
        return  # that program was in the middle of it
    present = Content.read(path)
    if last is not None and last.shows(present):
        Aside(path, left, content.signature).put(expected=present.signature)
