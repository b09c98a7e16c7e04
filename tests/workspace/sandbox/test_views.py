"""What commands get to see, as it is told to bubblewrap and to macOS."""

import sys
from pathlib import Path

import pytest

from prentice.errors import SandboxError
from prentice.workspace.sandbox import choosing
from prentice.workspace.sandbox.bubblewrap import Bubblewrap
from prentice.workspace.sandbox.environment import scrubbed
from prentice.workspace.sandbox.limits import Limits
from prentice.workspace.sandbox.seatbelt import Seatbelt, profile
from prentice.workspace.sandbox.unconfined import Unconfined
from prentice.workspace.sandbox.view import View
from prentice.workspace.worktree import worktree
from workspace.trees import repository


@pytest.fixture
def view(tmp_path: Path) -> View:
    for name in ("tree", "top", "home", "scratch", "git"):
        (tmp_path / name).mkdir()
    return View(
        tree=tmp_path / "tree", top=tmp_path / "top", directory=".", home=tmp_path / "home",
        scratch=tmp_path / "scratch", git_dir=tmp_path / "git", lent=("node_modules",), readable=(Path("/opt/tool"),),
    )  # fmt: skip


def test_tools_in_the_users_home_are_seen_and_what_holds_keys_beside_them_is_not(
    tmp_path: Path, places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    for name in (
        ".cargo/bin",
        ".cargo/registry",
        "node/bin",
        "node/lib",
        ".local/bin",
        ".local/share/keyrings",
        "bin",
        ".tool/bin",
    ):
        (home / name).mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    paths = [f"{home}/{name}" for name in ("node/bin", "work/bin", ".local/bin", "bin", ".tool/bin", ".cargo/bin")]
    monkeypatch.setenv("PATH", ":".join((str(home), "/", "relative", *paths, "/usr/bin")))
    project = tmp_path / "project"
    project.mkdir()
    (project / "a.py").write_text("")
    with worktree(project, directory=places) as made:
        seen = View.of(made).readable
    assert {home / "node", home / "bin", home / ".tool/bin", home / ".cargo/bin", home / ".local/bin"} <= set(seen)
    for hidden in (
        home,
        home / "work",
        home / ".cargo",
        home / ".local",
        home / ".local/share/keyrings",
        home.parent,
        Path("/"),
    ):
        assert not any(hidden == path or hidden.is_relative_to(path) for path in seen), hidden


def test_the_packages_that_programs_of_node_are_links_into_are_seen_with_them(
    tmp_path: Path, places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, everyones = tmp_path / "work" / "node_modules", tmp_path / "home" / ".npm-global" / "lib" / "node_modules"
    programs = (own / ".bin", everyones.parents[1] / "bin")
    for directory in (*programs, everyones):
        directory.mkdir(parents=True)
    monkeypatch.setenv("PATH", ":".join((*map(str, programs), "/usr/bin")))
    project = tmp_path / "project"
    project.mkdir()
    (project / "a.py").write_text("")
    with worktree(project, directory=places) as made:
        seen = View.of(made).readable
    assert {own, programs[1], everyones} <= set(seen)
    assert not {own.parent, everyones.parent, everyones.parents[1]} & set(seen)


def test_the_environment_of_a_command_holds_nothing_that_was_not_chosen(tmp_path: Path) -> None:
    found = scrubbed(
        {"PATH": "/usr/bin", "HOME": "/home/x", "AWS_SECRET_ACCESS_KEY": "s", "SSH_AUTH_SOCK": "s", "TZ": "UTC",
         "PYTHONPATH": "/evil", "LD_PRELOAD": "/evil", "GIT_DIR": "/evil", "HTTPS_PROXY": "s"},
        home=tmp_path / "h", temporary=tmp_path / "t", programs=[tmp_path / "bin"], scratch=tmp_path / "s",
    )  # fmt: skip
    assert not {"AWS_SECRET_ACCESS_KEY", "SSH_AUTH_SOCK", "PYTHONPATH", "LD_PRELOAD", "GIT_DIR", "HTTPS_PROXY"} & set(
        found
    )
    assert found["PATH"] == f"{tmp_path}/bin:/usr/bin"
    assert (found["HOME"], found["TZ"]) == (str(tmp_path / "h"), "UTC")


def test_every_mount_of_bubblewrap_is_read_only_but_three(view: View) -> None:
    command = Bubblewrap(program="bwrap").command(["true"], view=view, limits=Limits())
    written = {command[number + 2] for number, word in enumerate(command) if word == "--bind"}
    assert written == {str(view.top), str(view.home), str(view.scratch)}
    assert command[command.index("--bind") + 1] != str(view.top)
    for word in ("--unshare-net", "--unshare-pid", "--unshare-user", "--die-with-parent", "--new-session"):
        assert word in command
    assert command[-2:] == ["--", "true"]


def test_an_older_bubblewrap_is_not_asked_for_what_it_does_not_know(view: View) -> None:
    command = Bubblewrap(program="bwrap").command(["true"], view=view, limits=Limits())
    assert not {"--size", "--disable-userns", "--json-status-fd"} & set(command)


def test_the_profile_of_macos_denies_the_network_the_home_and_all_writing_but_three_places(view: View) -> None:
    home = Path('/Users/some"one')
    lines = profile(view, home=home).splitlines()
    assert lines[:2] == ["(version 1)", "(allow default)"]
    assert "(deny network*)" in lines
    denied = lines.index("(deny file-write*)")
    for place in (view.tree, view.home, view.scratch):
        assert lines.index(f'(allow file-write* (subpath "{place.resolve()}"))') > denied
    assert lines.index(f'(deny file-write* (subpath "{view.git_dir.resolve()}"))') > denied
    assert '(deny file-read* (subpath "/Users/some\\"one"))' in lines
    assert lines.index(f'(allow file-read* (subpath "{view.tree.resolve()}"))') > lines.index(
        f'(deny file-read* (subpath "{view.top.resolve()}"))'
    )
    command = Seatbelt().command(["true", "$HOME"], view=view, limits=Limits())
    assert command[:2] == ["/usr/bin/sandbox-exec", "-p"]
    assert command[-2:] == ["true", "$HOME"]


def test_without_a_working_sandbox_there_is_an_error_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("PATH", str(tmp_path))
    choosing.working.cache_clear()
    try:
        with pytest.raises(SandboxError) as caught:
            choosing.chosen()
        assert "apt install bubblewrap" in caught.value.next_step
        assert choosing.chosen(required=False) == Unconfined()
        program = tmp_path / "bwrap"
        program.write_text("#!/bin/sh\necho 'no permissions' >&2\nexit 1\n")
        program.chmod(0o755)
        with pytest.raises(SandboxError, match="no permissions"):
            choosing.chosen()
    finally:
        choosing.working.cache_clear()


def test_dependencies_that_are_lent_stay_read_only_and_submodules_come_along(tmp_path: Path, places: Path) -> None:
    project = repository(tmp_path / "project", {"a.py": ""})
    (project / "web/node_modules/x").mkdir(parents=True)
    (project / ".venv/bin").mkdir(parents=True)
    (project / ".venv/pyvenv.cfg").write_text("")
    with worktree(project, directory=places) as made:
        view = View.of(made)
        assert view.lent == (".venv", "web/node_modules")
        assert view.programs(Path("/shown")) == [Path("/shown/.venv/bin")]
