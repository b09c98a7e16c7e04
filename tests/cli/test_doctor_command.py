"""`prentice doctor --repair` and `--restore`: what is mended, the backup, the diff, and what is left to a person."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from cli.calling import Call, calling
from prentice.cli.app import run

FILE = Path(".todo2/state.todo2.json")
STAMP = "2026-01-02T03:04:05.006Z"
DAMAGED = {
    "tasks": [
        {"id": "T-1", "name": "Write the parser", "status": "Todo", "lastModified": STAMP, "cost": 1.5},
        {"id": "T-NaN", "name": "Numbered by nobody", "status": "Todo", "taskNumber": None, "lastModified": STAMP},
        {"id": "T-4", "name": "Ship", "status": "Todo", "taskNumber": 4, "lastModified": STAMP,
         "dependencies": ["T-1", "T-99"]},
    ],
    "comments": [{"id": "T-NaN-C-1", "todoId": "T-NaN", "type": "note", "content": "mine"}],
    "project": {"id": "a/b"},
}  # fmt: skip


@pytest.fixture
def prentice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command in an empty project and give what it wrote to stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    assert run(["init"]) == 0
    return calling(capsys, "--backend", "builtin")


def write(value: dict[str, Any]) -> bytes:
    FILE.write_text(json.dumps(value, indent=2, ensure_ascii=False), encoding="utf-8")
    return FILE.read_bytes()


def read() -> dict[str, Any]:
    value: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return value


def repair(prentice: Call, *, code: int = 0) -> dict[str, Any]:
    done: dict[str, Any] = json.loads(prentice("doctor", "--repair", "--json", code=code)[0])[0]
    return done


def test_a_repair_mends_the_file_keeps_a_backup_and_shows_the_changed_lines(prentice: Call) -> None:
    before = write(DAMAGED)
    prentice("doctor", "--json", code=1)
    assert FILE.read_bytes() == before, "looking changes nothing"
    done = repair(prentice)
    value = read()
    assert [task["id"] for task in value["todos"]] == ["T-1", "T-5", "T-4"]
    assert [task["taskNumber"] for task in value["todos"]] == [1, 5, 4]
    assert value["todos"][2]["dependencies"] == ["T-1"]
    assert (value["comments"][0]["id"], value["comments"][0]["todoId"]) == ("T-5-C-1", "T-5")
    assert (value["nextTaskNumber"], value["activities"], value["project"]) == (6, [], {"id": "a/b"})
    assert "tasks" not in value
    assert Path(done["backup"]).read_bytes() == before
    assert '-        "T-99"' in done["diff"].splitlines()
    assert '+  "todos": [' in done["diff"].splitlines()
    assert "T-4 no longer waits for T-99, which does not exist" in done["did"]
    assert done["check"] == "repair"
    assert done["ok"] is True


def test_a_second_repair_finds_nothing_and_writes_nothing(prentice: Call) -> None:
    write(DAMAGED)
    repair(prentice)
    before, backups = FILE.read_bytes(), sorted(Path(".prentice/backups").iterdir())
    done = repair(prentice)
    assert (done["did"], done["diff"], done["backup"]) == ([], "", "")
    assert FILE.read_bytes() == before
    assert sorted(Path(".prentice/backups").iterdir()) == backups


def test_what_needs_a_person_is_left_and_said_after_a_repair(prentice: Call) -> None:
    todos = [
        {"id": "T-1", "name": "a", "status": "Todo", "taskNumber": 1, "dependencies": ["T-2"]},
        {"id": "T-2", "name": "b", "status": "Someday", "taskNumber": 2, "dependencies": ["T-1", "T-2"]},
        {"id": "T-1", "name": "c", "status": "Todo", "taskNumber": 1},
    ]
    write({"todos": todos, "comments": [], "activities": [], "nextTaskNumber": 3, "lastModified": STAMP})
    out, _ = prentice("doctor", "--repair", "--json", code=1)
    repaired, *findings = json.loads(out)
    assert repaired["did"][0] == "T-2 no longer waits for itself"
    wrong = {finding["check"]: finding for finding in findings if not finding["ok"]}
    assert set(wrong) == {"repeated_ids", "cycle", "status"}
    assert "prentice status T-2 Todo" in wrong["status"]["next_step"]
    assert "prentice edit T-" in wrong["cycle"]["next_step"]
    assert [task["name"] for task in read()["todos"]] == ["a", "b", "c"]


def test_a_person_reads_the_diff_what_was_mended_and_where_the_backup_is(prentice: Call) -> None:
    write(DAMAGED)
    out, _ = prentice("doctor", "--repair")
    assert '-        "T-99"\n' in out
    assert "mended              `nextTaskNumber` is 6" in out
    assert "The file as it was: " in out
    assert "nothing that can be mended" in prentice("doctor", "--repair")[0]


def test_a_file_that_was_cut_off_is_put_together_again(prentice: Call) -> None:
    prentice("add", "Write the parser")
    prentice("add", "Ship it")
    whole = FILE.read_text(encoding="utf-8")
    FILE.write_text(whole[: whole.index("Ship it") + 3], encoding="utf-8")
    assert "cut off" in prentice("list", code=1)[1]
    done = repair(prentice)
    assert [task["name"] for task in read()["todos"]] == ["Write the parser", "Ship it"]
    assert Path(done["backup"]).read_text(encoding="utf-8") == whole[: whole.index("Ship it") + 3]
    assert prentice("list")[0].count("\n") == 2


def test_both_sides_of_a_conflict_are_kept(prentice: Call) -> None:
    ours, theirs = (
        json.dumps({"id": f"T-{n}", "name": name, "status": "Todo", "taskNumber": n, "lastModified": STAMP})
        for n, name in ((1, "ours"), (2, "theirs"))
    )
    rest = f'], "comments": [], "activities": [], "nextTaskNumber": 3, "lastModified": "{STAMP}"}}\n'
    text = f'{{"todos": [\n<<<<<<< HEAD\n{ours}\n=======\n{theirs}\n>>>>>>> branch\n{rest}'
    FILE.write_text(text, encoding="utf-8")
    repair(prentice)
    assert sorted(task["name"] for task in read()["todos"]) == ["ours", "theirs"]


def test_a_pointer_of_git_lfs_is_no_file_to_mend(prentice: Call) -> None:
    FILE.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", encoding="utf-8")
    before = FILE.read_bytes()
    assert "git lfs pull" in prentice("doctor", "--repair", code=1)[1]
    assert FILE.read_bytes() == before


def test_a_restore_brings_back_what_the_file_was_set_back_behind(prentice: Call) -> None:
    prentice("add", "Write the parser")
    old = FILE.read_bytes()
    prentice("add", "Ship it")
    FILE.write_bytes(old)
    later = time.time() + 120  # as by a person who puts an old file back, not by a program that holds an old copy
    os.utime(FILE, (later, later))
    assert prentice("list", "--json")[0].count('"id"') == 1
    assert "prentice doctor --restore" in prentice("doctor")[0]
    done = json.loads(prentice("doctor", "--restore", "--json")[0])[0]
    assert (done["check"], len(done["did"])) == ("restore", 1)
    assert [task["name"] for task in read()["todos"]] == ["Write the parser", "Ship it"]
    assert "nothing to bring back" in prentice("doctor", "--restore")[0]


def test_repair_and_restore_are_not_done_in_one_step(prentice: Call) -> None:
    assert "two steps" in prentice("doctor", "--repair", "--restore", code=2)[1]
