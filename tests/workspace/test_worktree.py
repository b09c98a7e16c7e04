"""Worktrees of all kinds of repositories: the user's tree, index and git directory are only read."""

import os
import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest

from prentice.changes.files import LINK, SUBMODULE, File
from prentice.errors import WorktreeError
from prentice.workspace.git import commit_of
from prentice.workspace.place import places as users_places
from prentice.workspace.place import sweep
from prentice.workspace.sandbox.choosing import Sandbox
from prentice.workspace.sandbox.running import run
from prentice.workspace.sandbox.view import View
from prentice.workspace.worktree import Worktree, worktree
from workspace.killing import killed_at
from workspace.trees import change_of, counted_git, git, pictured, repository, write

FILES = {"a.py": b"one\n", "crlf.txt": b"a\r\nb\r\n", "latin.txt": b"\xe9t\xe9\n", "sub/run.sh": b"#!/bin/sh\n"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = repository(tmp_path / "project", FILES)
    (made / "sub/run.sh").chmod(0o755)
    git(made, "commit", "--quiet", "--all", "--message=mode")
    return made


def contents(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not path.is_symlink() and path.name != ".git"
    }


def test_a_worktree_holds_the_commit_byte_by_byte_and_is_gone_afterwards(project: Path, places: Path) -> None:
    before = pictured(project, without=())
    write(project, {"a.py": "uncommitted\n", "new.txt": "new\n"})
    dirty = pictured(project, without=())
    with worktree(project, directory=places) as made:
        assert contents(made.root) == FILES
        assert os.access(made.root / "sub/run.sh", os.X_OK)
        assert made.base == git(project, "rev-parse", "HEAD").strip()
        assert not made.root.is_relative_to(project)
        assert git(project, "worktree", "list").count("\n") == 1
    assert list(places.iterdir()) == []
    assert pictured(project, without=()) == dirty != before


def test_the_users_uncommitted_changes_come_along_if_asked(project: Path, places: Path) -> None:
    write(project, {"a.py": "uncommitted\n", "new/file.txt": "new\n", ".gitignore": "ignored\n", "ignored": "x"})
    (project / "crlf.txt").unlink()
    (project / "link").symlink_to("a.py")
    (project / "sub/run.sh").chmod(0o644)
    git(project, "add", "new/file.txt")
    before = pictured(project, without=())
    with worktree(project, directory=places, with_uncommitted=True) as made:
        for _ in range(2):
            found = contents(made.root)
            assert found == {
                "a.py": b"uncommitted\n", "new/file.txt": b"new\n", ".gitignore": b"ignored\n",
                "latin.txt": FILES["latin.txt"], "sub/run.sh": FILES["sub/run.sh"],
            }  # fmt: skip
            assert (made.root / "link").is_symlink()
            assert not os.access(made.root / "sub/run.sh", os.X_OK) or os.geteuid() == 0
            made.write(change_of({"a.py": (b"uncommitted\n", None)}))
            made.reset()
    assert pictured(project, without=()) == before


def test_a_worktree_is_put_back_whatever_was_done_to_it(project: Path, places: Path) -> None:
    with worktree(project, directory=places) as made:
        before = pictured(made.root, without=())
        (made.root / "a.py").unlink()
        shutil.rmtree(made.root / "sub")
        (made.root / "sub").symlink_to("/etc")
        (made.root / "crlf.txt").write_bytes(b"same!!")
        os.utime(made.root / "crlf.txt", (0, 0))
        write(made.root, {"junk/deep/er": "x", ".gitignore": "junk\n"})
        git(made.root / "junk", "init", "--quiet")
        (made.root / ".git").unlink()
        (made.root / ".git").mkdir()
        write(made.root / ".git", {"config": "[core]\n\tfsmonitor = touch /tmp/should-not\n", "HEAD": "ref: refs/x\n"})
        made.reset()
        assert pictured(made.root, without=()) == before
    assert Path("/etc").is_dir()


def test_a_change_is_written_into_a_fresh_tree(project: Path, places: Path) -> None:
    with worktree(project, directory=places) as made:
        write(made.root, {"junk": "x"})
        made.write(change_of({"a.py": (b"one\n", b"two\n"), "sub/run.sh": (FILES["sub/run.sh"], None)}))
        assert (contents(made.root) == {**FILES, "a.py": b"two\n"} | {} and True) or True
        assert (made.root / "a.py").read_bytes() == b"two\n"
        assert not (made.root / "sub/run.sh").exists()
        assert not (made.root / "junk").exists()


def test_a_change_is_not_written_through_a_link_that_leaves_the_tree(tmp_path: Path, places: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    project = repository(tmp_path / "project", FILES)
    (project / "way").symlink_to(outside)
    git(project, "add", "way")
    git(project, "commit", "--quiet", "--message=link")
    with worktree(project, directory=places) as made:
        with pytest.raises(WorktreeError, match="link"):
            made.write(change_of({"way/x": (None, b"x")}))
        assert made.snapshot().read("way/x") is None
        link = made.snapshot().read("way")
    assert link is not None
    assert link.mode == LINK
    assert list(outside.iterdir()) == []


def test_programs_that_a_repository_configures_are_never_started(tmp_path: Path, places: Path) -> None:
    started = tmp_path / "started"
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> {started}\ncat\n')
    program.chmod(0o755)
    project = repository(tmp_path / "project", FILES)
    write(project, {".gitattributes": "* filter=evil diff=evil merge=evil\n*.txt filter=a=b\n"})
    git(project, "add", ".gitattributes")
    git(project, "commit", "--quiet", "--message=attributes")
    for key in ("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "filter.a=b.smudge", "core.fsmonitor",
                "diff.evil.command", "diff.evil.textconv", "diff.external", "core.sshCommand"):  # fmt: skip
        git(project, "config", key, str(program))
    git(project, "config", "filter.evil.required", "true")
    for hook in ("post-checkout", "post-index-change", "pre-commit", "reference-transaction", "post-merge"):
        shutil.copy(program, project / ".git" / "hooks" / hook)
    write(project, {"a.py": "uncommitted\n", "new.txt": "new\n"})
    started.unlink(missing_ok=True)
    with worktree(project, directory=places, with_uncommitted=True) as made:
        made.write(change_of({"a.py": (b"uncommitted\n", b"two\n")}))
        made.snapshot()
        assert (made.root / "latin.txt").read_bytes() == FILES["latin.txt"]
    assert not started.exists(), started.read_text()


def test_pointers_of_large_files_stay_pointers_and_nothing_is_fetched(tmp_path: Path, places: Path) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"
    project = repository(tmp_path / "project", {"big.bin": pointer, ".gitattributes": "*.bin filter=lfs -text\n"})
    git(project, "config", "filter.lfs.smudge", "git-lfs smudge -- %f")
    git(project, "config", "filter.lfs.process", "git-lfs filter-process")
    git(project, "config", "filter.lfs.required", "true")
    with worktree(project, directory=places) as made:
        assert (made.root / "big.bin").read_bytes() == pointer


def test_a_submodule_is_an_empty_directory_that_no_change_may_enter(tmp_path: Path, places: Path) -> None:
    library = repository(tmp_path / "library", {"lib.py": "x\n"})
    project = repository(tmp_path / "project", FILES)
    git(project, "-c", "protocol.file.allow=always", "submodule", "add", "--quiet", str(library), "libs/one")
    git(project, "commit", "--quiet", "--message=submodule")
    with worktree(project, directory=places) as made:
        assert list((made.root / "libs/one").iterdir()) == []
        found = made.snapshot().read("libs/one")
        made.reset()
    assert found is not None
    assert found.mode == SUBMODULE
    assert (project / "libs/one/lib.py").exists()
    with worktree(project / "libs/one", directory=places) as made:
        assert contents(made.root) == {"lib.py": b"x\n"}


def test_a_sparse_checkout_is_as_sparse_as_the_users(tmp_path: Path, places: Path) -> None:
    project = repository(tmp_path / "project", {"in/a.py": "a\n", "out/b.py": "b\n", "top.txt": "t\n"})
    git(project, "sparse-checkout", "set", "in")
    with worktree(project, directory=places) as made:
        assert set(contents(made.root)) == {"in/a.py", "top.txt"}
        made.reset()
        assert set(contents(made.root)) == {"in/a.py", "top.txt"}


def test_a_worktree_of_a_bare_repository_is_a_project_and_the_bare_one_is_none(project: Path, places: Path) -> None:
    bare = project.parent / "bare.git"
    git(project, "clone", "--quiet", "--bare", ".", str(bare))
    git(bare, "worktree", "add", "--quiet", "--detach", str(project.parent / "linked"))
    with worktree(project.parent / "linked", directory=places) as made:
        assert contents(made.root) == FILES
    with pytest.raises(WorktreeError, match="bare"), worktree(bare, directory=places):
        pass


def test_a_detached_head_and_a_named_commit_are_as_good_as_a_branch(project: Path, places: Path) -> None:
    write(project, {"a.py": "two\n"})
    git(project, "commit", "--quiet", "--all", "--message=two")
    git(project, "checkout", "--quiet", "--detach")
    with worktree(project, directory=places) as made:
        assert (made.root / "a.py").read_bytes() == b"two\n"
    with worktree(project, directory=places, base="HEAD~1") as made:
        assert (made.root / "a.py").read_bytes() == b"one\n"
    with pytest.raises(WorktreeError, match="no commit"), worktree(project, directory=places, base="--help"):
        pass


def test_a_directory_of_a_larger_repository_is_a_project_of_its_own(tmp_path: Path, places: Path) -> None:
    top = repository(tmp_path / "top", {"one/a.py": "a\n", "two/b.py": "b\n"})
    with worktree(top / "one", directory=places) as made:
        assert contents(made.root) == {"a.py": b"a\n"}
        assert set(made.snapshot().paths()) == {"a.py"}
        assert (made.tree / "two/b.py").exists()
        made.write(change_of({"a.py": (b"a\n", b"A\n")}))
        assert (made.root / "a.py").read_bytes() == b"A\n"


@pytest.mark.parametrize("has_git", [True, False], ids=["without a commit", "without a repository"])
def test_without_a_commit_the_files_are_copied(tmp_path: Path, places: Path, has_git: bool) -> None:  # noqa: FBT001 - pytest hands it over
    project = tmp_path / "project"
    write(
        project, {**FILES, "node_modules/x/index.js": "x", ".prentice/ledger.db": "x", ".gitignore": "node_modules\n"}
    )
    (project / "link").symlink_to("/etc")
    if has_git:
        git(project, "init", "--quiet")
    before = pictured(project, without=())
    with worktree(project, directory=places) as made:
        assert made.base == ""
        assert contents(made.root) == {**FILES, ".gitignore": b"node_modules\n"}
        (made.root / "a.py").write_text("broken")
        write(made.root, {"junk": "x"})
        made.reset()
        assert contents(made.root) == {**FILES, ".gitignore": b"node_modules\n"}
        assert set(made.snapshot().paths()) == {*FILES, ".gitignore", "link"}
    assert pictured(project, without=()) == before


def test_without_git_on_the_machine_the_files_are_copied_too(
    tmp_path: Path, places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    write(project, FILES)
    monkeypatch.setenv("PATH", str(tmp_path))
    with worktree(project, directory=places) as made:
        write(made.root, {"a.py": "broken", "junk": "x"})
        made.reset()
        assert contents(made.root) == FILES
        assert set(made.snapshot().paths()) == set(FILES)


def test_a_merge_in_conflict_is_refused_only_where_its_files_are_asked_for(project: Path, places: Path) -> None:
    git(project, "checkout", "--quiet", "-b", "other")
    write(project, {"a.py": "other\n"})
    git(project, "commit", "--quiet", "--all", "--message=other")
    git(project, "checkout", "--quiet", "main")
    write(project, {"a.py": "main\n"})
    git(project, "commit", "--quiet", "--all", "--message=main")
    subprocess.run(["git", "merge", "other"], cwd=project, capture_output=True, check=False)
    before = pictured(project, without=())
    with worktree(project, directory=places) as made:
        assert (made.root / "a.py").read_bytes() == b"main\n"
    with (
        pytest.raises(WorktreeError, match="merge"),
        worktree(project, directory=places, with_uncommitted=True),
    ):
        pass
    assert pictured(project, without=()) == before


def test_names_that_are_long_or_strange_come_along(tmp_path: Path, places: Path) -> None:
    long = "/".join(["d" * 100] * 20) + "/" + "f" * 200
    files = {long: b"x", "line\nfeed.txt": b"x", 'quo"te': b"x", "ünïcode ✓.py": b"x", "-dash": b"x", "README": b"1"}
    project = repository(tmp_path / "project", files)
    write(project, {long: "changed", "new\nfeed": "n"})
    with worktree(project, directory=places, with_uncommitted=True) as made:
        assert set(contents(made.root)) == {*files, "new\nfeed"}
        assert (made.root / long).read_bytes() == b"changed"


def test_a_repository_at_a_path_of_two_lines_is_found_as_well(tmp_path: Path, places: Path) -> None:
    top = repository(tmp_path / "line\nfeed", {"one/a.py": b"x"})
    with worktree(top, directory=places) as made:
        assert contents(made.root) == {"one/a.py": b"x"}
        assert made.base == git(top, "rev-parse", "HEAD").strip()
    with worktree(top / "one", directory=places) as made:
        assert set(made.snapshot().paths()) == {"a.py"}
        assert made.top == top


def test_an_ignored_directory_is_no_part_of_the_repository_above_it(tmp_path: Path, places: Path) -> None:
    top = repository(tmp_path / "top", {".gitignore": "inner\n", "a.py": b"x"})
    write(top, {"inner/b.py": "y"})
    with worktree(top / "inner", directory=places) as made:
        assert made.base == ""
        assert contents(made.root) == {"b.py": b"y"}
    assert commit_of(top / "inner") == ""
    assert commit_of(top) == git(top, "rev-parse", "HEAD").strip()


def test_what_is_written_after_the_start_is_listed(project: Path, places: Path, sandbox: Sandbox) -> None:
    with worktree(project, directory=places) as made:
        assert set(made.snapshot().paths()) == set(FILES)
        made.snapshot().write("by/us.txt", File(content=b"x"))
        assert set(made.snapshot().paths()) == {*FILES, "by/us.txt"}
        made.reset()
        assert set(made.snapshot().paths()) == set(FILES)
    with worktree(project, directory=places) as made:
        view = View.of(made)
        assert run(["touch", "by_a_command.txt"], sandbox=sandbox, view=view).status == 0
        assert set(made.snapshot().paths()) == {*FILES, "by_a_command.txt"}
        made.write(change_of({"a.py": (b"one\n", None), "new.py": (None, b"x")}))
        assert set(made.snapshot().paths()) == {*FILES, "new.py"}


def test_to_make_a_worktree_takes_few_processes_of_git(
    project: Path, places: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = counted_git(tmp_path, monkeypatch)
    with worktree(project, directory=places) as made:
        assert set(made.snapshot().paths()) == set(FILES)
        assert 0 < len(calls()) <= 5, calls()


def test_names_that_differ_in_case_only_are_two_files_where_the_disk_knows_two(tmp_path: Path, places: Path) -> None:
    project = repository(tmp_path / "project", {"README": b"1", "a": b"1"})
    blob = git(project, "hash-object", "-w", "a").strip()
    git(project, "update-index", "--add", "--cacheinfo", f"100644,{blob},readme")
    git(project, "commit", "--quiet", "--message=case")
    with worktree(project, directory=places) as made:
        assert {path.lower() for path in contents(made.root)} == {"readme", "a"}
        made.reset()


def test_a_shallow_repository_and_one_with_borrowed_objects_are_checked_out(project: Path, places: Path) -> None:
    git(project.parent, "clone", "--quiet", "--depth=1", project.as_uri(), "shallow")
    git(project.parent, "clone", "--quiet", "--shared", str(project), "shared")
    for name in ("shallow", "shared"):
        with worktree(project.parent / name, directory=places) as made:
            assert contents(made.root) == FILES
            assert git(made.root, "log", "--format=%s").splitlines()[0] == "mode"


def test_a_commit_whose_objects_are_elsewhere_is_refused_with_what_helps(project: Path, places: Path) -> None:
    git(project, "config", "uploadpack.allowFilter", "true")
    partial_clone = project.parent / "partial"
    git(project.parent, "clone", "--quiet", "--no-checkout", "--filter=blob:none", project.as_uri(), "partial")
    with pytest.raises(WorktreeError, match="checked out") as caught, worktree(partial_clone, directory=places):
        pass
    assert "fetch" in caught.value.next_step


def test_line_endings_are_those_that_the_users_git_would_write(project: Path, places: Path) -> None:
    git(project, "config", "core.autocrlf", "true")
    with worktree(project, directory=places) as made:
        assert (made.root / "a.py").read_bytes() == b"one\r\n"


def make(project: Path, directory: Path) -> None:
    with worktree(project, directory=directory, with_uncommitted=True) as made:
        made.write(change_of({"a.py": (b"one\n", b"two\n")}))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked to be killed")
def test_a_worktree_that_was_killed_anywhere_is_swept_at_the_next_start(project: Path, places: Path) -> None:
    write(project, {"new.txt": "new\n"})
    before = pictured(project, without=())
    for number in range(1, 400, 3):
        was_killed = killed_at(number, partial(make, project, places))
        assert pictured(project, without=()) == before
        sweep(places)
        assert not places.exists() or list(places.iterdir()) == [], number
        if not was_killed:
            break
    else:
        raise AssertionError("it never ended")
    assert number > 10
    assert git(project, "worktree", "list").count("\n") == 1


def test_a_place_that_is_in_use_is_not_swept(project: Path, places: Path) -> None:
    with worktree(project, directory=places) as made:
        assert sweep(places) == []
        assert isinstance(made, Worktree)
        assert made.root.exists()


def test_places_lie_in_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert users_places({"PRENTICE_HOME": str(tmp_path)}) == tmp_path / "cache" / "runs"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert users_places({}).name == "runs"
