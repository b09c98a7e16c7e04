"""The tests run where nothing but this machine can be reached: what passes here sent no byte out."""

import socket
import subprocess
import sys

import pytest

from loopback import is_alone, leave_the_network


@pytest.fixture(autouse=True)
def _isolated() -> None:
    if stayed_because := leave_the_network():  # conftest.py has done it already, if it can be done
        pytest.skip(stayed_because)


def test_the_tests_have_no_network_device_but_loopback() -> None:
    assert is_alone()


def test_nothing_beyond_this_machine_can_be_reached() -> None:
    with pytest.raises(OSError, match="unreachable"):
        socket.create_connection(("192.0.2.1", 80), timeout=5)


def test_what_a_test_starts_is_as_alone_as_the_test() -> None:
    program = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=5)"
    tried = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert "unreachable" in tried.stderr


def test_loopback_itself_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), timeout=5):
        pass
