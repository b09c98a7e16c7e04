"""A Python file's definitions by its lines are those of its syntax tree, or are left to it."""

import ast
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.changes.edits import RewriteSymbol
from prentice.changes.files import Files
from prentice.changes.refusal import Refusal
from prentice.changes.resolve import resolve
from prentice.changes.symbols.outline import outline
from prentice.changes.symbols.python import parsed_symbols
from prentice.changes.symbols.table import Symbol, numbered
from prentice.changes.text import split

PIECES = (
    "x = 1",
    "x = 1; y = 2",
    "pass  # def hidden(): ' \" (",
    '"""def quoted():\n    pass\nclass Quoted: """',
    "'''\ndef flat(): pass\n'''",
    'x = "def f(): pass \\" # ("',
    "x = 'a\\\ndef continued(): pass'",
    "x = (\n1,\ndef_,\n)",
    "x = [\n  {'a': (1,\n2)}\n]",
    "x = 1 + \\\n2",
    "x = f'{a!r:>{b}} {{ {c[0]} }}'",
    "x = f\"{d['key']}\" rf'{x:#x}'",
    "x = f'{a:{b}}' '}' \"{\"",
    "x = ''' ' '' '''",
    'x = "" ""',
    'x = """ " "" \\""" """',
    "x = r'\\' # '",
    "async def over(): pass",
    "def one(a, b=(1,\n2)): return a",
    "class Line: x = 1; y = 2",
    "@dec\ndef marked(): pass",
    "@dec(\n  1,\n)\n\n# between\n@other\nclass Marked: pass",
    "x = a @ b",
    "defined = classes = asynchronous = 1",
    "def\tna\u00efve ( ) : ...",
    "def \ufb01(): pass",
    "def \\\nsplit(): pass",
    "x = lambda: 0",
    "# a comment at any column",
    "",
    "   ",
)
HEADS = (
    "def f():",
    "def f(a,\n  b):  # why",
    "async def g(x: 'def') -> None:",
    "class C:",
    "class C(A, metaclass=B):",
    "if x:",
    "for x in y:",
    "with open(\na\n) as b:",
    "try:",
    "match x:",
)


@st.composite
def programs(draw: st.DrawFn) -> str:
    """Draw a file of odd statements and blocks, indented by blanks or tabs."""
    unit = draw(st.sampled_from(["    ", "  ", "\t", " "]))
    lines: list[str] = []

    def block(depth: int) -> None:
        for _ in range(draw(st.integers(1, 4))):
            head = draw(st.sampled_from(HEADS)) if depth < 4 and draw(st.integers(0, 2)) else ""
            piece = head or draw(st.sampled_from(PIECES))
            first, *rest = piece.split("\n")
            mark = draw(st.sampled_from(["@a", "@a.b(1)", ""])) if head.startswith(("def", "class", "async")) else ""
            lines.extend(unit * depth + one for one in [*([mark] if mark else []), first])
            at_left = piece.startswith(("'''", '"""', "x = ", "with", "def one", "def f(a", "def \\"))
            lines.extend(one if at_left else unit * depth + one for one in rest)
            if head.startswith("match"):
                lines.append(unit * (depth + 1) + "case _:")
                depth_inside = depth + 2
            else:
                depth_inside = depth + 1
            if head:
                block(depth_inside)
                lines.append(unit * depth_inside + "pass")
            if head.startswith("try"):
                lines.extend([unit * depth + "finally:", unit * depth_inside + "def last(): pass"])

    block(0)
    return "\n".join(lines) + "\n"


def of_tree(source: str) -> list[Symbol]:
    ast.parse(source)
    found = parsed_symbols(split(source)[0])
    assert isinstance(found, list)
    return numbered(found)


@given(programs())
def test_definitions_by_lines_are_those_of_the_syntax_tree(source: str) -> None:
    found = outline(split(source)[0])
    if found is not None:
        assert numbered(found) == of_tree(source)
    else:
        assert "\\\nsplit" in source  # the one piece that only a tree can read


UNSURE = {
    "a quote that nothing closes": "x = 'a\ndef f(): pass\n",
    "a triple quote that nothing closes": 'x = """a\ndef f(): pass\n',
    "a bracket that nothing closes": "x = (1\ndef f(): pass\n",
    "a bracket closed by another": "x = (1]\ndef f(): pass\n",
    "a bracket too many": "x = 1)\ndef f(): pass\n",
    "a line in no open block": "if x:\n        y\n    def f(): pass\n",
    "a form feed": "\fdef f(): pass\n",
    "a backslash inside a line": "x = \\ 1\ndef f(): pass\n",
    "quotes of the same kind inside a formatted string": "x = f'{a['b']}'\ndef f(): pass\n",
    "a brace in a string in a formatted string": "x = f'{a[\"}\"]}'\ndef f(): pass\n",
    "a comment in a formatted string": "x = f'''{a # }\n}'''\ndef f(): pass\n",
    "a decorator of nothing": "@dec\nx = 1\ndef f(): pass\n",
    "a definition without a name": "def (): pass\n",
}


@pytest.mark.parametrize("source", UNSURE.values(), ids=list(UNSURE))
def test_what_the_lines_cannot_tell_is_left_to_the_tree(source: str) -> None:
    assert outline(split(source)[0]) is None


def test_a_decorator_below_its_mark_takes_the_mark_with_it() -> None:
    for above in ("", "\f"):
        source = f"{above}x = 1\n@(\n  dec\n)\ndef f():\n    return 1\n"
        edit = RewriteSymbol(path="a.py", symbol="f", lines=("@other", "def f():", "    return 1"))
        result = resolve([edit], Files({"a.py": source.encode()}))
        assert not isinstance(result, Refusal)
        assert result.files[0].new.decode() == f"{above}x = 1\n@other\ndef f():\n    return 1\n"


def test_a_file_with_an_error_elsewhere_can_be_mended_symbol_by_symbol() -> None:
    source = "def broken() -> :\n    return\n\ndef f():\n    return 1\n"
    edit = RewriteSymbol(path="a.py", symbol="broken", lines=("def broken():", "    return"))
    result = resolve([edit], Files({"a.py": source.encode()}))
    assert not isinstance(result, Refusal)
    assert result.files[0].new.decode() == source.replace("() -> :", "():")
    unclosed = resolve([edit], Files({"a.py": source.replace("() -> :", "(:").encode()}))
    assert isinstance(unclosed, Refusal)
    assert unclosed.code == "unreadable"


HOSTILE: dict[str, Callable[[int], str]] = {
    "deep brackets": lambda n: "(" * n + ")" * n + "\n",
    "brackets over lines": lambda n: "(\n" * n + ")\n" * n,
    "quotes": lambda n: "'" * n + "\n",
    "double quotes": lambda n: '"' * n + "\n",
    "braces in a formatted string": lambda n: "x = f'" + "{" * n + "'\n",
    "strings in a formatted string": lambda n: "x = f'{" + '"" ' * n + "'\n",
    "backslashes": lambda n: "x = \\\n" * n,
    "one line": lambda n: "x" * n + "\n",
    "columns": lambda n: "".join(f"{' ' * column}if x:\n" for column in range(n // 500)),
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=list(HOSTILE))
def test_no_file_takes_more_than_linear_time(make: Callable[[int], str]) -> None:
    def seconds(size: int) -> float:
        lines = split(make(size))[0]
        started = time.process_time()
        outline(lines)
        return time.process_time() - started

    small = max(min(seconds(50_000) for _ in range(3)), 0.002)
    assert min(seconds(400_000) for _ in range(3)) < 8 * 4 * small
