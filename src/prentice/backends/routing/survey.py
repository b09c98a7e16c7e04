"""What is there: every backend asked at once for its models, each with what is known of it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Final, TypeVar

from prentice.backends.hardware import Hardware, look
from prentice.backends.locality import Locality, full_name
from prentice.backends.probe import PROBE_SECONDS
from prentice.backends.protocol import Backend, ModelInfo
from prentice.backends.routing.candidate import Candidate
from prentice.backends.routing.hosts import SERVERS, Host, hosts_of, is_elsewhere, ollama_backend, opened
from prentice.backends.routing.probes import Probes
from prentice.backends.routing.track_record import Speed, TrackRecord
from prentice.config import Settings
from prentice.errors import BackendError, ConfigError

if TYPE_CHECKING:
    from prentice.backends.ollama.backend import OllamaBackend
    from prentice.backends.ollama.models import Loaded


T = TypeVar("T")

_FIRST_WORD_SECONDS: Final = 2.0
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
    """The models of one backend at one host, which is empty for this process, and the settings for it alone."""

    backend: str
    host: str
    candidates: tuple[Candidate, ...]
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """All that is there: models, backends that are not, the settings for each place that answers, and the machine."""

    candidates: tuple[Candidate, ...] = ()
    absent: tuple[Absent, ...] = ()
    places: Mapping[tuple[str, str], Settings]
    """By backend and host; a place may have no models."""
    hardware: Hardware

    @property
    def answering(self) -> frozenset[str]:
        """The backends of which at least one host answers."""
        return frozenset(backend for backend, _ in self.places)

    def opened(self, candidate: Candidate) -> Backend:
        """Give the backend that serves a model; nothing is sent before its first call."""
        return opened(candidate.backend, self.places[candidate.place])

    def why_absent(self, backend: str) -> str:
        """Say why a backend cannot be used; empty where it can."""
        return next((item.why for item in self.absent if item.backend == backend), "")

    def with_record(self, record: TrackRecord, *, kind: str) -> "Survey":
        """Give the same with what the record says of each model at a kind of work.

        It keeps speeds by the names of models alone: of one that several hosts have, they say nothing of each.
        """
        times = Counter((candidate.backend, candidate.name) for candidate in self.candidates)
        known = tuple(
            replace(
                candidate,
                speed=record.speed(candidate.backend, candidate.name)
                if times[candidate.backend, candidate.name] == 1
                else Speed(),
                outcomes=record.outcomes(candidate.backend, candidate.name, kind=kind),
            )
            for candidate in self.candidates
        )
        return replace(self, candidates=known)


async def survey(
    settings: Settings, *, probes: Probes | None = None, fresh: bool = False, hardware: bool = True
) -> Survey:
    """Ask all hosts of all backends for their models at once; `fresh` asks again those that are known to be silent.

    Without `hardware` the machine is not looked at: asking drivers for their cards can take a second.
    """
    probes = probes or Probes()
    hosts = [host for backend in SERVERS for host in hosts_of(backend, settings)]
    listening = await asyncio.gather(
        *(_guarded(host.backend, _listening(host, probes=probes, fresh=fresh)) for host in hosts)
    )
    awake = [host for host, answer in zip(hosts, listening, strict=True) if answer is None]
    # Imports hold up the event loop: between the first answers and the next, so that no host seems slow by them.
    for name in dict.fromkeys(host.backend for host in awake):
        import_module(f"prentice.backends.{name}.backend")
    answers = await asyncio.gather(
        *(_guarded(host.backend, _within_seconds(host, probes=probes)) for host in awake),
        _guarded("mlx", _mlx_models(settings)),
    )
    found = sorted((item for item in answers if isinstance(item, Found)), key=lambda item: BACKENDS.index(item.backend))
    absent = [item for item in (*listening, *answers) if isinstance(item, Absent)]
    return await _survey(found, absent=absent, hardware=hardware)


async def _survey(found: Sequence[Found], *, absent: Sequence[Absent] = (), hardware: bool = True) -> Survey:
    candidates = tuple(candidate for item in found for candidate in item.candidates)
    return Survey(
        candidates=candidates,
        absent=tuple(sorted(absent, key=lambda item: BACKENDS.index(item.backend))),
        places={(item.backend, item.host): item.settings for item in found},
        hardware=await asyncio.to_thread(look) if candidates and hardware else Hardware(),
    )


async def survey_of(backend: str, settings: Settings) -> Survey:
    """Ask the hosts of the one backend that the user named, without haste.

    Raises:
        BackendError, ConfigError: it cannot be used, at none of its hosts.
    """
    hosts = hosts_of(backend, settings)
    if len(hosts) < 2:
        return await _survey([await models_of(backend, hosts[0].settings if hosts else settings)])
    answers = await asyncio.gather(*(models_of(backend, host.settings) for host in hosts), return_exceptions=True)
    found = [item for item in answers if isinstance(item, Found)]
    for item in answers:
        if isinstance(item, BaseException) and (not found or not isinstance(item, BackendError | ConfigError)):
            raise item
    absent = [
        Absent(backend=backend, why=f"{item.message} {item.next_step}")
        for item in answers
        if isinstance(item, BackendError | ConfigError)
    ]
    return await _survey(found, absent=absent)


async def models_of(backend: str, settings: Settings) -> Found:
    """Give the models of one backend at its first host.

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


async def _listening(host: Host, *, probes: Probes, fresh: bool) -> Absent | None:
    """Say why a host cannot be asked; None where it answers.

    A bare question goes first: the HTTP client takes longer to import than all the rest of a plan without a model.
    """
    url = host.url
    known = None if fresh else probes.silent_since(url)
    locality = Locality(allowed_hosts=host.settings.allowed_hosts)
    if await probes.answers(url, path=host.question, locality=locality, fresh=fresh):
        return None
    says = f"Nothing answers at {url}." if known is None else f"Nothing answered at {url} {known:.0f} s ago."
    return Absent(backend=host.backend, why=f"{says} {host.mending}")


async def _within_seconds(host: Host, *, probes: Probes) -> Found | Absent:
    """Give the models of a server that accepted a connection, unless it then says nothing."""
    seconds = _FIRST_WORD_SECONDS if host.backend == "ollama" else _LIST_SECONDS
    try:
        if host.backend == "ollama":
            server = ollama_backend(host.settings)
            try:
                async with asyncio.timeout(seconds):
                    await server.version()
            finally:
                await server.close()
            return await models_of(host.backend, host.settings)
        async with asyncio.timeout(seconds):
            return await models_of(host.backend, host.settings)
    except TimeoutError:
        probes.keep_silent(host.url)
        return Absent(backend=host.backend, why=f"What listens at {host.url} did not answer within {seconds:g} s.")


async def _ollama_models(settings: Settings) -> Found:
    backend = ollama_backend(settings)
    try:
        installed = await backend.installed()
        resident = await _resident(backend)
    finally:
        # Connections belong to the event loop that opened them; the caller may run the call in another.
        await backend.close()
    elsewhere = is_elsewhere(backend.url)
    candidates = []
    for item in installed:
        held = resident.get(full_name(item.info.name))
        candidates.append(
            Candidate(
                info=item.info,
                refusal=item.why_not,
                elsewhere=elsewhere,
                resident=held is not None,
                loaded_context=held.context if held else None,
                cache_per_token=item.cache_per_token,
            )
        )
    return Found(backend="ollama", host=backend.url, candidates=tuple(candidates), settings=settings)


async def _resident(backend: "OllamaBackend") -> "dict[str, Loaded]":
    """Give the models in memory by name; none where the server cannot tell, or not soon."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return {full_name(item.name): item for item in await backend.loaded()}
    except (BackendError, TimeoutError):
        return {}


async def _mlx_models(settings: Settings) -> Found:
    from prentice.backends.mlx.runtime import check_installed  # noqa: PLC0415 - looks for packages, imports none

    check_installed()
    from prentice.backends.mlx.opening import opened as mlx  # noqa: PLC0415 - only where MLX is installed

    # Its decoder lets through nothing but what the schema allows, for any weights.
    candidates = tuple(
        Candidate(
            info=held.info,
            structured=True,
            resident=held.resident,
            warm=held.warm,
            cache_per_token=held.cache_per_token,
        )
        for held in await mlx(settings).held()
    )
    return Found(backend="mlx", host="", candidates=candidates, settings=settings)


async def _openai_models(settings: Settings) -> Found:
    from prentice.backends.openai.opening import opened as openai  # noqa: PLC0415 - brings the HTTP client with it

    backend = openai(settings)
    try:
        models = await backend.probed()
    finally:
        await backend.close()
    elsewhere = is_elsewhere(backend.url)
    candidates = tuple(Candidate(info=info, elsewhere=elsewhere, structured=held) for info, held in models)
    return Found(backend="openai", host=backend.url, candidates=candidates, settings=settings)


def same_model(info: ModelInfo, name: str) -> bool:
    """Whether a model is the one that a name means; Ollama reads a name without a tag as `:latest`."""
    return full_name(info.name) == full_name(name) if info.backend == "ollama" else info.name == name
