"""What every request passes: who may ask at all, and the headers that every answer carries.

A page on another site can make a browser ask this server. It is kept out four times: by the cookie, which such a
request does not bring; by `Host`, which tells a name that was made to point here; by `Origin`, on everything that is
not only read; and by a token in each form.
"""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import RedirectResponse, Response

from prentice.web.files import ASSETS
from prentice.web.keys import Keys, same
from prentice.web.rendering import render

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final[Mapping[str, str]] = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
    # Not `no-referrer`: with it browsers send `Origin: null` with a form, which could come from anywhere.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "x-robots-tag": "noindex",
}
_READING: Final = frozenset({"GET", "HEAD"})


class Guarded:
    """The application behind the guard."""

    def __init__(self, app: "ASGIApp", *, keys: Keys) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer a request or refuse it; either way with the headers."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: "Message") -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        answer = self._refused(scope) or self._app
        await answer(scope, receive, send_with_headers)

    def _refused(self, scope: "Scope") -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if host not in self._hosts():
            return _refusal("This page answers under its own address only.", status=421)
        if scope["method"] not in _READING and not _is_from_here(headers, host):
            return _refusal("This request came from another page.", status=403)
        if scope["path"] in ASSETS:
            return None
        if scope["path"] == "/" and (given := QueryParams(scope["query_string"]).get("token")) is not None:
            return self._entered(given)
        if not same(_cookie(headers, self._keys.cookie), self._keys.session):
            return _bounced(scope, headers) or _refusal("", status=403)
        return None

    def _hosts(self) -> frozenset[str]:
        names = ("127.0.0.1", "localhost")
        own = {f"{name}:{self._keys.port}" for name in names}
        return frozenset(own | set(names) if self._keys.port == 80 else own)

    def _entered(self, given: str) -> Response:
        """Give the cookie for the token, and take the token out of the address."""
        if not self._keys.opens(given):
            return _refusal("", status=403)
        response = RedirectResponse("/", status_code=303)
        response.set_cookie(self._keys.cookie, self._keys.session, httponly=True, samesite="strict", path="/")
        return response


def _is_from_here(headers: Headers, host: str) -> bool:
    """Whether a request that changes something comes from one of our own forms."""
    return headers.get("origin") == f"http://{host}" and headers.get("sec-fetch-site", "same-origin") == "same-origin"


def _cookie(headers: Headers, name: str) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


def _bounced(scope: "Scope", headers: Headers) -> Response | None:
    """Let a browser ask once more by itself that followed the printed address from another page.

    It keeps the cookie back on the way from there, and brings it when our own page leads on. Only the start is reached
    so.
    """
    is_first = headers.get("sec-fetch-site") == "cross-site" and not scope["query_string"]
    if not (is_first and scope["path"] == "/" and scope["method"] in _READING):
        return None
    return Response(render("bounce.html"), media_type="text/html")


def _refusal(why: str, *, status: int) -> Response:
    return Response(render("refusal.html", why=why), status_code=status, media_type="text/html")
