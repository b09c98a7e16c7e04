"""Where a server's address came from, and the words that set it to another."""

import os
from typing import Final
from urllib.parse import urlsplit

from prentice.config import Settings

FIRST_WORD_SECONDS: Final = 2.0
"""How long the doctor waits for a server to begin an answer; one that works for others takes some milliseconds."""


def end_what_hangs(url: str) -> str:
    """Say how to find and end a program that has a port and does not answer there."""
    return f"`lsof -i :{urlsplit(url).port or 80}` names the program that has the port: end it, and start the server."


def ollama_is_named(settings: Settings) -> bool:
    """Whether the user said where Ollama is, or that it shall answer: then its absence is a fault."""
    return settings.backend == "ollama" or bool(settings.ollama_host or os.environ.get("OLLAMA_HOST", "").strip())


def set_ollama(url: str, settings: Settings) -> str:
    """Say how Ollama's address is corrected, at the place where it was set."""
    if settings.ollama_host and settings.ollama_host in settings.ollama_further_hosts:
        return _replace(url, settings.ollama_host, key="ollama.further_hosts")
    return _set(url, settings.ollama_host, key="ollama.host", own="PRENTICE_OLLAMA_HOST", variable="OLLAMA_HOST")


def set_openai(url: str, settings: Settings) -> str:
    """Say how the address of the OpenAI-compatible server is corrected, at the place where it was set."""
    if settings.openai_host and settings.openai_host in settings.openai_further_hosts:
        return _replace(url, settings.openai_host, key="openai.further_hosts")
    return _set(url, settings.openai_host, key="openai.host", own="PRENTICE_OPENAI_HOST", variable="OPENAI_BASE_URL")


def _replace(url: str, setting: str, *, key: str) -> str:
    table, _, name = key.partition(".")
    return f'In the settings, under `[{table}]`: `"{url}"` in the place of `"{setting}"` in `{name}`'


def _set(url: str, setting: str, *, key: str, own: str, variable: str) -> str:
    if not setting:
        return f"`export {variable}={url}`"
    if os.environ.get(own) == setting:
        return f"`export {own}={url}`"
    table, _, name = key.partition(".")
    return f'In the settings, under `[{table}]`: `{name} = "{url}"`'
