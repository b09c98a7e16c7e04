"""The address of an OpenAI-compatible server: what people write and paste, made into one base URL."""

import ipaddress
import os
import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from prentice.errors import ConfigError

VARIABLE: Final = "OPENAI_BASE_URL"
"""The variable that OpenAI's own client libraries read."""

_ENDPOINTS: Final = ("/chat/completions", "/completions", "/embeddings", "/responses", "/models")
_VERSION: Final = re.compile(r"/v\d+\Z")
_PATH: Final = re.compile(r"[A-Za-z0-9._~/-]*")
_HOST_NAME: Final = re.compile(r"[a-z0-9._-]+")
_EXAMPLE: Final = "Set `openai.host` to an address like http://127.0.0.1:1234 (see docs/openai-servers.md)."


def configured_url(host: str = "") -> str:
    """Give the base URL for a configured host; an empty one reads the variable `OPENAI_BASE_URL`.

    Raises:
        ConfigError: there is none, or the text is no address.
    """
    text = host or os.environ.get(VARIABLE, "")
    if not text.strip():
        raise ConfigError(
            "No OpenAI-compatible server is named.",
            next_step="Set `openai.host` to its address: LM Studio listens at http://127.0.0.1:1234, llama-server and "
            "mlx_lm.server at port 8080, vLLM at 8000, Docker Model Runner at 12434/engines, LiteLLM at 4000.",
        )
    return base_url(text)


def base_url(text: str) -> str:
    """Give the URL that `/chat/completions` is appended to: it ends in `/v1`, or in the version that was written.

    The scheme, `/v1`, a slash at the end or the whole path of an endpoint may be there or not. An address that a
    server binds to all interfaces (`0.0.0.0`, `[::]`, or a port alone) becomes the loopback address to connect to.

    Raises:
        ConfigError: it is no address, or it holds a password; the message does not show it then.
    """
    value = text.strip().strip("\"'").strip()
    if value.isascii() and value.isdigit():
        value = f":{value}"
    parts = _split(value if "://" in value else f"http://{value}")
    path = re.sub(r"/{2,}", "/", parts.path).rstrip("/")
    for endpoint in _ENDPOINTS:
        path = path.removesuffix(endpoint)
    while _VERSION.search(path) and path.endswith("/v1/v1"):
        path = path.removesuffix("/v1")
    if not _PATH.fullmatch(path):
        raise _invalid("its path has characters that do not belong there")
    return f"{parts.scheme}://{_authority(parts)}{path}{'' if _VERSION.search(path) else '/v1'}"


def root_url(base: str) -> str:
    """Give the server's root: the base URL without its version, where servers put what OpenAI does not have."""
    return _VERSION.sub("", base)


def _split(value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        _ = parts.port  # reading it checks it
    except ValueError:
        raise _invalid("its host or port cannot be read") from None
    if parts.scheme not in {"http", "https"}:
        raise _invalid(f"its scheme is {parts.scheme!r}, not http or https")
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise ConfigError(
            "The address of the OpenAI-compatible server holds a user's name or password.",
            next_step="Leave it out, and put the key into the variable that `openai.key_variable` names.",
        )
    if parts.query or parts.fragment:
        raise _invalid("it has a part behind its path")
    return parts


def _authority(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    port = f":{parts.port}" if parts.port is not None else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if host and not _HOST_NAME.fullmatch(host):
            raise _invalid("its host is no host name") from None
        return f"{host or '127.0.0.1'}{port}"
    if address.is_unspecified:
        address = ipaddress.ip_address("127.0.0.1" if address.version == 4 else "::1")
    return f"[{address}]{port}" if address.version == 6 else f"{address}{port}"


def _invalid(why: str) -> ConfigError:
    return ConfigError(f"The address of the OpenAI-compatible server cannot be used: {why}.", next_step=_EXAMPLE)
