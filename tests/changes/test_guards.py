"""Each guard objects to what it is for, and to nothing else.

Protected places and permissions in own words after mistral_vibe (test_granular_permissions.py), omission placeholders
after gemini_edit (edit.test.ts), both in the data folders; hazards of paths after reference issues of several agents.
"""

import pytest

from prentice.changes.change import Applied, Change, FileChange
from prentice.changes.edits import Replace, WholeFile
from prentice.changes.files import File, Files
from prentice.changes.guards.guard import guard
from prentice.changes.guards.objection import Limits, Policy
from prentice.changes.guards.tests import is_test_path
from prentice.changes.paths import path_problem
from prentice.changes.refusal import Refusal
from prentice.changes.resolve import resolve

ANY = Policy()


def changed(path: str, old: str | None, new: str | None, *, whole: bool = False, old_path: str = "") -> Change:
    before, after = (None if side is None else File(content=side.encode()) for side in (old, new))
    applied = (Applied(means="whole" if whole else "replace"),)
    return Change(
        files=(FileChange(path=path, old_path=old_path or path, before=before, after=after, applied=applied),)
    )


def said(change: Change, policy: Policy = ANY) -> set[tuple[str, str]]:
    return {(objection.code, objection.verdict) for objection in guard(change, policy=policy)}


def test_an_ordinary_change_has_nothing_against_it() -> None:
    assert said(changed("src/a.py", "def f():\n    return 1\n", "def f():\n    return 2\n")) == set()


BAD_PATHS = [
    "",
    ".",
    "/etc/passwd",
    "../x",
    "a/../../x",
    "a/./b",
    "a//b",
    "~/x",
    "~root/x",
    "C:/x",
    "c:x",
    "\\\\host\\x",
    "a\\b",
    ".git/config",
    "sub/.git/hooks/pre-commit",
    ".GIT/config",
    ".g\u200bit/config",
    ".git./x",
    "git~1/config",
    ".git::$DATA",
    ".todo2/state.todo2.json",
    ".prentice/ledger.db",
    "a\0b",
    "a\nb",
    "a\u202eb",
    "a\x1bb",
    "con",
    "nul.txt",
    "a/COM1.log",
    "x ",
    "x.",
    " x",
    "a*b",
    "a?b",
    "a|b",
    "\uff0egit/config",
    "x" * 300,
    "/".join(["d"] * 600),
    "a/\ud800",
]


@pytest.mark.parametrize("path", BAD_PATHS)
def test_a_path_that_leads_astray_is_refused_before_anything_is_read(path: str) -> None:
    assert path_problem(path)
    refused = resolve([WholeFile(path=path, lines=("x",))], Files({}))
    assert isinstance(refused, Refusal)
    assert refused.code == "path"
    assert ("path", "refuse") in said(changed(path, None, "x\n"))


@pytest.mark.parametrize(
    "path", ["a.py", ".gitignore", ".github-notes.md", "a b/c d.txt", "\u00fcber.md", "...", "a..b", ".hidden", "-x"]
)
def test_ordinary_paths_are_allowed(path: str) -> None:
    assert (path_problem(path) is None) == (path != "...")


def test_only_what_the_task_allows_may_change() -> None:
    policy = Policy(allowed=frozenset({"a.py", "docs/"}))
    assert said(changed("a.py", "x\n", "y\n"), policy) == set()
    assert said(changed("docs/x/y.md", "x\n", "y\n"), policy) == set()
    assert said(changed("b.py", "x\n", "y\n"), policy) == {("not_allowed", "refuse")}
    assert said(changed("a.py", "x\n", "x\n", old_path="b.py"), policy) == {("not_allowed", "refuse")}


PROTECTED = [
    ".github/workflows/ci.yml",
    "sub/.github/CODEOWNERS",
    ".gitlab-ci.yml",
    ".ci/run",
    "Jenkinsfile",
    ".pre-commit-config.yaml",
    ".husky/pre-commit",
    ".gitattributes",
    ".gitmodules",
    "uv.lock",
    "package-lock.json",
    "Cargo.lock",
    "go.sum",
    "AGENTS.md",
    "docs/CLAUDE.md",
    ".cursor/rules/x.mdc",
    ".mcp.json",
    "conftest.py",
    "tests/conftest.py",
    "setup.py",
    "pyproject.toml",
    "Makefile",
    "build.rs",
    "CMakeLists.txt",
    "package.json",
    ".envrc",
    ".env",
    ".env.local",
    ".vscode/settings.json",
    ".npmrc",
    "x.pth",
    "a/id_rsa",
    "CONFTEST.PY",
    "Dockerfile",
    "vite.config.ts",
    ".devcontainer/devcontainer.json",
    "tox.ini",
]


@pytest.mark.parametrize("path", PROTECTED)
def test_protected_files_are_refused_and_need_a_person_when_the_task_names_them(path: str) -> None:
    change = changed(path, "x\n", "y\n")
    assert ("protected", "refuse") in said(change)
    assert ("protected", "person") in said(change, Policy(named=frozenset({path})))


@pytest.mark.parametrize(
    "path", ["src/environment.py", "docs/makefile.md", "locks.py", "hooks.py", "README.md", "agents.py", "git.py"]
)
def test_names_that_only_look_protected_are_not(path: str) -> None:
    assert said(changed(path, "x = 1\n", "x = 2\n")) == set()


def test_moving_onto_or_away_from_a_protected_name_counts() -> None:
    assert ("protected", "refuse") in said(changed("conftest.py", "x = 1\n", "x = 1\n", old_path="a.py"))
    assert ("protected", "refuse") in said(changed("a.py", "x = 1\n", "x = 1\n", old_path="conftest.py"))


LONG = "".join(f"line {number}\n" for number in range(40))


def test_a_rewrite_that_loses_most_is_refused_and_a_quoted_removal_is_not() -> None:
    assert said(changed("a.txt", LONG, "line 1\nline 2\n", whole=True)) == {("shrinkage", "refuse")}
    assert said(changed("a.txt", LONG, "line 1\nline 2\n")) == set()
    assert said(changed("a.txt", "a\n", "", whole=True)) == {("shrinkage", "refuse")}
    assert said(changed("a.txt", LONG, LONG.replace("line", "row"), whole=True)) == set()


BROKEN = {
    "a.py": ("x = 1\n", "x = (\n"),
    "a.json": ('{"a": 1}', '{"a": 1,}'),
    "a.toml": ("a = 1\n", "a = \n"),
    "a.js": ("f();\n", "f(;\n"),
    "a.ts": ("let x: number = 1;\n", "let x: = 1;\n"),
    "a.go": ("package p\n", "package p\nfunc {\n"),
    "a.rs": ("fn f() {}\n", "fn f() {\n"),
    "A.java": ("class A {}\n", "class A {\n"),
    "a.c": ("int x;\n", "int x\nint y;\n"),
    "a.cpp": ("class A {};\n", "class A {\n"),
}


@pytest.mark.parametrize("path", BROKEN)
def test_new_syntax_errors_are_refused_and_old_ones_are_not(path: str) -> None:
    good, bad = BROKEN[path]
    assert ("syntax", "refuse") in said(changed(path, good, bad))
    assert ("syntax", "refuse") in said(changed(path, None, bad))
    assert ("syntax", "refuse") not in said(changed(path, bad, bad + "\n"))
    assert ("syntax", "refuse") not in said(changed(path, bad, good))


TESTS = "def test_a():\n    assert f() == 1\n\n\ndef test_b():\n    assert g()\n"


def test_tests_may_be_added_and_changing_them_needs_a_person() -> None:
    assert said(changed("tests/test_a.py", TESTS, TESTS + "\n\ndef test_c():\n    assert h()\n")) == set()
    assert said(changed("tests/test_a.py", TESTS, TESTS.replace("== 1", "== 2"))) == {("test_edited", "person")}


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (TESTS.replace("    assert g()", "    g()"), "test_weakened"),
        (TESTS.partition("\n\n\n")[0] + "\n", "test_removed"),
        (TESTS.replace("def test_b", "@pytest.mark.skip\ndef test_b"), "test_skipped"),
        (TESTS.replace("assert g()", "assert True"), "test_skipped"),
        (None, "test_removed"),
    ],
)
def test_weakened_tests_are_refused_unless_the_task_names_them(new: str | None, code: str) -> None:
    change = changed("tests/test_a.py", TESTS, new)
    assert (code, "refuse") in said(change)
    assert (code, "person") in said(change, Policy(named=frozenset({"tests/test_a.py"})))


@pytest.mark.parametrize(
    "path", ["tests/x.py", "src/test_a.py", "a_test.go", "b.test.ts", "c.spec.js", "FooTest.java", "__tests__/x.js"]
)
def test_test_files_are_known_by_place_or_name(path: str) -> None:
    assert is_test_path(path)
    assert not is_test_path("src/contest.py")


@pytest.mark.parametrize("letter", "\u202e\u2066\u200b\u2060\ufeff\u00ad\U000e0041\x1b\x08\ue000\u3164\u200d")
def test_a_new_invisible_character_is_refused(letter: str) -> None:
    assert ("invisible", "refuse") in said(changed("a.txt", "x\n", f"ab{letter}c\n"))


def test_invisible_characters_that_were_there_or_belong_to_a_script_are_allowed() -> None:
    assert said(changed("a.txt", "a\u200bb\n", "a\u200bc\n")) == set()
    assert said(changed("a.txt", "x\n", "\U0001f468\u200d\U0001f469 \u2764\ufe0f \u0646\u200c\u0645\n")) == set()


def test_size_has_limits() -> None:
    tight = Policy(limits=Limits(files=1, lines=3, bytes=100, line_length=50))
    assert said(changed("a.txt", "a\n", "b\n" * 4), tight) == {("too_large", "refuse")}
    assert said(changed("a.txt", "a\n", "b" * 60 + "\n"), tight) == {("too_large", "refuse")}
    assert said(changed("a.txt", "a\n", "b\n"), tight) == set()
    two = Change(files=(*changed("a.txt", "a\n", "b\n").files, *changed("b.txt", "a\n", "b\n").files))
    assert said(two, tight) == {("too_large", "refuse")}


CODE = "def f():\n    return 1\n\n\ndef g():\n    return 2\n"


def test_a_symbol_that_vanishes_is_named() -> None:
    gone = CODE.partition("\n\n\n")[0] + "\n"
    assert said(changed("a.py", CODE, gone, whole=True)) == {("symbol_vanished", "refuse")}
    assert said(changed("a.py", CODE, gone)) == {("symbol_vanished", "person")}
    assert said(changed("a.py", CODE, gone), Policy(removing=frozenset({"g"}))) == set()


def test_a_symbol_that_moves_to_another_file_has_not_vanished() -> None:
    parts = CODE.partition("\n\n\n")
    moved = Change(files=(*changed("a.py", CODE, parts[0] + "\n").files, *changed("b.py", None, parts[2]).files))
    assert said(moved) == set()


def test_guards_look_at_the_bytes_and_not_at_what_a_reply_claims() -> None:
    edit = Replace(path="a.py", search=("x = 1",), replace=("x = 1", "# ... rest of the code unchanged ..."))
    result = resolve([edit], Files({"a.py": b"x = 1\n"}))
    assert isinstance(result, Change)
    assert said(result) == {("elision", "refuse")}


@pytest.mark.parametrize(
    "path",
    """
    sub/.gitlab-ci.yaml ci/Jenkinsfile.release .forgejo/workflows/a.yml .gitea/workflows/a.yml .tekton/push.yaml
    cloudbuild.yaml .builds/x.yml .teamcity/settings.kts .drone.star .cirrus.star lefthook-local.yml githooks/pre-push
    CLAUDE.local.md AGENTS.override.md QWEN.md .opencode/x.md .goosehints .kilocode/rules/a.md .agents/x.md
    .terraform.lock.hcl pylock.dev.toml conda-lock.yml Manifest.toml playwright.config.ts next.config.mjs
    """.split(),
)
def test_other_systems_files_are_protected_too(path: str) -> None:
    assert ("protected", "refuse") in said(changed(path, "a\n", "b\n"))


@pytest.mark.parametrize(
    "line",
    [
        '@skip("later")',
        'raise unittest.SkipTest("later")',
        "__test__ = False",
        "  test.concurrent.skip('a', () => {",
        "  it.each([1, 2]).only('a', () => {",
        "  it.runIf(false)('a', () => {",
        "    this.skip();",
        '\ttb.Skipf("later")',
        "\tb.SkipNow()",
        "    @Test(enabled = false)",
        "    @DisabledOnOs(OS.LINUX)",
        "    Assumptions.assumeTrue(false);",
        '    [Fact(Skip = "later")]',
        "    [Ignore]",
        "    self.assertTrue(True)",
        "    assert!(true);",
        "  expect(true).toBeTruthy();",
    ],
)
def test_tests_are_not_skipped_or_hollowed_out_in_other_words(line: str) -> None:
    assert ("test_skipped", "refuse") in said(changed("tests/a.txt", "a\n", f"a\n{line}\n"))


@pytest.mark.parametrize(
    "line",
    [
        '" ... existing code',
        "! ... existing code",
        ":: ... rest of script",
        "<%# ... existing code ... %>",
        "@* ... existing code ... *@",
        "{{!-- rest of template --}}",
        "/* existing styles */",
    ],
)
def test_more_comment_styles_leave_nothing_out(line: str) -> None:
    assert ("elision", "refuse") in said(changed("a.txt", "a\n", f"a\n{line}\n"))


@pytest.mark.parametrize(
    "line", ["! important words", ":: Label", '" quoted words', "@* see the notes", "[Ignore](a.md)"]
)
def test_lines_that_only_begin_like_those_are_allowed(line: str) -> None:
    assert said(changed("a.txt", "a\n", f"a\n{line}\n")) == set()


@pytest.mark.parametrize("letters", ["a\u2028b", "a\u2029b", "a\ufe0f", "\u2764\ufe0f\ufe01", "a\U000e0100"])
def test_separators_and_hidden_selectors_are_refused(letters: str) -> None:
    assert ("invisible", "refuse") in said(changed("a.txt", "x\n", f"{letters}\n"))


@pytest.mark.parametrize(
    "path", ["FooIT.java", "TestFoo.java", "FooSpec.scala", "a.cy.ts", "a_unittest.cc", "src/tests.rs"]
)
def test_more_names_of_tests_are_known(path: str) -> None:
    assert is_test_path(path)


def test_a_name_that_only_begins_like_a_test_is_none() -> None:
    assert not is_test_path("Testament.java")
