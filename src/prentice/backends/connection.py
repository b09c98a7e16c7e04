"""HTTP connections that stay where they are allowed: each request is checked at the last moment before it leaves."""

import ssl
from typing import Final

import httpx2

from prentice.backends.locality import Locality, canonical, is_loopback, localhost_addresses
from prentice.errors import BackendError, ConfigError, RemoteRefusedError, WrongServerError

CONNECT_SECONDS: Final = 5.0
"""How long a connection may take to open; on loopback it is there at once or not at all."""


class GuardedTransport(httpx2.AsyncHTTPTransport):
    """Checks the host of each request, connects `localhost` to addresses it has checked, and refuses redirects.

    `setting` names the setting that holds the server's address, for the messages.
    """

    def __init__(self, *, locality: Locality, encrypted: bool, setting: str, proxy: str | None = None) -> None:
        # Loading the system's certificate authorities takes longer than a call on loopback; a bare context trusts
        # none, so that it fails safely should it ever be used.
        context = httpx2.create_ssl_context(trust_env=False) if encrypted else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        super().__init__(verify=context, trust_env=False, proxy=proxy)
        self._locality = locality
        self._setting = setting

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request.

        Raises:
            RemoteRefusedError: the host, or the target of a redirect, is not allowed.
            WrongServerError: the server redirects to an allowed host.
        """
        self._locality.check_host(request.url.host, port=request.url.port)
        response = await self._sent(request)
        if response.is_redirect:
            await response.aclose()
            raise self._redirected(request.url, response.headers.get("location", ""))
        return response

    async def _sent(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request; the name `localhost` is looked up once, here, so that no second look-up leads elsewhere."""
        if canonical(request.url.host) != "localhost":
            return await super().handle_async_request(request)
        addresses = localhost_addresses()
        if addresses is None:
            self._locality.check_host(request.url.host, port=request.url.port)
            return await super().handle_async_request(request)  # listed by the user, wherever it leads
        failure: httpx2.ConnectError | httpx2.ConnectTimeout | None = None
        for address in addresses:
            pinned = httpx2.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,  # with the name as its `Host`
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": "localhost"},
            )
            try:
                return await super().handle_async_request(pinned)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                failure = error
        raise failure or httpx2.ConnectError("localhost has no address", request=request)

    def _redirected(self, url: httpx2.URL, location: str) -> BackendError:
        step = f"Set `{self._setting}` to the address that answers itself; redirects are not followed."
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


def open_client(url: str, *, locality: Locality, setting: str = "ollama.host") -> httpx2.AsyncClient:
    """Open a client for one server. Reading has no time limit here: callers bound each wait by themselves.

    Proxies of the environment are never used for this machine; for another host only where they are allowed too.

    Raises:
        RemoteRefusedError: the host is not this machine, and not allowed; or a proxy stands before it that is not.
        ConfigError: the proxy is of a kind that is not spoken.
    """
    base = httpx2.URL(url)
    locality.check_host(base.host, port=base.port)
    return httpx2.AsyncClient(
        base_url=base,
        transport=GuardedTransport(
            locality=locality,
            encrypted=base.scheme == "https",
            setting=setting,
            proxy=_proxy(base, locality=locality),
        ),
        timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
        headers={"accept-encoding": "identity", "user-agent": "prentice"},
        follow_redirects=False,
        trust_env=False,
    )


def _proxy(url: httpx2.URL, *, locality: Locality) -> str | None:
    """Give the proxy that the environment names for a host elsewhere, if it is allowed; None if there is none."""
    if is_loopback(canonical(url.host)):
        return None
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415 - only for who has allowed another host

    proxies = getproxies()
    named = proxies.get(url.scheme) or proxies.get("all")
    if not named or proxy_bypass(url.host):
        return None
    proxy = httpx2.URL(named if "://" in named else f"http://{named}")
    locality.check_proxy(proxy.host, port=proxy.port, target=url.host)
    if proxy.scheme not in {"http", "https"}:
        raise ConfigError(
            f"The environment names a proxy of the kind {proxy.scheme} for {url.host}, which Prentice does not speak.",
            next_step=f"Name an http proxy, or go without one: `NO_PROXY={url.host}`.",
        )
    return str(proxy)
