"""Where Ollama listens: `OLLAMA_HOST` in every form that Ollama itself accepts, made into one URL."""

import ipaddress
import os
import re
from typing import Final

from prentice.errors import ConfigError

DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 11434

_SCHEME_PORTS: Final = {"http": 80, "https": 443}
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
_PATH: Final = re.compile(r"[A-Za-z0-9._~/-]*")
_PORT: Final = re.compile(r"\+?[0-9]{1,9}")


def configured_url(host: str = "") -> str:
    """Give the URL for a configured host; an empty one reads the variable `OLLAMA_HOST`.

    Raises:
        ConfigError: the text is no address.
    """
    return ollama_url(host or os.environ.get("OLLAMA_HOST", ""))


def ollama_url(text: str) -> str:
    """Give the URL to connect to, without a slash at its end, for a value of `OLLAMA_HOST`.

    The rules are those of Ollama's `envconfig.Host` (v0.24.0): blanks and quotes around the value are dropped, an
    absent or invalid port is the scheme's (80, 443) or 11434 without a scheme. An address that a server binds to all
    interfaces (`0.0.0.0`, `[::]`, or a port alone) becomes the loopback address to connect to.

    Raises:
        ConfigError: the scheme is neither http nor https, or host or path hold characters that no address has.
    """
    value = text.strip().strip("\"'").strip()
    scheme, separator, rest = value.partition("://")
    if not separator:
        scheme, rest, default_port = "http", value, DEFAULT_PORT
        if value == "ollama.com":
            scheme, default_port = "https", _SCHEME_PORTS["https"]
    else:
        scheme = scheme.lower()
        if scheme not in _SCHEME_PORTS:
            raise _invalid(text, f"its scheme is {scheme!r}, not http or https")
        default_port = _SCHEME_PORTS[scheme]
    authority, _, path = rest.partition("/")
    host, port = _split(authority, default_port=default_port)
    if not _PATH.fullmatch(path):
        raise _invalid(text, f"its path {path!r} has characters that do not belong there")
    path = path.rstrip("/")
    return f"{scheme}://{_connectable(host, text)}:{port}" + (f"/{path}" if path else "")


def _split(authority: str, *, default_port: int) -> tuple[str, int]:
    """Take `host:port` apart as Go's `net.SplitHostPort` does; what it refuses is a host without a port."""
    if authority.startswith("["):
        inner, closing, tail = authority[1:].partition("]")
        if closing and tail.startswith(":"):
            return inner, _port(tail[1:], default=default_port)
        return authority.strip("[]") or DEFAULT_HOST, default_port
    if authority.count(":") == 1:
        host, _, port = authority.partition(":")
        return host, _port(port, default=default_port)
    return authority.strip("[]") or DEFAULT_HOST, default_port


def _port(text: str, *, default: int) -> int:
    return int(text) if _PORT.fullmatch(text) and int(text) <= 65535 else default


def _connectable(host: str, text: str) -> str:
    if not host:
        return DEFAULT_HOST
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if not _HOST_NAME.fullmatch(host):
            raise _invalid(text, f"{host!r} is no host name") from None
        return host
    if address.is_unspecified:
        return DEFAULT_HOST if address.version == 4 else "[::1]"
    return str(address) if address.version == 4 else f"[{address}]"


def _invalid(text: str, why: str) -> ConfigError:
    return ConfigError(
        f"The address of Ollama, {text!r}, cannot be used: {why}.",
        next_step="Set `OLLAMA_HOST` or the setting `ollama.host` to an address like http://127.0.0.1:11434.",
    )
