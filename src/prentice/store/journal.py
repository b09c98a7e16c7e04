"""The journal of the changes that Prentice acknowledged, one JSON line each, in `.prentice/journal.jsonl`.

A line is written before the change it tells of replaces the Todo2 file. It holds who acted, what was changed, and the
digests of the file before and after, so that a change that another writer overwrote can be found and done again.
The lines of the last day are kept whole; of older ones only who did what. All calls but `tail` need the file's lock.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from prentice.store.atomic import refused, replace_file
from prentice.store.content import Content, Signature
from prentice.store.own_directory import own_directory
from prentice.tasks.claims import OWN_KEY
from prentice.tasks.exact_json import dumps, loads
from prentice.tasks.moments import moment

if TYPE_CHECKING:
    from prentice.tasks.difference import Difference

FILE_NAME: Final = "journal.jsonl"
KEPT_SECONDS: Final = 86_400.0
"""How long a change can be restored: an editor that holds an older copy than that is not expected."""
_COMPACT_BYTES: Final = 4_000_000
_MOST_BYTES: Final = 16_000_000
_STEP_BYTES: Final = 1_000_000
"""By how much a long journal grows until it is looked through again; to do that at each change would cost too much."""
_BLOCK: Final = 65_536
_TRACES: Final = frozenset({"lastModified", "changes"})
"""Fields that follow from others."""
_OPEN: Final = os.O_RDWR | os.O_CREAT | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"))

Kind: TypeAlias = Literal["change", "restored", "seen", "set_back"]
"""A change of ours; a restoration; a foreign state that needed none; one that set the whole file back on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line. `before` and `after` are digests of the Todo2 file, `file` is its signature after the write.

    `voids` are the numbers of earlier entries whose changes this one stands for.
    """

    number: int
    at: str
    actor: str
    kind: Kind = "change"
    before: str
    after: str
    file: Signature | None = None
    was: Signature | None = None
    """The signature of the file that was to be replaced: where it still stands, the change was never made."""
    document: Mapping[str, Any] = field(default_factory=dict)
    """What was changed, as `Difference.document` gives it; empty for an entry that tells of no change."""
    voids: tuple[int, ...] = ()
    did: tuple[str, ...] = ()
    """In words, what it did; of an old entry this is all that is left."""

    @property
    def change(self) -> "Difference":
        """What was changed; nothing, where somebody else wrote the line and it tells of no change."""
        from prentice.tasks.difference import Difference  # noqa: PLC0415 - reading tasks must stay quick

        try:
            return Difference.from_document(self.document)
        except (ValueError, KeyError, TypeError, AttributeError):
            return Difference()

    def shows(self, content: Content) -> bool:
        """Whether a file stands as it stood after the entry."""
        return content.signature == self.file or content.digest == self.after

    def line(self) -> bytes:
        """Give the line that stands for the entry, with its end."""
        fields: dict[str, Any] = {
            "n": self.number, "at": self.at, "by": self.actor, "kind": self.kind, "before": self.before,
            "after": self.after, "file": self.file, "was": self.was, "did": self.did,
        }  # fmt: skip
        if self.document:
            fields["change"] = self.document
        if self.voids:
            fields["voids"] = self.voids
        return dumps(fields, separators=(",", ":")).encode() + b"\n"


class Journal:
    """The journal of the project with a given root. Reading a missing or damaged journal gives what can be read."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.path = root / ".prentice" / FILE_NAME

    def tail(self) -> Entry | None:
        """Give the last entry, None where there is none."""
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                block = _BLOCK
                while True:
                    start = max(0, size - block)
                    file.seek(start)
                    lines = file.read().split(b"\n")[0 if start == 0 else 1 :]
                    entries = (_entry(line) for line in reversed(lines))
                    if found := next((entry for entry in entries if entry), None):
                        return found
                    if start == 0:
                        return None
                    block *= 8
        except OSError:
            return None

    def entries(self) -> list[Entry]:
        """Give all entries that can be read, oldest first."""
        try:
            return [entry for line in self.path.read_bytes().split(b"\n") if (entry := _entry(line))]
        except OSError:
            return []

    def append(self, entry: Entry) -> int:
        """Add an entry, and give the place to `cut` at if what it tells of does not come about.

        Raises:
            WriteFailedError: the disk refused; the journal is as it was.
        """
        if not os.path.exists(self.path):  # noqa: PTH110 - it answers where `Path.exists` raises what the system says
            own_directory(self._root)
        line = entry.line()
        self._compact(len(line))
        try:
            descriptor = os.open(self.path, _OPEN, 0o644)
        except OSError as error:
            raise refused(self.path, error) from error
        try:
            return _written(descriptor, line)
        except OSError as error:
            raise refused(self.path, error) from error
        finally:
            os.close(descriptor)

    def cut(self, place: int) -> None:
        """Take back everything from a place on; needs no space on the disk."""
        try:
            os.truncate(self.path, place)
        except OSError as error:
            raise refused(self.path, error) from error

    def _compact(self, coming: int) -> None:
        """Shorten a journal that is too long and that so many more bytes take beyond the next step."""
        try:
            size = self.path.stat().st_size
        except OSError:
            return
        if size <= _COMPACT_BYTES or size // _STEP_BYTES == (size + coming) // _STEP_BYTES:
            return
        entries = self.entries()
        newest = moment(entries[-1].at) if entries else None
        lines = [_aged(entry, newest or 0.0).line() for entry in entries]
        while sum(map(len, lines)) > _MOST_BYTES:
            del lines[: max(1, len(lines) // 4)]
        smaller = b"".join(lines)
        if smaller and (len(smaller) < size // 2 or size > _MOST_BYTES):
            replace_file(self.path, smaller)


def standing(entries: Sequence[Entry]) -> list[Entry]:
    """Give the changes that the Todo2 file has to show: not voided, not set back, not older than a day."""
    newest = moment(entries[-1].at) if entries else None
    since = (newest or 0.0) - KEPT_SECONDS
    first = max((place + 1 for place, entry in enumerate(entries) if entry.kind == "set_back"), default=0)
    voided = {number for entry in entries for number in entry.voids}
    return [
        entry
        for entry in entries[first:]
        if entry.document and entry.number not in voided and (moment(entry.at) or 0.0) >= since
    ]


def set_back(entries: Sequence[Entry]) -> list[Entry]:
    """Give the changes that the file was set back behind the last time, and that could be brought back."""
    last = max((place for place, entry in enumerate(entries) if entry.kind == "set_back"), default=0)
    return standing(entries[:last])


def described(change: "Difference") -> tuple[str, ...]:
    """Say what a change did, one phrase for each record."""
    return tuple(_phrases(change))


def _phrases(change: "Difference") -> Iterator[str]:
    for record in change.tasks.added:
        yield f"{record.get('id')} added"
    for record in change.tasks.removed:
        yield f"{record.get('id')} deleted"
    for edit in change.tasks.edited:
        fields = ["claim" if name == OWN_KEY else name for name in edit.after if name not in _TRACES]
        if "status" in edit.after:
            yield f"{edit.id} status {edit.before.get('status')} -> {edit.after['status']}"
            fields.remove("status")
        if fields:
            yield f"{edit.id} {', '.join(fields)}"
    for record in change.comments.added:
        yield f"{record.get('todoId')} comment {record.get('id')} ({record.get('type')})"


def _aged(entry: Entry, newest: float) -> Entry:
    """Give an entry without its change when nothing will be restored from it any more."""
    if newest - (moment(entry.at) or 0.0) <= KEPT_SECONDS:
        return entry
    return Entry(
        number=entry.number, at=entry.at, actor=entry.actor, kind=entry.kind, before=entry.before, after=entry.after,
        file=entry.file, did=entry.did,
    )  # fmt: skip


def _written(descriptor: int, line: bytes) -> int:
    """Append a line behind the last whole one, or leave the file as it was."""
    place = os.lseek(descriptor, 0, os.SEEK_END)
    if place:
        os.lseek(descriptor, place - 1, os.SEEK_SET)
        if os.read(descriptor, 1) != b"\n":
            line = b"\n" + line  # a torn line ends here; it is not read
    os.lseek(descriptor, place, os.SEEK_SET)
    try:
        while line:
            line = line[os.write(descriptor, line) :]
    except OSError:
        os.ftruncate(descriptor, place)
        raise
    return place


def _entry(line: bytes) -> Entry | None:
    if not line.strip():
        return None
    try:
        document: Mapping[str, Any] = loads(line.decode())
        return Entry(
            number=int(document["n"]), at=str(document["at"]), actor=str(document["by"]), kind=document["kind"],
            before=str(document["before"]), after=str(document["after"]),
            file=Signature(*document["file"]) if document.get("file") else None,
            was=Signature(*document["was"]) if document.get("was") else None,
            document=dict(document.get("change") or {}),
            voids=tuple(map(int, document.get("voids") or ())), did=tuple(map(str, document.get("did") or ())),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
