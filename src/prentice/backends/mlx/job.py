"""One call on its way between the event loop that asked and the thread that answers."""

import asyncio
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Final

from prentice.backends.mlx.model_directory import ModelDirectory
from prentice.backends.protocol import Piece, Reply, Request
from prentice.errors import PrenticeError


@dataclass(frozen=True, slots=True)
class Alive:
    """A sign that tokens are coming, though none of their text is certain yet."""


ALIVE: Final = Alive()

Item = Piece | Reply | Alive | PrenticeError


class Job:
    """A request with its model. The thread delivers, the event loop receives; either can end it at any time."""

    def __init__(self, request: Request, *, directory: ModelDirectory) -> None:
        """Begin; has to be called inside the event loop that will receive."""
        self.request = request
        self.directory = directory
        self.begun = time.perf_counter()
        self._loop = asyncio.get_running_loop()
        self._items: deque[Item] = deque()
        self._arrived = asyncio.Event()
        self._calling = threading.Event()  # a wake-up is on its way
        self._ended = threading.Event()

    @property
    def ended(self) -> bool:
        """Whether nobody waits for the reply any more."""
        return self._ended.is_set() or self._loop.is_closed()

    def end(self) -> None:
        """Give the work up; the thread notices before its next token."""
        self._ended.set()

    def deliver(self, item: Item) -> None:
        """Hand something over, from the thread. Where the event loop is gone, the job ends."""
        self._items.append(item)
        if self._calling.is_set():
            return
        self._calling.set()
        try:
            self._loop.call_soon_threadsafe(self._arrived.set)
        except RuntimeError:  # the loop was closed in the middle of the reply
            self._ended.set()

    async def receive(self) -> list[Item]:
        """Wait for what was delivered since the last time."""
        await self._arrived.wait()
        self._arrived.clear()
        self._calling.clear()
        received = []
        while self._items:
            received.append(self._items.popleft())
        return received
