"""What was found out about hosts, kept for a short while: a dead one is waited for once, not at each command.

Kept are hosts that made one wait, and those that answered: one of these that is slow is only busy. A host that refuses
the connection says so within a millisecond, and is not kept.
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

LATELY_SECONDS: Final = 3600.0
"""For how long a host that answered counts as one that works, and may be slow for once."""

BUSY_SECONDS: Final = 2.0
"""How long a host that answered lately may take to begin an answer, once it has accepted the connection."""

_MOST_HOSTS: Final = 100

_LAST_TIME: Final = 2**40
"""Seconds since 1970 beyond which a number is no time."""


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

        One that answered within the last hour, and still accepts connections, is only busy, and gets two seconds.

        Raises:
            RemoteRefusedError: the host is not this machine, and not allowed.
        """
        if not fresh and self.silent_since(url) is not None:
            return False
        begun = time.monotonic()
        patience = BUSY_SECONDS if self._age("answered", url, LATELY_SECONDS) is not None else None
        answer = await speaks(url, path=path, locality=locality, answer_seconds=patience)
        took = time.monotonic() - begun
        self._keep(url, answered=answer, silent=not answer and took >= PROBE_SECONDS)
        return answer

    def silent_since(self, url: str) -> float | None:
        """Give for how many seconds a host is known to be silent; None where it is not, or no longer."""
        return self._age("silent", url, KEEP_SECONDS)

    def keep_silent(self, url: str) -> None:
        """Remember that a host accepted a connection and then said nothing."""
        self._keep(url, answered=False, silent=True)

    def _age(self, what: str, url: str, most: float) -> float | None:
        """Give the seconds since something was seen of a host; None where it was not, or longer ago than `most`."""
        at = self._read().get(what, {}).get(url)
        age = None if at is None else self._clock() - at
        return age if age is not None and 0 <= age < most else None

    def _keep(self, url: str, *, answered: bool, silent: bool) -> None:
        """Write down what was seen, unless the file says about the same already."""
        known, now = self._read(), self._clock()
        if answered:
            fresh = self._age("answered", url, LATELY_SECONDS / 4) is not None
            if known["silent"].pop(url, None) is None and fresh:
                return
            known["answered"][url] = now
        elif silent:
            known["answered"].pop(url, None)
            known["silent"][url] = now
        elif known["silent"].pop(url, None) is None:
            return
        self._write({what: _newest(times) for what, times in known.items()})

    def _read(self) -> dict[str, dict[str, float]]:
        """Give the times by what was seen and by host; empty where there is nothing that can be read."""
        value = None
        if self._path is not None:
            with contextlib.suppress(OSError, ValueError, RecursionError):
                value = json.loads(self._path.read_text(encoding="utf-8"))
        return {what: _times(value.get(what) if isinstance(value, dict) else None) for what in ("silent", "answered")}

    def _write(self, known: dict[str, dict[str, float]]) -> None:
        """Replace the file whole; a directory that cannot be written to only makes the next command ask again."""
        if self._path is None:
            return
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=".probes-")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(known, file)
                Path(temporary).replace(self._path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise


def _times(value: object) -> dict[str, float]:
    """Read times by host, as far as they are ones."""
    if not isinstance(value, dict):
        return {}
    numbers = {str(url): at for url, at in value.items() if isinstance(at, int | float) and not isinstance(at, bool)}
    return {url: float(at) for url, at in numbers.items() if 0 <= at < _LAST_TIME}


def _newest(times: dict[str, float]) -> dict[str, float]:
    return dict(sorted(times.items(), key=lambda item: item[1])[-_MOST_HOSTS:])
