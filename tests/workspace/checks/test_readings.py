"""What test runners and linters print becomes names that mean the same in the next run."""

from pathlib import Path

import pytest

from prentice.workspace.checks.check import Check
from prentice.workspace.checks.diagnostics import diagnostics, listed_files
from prentice.workspace.checks.outcome import Outcome, mended, new_failures
from prentice.workspace.checks.reading import any_lines, cargo_lines, go_json, jest_json, junit, tap, unittest_lines
from prentice.workspace.checks.running import outcome_of
from prentice.workspace.checks.tools import Invocation, can_narrow, invocation
from prentice.workspace.sandbox.running import Ended


def ended(status: int, stdout: bytes = b"", stderr: bytes = b"") -> Ended:
    return Ended(ending="exited", status=status, stdout=stdout, stderr=stderr, seconds=0.1)


def test_junit_tells_failures_errors_skips_and_passes_apart() -> None:
    report = b"""<?xml version="1.0"?><testsuites><testsuite>
    <testcase classname="t.A" name="ok"/><testcase classname="t" name="bad"><failure message="x">y</failure></testcase>
    <testcase classname="" name="t.broken"><error/></testcase><testcase classname="t" name="later"><skipped/></testcase>
    <testcase classname="t" name="both"/><testcase classname="t" name="both"><error/></testcase>
    </testsuite></testsuites>"""
    found = junit(report)
    assert found is not None
    assert found.failures == ("t::bad", "t.broken", "t::both")
    assert found.passes == {"t.A::ok"}
    assert found.skips == {"t::later"}


@pytest.mark.parametrize(
    "report",
    [b"", b"no xml", b"<testsuite>", b'<!DOCTYPE a [<!ENTITY b "c">]><testsuite><testcase name="x"/></testsuite>'],
)
def test_what_is_no_honest_junit_is_not_read(report: bytes) -> None:
    assert junit(report) is None


def test_go_events_become_tests_and_packages_that_do_not_build_fail_whole() -> None:
    printed = b"""{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p","Test":"TestB/sub"}
not json
{"Action":"fail","Package":"p"}
{"Action":"fail","Package":"q"}
{"Action":"skip","Package":"p","Test":"TestC"}
[1]
"""
    found = go_json(printed)
    assert found is not None
    assert found.failures == ("p.TestB/sub", "q (does not build)")
    assert found.passes == {"p.TestA"}
    assert found.skips == {"p.TestC"}


def test_jest_and_vitest_reports_name_the_test_by_file_and_title() -> None:
    report = b"""{"testResults": [{"name": "/w/a.test.js", "status": "failed", "assertionResults": [
    {"fullName": "adds one", "status": "passed"}, {"fullName": "adds two", "status": "failed"},
    {"fullName": "later", "status": "pending"}]},
    {"name": "/w/b.test.js", "status": "failed", "assertionResults": []}]}"""
    found = jest_json(report)
    assert found is not None
    assert found.failures == ("a.test.js::adds two", "b.test.js (cannot be loaded)")
    assert found.passes == {"a.test.js::adds one"}
    assert found.skips == {"a.test.js::later"}
    assert jest_json(b'{"testResults": 3}') is None
    assert jest_json(b"[" * 100_000) is None


def test_tap_leaves_groups_out_and_knows_skips() -> None:
    printed = b"""TAP version 13
# Subtest: group
    ok 1 - first
    not ok 2 - second
    1..2
not ok 1 - group
ok 2 - alone
ok 3 - later # SKIP not now
1..3
"""
    found = tap(printed)
    assert found is not None
    assert found.failures == ("second",)
    assert found.passes == {"first", "alone"}
    assert found.skips == {"later"}
    assert tap(b"ok  \texample.org/p\t0.1s\n") is None


def test_unittest_lines_survive_docstrings_and_noise() -> None:
    printed = b"""test_a (t.T.test_a)
A docstring. ... noise
ok
test_b (t.T.test_b) ... FAIL
test_c (t.T.test_c) ... skipped 'why'
test_d (t.T) ... ok
broken (unittest.loader._FailedTest.broken) ... ERROR

======================================================================
FAIL: test_b (t.T.test_b)
----------------------------------------------------------------------
ERROR: broken (unittest.loader._FailedTest.broken)
Ran 5 tests in 0.001s
"""
    found = unittest_lines(printed)
    assert found is not None
    assert found.failures == ("t.T.test_b", "unittest.loader._FailedTest.broken")
    assert found.passes == {"t.T.test_a", "t.T.test_d"}
    assert found.skips == {"t.T.test_c"}
    assert unittest_lines(b"FAIL: x (y)") is None


def test_cargo_lines_are_read_and_what_does_not_compile_fails_by_its_messages() -> None:
    found = cargo_lines(
        b"test a::b ... ok\ntest a::c ... FAILED\ntest d ... ignored\ntest src/lib.rs - f (line 3) ... ok\n"
    )
    assert found is not None
    assert found.failures == ("a::c",)
    assert found.skips == {"d"}
    assert found.passes == {"a::b", "src/lib.rs - f (line 3)"}
    broken = cargo_lines(b"error[E0425]: cannot find value `x`\n --> src/lib.rs:1:1\nerror: could not compile `a`\n")
    assert broken is not None
    assert broken.failures[0] == "error[E0425]: cannot find value `x`"
    assert any_lines(b"hello\n") is None


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b"a/b.py:3:1: F401 `os` imported but unused", "a/b.py: F401 `os` imported but unused"),
        (b"a.py:7: error: Bad return  [return-value]", "a.py: error: Bad return  [return-value]"),
        (b"/w/a.py:3:5 - error: Undefined (rule)", "/w/a.py: error: Undefined (rule)"),
        (b"src/a.ts(3,7): error TS2322: Type", "src/a.ts: error TS2322: Type"),
        (b"would reformat /w/a.py", "/w/a.py: not formatted"),
        (b"Would reformat: a.py", "a.py: not formatted"),
        (b"Diff in /w/src/main.rs:3:", "/w/src/main.rs: not formatted"),
        (b"error[E0308]: mismatched types", "error[E0308]: mismatched types"),
        (b"a.go:3:2: x declared and not used", "a.go: x declared and not used"),
    ],
)
def test_messages_in_every_usual_form_are_known_without_their_lines(line: bytes, name: str) -> None:
    found = diagnostics(line)
    assert found is not None
    assert found.failures == (name,)


def test_eslints_own_format_is_read_with_the_path_above() -> None:
    found = diagnostics(
        b"\n/w/a.js\n  1:5  error  'x' is assigned  no-unused-vars\n  9:1  warning  Odd\n\n2 problems\n"
    )
    assert found is not None
    assert found.failures == ("/w/a.js: error 'x' is assigned no-unused-vars", "/w/a.js: warning Odd")


def test_notes_summaries_and_plain_words_are_no_messages() -> None:
    assert diagnostics(b"a.py:3: note: see above\nFound 3 errors in 1 file\nAll checks passed!\n") is None
    assert listed_files(b"\n") is None


def outcome(**results: object) -> Outcome:
    return Outcome(**{"state": "failed" if results.get("failures") else "passed", "counted": True, **results})  # type: ignore[arg-type]


def test_only_new_failures_count_and_each_as_often_as_it_is_new() -> None:
    before = outcome(failures=("a.py: E1", "b"))
    assert new_failures(before, outcome(failures=("b", "a.py: E1"))) == ()
    assert new_failures(before, outcome(failures=("b", "a.py: E1", "a.py: E1"))) == ("a.py: E1",)
    assert new_failures(before, outcome()) == ()


def test_a_run_without_an_answer_is_new_where_there_was_one() -> None:
    nothing = Outcome(state="broken", why="it hangs")
    assert new_failures(outcome(), nothing) == ("no result: it hangs",)
    assert new_failures(nothing, nothing) == ()
    assert mended(nothing, outcome()) == mended(outcome(failures=("a",)), nothing) == ()


def test_a_test_is_mended_when_it_passes_not_when_it_is_gone() -> None:
    before = outcome(failures=("a", "b"), passes=frozenset({"c"}))
    assert mended(before, outcome(failures=("b",), passes=frozenset({"a", "c"}))) == ("a",)
    assert mended(before, outcome(failures=("b",), passes=frozenset({"c"}))) == ()


@pytest.mark.parametrize(
    ("status", "state"), [(0, "failed"), (1, "failed"), (5, "broken"), (4, "broken"), (127, "broken"), (-11, "failed")]
)
def test_pytest_without_a_report_never_passes(status: int, state: str) -> None:
    asked = invocation(Check(name="test", kind="test", command=("pytest",)), tree=Path("/t"), scratch=Path("/s"))
    found = outcome_of(ended(status, b"10 passed\n"), asked)
    assert found.state == state
    assert found.failures or found.why


def test_a_report_without_a_single_test_is_no_answer() -> None:
    asked = invocation(Check(name="test", kind="test", command=("pytest",)), tree=Path("/t"), scratch=Path("/s"))
    assert outcome_of(ended(0), asked, report=b"<testsuites/>").state == "broken"


def test_a_formatter_that_lists_files_fails_though_its_exit_code_is_zero() -> None:
    asked = invocation(
        Check(name="f", kind="format", command=("gofmt", "-l", ".")), tree=Path("/t"), scratch=Path("/s")
    )
    assert outcome_of(ended(0, b"a.go\n"), asked).failures == ("a.go: not formatted",)
    assert outcome_of(ended(0), asked).state == "passed"


def test_a_command_without_known_words_is_judged_by_its_exit_code() -> None:
    assert outcome_of(ended(0, b"fine"), Invocation(command=("x",))).state == "passed"
    found = outcome_of(ended(3, b"", b"oh no"), Invocation(command=("x",)))
    assert (found.state, found.failures, found.tail) == ("failed", ("exit code 3",), "oh no")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("go", "test", "./..."), ("go", "test", "-json", "./...")),
        (("cargo", "test"), ("cargo", "test", "--no-fail-fast")),
        (("python", "-m", "unittest"), ("python", "-m", "unittest", "-v")),
        (("ruff", "check", "src"), ("ruff", "check", "src", "--output-format=concise")),
        (("python", "-m", "mypy", "."), ("python", "-m", "mypy", ".", "--no-pretty", "--no-color-output")),
        (("make", "test"), ("make", "test")),
    ],
)
def test_tools_are_asked_for_results_that_can_be_read(command: tuple[str, ...], words: tuple[str, ...]) -> None:
    kind = "lint" if "ruff" in command or "mypy" in command else "test"
    check = Check(name="x", kind=kind, command=command)  # type: ignore[arg-type]  # one of two kinds
    assert invocation(check, tree=Path("/t"), scratch=Path("/s")).command == words


def test_only_pytest_without_paths_of_its_own_can_be_told_to_run_less() -> None:
    check = Check(name="test", kind="test", command=("python", "-m", "pytest", "-q"))
    assert can_narrow(check)
    assert not can_narrow(Check(name="test", kind="test", command=("pytest", "tests/unit")))
    only = invocation(check, tree=Path("/t"), scratch=Path("/s"), only=["-rf.py"])
    assert only.command[-1] == "./-rf.py"


@pytest.mark.parametrize(
    ("script", "extra"),
    [("jest --coverage", "--json"), ("vitest", "--reporter=json"), ("mocha src", "tap"), ("tsc && odd", None)],
)
def test_the_runner_behind_a_script_is_asked_for_a_report(tmp_path: Path, script: str, extra: str | None) -> None:
    (tmp_path / "package.json").write_text(f'{{"scripts": {{"test": "{script}"}}}}')
    asked = invocation(Check(name="t", kind="test", command=("npm", "test")), tree=tmp_path, scratch=Path("/s"))
    assert asked.command == ("npm", "test") if extra is None else extra in asked.command
