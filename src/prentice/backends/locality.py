"""What counts as this machine, and the refusal of everything else.

Covered: the host of each connection, what `localhost` leads to, redirects, proxies, a server that forwards a model to
a cloud, by the model's name, by the server's catalogue and by the reply itself. Not covered: a local server that lies
about all three.
"""

import ipaddress
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from prentice.config import user_file
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

        Only an address in its plain spelling is this machine, and `localhost` where that leads to nothing else. Other
        spellings (`127.1`, `2130706433`, `0177.0.0.1`) are read in different ways by different programs, and a name
        that leads to this machine now may lead elsewhere at the next look-up: both have to be listed.

        Raises:
            RemoteRefusedError: it is neither.
        """
        name = canonical(host)
        allowed = {_listed(item) for item in self.allowed_hosts}
        if is_loopback(name) or (name, None) in allowed or (name, port) in allowed:
            return
        raise RemoteRefusedError(
            f"The host {host or '(none)'} is not this machine, and prompts stay on this machine.",
            next_step=f"To allow it: {permission('allowed_hosts', host.strip().casefold().strip('[]'))}.",
            details={"host": host},
        )

    def check_proxy(self, host: str, *, port: int | None, target: str) -> None:
        """Let a proxy pass that is this machine, or that the user listed: it can read what goes through it.

        Raises:
            RemoteRefusedError: it is neither.
        """
        try:
            self.check_host(host, port=port)
        except RemoteRefusedError as refusal:
            raise RemoteRefusedError(
                f"The environment sends what is for {target} through the proxy {host}, which is not allowed.",
                next_step=f"To go without it, set `NO_PROXY={target}`. {refusal.next_step}",
                details=refusal.details,
            ) from None

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


def canonical(host: str) -> str:
    """Give a host in one spelling: small letters, no brackets, no dot at the end, the short form of an address."""
    name = host.strip().casefold().rstrip(".").strip("[]")
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its address, or is `localhost` where that leads to this machine alone."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" and localhost_addresses() is not None
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def localhost_addresses() -> tuple[str, ...] | None:
    """Give the addresses that `localhost` has here; None if one of them is not of this machine."""
    try:
        found = socket.getaddrinfo("localhost", None, type=socket.SOCK_STREAM)
    except OSError:
        return ()  # nothing to connect to
    addresses = tuple(dict.fromkeys(str(item[4][0]).partition("%")[0] for item in found))
    return addresses if all(ipaddress.ip_address(item).is_loopback for item in addresses) else None


def full_name(model: str, *, fold: bool = True) -> str:
    """Give a model's name with its tag: Ollama reads a name without one as `:latest`; `fold` makes letters small."""
    name = model.strip().casefold() if fold else model.strip()
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def _listed(item: str) -> tuple[str, int | None]:
    """Take an entry of `allowed_hosts` apart; only `name:port` and `[address]:port` carry a port."""
    text = item.strip()
    head, separator, tail = text.rpartition(":")
    if separator and tail.isascii() and tail.isdigit() and (":" not in head or head.endswith("]")):
        return canonical(head), int(tail)
    return canonical(text), None


def _remote_model(model: str, why: str) -> RemoteRefusedError:
    return RemoteRefusedError(
        f"The model {model} does not run on this machine: {why}.",
        next_step="Choose a local model (`prentice models` lists them), or allow this one: "
        f"{permission('allowed_remote_models', model)}.",
        details={"model": model},
    )


def permission(setting: str, value: str) -> str:
    """Say what to write where, so that one more host or model is permitted."""
    return f'`[locality]` `{setting} = ["{value}"]` in your own settings, {user_file(os.environ)}'
