"""Hostile commands, tried for real: nothing outside the worktree changes, each ends with a reason, nothing is left."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from prentice.workspace.sandbox.choosing import Sandbox
from prentice.workspace.sandbox.limits import Limits
from prentice.workspace.sandbox.running import Ended, run
from prentice.workspace.sandbox.unconfined import Unconfined
from prentice.workspace.sandbox.view import View
from prentice.workspace.worktree import worktree
from workspace.trees import pictured, repository

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
Shell = Callable[..., Ended]


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory with something to steal, and a project in it."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "id_ed25519").write_text("PRIVATE KEY")
    (home / ".netrc").write_text("machine example.org password SECRET")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SECRET")
    repository(home / "project", {"a.py": "x = 1\n"})
    return home


@pytest.fixture
def shell(user: Path, places: Path, sandbox: Sandbox, python: tuple[str, tuple[Path, ...]]) -> Iterator[Shell]:
    before = pictured(user, without=())
    with worktree(user / "project", directory=places) as made:
        view = View.of(made, readable=python[1])

        def do(script: str, **options: Any) -> Ended:
            return run(["bash", "-c", script], sandbox=sandbox, view=view, limits=Limits(**{"seconds": 60, **options}))

        yield do
    assert pictured(user, without=()) == before


def gone(command: str) -> bool:
    """Whether no process has this command line any more."""
    listed = subprocess.run(["ps", "-axww", "-o", "command="], capture_output=True, text=True, check=True).stdout
    return command not in {line.strip() for line in listed.splitlines()}


def test_a_command_writes_in_the_worktree_and_nowhere_else(shell: Shell, user: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    ended = shell(
        f"echo in > new.txt && cat new.txt; echo x > {outside}; echo x > {user}/x; echo x > /etc/x; echo x > /usr/x;"
        f"echo x > ../x; echo x > /x; echo x > /dev/x; ls /x /dev/x; mkdir -p {user}/project/.prentice;"
        f"rm -rf {user}/project/.git; echo x > .git; ls -a"
    )
    assert ended.ending == "exited"
    assert ended.stdout.startswith(b"in\n")
    assert not {b"/x", b"/dev/x"} & set(ended.stdout.split())
    assert b"Read-only" in ended.stderr
    assert not outside.exists()


def test_a_command_cannot_read_keys_or_anything_else_in_the_home_directory(shell: Shell, user: Path) -> None:
    ended = shell(f"cat {user}/.ssh/id_ed25519 {user}/.netrc ~/.ssh/id_ed25519; ls -A ~ {user}; cat /etc/shadow; env")
    assert b"PRIVATE" not in ended.stdout + ended.stderr
    assert b"SECRET" not in ended.stdout + ended.stderr
    assert b"root:" not in ended.stdout
    assert b"No such file" in ended.stderr


def test_a_command_sees_the_worktree_in_the_place_of_the_users_tree(shell: Shell, user: Path) -> None:
    (user / "project" / "uncommitted.txt").write_text("the user's own")
    ended = shell("pwd; ls; git log --format=%s; git status --short")
    (user / "project" / "uncommitted.txt").unlink()
    assert ended.stdout.decode().split() == [str(user / "project"), "a.py", "first"]


def test_a_command_reaches_no_server_not_even_on_this_machine(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        server.settimeout(0.2)
        ended = shell(
            f"echo hello > /dev/tcp/127.0.0.1/{port} || echo refused; echo > /dev/udp/192.0.2.1/53 || echo no way"
        )
        with pytest.raises(TimeoutError):
            server.accept()
    assert ended.stdout == b"refused\nno way\n"


@LINUX
def test_a_command_reaches_no_socket_of_the_system(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "service.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        ended = shell(
            f"ls {path} /run; {sys.executable} -c 'import socket; socket.socket(socket.AF_UNIX).connect(\"{path}\")'"
        )
    assert b"No such file" in ended.stderr
    assert ended.stdout.strip() == b"/run:"


def test_servers_of_the_tests_own_work_inside(shell: Shell) -> None:
    ended = shell(
        f'{sys.executable} -c \'import socket; s = socket.create_server(("127.0.0.1", 0));'
        ' c = socket.create_connection(s.getsockname()); print("works")\''
    )
    assert ended.stdout == b"works\n", ended.stderr


def test_what_sleeps_for_ever_and_ignores_sigterm_is_ended(shell: Shell) -> None:
    ended = shell("trap '' TERM INT HUP; sleep 987654", seconds=0.5)
    assert ended.ending == "seconds"
    assert ended.status is None
    assert ended.seconds < 10
    assert gone("sleep 987654")


def test_children_that_left_their_session_are_ended_with_the_command(shell: Shell) -> None:
    script = "(setsid sh -c 'trap \"\" TERM; sleep 876543 & setsid sleep 876543 & sleep 876543') & sleep 0.3; echo done"
    ended = shell(script)
    assert (ended.ending, ended.status, ended.stdout) == ("exited", 0, b"done\n")
    assert gone("sleep 876543")


def test_a_fork_bomb_is_ended(shell: Shell) -> None:
    ended = shell("bomb() { bomb | bomb & }; bomb; sleep 765432", processes=200)
    assert ended.ending == "processes"
    assert gone("sleep 765432")


def test_what_fills_the_disk_is_ended_and_what_it_wrote_is_removed(shell: Shell, places: Path) -> None:
    ended = shell("i=0; while :; do i=$((i+1)); head -c 20000000 /dev/zero > fill$i || exit 3; done", disk_mb=200)
    assert ended.ending == "disk"
    assert sum(path.stat().st_size for path in places.rglob("fill*")) < 5_000_000_000


@LINUX
def test_one_file_cannot_grow_beyond_the_limit_nor_the_private_memory(shell: Shell) -> None:
    ended = shell("head -c 300000000 /dev/zero > one; stat -c %s one; head -c 300000000 /dev/zero > /tmp/two; "
                  "stat -c %s /tmp/two", disk_mb=100, private_mb=50)  # fmt: skip
    one, two = map(int, ended.stdout.split())
    assert one <= 100_000_000
    assert two <= 51_000_000


def test_what_prints_a_gigabyte_is_ended_and_kept_small(shell: Shell) -> None:
    ended = shell("head -c 1000000000 /dev/zero", output_mb=5)
    assert ended.ending == "output"
    assert len(ended.stdout) < 6_000_000


def test_what_takes_too_much_memory_is_ended(shell: Shell) -> None:
    ended = shell(f"{sys.executable} -c 'kept = []\nwhile True: kept.append(bytearray(10_000_000))'", memory_mb=200)
    assert ended.ending == "memory"


def test_a_command_that_is_stopped_ends_at_once(user: Path, places: Path, sandbox: Sandbox) -> None:
    began = time.monotonic()
    with worktree(user / "project", directory=places) as made:
        ended = run(
            ["sleep", "654321"], sandbox=sandbox, view=View.of(made), stopped=lambda: time.monotonic() > began + 0.5
        )
    assert ended.ending == "stopped"
    assert gone("sleep 654321")


@LINUX
def test_a_command_ends_with_the_process_that_runs_it_though_that_is_killed(user: Path, places: Path) -> None:
    program = (
        "import sys, pathlib\n"
        "from prentice.workspace.sandbox.choosing import chosen\n"
        "from prentice.workspace.sandbox.running import run\n"
        "from prentice.workspace.sandbox.view import View\n"
        "from prentice.workspace.worktree import worktree\n"
        "with worktree(pathlib.Path(sys.argv[1]), directory=pathlib.Path(sys.argv[2])) as made:\n"
        "    run(['sh', '-c', 'setsid sleep 543210 & sleep 543210'], sandbox=chosen(), view=View.of(made))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(user / "project"), str(places)])
    wait_for(lambda: not gone("sleep 543210"))
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_for(lambda: gone("sleep 543210"))
    assert [path for path in places.iterdir() if path.is_dir()]
    with worktree(user / "project", directory=places) as made:
        assert [path for path in places.iterdir() if path.is_dir()] == [made.place]
    assert list(places.iterdir()) == []


def test_a_program_that_does_not_exist_is_named(user: Path, places: Path) -> None:
    with worktree(user / "project", directory=places) as made:
        ended = run(["no-such-program"], sandbox=Unconfined(), view=View.of(made))
    assert ended.status == 127
    assert b"no-such-program" in ended.stderr


def test_without_a_sandbox_children_that_left_the_group_are_found_by_their_mark(user: Path, places: Path) -> None:
    with worktree(user / "project", directory=places) as made:
        view = View.of(made)
        ended = run(["bash", "-c", "setsid sleep 432109 & echo on"], sandbox=Unconfined(), view=view)
        assert ended.stdout == b"on\n"
        assert gone("sleep 432109")
        slow = run(["bash", "-c", "setsid sleep 432108 & sleep 432108"], sandbox=Unconfined(), view=view,
                   limits=Limits(seconds=0.5))  # fmt: skip
    assert slow.ending == "seconds"
    assert gone("sleep 432108")


def test_without_a_sandbox_commands_run_in_the_worktree_with_its_dependencies_linked(user: Path, places: Path) -> None:
    modules = user / "project" / "node_modules" / "left-pad"
    modules.mkdir(parents=True)
    (modules / "index.js").write_text("1")
    with worktree(user / "project", directory=places) as made:
        ended = run(["bash", "-c", "pwd; ls node_modules; env"], sandbox=Unconfined(), view=View.of(made))
        assert str(made.root) in ended.stdout.decode()
        made.reset()
    assert b"left-pad" in ended.stdout
    assert b"SECRET" not in ended.stdout
    assert (modules / "index.js").exists()
    shutil.rmtree(user / "project" / "node_modules")


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it took longer than a minute"
        os.sched_yield() if hasattr(os, "sched_yield") else None
