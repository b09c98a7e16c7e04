"""A symbol's new text takes the place of exactly its lines, in every language and however it is defined."""

import hashlib
import os
import sysconfig
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from prentice.changes.edits import RewriteSymbol
from prentice.changes.files import Files
from prentice.changes.refusal import Refusal
from prentice.changes.resolve import resolve
from prentice.changes.symbols import python
from prentice.changes.symbols.outline import outline
from prentice.changes.symbols.table import Symbol, Unreadable, named, numbered, symbols_of
from prentice.changes.text import Text, decode

ODD = """\
import typing

def plain():  # why
    return 1

if typing.TYPE_CHECKING:
    def either():
        return 1
else:
    def either():
        return 2

@typing.overload
def over(x: int) -> int: ...
@typing.overload
def over(x: str) -> str: ...
def over(x):
    return x

def outer():
    class Inner:
        async def method(self):
            '''Doc.

            More.
            '''
            return 1
    return Inner

class C:
    @property
    def value(self):
        return 1

    @value.setter
    def value(self, new):
        pass

    # Above.
    def above(self): pass
"""


def names(path: str, text: str) -> list[str]:
    found = symbols_of(path, text.split("\n"))
    assert not isinstance(found, Unreadable), found
    return [symbol.address for symbol in found]


def rewritten(symbol: str, new: str, *, text: str = ODD, path: str = "a.py") -> str:
    """Give the new text of the file, or the code of the refusal."""
    edit = RewriteSymbol(path=path, symbol=symbol, lines=tuple(new.split("\n")))
    result = resolve([edit], Files({path: text.encode()}))
    return result.code if isinstance(result, Refusal) else result.files[0].new.decode()


def test_symbols_are_found_wherever_they_stand() -> None:
    assert names("a.py", ODD) == [
        "plain",
        "either#1",
        "either#2",
        "over#1",
        "over#2",
        "over#3",
        "outer",
        "outer.Inner",
        "outer.Inner.method",
        "C",
        "C.value#1",
        "C.value#2",
        "C.above",
    ]


def test_a_symbol_defined_twice_is_refused_until_it_is_said_which() -> None:
    for name in ("either", "over", "C.value"):
        assert rewritten(name, f"def {name.split('.')[-1]}():\n    return 3") == "ambiguous"
    assert rewritten("either#2", "def either():\n    return 3") == ODD.replace("return 2", "return 3")


@pytest.mark.parametrize(
    "name", ["outer.Inner.method", "outer.<locals>.Inner.method", "Inner.method", "method()", "a.outer.Inner.method"]
)
def test_a_symbol_is_found_by_the_names_that_models_give_it(name: str) -> None:
    new = "async def method(self):\n    '''Doc.\n\n    More.\n    '''\n    return 2"
    assert rewritten(name, new) == ODD.replace(
        "            return 1\n    return Inner", "            return 2\n    return Inner"
    )


def test_lost_indentation_is_restored_line_by_line() -> None:
    new = "async def method(self):\n    '''Doc.\n\n    Other.\n    '''\n    if self:\n        pass\n    return 1"
    assert (
        "            Other.\n            '''\n            if self:\n                pass\n            return 1\n"
        in rewritten("outer.Inner.method", new)
    )


def test_a_class_written_around_a_lone_method_is_left_out() -> None:
    assert rewritten("C.above", "class C:\n    def above(self): return 1") == ODD.replace(
        "above(self): pass", "above(self): return 1"
    )


def test_a_comment_that_stands_above_is_not_repeated() -> None:
    assert rewritten("C.above", "# Above.\ndef above(self): return 1") == ODD.replace(
        "above(self): pass", "above(self): return 1"
    )


REFUSED = {
    "no such symbol": ("missing", "def missing(): pass", "not_found"),
    "no definition": ("plain", "return 1", "syntax"),
    "broken": ("plain", "def plain(:\n    return", "syntax"),
    "other statements": ("plain", "import os\n\ndef plain():\n    return 1", "not_a_symbol"),
    "more of the class": ("C.above", "class C:\n    x = 1\n    def above(self): pass", "not_a_symbol"),
    "without its decorators": ("C.value#2", "def value(self, new):\n    pass", "doubtful"),
    "structure lost": ("outer.Inner.method", "async def method(self):\n'''Doc.'''\nreturn 1", "syntax"),
    "empty": ("plain", "\n", "empty"),
    "unchanged": ("plain", "def plain():  # why\n    return 1", "no_change"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_define_the_symbol_is_refused(case: str) -> None:
    name, new, code = REFUSED[case]
    assert rewritten(name, new) == code


def test_a_file_that_is_not_valid_has_no_symbols() -> None:
    assert rewritten("f", "def f(): pass", text="def f(:\n") == "unreadable"
    assert rewritten("f", "def f(): pass", path="a.txt") == "no_symbols"


LANGUAGES = {
    "a.js": (
        (
            "class A {\n  m() {\n    return 1;\n  }\n  f = () => {\n  };\n}\nfunction g() {\n}\n"
            "export const h = async () => {\n};\nexport default class B {\n}\n"
        ),
        ["A", "A.m", "A.f", "g", "h", "B"],
    ),
    "a.ts": (
        (
            "interface I {\n  x: number;\n}\ntype T = {\n  a: 1;\n};\nnamespace N {\n"
            "  export function f(): void {\n  }\n}\n@dec\nexport class C {\n  m(): void {\n  }\n}\nenum E {\n"
            "  A,\n}\n"
        ),
        ["I", "T", "N", "N.f", "C", "C.m", "E"],
    ),
    "a.go": ("package p\n\ntype S struct {\n\tx int\n}\n\nfunc (s *S) M() {\n}\n\nfunc F() {\n}\n", ["S", "S.M", "F"]),
    "a.rs": (
        (
            "#[derive(Debug)]\nstruct S {\n}\n\nimpl S {\n    #[inline]\n    fn m(&self) {\n    }\n}\n\n"
            "impl T for S {\n    fn t(&self) {\n    }\n}\n\nfn f() {\n}\n"
        ),
        ["S", "impl S", "S.m", "impl T for S", "S.t", "f"],
    ),
    "A.java": (
        "class A {\n  A() {\n  }\n  @Override\n  public int m() {\n    return 1;\n  }\n  interface I {\n  }\n}\n",
        ["A", "A.A", "A.m", "A.I"],
    ),
    "a.c": ("struct S {\n  int x;\n};\nstatic int *f(int a) {\n  return 0;\n}\n", ["S", "f"]),
    "a.cpp": (
        (
            "namespace n {\nclass C {\n  void m() {\n  }\n};\n}\nvoid C::k() {\n}\ntemplate <class T>\n"
            "T g(T a) {\n  return a;\n}\n"
        ),
        ["n", "n.C", "n.C.m", "C.k", "g"],
    ),
}


@pytest.mark.parametrize("path", LANGUAGES)
def test_other_languages_have_symbols_too(path: str) -> None:
    text, wanted = LANGUAGES[path]
    assert names(path, text) == wanted


@pytest.mark.parametrize("path", LANGUAGES)
@pytest.mark.parametrize("times", [1, 2, 300])
def test_symbols_looked_up_by_name_are_those_of_the_whole_file(path: str, times: int) -> None:
    lines = (LANGUAGES[path][0] * times).split("\n")
    whole = symbols_of(path, lines)
    assert not isinstance(whole, Unreadable)
    for last in {symbol.last for symbol in whole}:
        wanted = [symbol for symbol in whole if symbol.last == last]
        assert symbols_of(path, lines, names=[wanted[-1].address]) == wanted, last


@pytest.mark.parametrize("path", LANGUAGES)
def test_a_symbol_of_another_language_is_rewritten_whole(path: str) -> None:
    text, _ = LANGUAGES[path]
    found = symbols_of(path, text.split("\n"))
    assert not isinstance(found, Unreadable)
    lines = text.split("\n")
    for symbol in found:
        inner = lines[symbol.start : symbol.end]
        marked = (
            [*inner[:-1], "\t\t// new" if path == "a.go" else f"{' ' * 8}// new", inner[-1]]
            if len(inner) > 1
            else inner
        )
        after = rewritten(symbol.address, "\n".join(marked), text=text, path=path)
        assert after == "\n".join([*lines[: symbol.start], *marked, *lines[symbol.end :]]), symbol.address


def test_rust_attributes_and_decorators_belong_to_their_symbol() -> None:
    text, _ = LANGUAGES["a.rs"]
    found = symbols_of("a.rs", text.split("\n"))
    assert not isinstance(found, Unreadable)
    assert [(symbol.start, symbol.end) for symbol in named("S.m", found)] == [(5, 8)]


def test_lost_columns_in_another_language_are_refused() -> None:
    text = "class A {\n  m() {\n    return 1;\n  }\n}\n"
    assert rewritten("A.m", "m() {\nreturn 2;\n}", text=text, path="a.js") == "doubtful"
    assert rewritten("A.m", "m() {\n  return 2;\n}", text=text, path="a.js") == text.replace("1", "2")


def test_a_symbol_that_shares_a_line_is_refused() -> None:
    assert (
        rewritten("f", "function f() { return 2 }", text="function f() { return 1 } let x = 1;\n", path="a.js")
        == "doubtful"
    )


# -- the standard library ---------------------------------------------------------------------------------------------

LIBRARY = Path(sysconfig.get_paths()["stdlib"])
ALL = os.environ.get("PRENTICE_WHOLE_LIBRARY") == "1"
SHARE = 30
"""One file of so many is taken, chosen by the hash of its path; all of them where the variable asks for it."""


def tables() -> Iterator[tuple[Text, list[Symbol]]]:
    for file in sorted(LIBRARY.rglob("*.py")):
        path = file.relative_to(LIBRARY)
        if "site-packages" in path.parts:
            continue
        chosen = int.from_bytes(hashlib.sha256(path.as_posix().encode()).digest()[:4], "big") % SHARE == 0
        text = decode(file.read_bytes()) if chosen or ALL else None
        table = symbols_of("a.py", text.lines) if text else []
        if text and table and not isinstance(table, Unreadable) and python.parse("\n".join(text.lines) + "\n"):
            yield text, table  # a few files of the library's own tests are no valid Python


@pytest.mark.timeout(3_600 if ALL else 120)
def test_symbols_of_the_standard_library_are_those_of_its_syntax_trees() -> None:
    seen = by_lines = 0
    for text, table in tables():
        known = python.parsed_symbols(text.lines)
        assert not isinstance(known, Unreadable)
        assert table == numbered(known)
        seen += 1
        by_lines += outline(text.lines) is not None
    assert seen > 20
    assert by_lines > 0.95 * seen


@pytest.mark.timeout(3_600 if ALL else 120)
def test_symbols_of_the_standard_library_replaced_by_themselves_change_nothing() -> None:
    seen = 0
    for text, table in tables():
        edits = [
            RewriteSymbol(path="a.py", symbol=symbol.address, lines=text.lines[symbol.start : symbol.end])
            for symbol in table
        ]
        result = resolve(edits, Files({"a.py": text.encode()}))
        assert isinstance(result, Refusal)
        assert result.code == "no_change", result
        seen += len(edits)
    assert seen > 500


@pytest.mark.timeout(3_600 if ALL else 120)
def test_a_neighbours_text_changes_exactly_the_symbols_lines() -> None:
    seen = refused = 0
    for text, table in tables():
        pairs = [(one, other) for one, other in pairwise(table) if _are_neighbours(one, other, text)]
        for symbol, other in pairs if ALL else pairs[:10]:
            new = text.lines[other.start : other.end]
            edit = RewriteSymbol(path="a.py", symbol=symbol.address, lines=new)
            result = resolve([edit], Files({"a.py": text.encode()}))
            seen += 1
            if isinstance(result, Refusal):
                refused += 1
                continue
            after = decode(result.files[0].new)
            assert after
            assert after.lines == (*text.lines[: symbol.start], *new, *text.lines[symbol.end :]), symbol
    assert seen > 100
    assert refused < seen * 0.2  # lacks the decorators that the symbol had, or repeats its lines in other columns


def _are_neighbours(one: Symbol, other: Symbol, text: Text) -> bool:
    columns = {len(line) - len(line.lstrip()) for line in (text.lines[one.start], text.lines[other.start])}
    return one.parent == other.parent and one.end <= other.start and len(columns) == 1
