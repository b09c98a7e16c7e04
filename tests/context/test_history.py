import subprocess
from pathlib import Path

from prentice.context.history import MAX_FILES, Commit, changed_for, changed_with, commits
from workspace.trees import git


def sign_head(root: Path) -> None:
    """Give the last commit a signature, which git would have a program check."""
    asked = ["git", "-C", str(root), "cat-file", "commit", "HEAD"]
    head, _, message = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.partition("\n\n")
    signed = f"{head}\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n{message}"
    written = ["git", "-C", str(root), "hash-object", "-t", "commit", "-w", "--stdin"]
    name = subprocess.run(written, input=signed, check=True, capture_output=True, text=True).stdout.strip()
    git(root, "reset", "-q", "--soft", name)


def test_commits_are_read_newest_first_with_their_files_below_the_project(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    for name in ("app/a b.py", "other/c.py", "app/ü.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x\n", encoding="utf-8")
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-q", "-m", f"Add {name}\n\nWith a body.")
    assert [(commit.message.partition("\n")[0], commit.files) for commit in commits(tmp_path / "app")] == [
        ("Add app/ü.py", ("ü.py",)),
        ("Add app/a b.py", ("a b.py",)),
    ]


def test_there_is_no_history_without_git_or_without_a_commit(tmp_path: Path) -> None:
    assert commits(tmp_path) == ()
    git(tmp_path, "init", "-q")
    assert commits(tmp_path) == ()


def test_no_program_that_the_repository_names_is_started(tmp_path: Path) -> None:
    root = tmp_path / "p"
    root.mkdir()
    marker = tmp_path / "ran"
    script = tmp_path / "evil"
    script.write_text(f"#!/bin/sh\ntouch {marker}\n", encoding="utf-8")
    script.chmod(0o755)
    git(root, "init", "-q")
    (root / "a.py").write_text("x\n", encoding="utf-8")
    (root / ".gitattributes").write_text("*.py diff=evil\n", encoding="utf-8")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "Begin")
    for key in (
        "core.pager",
        "diff.external",
        "diff.evil.command",
        "diff.evil.textconv",
        "gpg.program",
        "core.fsmonitor",
    ):
        git(root, "config", key, str(script))
    git(root, "config", "log.showSignature", "true")
    sign_head(root)
    marker.unlink(missing_ok=True)
    assert len(commits(root)) == 1
    assert not marker.exists()


def test_the_message_closest_to_the_text_counts_most() -> None:
    history = [
        Commit("Mend the cache", ("cache.py",)),
        Commit("Mend the parser of dates", ("dates.py", "parser.py")),
        Commit("Mend the parser", ("parser.py",)),
    ]
    scores = changed_for(history, {"parser": 1.0, "dat": 2.0, "mend": 1.0})
    assert max(scores, key=lambda path: scores[path]) == "parser.py"
    assert scores["dates.py"] > scores["cache.py"]
    assert changed_for(history, {"unrelated": 1.0}) == {}


def test_sweeping_commits_tie_no_files_together() -> None:
    sweep = Commit("Format everything", tuple(f"f{number}.py" for number in range(MAX_FILES + 1)))
    assert changed_with([sweep], ["f1.py"]) == {}
    assert changed_with([Commit("Two", ("f1.py", "f2.py"))], ["f1.py"]) == {"f2.py": 1.0}
