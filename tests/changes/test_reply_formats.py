"""What small models really write, read as edits.

Cases in own words after the test files of other tools in the data folders: aider_editblock (test_wholefile.py),
roo_diff (multi-search-replace.spec.ts), cline_diff (apply-patch.test.ts), plandex_structured_edits (reply examples).
"""

import pytest

from prentice.changes.edits import Create, Delete, Edit, Patch, Rename, Replace, RewriteSymbol, WholeFile
from prentice.changes.formats import Ask, Format, Target, instructions
from prentice.changes.markers import Markers, markers_for
from prentice.changes.refusal import Refusal
from prentice.changes.reply.parse import parse

BLOCK = "<<<<<<< SEARCH\nold\n=======\nnew\n>>>>>>> REPLACE"
REPLACED = Replace(path="a.py", search=("old",), replace=("new",))


def read(
    reply: str, *, format_: Format | None = None, targets: tuple[str, ...] = (), tag: str = ""
) -> list[Edit] | str:
    named = tuple(Target(path=target.partition("::")[0], symbol=target.partition("::")[2]) for target in targets)
    parsed = parse(reply, ask=Ask(format=format_, targets=named, markers=Markers(tag=tag)))
    if isinstance(parsed, Refusal):
        return parsed.code
    return [
        type(edit)(**{name: getattr(edit, name) for name in edit.__slots__ if name != "at"}) for edit in parsed.edits
    ]


BLOCKS = {
    "bare": f"a.py\n{BLOCK}",
    "in a fence": f"a.py\n```python\n{BLOCK}\n```",
    "path in the fence": f"```python\na.py\n{BLOCK}\n```",
    "path behind a heading": f"### a.py\n\n{BLOCK}",
    "path in bold": f"**a.py**:\n{BLOCK}",
    "path in backticks": f"`a.py`\n{BLOCK}",
    "path with a label": f"File: a.py\n{BLOCK}",
    "path in a sentence": f"Now change `a.py` like this:\n{BLOCK}",
    "path with a dot": f"./a.py\n{BLOCK}",
    "a tag for a fence": f"a.py\n<source>python\n{BLOCK}\n<source>",
    "a bracket too many": f"a.py\n{BLOCK}".replace("SEARCH", "SEARCH>"),
    "line numbers": f"a.py\n{BLOCK}".replace("old", ":start_line:4\n:end_line:5\n-------\nold"),
    "other words": f"a.py\n{BLOCK}".replace("SEARCH", "ORIGINAL").replace("REPLACE", "UPDATED"),
    "fewer brackets": f"a.py\n{BLOCK}".replace("<<<<<<<", "<<<<<").replace(">>>>>>>", ">>>>>>"),
    "prose around": f"Sure!\n\na.py\n{BLOCK}\n\nThis is it. Run it with:\n```bash\nrm -rf /\n```",
    "CRLF": f"a.py\n{BLOCK}".replace("\n", "\r\n"),
    "German": f"Gerne! Hier ist die \u00c4nderung an `a.py`:\n\n{BLOCK}\n\nViele Gr\u00fc\u00dfe",
    "Chinese": f"\u597d\u7684\uff0c\u4fee\u6539\u5982\u4e0b\uff1a\n\na.py\n{BLOCK}\n\u5b8c\u6210\u3002",
}


@pytest.mark.parametrize("case", BLOCKS)
def test_a_block_is_read_with_what_models_put_around_it(case: str) -> None:
    assert read(BLOCKS[case]) == [REPLACED]


def test_a_block_without_a_path_belongs_to_the_file_before_or_the_only_one() -> None:
    assert read(f"a.py\n{BLOCK}\nand\n{BLOCK}") == [REPLACED, REPLACED]
    assert read(BLOCK, targets=("a.py",)) == [REPLACED]
    assert read(BLOCK) == "no_path"
    assert read(BLOCK, targets=("a.py", "b.py")) == "no_path"


def test_commands_are_left_aside_and_said_to_be() -> None:
    parsed = parse(f"```bash\nrm -rf /\n```\n\na.py\n{BLOCK}")
    assert not isinstance(parsed, Refusal)
    assert parsed.ignored == ("Line 1: a block of commands or output; nothing of it is run.",)


MALFORMED = {
    "no divider": "a.py\n<<<<<<< SEARCH\nold\n>>>>>>> REPLACE",
    "two dividers": "a.py\n<<<<<<< SEARCH\nold\n=======\n=======\nnew\n>>>>>>> REPLACE",
    "a heading underlined": (
        "a.py\n<<<<<<< SEARCH\nChanges\n=======\n* a\n=======\nChanges\n=======\n* b\n>>>>>>> REPLACE"
    ),
    "cut off": "a.py\n<<<<<<< SEARCH\nold\n=======\nnew",
    "begun twice": f"a.py\n<<<<<<< SEARCH\nold\n{BLOCK}",
    "an end without a beginning": "a.py\nold\n=======\nnew\n>>>>>>> REPLACE",
    "fence not closed": "a.py\n```python\nx = 1",
    "patch not ended": "*** Begin Patch\n*** Update File: a.py\n@@\n-x\n+y",
    "hunk without a diff": "@@ -1,2 +1,2 @@\n-x\n+y",
    "diff without a name": "```diff\n@@ -1 +1 @@\n-x\n+y\n```",
    "update without a change": "*** Begin Patch\n*** Update File: a.py\n*** End Patch",
    "fences in one another": "README.md\n```markdown\n# T\n```\ncode\n```\nmore\n```",
}


@pytest.mark.parametrize("case", MALFORMED)
def test_what_cannot_be_read_for_certain_is_refused_as_a_whole(case: str) -> None:
    assert read(MALFORMED[case]) in {"malformed", "no_path"}
    assert read(f"b.py\n{BLOCK}\n\n{MALFORMED[case]}") in {"malformed", "no_path"}


def test_tagged_marks_let_the_text_hold_any_line() -> None:
    text = "Changes\n=======\n<<<<<<< HEAD\na\n=======\nb\n>>>>>>> REPLACE"
    reply = f"CHANGES.rst\n<<<<<<< SEARCH QK7\n{text}\n======= QK7\n{text}\nmore\n>>>>>>> REPLACE QK7"
    wanted = tuple(text.split("\n"))
    assert read(reply, tag="QK7") == [Replace(path="CHANGES.rst", search=wanted, replace=(*wanted, "more"))]


def test_marks_without_their_tag_are_read_where_they_are_plain() -> None:
    assert read(f"a.py\n{BLOCK}", tag="QK7") == [REPLACED]
    assert read(f"a.py\n{BLOCK}".replace("SEARCH", "SEARCH QK7").replace("REPLACE", "REPLACE QK7"), tag="QK7") == [
        REPLACED
    ]


WHOLE = WholeFile(path="a.py", lines=("x = 1", "", "y = 2"))
TEXT = "x = 1\n\ny = 2"
WHOLES = {
    "path above": f"a.py\n```\n{TEXT}\n```",
    "path in a heading": f"### a.py\n```python\n{TEXT}\n```",
    "path in a sentence": (
        f"Here's the modified `a.py` file, with `f` as asked:\n\n```\n{TEXT}\n```\n\nThis uses a list."
    ),
    "path in the fence's line": f"```python a.py\n{TEXT}\n```",
    "a command behind": f"a.py\n```\n{TEXT}\n```\nRun it like this:\n\n```\npython a.py\n```",
    "tildes": f"a.py\n~~~\n{TEXT}\n~~~",
    "a longer fence": f"a.py\n`````\n{TEXT}\n`````",
    "CRLF": f"a.py\n```\n{TEXT}\n```".replace("\n", "\r\n"),
}


@pytest.mark.parametrize("case", WHOLES)
def test_a_whole_file_is_read(case: str) -> None:
    assert read(WHOLES[case]) == [WHOLE]


def test_the_only_fenced_text_is_the_only_file_asked_for() -> None:
    reply = f"Here you go:\n```python\n{TEXT}\n```\nDone."
    assert read(reply, format_=Format.WHOLE, targets=("a.py",)) == [WHOLE]
    assert read(reply, format_=Format.WHOLE, targets=("a.py", "b.py")) == []
    assert read(reply, format_=Format.SEARCH_REPLACE, targets=("a.py",)) == []


def test_a_fence_inside_a_longer_one_is_text() -> None:
    reply = "README.md\n````\n# T\n```python\nx\n```\n````"
    assert read(reply) == [WholeFile(path="README.md", lines=("# T", "```python", "x", "```"))]


def test_a_fence_with_a_language_inside_one_as_long_is_text_too() -> None:
    reply = "README.md\n```markdown\n# T\n```python\nx\n```\nend\n```"
    assert read(reply) == [WholeFile(path="README.md", lines=("# T", "```python", "x", "```", "end"))]


SYMBOL = RewriteSymbol(path="a.py", symbol="A.f", lines=("def f(self):", "    return 1"))


@pytest.mark.parametrize("name", ["a.py::A.f", "### `a.py::A.f`", "**a.py::A.f**", "Symbol: a.py::A.f"])
def test_a_symbol_is_read_by_its_name(name: str) -> None:
    assert read(f"{name}\n```python\ndef f(self):\n    return 1\n```") == [SYMBOL]


def test_a_symbol_without_its_name_is_the_one_asked_for() -> None:
    text = "```python\ndef f(self):\n    return 1\n```"
    assert read(text, format_=Format.SYMBOL, targets=("a.py::A.f",)) == [SYMBOL]
    assert read(f"a.py\n{text}", format_=Format.SYMBOL, targets=("a.py::A.f",)) == [SYMBOL]
    assert read(text, format_=Format.SYMBOL, targets=("a.py::A.f", "a.py::A.g")) == [SYMBOL]
    assert read(text, format_=Format.SYMBOL, targets=("a.py::A.f", "b.py::B.f")) == []


def test_files_are_deleted_and_renamed_by_a_line() -> None:
    reply = "DELETE FILE: old.py\nRENAME FILE: a.py TO b/c.py\n`DELETE FILE: x y.txt`"
    assert read(reply) == [Delete(path="old.py"), Rename(path="a.py", to="b/c.py"), Delete(path="x y.txt")]


def test_an_empty_search_creates() -> None:
    assert read("n.py\n<<<<<<< SEARCH\n=======\nx\n>>>>>>> REPLACE") == [
        Replace(path="n.py", search=(), replace=("x",))
    ]


# -- diffs and patches ------------------------------------------------------------------------------------------------


def hunks(reply: str) -> list[tuple[tuple[str, str], ...]]:
    parsed = parse(reply)
    assert not isinstance(parsed, Refusal), parsed
    return [hunk.lines for edit in parsed.edits if isinstance(edit, Patch) for hunk in edit.hunks]


CHANGED = ((" ", "a"), ("-", "b"), ("+", "c"), (" ", "d"))
DIFFS = {
    "plain": "--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n a\n-b\n+c\n d\n",
    "git's": (
        "diff --git a/a.py b/a.py\nindex 1..2 100644\n--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@ def f():\n a\n"
        "-b\n+c\n d\n"
    ),
    "wrong counts": "--- a/a.py\n+++ b/a.py\n@@ -99,1 +7,88 @@\n a\n-b\n+c\n d\n",
    "no numbers": "--- a/a.py\n+++ b/a.py\n@@ ... @@\n a\n-b\n+c\n d\n",
    "times": "--- a/a.py\t2024-01-01 00:00:00\n+++ b/a.py\t2024-01-01\n@@ -1 +1 @@\n a\n-b\n+c\n d\n",
    "in a fence": "Here:\n```diff\n--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n a\n-b\n+c\n d\n```\nDone.",
    "named above": "a.py\n```diff\n@@ -1,3 +1,3 @@\n a\n-b\n+c\n d\n```",
    "no prefixes": "--- a.py\n+++ a.py\n@@ -1,3 +1,3 @@\n a\n-b\n+c\n d\n\nThat's all.",
}


@pytest.mark.parametrize("case", DIFFS)
def test_a_unified_diff_is_read_whatever_its_numbers(case: str) -> None:
    assert hunks(DIFFS[case]) == [CHANGED]


def test_a_removed_line_that_begins_with_dashes_is_no_heading() -> None:
    reply = "--- a/a.sql\n+++ b/a.sql\n@@ -1,2 +1,2 @@\n--- old comment\n+++ new\n x\n"
    assert hunks(reply) == [(("-", "-- old comment"), ("+", "++ new"), (" ", "x"))]


def test_a_diff_creates_deletes_and_renames() -> None:
    made = (
        "diff --git a/n.sh b/n.sh\nnew file mode 100755\n--- /dev/null\n+++ b/n.sh\n@@ -0,0 +1,2 @@\n+x\n+y\n"
        "\\ No newline at end of file\n"
    )
    gone = "--- a/o.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
    moved = 'diff --git "a/\\303\\274.py" b/b.py\nrename from "\\303\\274.py"\nrename to b.py\n'
    assert read(made + gone + moved) == [
        Create(path="n.sh", lines=("x", "y"), mode=0o100755, final_newline=False),
        Delete(path="o.py"),
        Rename(path="\u00fc.py", to="b.py"),
    ]


PATCHES = {
    "in full": "*** Begin Patch\n*** Update File: a.py\n@@\n a\n-b\n+c\n d\n*** End Patch",
    "padded": "*** Begin Patch \n  *** Update File: a.py\n@@\n a\n-b\n+c\n d\n *** End Patch",
    "without its ends": "*** Update File: a.py\n@@\n a\n-b\n+c\n d",
    "in a shell command": (
        '%%bash\napply_patch <<"EOF"\n*** Begin Patch\n*** Update File: a.py\n@@\n a\n-b\n+c\n d\n*** End Patch\nEOF'
    ),
    "in a fence": "```\n*** Begin Patch\n*** Update File: a.py\n@@\n a\n-b\n+c\n d\n*** End Patch\n```",
    "with a diff's numbers": "*** Begin Patch\n*** Update File: a.py\n@@ -1,3 +1,3 @@\n a\n-b\n+c\n d\n*** End Patch",
}


@pytest.mark.parametrize("case", PATCHES)
def test_a_v4a_patch_is_read(case: str) -> None:
    assert hunks(PATCHES[case]) == [CHANGED]


def test_text_of_a_patch_that_looks_like_a_wrapper_is_text() -> None:
    reply = (
        "*** Begin Patch\n*** Update File: n.txt\n@@\n alpha\n EOF literal\n ``` fence\n+tail\n omega\n*** End Patch"
    )
    assert hunks(reply) == [((" ", "alpha"), (" ", "EOF literal"), (" ", "``` fence"), ("+", "tail"), (" ", "omega"))]


def test_headings_of_a_patch_add_up() -> None:
    parsed = parse(
        "*** Begin Patch\n*** Update File: a.py\n@@ class A\n@@ def f():\n-x\n+y\n*** End of File\n*** End Patch"
    )
    assert not isinstance(parsed, Refusal)
    edit = parsed.edits[0]
    assert isinstance(edit, Patch)
    assert (edit.hunks[0].anchors, edit.hunks[0].end_of_file) == (("class A", "def f():"), True)


# -- what the model is told -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", Format)
def test_instructions_show_this_requests_marks_and_file(format_: Format) -> None:
    ask = Ask(
        format=format_, targets=(Target(path="docs/x.md", symbol="A.f"),), markers=Markers(tag="QK7", fence="`````")
    )
    told = instructions(ask)
    assert "docs/x.md" in told
    assert ("<<<<<<< SEARCH QK7" in told) == (format_ is Format.SEARCH_REPLACE)
    assert ("`````" in told) == (format_ is not Format.SEARCH_REPLACE)


def test_common_marks_are_used_where_nothing_can_collide() -> None:
    assert markers_for({"a.py": b"x = 1\n"}) == Markers()


@pytest.mark.parametrize("content", [b"Title\n=======\n", b"  <<<<<<< HEAD\n", b"a\n>>>>>>> theirs\n"])
def test_marks_are_tagged_where_a_text_has_lines_like_them(content: bytes) -> None:
    markers = markers_for({"a.py": content})
    assert markers.tag
    assert markers.tag.encode() not in content
    assert markers == markers_for({"a.py": content})


def test_marks_are_tagged_for_prose_and_fences_longer_than_any_in_it() -> None:
    markers = markers_for({"README.md": b"`````python\nx\n`````\n"})
    assert markers.tag
    assert markers.fence == "``````"
