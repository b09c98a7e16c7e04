"""How far a download or an upload is: bytes, speed, the time that remains."""

from collections import deque
from dataclasses import dataclass
from typing import Final, Literal

Phase = Literal["manifest", "download", "hash", "upload", "verify", "write", "clean", "done"]
"""What is done now: ask the registry, fetch, compute digests, send to the server, compare them, register, tidy up."""

_WINDOW: Final = 5.0
"""Seconds over which the speed is taken: long enough to be steady, short enough to follow a change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One moment of a transfer. `done` and `total` are bytes of the parts known so far, 0 where there are none.

    `speed` is in bytes a second and counts only what came in this run; `remaining` is in seconds. Both are None while
    too little is known.
    """

    phase: Phase
    status: str
    done: int = 0
    total: int = 0
    speed: float | None = None
    remaining: float | None = None

    @property
    def fraction(self) -> float | None:
        """The part that is there, from 0 to 1; None while no size is known."""
        return min(1.0, self.done / self.total) if self.total else None


class Meter:
    """Takes in how many bytes each part has, and gives the progress of all parts together.

    What a part has when it is first seen came in an earlier run, and does not count as speed.
    """

    def __init__(self) -> None:
        self._parts: dict[str, tuple[int, int]] = {}
        self._before = 0
        self._samples: deque[tuple[float, int]] = deque()

    @property
    def done(self) -> int:
        """Bytes that are there."""
        return sum(done for done, _ in self._parts.values())

    def note(self, part: str, *, done: int, total: int, now: float) -> None:
        """Take in the state of one part; `now` is in seconds of any steady clock."""
        if part not in self._parts:
            self._before += done
        self._parts[part] = (done, total)
        self._samples.append((now, self.done - self._before))
        while len(self._samples) > 2 and now - self._samples[0][0] > _WINDOW:
            self._samples.popleft()

    def progress(self, phase: Phase, status: str) -> Progress:
        """Give the progress of all parts."""
        total = sum(size for _, size in self._parts.values())
        speed = self._speed()
        left = max(0, total - self.done)
        remaining = 0.0 if not left else left / speed if speed else None
        return Progress(
            phase=phase,
            status=status,
            done=self.done,
            total=total,
            speed=speed,
            remaining=remaining if total else None,
        )

    def _speed(self) -> float | None:
        if len(self._samples) < 2:
            return None
        (begin, before), (end, after) = self._samples[0], self._samples[-1]
        return max(0, after - before) / (end - begin) if end > begin else None
