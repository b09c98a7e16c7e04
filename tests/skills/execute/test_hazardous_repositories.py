"""Repositories that are huge, partial, shared or in the middle of something: carried out, or refused with the reason.

`PRENTICE_MANY_FILES=100000` makes the large one as large as that; it takes minutes on a slow disk, most of it git's
checkout and the removal. 3,000 run by default.
"""

import os
import subprocess
import time
from pathlib import Path

import prentice
from prentice.changes.formats import Format
from prentice.errors import WorktreeError
from skills.execute.calculator import CALC, FILES, MENDED, TASK, Bench, answer
from skills.execute.untouched import untouched
from workspace.trees import git, repository, write

MANY = int(os.environ.get("PRENTICE_MANY_FILES", "3000"))


def carried_out(its: Bench, **options: bool) -> str:
    """Let a model answer right, apply it, and give the state of the execution."""
    opened = its.opened(answer(Format.SYMBOL))
    with untouched(its):
        [document] = opened.execute(TASK, **options)  # type: ignore[arg-type]
    assert document["checks"][0]["decisive"], document["checks"]
    its.opened(actor="person").apply(document["run_id"])
    assert (its.root / "calc.py").read_text(encoding="utf-8") == MENDED
    return str(document["state"])


def test_a_repository_of_very_many_files(project: Bench) -> None:
    blob = git(project.root, "hash-object", "-w", "test_calc.py").strip()
    listed = "".join(f"100644 {blob}\tpart{number // 500}/data{number}.txt\n" for number in range(MANY))
    subprocess.run(
        ["git", "update-index", "--add", "--index-info"], cwd=project.root, input=listed, text=True, check=True
    )
    git(project.root, "commit", "--quiet", "--message=many")
    git(project.root, "reset", "--quiet", "--hard")
    began = time.monotonic()
    opened = project.opened(answer(Format.SYMBOL))
    [document] = opened.execute(TASK)
    assert document["state"] == "proposed"
    assert document["checks"][0]["decisive"]
    assert project.left_behind() == []
    assert git(project.root, "status", "--porcelain") == ""
    assert time.monotonic() - began < 60 + MANY / 100


def test_a_merge_in_conflict_is_no_hindrance_unless_its_files_are_asked_for(project: Bench) -> None:
    git(project.root, "checkout", "--quiet", "-b", "side")
    write(project.root, {"notes.txt": "side\n"})
    git(project.root, "add", "--all")
    git(project.root, "commit", "--quiet", "--message=side")
    git(project.root, "checkout", "--quiet", "main")
    write(project.root, {"notes.txt": "main\n"})
    git(project.root, "add", "--all")
    git(project.root, "commit", "--quiet", "--message=main")
    subprocess.run(["git", "merge", "side"], cwd=project.root, capture_output=True, check=False)
    assert "notes.txt" in git(project.root, "diff", "--name-only", "--diff-filter=U")
    opened = project.opened(answer(Format.SYMBOL))
    with untouched(project):
        refused = None
        try:
            opened.execute(TASK, uncommitted=True)
        except WorktreeError as error:
            refused = error
    assert refused is not None
    assert "merge" in refused.message
    assert refused.next_step
    assert carried_out(project) == "proposed"
    assert "notes.txt" in git(project.root, "diff", "--name-only", "--diff-filter=U")


def test_a_repository_whose_index_another_git_holds(project: Bench) -> None:
    lock = project.root / ".git" / "index.lock"
    lock.write_bytes(b"")
    opened = project.opened(answer(Format.SYMBOL))
    before = project.picture()
    [document] = opened.execute(TASK)
    assert document["state"] == "proposed"
    assert project.picture() == before
    assert lock.exists()
    assert project.left_behind() == []


def test_a_worktree_as_the_project(project: Bench) -> None:
    place = project.beside / "linked"
    git(project.root, "worktree", "add", "--quiet", "-b", "linked", str(place))
    beside = project.beside.with_name("beside-linked")
    beside.mkdir()
    its = Bench(place, beside)
    with untouched(project):
        listed = git(project.root, "worktree", "list")
    assert carried_out(its) == "proposed"
    assert (project.root / "calc.py").read_text(encoding="utf-8") == CALC
    assert git(project.root, "worktree", "list") == listed


def test_a_sparse_checkout(project: Bench) -> None:
    write(project.root, {"out/big.py": "x = 1\n", "in/small.py": "y = 1\n"})
    git(project.root, "add", "--all")
    git(project.root, "commit", "--quiet", "--message=more")
    git(project.root, "sparse-checkout", "set", "in")
    assert carried_out(project) == "proposed"
    assert not (project.root / "out").exists()


def test_a_submodule_and_a_pointer_of_a_large_file(project: Bench) -> None:
    library = repository(project.beside / "library", {"lib.py": "x = 1\n"})
    git(project.root, "-c", "protocol.file.allow=always", "submodule", "add", "--quiet", str(library), "libs/one")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"
    write(project.root, {"big.bin": pointer, ".gitattributes": "*.bin filter=lfs -text\n"})
    git(project.root, "add", "--all")
    git(project.root, "commit", "--quiet", "--message=more")
    for part in ("clean", "smudge", "process"):
        git(project.root, "config", f"filter.lfs.{part}", "git-lfs-that-is-not-here %f")
    git(project.root, "config", "filter.lfs.required", "true")
    into = "libs/one/lib.py\n```\nx = 2\n```\n"
    opened = project.opened(into, into)
    with untouched(project):
        [document] = opened.execute("Fix libs/one/lib.py: x should be 2", format="whole", anyway=True)
    assert (document["state"], document["diff"]) == ("refused", "")
    assert document["why"]
    assert carried_out(project) == "proposed"
    assert (project.root / "big.bin").read_text(encoding="utf-8") == pointer
    assert (library / "lib.py").read_text(encoding="utf-8") == "x = 1\n"


def test_links_that_leave_the_tree_are_copied_as_links_and_never_read(project: Bench, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    write(outside, {"secret.py": "TOKEN = 'add subtracts'\n"})
    for name, target in {
        "way": outside,
        "secret.py": outside / "secret.py",
        "loop": Path("loop"),
        "root": Path("/"),
    }.items():
        (project.root / name).symlink_to(target)
    git(project.root, "add", "--all")
    git(project.root, "commit", "--quiet", "--message=links")
    opened = project.opened(answer(Format.SYMBOL))
    with untouched(project, outside):
        [document] = opened.execute(TASK)
    assert document["state"] == "proposed"
    prompts = [
        step["result"] for step in opened.run_document(document["run_id"])["steps"] if step["name"] == "execute.choose"
    ]
    assert prompts
    assert "TOKEN" not in str(prompts)


def test_a_read_only_tree_that_has_no_git(project: Bench) -> None:
    plain = project.beside / "plain"
    write(plain, FILES)
    beside = project.beside.with_name("beside-plain")
    beside.mkdir()
    its = Bench(plain, beside)
    opened = its.opened(answer(Format.SYMBOL))
    for path in (plain, *plain.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        with untouched(its):
            [document] = opened.execute(TASK)
    finally:
        plain.chmod(0o755)
    assert document["state"] == "proposed"


def test_a_directory_inside_another_tools_metadata_is_no_project_of_its_own(project: Bench) -> None:
    before = project.picture()
    opened = prentice.open(project.root / ".git", backend="builtin")
    refused = None
    try:
        opened.execute(TASK, anyway=True)
    except WorktreeError as error:
        refused = error
    assert refused is not None
    assert refused.next_step
    assert project.picture() == before
