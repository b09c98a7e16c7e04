"""One command run in a sandbox within its limits, with everything it printed, and nothing of it left afterwards."""

import contextlib
import json
import os
import secrets
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from prentice.workspace.sandbox.bubblewrap import Bubblewrap
from prentice.workspace.sandbox.choosing import Sandbox
from prentice.workspace.sandbox.disk import Disk
from prentice.workspace.sandbox.environment import scrubbed
from prentice.workspace.sandbox.limits import MEGABYTE, Limits
from prentice.workspace.sandbox.processes import Group, Namespace, marked
from prentice.workspace.sandbox.view import View

Ending: TypeAlias = Literal["exited", "missing", "seconds", "memory", "processes", "output", "disk", "stopped"]
"""By itself; not at all, because there is no such program; or ended because of a limit, or of the user."""

_TICK: Final = 0.05
_LOOK_SECONDS: Final = 0.15
"""How often processes and memory are measured. Two cores fill a few hundred megabytes in that time."""
_CHUNK: Final = 1 << 16
_THREADS: Final = 4096
"""What the kernel allows a sandbox at once (RLIMIT_NPROC), where it counts by namespace: from Linux 5.14 on."""
_AFTER_SECONDS: Final = 2.0
_NICE: Final = 10
"""Who watches has to come first, and so has the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended. `status` is its exit code, negative for a signal; None when it was ended by us.

    `seconds` is the time on the clock, `memory` the most bytes that were measured at one time.
    """

    ending: Ending
    status: int | None
    stdout: bytes
    stderr: bytes
    seconds: float
    memory: int = 0

    @property
    def why(self) -> str:
        """Say in a phrase how it ended."""
        return {
            "exited": f"it ended with exit code {self.status}",
            "missing": f"it cannot be started: {self.stderr.decode(errors='replace').strip()}",
            "seconds": f"it took longer than its {self.seconds:.0f} s",
            "memory": "it took more memory than is allowed",
            "processes": "it started more processes than are allowed",
            "output": "it printed more than is allowed",
            "disk": "it wrote more to the disk than is allowed",
            "stopped": "it was stopped",
        }[self.ending]


def run(
    argv: Sequence[str], *, sandbox: Sandbox, view: View, limits: Limits | None = None,
    variables: Mapping[str, str] | None = None, stopped: Callable[[], bool] = lambda: False,
) -> Ended:  # fmt: skip
    """Run a command, and give how it ended once it and all its children are gone.

    `variables` are added to the scrubbed environment; `stopped` is asked all the time whether to go on.
    """
    limits = limits or Limits()
    view.on_run()
    sandbox.prepare(view)
    mark = secrets.token_hex(8)
    environment = scrubbed(
        os.environ, home=view.home, temporary=sandbox.temporary(view), scratch=view.scratch,
        programs=view.programs(sandbox.shown_at(view)),
    )  # fmt: skip
    started = _Started.of(
        argv, sandbox=sandbox, view=view, limits=limits, environment=environment | marked(mark) | dict(variables or {}),
        mark=mark,
    )  # fmt: skip
    if isinstance(started, Ended):
        return started
    return _Watch(started, limits=limits, view=view, stopped=stopped).until_the_end()


@dataclass(frozen=True, slots=True)
class _Started:
    process: subprocess.Popen[bytes]
    all: Namespace | Group

    @classmethod
    def of(
        cls, argv: Sequence[str], *, sandbox: Sandbox, view: View, limits: Limits, environment: Mapping[str, str],
        mark: str,
    ) -> "_Started | Ended":  # fmt: skip
        is_held = isinstance(sandbox, Bubblewrap) and {"--json-status-fd", "--block-fd"} <= sandbox.options
        ends = [*os.pipe(), *os.pipe()] if is_held else []
        told, telling, waiting, releasing = ends or (-1, -1, -1, -1)
        inherited = (telling, waiting) if is_held else ()
        command = sandbox.command(argv, view=view, limits=limits, fds=inherited)
        directory = "/" if isinstance(sandbox, Bubblewrap) else view.tree / view.directory
        try:
            process = subprocess.Popen(
                command, cwd=directory, env=dict(environment), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, start_new_session=True, pass_fds=inherited,
            )  # fmt: skip
        except OSError as error:
            for descriptor in ends:
                os.close(descriptor)
            return _missing(error)
        if not is_held:
            return cls(process, Group(process.pid, mark=mark))
        os.close(telling)
        os.close(waiting)
        try:
            first = _first_process(told)
            if first is None:
                os.close(told)
                return cls(process, Group(process.pid, mark=mark))
            _limit(first, limits)
            return cls(process, Namespace(first, told=told))
        except BaseException:
            process.kill()  # it must not start with nobody watching
            process.wait()
            raise
        finally:
            os.close(releasing)  # which lets the command start


class _Watch:
    """Reads what a command prints, measures what it takes, and ends it when it crosses a limit."""

    def __init__(self, started: _Started, *, limits: Limits, view: View, stopped: Callable[[], bool]) -> None:
        self._process = started.process
        self._all = started.all
        self._limits = limits
        self._stopped = stopped
        self._disk = Disk(view, most=limits.disk_mb * MEGABYTE)
        self._began = time.monotonic()
        self._looked = 0.0
        self._memory = 0
        self._printed: dict[str, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}

    def until_the_end(self) -> Ended:
        ending: Ending = "exited"
        try:
            with selectors.DefaultSelector() as selector:
                for name in self._printed:
                    selector.register(getattr(self._process, name), selectors.EVENT_READ, name)
                while (selector.get_map() or self._process.poll() is None) and ending == "exited":
                    self._read(selector, wait=_TICK)
                    ending = self._crossed()
                    if self._process.poll() is not None:
                        break
                self._all.end()
                self._drain(selector)
        finally:
            self._all.end()
            self._all.close()
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            self._process.wait()
            for stream in (self._process.stdout, self._process.stderr):
                if stream:
                    stream.close()
        return Ended(
            ending=ending, status=self._process.returncode if ending == "exited" else None,
            stdout=bytes(self._printed["stdout"]), stderr=bytes(self._printed["stderr"]),
            seconds=time.monotonic() - self._began, memory=self._memory,
        )  # fmt: skip

    def _read(self, selector: selectors.BaseSelector, *, wait: float) -> bool:
        """Read what is there; False when there is nothing."""
        ready = selector.select(wait) if selector.get_map() else []
        for key, _ in ready:
            piece = os.read(key.fd, _CHUNK)
            if piece:
                self._printed[key.data] += piece
            else:
                selector.unregister(key.fileobj)
        if not selector.get_map():
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(wait)
        return bool(ready)

    def _drain(self, selector: selectors.BaseSelector) -> None:
        """Read what its processes left in the pipes; all of them are gone, so it is little."""
        deadline = time.monotonic() + _AFTER_SECONDS
        while selector.get_map() and time.monotonic() < deadline and self._read(selector, wait=0.0):
            pass

    def _crossed(self) -> Ending:
        now = time.monotonic()
        if self._stopped():
            return "stopped"
        if now - self._began > self._limits.seconds:
            return "seconds"
        if sum(map(len, self._printed.values())) > self._limits.output_mb * MEGABYTE:
            return "output"
        return self._measured() if now - self._looked >= _LOOK_SECONDS else "exited"

    def _measured(self) -> Ending:
        taken = self._all.taken(most=self._limits.processes)
        self._memory = max(self._memory, taken.memory)
        self._looked = time.monotonic()
        if taken.processes > self._limits.processes:
            return "processes"
        if taken.memory > self._limits.memory_mb * MEGABYTE:
            return "memory"
        return "disk" if self._disk.is_over() else "exited"


def _first_process(told: int) -> int | None:
    """Read from bubblewrap which process is the first in its namespace; None where it failed before."""
    text = b""
    while b"}" not in text and (piece := os.read(told, _CHUNK)):
        text += piece
    try:
        return int(json.loads(text[: text.index(b"}") + 1])["child-pid"])
    except (ValueError, KeyError):
        return None


def _limit(process: int, limits: Limits) -> None:
    """Set the kernel's own limits on a process that waits to be started, and offer it first when memory runs out."""
    if sys.platform != "linux":
        return
    import resource  # noqa: PLC0415 - the module is Unix's alone

    wanted = {resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: limits.disk_mb * MEGABYTE}
    if tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2]) >= (5, 14):
        wanted[resource.RLIMIT_NPROC] = _THREADS
    for kind, most in wanted.items():
        with contextlib.suppress(OSError, ValueError):
            resource.prlimit(process, kind, (most, most))
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, process, _NICE)
        Path(f"/proc/{process}/oom_score_adj").write_text("1000", encoding="ascii")


def _missing(error: OSError) -> Ended:
    said = f"{error.filename}: {error.strerror}".encode(errors="replace")
    return Ended(ending="missing", status=None, stdout=b"", stderr=said, seconds=0.0)
