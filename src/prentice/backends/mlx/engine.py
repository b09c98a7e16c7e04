"""The one thread that owns MLX: it loads models when they are asked for, and gives their memory back.

There is one engine a process, for as long as the process: a model that is loaded stays so from call to call, until it
was idle for a while or another one is asked for.
"""

import atexit
import functools
import queue
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from prentice.backends.mlx.job import Job
from prentice.backends.mlx.limits import Limits
from prentice.backends.mlx.runtime import load_openblas
from prentice.backends.mlx.warm import on_disk
from prentice.errors import ModelUnsupportedError, PrenticeError, StreamError

if TYPE_CHECKING:
    from prentice.backends.mlx.session import Session

END_SECONDS: Final = 10.0
"""How long closing waits for the call of the network that is under way."""


class Engine:
    """Takes jobs from any thread. Jobs of one model run together; those of another wait until these are through."""

    def __init__(self, *, prefixes: Path, limits: Limits | None = None) -> None:
        """Prepare; the thread starts with the first job. `prefixes` is where prefixes are kept on disk."""
        self.limits = limits or Limits()
        self._prefixes = prefixes
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._closed = threading.Event()
        self.resident = ""
        """The name of the model that is in memory now; empty without one."""
        self._warm: Mapping[str, int] = {}

    def warm(self, model: str, *, identity: str) -> dict[str, int]:
        """Give by the purpose of calls how many tokens of their prompts' beginning are in memory, or on disk."""
        known = on_disk(identity, root=self._prefixes) if self.limits.disk_cache_bytes > 0 else {}
        if model == self.resident:
            known = {**known, **self._warm}
        return known

    def submit(self, job: Job) -> None:
        """Hand over a job; its items come through the job itself."""
        with self._lock:
            if self._thread is None:
                # It never ends: MLX's own threads must not be torn down while the interpreter is.
                self._thread = threading.Thread(target=self._work, name="prentice-mlx", daemon=True)
                self._thread.start()
            self._jobs.put(job)

    def close(self) -> None:
        """End all work and give the memory back; the next job begins anew."""
        with self._lock:
            if self._thread is None:
                return
            self._closed.clear()
            self._closing.set()
            self._jobs.put(None)
        self._closed.wait(END_SECONDS)

    def _work(self) -> None:
        load_openblas()
        waiting: deque[Job] = deque()
        session: Session | None = None
        while True:
            expired = self._receive(waiting, session)
            if self._closing.is_set() or expired:
                self._give_up(waiting, session)
                session = None
                waiting.clear()
                if self._closing.is_set():
                    self._closing.clear()
                    self._closed.set()
                continue
            if session is not None and not session.busy and waiting and not _same(session, waiting[0]):
                self._give_up((), session)
                session = None
            if session is None and waiting:
                session = self._opened(waiting)
            if session is not None:
                self._stepped(session, waiting)

    def _receive(self, waiting: deque[Job], session: "Session | None") -> bool:
        """Take in what was submitted; with nothing else to do, waits for it. Gives whether the idle time ran out."""
        idle = not waiting and not (session is not None and session.busy)
        limit = self.limits.idle_seconds if session is not None else None
        try:
            job = self._jobs.get(block=idle, timeout=limit if idle else None)
            while job is not None:
                waiting.append(job)
                job = self._jobs.get_nowait()
        except queue.Empty:
            return idle and not waiting
        finally:
            for job in [job for job in waiting if job.ended]:
                waiting.remove(job)
        return False

    def _give_up(self, waiting: Iterable[Job], session: "Session | None") -> None:
        """Close a session, and tell all whose work ends with it."""
        error = StreamError("The work of MLX was ended.", next_step="Start it again.")
        for job in waiting:
            job.deliver(error)
        if session is not None:
            session.fail(error)
            session.close()
            self.resident, self._warm = "", {}

    def _opened(self, waiting: deque[Job]) -> "Session | None":
        """Load the model of the first job; those that wait for the same one share its failure."""
        from prentice.backends.mlx.session import Session  # noqa: PLC0415 - brings MLX into the process

        directory = waiting[0].directory
        try:
            session = Session(directory, limits=self.limits, prefixes=self._prefixes)
        except PrenticeError as error:
            self._refuse(waiting, directory.identity, error)
        except Exception as error:  # noqa: BLE001 - whatever a stranger's files make MLX raise, the thread lives on
            self._refuse(waiting, directory.identity, mlx_failed(error, name=directory.name))
        else:
            self.resident, self._warm = directory.name, session.warm
            return session
        return None

    def _stepped(self, session: "Session", waiting: deque[Job]) -> None:
        while waiting and _same(session, waiting[0]):
            session.add(waiting.popleft())
        try:
            session.step()
        except Exception as error:  # noqa: BLE001 - as above
            session.fail(_without_frames(mlx_failed(error, name=session.directory.name)))

    @staticmethod
    def _refuse(waiting: deque[Job], identity: str, error: PrenticeError) -> None:
        for job in [job for job in waiting if job.directory.identity == identity]:
            waiting.remove(job)
            job.deliver(_without_frames(error))


def mlx_failed(error: Exception, *, name: str) -> PrenticeError:
    """Make the error for something that MLX raised in the middle of its work."""
    if isinstance(error, PrenticeError):
        return error
    text = " ".join(str(error).split())[:200] or type(error).__name__
    if isinstance(error, MemoryError) or "alloc" in text.casefold() or "memory" in text.casefold():
        return ModelUnsupportedError(
            f"MLX has not enough memory for the model {name}: {text}",
            next_step="Close other programs, or choose a smaller model with `--model`.",
            details={"model": name},
        )
    return StreamError(
        f"MLX failed in the middle of a reply of {name}: {text}",
        next_step="Try again; if it stays, choose another model with `--model`, or use `--backend ollama`.",
        details={"model": name},
    )


@functools.cache
def shared_engine(prefixes: Path) -> Engine:
    """Give the process's engine; it is closed when the process ends."""
    engine = Engine(prefixes=prefixes)
    atexit.register(engine.close)
    return engine


def _without_frames(error: PrenticeError) -> PrenticeError:
    """Take the frames off an error and its causes: whoever keeps it would keep the model's memory with it."""
    link: BaseException | None = error
    while link is not None:
        link.__traceback__ = None
        link = link.__cause__ or link.__context__
    return error


def _same(session: "Session", job: Job) -> bool:
    return session.directory.identity == job.directory.identity
