"""Where quoted lines are found, and what becomes of the lines that replace them.

Cases in own words after the test files of other tools in the data folders: continue_edit (executeFindAndReplace,
findSearchMatches, multiEdit), gemini_edit (edit.test.ts), roo_diff (multi-search-replace.spec.ts, apply.spec.ts),
plandex_structured_edits (unique_replacement_test.go). Where those tools guess, the case is refused here.
"""

import re

import pytest

from prentice.changes.change import Change
from prentice.changes.correction import Level
from prentice.changes.edits import Delete, Edit, Hunk, Patch, Rename, Replace, WholeFile
from prentice.changes.files import LINK, File, Files
from prentice.changes.refusal import Refusal
from prentice.changes.resolve import resolve


def lines(text: str) -> tuple[str, ...]:
    return tuple(text.split("\n")) if text else ()


def outcome(content: str, search: str, replace: str, *, path: str = "a.py") -> tuple[str, Level] | str:
    """Give the new text and the level, or the code of the refusal."""
    result = resolve(
        [Replace(path=path, search=lines(search), replace=lines(replace))], Files({path: content.encode()})
    )
    return result.code if isinstance(result, Refusal) else (result.files[0].new.decode(), result.level)


FOUND: dict[str, tuple[str, str, str, str, Level]] = {
    "one of several lines": (
        "Hello world\nHello again\n",
        "Hello world",
        "Hi world",
        "Hi world\nHello again\n",
        Level.EXACT,
    ),
    "several lines": ("line1\nline2\nline3", "line1\nline2", "new1\nnew2", "new1\nnew2\nline3", Level.EXACT),
    "signs of regular expressions": (
        "x = /[a-z]+$1/g\n",
        "x = /[a-z]+$1/g",
        "x = /[A-Z]+$&/g",
        "x = /[A-Z]+$&/g\n",
        Level.EXACT,
    ),
    "backslashes": (
        "p = 'C:\\\\Users\\test'\n",
        "p = 'C:\\\\Users\\test'",
        "p = 'D:\\\\x'",
        "p = 'D:\\\\x'\n",
        Level.EXACT,
    ),
    "a whole file": ("everything\n", "everything", "nothing", "nothing\n", Level.EXACT),
    "a deletion": ("a\n    # gone\nb\n", "    # gone", "", "a\nb\n", Level.EXACT),
    "all text deleted": ("a\nb\n", "a\nb", "", "", Level.EXACT),
    "blank lines kept inside": (
        "def f():\n\n    return 1\n",
        "def f():\n\n    return 1",
        "def f():\n\n    return 2",
        "def f():\n\n    return 2\n",
        Level.EXACT,
    ),
    "lost indentation": (
        "def f():\n    x = 1\n    y = 2\n",
        "x = 1\ny = 2",
        "x = 10\ny = 20",
        "def f():\n    x = 10\n    y = 20\n",
        Level.REINDENTED,
    ),
    "lost indentation, nested": (
        "class F:\n    def b(self):\n        if True:\n            x = 1\n",
        "if True:\n    x = 1",
        "if True:\n    x = 1\n    y = 2",
        "class F:\n    def b(self):\n        if True:\n            x = 1\n            y = 2\n",
        Level.REINDENTED,
    ),
    "blanks for a tab": (
        "function f() {\n\tconst x = 1;\n}\n",
        "  const x = 1;",
        "  const x = 2;\n  const y = 3;",
        "function f() {\n\tconst x = 2;\n\tconst y = 3;\n}\n",
        Level.REINDENTED,
    ),
    "too much indentation": (
        "if a:\n    b()\n",
        "    if a:\n        b()",
        "    if a:\n        c()",
        "if a:\n    c()\n",
        Level.REINDENTED,
    ),
    "additions with tabs": (
        "\tf() {\n\t\treturn;\n\t}\n",
        "f() {\n\treturn;\n}",
        "f() {\n\t// c\n\treturn;\n}",
        "\tf() {\n\t\t// c\n\t\treturn;\n\t}\n",
        Level.REINDENTED,
    ),
    "blanks at the ends": (
        "a = 1\nb = 2\n",
        "a = 1  \nb = 2  ",
        "a = 1  \nb = 3  ",
        "a = 1\nb = 3\n",
        Level.TRAILING_SPACE,
    ),
    "empty lines around": ("x\nfoo()\ny\n", "\nfoo()\n", "\nbar()\n", "x\nbar()\ny\n", Level.EXACT),
    "curly quotes": (
        'print("a")\nx = 1\n',
        "print(\u201ca\u201d)\nx = 1",
        "print(\u201cb\u201d)\nx = 1",
        'print("b")\nx = 1\n',
        Level.PUNCTUATION,
    ),
    "straight for typographic": (
        "It\u2019s old \u2013 very.\n",
        "It's old - very.",
        "It's new - very.",
        "It\u2019s new \u2013 very.\n",
        Level.PUNCTUATION,
    ),
    "a kept line's own spelling": (
        "# don\u2019t\ny()\n",
        "# don't\ny()",
        "# don't\nz(1)",
        "# don\u2019t\nz(1)\n",
        Level.PUNCTUATION,
    ),
    "the first line's indentation lost": (
        "class A:\n    def f(self):\n        one()\n        return 1\n",
        "one()\n        return 1",
        "one()\n        two()\n        return 2",
        "class A:\n    def f(self):\n        one()\n        two()\n        return 2\n",
        Level.REINDENTED,
    ),
    "the first line's indentation lost where it is found and not where it is replaced": (
        "class A:\n    def f(self):\n        one()\n        return 1\n",
        "one()\n        return 1",
        "        two()\n        return 1",
        "class A:\n    def f(self):\n        two()\n        return 1\n",
        Level.REINDENTED,
    ),
    "a part of a line": (
        "call(alpha, beta, gamma)  # why\n",
        "call(alpha, beta, gamma)",
        "call(alpha, gamma)",
        "call(alpha, gamma)  # why\n",
        Level.PARTIAL_LINE,
    ),
}


@pytest.mark.parametrize("case", FOUND)
def test_lines_are_found_and_replaced(case: str) -> None:
    content, search, replace, after, level = FOUND[case]
    assert outcome(content, search, replace) == (after, level)


REFUSED: dict[str, tuple[str, str, str, str]] = {
    "in no place": ("Hello world\n", "xyz", "abc", "not_found"),
    "in two places": ("x = 1\ny\nx = 1\n", "x = 1", "x = 2", "ambiguous"),
    "exact in one place, indented in another": ("x = 1\nif a:\n    x = 1\n", "x = 1", "x = 2", "ambiguous"),
    "part of a line in two lines": ("f(alpha)\ng(alpha)\n", "(alpha)", "(beta)", "ambiguous"),
    "part of a line twice in it": ("f(alpha, alpha)\n", "alpha", "beta", "ambiguous"),
    "part of a word": ("testing = 1\n", "test", "exam", "not_found"),
    "another case": ("const Foo = 1\n", "const foo = 1", "const bar = 1", "not_found"),
    "blanks inside": ("if  True:\n    return  42\n", "if True:\n    return 42", "if True:\n    return 99", "not_found"),
    "only the first and last line": ("a()\nb()\nc()\n", "a()\nX()\nc()", "a()\nc()", "not_found"),
    "almost alike": (
        "results = fetch()\n",
        "result = fetch()\nreturn results",
        "data = fetch()\nreturn data",
        "not_found",
    ),
    "changed structure": ("  hello\n    world\n", "hello\nworld", "goodbye\nmoon", "doubtful"),
    "every line at the left, a new block": ("if a:\n    b()\n", "b()", "if c:\nb()", "doubtful"),
    "an insertion at the left": ("if a:\n    b()\nd()\n", "b()", "b()\nc()", "doubtful"),
    "a replacement in another column": ("if a:\n            init()\n", "            init()", "    init()", "doubtful"),
    "the first line's indentation lost twice": (
        "class A:\n    def f(self):\n        one()\n        return 1\n",
        "one()\n        return 1",
        "two()\n        return 1",
        "doubtful",
    ),
    "the first line's indentation lost, and like another then": (
        "func f() {\n\tif a {\n\t}\nx\n\ty\n",
        "}\nx\n\ty",
        "\t}\n}\nx\n\ty",
        "doubtful",
    ),
    "the first line's indentation lost, and nothing else is indented": (
        "if a:\n    b()\nc()\n",
        "b()\nc()",
        "b()\nd()\nc()",
        "doubtful",
    ),
    "quotes that cannot be told": ("# don\u2019t\n", "# don't", "# don't\nx = 'a'", "doubtful"),
    "new curly quotes": ("x = 1\n", "x = 1", "x = 1\nprint(\u201ca\u201d)", "doubtful"),
    "curly quotes in a part of a line": ("f(alpha, 1)  # x\n", "f(alpha, 1)", "f(\u201calpha\u201d)", "doubtful"),
    "a level or twice the blanks": ("if a:\n        b()\n", "    b()", "    b(1)\n        c()", "doubtful"),
    "unless what opened their block went (not refused)": (
        "x = 0\nclass A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n",
        "x = 0\nclass A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2",
        "x = 0\ndef f(self):\n    return 1\n\ndef g(self):\n    return 3",
        "done",
    ),
    "a half that lost its indentation": (
        "def a():\n    pass\n\n\nclass B:\n    x = 1\n\n    def r(self):\n        return self.x\n",
        "def a():\n    pass\n\n\nclass B:\n    x = 1\n\n    def r(self):\n        return self.x",
        "def r(self):\n    return self.x",
        "doubtful",
    ),
    "new tabs": ("def f():\n    return 1\n", "    return 1", "    x = 2\n\treturn x", "doubtful"),
    "new blanks at an end": ("x = 1\n", "x = 1", "x = 1\ny = 2  ", "doubtful"),
    "lost blanks at an end": ("x = 1  \ny = 1\n", "x = 1\ny = 1", "x = 2\ny = 1", "doubtful"),
    "nothing quoted": ("x = 1\n", "", "y = 2", "anchor_only"),
    "only empty lines quoted": ("\n\nx\n", "\n", "y", "anchor_only"),
    "nothing new": ("x = 1\n", "x = 1", "x = 1", "no_change"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_certain_is_refused(case: str) -> None:
    content, search, replace, code = REFUSED[case]
    found = outcome(content, search, replace)
    assert (found if isinstance(found, str) else "done") == code


def test_a_refusal_shows_the_model_the_nearest_lines() -> None:
    content = "def first():\n    total = 1\n    return total\n\n\ndef second():\n    return 2\n"
    search = "def first():\n    total = 2\n    return total"
    edit = Replace(path="a.py", search=lines(search), replace=("x",), at=7)
    refused = resolve([edit], Files({"a.py": content.encode()}))
    assert isinstance(refused, Refusal)
    assert refused.failures[0].candidates[0].line == 1
    assert "    2 |     total = 1" in refused.feedback()
    assert "line 7 of your answer" in refused.feedback()


def test_a_refusal_shows_every_place_that_fits() -> None:
    refused = resolve(
        [Replace(path="a.py", search=("x = 1",), replace=("x = 2",))], Files({"a.py": b"x = 1\ny\nx = 1\n"})
    )
    assert isinstance(refused, Refusal)
    assert [candidate.line for candidate in refused.failures[0].candidates] == [1, 3]


# -- hunks ------------------------------------------------------------------------------------------------------------


def patched(content: str, *hunks: Hunk) -> str:
    result = resolve([Patch(path="a.py", hunks=hunks)], Files({"a.py": content.encode()}))
    return result.code if isinstance(result, Refusal) else result.files[0].new.decode()


TWO = "class A:\n    def f(self):\n        pass\n\n\nclass B:\n    def f(self):\n        pass\n"


def test_headings_tell_two_places_apart() -> None:
    hunk = Hunk(lines=(("-", "        pass"), ("+", "        return 1")), anchors=("class B:", "def f(self):"))
    assert patched(TWO, hunk) == TWO[:-5] + "return 1\n"


@pytest.mark.parametrize("anchors", [(), ("def f(self):",), ("class C:",), ("class B:", "def g(self):")])
def test_headings_that_do_not_are_refused(anchors: tuple[str, ...]) -> None:
    hunk = Hunk(lines=(("-", "        pass"), ("+", "        return 1")), anchors=anchors)
    assert patched(TWO, hunk) == "ambiguous"


def test_a_heading_that_stands_below_is_refused() -> None:
    hunk = Hunk(lines=(("-", "a"), ("+", "b")), anchors=("last",))
    assert patched("a\nlast\n", hunk) == "not_found"


def test_the_end_of_the_file_tells_two_places_apart() -> None:
    assert patched("x\ny\nx\n", Hunk(lines=(("-", "x"), ("+", "z")), end_of_file=True)) == "x\ny\nz\n"


def test_kept_lines_without_their_space_are_understood() -> None:
    hunk = Hunk(
        lines=((" ", "f()"), ("-", "    a"), ("+", "    b")),
        bare=((" ", " f()"), ("-", "    a"), ("+", "    b")),
    )
    assert patched(" f()\n    a\n", hunk) == " f()\n    b\n"


def test_two_readings_that_would_write_different_lines_are_refused() -> None:
    hunk = Hunk(lines=((" ", "* a"), ("+", "* b")), bare=((" ", " * a"), ("+", "* b")))
    assert patched("/**\n * a\n */\n", hunk) == "doubtful"


@pytest.mark.parametrize(
    ("ends", "before", "after"),
    [
        ((False, True), "a\nb", "a\nc\n"),
        ((True, False), "a\nb\n", "a\nc"),
        (None, "a\nb", "a\nc"),
        (None, "a\nb\n", "a\nc\n"),
    ],
)
def test_only_a_hunk_that_says_so_changes_the_final_newline(
    ends: tuple[bool, bool] | None, before: str, after: str
) -> None:
    assert patched(before, Hunk(lines=(("-", "b"), ("+", "c")), ends=ends)) == after


# -- several edits together -------------------------------------------------------------------------------------------

FILES = {"a.py": b"one\ntwo\nthree\nfour\n", "pkg/b.py": b"x\n", "lib/util.py": b"u\n"}


def code(*edits: Edit, files: Files | None = None) -> str:
    result = resolve(edits, files or Files(FILES))
    return result.code if isinstance(result, Refusal) else "done"


def replace(search: str, new: str, *, path: str = "a.py") -> Replace:
    return Replace(path=path, search=lines(search), replace=lines(new))


def test_edits_in_any_order_give_the_same_file() -> None:
    edits = [replace("one", "1"), replace("three\nfour", "3\n4"), replace("two", "2")]
    results = [resolve(order, Files(FILES)) for order in (edits, edits[::-1])]
    assert all(isinstance(result, Change) and result.files[0].new == b"1\n2\n3\n4\n" for result in results)


CONTRADICTIONS: dict[str, tuple[str, list[Edit]]] = {
    "the same lines twice": ("overlap", [replace("one\ntwo", "1"), replace("two\nthree", "3")]),
    "keeps what another removes": ("overlap", [replace("one\ntwo", "one"), replace("two\nthree", "two\n3")]),
    "two insertions in one place": ("overlap", [replace("one", "one\nx"), replace("one", "one\ny")]),
    "an edit of what another writes": ("not_found", [replace("one", "eleven"), replace("eleven", "12")]),
    "edited and deleted": ("contradiction", [replace("one", "1"), Delete(path="a.py")]),
    "deleted and renamed": ("contradiction", [Delete(path="a.py"), Rename(path="a.py", to="c.py")]),
    "renamed twice": ("contradiction", [Rename(path="a.py", to="c.py"), Rename(path="a.py", to="d.py")]),
    "whole and in part": ("contradiction", [WholeFile(path="a.py", lines=("x",)), replace("one", "1")]),
    "two to one name": ("contradiction", [Rename(path="a.py", to="c.py"), Rename(path="pkg/b.py", to="c.py")]),
    "over a file": ("exists", [Rename(path="a.py", to="pkg/b.py")]),
    "over a directory": ("exists", [Rename(path="a.py", to="pkg")]),
    "differs in case only": ("exists", [WholeFile(path="A.PY", lines=("x",))]),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_contradictions_are_refused_as_a_whole(case: str) -> None:
    wanted, edits = CONTRADICTIONS[case]
    assert code(*edits) == wanted
    assert code(*edits, replace("x", "y", path="pkg/b.py")) == wanted


def test_the_same_edit_twice_counts_once() -> None:
    result = resolve([replace("one", "1"), replace("one", "1")], Files(FILES))
    assert isinstance(result, Change)
    assert result.files[0].new == b"1\ntwo\nthree\nfour\n"
    assert result.notes == ("An edit of a.py was given twice.",)


def test_a_renamed_file_is_edited_under_either_name() -> None:
    for path in ("a.py", "c.py"):
        result = resolve([Rename(path="a.py", to="c.py"), replace("one", "1", path=path)], Files(FILES))
        assert isinstance(result, Change)
        assert [(file.old_path, file.path, file.kind) for file in result.files] == [("a.py", "c.py", "rename")]
        assert result.files[0].new == b"1\ntwo\nthree\nfour\n"


def test_a_wrong_path_is_repaired_only_where_one_file_fits_and_said() -> None:
    result = resolve([replace("u", "v", path="src/lib/util.py")], Files(FILES))
    assert isinstance(result, Change)
    assert [file.path for file in result.files] == ["lib/util.py"]
    assert "lib/util.py was taken" in result.notes[0]
    twice = Files({**FILES, "old/lib/util.py": b"u\n"})
    assert code(replace("u", "v", path="util.py"), files=twice) == "no_file"


def test_a_name_that_merely_looks_alike_is_not_taken() -> None:
    refused = resolve(
        [replace("x", "y", path="test_utilz.py")], Files({"test_utils.py": b"x\n", "test_util.py": b"x\n"})
    )
    assert isinstance(refused, Refusal)
    assert set(refused.failures[0].near) == {"test_utils.py", "test_util.py"}


def test_text_is_never_looked_for_in_another_file() -> None:
    assert code(replace("x", "y", path="a.py")) == "not_found"


def test_a_path_through_a_link_is_refused() -> None:
    files = Files({"link": File(content=b"/etc", mode=LINK), "a": b"x\n"})
    assert code(WholeFile(path="link/x", lines=("x",)), files=files) == "path"
    assert code(WholeFile(path="link", lines=("x",)), files=files) == "path"
    assert code(WholeFile(path="a/x", lines=("x",)), files=files) == "path"


def test_an_edit_without_effect_beside_others_is_left_out() -> None:
    result = resolve([replace("one", "one"), replace("x", "y", path="pkg/b.py")], Files(FILES))
    assert isinstance(result, Change)
    assert [file.path for file in result.files] == ["pkg/b.py"]
    assert result.notes == ("An edit of a.py changes nothing.",)


# -- new files --------------------------------------------------------------------------------------------------------

WHOLE = "import os\n\n\ndef f(a):\n    if a:\n        a()\n        return 1\n    return 2\n"
NEWER = WHOLE.replace("return 1", "return 3").replace("    return 2", "    os.sync()\n    return 2")
REWRITES = {
    "as the file is indented": (WHOLE, NEWER, NEWER),
    "every line moved alike": (WHOLE, re.sub(r"(?m)^(?=.)", "   ", NEWER), NEWER),
    "tabs for blanks": (WHOLE, NEWER.replace("    ", "\t"), NEWER),
    "blanks for tabs": (WHOLE.replace("    ", "\t"), NEWER, NEWER.replace("    ", "\t")),
    "half the blanks": (WHOLE, NEWER.replace("    ", "  "), None),
    "every line at the left": (WHOLE, NEWER.replace("    ", ""), None),
    "every line moved, but one": (WHOLE, re.sub(r"(?m)^(?=.)", "   ", NEWER).replace("   import", "import"), None),
    "every line moved, and too few that stay": ("a:\n    b\ne\n", "  c:\n      b\n  e\n", None),
    "tabs for blanks at one depth alone": ("a:\n    b\n    c\n", "a:\n\tb\n\td\n", None),
    "a tab that is neither": (WHOLE, NEWER.replace("    ", "\t").replace("\tos", "\t \tos"), None),
}


@pytest.mark.parametrize("case", REWRITES)
def test_a_whole_file_is_written_as_the_old_one_was_indented(case: str) -> None:
    old, reply, wanted = REWRITES[case]
    edit = WholeFile(path="a.py", lines=lines(reply.removesuffix("\n")))
    result = resolve([edit], Files({"a.py": old.encode()}))
    assert (None if isinstance(result, Refusal) else result.files[0].new.decode()) == wanted


KIN = {"pkg/b.py": b"def f():\n    return 'x'\n", "g.go": b"func f() {\n\treturn\n}\n", "empty.py": b""}
NEW = {
    "as its kind": ("pkg/new.py", "def g():\n    return 'y'", "done"),
    "tabs where its kind has blanks": ("pkg/new.py", "def g():\n\treturn 'y'", "doubtful"),
    "blanks where its kind has tabs": ("new.go", "func g() {\n    return\n}", "doubtful"),
    "tabs as its kind": ("new.go", "func g() {\n\treturn\n}", "done"),
    "every line indented": ("pkg/new.py", "    def g():\n        return 'y'", "doubtful"),
    "no line indented": ("pkg/new.py", "def g():\nreturn 'y'", "doubtful"),
    "blanks at the ends": ("pkg/new.py", "def g():  \n    return 'y'", "doubtful"),
    "curly quotes": ("pkg/new.py", "def g():\n    return \u2018y\u2019", "doubtful"),
    "the first of its kind": ("new.txt", "\u201cAny\u201d\n\ttext", "done"),
    "tabs in the first Python file": ("other/x.pyi", "def g():\n\treturn 'y'", "doubtful"),
    "some tabs where its kind has none": ("pkg/new.pyi", "def g():\n\treturn (\n  1)\n  # x\n  # y", "doubtful"),
    "tabs and blanks without a kind": ("new.txt", "a\n\tb\n  c\n  d", "doubtful"),
    "tabs and blanks in a makefile": ("Makefile", "a:\n\tb\nifdef c\n  d = 1\n  e = 2\nendif", "done"),
    "text for an empty file": ("empty.py", "    def g():\n        return 'y'", "doubtful"),
    "a name that is taken": ("PKG/B.py", "x = 1", "exists"),
}


@pytest.mark.parametrize("case", NEW)
def test_a_new_file_is_written_as_its_kind(case: str) -> None:
    path, text, wanted = NEW[case]
    assert code(Replace(path=path, search=(), replace=lines(text)), files=Files(KIN)) == wanted


@pytest.mark.parametrize(
    ("content", "search", "replace"),
    [
        ("one  \ntwo\n", "one\ntwo", "one\ntwo"),
        ("say \u201cone\u201d\n", 'say "one"', 'say "one"'),
        ("if a:\n        b()\n", "if a:\n    b()", "if a:\n    b()"),
        ("one  \ntwo\nthree\n", "one\ntwo\nthree", "one\nthree"),
    ],
)
def test_a_change_that_was_lost_in_copying_is_refused(content: str, search: str, replace: str) -> None:
    other = Replace(path="a.py", search=("end",), replace=("END",))
    lost = Replace(path="a.py", search=lines(search), replace=lines(replace))
    result = resolve([lost, other], Files({"a.py": (content + "end\n").encode()}))
    assert isinstance(result, Refusal)
    assert result.code == "doubtful"
