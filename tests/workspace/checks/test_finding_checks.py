from pathlib import Path

import pytest

from prentice.errors import ConfigError
from prentice.workspace.checks.affected import affected_tests
from prentice.workspace.checks.breaking import broken, is_test, others
from prentice.workspace.checks.check import configured_checks, found_checks
from prentice.workspace.tree import Tree
from workspace.trees import write


def tree_of(root: Path, files: dict[str, str]) -> Tree:
    write(root, dict(files))
    return Tree(root=root, listed=frozenset(files))


def test_commands_of_build_files_become_checks_that_only_look() -> None:
    found = found_checks({
        "test": "uv run pytest", "lint": "poetry run ruff check", "types": "mypy .", "format": "ruff format",
        "build": "go build ./...",
    })  # fmt: skip
    assert {check.kind: check.line for check in found} == {
        "test": "pytest", "lint": "ruff check", "types": "mypy .", "format": "ruff format --check",
        "build": "go build ./...",
    }  # fmt: skip
    assert next(iter(found)).kind == "test"


@pytest.mark.parametrize("line", ["npm run format", "make fmt", "eslint --fix .", "prettier --write ."])
def test_a_command_that_rewrites_files_is_no_check(line: str) -> None:
    assert found_checks({"format": line}) == ()


def test_the_settings_name_checks_with_their_kind_or_let_it_be_guessed() -> None:
    found = configured_checks(["pytest -q", "lint: make style", "python -m mypy .", "cargo clippy", "pytest slow"])
    assert [(check.name, check.kind, check.tool) for check in found] == [
        ("test", "test", "pytest"), ("lint", "lint", "make"), ("types", "types", "mypy"), ("lint-2", "lint", "cargo"),
        ("test-2", "test", "pytest"),
    ]  # fmt: skip


@pytest.mark.parametrize("line", ["", "lint:", "pytest 'open"])
def test_a_line_that_is_no_command_is_refused(line: str) -> None:
    with pytest.raises(ConfigError, match="no command"):
        configured_checks([line])


def test_no_word_of_a_command_is_read_by_a_shell() -> None:
    [check] = configured_checks(["pytest -k 'a; rm -rf $HOME' && echo"])
    assert check.command == ("pytest", "-k", "a; rm -rf $HOME", "&&", "echo")


@pytest.mark.parametrize("path", ["tests/a.py", "src/test_a.py", "a_test.go", "a.spec.ts", "b.test.js", "conftest.py"])
def test_tests_are_known_by_their_names(path: str) -> None:
    assert is_test(path)
    assert not is_test("src/" + path.replace("test", "mode").replace("spec", "mode").replace("conf", "x"))


def test_the_tests_that_a_change_concerns_come_first(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, {
        "src/pkg/calc.py": "", "src/pkg/__init__.py": "", "tests/test_calc.py": "import x", "tests/test_all.py":
        "from pkg import (calc)\nfrom pkg.calc import add\n", "tests/test_other.py": "import os\n# calc\n",
        "tests/conftest.py": "import calc",
    })  # fmt: skip
    assert affected_tests(tree, ["src/pkg/calc.py"]) == ["tests/test_calc.py", "tests/test_all.py"]
    assert affected_tests(tree, ["tests/test_other.py"])[0] == "tests/test_other.py"
    assert affected_tests(tree, ["README.md"]) == []


def test_a_break_is_put_into_sources_and_never_into_links(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, {"a.py": "x = 1\n", "b.md": "text\n", "c.py": "y = 1\n", "test_a.py": ""})
    (tree.root / "l.py").symlink_to("a.py")
    assert others(tree, ["z.py"]) == ["a.py", "c.py"]
    assert broken(tree, ["a.py", "b.md", "l.py", "gone.py"]) == ["a.py"]
    with pytest.raises(SyntaxError):
        compile((tree.root / "a.py").read_text(), "a.py", "exec")
    assert (tree.root / "b.md").read_text() == "text\n"
