"""Replies that leave code out are refused, or what they say is carried out exactly.

Sources: the lazy-edit examples of the data folder continue_edit, read in place, and the ideas of
plandex_structured_edits (structured_edits_test.go, reply examples) in own words.
"""

import re
from pathlib import Path

import pytest

from prentice.changes.change import Change
from prentice.changes.edits import RewriteSymbol, WholeFile
from prentice.changes.files import Files
from prentice.changes.guards.elision import is_elision
from prentice.changes.guards.guard import guard
from prentice.changes.guards.objection import Policy
from prentice.changes.refusal import Refusal
from prentice.changes.reply.parse import parse
from prentice.changes.resolve import resolve


def objections(path: str, before: str, after: str) -> set[str]:
    result = resolve([WholeFile(path=path, lines=tuple(after.split("\n")))], Files({path: before.encode()}))
    if isinstance(result, Refusal):
        return {result.code}
    return {objection.code for objection in guard(result, policy=Policy()) if objection.verdict == "refuse"}


def examples(data: Path) -> list[tuple[str, str, str, str]]:
    files = sorted((data / "continue_edit" / "edit" / "lazy" / "test-examples").glob("*.diff"))
    assert len(files) >= 10
    return [(file.name, *re.split(r"\n+---\n+", file.read_text())[:3]) for file in files]  # type: ignore[misc]


def test_every_lazy_example_given_as_a_whole_file_is_refused(data: Path) -> None:
    for name, original, lazy, expected in examples(data):
        complete = "\n".join(line[1:] if line[:1] == "+" else line for line in expected.split("\n") if line[:1] != "-")
        says_all = lazy.strip() == complete.strip() or name == "calculator-docstrings.js.diff"
        path = name.removesuffix(".diff")
        assert bool(objections(path, original + "\n", lazy)) != says_all, name


def test_an_example_that_is_one_class_or_method_is_carried_out_exactly(data: Path) -> None:
    cases = {name: (original, lazy, expected) for name, original, lazy, expected in examples(data)}
    for name, symbol in {"no-lazy.js.diff": "Goodbye", "no-lazy-single-class.js.diff": "Calculator.reset"}.items():
        original, lazy, expected = cases[name]
        edit = RewriteSymbol(path="a.js", symbol=symbol, lines=tuple(lazy.split("\n")))
        result = resolve([edit], Files({"a.js": (original + "\n").encode()}))
        assert isinstance(result, Change)
        kept = [line for line in expected.split("\n") if line[:1] != "-"]
        wanted = "\n".join(line.replace("+ ", "", 1).rstrip() if line[:1] == "+" else line for line in kept)
        got = result.files[0].new.decode()
        assert got.split() == wanted.split()
        assert got.replace("Au revoir le monde", "Goodbye World").replace("result = 1", "result = 0") == original + "\n"


def test_the_replies_with_placeholders_are_refused(data: Path) -> None:
    folder = data / "plandex_structured_edits" / "types" / "reply_test_examples"
    text = (folder / "1.md").read_text()
    block = re.search(r'(?s)<PlandexBlock lang="go" path="cmd/apply.go">\n(.*?)</PlandexBlock>', text)
    assert block
    before = (
        block[1].replace("// ... other imports ...", 'import "fmt"').replace("// ... rest of the code ...", "run()")
    )
    parsed = parse(f"cmd/apply.go\n```go\n{block[1]}```")
    assert not isinstance(parsed, Refusal)
    result = resolve(parsed.edits, Files({"cmd/apply.go": before.encode()}))
    assert isinstance(result, Refusal) or "elision" in {one.code for one in guard(result, policy=Policy())}


ELISIONS = [
    "# ... rest of code unchanged ...",
    "// ... existing code ...",
    "/* ... */",
    "/* rest of the file stays the same */",
    "<!-- rest of the page unchanged -->",
    "-- ... existing columns ...",
    "; rest of the code",
    "% ... remaining code ...",
    "# ... same ...",
    "// rest of methods ...",
    "{/* ... existing code ... */}",
    "{# ... unchanged ... #}",
    "(* ... existing code ... *)",
    "# (rest of the function remains unchanged)",
    "// unchanged",
    "# existing code here",
    "...",
    "\u2026",
    "[... rest of file ...]",
    "(rest of methods ...)",
    "(unchanged code ...)",
    "... existing code ...",
    "# Rest of the implementation remains the same",
    "// ... other imports ...",
    "// other methods here...",
    "# code omitted for brevity",
    "// ... (rest of the class)",
    "# ...",
    "// Keep existing code",
    "/* existing code */",
    "// TODO: rest of code",
    "// ... keep the rest ...",
    "# ... (previous code)",
    "# ... Rest des Codes unver\u00e4ndert ...",
    "// ... reste du code inchang\u00e9 ...",
    "// ... resto del c\u00f3digo ...",
    "# \u5176\u4f59\u4ee3\u7801\u4fdd\u6301\u4e0d\u53d8",
    "// ... \u73b0\u6709\u4ee3\u7801 ...",
    "# ... \u6b8b\u308a\u306e\u30b3\u30fc\u30c9 ...",
    "// ... \u043e\u0441\u0442\u0430\u043b\u044c\u043d\u043e\u0439 \u043a\u043e\u0434 ...",
    "// \u0431\u0435\u0437 \u0438\u0437\u043c\u0435\u043d\u0435\u043d\u0438\u0439",
    "    do_it()  # ... rest unchanged ...",
    "' ... existing code ...",
    "REM ... rest of the script ...",
    "// your existing code here",
]


@pytest.mark.parametrize("line", ELISIONS)
def test_a_line_that_stands_for_code_is_recognized(line: str) -> None:
    assert is_elision(line)


ORDINARY = [
    "return [...items, other];",
    "f(...args)",
    "def f(*args: int) -> tuple[int, ...]:",
    "x = a[..., 0]",
    "# See the rest of this page.",
    "print('... loading')",
    'msg = "(rest of methods ...)"',
    "# Loading...",
    "// Wait for the other thread to finish",
    "for i in 0...n {",
    "# Existing users keep their settings when they upgrade.",
    "- Unchanged files are skipped",
    "assert x is ...",
    "case 1...5:",
    "# The same holds for files",
    "value: '...'",
    "// handles the remaining bytes of the buffer before the next read",
    "Title",
    "# 1, 2, ..., n",
    "## Changes",
    "// eslint-disable-next-line",
    "# type: ignore[misc]",
    "    ...,",
    "echo 'and the rest'",
    "<div>...</div>",
    "# Other",
]


@pytest.mark.parametrize("line", ORDINARY)
def test_ordinary_lines_are_not_taken_for_elisions(line: str) -> None:
    assert not is_elision(line)


def test_an_ellipsis_that_python_means_is_allowed_and_one_among_statements_is_not() -> None:
    before = "def f():\n    return 1\n"
    assert (
        objections(
            "a.py", before, "def f():\n    return 1\n\n\ndef g(): ...\n\n\nclass E(Exception):\n    '''Doc.'''\n    ..."
        )
        == set()
    )
    assert objections("a.py", before, "def f():\n    ...\n    return 1") == {"elision"}


def test_a_placeholder_that_the_file_has_itself_is_its_own() -> None:
    before = "# ... rest of the code ...\nx = 1\n"
    assert objections("a.py", before, "# ... rest of the code ...\nx = 2") == set()
