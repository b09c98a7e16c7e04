"""Real OpenAI-compatible servers of our own: llama.cpp's and MLX's, each on a free loopback port, ended by its id."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2
from gguf import GGUFReader, TokenType

from engines.model_files import TESTS, training_environment

START_LIMIT = 60.0
END_LIMIT = 10.0
_NOWHERE = "http://127.0.0.1:1"


_BYTES_BEYOND_ASCII = frozenset(map(chr, (*range(0xA1, 0x100), *range(0x122, 0x144))))
"""The letters by which a byte-level vocabulary spells the bytes from 0x80 on."""


def in_ascii(gguf: Path, *, directory: Path) -> Path:
    """Copy a model file without the tokens beyond ASCII.

    Random weights string them together to what is no UTF-8, and there llama.cpp's reader of replies gives up.
    """
    copy = Path(shutil.copy(gguf, directory))
    fields = GGUFReader(copy, mode="r+").fields
    texts, kinds = fields["tokenizer.ggml.tokens"], fields["tokenizer.ggml.token_type"]
    for text, kind in zip(texts.data, kinds.data, strict=True):
        if _BYTES_BEYOND_ASCII & set(bytes(texts.parts[text]).decode()):
            kinds.parts[kind][:] = TokenType.CONTROL
    return copy


@contextmanager
def llama_server(gguf: Path, *, name: str, window: int, slots: int, directory: Path) -> Iterator[str]:
    """Serve a model file with llama.cpp for the length of the block; gives the server's address."""
    log = directory / f"llama-{name}.log"
    command = [sys.executable, "-m", "engines.llama_server", str(gguf), name, str(window), str(slots)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=TESTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output, text=True
        )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("http://"):
                yield line.strip()
                break
        else:
            raise RuntimeError(
                f"llama.cpp's server did not start:\n{log.read_text(encoding='utf-8', errors='replace')}"
            )
    finally:
        _end(process)


@contextmanager
def mlx_server(models: Mapping[str, Path], *, directory: Path) -> Iterator[str]:
    """Serve model directories with `mlx_lm.server` for the length of the block, under their names in a hub's cache."""
    cache = directory / "hub"
    for name, place in models.items():
        _put_into_cache(place, name=name, cache=cache)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    first = next(iter(models))
    command = [sys.executable, "-m", "mlx_lm.server", "--model", first, "--host", "127.0.0.1", "--port", str(port)]
    # The hub's cache is all there is; whatever a test asks for, nothing is looked up elsewhere.
    alone = {"HF_HUB_CACHE": str(cache), "HF_HUB_OFFLINE": "1", "HTTP_PROXY": _NOWHERE, "HTTPS_PROXY": _NOWHERE}
    log = directory / "mlx.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--log-level", "WARNING"],
            env={**training_environment(), **alone},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_healthy(url, process, log=log)
        yield url
    finally:
        _end(process)


def _put_into_cache(place: Path, *, name: str, cache: Path) -> None:
    """Lay a model out as the hub's own library keeps what it has fetched; the server lists only such."""
    repository = cache / f"models--{name.replace('/', '--')}"
    snapshot = repository / "snapshots" / "1"
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("1", encoding="utf-8")
    for path in place.iterdir():
        (snapshot / path.name).symlink_to(path)
    (snapshot / "model.safetensors.index.json").write_text("{}", encoding="utf-8")


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], *, log: Path) -> None:
    end = time.monotonic() + START_LIMIT
    with httpx2.Client(base_url=url, timeout=1.0, trust_env=False) as client:
        while time.monotonic() < end and process.poll() is None:
            try:
                if client.get("/health").status_code == httpx2.codes.OK:
                    return
            except httpx2.TransportError:
                time.sleep(0.05)
    raise RuntimeError(f"mlx_lm.server did not answer at {url}:\n{log.read_text(encoding='utf-8', errors='replace')}")


def _end(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.terminate()
    try:
        process.wait(END_LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(END_LIMIT)
