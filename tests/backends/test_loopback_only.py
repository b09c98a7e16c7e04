"""The tests of the backends pass where nothing but this machine can be reached, so nothing else was reached."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
LIMIT = 280.0

RUN = """
import fcntl, os, socket, struct, sys
UP, GET_FLAGS, SET_FLAGS = 1, 0x8913, 0x8914  # of Linux's if.h and sockios.h
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
    answer = fcntl.ioctl(asking, GET_FLAGS, struct.pack("16sh14x", b"lo", 0))
    name, flags = struct.unpack("16sh14x", answer)
    fcntl.ioctl(asking, SET_FLAGS, struct.pack("16sh14x", name, flags | UP))
assert [name for _, name in socket.if_nameindex()] == ["lo"], socket.if_nameindex()
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def isolated(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a network namespace of its own, in which only loopback is up."""
    return subprocess.run(
        ["unshare", "--user", "--map-root-user", "--net", sys.executable, "-c", RUN, *arguments],
        cwd=HERE.parent.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
    )


@pytest.fixture
def namespace() -> None:
    """Skip where the system allows no such namespace."""
    if shutil.which("unshare") is None:
        pytest.skip("only Linux has network namespaces")
    tried = isolated("-c", "pass")
    if tried.returncode != 0:
        pytest.skip(f"this system allows no network namespace: {tried.stderr.strip()}")


@pytest.mark.usefixtures("namespace")
def test_the_namespace_of_these_tests_reaches_nothing_but_this_machine() -> None:
    program = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=5)"
    tried = isolated("-c", program)
    assert tried.returncode != 0
    assert "Network is unreachable" in tried.stderr


@pytest.mark.timeout(LIMIT + 10)
@pytest.mark.usefixtures("namespace")
def test_the_tests_of_the_backends_pass_with_loopback_alone() -> None:
    finished = isolated("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", f"--ignore={__file__}", str(HERE))
    assert finished.returncode == 0, finished.stdout[-4000:] + finished.stderr[-2000:]
