"""Making a model of files on this machine: each is sent under its digest, then the server puts them together."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Final

from prentice.backends.ndjson import json_object
from prentice.backends.ollama import errors as ollama_errors
from prentice.backends.ollama.server import OllamaServer
from prentice.backends.progress import Meter, Progress
from prentice.errors import BackendError, StreamError, TimedOutError, UsageError

QUIET_SECONDS: Final = 900.0
"""How long the server may work without a word: it copies and converts all weights."""

_PORTION: Final = 4_194_304
_MAGIC: Final = b"GGUF"
_CREATE: Final = "/api/create"
_PATTERNS: Final = ("*.safetensors", "*.json", "tokenizer.model", "*.jinja")
"""What belongs to a model in a directory; nothing that could hold a program (`.bin`, `.pt`)."""


async def create(
    server: OllamaServer,
    model: str,
    source: Path,
    *,
    template: str,
    system: str,
    parameters: Mapping[str, object],
) -> AsyncGenerator[Progress]:
    """Make a model of a GGUF file or a directory with safetensors; the last progress is of the phase `done`.

    Raises:
        UsageError: the source is no model file.
        BackendError: the server failed, or took too long.
    """
    files = await asyncio.to_thread(model_files, source)
    meter, digests = Meter(), {}
    for path in files:
        yield meter.progress("hash", f"computing the digest of {path.name}")
        digest, size = await asyncio.to_thread(_digest, path)
        digests[path.name] = digest
        if await _has(server, digest):
            meter.note(digest, done=size, total=size, now=asyncio.get_running_loop().time())
            continue
        async with aclosing(_sent(server, path, digest=digest, size=size, meter=meter)) as sent:
            async for progress in sent:
                yield progress
    body: dict[str, object] = {"model": model, "files": digests, "stream": True}
    body |= {key: value for key, value in (("template", template), ("system", system)) if value}
    body |= {"parameters": dict(parameters)} if parameters else {}
    async with aclosing(_made(server, body, model=model)) as states:
        async for status in states:
            yield meter.progress("done" if status == "success" else "write", status)


def model_files(source: Path) -> list[Path]:
    """List the files of a model: one GGUF file, or the weights, settings and tokenizer of a directory.

    Raises:
        UsageError: there is no such file, or it is no model.
    """
    if source.is_file():
        try:
            with source.open("rb") as file:
                begins = file.read(len(_MAGIC))
        except OSError as error:
            raise _no_model(source, f"it cannot be read ({error.strerror})") from error
        if begins != _MAGIC:
            raise _no_model(source, "it does not begin as a GGUF file does")
        return [source]
    if not source.is_dir():
        raise _no_model(source, "there is no such file or directory")
    found = sorted({path for pattern in _PATTERNS for path in source.glob(pattern) if path.is_file()})
    if not any(path.suffix == ".safetensors" for path in found):
        raise _no_model(source, "it holds no file that ends in .safetensors")
    return found


async def _has(server: OllamaServer, digest: str) -> bool:
    """Ask whether the server has a file: it would answer an upload of one it has without reading it, and close."""
    status, _ = await server.ask(f"/api/blobs/{digest}", method="HEAD")
    return status == 200


async def _sent(server: OllamaServer, path: Path, *, digest: str, size: int, meter: Meter) -> AsyncGenerator[Progress]:
    """Send one file, with its progress."""
    where, clock = f"/api/blobs/{digest}", asyncio.get_running_loop().time
    read = asyncio.Event()
    done = 0

    async def portions() -> AsyncIterator[bytes]:
        nonlocal done
        with await asyncio.to_thread(path.open, "rb") as file:
            while portion := await asyncio.to_thread(file.read, _PORTION):
                yield portion
                done += len(portion)
                read.set()

    async def upload() -> tuple[int, bytes]:
        response = await server.send(where, content=portions(), length=size)
        return response.status_code, await server.body(response, where)

    meter.note(digest, done=0, total=size, now=clock())
    task = asyncio.create_task(upload())
    try:
        while not task.done():
            waiting = asyncio.create_task(read.wait())
            await asyncio.wait({task, waiting}, timeout=QUIET_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if not task.done() and not read.is_set():
                raise _quiet()
            read.clear()
            meter.note(digest, done=done, total=size, now=clock())
            yield meter.progress("upload", f"sending {path.name}")
        try:
            status, content = task.result()
        except (StreamError, BackendError):
            if await _has(server, digest):
                return  # somebody else sent it at the same time
            raise
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    if status == 400 and "digest" in (ollama_errors.error_text(content) or ""):
        raise StreamError(
            f"The file {path} changed while it was sent.", next_step="Try again when nothing writes to it any more."
        )
    if status not in {200, 201}:
        raise ollama_errors.from_status(status, content, url=server.url, path=where)


async def _made(server: OllamaServer, body: Mapping[str, object], *, model: str) -> AsyncGenerator[str]:
    """Let the server put the files together; give what it says it does."""
    try:
        async with asyncio.timeout(QUIET_SECONDS):
            response = await server.send(_CREATE, body)
    except TimeoutError:
        raise _quiet() from None
    try:
        if response.status_code != 200:
            content = await server.body(response, _CREATE)
            text = ollama_errors.error_text(content)
            if text is not None and response.status_code in {400, 500}:
                raise _refused(model, text)
            raise ollama_errors.from_status(response.status_code, content, url=server.url, path=_CREATE, model=model)
        async with aclosing(server.lines(response, _CREATE)) as lines:
            while True:
                try:
                    async with asyncio.timeout(QUIET_SECONDS):
                        line = await anext(lines, None)
                except TimeoutError:
                    raise _quiet() from None
                if line is None:
                    raise ollama_errors.broken_off("the model was not finished")
                document = json_object(line)
                if document is not None and "error" in document:
                    raise _refused(model, ollama_errors.error_text(line) or "without a reason")
                status = None if document is None else document.get("status")
                if not isinstance(status, str):
                    raise ollama_errors.wrong_server(server.url, path=_CREATE, body=line)
                yield status
                if status == "success":
                    return
    finally:
        await response.aclose()


def _digest(path: Path) -> tuple[str, int]:
    """Give a file's digest as Ollama writes it, and its size in bytes."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return f"sha256:{digest}", file.tell()


def _no_model(source: Path, why: str) -> UsageError:
    return UsageError(
        f"No model can be made of {source}: {why}.",
        next_step="Name a .gguf file, or a directory with .safetensors files, config.json and tokenizer.json.",
    )


def _refused(model: str, text: str) -> StreamError:
    return StreamError(
        f"Ollama could not make the model {model}: {ollama_errors.short(text)}",
        next_step="See whether the files are whole and of a kind that your Ollama knows, or update Ollama.",
    )


def _quiet() -> TimedOutError:
    return TimedOutError(
        f"Ollama did nothing for {QUIET_SECONDS:g} s while a model was made.",
        next_step="See whether Ollama is well with `ollama ps`, and try again.",
        details={"limit": "still", "seconds": QUIET_SECONDS},
    )
