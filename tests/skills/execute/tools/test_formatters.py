"""Real formatters in the real sandbox. Black, Prettier, gofmt, rustfmt and clang-format are used where installed."""

import shutil

import pytest

from prentice.workspace.sandbox.limits import Limits
from skills.execute.tools.trying import Try

UGLY = "def  total( a,b ):\n    return {'a':a,\n  'b':b}\n"
NEAT = 'def total(a, b):\n    return {"a": a, "b": b}\n'


def test_a_file_is_formatted_by_ruff_where_nothing_is_configured(attempt: Try) -> None:
    tried = attempt("Format cart.py", {"cart.py": UGLY, "other.py": UGLY}, on=("cart.py",))
    assert tried.after == {"cart.py": NEAT}
    assert tried.outcome
    assert tried.outcome.tool.startswith("ruff 0.")
    assert tried.outcome.explanation == "Formatted cart.py with `ruff format`; nothing else was done."


def test_the_projects_own_settings_are_obeyed(attempt: Try) -> None:
    settings = '[tool.ruff]\nline-length = 20\n[tool.ruff.format]\nquote-style = "single"\n'
    tried = attempt("Fix the formatting in cart.py", {"cart.py": UGLY, "pyproject.toml": settings}, on=("cart.py",))
    assert tried.after["cart.py"] == "def total(a, b):\n    return {\n        'a': a,\n        'b': b,\n    }\n"


def test_what_is_formatted_already_is_declined_with_the_reason(attempt: Try) -> None:
    tried = attempt("Format cart.py", {"cart.py": NEAT}, on=("cart.py",))
    assert tried.outcome is None
    assert tried.declined == ["ruff format finds nothing to change in cart.py."]


def test_a_file_that_does_not_parse_is_declined_with_what_the_formatter_said(attempt: Try) -> None:
    tried = attempt("Format cart.py", {"cart.py": "def (:\n"}, on=("cart.py",))
    assert tried.outcome is None
    assert "could not format cart.py" in tried.declined[0]


def test_a_formatter_that_is_chosen_but_not_installed_is_not_replaced_by_another(attempt: Try) -> None:
    hooks = "repos:\n- repo: x\n  hooks:\n  - id: yapf\n"
    files = {"cart.py": UGLY, ".pre-commit-config.yaml": hooks}
    tried = attempt("Format cart.py", files, on=("cart.py",))
    if shutil.which("yapf"):
        assert tried.outcome
    else:
        assert tried.declined == ["yapf is not installed."]


@pytest.mark.parametrize(
    ("files", "formatter"),
    [
        ({"pyproject.toml": "[tool.black]\n[tool.ruff]\n"}, "black"),
        ({"pyproject.toml": '[dependency-groups]\ndev = ["black>=24"]\n'}, "black"),
        ({"requirements-dev.txt": "pytest\nblack==24.1\n"}, "black"),
        ({".pre-commit-config.yaml": "repos: [{repo: x, hooks: [{id: autopep8}]}]", "ruff.toml": ""}, "autopep8"),
    ],
)
def test_which_formatter_is_meant_is_read_from_the_project(attempt: Try, files: dict[str, str], formatter: str) -> None:
    tried = attempt("Format cart.py", {**files, "cart.py": UGLY}, on=("cart.py",))
    if tried.outcome:
        assert tried.outcome.tool.startswith(f"{formatter} ")
    else:
        assert tried.declined == [f"{formatter} is not installed."]


def test_the_arguments_of_a_hook_are_used_but_for_those_that_only_look(attempt: Try) -> None:
    hooks = "repos:\n- repo: x\n  hooks:\n  - id: ruff-format\n    args: [--check, --line-length, '20']\n"
    tried = attempt("Format cart.py", {"cart.py": UGLY, ".pre-commit-config.yaml": hooks}, on=("cart.py",))
    assert tried.after["cart.py"] == 'def total(a, b):\n    return {\n        "a": a,\n        "b": b,\n    }\n'


@pytest.mark.parametrize("text", ["[", "repos: [1, {hooks: 3}]", "- a", "&a [*a]", "\0"])
def test_a_damaged_configuration_is_no_configuration(attempt: Try, text: str) -> None:
    files = {"cart.py": UGLY, ".pre-commit-config.yaml": text, "package.json": text}
    assert attempt("Format cart.py", files, on=("cart.py",)).after == {"cart.py": NEAT}


@pytest.mark.parametrize(
    ("program", "path", "ugly", "neat", "more"),
    [
        ("gofmt", "a.go", "package a\nfunc  F( ) {}\n", "package a\n\nfunc F() {}\n", {}),
        ("rustfmt", "a.rs", "fn  f( ) {}\n", "fn f() {}\n", {}),
        ("clang-format", "a.c", "int  f;\n", "int f;\n", {".clang-format": "BasedOnStyle: LLVM\n"}),
        ("prettier", "a.ts", "const a={b:1}\n", "const a = { b: 1 };\n", {}),
        ("black", "a.py", UGLY, NEAT, {"pyproject.toml": "[tool.black]\n"}),
    ],
)  # fmt: skip
def test_other_languages_have_their_own_formatters(
    attempt: Try, program: str, path: str, ugly: str, neat: str, more: dict[str, str]
) -> None:
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    tried = attempt(f"Format {path}", {path: ugly, **more}, on=(path,))
    assert tried.after == {path: neat}


def test_files_of_several_languages_go_to_their_formatters_or_none_does(attempt: Try) -> None:
    tried = attempt("Format a.py and b.rb", {"a.py": UGLY, "b.rb": "x  = 1\n"}, on=("a.py", "b.rb"))
    assert tried.declined == ["No formatter is configured for b.rb."]


def test_a_link_and_an_absent_file_are_declined(attempt: Try) -> None:
    tried = attempt("Format gone.py and cart.py", {"cart.py": UGLY}, on=("cart.py", "gone.py"))
    assert tried.declined == ["gone.py is no file that a tool could work on."]
    tried = attempt("Format the code", {"cart.py": UGLY})
    assert tried.declined == ["The task names no file that is there."]


def test_a_name_that_looks_like_an_option_is_a_file(attempt: Try) -> None:
    assert attempt("Format --check.py", {"--check.py": UGLY}, on=("--check.py",)).after == {"--check.py": NEAT}


def test_a_formatter_that_takes_too_long_is_ended_and_declined(attempt: Try) -> None:
    tried = attempt("Format cart.py", {"cart.py": UGLY}, on=("cart.py",), limits=Limits(seconds=0.0))
    assert tried.outcome is None
    assert "took longer" in tried.declined[0]
