"""What counts as this machine, and the refusal of everything else.

Covered: the host of each connection, redirects, a server that forwards a model to a cloud, by the model's name, by the
server's catalogue and by the reply itself. Not covered: a local server that lies about all three.
"""

import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from prentice.errors import RemoteRefusedError

REMOTE_KEYS: Final = ("remote_host", "remote_model")
"""Fields by which Ollama's catalogue and replies tell that a model runs elsewhere (`api/types.go`, v0.24.0)."""

_CLOUD_SUFFIXES: Final = (":cloud", "-cloud")


@dataclass(frozen=True, slots=True, kw_only=True)
class Locality:
    """The user's permissions: hosts (`name` or `name:port`) and models that may lie outside this machine."""

    allowed_hosts: tuple[str, ...] = ()
    allowed_remote_models: tuple[str, ...] = ()

    def check_host(self, host: str, *, port: int | None = None) -> None:
        """Let a host pass that is this machine, or that the user listed.

        Raises:
            RemoteRefusedError: it is neither.
        """
        allowed = {item.strip().casefold().rstrip(".") for item in self.allowed_hosts}
        name = host.casefold().rstrip(".").strip("[]")
        if is_loopback(name) or name in allowed or f"[{name}]" in allowed or f"{name}:{port}" in allowed:
            return
        raise RemoteRefusedError(
            f"The host {host} is not this machine, and prompts stay on this machine.",
            next_step=f'To allow it, add it to the settings: `[locality]` `allowed_hosts = ["{name}"]`.',
            details={"host": host},
        )

    def check_name(self, model: str) -> None:
        """Let a model's name pass unless it is spelled like a cloud model and not allowed.

        Raises:
            RemoteRefusedError: names ending in `:cloud` or `-cloud` are sent to a cloud by Ollama.
        """
        if model.casefold().endswith(_CLOUD_SUFFIXES) and not self.allows_model(model):
            raise _remote_model(model, "its name is that of a cloud model")

    def check_entry(self, entry: Mapping[str, object], *, model: str) -> None:
        """Let a catalogue entry or a reply pass that does not tell of another host.

        Raises:
            RemoteRefusedError: `remote_host` or `remote_model` is set, and the model is not allowed by name.
        """
        told = [str(entry[key]) for key in REMOTE_KEYS if entry.get(key)]
        if told and not self.allows_model(model):
            raise _remote_model(model, f"the server forwards it to {' as '.join(told)}")

    def allows_model(self, model: str) -> bool:
        """Whether the user allowed this model by name to run elsewhere (`name` means `name:latest`)."""
        return full_name(model) in {full_name(item) for item in self.allowed_remote_models}


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its address, or is `localhost` where that leads to this machine alone."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" and _localhost_is_local()
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def full_name(model: str) -> str:
    """Give a model's name with its tag: Ollama reads a name without one as `:latest`."""
    name = model.strip().casefold()
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def _localhost_is_local() -> bool:
    try:
        found = socket.getaddrinfo("localhost", None, type=socket.SOCK_STREAM)
    except OSError:
        return True  # nothing to connect to
    return all(ipaddress.ip_address(str(item[4][0]).partition("%")[0]).is_loopback for item in found)


def _remote_model(model: str, why: str) -> RemoteRefusedError:
    return RemoteRefusedError(
        f"The model {model} does not run on this machine: {why}.",
        next_step="Choose a local model (`ollama list`), or allow this one in the settings: "
        f'`[locality]` `allowed_remote_models = ["{model}"]`.',
        details={"model": model},
    )
