"""Ruff's and eslint's own fixes in the real sandbox; eslint and isort where they are installed."""

import shutil

import pytest

from skills.execute.tools.trying import Try

UNUSED = "import os\nimport sys\n\nprint(sys.argv)\n"
MIXED = "import sys\nimport os\nimport a\nfrom collections import abc\n\nprint(sys, os, abc, a)\n"


def test_the_rules_that_the_task_names_are_fixed_and_no_others(attempt: Try) -> None:
    code = "import sys\nimport os\n\nx = (1 if sys else 2)\nif not x is None:\n    pass\n"
    tried = attempt("Fix F401 in a.py", {"a.py": code}, on=("a.py",))
    assert tried.after == {"a.py": code.replace("import os\n", "")}
    assert tried.outcome
    assert "F401" in tried.outcome.explanation


def test_unused_imports_go(attempt: Try) -> None:
    tried = attempt("Remove the unused imports from a.py", {"a.py": UNUSED, "b.py": UNUSED}, on=("a.py",))
    assert tried.after == {"a.py": "import sys\n\nprint(sys.argv)\n"}


def test_lint_errors_are_fixed_by_the_projects_settings(attempt: Try) -> None:
    files = {"a.py": "x = 'a'\n", "ruff.toml": '[lint]\nselect = ["Q"]\n'}
    assert attempt("Fix the lint errors in a.py", files, on=("a.py",)).after == {"a.py": 'x = "a"\n'}


def test_without_a_configured_linter_there_is_nothing_to_go_by(attempt: Try) -> None:
    tried = attempt("Fix the lint errors in a.py", {"a.py": UNUSED}, on=("a.py",))
    assert tried.declined == ["The project configures no linter with fixes of its own for a.py."]
    assert attempt("Fix the ruff errors in a.py", {"a.py": UNUSED}, on=("a.py",)).outcome


def test_a_finding_without_a_safe_fix_leaves_the_whole_to_others(attempt: Try) -> None:
    tried = attempt("Fix the ruff errors in a.py", {"a.py": f"{UNUSED}print(undefined)\n"}, on=("a.py",))
    assert tried.outcome is None
    assert "no safe fix for 1 of its findings: a.py:4 F821" in tried.declined[0]


def test_a_rule_that_the_linter_does_not_know_is_declined(attempt: Try) -> None:
    tried = attempt("Fix XYZ123 in a.py", {"a.py": UNUSED}, on=("a.py",))
    assert tried.outcome is None
    assert "could not work on a.py" in tried.declined[0]


def test_imports_are_sorted_by_ruff_under_the_projects_settings(attempt: Try) -> None:
    tried = attempt("Sort the imports in m.py", {"m.py": MIXED, "a.py": ""}, on=("m.py",))
    assert tried.after["m.py"].startswith("import os\nimport sys\nfrom collections import abc\n\nimport a\n")
    files = {"m.py": MIXED, "a.py": "", "ruff.toml": "[lint.isort]\nforce-sort-within-sections = true\n"}
    tried = attempt("Sort the imports in m.py", files, on=("m.py",))
    assert tried.after["m.py"].startswith("from collections import abc\nimport os\nimport sys\n")


def test_where_the_project_uses_isort_ruff_does_not_take_its_place(attempt: Try) -> None:
    tried = attempt("Sort the imports in m.py", {"m.py": MIXED, ".isort.cfg": "[settings]\n"}, on=("m.py",))
    if shutil.which("isort"):
        assert tried.after["m.py"].startswith("import os\nimport sys\n")
    else:
        assert tried.declined == ["isort is not installed."]


def test_eslint_fixes_what_it_can(attempt: Try) -> None:
    if not shutil.which("eslint"):
        pytest.skip("eslint is not installed")
    config = 'module.exports = [{rules: {"prefer-const": "error", "no-var": "error"}}];\n'
    files = {"a.js": "var a = 1;\nconsole.log(a);\n", "eslint.config.js": config}
    tried = attempt("Fix the lint errors in a.js", files, on=("a.js",))
    assert tried.after == {"a.js": "const a = 1;\nconsole.log(a);\n"}
