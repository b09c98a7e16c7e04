"""Skeletons: what a signature says and nothing else. The ghostwriter is used where a Python on the path has it."""

import ast
import subprocess

import pytest

from skills.execute.tools.trying import Try

CODE = '''\
def total(items: list[int], *more, tax: float = 0.2) -> int:  # the sum: all of it
    return sum(items)


class Cart:
    x = 1

    def show(self):
        # nothing yet
        print(self)

    @property
    def size(self) -> int:
        return 1

    def _own(self, a): ...


def _hidden(a):
    return a


def known(a):
    """Know it."""
    return a
'''
FILLED = '''\
def total(items: list[int], *more, tax: float = 0.2) -> int:  # the sum: all of it
    """TODO: describe.

    Args:
        items (list[int]):
        *more:
        tax (float): Defaults to 0.2.

    Returns:
        int:
    """
    return sum(items)


class Cart:
    """TODO: describe."""

    x = 1

    def show(self):
        """TODO: describe."""
        # nothing yet
        print(self)

    @property
    def size(self) -> int:
        """TODO: describe.

        Returns:
            int:
        """
        return 1
'''


def test_docstring_skeletons_say_what_the_signature_says(attempt: Try) -> None:
    tried = attempt("Add docstring skeletons to cart.py", {"cart.py": CODE}, on=("cart.py",))
    assert tried.after["cart.py"] == FILLED + CODE[CODE.index("\n    def _own") :]
    assert tried.outcome
    assert "total, Cart, Cart.show, Cart.size" in tried.outcome.explanation


def test_only_the_named_definition_gets_one_and_the_files_own_style_is_kept(attempt: Try) -> None:
    code = 'def a(x):\n    """Do.\n\n    :param x: It.\n    """\n\n\ndef b(y: int) -> str:\r\n    return ""\n'
    code += "\n\ndef c(): return 1\n"
    tried = attempt("Add missing docstrings to `b` in a.py", {"a.py": code}, on=("a.py",), symbols=("b",))
    new = (
        '"""TODO: describe.\r\n\r\n    :param y:\r\n    :type y: int\r\n    :returns:\r\n    :rtype: str\r\n    """\r\n'
    )
    assert tried.after["a.py"] == code.replace('\r\n    return ""', f'\r\n    {new}    return ""')
    tried = attempt("Add missing docstrings to a.py", {"a.py": code}, on=("a.py",))
    assert tried.declined == ["`c` in a.py is written on one line, which has no room for a docstring."]


def test_type_hint_skeletons_leave_open_what_is_not_known(attempt: Try) -> None:
    code = '''\
"""A module."""
from __future__ import annotations

import os


class A:
    def __init__(self, name="x", size=0, *, loud=False, **more):
        self.name = name

    def total(
        self, items,  # (all)
        tax: float = (0.2),
    ):
        return items

    def show(self): print(self.name)

    def todo(self): raise NotImplementedError

    def each(self, é="ü", default=(1)):
        yield é
'''
    tried = attempt("Add type hint skeletons to a.py", {"a.py": code}, on=("a.py",))
    new = tried.after["a.py"]
    assert new.startswith('"""A module."""\nfrom __future__ import annotations\nfrom typing import Any\n\nimport os\n')
    for line in (
        '    def __init__(self, name: str="x", size: Any=0, *, loud: bool=False, **more: Any) -> None:',
        "        self, items: Any,  # (all)",
        "    ) -> Any:",
        "    def show(self) -> None: print(self.name)",
        "    def todo(self) -> Any: raise NotImplementedError",
        '    def each(self, é: str="ü", default: Any=(1)) -> Any:',
    ):
        assert line in new.splitlines()
    ast.parse(new)


def test_what_lacks_nothing_or_does_not_parse_is_declined(attempt: Try) -> None:
    tried = attempt("Add docstring skeletons to a.py", {"a.py": "x = 1\n"}, on=("a.py",))
    assert tried.declined == ["Nothing that would want a docstring lacks one in a.py."]
    tried = attempt("Add type hint skeletons to a.py", {"a.py": "def f(:\n"}, on=("a.py",))
    assert tried.declined == ["a.py does not parse."]


def test_test_skeletons_come_from_the_ghostwriter_or_not_at_all(attempt: Try) -> None:
    files = {"src/slug.py": "def slugify(text: str) -> str:\n    return text.lower()\n", "tests/test_other.py": ""}
    tried = attempt("Generate test skeletons for src/slug.py", files, on=("src/slug.py",))
    has = subprocess.run(["python", "-c", "import hypothesis.extra.ghostwriter"], capture_output=True, check=False)
    if has.returncode:
        assert tried.outcome is None
        assert "cannot import hypothesis' ghostwriter" in tried.declined[0]
        pytest.skip("no Python on the path has hypothesis with its ghostwriter, which was said")
    assert list(tried.after) == ["tests/test_slug.py"]
    assert "slug.slugify(text=text)" in tried.after["tests/test_slug.py"]
    files["tests/test_slug.py"] = "x = 1\n"
    tried = attempt("Generate test skeletons for src/slug.py in tests/test_slug.py", files,
                    on=("src/slug.py", "tests/test_slug.py"))  # fmt: skip
    assert tried.declined == ["tests/test_slug.py is there already, and would be overwritten."]
    tried = attempt(
        "Generate test skeletons for src/slug.py", {"src/slug.py": "raise SystemError\n"}, on=("src/slug.py",)
    )
    assert "SystemError" in tried.declined[0]
