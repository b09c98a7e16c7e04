"""What is found of Ollama: does it run, is it the right address, has it models, which would leave this machine."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from prentice.backends.ollama.backend import OllamaBackend
from prentice.backends.ollama.catalogue import NotRunning, Running
from prentice.backends.ollama.host import DEFAULT_HOST, DEFAULT_PORT
from prentice.backends.ollama.models import Installed
from prentice.backends.openai.backend import OpenAIBackend
from prentice.backends.routing.hosts import ollama_backend
from prentice.config import Settings
from prentice.errors import BackendError, ConfigError, RemoteRefusedError, TimedOutError, WrongServerError
from prentice.skills.doctor.address import end_what_hangs, ollama_is_named, set_ollama
from prentice.skills.doctor.finding import Finding

USUAL: Final = f"http://{DEFAULT_HOST}:{DEFAULT_PORT}"
_NAMED: Final = 3
_DOWNLOAD: Final = "https://ollama.com/download"


async def ollama_findings(settings: Settings, *, usual: str = USUAL) -> list[Finding]:
    """Look at the Ollama that the settings name; `usual` is where it is looked for when it is not there."""
    try:
        backend = ollama_backend(settings)
    except ConfigError as error:
        return [Finding(check="ollama", ok=False, found=error.message, next_step=set_ollama(usual, settings))]
    async with backend:
        match await backend.status():
            case Running() as running:
                try:
                    return _running(running, await backend.installed(), settings)
                except BackendError as error:
                    return [Finding(check="ollama", ok=False, found=error.message, next_step=error.next_step)]
            case NotRunning() as absent:
                return [await _absent(absent, settings, usual=usual)]


def _running(running: Running, installed: Sequence[Installed], settings: Settings) -> list[Finding]:
    usable = [item for item in installed if not item.why_not]
    memory = f", {len(running.loaded)} in memory" if running.loaded else ""
    found = f"version {running.version} at {running.url}, {len(usable)} models that can answer{memory}"
    says = [Finding(check="ollama", ok=bool(usable) or settings.backend != "ollama", found=found)]
    if not usable:
        step = "Get a model with `prentice models pull llama3.2`; `prentice models recommend` says which suits here."
        says = [replace(says[0], next_step=step)]
    away = [item for item in installed if item.refusal is not None]
    if away:
        names = ", ".join(item.info.name for item in away[:_NAMED])
        more = f" and {len(away) - _NAMED} more" if len(away) > _NAMED else ""
        first = away[0]
        assert first.refusal is not None  # noqa: S101 - that is what was asked for
        says.append(
            Finding(
                check="cloud_models",
                ok=True,
                found=f"would run in a cloud, and are refused: {names}{more}",
                next_step=first.refusal.next_step,
            )
        )
    return says


async def _absent(absent: NotRunning, settings: Settings, *, usual: str) -> Finding:
    """Say what is wrong with the address, where a look around tells it, else how to start the server."""
    error = absent.error
    ok = not ollama_is_named(settings) and not isinstance(error, WrongServerError)
    if isinstance(error, RemoteRefusedError | TimedOutError):
        hangs = isinstance(error, TimedOutError)
        step = end_what_hangs(absent.url) if hangs else error.next_step
        return Finding(check="ollama", ok=ok and not hangs, found=error.message, next_step=step)
    parts = urlsplit(absent.url)
    root = f"{parts.scheme}://{parts.netloc}"
    if root != absent.url and await _answers(root, settings):
        return Finding(
            check="ollama",
            ok=False,
            found=f"Ollama answers at {root}, without the {parts.path} at the end of its address",
            next_step=f"{set_ollama(root, settings)}.",
        )
    if absent.url != usual and await _answers(usual, settings):
        return Finding(
            check="ollama",
            ok=False,
            found=f"{error.message} It does run at {usual}.",
            next_step=f"{set_ollama(usual, settings)}.",
        )
    if isinstance(error, WrongServerError) and await _speaks_openai(root, settings):
        return Finding(
            check="ollama",
            ok=False,
            found=f"What answers at {root} is an OpenAI-compatible server, not Ollama.",
            next_step=f"`export PRENTICE_OPENAI_HOST={root}`, and take it out of `ollama.host` or `OLLAMA_HOST`.",
        )
    if isinstance(error, WrongServerError):
        step = (
            f"Another program has its port. Start Ollama on a free one, `OLLAMA_HOST=127.0.0.1:11435 ollama serve`, "
            f"and name that: {set_ollama('http://127.0.0.1:11435', settings)}."
        )
        return Finding(check="ollama", ok=False, found=error.message, next_step=step)
    return Finding(check="ollama", ok=ok, found=error.message, next_step=_start(absent.url, usual=usual))


def _start(url: str, *, usual: str) -> str:
    """Give the command that starts the server where it is looked for."""
    serve = "`ollama serve`" if url == usual else f"`OLLAMA_HOST={urlsplit(url).netloc} ollama serve`"
    return f"Start it with {serve}." if shutil.which("ollama") else f"Install it from {_DOWNLOAD}, then {serve}."


async def _answers(url: str, settings: Settings) -> bool:
    """Whether an Ollama answers at an address."""
    try:
        async with OllamaBackend(url, allowed_hosts=settings.allowed_hosts) as backend:
            return isinstance(await backend.status(), Running)
    except (BackendError, ConfigError):
        return False


async def _speaks_openai(url: str, settings: Settings) -> bool:
    """Whether what answers lists models as OpenAI's interface does; it gets no key."""
    try:
        async with OpenAIBackend(url, allowed_hosts=settings.allowed_hosts) as backend:
            return bool(await backend.models())
    except (BackendError, ConfigError):
        return False
