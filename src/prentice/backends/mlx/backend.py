"""The MLX backend: models of this machine, in this process."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from prentice.backends.mlx import model_directory
from prentice.backends.mlx.engine import Engine
from prentice.backends.mlx.job import Alive, Job
from prentice.backends.mlx.runtime import check_installed
from prentice.backends.patience import Patience
from prentice.backends.protocol import ModelInfo, Piece, Reply, Request
from prentice.errors import ModelNotFoundError, PrenticeError


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A model on this machine. `warm`: by the purpose of calls, the tokens of their beginning that are computed."""

    info: ModelInfo
    resident: bool
    warm: Mapping[str, int]
    cache_per_token: int | None


class MlxBackend:
    """Models in MLX's format, each a directory on disk. Calls that run at the same time decode together.

    The engine outlives the backend: a model that it loaded serves the next backend too. `directories` hold models by
    name, beside those in the hub's local cache; `load_seconds` is how long the first piece may take, loading included.
    """

    name = "mlx"

    def __init__(self, engine: Engine, *, directories: tuple[Path, ...] = (), load_seconds: float = 300.0) -> None:
        self.engine = engine
        self._directories = directories
        self._load_seconds = load_seconds

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is open: a call ends with its stream, the model with its idle time."""

    @property
    def resident(self) -> str:
        """The name of the model that is in this process's memory now; empty without one."""
        return self.engine.resident

    async def held(self) -> list[Held]:
        """List the whole models on this machine, with what is known of each before a call.

        Raises:
            BackendUnreachableError: the extra `mlx` is not installed.
        """
        check_installed()
        return await asyncio.to_thread(self._held)

    def _held(self) -> list[Held]:
        return [
            Held(
                info=found.info(),
                resident=found.name == self.engine.resident,
                warm=self.engine.warm(found.name, identity=found.identity),
                cache_per_token=found.cache_per_token,
            )
            for found in model_directory.installed(directories=self._directories)
        ]

    async def models(self) -> list[ModelInfo]:
        """List the whole models on this machine that MLX can load.

        Raises:
            BackendUnreachableError: the extra `mlx` is not installed.
        """
        return [held.info for held in await self.held()]

    async def check(self, model: str) -> ModelInfo:
        """Describe a model that is going to be used.

        Raises:
            BackendUnreachableError: the extra `mlx` is not installed.
            ModelNotFoundError: it is not on this machine, or none was named.
            ModelUnsupportedError: it is not whole, or of an unknown kind.
        """
        check_installed()
        return (await asyncio.to_thread(self._directory, model)).info()

    async def stream(self, request: Request) -> AsyncGenerator[Piece | Reply]:
        """Answer a request piece by piece; the last item is the `Reply`.

        Raises:
            BackendUnreachableError: the extra `mlx` is not installed.
            ModelNotFoundError: the model is not on this machine; nothing is ever downloaded.
            ModelUnsupportedError: it is not whole, does not fit the memory, or cannot do what is asked.
            PromptTooLongError: prompt and reply do not fit its window.
            StreamError, TimedOutError: MLX failed, or was slower than the request allows.
        """
        check_installed()
        patience = Patience(
            load=self._load_seconds, idle=request.idle, deadline=request.deadline, model=request.model or "The model"
        )
        directory = await patience.wait(asyncio.to_thread(self._directory, request.model))
        job = Job(request, directory=directory)
        self.engine.submit(job)
        try:
            while True:
                for item in await patience.wait(job.receive()):
                    patience.piece_came()
                    if isinstance(item, PrenticeError):
                        raise item
                    if isinstance(item, Alive):
                        continue
                    yield item
                    if isinstance(item, Reply):
                        return
        finally:
            job.end()

    def _directory(self, name: str) -> model_directory.ModelDirectory:
        if not name:
            names = [item.name for item in model_directory.installed(directories=self._directories)]
            raise ModelNotFoundError(
                "No model was named.",
                next_step=f"Name one with `--model`: {', '.join(names[:5])}."
                if names
                else "Fetch one with `prentice models pull mlx-community/Qwen2.5-Coder-7B-Instruct-4bit`.",
                details={"installed": names},
            )
        return model_directory.examine(model_directory.find(name, directories=self._directories), name=name)
