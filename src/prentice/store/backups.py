"""Copies of the Todo2 file in `.prentice/backups/`: one before the first change of a day, one before each repair."""

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prentice.store.atomic import replace_file
from prentice.store.own_directory import made_directory, own_directory

DAYS_KEPT: Final = 7
REPAIRS_KEPT: Final = 5


@dataclass(frozen=True, slots=True)
class Backups:
    """The backups of the project with a given root. Names sort by time."""

    root: Path

    @property
    def directory(self) -> Path:
        """Where they are."""
        return self.root / ".prentice" / "backups"

    def keep_day(self, data: Callable[[], bytes], *, day: str) -> None:
        """Keep the bytes as they were before the first change of a day (`YYYY-MM-DD`), if that is not kept yet.

        Raises:
            WriteFailedError: the disk refused.
        """
        path = self.directory / f"state-{day}.json"
        if not os.path.exists(path):  # noqa: PTH110 - it answers where `Path.exists` raises what the system says
            self._keep(path, data(), most=DAYS_KEPT)

    def keep_before(self, reason: str, data: bytes, *, at: str) -> Path:
        """Keep the bytes as they were before a `reason` (one word), and give the path.

        Raises:
            WriteFailedError: the disk refused.
        """
        path = self.directory / f"{reason}-{at.replace(':', '').replace('.', '')}.json"
        self._keep(path, data, most=REPAIRS_KEPT)
        return path

    def newest_first(self) -> list[Path]:
        """Give all backups, the newest first."""
        try:
            found = [path for path in self.directory.iterdir() if path.suffix == ".json" and path.is_file()]
        except OSError:
            return []
        return sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)

    def _keep(self, path: Path, data: bytes, *, most: int) -> None:
        own_directory(self.root)
        replace_file(made_directory(self.directory) / path.name, data)
        kind = path.name.partition("-")[0]
        alike = sorted(self.directory.glob(f"{kind}-*.json"), reverse=True)
        unfinished = self.directory.glob(".*.tmp")  # of processes that died: who keeps a backup has the file's lock
        for old in (*alike[most:], *unfinished):
            with contextlib.suppress(OSError):  # one too many does no harm
                old.unlink(missing_ok=True)
