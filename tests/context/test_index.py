import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from prentice.context.index import Index


def write(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def settle(root: Path) -> None:
    """Let the files look as if they had been written a while ago, as in a project they mostly were."""
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.utime(path, (1_700_000_000, 1_700_000_000))


def holders(index: Index, term: str) -> set[str]:
    rows = index.rows(
        "SELECT DISTINCT f.path FROM body_terms AS t JOIN chunks AS c ON c.id = t.doc JOIN files AS f ON f.id = c.file "
        "WHERE t.term = ?",
        term,
    )
    return {path for (path,) in rows}


def test_words_are_found_whole_and_by_the_parts_of_identifiers(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "def parseConfigFile(): ...\n", "b.py": "max_retry_count = 3\n", "c.md": "Retries.\n"})
    with Index.open(None, tmp_path) as index:
        index.refresh()
        assert holders(index, "config") == {"a.py"}
        assert holders(index, "parseconfigfile") == {"a.py"}
        assert holders(index, "max_retry_count") == {"b.py"}
        assert holders(index, "retry") == {"b.py", "c.md"}


def test_a_refresh_reads_only_what_changed(tmp_path: Path) -> None:
    root = write(tmp_path / "p", {f"m{number}.py": f"value_{number} = 1\n" for number in range(20)})
    settle(root)
    path = tmp_path / "index.db"
    with Index.open(path, root) as index:
        assert index.refresh().read == 20
    with Index.open(path, root) as index:
        assert index.refresh().read == 0
        write(root, {"m3.py": "different_word = 1\n"})
        (root / "m4.py").unlink()
        refreshed = index.refresh()
        assert (refreshed.files, refreshed.read, refreshed.gone) == (19, 1, 1)
        assert holders(index, "different_word") == {"m3.py"}
        assert holders(index, "value_3") == set()
        assert holders(index, "value_4") == set()


def test_a_file_that_changes_twice_within_one_tick_of_its_clock_is_read_again(tmp_path: Path) -> None:
    root = write(tmp_path / "p", {"a.py": "first_word = 1\n"})
    with Index.open(tmp_path / "index.db", root) as index:
        index.refresh()
        before = (root / "a.py").stat()
        write(root, {"a.py": "other_word = 1\n"})
        os.utime(root / "a.py", ns=(before.st_atime_ns, before.st_mtime_ns))
        index.refresh()
        assert holders(index, "other_word") == {"a.py"}


def test_a_file_that_was_only_touched_keeps_its_entry(tmp_path: Path) -> None:
    root = write(tmp_path / "p", {"a.py": "needle = 1\n"})
    with Index.open(tmp_path / "index.db", root) as index:
        index.refresh()
        before = index.rows("SELECT id FROM chunks")
        settle(root)
        assert index.refresh().read == 1
        assert index.rows("SELECT id FROM chunks") == before
        assert index.refresh().read == 0


def test_secrets_binaries_links_and_large_files_are_not_read(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", {"o.py": "needle = 1\n"})
    root = write(
        tmp_path / "p",
        {
            "a.py": "needle = 1\n", ".env": "needle=1\n", "deploy/server.pem": "needle\n", "id_rsa": "needle\n",
            "config/credentials.json": "needle\n", "data.bin": "needle\n", "blob.txt": b"needle\0needle\n",
            "big.txt": "needle\n" * 200_000, "key.txt": "-----BEGIN RSA PRIVATE KEY-----\nneedle\n",
            ".env.example": "needle=\n",
        },
    )  # fmt: skip
    (root / "link.py").symlink_to(outside / "o.py")
    (root / "loop").symlink_to(root)
    with Index.open(None, root) as index:
        index.refresh()
        assert holders(index, "needl") == {"a.py", ".env.example"}
        assert {path for (path,) in index.rows("SELECT path FROM files")}.isdisjoint({".env", "id_rsa", "link.py"})


def test_what_git_ignores_is_left_out(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.py": "needle = 1\n", "made/b.py": "needle = 1\n", ".gitignore": "made/\n"})
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    with Index.open(None, root) as index:
        index.refresh()
        assert holders(index, "needl") == {"a.py"}


def test_latin_1_contents_and_odd_names_are_indexed_or_left_out_without_harm(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.py": "# caf\xe9 needle\n".encode("latin-1"), "line\nbreak.py": "needle = 1\n"})
    (Path(os.fsdecode(os.fsencode(root) + b"/bad\xff.py"))).write_text("needle = 1\n", encoding="utf-8")
    write(root, {"ünï cödé.py": "needle = 1\n", "'quote\".py": "needle = 1\n"})
    with Index.open(None, root) as index:
        index.refresh()
        assert holders(index, "needl") == {"a.py", "ünï cödé.py", "'quote\".py"}
        assert holders(index, "café") == {"a.py"}


def test_an_empty_project_has_an_empty_index(tmp_path: Path) -> None:
    with Index.open(None, tmp_path) as index:
        assert index.refresh().files == 0


@pytest.mark.parametrize("damage", ["no database", "cut off", "torn in the middle", "of another program", "newer"])
def test_a_damaged_index_is_made_again(tmp_path: Path, damage: str) -> None:
    root = write(tmp_path / "p", {f"m{number}.py": f"needle = {'word ' * 500}\n" for number in range(40)})
    path = tmp_path / "index.db"
    with Index.open(path, root) as index:
        index.refresh()
        index.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    content = path.read_bytes()
    match damage:
        case "no database":
            path.write_bytes(b"not a database " * 1000)
        case "cut off":
            path.write_bytes(content[: len(content) // 3])
        case "torn in the middle":
            path.write_bytes(content[:4096] + b"\xff" * (len(content) - 8192) + content[-4096:])
        case "of another program":
            path.unlink()
            with contextlib.closing(sqlite3.connect(path)) as other:
                other.execute("CREATE TABLE files (x)")
        case "newer":
            with contextlib.closing(sqlite3.connect(path)) as newer:
                newer.execute("PRAGMA user_version = 999")
    with Index.open(path, root) as index:
        index.refresh()
        assert len(holders(index, "needl")) == 40
        assert index.is_kept
    with Index.open(path, root) as index:
        assert len(holders(index, "needl")) == 40


def test_an_index_with_a_trigger_of_a_stranger_is_not_used(tmp_path: Path) -> None:
    root = write(tmp_path / "p", {"a.py": "needle = 1\n"})
    path = tmp_path / "index.db"
    with Index.open(path, root) as index:
        index.refresh()
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TRIGGER evil AFTER INSERT ON files BEGIN DELETE FROM chunks; END")
        other.commit()
    with Index.open(path, root) as index:
        index.refresh()
        assert index.rows("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'") == [(0,)]
        assert holders(index, "needl") == {"a.py"}


def test_a_link_in_the_place_of_the_index_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim.db"
    with contextlib.closing(sqlite3.connect(victim)) as other:
        other.execute("CREATE TABLE precious (x)")
    before = victim.read_bytes()
    root = write(tmp_path / "p", {"a.py": "needle = 1\n"})
    (root / "index.db").symlink_to(victim)
    with Index.open(root / "index.db", root) as index:
        index.refresh()
        assert not index.is_kept
        assert holders(index, "needl") == {"a.py"}
    assert victim.read_bytes() == before


def test_where_no_file_can_be_written_the_index_lives_in_memory(tmp_path: Path) -> None:
    root = write(tmp_path / "p", {"a.py": "needle = 1\n", "file": ""})
    with Index.open(root / "file" / "index.db", root) as index:
        index.refresh()
        assert not index.is_kept
        assert holders(index, "needl") == {"a.py"}


def test_a_locked_index_is_answered_from_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prentice.context.index_file.BUSY_SECONDS", 0.2)
    root = write(tmp_path / "p", {"a.py": "needle = 1\n"})
    path = tmp_path / "index.db"
    with Index.open(path, root) as index:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            index.refresh()
            assert holders(index, "needl") == {"a.py"}
            assert not index.is_kept
        assert path.exists()


def test_an_index_that_is_locked_when_it_is_opened_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prentice.context.index_file.BUSY_SECONDS", 0.2)
    root = write(tmp_path / "p", {"a.py": "needle = 1\n"})
    path = tmp_path / "index.db"
    with Index.open(path, root) as index:
        index.refresh()
    before = path.stat().st_ino
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with Index.open(path, root) as index:
            index.refresh()
            assert not index.is_kept
            assert holders(index, "needl") == {"a.py"}
    assert path.stat().st_ino == before


def test_processes_that_index_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    root = write(tmp_path / "p", {f"m{number}.py": f"needle = 'word_{number}'\n" * 30 for number in range(600)})
    script = (
        "import sys; from pathlib import Path; from prentice.context.index import Index\n"
        "index = Index.open(Path(sys.argv[1]), Path(sys.argv[2])); index.refresh()\n"
        "count, state = index.rows('SELECT count(*) FROM files'), index.rows('PRAGMA integrity_check')\n"
        "print(index.is_kept, count[0][0], state[0][0])"
    )
    path = tmp_path / "index.db"
    command = [sys.executable, "-c", script, str(path), str(root)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate(timeout=120)[0] for process in processes] == ["True 600 ok\n"] * 3
    with Index.open(path, root) as index:
        assert index.rows("SELECT count(*), count(DISTINCT path) FROM files") == [(600, 600)]
        assert len(holders(index, "needl")) == 600


def test_threads_may_share_an_index(tmp_path: Path) -> None:
    root = write(tmp_path / "p", {f"m{number}.py": "needle = 1\n" for number in range(300)})
    with Index.open(tmp_path / "index.db", root) as index:
        threads = [threading.Thread(target=index.refresh) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(holders(index, "needl")) == 300


def test_files_for_which_there_was_no_time_are_known_by_path_and_read_the_next_time(tmp_path: Path) -> None:
    root = write(tmp_path / "p", {"a.py": "needle = 1\n", "b.py": "needle = 2\n"})
    with Index.open(tmp_path / "index.db", root) as index:
        assert index.refresh(seconds=-1.0).pending == 2
        assert index.rows("SELECT count(*) FROM names WHERE names MATCH 'py'") == [(2,)]
        assert index.refresh().pending == 0
        assert holders(index, "needl") == {"a.py", "b.py"}


def test_an_index_whose_files_keep_changing_does_not_grow_for_ever(tmp_path: Path) -> None:
    root = write(tmp_path / "p", {})
    root.mkdir()
    with Index.open(tmp_path / "index.db", root) as index:
        for turn in range(8):
            write(root, {f"m{number}.py": f"turn_{turn} = {number}\n" for number in range(300)})
            index.refresh()
            assert index.rows("SELECT count(*) FROM bodies_docsize")[0][0] <= 2 * 300 + 1000
            assert len(holders(index, f"turn_{turn}")) == 300
