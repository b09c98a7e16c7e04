"""What is found of the OpenAI-compatible server: does it answer, is it the right address, does it want a key."""

import os
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from prentice.backends.locality import Locality
from prentice.backends.openai.address import VARIABLE, configured_url
from prentice.backends.openai.backend import OpenAIBackend
from prentice.backends.openai.opening import opened
from prentice.backends.probe import listens, speaks
from prentice.config import Settings
from prentice.errors import (
    BackendError,
    BackendUnreachableError,
    ConfigError,
    KeyRefusedError,
    PrenticeError,
    TimedOutError,
    WrongServerError,
)
from prentice.skills.doctor.address import FIRST_WORD_SECONDS, end_what_hangs, set_openai
from prentice.skills.doctor.finding import Finding

USUAL: Final = (
    "http://127.0.0.1:1234", "http://127.0.0.1:8080", "http://127.0.0.1:8000", "http://127.0.0.1:12434/engines",
    "http://127.0.0.1:4000",
)  # fmt: skip
"""Where LM Studio, llama-server and mlx_lm.server, vLLM, Docker Model Runner and LiteLLM listen by themselves."""

_PATHS: Final = ("", "/engines", "/api", "/openai")


async def openai_findings(settings: Settings, *, usual: Sequence[str] = USUAL) -> list[Finding]:
    """Look at the server that the settings name; nothing is said where they name none and none was asked for."""
    if not (settings.openai_host or os.environ.get(VARIABLE, "").strip()) and settings.backend != "openai":
        return []
    try:
        async with opened(settings) as backend:
            await _listening(backend.url, settings)
            models = await backend.models()
    except (BackendError, ConfigError) as error:
        return [await _wrong(error, settings, usual=usual)]
    step = "" if models else "Load a model in the server, for instance with `lms load` in LM Studio."
    found = f"{backend.url} serves {len(models)} models"
    return [Finding(check="openai", ok=bool(models), found=found, next_step=step)]


async def _listening(url: str, settings: Settings) -> None:
    """Find out soon that nothing listens, or that what listens says nothing, where a call would take its time.

    Raises:
        BackendUnreachableError: nothing listens there.
        TimedOutError: what listens says nothing.
        RemoteRefusedError: it is not this machine, and not allowed.
    """
    locality = Locality(allowed_hosts=settings.allowed_hosts)
    if not await listens(url, locality=locality):
        raise BackendUnreachableError(f"Nothing answers at {url}.", next_step="Start the server.")
    if not await speaks(url, path="/health", locality=locality, seconds=FIRST_WORD_SECONDS):
        raise TimedOutError(
            f"What listens at {url} says nothing for {FIRST_WORD_SECONDS:g} s.", next_step=end_what_hangs(url)
        )


async def _wrong(error: PrenticeError, settings: Settings, *, usual: Sequence[str]) -> Finding:
    step = error.next_step
    if isinstance(error, KeyRefusedError):
        step = _key(settings)
    elif isinstance(error, WrongServerError | BackendUnreachableError | ConfigError):
        other = await _elsewhere(settings, usual=usual, near=isinstance(error, WrongServerError))
        if other:
            step = f"One answers at {other}: {set_openai(other, settings)}."
        elif isinstance(error, BackendUnreachableError):
            step = (
                "Start the server: `lms server start` (LM Studio), `llama-server -m FILE`, `vllm serve MODEL` or "
                "`mlx_lm.server --model MODEL`; or correct its address: "
                f"{set_openai('http://127.0.0.1:PORT', settings)}."
            )
    return Finding(check="openai", ok=False, found=error.message, next_step=step)


def _key(settings: Settings) -> str:
    """Say where the server's key belongs; the variable is for the first server alone."""
    if variable := settings.openai_key_variable:
        return f"`export {variable}=KEY` with the server's key; `openai.keyring` takes it from the keyring instead."
    service, account = settings.openai_keyring or "prentice", urlsplit(configured_url(settings.openai_host)).netloc
    named = "" if settings.openai_keyring else f'; in the settings, under `[openai]`: `keyring = "{service}"`'
    return f"`keyring set {service} {account}` with the server's key{named}."


async def _elsewhere(settings: Settings, *, usual: Sequence[str], near: bool) -> str:
    """Give an address where such a server answers: another path of the same one, or one of the usual; else empty."""
    places = list(usual)
    if near:
        parts = urlsplit(configured_url(settings.openai_host))
        places = [f"{parts.scheme}://{parts.netloc}{path}" for path in _PATHS] + places
    for place in places:
        try:
            await _listening(place, settings)
            async with OpenAIBackend(place, allowed_hosts=settings.allowed_hosts) as backend:
                await backend.models()
        except KeyRefusedError:
            return place
        except (BackendError, ConfigError):
            continue
        return place
    return ""
