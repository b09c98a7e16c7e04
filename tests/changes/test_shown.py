"""What a person is shown of a change: numbers of lines, words that differ, and line ends that are news."""

from prentice.changes.shown import ShownHunk, shown_files, shown_hunk


def hunk(lines: str, head: str = "@@ -1 +1 @@") -> ShownHunk:
    return shown_hunk({"number": 1, "text": f"{head}\n{lines}"})


def texts(lines: str) -> list[str]:
    return ["".join(span.text for span in line.spans) for line in hunk(lines).lines]


def test_lines_are_numbered_as_the_hunks_head_says() -> None:
    shown = hunk(" same\n-old\n+new\n+newer\n last\n", "@@ -7,3 +9,4 @@ def f():")
    assert [(line.old, line.new, line.sign) for line in shown.lines] == [
        (7, 9, " "), (8, None, "-"), (None, 10, "+"), (None, 11, "+"), (9, 12, " "),
    ]  # fmt: skip
    assert (shown.count("added"), shown.count("removed"), shown.count("same")) == (2, 1, 2)
    assert shown.heading == "@@ -7,3 +9,4 @@ def f():"


def test_line_ends_of_windows_are_no_news_and_a_single_one_is() -> None:
    assert texts("-a\r\n+b\r\n") == ["a", "b"]
    assert texts("-a\r\n+b\n") == ["a\r", "b"]
    assert texts("-a\r\n+b\r\n\\ No newline at end of file\n") == ["a", "b", " No newline at end of file"]


def test_words_that_differ_are_told_where_most_of_a_line_stays() -> None:
    old, new = hunk("-total = price * count\n+total = price * number\n").lines
    assert [(span.kind, span.text) for span in old.spans] == [("same", "total = price * "), ("removed", "count")]
    assert [(span.kind, span.text) for span in new.spans] == [("same", "total = price * "), ("added", "number")]
    assert [span.kind for line in hunk("-a b c\n+x y z\n").lines for span in line.spans] == ["same", "same"]
    assert [span.kind for line in hunk("-a b c d\n+a b c e\n+f\n").lines for span in line.spans] == ["same"] * 3


def test_files_come_with_what_the_diff_says_of_them_beside_their_lines() -> None:
    diff = (
        "diff --git a/x b/x\nold mode 100644\nnew mode 100755\nindex 1..2\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
        "diff --git a/y b/y\nindex 3..4\nBinary files a/y and b/y differ\n"
    )
    hunks = [
        {"path": "x", "number": 1, "text": "@@ -1 +1 @@\n-a\n+b\n"},
        {"path": "x", "number": 2, "text": "@@ -9 +9,2 @@\n c\n+d\n"},
        {"path": "y", "number": 1, "text": "Binary files a/y and b/y differ\n"},
    ]
    text, binary = shown_files({"diff": diff, "hunks": hunks})
    assert (text.path, text.notes) == ("x", ["old mode 100644", "new mode 100755"])
    assert [(hunk.index, hunk.number) for hunk in text.hunks] == [(0, 1), (1, 2)]
    assert (text.count("added"), text.count("removed")) == (2, 1)
    assert (binary.path, binary.hunks[0].index, binary.hunks[0].is_binary) == ("y", 2, True)
    assert not binary.hunks[0].lines
