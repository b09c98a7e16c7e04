"""Fetching a model for MLX with the hub's own client, from a hub on loopback; and removing it."""

import asyncio
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from engines.model_files import ModelFiles
from prentice.backends.mlx import model_directory
from prentice.backends.mlx.fetching import fetch, remove
from prentice.backends.mlx.runtime import missing
from prentice.backends.progress import Progress
from prentice.errors import BackendUnreachableError, ModelNotFoundError, UsageError

pytestmark = [pytest.mark.engine, pytest.mark.skipif(bool(missing()), reason="the extra mlx is not installed")]

NAME = "mlx-community/tiny"
COMMIT = "a" * 40


@contextmanager
def hub(files: dict[str, bytes]) -> Iterator[str]:
    """Serve one model as the hub does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path.startswith(f"/api/models/{NAME}"):
                siblings = [{"rfilename": name, "size": len(data)} for name, data in files.items()]
                tree = [
                    {"type": "file", "path": name, "size": len(data), "oid": _digest(data)}
                    for name, data in files.items()
                ]
                self._answer(
                    json.dumps(tree if "/tree/" in path else {"id": NAME, "sha": COMMIT, "siblings": siblings}).encode()
                )
            elif path.startswith(f"/{NAME}/resolve/") and path.rpartition("/")[2] in files:
                data = files[path.rpartition("/")[2]]
                self._answer(data, {"ETag": f'"{_digest(data)}"', "X-Repo-Commit": COMMIT})
            else:
                self._answer(b"{}", {"X-Error-Code": "RepoNotFound"}, status=404)

        def do_HEAD(self) -> None:
            self.do_GET()

        def _answer(self, data: bytes, headers: dict[str, str] | None = None, *, status: int = 200) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
    thread.join(timeout=5)


def _digest(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


async def fetched(name: str) -> list[Progress]:
    return [item async for item in fetch(name)]


@pytest.fixture
def files(tiny_models: ModelFiles) -> dict[str, bytes]:
    directory = ModelFiles.directory(tiny_models.random)
    kept = {path.name: path.read_bytes() for path in sorted(directory.iterdir()) if path.is_file()}
    return {**kept, "program.py": b"raise SystemExit"}


def test_a_model_is_fetched_whole_without_programs_and_removed(
    files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub(files) as url:
        monkeypatch.setenv("HF_ENDPOINT", url)
        progress = asyncio.run(fetched(NAME))
    assert [progress[0].phase, progress[-1].phase] == ["manifest", "done"]
    assert progress[-1].total == sum(len(data) for name, data in files.items() if name != "program.py")
    path = model_directory.find(NAME)
    assert not (path / "program.py").exists()
    assert model_directory.examine(path, name=NAME).size_bytes > 0
    remove(NAME)
    with pytest.raises(ModelNotFoundError):
        model_directory.find(NAME)


def test_a_model_that_the_hub_has_not_and_a_hub_that_is_not_there_are_told(
    files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub(files) as url:
        monkeypatch.setenv("HF_ENDPOINT", url)
        with pytest.raises(ModelNotFoundError, match="no model mlx-community/other"):
            asyncio.run(fetched("mlx-community/other"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(BackendUnreachableError, match="cannot be reached"):
        asyncio.run(fetched(NAME))


def test_a_directory_of_the_users_own_is_never_removed(tmp_path: Path) -> None:
    own = tmp_path / "mine"
    own.mkdir()
    with pytest.raises(UsageError, match="your own"):
        remove(str(own))
    assert own.is_dir()
