import asyncio
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from prentice.backends.locality import Locality
from prentice.backends.probe import listens, speaks
from prentice.errors import RemoteRefusedError

if TYPE_CHECKING:
    from backends.conftest import Loopback

LIMIT = 0.3
MARGIN = 0.25
"""Seconds for the machine to get round to it, beside the limit."""


def probed(url: str, **allowed: tuple[str, ...]) -> tuple[bool, float]:
    start = time.monotonic()
    found = asyncio.run(listens(url, locality=Locality(**allowed), seconds=LIMIT))
    return found, time.monotonic() - start


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_server_is_found_and_asked_nothing(loopback: "Loopback", host: str) -> None:
    assert probed(loopback.url.replace("127.0.0.1", host))[0]
    assert loopback.asked == []


def test_what_is_no_server_but_accepts_connections_does_not_speak(loopback: "Loopback") -> None:
    def speaking(url: str) -> bool:
        return asyncio.run(speaks(url, path="/health", locality=Locality(), seconds=LIMIT))

    assert speaking(loopback.url)  # with a 404
    assert [asked.path for asked in loopback.asked] == ["/health"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert probed(url)[0]
        assert not speaking(url)


def test_a_port_without_a_server_is_told_at_once(free_port: int) -> None:
    found, took = probed(f"http://127.0.0.1:{free_port}")
    assert not found
    assert took < LIMIT


def test_a_host_that_takes_no_connection_costs_no_more_than_the_limit() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        held = [socket.socket() for _ in range(8)]
        for each in held:  # until the queue of connections is full, and further ones are left unanswered
            each.settimeout(0)
            each.connect_ex(("127.0.0.1", port))
        try:
            found, took = probed(f"http://127.0.0.1:{port}")
        finally:
            for each in held:
                each.close()
    assert not found
    assert took < LIMIT + MARGIN


def test_a_resolver_that_hangs_holds_up_neither_the_answer_nor_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def hang(*_: Any, **__: Any) -> Any:
        released.wait(20.0)
        raise socket.gaierror("at last")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    found, took = probed("http://gpu.example:11434", allowed_hosts=("gpu.example",))
    released.set()
    assert not found
    assert took < LIMIT + MARGIN


def test_a_name_that_does_not_exist_is_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: Any, **__: Any) -> Any:
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    assert probed("http://gpu.example", allowed_hosts=("gpu.example",))[0] is False


def test_a_host_elsewhere_is_not_even_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("a name was looked up"))
    with pytest.raises(RemoteRefusedError):
        probed("http://gpu.example:11434")


def test_probing_loads_no_http_client() -> None:
    program = "import sys, prentice.backends.probe; sys.exit('httpx2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
