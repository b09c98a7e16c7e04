"""A real Ollama server of our own: on a free loopback port, with an empty model directory, ended as a group."""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

START_LIMIT = 30.0
END_LIMIT = 10.0
CREATE_LIMIT = 60.0
WINDOW = 2048
"""The window that a request gets which names none, in tokens."""

_TEMPLATE = "{{ range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server: where it listens, its version, the file that its log goes to, and its process group."""

    url: str
    version: str
    log: Path
    group: int

    def kill(self) -> None:
        """End the server and its model runners without a warning."""
        os.killpg(self.group, signal.SIGKILL)

    def create(self, name: str, *, gguf: Path) -> None:
        """Put a model file into the server under a name."""
        with httpx2.Client(base_url=self.url, timeout=CREATE_LIMIT, trust_env=False) as client:
            blob = "sha256:" + hashlib.sha256(gguf.read_bytes()).hexdigest()
            # A server that has the blob answers without reading the body, and the upload breaks: ask first.
            if client.head(f"/api/blobs/{blob}").status_code != httpx2.codes.OK:
                client.post(f"/api/blobs/{blob}", content=gguf.read_bytes()).raise_for_status()
            body = {
                "model": name,
                "files": {gguf.name: blob},
                "template": _TEMPLATE,
                # One thread: two that wait for each other at every layer of so small a model take longer.
                "parameters": {"stop": ["<|im_end|>"], "num_thread": 1},
                "stream": False,
            }
            client.post("/api/create", json=body).raise_for_status()


def find_binary() -> str | None:
    """Give the `ollama` to test against: named in PRENTICE_TEST_OLLAMA, on PATH, in Go's directory, or built before."""
    if named := os.environ.get("PRENTICE_TEST_OLLAMA"):
        return named
    if found := shutil.which("ollama"):
        return found
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "prentice-ci"
    built = [Path.home() / "go" / "bin" / "ollama", *sorted(cache.glob("ollama-v*"), reverse=True)]
    return next((str(path) for path in built if os.access(path, os.X_OK)), None)


@contextmanager
def running(binary: str, *, directory: Path, settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Run a server for the length of the block; all its files stand under the directory.

    `settings` are variables of Ollama's that go over those of the tests.
    """
    home = directory / "home"
    home.mkdir(parents=True)
    port = _free_port()
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "TMPDIR": str(directory),
        "OLLAMA_HOST": f"127.0.0.1:{port}",
        "OLLAMA_MODELS": str(directory / "models"),
        "OLLAMA_CONTEXT_LENGTH": str(WINDOW),
        "OLLAMA_NO_CLOUD": "1",
        "OLLAMA_KEEP_ALIVE": "10m",
        # A server built by Go alone has no vector instructions; its fused attention takes three times as long.
        "OLLAMA_FLASH_ATTENTION": "0",
        # Nothing leaves the machine, whatever a test asks for: port 1 of loopback answers nobody.
        "HTTP_PROXY": "http://127.0.0.1:1",
        "HTTPS_PROXY": "http://127.0.0.1:1",
        **(settings or {}),
    }
    log = directory / "ollama.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [binary, "serve"], env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        url = f"http://127.0.0.1:{port}"
        yield Server(url=url, version=_wait_until_up(url, process, log=log), log=log, group=process.pid)
    finally:
        _end(process)


def _wait_until_up(url: str, process: subprocess.Popen[bytes], *, log: Path) -> str:
    end = time.monotonic() + START_LIMIT
    with httpx2.Client(base_url=url, timeout=1.0, trust_env=False) as client:
        while time.monotonic() < end and process.poll() is None:
            try:
                version: str = client.get("/api/version").json()["version"]
            except httpx2.TransportError:
                time.sleep(0.02)
            else:
                return version
    raise RuntimeError(f"`ollama serve` did not answer at {url}:\n{log.read_text(encoding='utf-8', errors='replace')}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the server and the model runners that it started: they are one process group."""
    for way in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, way)
            process.wait(END_LIMIT)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
    process.wait(END_LIMIT)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
