"""The hosts of each backend that the settings name, and the settings as they are for one of them alone."""

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from prentice.backends.locality import canonical, is_loopback
from prentice.config import Settings

if TYPE_CHECKING:
    from prentice.backends.ollama.backend import OllamaBackend
    from prentice.backends.protocol import Backend

SERVERS: Final = ("ollama", "openai")
"""The backends that are servers; MLX runs in this process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One server as it was named, which may be empty for the usual place of Ollama. `settings` are for it alone."""

    backend: str
    named: str
    settings: Settings

    @property
    def url(self) -> str:
        """Its address.

        Raises:
            ConfigError: what was named is no address.
        """
        if self.backend == "ollama":
            from prentice.backends.ollama.host import configured_url  # noqa: PLC0415 - light, but of one backend

            return configured_url(self.named)
        from prentice.backends.openai import address  # noqa: PLC0415 - as above

        return address.configured_url(self.named)

    @property
    def question(self) -> str:
        """The path of a question that any such server answers at once, also while it works."""
        return "/api/version" if self.backend == "ollama" else "/health"

    @property
    def mending(self) -> str:
        """What to do where nothing answers."""
        if self.backend == "openai":
            key = "further_hosts" if self.named in self.settings.openai_further_hosts else "host"
            return f"Start the server, or correct `openai.{key}`."
        serve = (
            "ollama serve" if self.url.endswith(":11434") else f"OLLAMA_HOST={urlsplit(self.url).netloc} ollama serve"
        )
        return f"Start Ollama with `{serve}`."


def hosts_of(backend: str, settings: Settings) -> tuple[Host, ...]:
    """Give the servers of a backend that are named, the first of them first; none for MLX."""
    if backend == "ollama":
        further = settings.ollama_further_hosts
        named = list(dict.fromkeys((settings.ollama_host, *further)))
        return tuple(
            Host(
                backend=backend,
                named=host,
                settings=replace(
                    settings, ollama_host=host, ollama_further_hosts=(host,) if host and host in further else ()
                ),
            )
            for host in named
        )
    if backend != "openai":
        return ()
    from prentice.backends.openai.address import VARIABLE  # noqa: PLC0415 - light, but of one backend

    first = settings.openai_host or os.environ.get(VARIABLE, "").strip()
    further = settings.openai_further_hosts
    return tuple(
        Host(
            backend=backend,
            named=host,
            settings=replace(
                settings,
                openai_host=host,
                openai_further_hosts=(host,) if host in further else (),
                # The key of the first server is not for another one; a keyring has a key for each.
                openai_key_variable=settings.openai_key_variable if host == first else "",
            ),
        )
        for host in dict.fromkeys((first, *further))
        if host
    )


def ollama_backend(settings: Settings) -> "OllamaBackend":
    """Give the backend of the first Ollama that the settings name; nothing is sent before its first call.

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


def opened(backend: str, settings: Settings) -> "Backend":
    """Give the backend of the first host that the settings name.

    Raises:
        ConfigError: its host is no address, or none is named.
    """
    if backend == "ollama":
        return ollama_backend(settings)
    if backend == "mlx":
        from prentice.backends.mlx.opening import opened as mlx  # noqa: PLC0415 - only for who uses MLX

        return mlx(settings)
    from prentice.backends.openai.opening import opened as openai  # noqa: PLC0415 - brings the HTTP client with it

    return openai(settings)


def is_elsewhere(url: str) -> bool:
    """Whether an address is that of another machine."""
    return not is_loopback(canonical(urlsplit(url).hostname or ""))
