"""Faults at the file layer: the calls by which the store changes the disk are counted, and one of them is spoiled.

Reading spoils nothing and is not counted. The bytes need not reach the disk in these tests, because the system lives
on; so flushing is counted and not done.
"""

import contextlib
import errno
import os
import signal
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

from prentice.store import atomic

_EFFECTS = (
    "open", "write", "fsync", "truncate", "ftruncate", "replace", "rename", "unlink", "chmod", "mkdir",
)  # fmt: skip
_FREEING = ("truncate", "ftruncate", "unlink")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the operating system, about to be made."""

    name: str
    do: Callable[..., Any]
    arguments: tuple[Any, ...]
    options: dict[str, Any]

    def made(self) -> Any:
        """Make the call."""
        return None if self.name == "fsync" else self.do(*self.arguments, **self.options)

    def half_made(self) -> Any:
        """Write half of the bytes; any other call is made whole."""
        if self.name != "write":
            return self.made()
        descriptor, data = self.arguments
        return self.do(descriptor, bytes(data)[: (len(data) + 1) // 2])


Fault: TypeAlias = Callable[[Call], Any]


def killed_before(_call: Call) -> Any:
    """End the process before a call."""
    os.kill(os.getpid(), signal.SIGKILL)


def killed_within(call: Call) -> Any:
    """End the process after a call, or after half of the bytes that it writes."""
    with contextlib.suppress(OSError):
        call.half_made()
    os.kill(os.getpid(), signal.SIGKILL)


def refused_with(number: int) -> Fault:
    """Let the system refuse a call; where space is short, only one that needs some."""

    def refuse(call: Call) -> Any:
        if number != errno.EIO and call.name in _FREEING:
            return call.made()
        if call.name == "exchange":
            return False
        raise OSError(number, os.strerror(number))

    return refuse


def written_in_part(call: Call) -> Any:
    """Let the system write half of the bytes, as it may."""
    return call.half_made()


def full_after_half(call: Call) -> Any:
    """Let the disk run full in the middle of what is written."""
    if call.name in _FREEING:
        return call.made()
    if call.name == "write":
        call.half_made()
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Faults:
    """While this context is open, the call with the number `at` (from 1) meets a fault, and those after it as well
    where `for_ever`."""

    def __init__(self, fault: Fault, *, at: int, for_ever: bool = False) -> None:
        self.calls: list[str] = []
        self._fault = fault
        self._at = at
        self._for_ever = for_ever
        self._others = False
        self._true: dict[str, Any] = {}

    @property
    def met(self) -> bool:
        """Whether the call came about."""
        return len(self.calls) >= self._at

    def another_program(self, act: Callable[[], None]) -> None:
        """Do what another program does meanwhile, which is neither counted nor spoiled."""
        self._others = True
        try:
            act()
        finally:
            self._others = False

    def __enter__(self) -> Self:
        for name in _EFFECTS:
            self._true[name] = getattr(os, name)
            setattr(os, name, self._counted(name, self._true[name]))
        self._true["exchange"] = atomic.exchanged
        atomic.exchanged = self._counted("exchange", atomic.exchanged)
        return self

    def __exit__(self, *_: object) -> None:
        atomic.exchanged = self._true.pop("exchange")
        for name, true in self._true.items():
            setattr(os, name, true)

    def _counted(self, name: str, do: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            call = Call(name, do, arguments, options)
            if self._others:
                return call.made()
            self.calls.append(name)
            number = len(self.calls)
            if number == self._at or (self._for_ever and number > self._at):
                return self._fault(call)
            return call.made()

        return counted


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended: whether it was killed, and what it had said before."""

    killed: bool
    said: str


def in_a_process(act: Callable[[Callable[[str], None]], None]) -> Ended:
    """Run something in a process of its own; what it says through its argument is heard even when it is killed."""
    heard, saying = os.pipe()
    write = os.write  # which is not counted

    def say(text: str) -> None:
        write(saying, f"{text}\n".encode())

    with warnings.catch_warnings():
        # Other tests may have started threads in this process. The child uses files only, and never returns from here.
        warnings.simplefilter("ignore", DeprecationWarning)
        process = os.fork()
    if process == 0:
        status = 1
        try:
            act(say)
            status = 0
        except BaseException as error:  # noqa: BLE001 - whatever it is, the parent has to hear of it
            write(saying, f"failed: {error!r}".encode())
        finally:
            sys.stderr.flush()
            os._exit(status)
    os.close(saying)
    with os.fdopen(heard, "rb") as file:
        said = file.read().decode()
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    assert status in {0, -signal.SIGKILL}, said
    return Ended(status != 0, said)
