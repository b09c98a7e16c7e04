"""An approved change gets into the tree, and out again, as a whole or not at all."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prentice.changes.change import Change, FileChange
from prentice.changes.files import EXECUTABLE, LINK, File
from prentice.errors import ApplyConflictError, NotApprovedError, UndoRefusedError, UsageError, WriteFailedError
from prentice.workspace.applying.apply import applied, apply, settle_tree, undo
from workspace.trees import approval_of, change_of, git, pictured, repository, write

FILES = {"a.py": b"one\ntwo\nthree\nfour\nfive\n", "b.txt": b"crlf\r\nlines\r\n", "old.txt": b"going\n"}
CHANGE = change_of({
    "a.py": (FILES["a.py"], b"one\nTWO\nthree\nfour\nfive\n"), "b.txt": (FILES["b.txt"], b"crlf\r\nLINES\r\n"),
    "old.txt": (FILES["old.txt"], None), "new/deep/c.py": (None, b"new\n"),
})  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return repository(tmp_path / "project", FILES)


def test_an_approved_change_is_in_the_tree_and_the_index_is_untouched(project: Path) -> None:
    index = (project / ".git" / "index").read_bytes()
    done = apply(CHANGE, project, approval=approval_of(CHANGE), name="R-1")
    assert done.files == {"a.py": "modified", "b.txt": "modified", "old.txt": "deleted", "new/deep/c.py": "created"}
    assert (project / "b.txt").read_bytes() == b"crlf\r\nLINES\r\n"
    assert (project / "new/deep/c.py").read_bytes() == b"new\n"
    assert not (project / "old.txt").exists()
    assert (project / ".git" / "index").read_bytes() == index
    assert not [path for path in project.rglob("*.tmp") if ".prentice" not in path.parts]


def test_undo_brings_back_every_byte_mode_and_directory(project: Path) -> None:
    (project / "a.py").chmod(0o751)
    (project / "b.txt").chmod(0o440)
    (project / "old.txt").chmod(0o604)
    before = pictured(project)
    apply(CHANGE, project, approval=approval_of(CHANGE), name="R-1")
    assert pictured(project) != before
    assert (project / "a.py").stat().st_mode & 0o777 == 0o751
    undo(project, name="R-1")
    assert pictured(project) == before
    assert applied(project) == []


def test_an_approval_of_another_change_applies_nothing(project: Path) -> None:
    before = pictured(project)
    other = change_of({"a.py": (FILES["a.py"], b"other\n")})
    with pytest.raises(NotApprovedError):
        apply(CHANGE, project, approval=approval_of(other), name="R-1")
    assert pictured(project) == before


def test_applying_again_under_the_same_name_changes_nothing_and_answers_the_same(project: Path) -> None:
    first = apply(CHANGE, project, approval=approval_of(CHANGE), name="R-1")
    write(project, {"a.py": "edited after\n"})
    assert apply(CHANGE, project, approval=approval_of(CHANGE), name="R-1") == first
    assert (project / "a.py").read_text() == "edited after\n"


def test_another_change_under_the_same_name_has_to_wait_for_undo(project: Path) -> None:
    apply(CHANGE, project, approval=approval_of(CHANGE), name="R-1")
    other = change_of({"z.py": (None, b"z\n")})
    with pytest.raises(ApplyConflictError, match="already"):
        apply(other, project, approval=approval_of(other), name="R-1")
    undo(project, name="R-1")
    apply(other, project, approval=approval_of(other), name="R-1")
    assert (project / "z.py").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.py", b"one\nmine\nthree\nfour\nfive\n"),
        ("a.py", b"one\ntwo\nthree but mine\nfour\nfive\n"),
        ("old.txt", b"going on\n"),
        ("new/deep/c.py", b"somebody's\n"),
        ("b.txt", None),
    ],
    ids=["same line", "line beside", "deleted file", "new file", "gone file"],
)
def test_uncommitted_work_in_the_way_refuses_the_whole_change_and_names_the_file(
    project: Path, name: str, content: bytes | None
) -> None:
    (project / name).parent.mkdir(parents=True, exist_ok=True)
    (project / name).unlink(missing_ok=True)
    if content is not None:
        (project / name).write_bytes(content)
    before = pictured(project)
    with pytest.raises(ApplyConflictError) as caught:
        apply(CHANGE, project, approval=approval_of(CHANGE), name="R-1")
    files = caught.value.details["files"]
    assert isinstance(files, dict)
    assert list(files) == [name]
    assert pictured(project) == before


def test_edits_of_other_lines_are_kept_and_undo_brings_exactly_them_back(project: Path) -> None:
    write(project, {"a.py": "one\ntwo\nthree\nfour\nmine\n"})
    done = apply(CHANGE, project, approval=approval_of(CHANGE), name="R-1")
    assert done.files["a.py"] == "merged"
    assert (project / "a.py").read_text() == "one\nTWO\nthree\nfour\nmine\n"
    undo(project, name="R-1")
    assert (project / "a.py").read_text() == "one\ntwo\nthree\nfour\nmine\n"


def test_undo_refuses_where_the_user_went_on_working_and_names_the_files(project: Path) -> None:
    apply(CHANGE, project, approval=approval_of(CHANGE), name="R-1")
    write(project, {"a.py": "went on\n"})
    before = pictured(project)
    with pytest.raises(UndoRefusedError) as caught:
        undo(project, name="R-1")
    assert caught.value.details["files"] == {"a.py": "it was edited since, in the same lines"}
    assert pictured(project) == before


def test_undo_keeps_what_the_user_wrote_in_other_lines_since(project: Path) -> None:
    apply(CHANGE, project, approval=approval_of(CHANGE), name="R-1")
    write(project, {"a.py": "one\nTWO\nthree\nfour\nfive\nsix\n"})
    (project / "a.py").chmod(0o700)
    done = undo(project, name="R-1")
    assert (done.files["a.py"], done.files["b.txt"]) == ("merged", "modified")
    assert (project / "a.py").read_text() == "one\ntwo\nthree\nfour\nfive\nsix\n"
    assert (project / "a.py").stat().st_mode & 0o777 == 0o700
    assert (project / "b.txt").read_bytes() == FILES["b.txt"]
    assert undo(project, name="R-1") == done
    assert applied(project) == []
    apply(CHANGE, project, approval=approval_of(CHANGE), name="R-1")
    assert (project / "a.py").read_text() == "one\nTWO\nthree\nfour\nfive\nsix\n"


@pytest.mark.parametrize("order", [("R-1", "R-2"), ("R-2", "R-1")])
def test_two_changes_of_one_file_are_undone_in_any_order(project: Path, order: tuple[str, str]) -> None:
    first = change_of({"a.py": (FILES["a.py"], b"ONE\ntwo\nthree\nfour\nfive\n")})
    second = change_of({"a.py": (FILES["a.py"], b"one\ntwo\nthree\nfour\nFIVE\n")})
    apply(first, project, approval=approval_of(first), name="R-1")
    apply(second, project, approval=approval_of(second), name="R-2")
    for name in order:
        undo(project, name=name)
    assert (project / "a.py").read_bytes() == FILES["a.py"]


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("new/deep/c.py", "new\nand more\n", "it was edited since"),
        ("old.txt", "again\n", "it was edited since"),
        ("b.txt", "\0", "it was edited since, in the same lines"),
    ],
)
def test_undo_refuses_what_would_cost_work_of_the_user(project: Path, path: str, text: str, why: str) -> None:
    apply(CHANGE, project, approval=approval_of(CHANGE), name="R-1")
    write(project, {path: text})
    before = pictured(project)
    with pytest.raises(UndoRefusedError) as caught:
        undo(project, name="R-1")
    assert caught.value.details["files"] == {path: why}
    assert pictured(project) == before
    assert len(applied(project)) == 1


def test_undo_after_the_user_put_a_file_back_by_hand_puts_back_the_rest(project: Path) -> None:
    before = pictured(project)
    apply(CHANGE, project, approval=approval_of(CHANGE), name="R-1")
    write(project, {"a.py": FILES["a.py"]})
    undo(project, name="R-1")
    assert pictured(project) == before


def test_undo_answers_the_same_when_repeated_and_knows_no_other_names(project: Path) -> None:
    apply(CHANGE, project, approval=approval_of(CHANGE), name="R-1")
    assert undo(project, name="R-1") == undo(project, name="R-1")
    with pytest.raises(UndoRefusedError):
        undo(project, name="R-2")


def test_several_changes_are_undone_each_by_itself(project: Path) -> None:
    other = change_of({"z.py": (None, b"z\n")})
    apply(CHANGE, project, approval=approval_of(CHANGE), name="R-1")
    apply(other, project, approval=approval_of(other), name="R-2")
    assert [one.name for one in applied(project)] == ["R-2", "R-1"]
    undo(project, name="R-1")
    assert (project / "z.py").exists()
    assert [one.name for one in applied(project)] == ["R-2"]


def test_a_rename_carries_the_users_edits_and_permissions_along(project: Path) -> None:
    old = File(content=FILES["a.py"])
    change = Change(files=(FileChange(path="moved/a.py", old_path="a.py", before=old, after=old),))
    write(project, {"a.py": FILES["a.py"] + b"mine\n"})
    (project / "a.py").chmod(0o640)
    before = pictured(project)
    apply(change, project, approval=approval_of(change), name="R-1")
    assert not (project / "a.py").exists()
    assert (project / "moved/a.py").read_bytes() == FILES["a.py"] + b"mine\n"
    assert stat.S_IMODE((project / "moved/a.py").stat().st_mode) == 0o640
    undo(project, name="R-1")
    assert pictured(project) == before


def test_a_change_of_the_mode_alone_turns_the_execute_bits_on_for_who_may_read(project: Path) -> None:
    old = File(content=FILES["a.py"])
    change = Change(
        files=(FileChange(path="a.py", old_path="a.py", before=old, after=File(content=old.content, mode=EXECUTABLE)),)
    )
    (project / "a.py").chmod(0o640)
    apply(change, project, approval=approval_of(change), name="R-1")
    assert stat.S_IMODE((project / "a.py").stat().st_mode) == 0o750


def test_a_new_file_gets_the_permissions_that_the_users_mask_gives(project: Path) -> None:
    change = change_of({"run.sh": (None, b"#!/bin/sh\n")}, executable=True)
    mask = os.umask(0o027)
    try:
        apply(change, project, approval=approval_of(change), name="R-1")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((project / "run.sh").stat().st_mode) == 0o750


@pytest.mark.parametrize("path", ["../x", "/etc/x", ".git/hooks/pre-commit", "sub/../../x", ".GIT/config", "a\0b"])
def test_a_path_that_leads_out_of_the_project_is_refused_again_at_the_last_moment(project: Path, path: str) -> None:
    change = change_of({path: (None, b"x\n")})
    before = pictured(project.parent, without=("applied", ".prentice"))
    with pytest.raises(ApplyConflictError):
        apply(change, project, approval=approval_of(change), name="R-1")
    assert pictured(project.parent, without=("applied", ".prentice")) == before


def test_nothing_is_written_through_a_link_neither_of_a_file_nor_of_a_directory(project: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    write(outside, {"a.py": FILES["a.py"]})
    (project / "a.py").unlink()
    (project / "a.py").symlink_to(outside / "a.py")
    (project / "way").symlink_to(outside)
    for path, before in (("a.py", FILES["a.py"]), ("way/a.py", FILES["a.py"]), ("way/new.py", None)):
        change = change_of({path: (before, b"changed\n")})
        with pytest.raises(ApplyConflictError):
            apply(change, project, approval=approval_of(change), name="R-1")
    assert pictured(outside) == {"a.py": pictured(outside)["a.py"]}
    assert (outside / "a.py").read_bytes() == FILES["a.py"]


def test_a_file_outside_that_shares_its_bytes_by_a_hard_link_stays_as_it_was(project: Path, tmp_path: Path) -> None:
    os.link(project / "a.py", tmp_path / "outside.py")
    change = change_of({"a.py": (FILES["a.py"], b"changed\n")})
    apply(change, project, approval=approval_of(change), name="R-1")
    assert (project / "a.py").read_bytes() == b"changed\n"
    assert (tmp_path / "outside.py").read_bytes() == FILES["a.py"]


def test_a_change_that_makes_a_link_is_refused(project: Path) -> None:
    change = Change(
        files=(FileChange(path="l", old_path="l", before=None, after=File(content=b"/etc/passwd", mode=LINK)),)
    )
    with pytest.raises(ApplyConflictError, match="links"):
        apply(change, project, approval=approval_of(change), name="R-1")


def test_what_the_user_has_done_already_is_no_conflict_and_undo_leaves_it(project: Path) -> None:
    write(project, {"a.py": CHANGE.files[0].new})
    done = apply(CHANGE, project, approval=approval_of(CHANGE), name="R-1")
    assert "a.py" not in done.files
    undo(project, name="R-1")
    assert (project / "a.py").read_bytes() == CHANGE.files[0].new


def test_git_sees_the_change_as_not_staged_and_none_of_our_own_files(project: Path) -> None:
    apply(CHANGE, project, approval=approval_of(CHANGE), name="R-1")
    status = set(git(project, "status", "--porcelain", "--untracked-files=all").splitlines())
    assert {" M a.py", " M b.txt", " D old.txt", "?? new/deep/c.py"} <= status
    assert not [line for line in status if "applied" in line]


def test_a_name_that_is_no_name_is_refused(project: Path) -> None:
    with pytest.raises(UsageError):
        apply(CHANGE, project, approval=approval_of(CHANGE), name="../R-1")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_directory_refuses_the_change_and_leaves_all_files(project: Path) -> None:
    (project / "new").mkdir()
    (project / "new").chmod(0o555)
    before = pictured(project)
    with pytest.raises(WriteFailedError):
        apply(CHANGE, project, approval=approval_of(CHANGE), name="R-1")
    assert pictured(project) == before


def test_settling_a_tree_in_which_nothing_happened_writes_nothing(project: Path) -> None:
    before = pictured(project, without=())
    assert settle_tree(project) == []
    assert pictured(project, without=()) == before


LINES = st.lists(st.sampled_from([b"a\n", b"b\r\n", b"\xff\n", b"x", b""]), max_size=8).map(b"".join)
SIDES = st.one_of(st.none(), LINES)


@settings(max_examples=60)
@given(
    files=st.dictionaries(
        st.sampled_from(["a", "b", "d/e", "d/f", "g/h/i"]),
        st.tuples(SIDES, SIDES).filter(lambda sides: sides[0] != sides[1]),
        min_size=1,
    ),
    edits=st.dictionaries(st.sampled_from(["a", "b", "d/e", "other"]), LINES, max_size=2),
    modes=st.lists(st.sampled_from([0o644, 0o600, 0o755, 0o640]), min_size=5, max_size=5),
)
def test_a_change_is_applied_whole_or_not_at_all_and_undone_to_the_byte(
    tmp_path_factory: pytest.TempPathFactory,
    files: dict[str, tuple[bytes | None, bytes | None]],
    edits: dict[str, bytes],
    modes: list[int],
) -> None:
    root = tmp_path_factory.mktemp("tree")
    write(root, {path: before for path, (before, _) in files.items() if before is not None})
    write(root, edits)
    for mode, file in zip(modes, sorted(path for path in root.rglob("*") if path.is_file()), strict=False):
        file.chmod(mode)
    before = pictured(root)
    change = change_of(files)
    try:
        done = apply(change, root, approval=approval_of(change), name="R-1")
    except ApplyConflictError:
        assert pictured(root) == before
        return
    for path, content in edits.items():
        if path not in files:
            assert (root / path).read_bytes() == content
    for one in change.files:
        if done.files.get(one.path) != "merged":
            found = (root / one.path).read_bytes() if (root / one.path).exists() else None
            assert found == (one.new if one.after else None)
    undo(root, name="R-1")
    assert pictured(root) == before
