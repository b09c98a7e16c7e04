"""Letting Ollama download a model: its stream of states as progress, its failures as errors.

The server keeps the parts of a download that was ended, and goes on with them at the next order (`server/download.go`,
v0.24.0). It says `success` only when all digests were compared, and reports failures in a stream of status 200.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import httpx2

from prentice.backends.ndjson import json_object
from prentice.backends.ollama import errors as ollama_errors
from prentice.backends.ollama.server import ANSWER_SECONDS, OllamaServer
from prentice.backends.patience import timed_out
from prentice.backends.progress import Meter, Phase, Progress
from prentice.errors import (
    BackendError,
    BackendUnreachableError,
    ModelNotFoundError,
    ModelUnsupportedError,
    StreamError,
    TimedOutError,
)

STILL_SECONDS: Final = 120.0
"""How long a download may go without a byte: the server itself tries for about a minute before it gives up."""

SILENT_SECONDS: Final = 900.0
"""How long the server may say nothing: computing the digest of a hundred gigabytes takes minutes on a slow disk."""

_PATH: Final = "/api/pull"
_PHASES: Final[tuple[tuple[str, Phase], ...]] = (
    ("pulling manifest", "manifest"),
    ("pulling", "download"),
    ("verifying", "verify"),
    ("writing", "write"),
    ("removing", "clean"),
    ("success", "done"),
)
_CANCELLED: Final = "context canceled"
"""What the server says to who joins a download that is just being ended."""
_PAUSES: Final = (0.1, 0.2, 0.4, 0.8, None)
_AGAIN: Final = "Run `prentice models pull {model}` again: it goes on where it stopped."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """A way to fail: how the server words it (seen in v0.24.0), the error, what it says, and the next step."""

    words: re.Pattern[str]
    error: type[BackendError]
    says: str
    step: str


_KINDS: Final = (
    _Kind(
        words=re.compile(
            r"insecure protocol|HTTP response to HTTPS client|does not look like a TLS handshake", re.IGNORECASE
        ),
        error=StreamError,
        says="The registry of {model} has no encryption",
        step="If you trust the way there, run `prentice models pull {model} --insecure`.",
    ),
    _Kind(
        words=re.compile(
            r"no such host|dial tcp|connection refused|network is unreachable|i/o timeout|TLS handshake|max retries|"
            r"proxyconnect|deadline exceeded|EOF$",
            re.IGNORECASE,
        ),
        error=BackendUnreachableError,
        says="Ollama cannot reach the registry of {model}",
        step="See to the network, or set `HTTPS_PROXY` for the Ollama server. " + _AGAIN,
    ),
    _Kind(
        words=re.compile(r"file does not exist|not found|manifest unknown|invalid model name", re.IGNORECASE),
        error=ModelNotFoundError,
        says="The registry has no model {model}",
        step="Look the name and its tag up at https://ollama.com/search.",
    ),
    _Kind(
        words=re.compile(r"digest mismatch", re.IGNORECASE),
        error=StreamError,
        says="The download of {model} was damaged on its way, and Ollama threw it away",
        step="Run `prentice models pull {model}` again.",
    ),
    _Kind(
        words=re.compile(r"no space left|disk full|not enough space", re.IGNORECASE),
        error=StreamError,
        says="There is no room for {model} on the disk of the Ollama server",
        step="Remove a model with `prentice models rm NAME`, or move them with `OLLAMA_MODELS`. " + _AGAIN,
    ),
    _Kind(
        words=re.compile(r"newer version of ollama", re.IGNORECASE),
        error=ModelUnsupportedError,
        says="The model {model} needs a newer Ollama",
        step="Get it from https://ollama.com/download, and start the server again.",
    ),
    _Kind(words=re.compile(""), error=StreamError, says="Ollama could not download {model}", step=_AGAIN),
)


class _EndingError(Exception):
    """The download was joined to one that somebody else, or an earlier call, has ended."""


async def pull(
    server: OllamaServer,
    model: str,
    *,
    insecure: bool = False,
    still: float = STILL_SECONDS,
    silent: float = SILENT_SECONDS,
) -> AsyncGenerator[Progress]:
    """Download a model; the last progress is of the phase `done`. `still` and `silent` are limits in seconds.

    Raises:
        ModelNotFoundError: the registry does not have it.
        BackendError: the server or the registry failed, or the download stands still.
    """
    for pause in _PAUSES:
        try:
            async with aclosing(_pulled(server, model, insecure=insecure, still=still, silent=silent)) as items:
                async for progress in items:
                    yield progress
        except _EndingError as ending:
            if pause is None:
                raise _broken(model, "an earlier download of it is just being ended") from ending
            await asyncio.sleep(pause)
        else:
            return


async def _pulled(
    server: OllamaServer, model: str, *, insecure: bool, still: float, silent: float
) -> AsyncGenerator[Progress]:
    clock = asyncio.get_running_loop().time
    response = await _begun(server, {"model": model, "insecure": insecure, "stream": True}, model=model)
    try:
        meter, moved = Meter(), clock()
        async with aclosing(server.lines(response, _PATH)) as lines:
            while True:
                try:
                    async with asyncio.timeout(silent):
                        line = await anext(lines, None)
                except TimeoutError:
                    raise _still(model, silent) from None
                if line is None:
                    raise _broken(model, "the stream ended before the model was whole")
                progress, more = _taken(line, meter, server=server, model=model, now=clock())
                moved = clock() if more else moved
                if progress.phase == "download" and clock() - moved > still:
                    raise _still(model, still)
                yield progress
                if progress.phase == "done":
                    return
    finally:
        await response.aclose()


async def _begun(server: OllamaServer, body: Mapping[str, object], *, model: str) -> httpx2.Response:
    """Give the answer whose stream tells of the download."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            response = await server.send(_PATH, body)
            if response.status_code == 200:
                return response
            content = await server.body(response, _PATH)
    except TimeoutError:
        raise timed_out("answer", ANSWER_SECONDS, model="") from None
    text = ollama_errors.error_text(content)
    if text is not None and response.status_code in {400, 404, 500}:
        raise _failure(text, model=model)
    raise ollama_errors.from_status(response.status_code, content, url=server.url, path=_PATH, model=model)


def _taken(line: bytes, meter: Meter, *, server: OllamaServer, model: str, now: float) -> tuple[Progress, bool]:
    """Take in one line; give the progress, and whether anything has moved."""
    document = json_object(line)
    if document is not None and "error" in document:
        text = ollama_errors.error_text(line) or "without a reason"
        if text == _CANCELLED:
            raise _EndingError
        raise _failure(text, model=model)
    status = None if document is None else document.get("status")
    if document is None or not isinstance(status, str):
        raise ollama_errors.wrong_server(server.url, path=_PATH, body=line)
    phase: Phase = next((phase for start, phase in _PHASES if status.startswith(start)), "write")
    part, before = document.get("digest"), meter.done
    total, done = _size(document.get("total")), _size(document.get("completed"))
    if phase == "download" and isinstance(part, str):
        meter.note(part, done=min(done, total), total=total, now=now)
    return meter.progress(phase, status), phase != "download" or meter.done != before


def _size(value: object) -> int:
    """Read a number of bytes; the server leaves a zero out, and anything odd counts as one."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**62 else 0


def _failure(text: str, *, model: str) -> BackendError:
    """Make the error for what the server says of a download that failed."""
    kind = next(kind for kind in _KINDS if kind.words.search(text))
    return kind.error(
        f"{kind.says.format(model=model)}: {ollama_errors.short(text)}",
        next_step=kind.step.format(model=model),
        details={"model": model},
    )


def _broken(model: str, why: str) -> StreamError:
    return StreamError(
        f"The download of {model} broke off: {why}.",
        next_step=_AGAIN.format(model=model),
    )


def _still(model: str, seconds: float) -> TimedOutError:
    return TimedOutError(
        f"The download of {model} has stood still for {seconds:g} s.",
        next_step=f"See to the network, and run `prentice models pull {model}` again: it goes on where it stopped.",
        details={"limit": "still", "seconds": seconds},
    )
