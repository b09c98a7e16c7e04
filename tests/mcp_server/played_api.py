"""The two interfaces that coding assistants ask a model by, played on loopback: a script says what the model answers.

Anthropic's messages and OpenAI's responses, both as server-sent events, as far as a client needs them.
"""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

Event: TypeAlias = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Call:
    """The model calls a tool. `arguments` may be made of the texts that earlier calls were answered with."""

    tool: str
    arguments: Mapping[str, Any] | Callable[[Sequence[str]], Mapping[str, Any]]

    def given(self, answers: Sequence[str]) -> Mapping[str, Any]:
        return self.arguments(answers) if callable(self.arguments) else self.arguments


@dataclass(frozen=True)
class Item:
    """A call as it goes over the wire."""

    id: str
    name: str
    arguments: Mapping[str, Any]
    namespace: str | None = None


@dataclass
class PlayedModel:
    """A model that makes the calls of a script, one a request, and then says one word."""

    script: Sequence[Call]
    requests: list[dict[str, Any]] = field(default_factory=list)
    """Those of the conversation; what a client asks besides, such as for a title, is answered and forgotten."""
    answers: list[str] = field(default_factory=list)
    """What the calls were answered with, as the client passed it on."""
    others: list[str] = field(default_factory=list)
    """Paths that nothing is served at."""
    address: str = ""

    def events(self, path: str, request: dict[str, Any]) -> Iterable[Event]:
        """Answer a request; a path that is not known is noted."""
        if path.endswith("/v1/messages"):
            return _message(self._next(request, _anthropic_answers(request)), request)
        if path.endswith("/v1/responses"):
            return _response(self._next(request, _openai_answers(request)))
        self.others.append(path)
        return []

    def tools(self) -> dict[str, dict[str, Any]]:
        """Give the tools of Prentice as the model was last told of them, by their own names."""
        found = _tools(self.requests[-1]["tools"])
        return {name.rpartition("__")[2]: tool for _, name, tool in found}

    def _next(self, request: dict[str, Any], answers: Mapping[str, str]) -> Item | None:
        if not request.get("tools"):
            return None
        self.requests.append(request)
        self.answers = [text for name, text in answers.items() if name.startswith("call_")]
        number = len(self.answers)
        if number >= len(self.script):
            return None
        call = self.script[number]
        for namespace, name, _ in _tools(request["tools"]):
            if name.rpartition("__")[2] == call.tool:
                return Item(f"call_{number}", name, call.given(self.answers), namespace)
        if "search" in answers:
            return None
        names = ",".join(f"mcp__prentice__{name}" for name in dict.fromkeys(call.tool for call in self.script))
        return Item("search", "ToolSearch", {"query": f"select:{names}"})  # where a client shows the names at first


@contextmanager
def played(*script: Call) -> Iterator[PlayedModel]:
    """Serve a model on loopback until the block ends."""
    model = PlayedModel(script)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            events = model.events(self.path.partition("?")[0], json.loads(body or b"{}"))
            self._send("".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events))

        def do_GET(self) -> None:
            model.others.append(self.path)
            self._send("")

        def _send(self, text: str) -> None:
            self.send_response(200 if text else 404)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing on stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        model.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield model
        finally:
            server.shutdown()
            thread.join()


def _tools(
    offered: Iterable[Mapping[str, Any]], namespace: str | None = None
) -> Iterator[tuple[str | None, str, dict[str, Any]]]:
    for tool in offered:
        name = str(tool.get("name", ""))
        if tool.get("type") == "namespace":
            yield from _tools(tool["tools"], name)
        elif "prentice" in (namespace or name):
            yield namespace, name, dict(tool)


def _anthropic_answers(request: Mapping[str, Any]) -> dict[str, str]:
    said = [block for message in request["messages"] for block in _blocks(message["content"])]
    return {block["tool_use_id"]: _text(block["content"]) for block in said if block["type"] == "tool_result"}


def _openai_answers(request: Mapping[str, Any]) -> dict[str, str]:
    said = [item for item in request["input"] if item.get("type") == "function_call_output"]
    return {item["call_id"]: _text(item["output"]) for item in said}


def _blocks(content: Any) -> list[dict[str, Any]]:
    return content if isinstance(content, list) else []


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(block.get("text", "") for block in content)


def _message(call: Item | None, request: Mapping[str, Any]) -> Iterator[Event]:
    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": request["model"], "content": [],
        "stop_reason": None, "stop_sequence": None, "usage": usage,
    }  # fmt: skip
    block: dict[str, Any] = {"type": "text", "text": ""}
    delta = {"type": "text_delta", "text": "Done."}
    if call is not None:
        block = {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(call.arguments)}
    ended = {"stop_reason": "tool_use" if call else "end_turn", "stop_sequence": None}
    yield "message_start", {"type": "message_start", "message": message}
    yield "content_block_start", {"type": "content_block_start", "index": 0, "content_block": block}
    yield "content_block_delta", {"type": "content_block_delta", "index": 0, "delta": delta}
    yield "content_block_stop", {"type": "content_block_stop", "index": 0}
    yield "message_delta", {"type": "message_delta", "delta": ended, "usage": usage}
    yield "message_stop", {"type": "message_stop"}


def _response(call: Item | None) -> Iterator[Event]:
    if call is None:
        said = {"type": "output_text", "text": "Done.", "annotations": []}
        item = {"type": "message", "role": "assistant", "id": "m", "status": "completed", "content": [said]}
    else:
        item = {
            "type": "function_call", "id": f"fc_{call.id}", "call_id": call.id, "name": call.name,
            "arguments": json.dumps(call.arguments), "status": "completed",
            **({"namespace": call.namespace} if call.namespace else {}),
        }  # fmt: skip
    usage = {
        "input_tokens": 1, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 1,
        "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 2,
    }  # fmt: skip
    yield "response.created", {"type": "response.created", "response": {"id": "resp_1"}}
    yield "response.output_item.done", {"type": "response.output_item.done", "output_index": 0, "item": item}
    ended = {"id": "resp_1", "status": "completed", "output": [item], "usage": usage}
    yield "response.completed", {"type": "response.completed", "response": ended}
