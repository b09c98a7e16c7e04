"""A server on loopback that speaks OpenAI's interface in one dialect: real HTTP, an instance of a schema as answer."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MEETING_SECONDS = 3.0

Schema = Mapping[str, Any]
Takes = Callable[[Mapping[str, Any]], Schema | None]
"""From the body of a request to the schema that this server reads out of it."""


def wrapper(body: Mapping[str, Any]) -> Schema | None:
    """OpenAI's form: llama-server, LM Studio, vLLM, Docker Model Runner."""
    form = body.get("response_format") or {}
    schema: Schema | None = form.get("json_schema", {}).get("schema") if form.get("type") == "json_schema" else None
    return schema


def json_object(body: Mapping[str, Any]) -> Schema | None:
    """The form of llama-cpp-python, and of older llama-servers."""
    form = body.get("response_format") or {}
    schema: Schema | None = form.get("schema") if form.get("type") == "json_object" else None
    return schema


def structured_outputs(body: Mapping[str, Any]) -> Schema | None:
    """vLLM's own form."""
    schema: Schema | None = (body.get("structured_outputs") or {}).get("json")
    return schema


def guided_json(body: Mapping[str, Any]) -> Schema | None:
    """vLLM's own form before 0.11."""
    schema: Schema | None = body.get("guided_json")
    return schema


def nothing(body: Mapping[str, Any]) -> Schema | None:
    """mlx_lm.server: the field is not read at all."""
    assert body["stream"] is True
    return None


def instance(schema: Schema) -> Any:
    """Make the smallest value that a schema of the kinds we send allows."""
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: instance(schema["properties"][name]) for name in schema["required"]}
        case "array":
            return [instance(schema["items"]) for _ in range(schema.get("minItems", 0))]
        case "string":
            return "x" * schema.get("minLength", 0)
        case _:
            return 1


@dataclass
class Playing:
    """What a server does, and what it was asked. `free` is said where no schema is read out of a request.

    `refuses` gives a status and an error text for a body that the server takes no further.
    """

    takes: Takes = wrapper
    free: str = "hello"
    models: list[dict[str, Any]] = field(default_factory=lambda: [{"id": "tiny", "max_model_len": 32768}])
    look_ups: dict[str, Any] = field(default_factory=dict)
    refuses: Callable[[Mapping[str, Any]], tuple[int, str] | None] = lambda _: None
    thinks: str = ""
    thinks_under: int = 0
    """Limit of tokens below which the model only thinks."""
    counts: Callable[[str], int] = lambda prompt: len(prompt.split())
    usage: bool = True
    key: str = ""
    url: str = ""
    meeting: threading.Barrier | None = None
    """Where requests wait a moment for so many others to be at work too."""
    meetings: int = 0
    bodies: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def probes(self) -> int:
        """How many of the requests were probes."""
        return sum("q7k" in json.dumps(body) for body in self.bodies)


class Handler(BaseHTTPRequestHandler):
    playing: Playing

    def do_GET(self) -> None:
        self._note()
        if self._has_no_key():
            return
        if self.path == "/v1/models":
            self._json({"object": "list", "data": self.playing.models})
        elif self.path in self.playing.look_ups:
            self._json(self.playing.look_ups[self.path])
        else:
            self._json({"error": {"message": "File Not Found", "code": 404}}, status=404)

    def do_POST(self) -> None:
        self._note()
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.playing.bodies.append(body)
        if self._has_no_key():
            return
        if refusal := self.playing.refuses(body):
            status, text = refusal
            self._json({"error": {"message": text, "type": "invalid_request_error"}}, status=status)
            return
        self._stream(body)

    def _stream(self, body: Mapping[str, Any]) -> None:
        if self.playing.meeting is not None:
            try:
                last = self.playing.meeting.wait(timeout=MEETING_SECONDS) == 0
                self.playing.meetings += last  # read only now: others have counted while this one waited
            except threading.BrokenBarrierError:
                self.playing.meeting = None
        limit = body.get("max_tokens") or body["max_completion_tokens"]
        schema = self.playing.takes(body)
        text = self.playing.free if schema is None else json.dumps(instance(schema))
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": None}]
        if self.playing.thinks:
            deltas.append({"reasoning_content": self.playing.thinks})
        cut = limit < self.playing.thinks_under
        if not cut:
            deltas += [{"content": text[begin : begin + 3]} for begin in range(0, len(text), 3)]
        documents: list[dict[str, Any]] = [
            {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas
        ]
        end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "length" if cut else "stop"}]}
        documents.append(end)
        if self.playing.usage and body.get("stream_options", {}).get("include_usage"):
            prompt = self.playing.counts("\n".join(message["content"] for message in body["messages"]))
            documents.append({"choices": [], "usage": {"prompt_tokens": prompt, "completion_tokens": 2}})
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        try:
            for document in documents:
                self.wfile.write(b"data: " + json.dumps(document).encode() + b"\n\n")
            self.wfile.write(b"data: [DONE]\n\n")
        except OSError:
            pass  # a client that has seen enough

    def _has_no_key(self) -> bool:
        if not self.playing.key or self.headers.get("authorization") == f"Bearer {self.playing.key}":
            return False
        given = self.headers.get("authorization", "")
        self._json({"error": {"message": f"Incorrect API key provided: {given}"}}, status=401)
        return True

    def _note(self) -> None:
        self.playing.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))

    def _json(self, value: object, *, status: int = 200) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Write nothing."""


@contextmanager
def serving(playing: Playing) -> Iterator[Playing]:
    """Run the server for the length of the block."""
    kind = type("PlayingHandler", (Handler,), {"playing": playing})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        playing.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield playing
        server.shutdown()
    thread.join(timeout=5)
