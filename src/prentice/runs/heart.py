"""The heartbeat: a thread that renews the leases of the runs of this process, whatever its event loop is busy with."""

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from prentice.errors import LeaseLostError, PrenticeError
from prentice.ledger.leases import Claim, Leases
from prentice.runs.protocol import Json

_TICK_SECONDS: Final = 1.0
"""How soon progress is seen elsewhere, and a cancellation here; a third of a short lease is sooner."""


@dataclass(slots=True)
class _Beating:
    claim: Claim
    heed: Callable[[str], None]
    progress: Json = None
    waiting_for: str = ""
    is_told: bool = True
    renewed: float = 0.0


class Heart:
    """Renews leases from `start` to `stop`, in a thread of its own.

    `heed` of a run is called in that thread, with `lost` or `cancelled`, when its lease says so. `also` is called at
    each third of a lease.
    """

    def __init__(self, leases: Leases, *, also: Callable[[], None] = lambda: None) -> None:
        self._leases = leases
        self._also = also
        self._beating: dict[str, _Beating] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._tick = min(_TICK_SECONDS, leases.seconds / 3)

    def start(self) -> None:
        """Begin to beat, unless it does already."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._beat, name="prentice-heart", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def add(self, claim: Claim, heed: Callable[[str], None]) -> None:
        """Renew the lease of a claim from now on."""
        self._beating[claim.run] = _Beating(claim, heed, renewed=self._leases.clock())
        self.start()

    def remove(self, run: str) -> None:
        """Renew a run's lease no more."""
        self._beating.pop(run, None)

    def tell(self, run: str, *, progress: Json = None, waiting_for: str = "") -> None:
        """Let the next beat write how far a run is."""
        if beating := self._beating.get(run):
            beating.progress, beating.waiting_for, beating.is_told = progress, waiting_for, False

    def _beat(self) -> None:
        beats = 0
        while not self._stop.wait(self._tick):
            beats += 1
            now = self._leases.clock()
            for beating in list(self._beating.values()):
                due = not 0 <= now - beating.renewed < self._leases.seconds / 3
                if due or not beating.is_told:
                    self._renew(beating, now)
            if beats % max(1, int(self._leases.seconds / 3 / self._tick)) == 0:
                with contextlib.suppress(PrenticeError):
                    self._also()

    def _renew(self, beating: _Beating, now: float) -> None:
        beating.is_told = True
        try:
            is_cancelled = self._leases.renew(beating.claim, progress=beating.progress, waiting_for=beating.waiting_for)
        except LeaseLostError:
            self.remove(beating.claim.run)
            beating.heed("lost")
        except PrenticeError:
            return  # locked or full for a while: the next beat tries again, and the lease says how long that may take
        else:
            beating.renewed = now
            if is_cancelled:
                beating.heed("cancelled")
