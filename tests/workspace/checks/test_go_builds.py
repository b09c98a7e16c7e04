"""What is kept of Go's standard library: real Go in the real sandbox, and code under test that would poison it."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from prentice.workspace.checks.check import Check
from prentice.workspace.checks.go_builds import kept_builds
from prentice.workspace.checks.verify import CheckResult, verified
from prentice.workspace.place import remove
from prentice.workspace.sandbox.choosing import Sandbox
from prentice.workspace.sandbox.environment import GO_CACHE
from prentice.workspace.sandbox.limits import Limits
from prentice.workspace.sandbox.unconfined import Unconfined
from prentice.workspace.sandbox.view import View
from prentice.workspace.worktree import Worktree, worktree
from workspace.trees import change_of, pictured, repository

pytestmark = pytest.mark.skipif(shutil.which("go") is None, reason="Go is not installed")

SOURCE = b"package calc\n\nfunc Add(a, b int) int { return a - b }\n"
MENDED = SOURCE.replace(b"a - b", b"a + b")
TESTS = b"""\
package calc

import "testing"

func TestAdd(t *testing.T) {
	if Add(1, 2) != 3 {
		t.Fatal("no")
	}
}
"""
POISON = b"""\
package calc

import (
	"os"
	"path/filepath"
)

func init() {
	filepath.Walk(os.Getenv("GOCACHE"), func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return nil
		}
		os.Chmod(path, 0o777)
		os.WriteFile(path, []byte("poison"), 0o666)
		if target, err := os.Readlink(path); err == nil {
			os.Remove(target)
			os.WriteFile(filepath.Join(filepath.Dir(target), "planted"), []byte("poison"), 0o666)
		}
		os.Remove(path)
		os.WriteFile(path, []byte("poison"), 0o666)
		return nil
	})
}

func Add(a, b int) int { return a + b }
"""
FILES = {"go.mod": b"module example.org/calc\n\ngo 1.20\n", "calc.go": SOURCE, "calc_test.go": TESTS}
TEST = Check(name="test", kind="test", command=("go", "test", "./..."), seconds=300)
Verify = Callable[[Worktree, bytes], CheckResult]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where worktrees are kept during all these tests, as the first one of them compiles for the others."""
    return tmp_path_factory.mktemp("cache") / "runs"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return repository(tmp_path / "project", FILES)


@pytest.fixture
def verify(sandbox: Sandbox) -> Verify:
    def do(made: Worktree, content: bytes) -> CheckResult:
        change = change_of({"calc.go": (SOURCE, content)})
        [found] = verified(change, worktree=made, checks=[TEST], sandbox=sandbox)
        return found

    return do


def stores(kept: Path) -> list[Path]:
    return sorted(path for path in kept.with_name("go").iterdir() if path.is_dir())


def own_entries(made: Worktree) -> list[Path]:
    """Give what a check had to compile itself."""
    return [path for path in (made.home / GO_CACHE).glob("[0-9a-f][0-9a-f]/*-d") if not path.is_symlink()]


def test_a_check_compiles_what_is_the_projects_and_nothing_else(project: Path, kept: Path, verify: Verify) -> None:
    for _ in range(2):
        with worktree(project, directory=kept) as made:
            found = verify(made, MENDED)
            assert found.is_decisive
            assert found.mended == ("example.org/calc.TestAdd",)
            lent = [path for path in (made.home / GO_CACHE).rglob("*-d") if path.is_symlink()]
            assert len(lent) > 50
            assert len(own_entries(made)) < 25, own_entries(made)
    [store] = stores(kept)
    assert not [path for path in store.rglob("*-d") if b"example.org/calc" in path.read_bytes()]


def test_code_under_test_cannot_change_what_a_later_check_finds(project: Path, kept: Path, verify: Verify) -> None:
    with worktree(project, directory=kept) as made:
        verify(made, MENDED)
    [store] = stores(kept)
    before = pictured(store, without=())
    with worktree(project, directory=kept) as made:
        verify(made, POISON)
        assert pictured(store, without=()) == before
        found = verify(made, MENDED)
        assert found.is_decisive
        assert found.mended == ("example.org/calc.TestAdd",)
    with worktree(project, directory=kept) as made:
        assert verify(made, MENDED).is_decisive
    assert pictured(store, without=()) == before


def test_what_a_killed_process_left_half_written_is_lent_to_nobody_and_made_anew(
    project: Path, kept: Path, verify: Verify
) -> None:
    with worktree(project, directory=kept) as made:
        verify(made, MENDED)
    [store] = stores(kept)
    (store / "unfinished").touch()
    broken = next(store.glob("[0-9a-f][0-9a-f]/*-a"))
    broken.write_bytes(b"v1 half")
    with worktree(project, directory=kept) as made:
        assert verify(made, MENDED).is_decisive
    assert not (store / "unfinished").exists()
    assert not broken.exists() or broken.read_bytes() != b"v1 half"


def test_what_no_check_has_used_for_a_month_is_removed(project: Path, kept: Path, verify: Verify) -> None:
    with worktree(project, directory=kept) as made:
        verify(made, MENDED)
        other, recent = kept.with_name("go") / "0123", kept.with_name("go") / "4567"
        for path in (other, recent):
            path.mkdir()
        old = time.time() - 31 * 86_400
        os.utime(other, (old, old))
        verify(made, MENDED)
    assert not other.exists()
    assert recent.exists()
    remove(recent)


def test_nothing_is_kept_without_a_sandbox_or_for_another_language(
    project: Path, tmp_path: Path, kept: Path, sandbox: Sandbox
) -> None:
    with worktree(project, directory=kept) as made:
        view = View.of(made)
        assert kept_builds([TEST], worktree=made, sandbox=Unconfined(), view=view, limits=Limits()) is None
    other = repository(tmp_path / "other", {"a.py": b"x = 1\n"})
    with worktree(other, directory=kept) as made:
        view = View.of(made)
        assert kept_builds([TEST], worktree=made, sandbox=sandbox, view=view, limits=Limits()) is None
