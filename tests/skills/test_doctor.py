"""What the doctor finds in a project, and the command that mends it."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

import prentice
from prentice.skills.doctor import Finding
from prentice.store.lock import locked

STAMP = "2026-01-02T03:04:05.006Z"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two sound tasks, in a git repository."""
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    opened = prentice.open(tmp_path, backend="builtin")
    opened.init()
    opened.add("Write the parser")
    opened.add("Water the plants", depends=["T-1"])
    return tmp_path


def findings(project: Path) -> dict[str, Finding]:
    return {finding.check: finding for finding in prentice.open(project, backend="builtin").doctor()}


def todo2(project: Path) -> Path:
    return project / ".todo2" / "state.todo2.json"


def damage(project: Path, **changes: Any) -> None:
    """Write the file with other values, as a program does that knows nothing of ours; None removes a key."""
    value = json.loads(todo2(project).read_text(encoding="utf-8")) | changes
    kept = {key: held for key, held in value.items() if held is not None}
    todo2(project).write_text(json.dumps(kept, indent=2), encoding="utf-8")


def test_in_a_sound_project_nothing_is_wrong(project: Path) -> None:
    found = findings(project)
    assert all(finding.ok for finding in found.values())
    assert found["project"].found == "2 tasks"
    assert found["damage"].found.startswith("none")
    assert found["lock"].found == "free"
    assert "git_ignore" in found
    assert not {"overwritten", "set_back", "temporary_files"} & set(found)


def test_damage_is_found_with_all_its_ids_and_the_command_that_mends_it(project: Path) -> None:
    todos = [
        {"id": f"T-{n}", "name": f"t{n}", "status": "Todo", "taskNumber": n, "dependencies": ["gone"]} for n in range(9)
    ]
    damage(project, nextTaskNumber=None, todos=[*todos, {"id": "T-1", "name": "again", "taskNumber": 1}])
    found = findings(project)
    assert found["counter"].next_step.startswith("`prentice doctor --repair`")
    dangling = found["dangling_dependency"]
    assert (dangling.ok, len(dangling.where)) == (False, 9)
    assert dangling.found.endswith("and 4 more, which do not exist")
    assert dangling.document()["where"] == [f"T-{n}" for n in range(9)]
    assert "T-1" in found["repeated_ids"].found
    assert "state.todo2.json" in found["repeated_ids"].next_step
    assert "damage" not in found


def test_harmless_oddities_are_said_and_nothing_is_wrong_with_them(project: Path) -> None:
    damage(project, todos=[{"id": "X-1", "name": "odd", "status": "done", "lastModified": STAMP}])
    found = findings(project)
    assert found["status"].ok
    assert found["status"].next_step == ""
    assert found["foreign_numbers"].ok


@pytest.mark.parametrize(
    ("text", "sentence", "step"),
    [
        ('{"todos": [{"id": "T-1"', "cut off", "prentice doctor --repair"),
        ('{\n<<<<<<< HEAD\n"a": 1\n=======\n"a": 2\n>>>>>>> b\n}', "conflict markers", "prentice doctor --repair"),
        ("version https://git-lfs.github.com/spec/v1\n", "LFS pointer", "git lfs pull"),
        ("", "is empty", "prentice doctor --repair"),
    ],
)
def test_a_file_that_is_no_json_is_a_finding_and_the_rest_is_still_looked_at(
    project: Path, text: str, sentence: str, step: str
) -> None:
    todo2(project).write_text(text, encoding="utf-8")
    found = findings(project)
    assert not found["project"].ok
    assert sentence in found["project"].found
    assert step in found["project"].next_step
    assert found["ledger"].ok


def test_a_link_and_a_read_only_file_are_findings(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    todo2(project).chmod(0o444)
    assert "chmod u+w" in findings(project)["writable"].next_step
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "state.json"
    todo2(project).rename(elsewhere)
    todo2(project).symlink_to(elsewhere)
    assert "symbolic link" in findings(project)["project"].found


def test_a_lock_that_somebody_holds_is_a_finding_with_its_holder(project: Path) -> None:
    with locked(todo2(project), wait=1.0):
        found = findings(project)["lock"]
    assert not found.ok
    assert "Another process" in found.found
    assert found.next_step


def test_what_a_killed_process_left_beside_the_file_is_cleared_away_or_named(project: Path) -> None:
    left = todo2(project).with_name(".state.todo2.json.99999-1.tmp")
    left.write_bytes(todo2(project).read_bytes())
    assert findings(project)["temporary_files"].ok
    assert not left.exists()
    left.write_bytes(b"{}")
    todo2(project).chmod(0o444)
    found = findings(project)["temporary_files"]
    assert not found.ok
    assert str(left) in found.next_step


def test_changes_that_another_program_overwrote_are_told_of_with_the_advice_to_reload(project: Path) -> None:
    old = todo2(project).read_text(encoding="utf-8")
    prentice.open(project).comment("T-1", "done")
    later = json.loads(old) | {"lastModified": "2199-01-01T00:00:00.000Z", "project": "touched"}
    todo2(project).write_text(json.dumps(later, indent=2), encoding="utf-8")
    found = findings(project)
    assert found["overwritten"].ok
    assert "once" in found["overwritten"].found
    assert "Reload" in found["overwritten"].next_step
    assert len(prentice.open(project).tasks().comments("T-1")) == 1


def test_what_the_file_was_set_back_behind_can_be_brought_back(project: Path) -> None:
    old = todo2(project).read_bytes()
    opened = prentice.open(project)
    opened.comment("T-1", "done")
    todo2(project).write_bytes(old)
    later = time.time() + 120  # as by a person who puts an old file back, not by a program that holds an old copy
    os.utime(todo2(project), (later, later))
    found = findings(project)["set_back"]
    assert "T-1" in found.found
    assert "prentice doctor --restore" in found.next_step
    assert len(opened.restore()) == 1
    assert [comment.content for comment in opened.tasks().comments("T-1")] == ["done"]
    assert "set_back" not in findings(project)


def test_private_files_that_git_would_take_are_a_finding(project: Path) -> None:
    ignore = project / ".prentice" / ".gitignore"
    kept = ignore.read_text(encoding="utf-8")
    ignore.write_text("backups/\n", encoding="utf-8")
    subprocess.run(["git", "add", "-f", ".prentice/journal.jsonl"], cwd=project, check=True)
    found = findings(project)["git_ignore"]
    assert not found.ok
    assert "git rm --cached .prentice/journal.jsonl" in found.next_step
    subprocess.run(["git", "rm", "-q", "--cached", ".prentice/journal.jsonl"], cwd=project, check=True)
    ignore.write_text(kept, encoding="utf-8")
    assert findings(project)["git_ignore"].ok
