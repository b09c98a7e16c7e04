"""Whether anything listens at an address, and whether it speaks: without an HTTP client, and without a long wait."""

import asyncio
import socket
import threading
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

from prentice.backends.locality import Locality

PROBE_SECONDS: Final = 0.3
"""How long a host may take to accept a connection and to begin an answer; one that runs takes a few milliseconds."""

_PORTS: Final = {"http": 80, "https": 443}


async def listens(url: str, *, locality: Locality, seconds: float = PROBE_SECONDS) -> bool:
    """Tell whether a connection to a server opens in time; nothing is sent over it.

    Raises:
        RemoteRefusedError: the host is not this machine, and not allowed.
    """
    return await _asked(url, b"", locality=locality, seconds=seconds)


async def speaks(
    url: str,
    *,
    path: str = "/",
    locality: Locality,
    seconds: float = PROBE_SECONDS,
    answer_seconds: float | None = None,
) -> bool:
    """Tell whether a server begins any answer in time to a question that costs it nothing; 404 is an answer too.

    The question has no key and no content. Over https only the connection counts. `answer_seconds` is for the answer of
    a server that has accepted the connection; by default both have to come within `seconds`.

    Raises:
        RemoteRefusedError: the host is not this machine, and not allowed.
    """
    parts = urlsplit(url)
    question = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
    return await _asked(
        url,
        question.encode("ascii", "ignore") if parts.scheme == "http" else b"",
        locality=locality,
        seconds=seconds,
        answer_seconds=answer_seconds,
    )


async def _asked(
    url: str, question: bytes, *, locality: Locality, seconds: float, answer_seconds: float | None = None
) -> bool:
    """Connect, send the question where there is one, and wait for the first byte of an answer to it."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 80)
    locality.check_host(host, port=port)
    try:
        async with asyncio.timeout(seconds) as limit:
            for address in await _addresses(host, port):
                try:
                    reader, writer = await asyncio.open_connection(address, port)
                except OSError:
                    continue
                try:
                    if not question:
                        return True
                    if answer_seconds is not None:
                        limit.reschedule(asyncio.get_running_loop().time() + answer_seconds)
                    writer.write(question)
                    return bool(await reader.read(1))
                finally:
                    writer.close()
                    with suppress(OSError):
                        await writer.wait_closed()
    except (TimeoutError, OSError, UnicodeError):
        pass
    return False


async def _addresses(host: str, port: int) -> list[str]:
    """Look a name up in a thread that nobody waits for: a resolver that hangs would hold up the end of the program."""
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[str]] = loop.create_future()

    def settle(result: list[str] | Exception) -> None:
        if found.done():
            return
        if isinstance(result, Exception):
            found.set_exception(result)
        else:
            found.set_result(result)

    def look_up() -> None:
        result: list[str] | Exception
        try:
            entries: list[Any] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            result = list(dict.fromkeys(str(entry[4][0]) for entry in entries))
        except (OSError, UnicodeError) as error:
            result = error
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, result)

    threading.Thread(target=look_up, name="prentice-look-up", daemon=True).start()
    return await found
