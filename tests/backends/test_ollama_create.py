import asyncio
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from prentice.backends.ollama.backend import OllamaBackend
from prentice.backends.progress import Progress
from prentice.errors import BackendError, PrenticeError, RemoteRefusedError, StreamError, UsageError, WrongServerError

if TYPE_CHECKING:
    from backends.conftest import Loopback

WEIGHTS = b"GGUF" + bytes(range(256)) * 40_000
DIGEST = "sha256:" + hashlib.sha256(WEIGHTS).hexdigest()
BLOB = f"/api/blobs/{DIGEST}"


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(WEIGHTS)
    return path


@pytest.fixture
def server(loopback: "Loopback") -> "Loopback":
    """A server that lacks the file, takes it, and makes the model."""
    loopback.play(BLOB, loopback.whole("", status=404), loopback.whole("", status=201))
    loopback.play("/api/create", loopback.stream({"status": "parsing GGUF"}, {"status": "success"}))
    return loopback


def created(server: "Loopback", source: Path, name: str = "mine", **more: object) -> list[Progress]:
    async def ask() -> list[Progress]:
        async with OllamaBackend(server.url) as backend:
            return [item async for item in backend.create(name, source, **more)]  # type: ignore[arg-type]  # by name

    return asyncio.run(ask())


def test_a_file_is_sent_under_its_digest_and_then_made_a_model(server: "Loopback", gguf: Path) -> None:
    found = created(server, gguf, template="{{ .Prompt }}", system="Be brief.", parameters={"stop": ["x"]})
    assert [(item.method, item.path) for item in server.asked] == [
        ("HEAD", BLOB),
        ("POST", BLOB),
        ("POST", "/api/create"),
    ]
    assert server.asked[1].headers["content-length"] == str(len(WEIGHTS))
    assert server.asked[1].body == WEIGHTS
    assert server.asked[2].body == {
        "model": "mine",
        "files": {"tiny.gguf": DIGEST},
        "template": "{{ .Prompt }}",
        "system": "Be brief.",
        "parameters": {"stop": ["x"]},
        "stream": True,
    }
    phases = [item.phase for item in found]
    assert list(dict.fromkeys(phases)) == ["hash", "upload", "write", "done"]
    assert (found[-1].done, found[-1].total) == (len(WEIGHTS), len(WEIGHTS))


def test_a_file_that_the_server_has_is_not_sent_again(server: "Loopback", gguf: Path) -> None:
    server.says(BLOB, "")
    found = created(server, gguf)
    assert [item.method for item in server.asked] == ["HEAD", "POST"]
    assert "upload" not in {item.phase for item in found}
    assert "template" not in server.asked[-1].body


def test_a_file_that_somebody_else_sends_at_the_same_time_is_there_too(server: "Loopback", gguf: Path) -> None:
    broken = type(server.whole(""))((b"",), "reset")
    server.play(BLOB, server.whole("", status=404), broken, server.whole(""))
    assert created(server, gguf)[-1].phase == "done"


def test_a_directory_gives_its_weights_settings_and_tokenizer_and_nothing_that_runs(
    loopback: "Loopback", tmp_path: Path
) -> None:
    names = ["config.json", "tokenizer.json", "model.safetensors", "pytorch_model.bin", "run.py", "README.md"]
    for name in names:
        (tmp_path / name).write_text(name)
    for name in names:
        loopback.says(f"/api/blobs/sha256:{hashlib.sha256(name.encode()).hexdigest()}", "")
    loopback.play("/api/create", loopback.stream({"status": "success"}))
    created(loopback, tmp_path)
    assert set(loopback.bodies("/api/create")[0]["files"]) == set(names[:3])


@pytest.mark.parametrize("what", ["absent", "text", "empty", "directory"])
def test_what_is_no_model_is_refused_before_anything_is_sent(loopback: "Loopback", tmp_path: Path, what: str) -> None:
    source = tmp_path / "model.gguf"
    if what == "directory":
        source.mkdir()
    elif what != "absent":
        source.write_text("hello" if what == "text" else "")
    with pytest.raises(UsageError) as caught:
        created(loopback, source)
    assert str(source) in caught.value.message
    assert loopback.asked == []


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": "digest mismatch, expected sha256:a, got sha256:b"}, StreamError),
        (500, {"error": "no space left on device"}, StreamError),
        (404, "404 page not found", WrongServerError),
    ],
)
def test_a_file_that_is_not_taken_is_an_error(
    server: "Loopback", gguf: Path, status: int, body: object, kind: type[BackendError]
) -> None:
    server.play(BLOB, server.whole("", status=404), server.whole(body, status=status))
    with pytest.raises(kind):
        created(server, gguf)
    assert server.bodies("/api/create") == []


@pytest.mark.parametrize("line", [{"error": "unsupported architecture"}, b"[]\n", b"\xff\n", None])
def test_a_model_that_is_not_made_is_an_error(server: "Loopback", gguf: Path, line: object) -> None:
    lines = [] if line is None else [line]
    server.play("/api/create", server.stream({"status": "parsing GGUF"}, *lines))
    with pytest.raises(PrenticeError) as caught:
        created(server, gguf)
    assert caught.value.next_step


def test_an_upload_that_is_left_ends_at_the_server(loopback: "Loopback", gguf: Path) -> None:
    loopback.play(BLOB, loopback.whole("", status=404), type(loopback.whole(""))((), "hang"))

    async def leave() -> None:
        async with OllamaBackend(loopback.url) as backend:
            items = backend.create("mine", gguf)
            async for item in items:
                if item.phase == "upload":
                    break
            await items.aclose()
            assert await asyncio.to_thread(loopback.client_left.wait, 5.0)

    asyncio.run(leave())


def test_a_model_cannot_be_made_under_the_name_of_a_cloud_model(loopback: "Loopback", gguf: Path) -> None:
    with pytest.raises(RemoteRefusedError):
        created(loopback, gguf, "mine:cloud")
