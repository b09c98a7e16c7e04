"""Diffs are right whatever the bytes: git applies them, hunks can be chosen, digests tell changes apart."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prentice.changes.change import Change, FileChange
from prentice.changes.diff import MAX_STEPS, changed_blocks
from prentice.changes.files import EXECUTABLE, File
from prentice.changes.unified import apply_hunks, hunks_between
from prentice.changes.words import word_diff

LINES = st.lists(
    st.sampled_from([b"a\n", b"b\n", b"c\n", b"\n", b"d\r\n", b"\xff\xfe\n", b"--- x\n", b"@@\n"]), max_size=30
)
CONTENT = st.builds(lambda lines, tail: b"".join(lines) + tail, LINES, st.sampled_from([b"", b"end", b"\\ x"]))


@given(st.lists(st.integers(0, 6), max_size=40), st.lists(st.integers(0, 6), max_size=40))
def test_blocks_lead_from_one_text_to_the_other(old: list[int], new: list[int]) -> None:
    rebuilt: list[int] = []
    here = 0
    for block in changed_blocks(old, new):
        assert old[here : block.old_start] == new[len(rebuilt) : block.new_start]
        rebuilt += old[here : block.old_start] + new[block.new_start : block.new_end]
        here = block.old_end
    assert rebuilt + old[here:] == new


def test_a_stretch_past_the_bound_is_given_as_replaced() -> None:
    old = [number % 2 for number in range(4 * MAX_STEPS)]
    new = [2 + number % 2 for number in range(4 * MAX_STEPS)]
    assert len(changed_blocks(old, new)) == 1


@given(CONTENT, CONTENT)
def test_all_hunks_together_are_the_change(old: bytes, new: bytes) -> None:
    assert apply_hunks(old, hunks_between(old, new)) == new
    assert apply_hunks(old, []) == old


def change(old: bytes | None, new: bytes | None, *, path: str = "a b.txt", old_path: str = "", mode: int = 0) -> Change:
    def side(content: bytes | None) -> File | None:
        return None if content is None else File(content=content, **({"mode": mode} if mode else {}))

    return Change(files=(FileChange(path=path, old_path=old_path or path, before=side(old), after=side(new)),))


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("tree")
    subprocess.run(["git", "init", "-q", directory], check=True)
    return directory


@settings(max_examples=40)
@given(st.one_of(st.none(), CONTENT), st.one_of(st.none(), CONTENT))
def test_git_applies_the_diff(tree: Path, old: bytes | None, new: bytes | None) -> None:
    path = 'd\u00efr "q"/a b.txt'
    if old == new or (old or new) is None:
        return
    file = tree / path
    file.parent.mkdir(exist_ok=True)
    file.unlink(missing_ok=True)
    if old is not None:
        file.write_bytes(old)
    diff = change(old, new, path=path).diff()
    subprocess.run(["git", "apply", "--whitespace=nowarn"], cwd=tree, input=diff, check=True)
    assert (file.read_bytes() if file.exists() else None) == new


def test_git_applies_a_rename_with_a_mode(tree: Path) -> None:
    (tree / "run.sh").write_bytes(b"one\ntwo\n")
    (tree / "run.sh").chmod(0o755)
    diff = change(b"one\ntwo\n", b"one\n2\n", path="bin/run", old_path="run.sh", mode=EXECUTABLE).diff()
    subprocess.run(["git", "apply"], cwd=tree, input=diff, check=True)
    assert (tree / "bin/run").read_bytes() == b"one\n2\n"
    assert (tree / "bin/run").stat().st_mode & 0o111
    assert not (tree / "run.sh").exists()


OLD = b"".join(b"line %d\n" % number for number in range(60))


def test_single_hunks_can_be_chosen() -> None:
    new = OLD.replace(b"line 5\n", b"five\n").replace(b"line 40\n", b"forty\n")
    whole = change(OLD, new)
    assert [(hunk.path, hunk.number) for hunk in whole.hunks()] == [("a b.txt", 1), ("a b.txt", 2)]
    first = whole.only([("a b.txt", 1)])
    assert first.files[0].new == OLD.replace(b"line 5\n", b"five\n")
    assert whole.only([("a b.txt", 2), ("a b.txt", 1)]).digest == whole.digest
    assert first.digest != whole.digest
    assert whole.only([("other", 1)]).files == ()


def test_a_rename_without_differing_lines_has_one_hunk() -> None:
    moved = change(b"x\n", b"x\n", path="b", old_path="a")
    assert [hunk.number for hunk in moved.hunks()] == [1]
    assert moved.only([("b", 1)]).digest == moved.digest


@pytest.mark.parametrize(
    "other",
    [
        change(b"a\n", b"c\n"),
        change(b"x\n", b"b\n"),
        change(b"a\n", b"b\n", path="other"),
        change(b"a\n", b"b\n", mode=EXECUTABLE),
        change(None, b"b\n"),
        change(b"a\n", None),
    ],
)
def test_another_change_has_another_digest(other: Change) -> None:
    assert other.digest != change(b"a\n", b"b\n").digest


def test_the_digest_of_an_approval_stays_what_it_is() -> None:
    assert change(b"a\n", b"b\n").digest == change(b"a\n", b"b\n").digest
    assert len(change(b"a\n", b"b\n").digest) == 64


def test_bytes_that_are_no_text_are_named_and_not_shown() -> None:
    assert b"Binary files" in change(b"a\0", None).diff()


@given(st.text(max_size=60), st.text(max_size=60))
def test_words_make_up_both_lines(old: str, new: str) -> None:
    spans = word_diff(old, new)
    assert "".join(span.text for span in spans if span.kind != "added") == old
    assert "".join(span.text for span in spans if span.kind != "removed") == new


def test_only_the_word_that_changed_is_marked() -> None:
    spans = word_diff("return total + 1", "return amount + 1")
    assert [(span.kind, span.text) for span in spans] == [
        ("same", "return "), ("removed", "total"), ("added", "amount"), ("same", " + 1"),
    ]  # fmt: skip
