"""`kill -9` before each call by which applying and undoing change the disk."""

import os
import shutil
from functools import partial
from pathlib import Path

import pytest

from prentice.errors import PrenticeError
from prentice.workspace.applying.apply import applied, apply, settle_tree, undo
from workspace.killing import killed_at
from workspace.trees import approval_of, change_of, pictured, write

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked to be killed")

FILES = {"a.py": b"one\ntwo\n", "b.txt": b"b\r\n", "old.txt": b"going\n"}
CHANGE = change_of({
    "a.py": (FILES["a.py"], b"one\nTWO\n"), "b.txt": (FILES["b.txt"], b"B\r\n"), "old.txt": (FILES["old.txt"], None),
    "new/deep/c.py": (None, b"new\n" * 1000),
})  # fmt: skip
MOST = 400


def made(root: Path) -> Path:
    shutil.rmtree(root, ignore_errors=True)
    write(root, FILES)
    (root / "a.py").chmod(0o755)
    return root


def apply_it(root: Path) -> None:
    apply(CHANGE, root, approval=approval_of(CHANGE), name="R-1")


def test_a_tree_in_which_applying_was_killed_anywhere_is_as_before_or_as_after(tmp_path: Path) -> None:
    before = pictured(made(tmp_path / "tree"))
    apply_it(tmp_path / "tree")
    after = pictured(tmp_path / "tree")
    ends = set()
    for number in range(1, MOST):
        root = made(tmp_path / "tree")
        was_killed = killed_at(number, partial(apply_it, root))
        halfway = pictured(root)
        for name, content in FILES.items():
            found = (root / name).read_bytes() if (root / name).exists() else None
            assert found in {
                content,
                next(file.new if file.after else None for file in CHANGE.files if file.path == name),
            }
        if number % 2:  # at every other point, what comes next has to settle it
            settle_tree(root)
            assert pictured(root) in (before, after), number
            ends.add((halfway == before, pictured(root) == after))
        apply_it(root)
        assert pictured(root) == after
        undo(root, name="R-1")
        assert pictured(root) == before
        if not was_killed:
            break
    else:
        raise AssertionError("it never ended")
    assert number > 30
    assert {(False, False), (True, False), (False, True)} <= ends


@pytest.mark.parametrize("since", [b"", b"mine\n"], ids=["not edited", "edited since"])
def test_a_tree_in_which_undoing_was_killed_anywhere_is_as_before_or_as_after(tmp_path: Path, since: bytes) -> None:
    for number in range(1, MOST):
        root = made(tmp_path / "tree")
        write(root, {"a.py": since + FILES["a.py"]})
        before = pictured(root)
        write(root, {"a.py": FILES["a.py"]})
        apply_it(root)
        write(root, {"a.py": since + b"one\nTWO\n"})
        after = pictured(root)
        was_killed = killed_at(number, partial(undo, root, name="R-1"))
        settle_tree(root)
        assert pictured(root) in (before, after), number
        undo(root, name="R-1")
        assert pictured(root) == before
        assert applied(root) == []
        if not was_killed:
            break
    else:
        raise AssertionError("it never ended")
    assert number > 10


def test_what_the_user_saved_after_a_crash_stays_and_is_named(tmp_path: Path) -> None:
    for number in range(1, MOST):
        root = made(tmp_path / "tree")
        assert killed_at(number, partial(apply_it, root))
        if (root / "a.py").read_bytes() != FILES["a.py"]:
            break
    write(root, {"a.py": b"saved since\n"})
    [settled] = settle_tree(root)
    assert settled.left == ("a.py",)
    assert (root / "a.py").read_bytes() == b"saved since\n"
    assert (root / "old.txt").read_bytes() == FILES["old.txt"]
    assert not (root / "new").exists()


def test_a_disk_that_refuses_in_the_middle_leaves_the_tree_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = pictured(made(tmp_path / "tree"))
    true_link = os.link
    monkeypatch.setattr(os, "link", lambda *_arguments, **_options: (_ for _ in ()).throw(OSError(28, "full")))
    true_replace = os.replace
    calls = 0

    def replace(source: object, target: object, **options: object) -> None:
        nonlocal calls
        if str(target).endswith("c.py"):
            calls += 1
            raise OSError(28, "No space left on device", str(target))
        true_replace(source, target, **options)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(PrenticeError, match="as they were") as caught:
        apply_it(tmp_path / "tree")
    assert calls == 1
    assert caught.value.code == "write_failed"
    monkeypatch.setattr(os, "link", true_link)
    monkeypatch.setattr(os, "replace", true_replace)
    assert pictured(tmp_path / "tree") == before
    assert settle_tree(tmp_path / "tree") == []
