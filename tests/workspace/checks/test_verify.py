"""Real checks of real projects in the real sandbox, before and after a change."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from prentice.changes.change import Change
from prentice.workspace.checks.check import Check, configured_checks
from prentice.workspace.checks.verify import CheckResult, verified
from prentice.workspace.sandbox.choosing import Sandbox
from prentice.workspace.sandbox.limits import Limits
from prentice.workspace.worktree import worktree
from workspace.trees import change_of, pictured, repository

CALC = b"def add(a, b):\n    return a - b\n\n\ndef neg(a):\n    return -a\n"
MENDED = CALC.replace(b"a - b", b"a + b")
TESTS = b"""\
from calc import add, neg


def test_add():
    assert add(1, 2) == 3


def test_neg():
    assert neg(1) == -1
"""
FLAKY = b"""\
import os
MARK = os.path.join(os.environ['HOME'], 'ran')


def test_sometimes():
    ran = len(open(MARK).read()) if os.path.exists(MARK) else 0
    open(MARK, 'a').write('x')
    assert ran != 1
"""
UNITTEST = b"""\
import unittest
from calc import add, neg


class Test(unittest.TestCase):
    def test_add(self):
        self.assertEqual(add(1, 2), 3)

    def test_neg(self):
        '''A docstring.'''
        print('noise')
        self.assertEqual(neg(1), -1)
"""
GO_TESTS = b"""\
package calc

import "testing"

func TestAdd(t *testing.T) {
	if Add(1, 2) != 3 {
		t.Fatal("no")
	}
}

func TestZero(t *testing.T) {
	if Add(0, 0) != 0 {
		t.Fatal("no")
	}
}
"""
NODE_TESTS = b"""\
const test = require('node:test');
const assert = require('assert');
const { add } = require('./calc.js');
test('group', async (t) => {
  await t.test('adds', () => assert.equal(add(1, 2), 3));
  await t.test('zero', () => assert.equal(add(0, 0), 0));
});
"""
PYTEST = Check(name="test", kind="test", command=(sys.executable, "-m", "pytest", "-q"), seconds=60)


@pytest.fixture
def results(tmp_path: Path, places: Path, sandbox: Sandbox, python: tuple[str, tuple[Path, ...]]) -> "Results":
    return Results(tmp_path / "project", places, sandbox, python[1])


class Results:
    """Verifies a change of a project with some checks."""

    def __init__(self, project: Path, places: Path, sandbox: Sandbox, readable: tuple[Path, ...]) -> None:
        self.project, self.places, self.sandbox, self.readable = project, places, sandbox, readable

    def of(
        self, files: Mapping[str, bytes | str], change: Change, *checks: Check, seconds: float = 60
    ) -> list[CheckResult]:
        if not self.project.exists():
            repository(self.project, files)
        before = pictured(self.project, without=())
        with worktree(self.project, directory=self.places) as made:
            found = verified(
                change, worktree=made, checks=checks or (PYTEST,), sandbox=self.sandbox, readable=self.readable,
                limits=Limits(seconds=seconds),
            )  # fmt: skip
        assert pictured(self.project, without=()) == before
        return list(found)


def test_a_check_that_fails_without_the_change_and_passes_with_it_is_decisive(results: Results) -> None:
    [found] = results.of({"calc.py": CALC, "test_calc.py": TESTS}, change_of({"calc.py": (CALC, MENDED)}))
    assert found.before.failures == ("test_calc::test_add",)
    assert found.after.state == "passed"
    assert found.mended == ("test_calc::test_add",)
    assert found.canary == "at the change"
    assert found.new_failures == ()
    assert found.is_decisive
    document = found.document()
    assert (document["before"], document["after"]) == ("failed (1)", "passed (2)")


def test_a_failure_from_before_does_not_count_and_a_new_one_does(results: Results) -> None:
    broken = CALC.replace(b"return -a", b"return a")
    [found] = results.of({"calc.py": CALC, "test_calc.py": TESTS}, change_of({"calc.py": (CALC, broken)}))
    assert found.new_failures == ("test_calc::test_neg",)
    assert not found.is_decisive


def test_a_check_that_executes_the_changed_lines_is_decisive_and_one_that_does_not_is_not(results: Results) -> None:
    files = {"calc.py": MENDED + b"\n\ndef unused(a):\n    return a\n", "test_calc.py": TESTS}
    reached = change_of({"calc.py": (files["calc.py"], files["calc.py"].replace(b"return -a", b"return 0 - a"))})
    [found] = results.of(files, reached)
    assert found.reach is not None
    assert (found.reach.reached, found.reach.of) == (1, 1)
    assert found.is_decisive
    missed = change_of({"calc.py": (files["calc.py"], files["calc.py"].replace(b"    return a\n", b"    return +a\n"))})
    [found] = results.of(files, missed)
    assert found.reach is not None
    assert (found.reach.reached, found.reach.of) == (0, 1)
    assert found.is_trusted
    assert not found.is_decisive


def test_a_test_that_passed_and_is_not_run_any_more_is_a_new_failure(results: Results) -> None:
    files = {"calc.py": MENDED, "test_calc.py": TESTS}
    gone = change_of({"test_calc.py": (TESTS, TESTS[: TESTS.index(b"\n\ndef test_neg")])})
    [found] = results.of(files, gone)
    assert found.new_failures == ("test_calc::test_neg (not run any more)",)
    skipped = change_of(
        {
            "test_calc.py": (
                TESTS,
                b"import pytest\n" + TESTS.replace(b"def test_neg", b"@pytest.mark.skip\ndef test_neg"),
            )
        }
    )
    [found] = results.of(files, skipped)
    assert found.new_failures == ("test_calc::test_neg (skipped now)",)


def test_code_that_ends_the_test_runner_with_success_is_no_success(results: Results) -> None:
    files = {"calc.py": CALC, "test_calc.py": TESTS}
    change = change_of({"calc.py": (CALC, b"import os\nos._exit(0)\n" + CALC)})
    [found] = results.of(files, change)
    assert found.after.state == "failed"
    assert found.new_failures
    assert not found.is_decisive


def test_the_canary_catches_an_environment_that_tests_another_tree(results: Results, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "calc.py").write_bytes(CALC)
    path = f"import sys\nsys.path.insert(0, {str(elsewhere)!r})\n".encode()
    results.readable = (*results.readable, elsewhere)
    files = {"src/calc.py": CALC, "conftest.py": path, "tests/test_calc.py": TESTS.replace(b"== 3", b"== -1")}
    [found] = results.of(files, change_of({"src/calc.py": (CALC, CALC + b"\n")}))
    assert found.before.state == found.after.state == "passed"
    assert found.canary == "unnoticed"
    assert not found.is_trusted
    assert not found.is_decisive


def test_an_editable_installation_of_the_users_tree_is_tested_with_the_worktrees_files(results: Results) -> None:
    files = {"src/calc.py": MENDED, "tests/test_calc.py": TESTS}
    project = repository(results.project, {**files, ".gitignore": ".venv\n"})
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=project, check=True)
    packages = next((project / ".venv/lib").glob("python*/site-packages"))
    (packages / "editable.pth").write_text(f"{project / 'src'}\n")
    (packages / "tools.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    check = Check(name="test", kind="test", command=("python", "-m", "pytest", "-q"), seconds=60)
    broken = MENDED.replace(b"return -a", b"return a")
    [found] = results.of(files, change_of({"src/calc.py": (MENDED, broken)}), check)
    assert found.before.state == "passed", found.before.tail
    assert found.canary == "at the change"
    assert found.new_failures == ("tests.test_calc::test_neg",)


def test_a_flaky_failure_is_marked_and_does_not_count(results: Results) -> None:
    files = {"calc.py": MENDED, "test_calc.py": TESTS, "test_flaky.py": FLAKY}
    # It runs before the change (0), after it (1), where it fails, and again; the canary stops before any test runs.
    [found] = results.of(files, change_of({"calc.py": (MENDED, MENDED.replace(b"-a", b"0 - a"))}))
    assert "test_flaky::test_sometimes" in found.flaky
    assert found.new_failures == ()


def test_a_failure_is_not_flaky_because_the_second_run_gives_no_results(results: Results) -> None:
    evasive = (
        MENDED.replace(b"return -a", b"return a")
        + b"""
import os
mark = os.path.join(os.environ["HOME"], "ran")
if os.path.exists(mark):
    os._exit(0)
open(mark, "w").close()
"""
    )
    [found] = results.of({"calc.py": MENDED, "test_calc.py": TESTS}, change_of({"calc.py": (MENDED, evasive)}))
    assert found.new_failures == ("test_calc::test_neg",)
    assert found.flaky == ()


def test_a_check_that_hangs_is_ended_and_gives_no_result(results: Results) -> None:
    hangs = Check(name="slow", kind="test", command=("sh", "-c", "trap '' TERM; sleep 600"), seconds=1)
    [found] = results.of({"calc.py": CALC}, change_of({"calc.py": (CALC, MENDED)}), hangs)
    assert found.before.state == found.after.state == "broken"
    assert "longer" in found.before.why
    assert found.canary == "untried"


def test_a_check_whose_tool_is_missing_gives_no_result_and_says_what_is_missing(results: Results) -> None:
    checks = configured_checks(["no-such-tool-at-all --now", f"{sys.executable} -m no_such_module"])
    found = results.of({"calc.py": CALC}, change_of({"calc.py": (CALC, MENDED)}), *checks)
    assert [one.before.state for one in found] == ["broken", "broken"]
    assert "no-such-tool-at-all" in found[0].before.why
    assert "no_such_module is not installed" in found[1].before.why


def test_linters_and_type_checkers_count_messages_not_lines(results: Results) -> None:
    before = b"import os\n\n\ndef add(a: int, b: int) -> int:\n    return a + b\n"
    after = b"import os\nimport sys\n\n\n\n\ndef add(a: int, b: int) -> int:\n    return str(a + b)\n"
    checks = configured_checks([f"{sys.executable} -m ruff check --isolated", f"types: {sys.executable} -m mypy ."])
    lint, types = results.of({"calc.py": before}, change_of({"calc.py": (before, after)}), *checks)
    assert len(lint.before.failures) == 1
    assert "calc.py: F401 [*] `sys` imported but unused" in lint.new_failures
    assert not [message for message in lint.new_failures if "`os`" in message]
    assert types.before.state == "passed"
    assert "Incompatible return value" in types.new_failures[0]
    assert lint.canary == types.canary == "at the change"


def test_lint_that_is_mended_is_decisive(results: Results) -> None:
    before = b"import os\n\nX = 1\n"
    check = Check(name="lint", kind="lint", command=(sys.executable, "-m", "ruff", "check", "--isolated"))
    [found] = results.of({"calc.py": before}, change_of({"calc.py": (before, b"X = 1\n")}), check)
    assert found.mended
    assert found.is_decisive


def test_the_standard_librarys_test_runner_is_read_too(results: Results) -> None:
    check = Check(name="test", kind="test", command=(sys.executable, "-m", "unittest"))
    [found] = results.of({"calc.py": CALC, "test_calc.py": UNITTEST}, change_of({"calc.py": (CALC, MENDED)}), check)
    assert found.before.failures == ("test_calc.Test.test_add",)
    assert found.before.passes == {"test_calc.Test.test_neg"}
    assert found.after.passes == {"test_calc.Test.test_neg", "test_calc.Test.test_add"}
    assert found.is_decisive


def test_what_one_change_left_behind_is_gone_before_the_next_one_is_checked(
    tmp_path: Path, places: Path, sandbox: Sandbox, python: tuple[str, tuple[Path, ...]]
) -> None:
    plants = b"import os\nopen(os.path.expanduser('~/planted'), 'w').close()\n" + MENDED
    looks = b"import os\n\n\ndef test_home():\n    assert not os.path.exists(os.path.expanduser('~/planted'))\n"
    project = repository(tmp_path / "project", {"calc.py": CALC, "test_calc.py": TESTS, "test_0_home.py": looks})
    with worktree(project, directory=places) as made:
        for content in (plants, MENDED):
            change = change_of({"calc.py": (CALC, content)})
            [found] = verified(change, worktree=made, checks=(PYTEST,), sandbox=sandbox, readable=python[1])
            assert "test_0_home::test_home" in found.before.passes
    assert found.is_decisive


@pytest.mark.skipif(shutil.which("go") is None, reason="Go is not installed")
def test_go_is_read_test_by_test(results: Results) -> None:
    source = b"package calc\n\nfunc Add(a, b int) int { return a - b }\n"
    files = {"go.mod": b"module example.org/calc\n\ngo 1.20\n", "calc.go": source, "calc_test.go": GO_TESTS}
    change = change_of({"calc.go": (source, source.replace(b"a - b", b"a + b"))})
    [found] = results.of(files, change, Check(name="test", kind="test", command=("go", "test", "./..."), seconds=200))
    assert found.before.failures == ("example.org/calc.TestAdd",), found.before.tail
    assert found.before.passes == {"example.org/calc.TestZero"}
    assert found.canary == "at the change"
    assert found.is_decisive


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_nodes_own_test_runner_is_read_behind_npm_too(results: Results) -> None:
    source = b"exports.add = (a, b) => a - b;\n"
    files = {"package.json": b'{"scripts": {"test": "node --test"}}', "calc.js": source, "calc.test.js": NODE_TESTS}
    change = change_of({"calc.js": (source, source.replace(b"a - b", b"a + b"))})
    [found] = results.of(files, change, Check(name="test", kind="test", command=("npm", "test")))
    assert found.before.failures == ("adds",), found.before.tail
    assert found.before.passes == {"zero"}
    assert found.canary == "at the change"
    assert found.is_decisive
