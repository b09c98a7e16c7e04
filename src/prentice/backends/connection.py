"""HTTP connections that stay where they are allowed: each request is checked, nothing is taken from the environment."""

import ssl
from typing import Final

import httpx2

from prentice.backends.locality import Locality
from prentice.errors import BackendError, RemoteRefusedError, WrongServerError

CONNECT_SECONDS: Final = 5.0
"""How long a connection may take to open; on loopback it is there at once or not at all."""


class GuardedTransport(httpx2.AsyncHTTPTransport):
    """Checks the host of each request at the last moment before the connection, and refuses redirects."""

    def __init__(self, *, locality: Locality, encrypted: bool) -> None:
        # Loading the system's certificate authorities takes longer than a call on loopback; a bare context trusts
        # none, so that it fails safely should it ever be used.
        context = httpx2.create_ssl_context(trust_env=False) if encrypted else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        super().__init__(verify=context, trust_env=False)
        self._locality = locality

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request.

        Raises:
            RemoteRefusedError: the host, or the target of a redirect, is not allowed.
            WrongServerError: the server redirects to an allowed host.
        """
        self._locality.check_host(request.url.host, port=request.url.port)
        response = await super().handle_async_request(request)
        if response.is_redirect:
            await response.aclose()
            raise self._redirected(request.url, response.headers.get("location", ""))
        return response

    def _redirected(self, url: httpx2.URL, location: str) -> BackendError:
        step = "Set `ollama.host` (or `OLLAMA_HOST`) to the address that answers itself; redirects are not followed."
        try:
            target = url.join(location)
            self._locality.check_host(target.host, port=target.port)
        except RemoteRefusedError as refusal:
            return RemoteRefusedError(
                f"The server at {url} sends the request on to {location}. {refusal.message}",
                next_step=f"{step} {refusal.next_step}",
            )
        except httpx2.InvalidURL:
            pass
        return WrongServerError(f"The server at {url} answers with a redirect to {location!r}.", next_step=step)


def open_client(url: str, *, locality: Locality) -> httpx2.AsyncClient:
    """Open a client for one server. Reading has no time limit here: callers bound each wait by themselves.

    Raises:
        RemoteRefusedError: the host is not this machine, and not allowed.
    """
    base = httpx2.URL(url)
    locality.check_host(base.host, port=base.port)
    return httpx2.AsyncClient(
        base_url=base,
        transport=GuardedTransport(locality=locality, encrypted=base.scheme == "https"),
        timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
        headers={"accept-encoding": "identity", "user-agent": "prentice"},
        follow_redirects=False,
        trust_env=False,
    )
