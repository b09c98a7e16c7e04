"""Models as things to have: fetched, described and removed, at the backend that a name belongs to."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from prentice.backends.locality import Locality, full_name
from prentice.backends.ollama.models import ModelCard
from prentice.backends.progress import Progress
from prentice.backends.protocol import ModelInfo
from prentice.backends.routing.hosts import hosts_of, ollama_backend
from prentice.backends.routing.listing import Listed, listed
from prentice.backends.routing.policy import load_policy
from prentice.backends.routing.survey import same_model, survey, survey_of
from prentice.backends.routing.track_record import TrackRecord
from prentice.config import Settings
from prentice.errors import BackendError, ModelNotFoundError, UsageError

Store = Literal["ollama", "mlx"]
"""The backends that models can be fetched for; other servers have their own ways."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """A model that is here now; sizes in bytes, `seconds` what it took."""

    backend: Store
    name: str
    size_bytes: int
    seconds: float

    def document(self) -> dict[str, object]:
        """Give it as JSON values."""
        return {
            "backend": self.backend, "name": self.name, "state": "pulled", "size_bytes": self.size_bytes,
            "seconds": round(self.seconds, 3),
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A model that is gone, and the bytes that its weights took."""

    backend: Store
    name: str
    size_bytes: int | None

    def document(self) -> dict[str, object]:
        """Give it as JSON values."""
        return {"backend": self.backend, "name": self.name, "state": "removed", "size_bytes": self.size_bytes}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """All that is known of one model; `card` is what Ollama says beyond the list."""

    listed: Listed
    card: ModelCard | None = None

    def document(self) -> dict[str, object]:
        """Give the entry of the list, and what there is beyond it."""
        info, its = self.listed.candidate.info, self.listed.traits
        document = self.listed.document() | {
            "parameters": its.parameters, "capabilities": list(info.capabilities), "digest": info.digest,
            "cache_per_token": self.listed.candidate.cache_per_token,
        }  # fmt: skip
        if self.card is not None:
            document |= {
                "engine": self.card.engine, "cache_per_token": self.card.cache_per_token,
                "template": self.card.template, "model_parameters": list(self.card.parameters),
                "license": self.card.license, "modified": self.card.modified,
            }  # fmt: skip
        return document


def store_of(name: str, settings: Settings) -> Store:
    """Say which backend a model is fetched for: the one that the user named, else the one that its name belongs to.

    Raises:
        UsageError: the backend that was named fetches no models.
    """
    from prentice.backends.mlx.fetching import is_of_the_hub  # noqa: PLC0415 - reads the catalogue of MLX

    if settings.backend == "mlx":
        return "mlx"
    if settings.backend == "ollama":
        return "ollama"
    if settings.backend != "auto":
        raise UsageError(
            f"The backend {settings.backend} fetches and removes no models.",
            next_step="Use `--backend ollama` or `--backend mlx`, or the server's own program.",
        )
    return "mlx" if is_of_the_hub(name) else "ollama"


async def pull(
    name: str, settings: Settings, *, insecure: bool = False, on_progress: Callable[[Progress], None] | None = None
) -> Pulled:
    """Fetch a model, and tell of the progress until it is whole.

    Raises:
        UsageError: the backend that was named fetches no models.
        RemoteRefusedError: the name is that of a cloud model, which is not allowed.
        ModelNotFoundError: the registry does not have it.
        BackendError: the server or the registry failed.
    """
    store = store_of(name, settings)
    begun, size = asyncio.get_running_loop().time(), 0
    async with AsyncExitStack() as open_things:
        items: AsyncGenerator[Progress]
        if store == "mlx":
            from prentice.backends.mlx.fetching import fetch  # noqa: PLC0415 - with MLX only

            items = fetch(name)
        else:
            items = (await open_things.enter_async_context(ollama_backend(settings))).pull(name, insecure=insecure)
        async for item in await open_things.enter_async_context(aclosing(items)):
            size = max(size, item.total)
            if on_progress is not None:
                on_progress(item)
    return Pulled(backend=store, name=name, size_bytes=size, seconds=asyncio.get_running_loop().time() - begun)


async def show(name: str, settings: Settings, *, record: TrackRecord) -> Shown:
    """Describe an installed model.

    Raises:
        ModelNotFoundError: no backend here has it.
        RemoteRefusedError: it runs elsewhere, and is not allowed.
        BackendError, ConfigError: the backend that was named cannot be used.
    """
    found = await (
        survey(settings, fresh=True) if settings.backend == "auto" else survey_of(settings.backend, settings)
    )
    policy = load_policy(settings.policy.get("models"))
    there = listed(found, policy=policy, record=record)
    item = next((item for item in there if same_model(item.candidate.info, name)), None)
    if item is None:
        Locality(allowed_remote_models=settings.allowed_remote_models).check_name(name)
        raise _nowhere(name, settings, [each.candidate.name for each in there])
    if item.candidate.backend != "ollama":
        return Shown(listed=item)
    async with ollama_backend(found.places[item.candidate.place]) as backend:
        return Shown(listed=item, card=await backend.show(item.candidate.name))


async def remove(name: str, settings: Settings) -> Removed:
    """Remove an installed model from the disk.

    Raises:
        UsageError: the backend that was named removes no models, or the directory is the user's own.
        ModelNotFoundError: it is not installed.
        BackendError: the server failed.
    """
    store = store_of(name, settings)
    if store == "mlx":
        from prentice.backends.mlx import fetching, model_directory  # noqa: PLC0415 - with MLX only

        path = await asyncio.to_thread(model_directory.find, name)
        size = _bytes_of(path)
        await asyncio.to_thread(fetching.remove, name)
        return Removed(backend=store, name=name, size_bytes=size)
    at, info = await _holder(name, settings)
    async with ollama_backend(at) as backend:
        await backend.delete(name)
    return Removed(backend=store, name=name, size_bytes=info.size_bytes if info else None)


async def _holder(name: str, settings: Settings) -> tuple[Settings, ModelInfo | None]:
    """Give the settings for the first Ollama that has a model, and its entry; those for the first where none has."""
    hosts = hosts_of("ollama", settings)
    for host in hosts:
        try:
            async with ollama_backend(host.settings) as backend:
                installed = [item.info for item in await backend.installed()]
        except BackendError:
            if len(hosts) == 1:
                raise
            continue  # one that is away holds up nothing at the others
        for info in installed:
            if full_name(info.name) == full_name(name):
                return host.settings, info
    return hosts[0].settings, None


def _bytes_of(path: Path) -> int:
    return sum(file.stat().st_size for file in path.glob("*") if file.is_file())


def _nowhere(name: str, settings: Settings, others: list[str]) -> BackendError:
    have = f" Here are: {', '.join(others[:5])}." if others else ""
    where = f" --backend {settings.backend}" if settings.backend in {"mlx", "ollama"} else ""
    return ModelNotFoundError(
        f"The model {name} is not installed.{have}",
        next_step=f"Get it with `prentice models pull {name}{where}`.",
        details={"model": name, "installed": others[:50]},
    )
