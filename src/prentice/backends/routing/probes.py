"""What was found out about hosts, kept for a short while: a dead one is waited for once, not at each command.

Only waiting is worth keeping: a host that refuses the connection says so within a millisecond, and one that answers is
asked again anyway.
"""

import contextlib
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from prentice.backends.locality import Locality
from prentice.backends.probe import PROBE_SECONDS, listens, speaks

PROBES_FILE: Final = "probes.json"
"""The file's name in the user's data directory."""

KEEP_SECONDS: Final = 60.0
"""How long a silent host counts as dead; who starts a server waits no longer than this for it to be seen."""

_MOST_HOSTS: Final = 100


class Probes:
    """Asks hosts whether they are there. `path` is a small JSON file; where it cannot be used, each answer is fresh."""

    def __init__(self, path: Path | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock

    async def listens(self, url: str, *, locality: Locality) -> bool:
        """Tell whether anything accepts connections there now, within 300 ms.

        Raises:
            RemoteRefusedError: the host is not this machine, and not allowed.
        """
        return await listens(url, locality=locality)

    async def answers(self, url: str, *, path: str = "/", locality: Locality, fresh: bool = False) -> bool:
        """Tell whether a server begins an answer there, within 300 ms; `fresh` asks again in any case.

        Raises:
            RemoteRefusedError: the host is not this machine, and not allowed.
        """
        if not fresh and self.silent_since(url) is not None:
            return False
        begun = time.monotonic()
        answer = await speaks(url, path=path, locality=locality)
        took = time.monotonic() - begun
        self._keep(url, silent=not answer and took >= PROBE_SECONDS)
        return answer

    def silent_since(self, url: str) -> float | None:
        """Give for how many seconds a host is known to be silent; None where it is not, or no longer."""
        at = self._read().get(url)
        age = None if at is None else self._clock() - at
        return age if age is not None and 0 <= age < KEEP_SECONDS else None

    def keep_silent(self, url: str) -> None:
        """Remember that a host accepted a connection and then said nothing."""
        self._keep(url, silent=True)

    def _keep(self, url: str, *, silent: bool) -> None:
        known = self._read()
        if silent:
            known[url] = self._clock()
        elif known.pop(url, None) is None:
            return  # nothing to write
        self._write(dict(sorted(known.items(), key=lambda item: item[1])[-_MOST_HOSTS:]))

    def _read(self) -> dict[str, float]:
        if self._path is None:
            return {}
        try:
            value = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        silent = value.get("silent") if isinstance(value, dict) else None
        if not isinstance(silent, dict):
            return {}
        return {
            str(url): float(at)
            for url, at in silent.items()
            if isinstance(at, int | float) and not isinstance(at, bool)
        }

    def _write(self, known: dict[str, float]) -> None:
        """Replace the file whole; a directory that cannot be written to only makes the next command ask again."""
        if self._path is None:
            return
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=".probes-")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump({"silent": known}, file)
                Path(temporary).replace(self._path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
