"""`prentice web`: what it prints, what it opens, how it ends, and what it refuses."""

import os
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from prentice.web.serving import has_display
from web.browsers import command

COMMAND = [sys.executable, "-m", "prentice", "web"]


def test_the_address_answers_on_this_machine_alone(tmp_path: Path) -> None:
    with command(tmp_path) as url:
        assert url.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(url.replace("/?token", "/assets/page.css?token")) as answer:
            assert answer.headers["content-type"].startswith("text/css")
            assert "server" not in answer.headers
        port = int(url.split(":")[2].split("/")[0])
        with socket.socket(socket.AF_INET6) as other, pytest.raises(OSError, match=r"refused|unreachable|assign"):
            other.connect(("::1", port))
        with socket.socket() as other, pytest.raises(OSError, match="refused"):
            other.connect(("127.0.0.2", port))
    assert list(tmp_path.iterdir()) == []


def test_a_person_reads_a_sentence_and_ctrl_c_ends_without_a_trace(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "--no-open"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    said = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said.startswith("The review page is at http://127.0.0.1:")
    assert out == ""
    assert err == "The address is a key to this project: keep it to yourself. Ctrl-C ends.\n\nThe page is closed.\n"


def test_told_to_end_it_ends(tmp_path: Path) -> None:
    process = subprocess.Popen([*COMMAND, "--json"], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    process.stdout.readline()
    process.terminate()
    assert process.wait(timeout=30) == -signal.SIGTERM
    process.stdout.close()


def test_a_port_that_is_taken_is_named_with_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*COMMAND, "--port", str(port)], cwd=tmp_path, capture_output=True, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr == (
        f"prentice: 127.0.0.1:{port} cannot be used: Address already in use. "
        "Choose another: `--port N`, or leave it out for a free one.\n"
    )


def test_settings_that_make_no_sense_are_said_before_anything_is_served(tmp_path: Path) -> None:
    (tmp_path / ".todo2").mkdir()
    (tmp_path / ".prentice").mkdir()
    (tmp_path / ".prentice" / "config.toml").write_text("[runs]\nworker = 3\n")
    done = subprocess.run([*COMMAND, "--json"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert '"code": "config"' in done.stdout
    assert "url" not in done.stdout


@pytest.mark.parametrize(
    ("environment", "platform", "is_there"),
    [({}, "linux", False), ({"DISPLAY": ":0"}, "linux", True), ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
     ({"DISPLAY": ":0", "SSH_CONNECTION": "a"}, "linux", False), ({"DISPLAY": ":0", "CI": "true"}, "linux", False),
     ({}, "darwin", True), ({"SSH_CONNECTION": "a"}, "darwin", False), ({}, "win32", True)],
)  # fmt: skip
def test_a_browser_is_opened_where_a_person_sees_it(
    environment: dict[str, str], platform: str, *, is_there: bool
) -> None:
    assert has_display(environment, platform=platform) is is_there


def test_the_browser_that_is_opened_gets_a_token_for_one_use(tmp_path: Path) -> None:
    """The arguments of a program are for every user of the machine to read."""
    note, program = tmp_path / "note", tmp_path / "browser"
    program.write_text(f'#!/bin/sh\nprintf %s "$1" > {note}.part && mv {note}.part {note}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    environment = {name: value for name, value in os.environ.items() if name not in {"CI", "SSH_CONNECTION"}}
    process = subprocess.Popen(
        COMMAND, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment | {"DISPLAY": ":9", "BROWSER": f"{program} %s"},
    )  # fmt: skip
    assert process.stdout
    assert process.stderr
    said = process.stdout.readline().split()[-1]
    process.stderr.readline()
    until = 30.0
    while not note.exists() and until > 0:
        until -= 0.05
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.05)
    opened = note.read_text()
    assert opened.partition("token=")[0] == said.partition("token=")[0]
    assert opened != said
    for expected in (200, 403):
        assert status(opened) == expected
    assert status(said) == status(said) == 200
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)


def status(url: str) -> int:
    """Open an address in a browser of its own."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    try:
        with opener.open(url) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
