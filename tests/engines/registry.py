"""A registry of models on loopback, as Ollama's own: manifests, and blobs that it sends on to another host name."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

NAME = "library/tiny"

_KINDS = {"model": "application/vnd.ollama.image.model", "template": "application/vnd.ollama.image.template"}


def digest_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


class Registry(ThreadingHTTPServer):
    """Serves one model. While `open_after` is set, no byte of the weights beyond it is sent."""

    daemon_threads = True

    def __init__(self, weights: bytes, template: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.layers = {"model": weights, "template": template.encode()}
        self.config = json.dumps(
            {
                "model_format": "gguf",
                "model_family": "qwen2",
                "model_families": ["qwen2"],
                "model_type": "0.7M",
                "file_type": "F32",
                "architecture": "amd64",
                "os": "linux",
                "rootfs": {"type": "layers", "diff_ids": [digest_of(item) for item in self.layers.values()]},
            }
        ).encode()
        self.damaged = False
        self.open_after: int | None = None
        self.opened = threading.Event()
        self.starts: list[int] = []
        """Where each request for the weights began, in bytes."""
        self.left = threading.Event()
        """Set when who fetched the weights went away before their end."""

    @property
    def model(self) -> str:
        return f"127.0.0.1:{self.server_port}/{NAME}"

    @property
    def manifest(self) -> bytes:
        def entry(kind: str, content: bytes) -> dict[str, object]:
            return {"mediaType": kind, "digest": digest_of(content), "size": len(content)}

        return json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
                "config": entry("application/vnd.docker.container.image.v1+json", self.config),
                "layers": [entry(_KINDS[name], content) for name, content in self.layers.items()],
            }
        ).encode()

    def blob(self, digest: str) -> bytes | None:
        return next((item for item in (self.config, *self.layers.values()) if digest_of(item) == digest), None)

    def open(self) -> None:
        """Send all from now on."""
        self.open_after = None
        self.opened.set()


class _Handler(BaseHTTPRequestHandler):
    server: Registry

    def do_HEAD(self) -> None:
        content = self.server.blob(self.path.rpartition("/")[2])
        self._head(404 if content is None else 200, length=len(content or b""))

    def do_GET(self) -> None:
        kind, _, name = self.path.removeprefix("/").partition("/")
        if kind == "fetch":
            self._send_part(self.server.blob(name) or b"")
        elif self.path.startswith(f"/v2/{NAME}/manifests/"):
            self._head(200, length=len(self.server.manifest))
            self.wfile.write(self.server.manifest)
        elif self.server.blob(self.path.rpartition("/")[2]) is not None:
            # Ollama fetches from where it is sent on to, and only if that is another host.
            place = f"http://localhost:{self.server.server_port}/fetch/{self.path.rpartition('/')[2]}"
            self._head(307, length=0, location=place)
        else:
            self._head(404, length=0)

    def _send_part(self, content: bytes) -> None:
        start, _, end = self.headers["range"].removeprefix("bytes=").partition("-")
        part = content[int(start) : int(end) + 1]
        weights = content is self.server.layers["model"]
        self._head(206, length=len(part))
        if weights:
            self.server.starts.append(int(start))
            part = b"\x00" * len(part) if self.server.damaged else part
        until = self.server.open_after
        if not weights or until is None:
            self.wfile.write(part)
            return
        self.wfile.write(part[:until])
        self.wfile.flush()
        self.connection.settimeout(30.0)
        if self.connection.recv(1) == b"":
            self.server.left.set()
        self.close_connection = True

    def _head(self, status: int, *, length: int, location: str = "") -> None:
        self.send_response(status)
        self.send_header("content-length", str(length))
        if location:
            self.send_header("location", location)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's parameter
        pass


@contextmanager
def serving(weights: Path, *, template: str) -> Iterator[Registry]:
    with Registry(weights.read_bytes(), template) as registry:
        thread = threading.Thread(target=registry.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield registry
        finally:
            registry.shutdown()
            thread.join()
