"""Which backend and model answer: what the user says, else what is there on this machine.

An explicit choice, of a backend or of a model, is never replaced by another. With `auto` and no model named, a running
Ollama with a usable model comes first, and the built-in rules take over where there is none; the choice says why, and
why not the others.
"""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from prentice.backends.hardware import available_memory
from prentice.backends.locality import Locality, full_name
from prentice.backends.ollama.host import configured_url
from prentice.backends.preference import rank, why_after
from prentice.backends.probe import PROBE_SECONDS, listens
from prentice.backends.protocol import Backend, ModelInfo
from prentice.config import Settings
from prentice.errors import BackendError, ConfigError, ModelUnsupportedError, UsageError

if TYPE_CHECKING:
    from prentice.backends.ollama.backend import OllamaBackend
    from prentice.backends.ollama.models import Installed

NAMES: Final = ("auto", "ollama", "mlx", "builtin", "scripted:FILE")
_SCRIPTED: Final = "scripted:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A backend to use (as a context manager), the model to name in requests, and the reasons in plain words."""

    backend: Backend
    model: str
    reason: str
    considered: tuple[tuple[str, str], ...] = ()
    """What was not chosen, each with the reason against it."""


async def choose(settings: Settings, *, purpose: str) -> Choice:
    """Choose a backend and a model for a purpose such as `breakdown`.

    Raises:
        UsageError: no backend has this name.
        ConfigError: the host of Ollama or the script makes no sense.
        BackendError: the backend that was asked for by name cannot be used, or it lacks the model asked for.
    """
    name = settings.backend
    if name == "builtin":
        return _builtin("`--backend builtin` was asked for")
    if name == "ollama" or (name == "auto" and settings.model):
        return await _ollama(settings, purpose=purpose)
    if name == "mlx":
        return await _mlx(settings, purpose=purpose)
    if name.startswith(_SCRIPTED):
        from prentice.backends.scripted import ScriptedBackend  # noqa: PLC0415 - only for who plays a script

        model = settings.model or "scripted"
        return Choice(backend=ScriptedBackend(name.removeprefix(_SCRIPTED)), model=model, reason=f"`{name}` plays")
    if name != "auto":
        raise UsageError(
            f"There is no backend named {name!r}.", next_step=f"Use one of {', '.join(f'`{item}`' for item in NAMES)}."
        )
    return await _auto(settings, purpose=purpose)


async def _auto(settings: Settings, *, purpose: str) -> Choice:
    why_not = await _why_no_ollama(settings)
    if why_not:
        return _builtin(f"no Ollama can be used: {why_not}", considered=(("ollama", why_not),))
    try:
        return await _ollama(settings, purpose=purpose, memory_decides=True)
    except _NoUsableModelError as nothing:
        return _builtin(nothing.reason, considered=nothing.considered)


async def _why_no_ollama(settings: Settings) -> str:
    """Say in a sentence why there is no Ollama to use; empty if there is one."""
    try:
        url = configured_url(settings.ollama_host)
        # A bare connection first: the HTTP client takes longer to import than all the rest of a plan without a model.
        if not await listens(url, locality=Locality(allowed_hosts=settings.allowed_hosts), seconds=PROBE_SECONDS):
            return f"Nothing answers at {url}. Start Ollama with `ollama serve`."
        backend = _opened(settings)
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await backend.version()
        finally:
            await backend.close()
    except (BackendError, ConfigError) as error:
        return f"{error.message} {error.next_step}"
    except TimeoutError:
        return f"What listens at {url} did not answer within {PROBE_SECONDS:g} s."
    return ""


async def _ollama(settings: Settings, *, purpose: str, memory_decides: bool = False) -> Choice:
    backend = _opened(settings)
    try:
        installed = await backend.installed()
    finally:
        # Connections belong to the event loop that opened them; the caller may run the call in another.
        await backend.close()
    refused = tuple((item.info.name, item.why_not) for item in installed if item.why_not)
    if settings.model:
        return _named(settings.model, installed, backend=backend, allowed=settings.allowed_remote_models)
    usable = [item.info for item in installed if not item.why_not]
    if not usable:
        if memory_decides:
            raise _NoUsableModelError("Ollama has no model that can answer; `ollama pull llama3.2` gets one", refused)
        from prentice.backends.ollama.errors import no_model  # noqa: PLC0415 - with Ollama only

        raise no_model(backend.url)
    return _best(usable, backend=backend, purpose=purpose, refused=refused, memory_decides=memory_decides)


def _named(model: str, installed: "list[Installed]", *, backend: "OllamaBackend", allowed: tuple[str, ...]) -> Choice:
    from prentice.backends.ollama.errors import model_not_found  # noqa: PLC0415 - with Ollama only

    Locality(allowed_remote_models=allowed).check_name(model)
    for item in installed:
        if full_name(item.info.name) == full_name(model):
            if item.refusal is not None:
                raise item.refusal
            if item.why_not:
                raise ModelUnsupportedError(
                    f"The model {model} cannot be used: {item.why_not}",
                    next_step="Choose another with `--model`; `ollama list` shows those installed.",
                )
            others = tuple(
                (other.info.name, other.why_not or "another was asked for") for other in installed if other is not item
            )
            return Choice(backend=backend, model=item.info.name, reason=f"{model} was asked for", considered=others)
    raise model_not_found(model, installed=[item.info.name for item in installed if not item.why_not])


def _best(
    usable: list[ModelInfo],
    *,
    backend: "OllamaBackend",
    purpose: str,
    refused: tuple[tuple[str, str], ...],
    memory_decides: bool,
) -> Choice:
    ranking = rank(usable, memory=available_memory())
    too_large = tuple((info.name, why) for info, why in ranking.too_large)
    if ranking.fitting:
        best, *others = ranking.fitting
        reason = f"{best.name} is the best installed model for {purpose} that fits the memory"
        after = tuple((info.name, why_after(info, best)) for info in others)
        return Choice(backend=backend, model=best.name, reason=reason, considered=after + too_large + refused)
    if memory_decides:
        raise _NoUsableModelError("no installed model fits the memory", too_large + refused)
    smallest = min(usable, key=lambda info: info.size_bytes or 0)
    return Choice(
        backend=backend,
        model=smallest.name,
        reason=f"{smallest.name} is the smallest of the installed models, none of which fits the memory",
        considered=tuple(item for item in too_large if item[0] != smallest.name) + refused,
    )


async def _mlx(settings: Settings, *, purpose: str) -> Choice:
    from prentice.backends.mlx.opening import opened  # noqa: PLC0415 - only for who uses MLX

    backend = opened(settings)
    if settings.model:
        await backend.check(settings.model)
        return Choice(backend=backend, model=settings.model, reason=f"{settings.model} was asked for")
    ranking = rank(await backend.models(), memory=available_memory())
    too_large = tuple((info.name, why) for info, why in ranking.too_large)
    if not ranking.fitting:
        await backend.check("")
    best, *others = ranking.fitting
    reason = f"{best.name} is the best MLX model on this machine for {purpose} that fits the memory"
    after = tuple((info.name, why_after(info, best)) for info in others)
    return Choice(backend=backend, model=best.name, reason=reason, considered=after + too_large)


class _NoUsableModelError(Exception):
    """Ollama runs, but none of its models can be used; `auto` goes on without it."""

    def __init__(self, reason: str, considered: tuple[tuple[str, str], ...]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.considered = considered or (("ollama", reason),)


def _builtin(reason: str, *, considered: tuple[tuple[str, str], ...] = ()) -> Choice:
    from prentice.backends.builtin import MODEL, BuiltinBackend  # noqa: PLC0415 - not needed with a model

    return Choice(backend=BuiltinBackend(), model=MODEL, reason=reason, considered=considered)


def _opened(settings: Settings) -> "OllamaBackend":
    from prentice.backends.ollama.backend import OllamaBackend  # noqa: PLC0415 - brings the HTTP client with it

    return OllamaBackend(
        settings.ollama_host,
        keep_alive=settings.ollama_keep_alive,
        allowed_hosts=settings.allowed_hosts,
        allowed_remote_models=settings.allowed_remote_models,
        load_seconds=settings.load_seconds,
    )
