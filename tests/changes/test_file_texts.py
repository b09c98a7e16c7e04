"""A file's bytes survive being read as lines, whatever its encoding and line endings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.changes.change import Change
from prentice.changes.edits import Replace, WholeFile
from prentice.changes.files import EXECUTABLE, File, Files
from prentice.changes.refusal import Refusal
from prentice.changes.resolve import resolve
from prentice.changes.text import decode, split

ENDINGS = st.sampled_from(["\n", "\r\n", "\r"])


@given(st.binary(max_size=200))
def test_any_bytes_come_back_or_are_no_text(content: bytes) -> None:
    text = decode(content)
    assert text is None or text.encode() == content


@given(st.lists(st.tuples(st.text(st.characters(exclude_characters="\r\n")), ENDINGS)))
def test_lines_and_endings_are_told_apart(pairs: list[tuple[str, str]]) -> None:
    written = "".join(line + ending for line, ending in pairs)
    lines, endings = split(written)
    assert "".join(line + ending for line, ending in zip(lines, endings, strict=True)) == written
    assert not any("\n" in line or "\r" in line for line in lines)


def test_only_line_feeds_and_carriage_returns_end_lines() -> None:
    lines, _ = split("a\x0bb\x0cc\x1cd\u2028e\x85f\n")
    assert lines == ("a\x0bb\x0cc\x1cd\u2028e\x85f",)


def edited(content: bytes, search: str, replace: str, *, path: str = "a.txt") -> bytes | Refusal:
    edit = Replace(path=path, search=tuple(search.split("\n")), replace=tuple(replace.split("\n")))
    result = resolve([edit], Files({path: content}))
    return result if isinstance(result, Refusal) else result.files[0].new


KEPT = {
    "CRLF": (b"one\r\ntwo\r\nthree\r\n", b"one\r\n2\r\nthree\r\n"),
    "mixed, the replaced line's": (b"one\ntwo\r\nthree\n", b"one\n2\r\nthree\n"),
    "carriage returns": (b"one\rtwo\rthree\r", b"one\r2\rthree\r"),
    "no final newline": (b"one\ntwo", b"one\n2"),
    "final CRLF missing": (b"one\r\ntwo", b"one\r\n2"),
    "byte order mark": (b"\xef\xbb\xbftwo\nthree\n", b"\xef\xbb\xbf2\nthree\n"),
    "UTF-16": ("\ufeffone\ntwo\n".encode("utf-16-le"), "\ufeffone\n2\n".encode("utf-16-le")),
    "Latin-1 beside": (b"caf\xe9\ntwo\n", b"caf\xe9\n2\n"),
    "declared": (b"# coding: cp1252\ntwo \x80\n", b"# coding: cp1252\n2 \x80\n"),
    "tabs": (b"\ttwo\n", b"\t2\n"),
}


@pytest.mark.parametrize("case", KEPT)
def test_what_an_edit_does_not_name_is_kept(case: str) -> None:
    before, after = KEPT[case]
    text = decode(before)
    assert text
    line = next(line for line in text.lines if "two" in line)
    assert edited(before, line, line.replace("two", "2")) == after


def test_the_first_line_is_found_behind_a_byte_order_mark() -> None:
    assert edited(b"\xef\xbb\xbfone\ntwo\n", "one\ntwo", "1\ntwo") == b"\xef\xbb\xbf1\ntwo\n"


def test_added_lines_end_as_the_line_before_them() -> None:
    assert edited(b"a\r\nb\nc\n", "a", "a\nx\ny") == b"a\r\nx\r\ny\r\nb\nc\n"


def test_a_letter_that_the_encoding_lacks_is_refused() -> None:
    refused = edited(b"# coding: latin-1\ntwo\n", "two", "\u0434\u0432\u0430")
    assert isinstance(refused, Refusal)
    assert refused.code == "characters"


def test_a_letter_is_not_guessed_for_bytes_that_declare_no_encoding() -> None:
    assert isinstance(edited(b"caf\xe9\ntwo\n", "two", "\u00fc"), Refusal)
    assert edited(b"caf\xe9\ntwo\n", "two", "\u00e9") == b"caf\xe9\n\xe9\n"


@pytest.mark.parametrize("content", [b"a\0b\ntwo\n", b"\xff\xfea"])
def test_a_file_that_is_no_text_is_not_edited(content: bytes) -> None:
    refused = edited(content, "two", "2")
    assert isinstance(refused, Refusal)
    assert refused.code == "binary"


def test_nul_characters_are_not_written() -> None:
    refused = edited(b"two\n", "two", "2\x00")
    assert isinstance(refused, Refusal)
    assert refused.code == "characters"


def test_the_mode_is_kept() -> None:
    files = Files({"run.sh": File(content=b"#!/bin/sh\necho one\n", mode=EXECUTABLE)})
    change = resolve([WholeFile(path="run.sh", lines=("#!/bin/sh", "echo two"))], files)
    assert isinstance(change, Change)
    assert change.files[0].after == File(content=b"#!/bin/sh\necho two\n", mode=EXECUTABLE)
