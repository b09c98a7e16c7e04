"""Handing over: what a process does with its runs when its terminal is closed, or when it is told to end."""

import asyncio
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

from prentice.errors import PrenticeError


@contextmanager
def handing_over(hand_over: Callable[[], Awaitable[None]]) -> Iterator[None]:
    """Let `hand_over` go before a signal that ends the process, while this lasts; a second one ends it at once.

    Only where the signal would do what it always does: a program that minds it itself, or ignores it as under `nohup`,
    keeps its way.
    """
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        yield
        return
    loop, ending = asyncio.get_running_loop(), set[asyncio.Task[None]]()

    async def end(number: signal.Signals) -> None:
        with suppress(PrenticeError):
            await hand_over()
        _die(number)

    def hear(number: signal.Signals) -> None:
        if ending:
            _die(number)
        ending.add(loop.create_task(end(number)))

    minded = [
        number for number in (signal.SIGHUP, signal.SIGTERM) if signal.getsignal(number) is signal.Handlers.SIG_DFL
    ]
    for number in minded:
        loop.add_signal_handler(number, hear, number)
    try:
        yield
    finally:
        for number in minded:
            loop.remove_signal_handler(number)


def _die(number: signal.Signals) -> None:
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
