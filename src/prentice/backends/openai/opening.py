"""The backend for OpenAI-compatible servers as the settings want it."""

from typing import Final

from prentice.backends.openai.backend import OpenAIBackend
from prentice.backends.openai.findings import FindingsInMemory, kept
from prentice.config import Settings

_FINDINGS: Final = FindingsInMemory()
"""What this process found out of servers, where no record keeps it; a backend lives for one piece of work only."""


def opened(settings: Settings) -> OpenAIBackend:
    """Give the backend; nothing is sent before its first call.

    Raises:
        ConfigError: no server is named, or its address makes no sense.
    """
    return OpenAIBackend(
        settings.openai_host,
        key_variable=settings.openai_key_variable,
        keyring=settings.openai_keyring,
        allowed_hosts=settings.allowed_hosts,
        allowed_remote_models=settings.allowed_remote_models,
        load_seconds=settings.load_seconds,
        max_in_flight=settings.openai_max_in_flight,
        findings=kept() or _FINDINGS,
    )
