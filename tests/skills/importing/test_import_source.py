"""Finding and reading the files of an import."""

import os
import shutil
from pathlib import Path

import pytest

from prentice.errors import ImportSourceError
from prentice.skills.importing.source import MAX_FILE_MB, open_source

SAMPLES = Path(__file__).parents[2] / "samples" / "imports"


def linked(link: Path, target: Path) -> None:
    try:
        link.symlink_to(target, target_is_directory=target.is_dir())
    except OSError as error:
        pytest.skip(f"links cannot be made here: {error}")


@pytest.mark.parametrize("place", [".", "backlog"])
def test_a_project_of_backlog_md_is_found_from_above_and_by_its_own_folder(place: str) -> None:
    source = open_source(SAMPLES / "backlog" / "project" / place)
    assert source.kind == "backlog"
    assert "tasks/task-1 - Label-the-seed-drawers.md" in {document.path for document in source.documents}


def test_a_project_of_task_master_is_found_in_each_of_its_places(tmp_path: Path) -> None:
    assert open_source(SAMPLES / "task_master" / "project").kind == "task-master"
    (tmp_path / "tasks").mkdir()
    shutil.copy(SAMPLES / "task_master" / "untagged.json", tmp_path / "tasks" / "tasks.json")
    assert open_source(tmp_path).kind == "task-master"


def test_a_directory_of_both_tools_needs_a_choice(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES / "backlog" / "project", tmp_path, dirs_exist_ok=True)
    shutil.copytree(SAMPLES / "task_master" / "project", tmp_path, dirs_exist_ok=True)
    with pytest.raises(ImportSourceError) as raised:
        open_source(tmp_path)
    assert "--from" in raised.value.next_step
    assert open_source(tmp_path, kind="backlog").kind == "backlog"
    assert open_source(tmp_path, kind="task-master").kind == "task-master"


@pytest.mark.parametrize("kind", [None, "task-master", "backlog", "checklist", "github"])
def test_a_directory_without_tasks_is_refused(tmp_path: Path, kind: str | None) -> None:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "notes.txt").write_text("- [ ] a", encoding="utf-8")
    with pytest.raises(ImportSourceError, match="holds no tasks"):
        open_source(tmp_path, kind=kind)  # type: ignore[arg-type]


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    for path in (tmp_path / "gone", Path("nul\0byte")):
        with pytest.raises(ImportSourceError, match="cannot be read"):
            open_source(path)


def test_a_link_that_leads_out_of_the_directory_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text("---\nid: TASK-99\ntitle: Secret\n---\n", encoding="utf-8")
    project = tmp_path / "project"
    shutil.copytree(SAMPLES / "backlog" / "project", project)
    linked(project / "backlog" / "tasks" / "task-99.md", secret)
    source = open_source(project)
    assert not any("Secret" in document.text for document in source.documents)
    assert source.warnings == ("tasks/task-99.md is a link and was not followed.",)


@pytest.mark.parametrize("part", ["backlog", "backlog/tasks"])
def test_a_folder_that_is_a_link_is_not_followed(tmp_path: Path, part: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(SAMPLES / "backlog" / "project", elsewhere)
    project = tmp_path / "project"
    (project / part).parent.mkdir(parents=True)
    linked(project / part, elsewhere / part)
    if part == "backlog/tasks":
        (project / "backlog" / "drafts").mkdir()
        (project / "backlog" / "config.yml").write_text("statuses: [Done]", encoding="utf-8")
        source = open_source(project)
        assert [document.path for document in source.documents] == ["config.yml"]
        assert source.warnings == ("tasks is a link and was not followed.",)
    else:
        with pytest.raises(ImportSourceError, match="backlog is a link and was not followed"):
            open_source(project)


def test_a_linked_tasks_json_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / ".taskmaster" / "tasks").mkdir(parents=True)
    linked(tmp_path / ".taskmaster" / "tasks" / "tasks.json", SAMPLES / "task_master" / "untagged.json")
    with pytest.raises(ImportSourceError, match="was not followed"):
        open_source(tmp_path)


def test_a_file_of_fifty_megabytes_is_refused_with_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "tasks.json"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(ImportSourceError, match=f"has 50 MB; at most {MAX_FILE_MB} MB"):
        open_source(path)


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("named pipes are POSIX's")
    os.mkfifo(tmp_path / "tasks.json")
    with pytest.raises(ImportSourceError, match="not a file"):
        open_source(tmp_path / "tasks.json")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_marks_of_encodings_are_understood(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "TODO.md"
    path.write_bytes("- [ ] Möhre\r\n".encode(encoding))
    assert open_source(path).documents[0].text == "- [ ] Möhre\r\n"


def test_another_encoding_is_refused_and_in_a_directory_costs_one_file_only(tmp_path: Path) -> None:
    path = tmp_path / "TODO.md"
    path.write_bytes("- [ ] Möhre".encode("latin-1"))
    with pytest.raises(ImportSourceError, match=r"not UTF-8 \(byte 7\)"):
        open_source(path)
    project = tmp_path / "project"
    shutil.copytree(SAMPLES / "backlog" / "project", project)
    shutil.copy(path, project / "backlog" / "tasks" / "task-9.md")
    source = open_source(project)
    assert len(source.documents) == len(open_source(SAMPLES / "backlog" / "project").documents)
    assert source.warnings[0].startswith("tasks/task-9.md was left out")


def test_an_unreadable_folder_is_an_error_of_ours(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES / "backlog" / "project", tmp_path, dirs_exist_ok=True)
    folder = tmp_path / "backlog" / "tasks"
    folder.chmod(0)
    try:
        if os.access(folder, os.R_OK):
            pytest.skip("this user may read everything")
        with pytest.raises(ImportSourceError, match="cannot be read"):
            open_source(tmp_path)
    finally:
        folder.chmod(0o755)
