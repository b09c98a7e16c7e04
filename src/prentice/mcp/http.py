"""The server over streamable HTTP: on this machine's loopback address, for who knows the token."""

import asyncio
import hmac
import os
import secrets
import socket
import sys
from typing import TYPE_CHECKING, Final

from prentice.errors import UsageError

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp, Receive, Scope, Send

    from prentice.mcp.server import PrenticeServer

HOST: Final = "127.0.0.1"
PORT: Final = 8741
TOKEN: Final = "PRENTICE_MCP_TOKEN"  # noqa: S105 - the name of a variable
_SHORTEST: Final = 16
_REFUSED: Final = b'{"error": "The token is missing or wrong: send the header Authorization: Bearer TOKEN."}'


class WithToken:
    """Lets requests through that bring the token."""

    def __init__(self, app: "ASGIApp", *, token: str) -> None:
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer a request, or refuse it with 401."""
        if scope["type"] == "http":
            given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
            scheme, _, credentials = given.partition(b" ")
            if scheme.lower() != b"bearer" or not hmac.compare_digest(credentials.strip(), self._token):
                headers = [(b"content-type", b"application/json"), (b"www-authenticate", b"Bearer")]
                await send({"type": "http.response.start", "status": 401, "headers": headers})
                await send({"type": "http.response.body", "body": _REFUSED})
                return
        await self._app(scope, receive, send)


def app_of(server: "PrenticeServer", *, token: str) -> WithToken:
    """Give the application: the server at `/mcp`, behind the token. Requests for other hosts' names are refused."""
    return WithToken(server.streamable_http_app(host=HOST), token=token)


def serve_http(server: "PrenticeServer", *, port: int = PORT) -> None:
    """Serve until interrupted; the address, and a token that was made for this time, go to stderr.

    Raises:
        UsageError: the port is taken, or the token of the environment is too short.
    """
    import uvicorn  # noqa: PLC0415 - over standard streams nothing of it is needed

    token = os.environ.get(TOKEN, "")
    if token and len(token) < _SHORTEST:
        raise UsageError(f"{TOKEN} is too short.", next_step=f"Use {_SHORTEST} letters or more, or leave it out.")
    made = "" if token else secrets.token_urlsafe(24)
    try:
        server_socket = socket.create_server((HOST, port))
    except OSError as error:
        reason = str(error.strerror or error).partition(" (while")[0]  # Python adds the address once more
        raise UsageError(f"{HOST}:{port} cannot be used: {reason}.", next_step="Choose another: `--port N`.") from error
    with server_socket as listening:
        place = f"http://{HOST}:{listening.getsockname()[1]}/mcp"
        sys.stderr.write(f"Serving MCP at {place}\nAuthorization: Bearer {made or f'the one of {TOKEN}'}\n")
        sys.stderr.flush()
        config = uvicorn.Config(app_of(server, token=token or made), log_level="warning", lifespan="on")
        asyncio.run(_serve(uvicorn.Server(config), server, listening))


async def _serve(web: "uvicorn.Server", server: "PrenticeServer", listening: socket.socket) -> None:
    try:
        await web.serve(sockets=[listening])
    finally:
        await server.close()
