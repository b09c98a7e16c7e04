"""A server on loopback that plays what it is told, byte for byte, and remembers what it was asked."""

import json
import socket
import struct
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

After = Literal["close", "reset", "hang"]


@dataclass(frozen=True)
class Answer:
    """Bytes to send, head included, each portion by itself; then what becomes of the connection."""

    portions: tuple[bytes, ...]
    then: After = "close"


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Loopback:
    """The server. `play` sets the answers of a path in order; the last one repeats."""

    listening: socket.socket
    asked: list[Asked] = field(default_factory=list)
    answers: defaultdict[str, list[Answer]] = field(default_factory=lambda: defaultdict(list))
    client_left: threading.Event = field(default_factory=threading.Event)
    connections: int = 0
    most_at_once: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    at_work: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    counting: threading.Lock = field(default_factory=threading.Lock)

    @staticmethod
    def head(status: int = 200, *, kind: str = "application/x-ndjson", length: int | None = None) -> bytes:
        size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
        return f"HTTP/1.1 {status} Because\r\nContent-Type: {kind}\r\n{size}\r\nConnection: close\r\n\r\n".encode()

    @staticmethod
    def chunk(data: bytes) -> bytes:
        return f"{len(data):x}\r\n".encode() + data + b"\r\n"

    @staticmethod
    def piece(text: str, **more: object) -> dict[str, object]:
        return {"model": "tiny", "message": {"role": "assistant", "content": text}, "done": False, **more}

    @staticmethod
    def done(**more: object) -> dict[str, object]:
        counts = {"prompt_eval_count": 21, "eval_count": 2, "load_duration": 1_500_000_000}
        return {"message": {"content": ""}, "done": True, "done_reason": "stop", **counts, **more}

    @staticmethod
    def tag(name: str = "tiny:latest", **more: object) -> dict[str, object]:
        details = {"family": "qwen2", "quantization_level": "Q4_K_M", "format": "gguf"}
        return {"name": name, "model": name, "size": 1_000_000, "digest": "d1", "details": details, **more}

    @staticmethod
    def shown(
        context: int = 32768, *, capabilities: Sequence[str] = ("completion",), **more: object
    ) -> dict[str, object]:
        info = {
            "general.architecture": "qwen2",
            "qwen2.context_length": context,
            "qwen2.block_count": 2,
            "qwen2.embedding_length": 64,
            "qwen2.attention.head_count": 4,
            "qwen2.attention.head_count_kv": 2,
        }
        return {"capabilities": list(capabilities), "model_info": info, "details": {"family": "qwen2"}, **more}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def play(self, path: str, *answers: Answer) -> None:
        self.answers[path] = list(answers)

    def says(self, path: str, value: object, *, status: int = 200, kind: str = "application/json") -> None:
        """Let a path give one whole answer: JSON, or the text or bytes as they are."""
        self.play(path, self.whole(value, status=status, kind=kind))

    def streams(self, *documents: object, then: After = "close", whole: bool = True) -> None:
        """Let the chat give one stream."""
        self.play("/api/chat", self.stream(*documents, then=then, whole=whole))

    def whole(self, value: object, *, status: int = 200, kind: str = "application/json") -> Answer:
        content = value if isinstance(value, bytes) else value.encode() if isinstance(value, str) else _json(value)
        return Answer((self.head(status, kind=kind, length=len(content)) + content,))

    def stream(self, *documents: object, then: After = "close", whole: bool = True) -> Answer:
        """Give JSON lines; bytes go out as they are. Without `whole` the connection breaks off after the last."""
        lines = [item if isinstance(item, bytes) else _json(item) + b"\n" for item in documents]
        last = (b"0\r\n\r\n",) if whole and then == "close" else ()
        return Answer((self.head(), *(self.chunk(line) for line in lines), *last), then)

    def bodies(self, path: str) -> list[Any]:
        return [item.body for item in self.asked if item.path == path]

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as file:
            asked = _read(file)
            if asked is None:
                return
            self.asked.append(asked)
            answers = self.answers[asked.path] or [self.whole("404 page not found", status=404, kind="text/plain")]
            playing = answers.pop(0) if len(answers) > 1 else answers[0]
            with self.counting:
                self.at_work[asked.path] += 1
                self.most_at_once[asked.path] = max(self.most_at_once[asked.path], self.at_work[asked.path])
            try:
                *before, last = playing.portions or (b"",)
                for portion in before:
                    connection.sendall(portion)
                with self.counting:  # before the end is sent, so that the next request comes after it
                    self.at_work[asked.path] -= 1
                connection.sendall(last)
                if playing.then == "hang":
                    file.read()
                    self.client_left.set()
            except OSError:
                self.client_left.set()
            if playing.then == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _read(file: Any) -> Asked | None:
    first = file.readline().decode().split()
    if len(first) < 2:
        return None
    headers = {}
    while line := file.readline().strip():
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    content = file.read(int(headers.get("content-length", 0)))
    return Asked(first[0], first[1], headers, _body(content))


def _body(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return content


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    """A server that knows no path yet."""
    with running() as server:
        yield server


@contextmanager
def running() -> Iterator[Loopback]:
    """Run a server that knows no path yet."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Loopback(listening)
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        yield server
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(timeout=5)


@pytest.fixture
def ollama(loopback: Loopback) -> Loopback:
    """A server like an Ollama with one small model, `tiny`, that answers `Hello`."""
    return _like_ollama(loopback)


@pytest.fixture
def second_ollama() -> Iterator[Loopback]:
    """Another server like the first."""
    with playing_ollama() as server:
        yield server


@contextmanager
def playing_ollama() -> Iterator[Loopback]:
    """Run a server like an Ollama with one small model, `tiny`, that answers `Hello`; nothing is in memory yet."""
    with running() as server:
        yield _like_ollama(server)


def _like_ollama(server: Loopback) -> Loopback:
    server.says("/api/version", {"version": "0.24.0"})
    server.says("/api/ps", {"models": []})
    server.says("/api/tags", {"models": [server.tag()]})
    server.says("/api/show", server.shown())
    server.streams(server.piece("Hel"), server.piece("lo"), server.done())
    return server


@pytest.fixture
def free_port() -> int:
    """A port of loopback where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port
