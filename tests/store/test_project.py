import json
import subprocess
import tomllib
from pathlib import Path

import pytest

from prentice.errors import DamagedFileError, FileRefusedError, WriteFailedError
from prentice.store.project import find_project, init_project

NOW = "2026-01-02T03:04:05.678Z"


def files(root: Path) -> dict[str, bytes]:
    """Give every file but the lock, in which stands who had it last."""
    found = (path for path in root.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


def test_init_makes_the_todo2_file_the_settings_and_keeps_the_ledger_out_of_git(tmp_path: Path) -> None:
    project, made = init_project(tmp_path, now=NOW)
    assert made == [".todo2/state.todo2.json", ".todo2/.gitignore", ".prentice/config.toml"]
    assert json.loads(project.todo2_path.read_bytes())["nextTaskNumber"] == 1
    assert tomllib.loads((tmp_path / ".prentice/config.toml").read_text())
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    project.ledger_path.write_bytes(b"")
    listed = subprocess.run(
        ["git", "-C", str(tmp_path), "status", "--porcelain", "-uall"], check=True, capture_output=True, text=True
    ).stdout
    assert "ledger.db" not in listed
    assert "config.toml" in listed


def test_init_again_changes_nothing(tmp_path: Path) -> None:
    init_project(tmp_path, now=NOW)
    before = files(tmp_path)
    assert init_project(tmp_path, now="2027-01-01T00:00:00.000Z")[1] == []
    assert files(tmp_path) == before


def test_init_beside_a_todo2_file_leaves_it_alone_and_refuses_a_damaged_one(tmp_path: Path) -> None:
    path = tmp_path / ".todo2" / "state.todo2.json"
    path.parent.mkdir()
    path.write_bytes(b'{"todos":[]}')
    assert init_project(tmp_path, now=NOW)[1] == [".prentice/config.toml"]
    assert path.read_bytes() == b'{"todos":[]}'
    path.write_bytes(b"[]")
    with pytest.raises(DamagedFileError):
        init_project(tmp_path, now=NOW)


def test_init_does_not_cut_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    path = tmp_path / ".todo2" / "state.todo2.json"
    path.parent.mkdir()
    path.symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(FileRefusedError):
        init_project(tmp_path, now=NOW)
    assert path.is_symlink()


@pytest.mark.parametrize("name", [".todo2", ".prentice"])
def test_a_file_in_the_place_of_a_directory_is_a_typed_error(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(WriteFailedError, match=name):
        init_project(tmp_path, now=NOW)
    assert (tmp_path / name).read_text() == "mine"


def test_a_project_is_found_from_below_as_far_as_the_root_of_its_repository(tmp_path: Path) -> None:
    init_project(tmp_path, now=NOW)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    found = find_project(below)
    assert found is not None
    assert found.root == tmp_path.resolve()
    (tmp_path / "a" / ".git").mkdir()
    assert find_project(below) is None


def test_a_repository_whose_root_is_the_project_is_found_from_inside(tmp_path: Path) -> None:
    init_project(tmp_path, now=NOW)
    (tmp_path / ".git").mkdir()
    (tmp_path / "src").mkdir()
    found = find_project(tmp_path / "src")
    assert found is not None
    assert found.root == tmp_path.resolve()
