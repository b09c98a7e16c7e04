"""What is there: every backend asked at once for its models, each with what is known of it."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urlsplit

from prentice.backends.hardware import Hardware, look
from prentice.backends.locality import Locality, canonical, full_name, is_loopback
from prentice.backends.probe import PROBE_SECONDS
from prentice.backends.protocol import Backend, ModelInfo
from prentice.backends.routing.candidate import Candidate
from prentice.backends.routing.probes import Probes
from prentice.backends.routing.track_record import TrackRecord
from prentice.config import Settings
from prentice.errors import BackendError, ConfigError

if TYPE_CHECKING:
    from prentice.backends.ollama.backend import OllamaBackend


T = TypeVar("T")

_FIRST_WORD_SECONDS: Final = 1.0
"""How long a server that accepted the connection may take for its version, which it does not have to look up."""

_LIST_SECONDS: Final = 5.0
"""How long a server that accepted the connection may take to list its models."""

BACKENDS: Final = ("ollama", "mlx", "openai")


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """A backend that cannot be used now, and why, with what mends it."""

    backend: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The models of one backend, and how to open it."""

    candidates: tuple[Candidate, ...]
    open: Callable[[], Backend]


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """All that is there: models, backends that are not, ways to open those that are, and the machine."""

    candidates: tuple[Candidate, ...] = ()
    absent: tuple[Absent, ...] = ()
    openers: Mapping[str, Callable[[], Backend]]
    hardware: Hardware

    def why_absent(self, backend: str) -> str:
        """Say why a backend cannot be used; empty where it can."""
        return next((item.why for item in self.absent if item.backend == backend), "")

    def with_record(self, record: TrackRecord, *, kind: str) -> "Survey":
        """Give the same with what the record says of each model at a kind of work."""
        known = tuple(
            replace(
                candidate,
                speed=record.speed(candidate.backend, candidate.name),
                outcomes=record.outcomes(candidate.backend, candidate.name, kind=kind),
            )
            for candidate in self.candidates
        )
        return replace(self, candidates=known)


async def survey(
    settings: Settings, *, probes: Probes | None = None, fresh: bool = False, hardware: bool = True
) -> Survey:
    """Ask all backends for their models at once; `fresh` asks hosts again that are known to be silent.

    Without `hardware` the machine is not looked at: asking drivers for their cards can take a second.
    """
    probes = probes or Probes()
    hosts = await asyncio.gather(
        _guarded("ollama", _host("ollama", settings, probes=probes, fresh=fresh)),
        _guarded("openai", _host("openai", settings, probes=probes, fresh=fresh)),
    )
    urls = {name: url for name, url in zip(("ollama", "openai"), hosts, strict=True) if isinstance(url, str)}
    # Imports hold up the event loop: between the first answers and the next, so that no host seems slow by them.
    for name in urls:
        import_module(f"prentice.backends.{name}.backend")
    listed = await asyncio.gather(
        _guarded("mlx", models_of("mlx", settings)),
        *(_guarded(name, _within_seconds(name, url, settings, probes=probes)) for name, url in urls.items()),
    )
    answers = dict(zip(("mlx", *urls), listed, strict=True))
    answers |= {host.backend: host for host in hosts if isinstance(host, Absent)}
    found = {name: answer for name in BACKENDS if isinstance(answer := answers.get(name), Found)}
    candidates = tuple(candidate for answer in found.values() for candidate in answer.candidates)
    return Survey(
        candidates=candidates,
        absent=tuple(answer for name in BACKENDS if isinstance(answer := answers.get(name), Absent)),
        openers={name: answer.open for name, answer in found.items()},
        hardware=await asyncio.to_thread(look) if candidates and hardware else Hardware(),
    )


async def survey_of(backend: str, settings: Settings) -> Survey:
    """Ask the one backend that the user named, without haste.

    Raises:
        BackendError, ConfigError: it cannot be used.
    """
    found = await models_of(backend, settings)
    machine = await asyncio.to_thread(look) if found.candidates else Hardware()
    return Survey(candidates=found.candidates, openers={backend: found.open}, hardware=machine)


async def models_of(backend: str, settings: Settings) -> Found:
    """Give the models of one backend.

    Raises:
        BackendError, ConfigError: it cannot be used.
    """
    if backend == "mlx":
        return await _mlx_models(settings)
    return await (_ollama_models(settings) if backend == "ollama" else _openai_models(settings))


async def _guarded(backend: str, answer: Awaitable[T | Absent]) -> T | Absent:
    try:
        return await answer
    except (BackendError, ConfigError) as error:
        return Absent(backend=backend, why=f"{error.message} {error.next_step}")


async def _host(backend: str, settings: Settings, *, probes: Probes, fresh: bool) -> str | Absent | None:
    """Give the address of a server that accepts connections; None where the user has named none.

    A bare connection goes first: the HTTP client takes longer to import than all the rest of a plan without a model.
    """
    if backend == "ollama":
        from prentice.backends.ollama.host import configured_url  # noqa: PLC0415 - light, but of one backend

        url, mend = configured_url(settings.ollama_host), "Start Ollama with `ollama serve`."
    else:
        from prentice.backends.openai import address  # noqa: PLC0415 - as above

        if not settings.openai_host and not os.environ.get(address.VARIABLE, "").strip():
            return None
        url, mend = address.configured_url(settings.openai_host), "Start the server, or correct `openai.host`."
    known = None if fresh else probes.silent_since(url)
    if await probes.listens(url, locality=Locality(allowed_hosts=settings.allowed_hosts), fresh=fresh):
        return url
    says = f"Nothing answers at {url}." if known is None else f"Nothing answered at {url} {known:.0f} s ago."
    return Absent(backend=backend, why=f"{says} {mend}")


async def _within_seconds(backend: str, url: str, settings: Settings, *, probes: Probes) -> Found | Absent:
    """Give the models of a server that accepted a connection, unless it then says nothing."""
    seconds = _FIRST_WORD_SECONDS if backend == "ollama" else _LIST_SECONDS
    try:
        if backend == "ollama":
            server = ollama_backend(settings)
            try:
                async with asyncio.timeout(seconds):
                    await server.version()
            finally:
                await server.close()
            return await models_of(backend, settings)
        async with asyncio.timeout(seconds):
            return await models_of(backend, settings)
    except TimeoutError:
        probes.keep_silent(url)
        return Absent(backend=backend, why=f"What listens at {url} did not answer within {seconds:g} s.")


async def _ollama_models(settings: Settings) -> Found:
    backend = ollama_backend(settings)
    try:
        installed = await backend.installed()
        resident = await _resident(backend)
    finally:
        # Connections belong to the event loop that opened them; the caller may run the call in another.
        await backend.close()
    elsewhere = _elsewhere(backend.url)
    return Found(
        candidates=tuple(
            Candidate(
                info=item.info,
                refusal=item.why_not,
                elsewhere=elsewhere,
                resident=full_name(item.info.name) in resident,
            )
            for item in installed
        ),
        open=lambda: ollama_backend(settings),
    )


def ollama_backend(settings: Settings) -> "OllamaBackend":
    """Give Ollama's backend as the settings want it; nothing is sent before its first call.

    Raises:
        ConfigError: its host is no address.
    """
    from prentice.backends.ollama.backend import OllamaBackend  # noqa: PLC0415 - brings the HTTP client with it

    return OllamaBackend(
        settings.ollama_host,
        keep_alive=settings.ollama_keep_alive,
        allowed_hosts=settings.allowed_hosts,
        allowed_remote_models=settings.allowed_remote_models,
        load_seconds=settings.load_seconds,
        max_in_flight=settings.ollama_max_in_flight,
    )


async def _resident(backend: "OllamaBackend") -> frozenset[str]:
    """Give the names of the models in memory; none where the server cannot tell, or not soon."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return frozenset(full_name(item.name) for item in await backend.loaded())
    except (BackendError, TimeoutError):
        return frozenset()


async def _mlx_models(settings: Settings) -> Found:
    from prentice.backends.mlx.runtime import check_installed  # noqa: PLC0415 - looks for packages, imports none

    check_installed()
    from prentice.backends.mlx.opening import opened  # noqa: PLC0415 - only where MLX is installed

    models = await opened(settings).models()
    # Its decoder lets through nothing but what the schema allows, for any weights.
    return Found(
        candidates=tuple(Candidate(info=info, structured=True) for info in models), open=lambda: opened(settings)
    )


async def _openai_models(settings: Settings) -> Found:
    from prentice.backends.openai.opening import opened  # noqa: PLC0415 - brings the HTTP client with it

    backend = opened(settings)
    try:
        models = await backend.models()
    finally:
        await backend.close()
    elsewhere = _elsewhere(backend.url)
    return Found(
        candidates=tuple(Candidate(info=info, elsewhere=elsewhere) for info in models), open=lambda: opened(settings)
    )


def _elsewhere(url: str) -> bool:
    return not is_loopback(canonical(urlsplit(url).hostname or ""))


def same_model(info: ModelInfo, name: str) -> bool:
    """Whether a model is the one that a name means; Ollama reads a name without a tag as `:latest`."""
    return full_name(info.name) == full_name(name) if info.backend == "ollama" else info.name == name
