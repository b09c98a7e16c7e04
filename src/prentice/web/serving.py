"""Serving the page: on this machine's loopback address, until it is interrupted."""

import asyncio
import logging
import os
import socket
import sys
import webbrowser
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import uvicorn

from prentice.errors import UsageError
from prentice.web.keys import Keys
from prentice.web.site import site
from prentice.web.visit import Place

HOST: Final = "127.0.0.1"
_GRACE_SECONDS: Final = 3


def serve(
    directory: Path,
    *,
    port: int = 0,
    backend: str | None = None,
    model: str | None = None,
    opens: bool = True,
    verbose: bool = False,
    listening: Callable[[str], None],
) -> None:
    """Serve the page of a directory until interrupted; port 0 takes a free one.

    `listening` is told the address with its token once the page answers there; then a browser is opened, if `opens`
    and there is a display.

    Raises:
        UsageError: the directory does not exist, or the port is taken.
        ConfigError: the settings do not make sense.
        KeyboardInterrupt: it was interrupted.
    """
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, stream=sys.stderr)
    with _listening(port) as own:
        keys = Keys(own.getsockname()[1])
        place = Place(directory=directory.resolve(), keys=keys, backend=backend, model=model)
        place.open()  # what is wrong with the settings is said before anything is served
        config = uvicorn.Config(
            site(place), log_level="warning", access_log=False, server_header=False,
            proxy_headers=False, lifespan="on", timeout_graceful_shutdown=_GRACE_SECONDS,
        )  # fmt: skip
        base = f"http://{HOST}:{keys.port}/?token="

        def ready() -> None:
            listening(base + keys.token)
            if opens and has_display(os.environ, platform=sys.platform):
                webbrowser.open(base + keys.ticket())

        asyncio.run(_Server(config, ready=ready).serve(sockets=[own]))


def has_display(environment: Mapping[str, str], *, platform: str) -> bool:
    """Whether a browser can show itself to the person at this terminal."""
    if environment.get("SSH_CONNECTION") or environment.get("CI"):
        return False
    return platform in {"darwin", "win32"} or bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


class _Server(uvicorn.Server):
    """A server that says when it answers."""

    def __init__(self, config: uvicorn.Config, *, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets=sockets)
        if self.started:
            await asyncio.to_thread(self._ready)


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        reason = str(error.strerror or error).partition(" (while")[0]  # Python adds the address once more
        raise UsageError(
            f"{HOST}:{port} cannot be used: {reason}.",
            next_step="Choose another: `--port N`, or leave it out for a free one.",
        ) from error
