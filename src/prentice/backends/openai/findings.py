"""What probes found out of servers, kept for later calls."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Protocol

KEPT_SECONDS: Final = 3600.0
"""How long a finding is believed: a server may be updated, or started with other options."""


class Findings(Protocol):
    """Keeps what probes found, by server and model."""

    def recall(self, host: str, model: str) -> str | None:
        """Give what was found, or None if nothing is known or what was known is too old."""
        ...

    def remember(self, host: str, model: str, finding: str) -> None:
        """Keep a finding in the place of an earlier one."""
        ...

    def forget(self, host: str, model: str) -> None:
        """Drop a finding that proved wrong."""
        ...


class FindingsInMemory:
    """Findings for as long as the process runs, and at most for a time."""

    def __init__(self, *, seconds: float = KEPT_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._known: dict[tuple[str, str], tuple[str, float]] = {}

    def recall(self, host: str, model: str) -> str | None:
        """Give what was found less than the time ago."""
        finding, at = self._known.get((host, model), ("", 0.0))
        return finding if finding and self._clock() - at < self._seconds else None

    def remember(self, host: str, model: str, finding: str) -> None:
        """Keep a finding."""
        self._known[host, model] = (finding, self._clock())

    def forget(self, host: str, model: str) -> None:
        """Drop a finding."""
        self._known.pop((host, model), None)


_KEPT: Final[ContextVar["Findings | None"]] = ContextVar("kept findings", default=None)


@contextmanager
def kept_in(findings: Findings) -> Iterator[None]:
    """Let backends that are opened in this block, and in tasks made in it, keep their findings there."""
    before = _KEPT.get()
    _KEPT.set(findings)
    try:
        yield
    finally:
        _KEPT.set(before)  # not by its token: a block may be left in another task than it was entered in


def kept() -> Findings | None:
    """Give where findings are kept here; None where nobody said."""
    return _KEPT.get()
