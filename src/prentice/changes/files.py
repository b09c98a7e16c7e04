"""The files an edit may touch, as the caller gives them: contents and modes by path."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

REGULAR: Final = 0o100644
EXECUTABLE: Final = 0o100755
LINK: Final = 0o120000
SUBMODULE: Final = 0o160000


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file's bytes and its mode as git writes it; a link's bytes are where it points to."""

    content: bytes
    mode: int = REGULAR

    @property
    def is_regular(self) -> bool:
        """Whether this is a file with contents of its own: no link and no submodule."""
        return self.mode not in {LINK, SUBMODULE}


class Snapshot(Protocol):
    """The project as it is before the change. Paths are relative to its root and written with `/`."""

    def read(self, path: str) -> File | None:
        """Give what stands at exactly this path: a file, a link (not followed) or a submodule; else None."""

    def paths(self) -> Collection[str]:
        """Give every path that can be read."""


class Files:
    """A snapshot held in memory."""

    def __init__(self, files: Mapping[str, bytes | File]) -> None:
        self._files = {path: file if isinstance(file, File) else File(content=file) for path, file in files.items()}

    def read(self, path: str) -> File | None:
        """Give the file at this path."""
        return self._files.get(path)

    def paths(self) -> Collection[str]:
        """Give all paths."""
        return self._files.keys()
