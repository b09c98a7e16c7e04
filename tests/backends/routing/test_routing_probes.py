"""A dead host costs 300 ms once; one that refuses, or that answers, is never kept."""

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from prentice.backends.locality import Locality
from prentice.backends.probe import PROBE_SECONDS
from prentice.backends.routing.probes import BUSY_SECONDS, KEEP_SECONDS, LATELY_SECONDS, Probes
from prentice.errors import RemoteRefusedError

if TYPE_CHECKING:
    from backends.conftest import Loopback

HERE = Locality()
MARGIN = 0.25
"""Seconds for the machine to get round to it, beside the limit."""


@dataclass
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def silent() -> Iterator[str]:
    """An address whose connections are never accepted: the queue of a listening socket that is full."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def asked(probes: Probes, url: str, *, fresh: bool = False) -> tuple[bool, float]:
    """Give the answer of a probe and the seconds that it took."""
    begun = time.monotonic()
    answer = asyncio.run(probes.answers(url, locality=HERE, fresh=fresh))
    return answer, time.monotonic() - begun


def test_a_silent_host_is_waited_for_once_and_not_by_the_next_process(tmp_path: Path, silent: str) -> None:
    path, clock = tmp_path / "home" / "probes.json", Clock()
    answer, took = asked(Probes(path, clock=clock), silent)
    assert not answer
    assert took >= PROBE_SECONDS * 0.9
    answer, took = asked(Probes(path, clock=clock), silent)
    assert not answer
    assert took < PROBE_SECONDS


def test_a_silent_host_is_asked_again_after_a_while_or_when_it_matters(tmp_path: Path, silent: str) -> None:
    clock = Clock()
    probes = Probes(tmp_path / "probes.json", clock=clock)
    asked(probes, silent)
    assert probes.silent_since(silent) == 0
    assert asked(probes, silent, fresh=True)[1] >= PROBE_SECONDS * 0.9
    clock.now += KEEP_SECONDS + 1
    assert probes.silent_since(silent) is None
    assert asked(probes, silent)[1] >= PROBE_SECONDS * 0.9


def test_a_host_that_answers_again_is_no_longer_held_for_dead(tmp_path: Path, loopback: "Loopback") -> None:
    path = tmp_path / "probes.json"
    path.write_text(f'{{"silent": {{"{loopback.url}": 1000000.0}}}}')
    probes = Probes(path, clock=Clock())
    assert not asked(probes, loopback.url)[0]
    assert asked(probes, loopback.url, fresh=True)[0]
    assert asked(probes, loopback.url)[0]


def test_a_host_that_accepts_connections_and_says_nothing_is_silent_too(tmp_path: Path) -> None:
    path, clock = tmp_path / "probes.json", Clock()
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        answer, took = asked(Probes(path, clock=clock), url)
        assert not answer
        assert PROBE_SECONDS * 0.9 <= took < PROBE_SECONDS + MARGIN
        answer, took = asked(Probes(path, clock=clock), url)
        assert not answer
        assert took < PROBE_SECONDS * 0.9


def test_a_host_that_refuses_is_asked_each_time_for_it_costs_nothing(tmp_path: Path, free_port: int) -> None:
    probes = Probes(tmp_path / "probes.json")
    assert not asked(probes, f"http://127.0.0.1:{free_port}")[0]
    assert not (tmp_path / "probes.json").exists()


@pytest.mark.parametrize(
    "content", ["", "nonsense", "[]", '{"silent": 3}', '{"silent": {"http://127.0.0.1:1": "x"}}', "[" * 100_000]
)
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, content: str, free_port: int) -> None:
    path = tmp_path / "probes.json"
    path.write_text(content)
    assert not asked(Probes(path), f"http://127.0.0.1:{free_port}")[0]


def test_a_time_in_the_future_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "probes.json"
    path.write_text('{"silent": {"http://127.0.0.1:1": 1000500.0}}')
    assert Probes(path, clock=Clock()).silent_since("http://127.0.0.1:1") is None


def test_a_place_that_cannot_be_written_to_only_forgets(tmp_path: Path, silent: str) -> None:
    (tmp_path / "file").write_text("")
    assert not asked(Probes(tmp_path / "file" / "probes.json"), silent)[0]


def test_a_host_elsewhere_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(RemoteRefusedError):
        asked(Probes(tmp_path / "probes.json"), "http://192.0.2.1:11434")


@contextlib.contextmanager
def slow_server(seconds: float) -> Iterator[str]:
    """A server that answers the first question at once, and later ones after a while, as a busy one does."""
    questions = 0

    def serve(server: socket.socket) -> None:
        nonlocal questions
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection, contextlib.suppress(OSError):
                    connection.recv(1000)
                    questions += 1
                    if questions > 1:
                        ended.wait(seconds)
                    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        ended.set()
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def test_a_host_that_answered_lately_and_is_busy_now_is_not_held_for_dead(tmp_path: Path) -> None:
    path, clock = tmp_path / "probes.json", Clock()
    with slow_server(seconds=PROBE_SECONDS * 2) as url:
        assert asked(Probes(path, clock=clock), url)[0]
        answer, took = asked(Probes(path, clock=clock), url)
        assert answer
        assert took > PROBE_SECONDS
        assert Probes(path, clock=clock).silent_since(url) is None
        clock.now += LATELY_SECONDS + 1
        assert not asked(Probes(path, clock=clock), url)[0]
        assert Probes(path, clock=clock).silent_since(url) == 0


def test_a_host_that_answered_lately_and_hangs_now_costs_two_seconds_once(tmp_path: Path) -> None:
    path, clock = tmp_path / "probes.json", Clock()
    with slow_server(seconds=30) as url:
        assert asked(Probes(path, clock=clock), url)[0]
        answer, took = asked(Probes(path, clock=clock), url)
        assert not answer
        assert took < BUSY_SECONDS + MARGIN
        assert asked(Probes(path, clock=clock), url)[1] < PROBE_SECONDS
        clock.now += KEEP_SECONDS + 1
        assert asked(Probes(path, clock=clock), url)[1] < PROBE_SECONDS + MARGIN


def test_a_host_that_answered_lately_and_takes_no_connection_now_costs_a_blink(tmp_path: Path, silent: str) -> None:
    path, clock = tmp_path / "probes.json", Clock()
    path.write_text(json.dumps({"answered": {silent: clock.now - 10}}))
    answer, took = asked(Probes(path, clock=clock), silent)
    assert not answer
    assert took < PROBE_SECONDS + MARGIN
