"""A server like an Ollama that is killed in the middle of its first reply: `python dying_ollama.py`.

Prints its address, then serves; the first chat gets two pieces, and then the process is gone without a word.
"""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

SHOWN = {
    "capabilities": ["completion"],
    "model_info": {"general.architecture": "qwen2", "qwen2.context_length": 32768},
    "details": {"family": "qwen2"},
}
ANSWERS = {
    "/api/version": {"version": "0.24.0"},
    "/api/tags": {"models": [{"name": "llama3.2:3b", "size": 1_000_000, "digest": "d"}]},
    "/api/show": SHOWN,
    "/api/ps": {"models": []},
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path != "/api/chat":
            self._answer()
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.end_headers()
        for text in ("{", '"subtasks"'):
            self.wfile.write(json.dumps({"message": {"content": text}, "done": False}).encode() + b"\n")
            self.wfile.flush()
        os.kill(os.getpid(), signal.SIGKILL)

    def _answer(self) -> None:
        document = ANSWERS.get(self.path)
        content = json.dumps(document or {"error": "not found"}).encode()
        self.send_response(200 if document else 404)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        del format, args


if __name__ == "__main__":
    server = HTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()
